//! A jump host: lets clients through to the routers of its lab, and to nothing else. Routers themselves forward nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelOpenFailure, MethodKind, MethodSet};
use tokio::net::{TcpListener, TcpStream};

use super::RouterHandle;
use super::identity::{self, USER, host_key};
use super::router::World;

/// Its name, in the lab's files and in its host key.
const NAME: &str = "lab-jump";

/// A running jump host; it stops with its lab.
#[derive(Debug)]
pub struct JumpHost {
    address: SocketAddr,
    host_key_line: String,
}

impl JumpHost {
    /// Listens for those who want to go to one of these routers.
    pub(super) async fn start(world: &Arc<World>, wanted: SocketAddr, routers: Vec<RouterHandle>) -> io::Result<Self> {
        let key = host_key(world.settings.seed, NAME, 0);
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        let host_key_line = identity::known_hosts_line(&key, &address.ip().to_string(), address.port());
        let config = Config {
            methods: MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..]),
            auth_rejection_time: Duration::from_millis(1),
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![key],
            inactivity_timeout: None,
            nodelay: true,
            ..Config::default()
        };
        let accepting = accept(world.clone(), listener, Arc::new(config), routers.into());
        world.spawn(accepting);
        Ok(Self { address, host_key_line })
    }

    /// What the lab's files call it.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its host key as a line of a `known_hosts` file.
    pub fn host_key_line(&self) -> &str {
        &self.host_key_line
    }
}

async fn accept(world: Arc<World>, listener: TcpListener, config: Arc<Config>, routers: Arc<[RouterHandle]>) {
    loop {
        let accepted = tokio::select! {
            // Connections not yet accepted are refused by the closing socket.
            () = world.root.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let guest = Guest {
                    world: world.clone(),
                    routers: routers.clone(),
                };
                world.spawn(serve(guest, stream, config.clone()));
            }
            // The process is out of descriptors: others may close meanwhile.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(guest: Guest, stream: TcpStream, config: Arc<Config>) {
    let root = guest.world.root.clone();
    let serving = async {
        if let Ok(session) = russh::server::run_stream(config, stream, guest).await {
            // However the connection ended, it has ended.
            session.await.ok();
        }
    };
    tokio::select! {
        // A lab that stops ends its connections.
        () = root.cancelled() => {}
        () = serving => {}
    }
}

/// One connected client.
struct Guest {
    world: Arc<World>,
    routers: Arc<[RouterHandle]>,
}

impl Guest {
    fn judged(user: &str, known: bool) -> Auth {
        match known && user == USER {
            true => Auth::Accept,
            false => Auth::reject(),
        }
    }

    fn knows(&self, key: &PublicKey) -> bool {
        key.key_data() == self.world.credentials.key.public_key().key_data()
    }

    /// The router that listens there, by its address or by its name.
    fn router(&self, host: &str, port: u32) -> Option<&RouterHandle> {
        self.routers.iter().find(|router| {
            let there = |address: SocketAddr| {
                u32::from(address.port()) == port && (address.ip().to_string() == host || router.name() == host)
            };
            router.address().is_some_and(there)
        })
    }
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(Self::judged(user, password == self.world.credentials.password))
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        Ok(Self::judged(user, self.knows(offer.public_key)))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Self::judged(user, self.knows(key.public_key)))
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _from_address: &str,
        _from_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(router) = self.router(host, port) else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        let Ok(mut far) = router.connect() else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        reply.accept().await;
        self.world.spawn(async move {
            let mut near = channel.into_stream();
            // Either side may end it; there is nobody to tell why.
            tokio::io::copy_bidirectional(&mut near, &mut far).await.ok();
        });
        Ok(())
    }
}
