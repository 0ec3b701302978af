//! The SSH server of a router: logins and channels.

mod mishap;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use russh::keys::ssh_key::PublicKey;
use russh::server::VerifiedPublicKey;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Response, Session as SshSession};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet, Pty, SshId};
use tokio::io::AsyncWriteExt;

use super::cli;
use super::fault::{Action, Firing, Trigger};
use super::identity::USER;
use super::mask::masked;
use super::netconf;
use super::pipe::{Carrier, Cut, Wire};
use super::recorder::What;
use super::router::Router;
use super::scp;
use super::session::{Link, Session};

pub(super) use mishap::{Outcome, carry_out};
use mishap::{ended_by_fault, fired};

/// What the SSH server calls itself.
const IDENTIFICATION: &str = "SSH-2.0-OpenSSH_9.7";

/// Logins a client may try on one connection.
const LOGIN_ATTEMPTS: usize = 6;

/// Serves one connection to its end.
pub(super) async fn serve(router: Arc<Router>, carrier: Carrier) {
    let cut = Cut::under(&router.world.root);
    let number = router.connected(&cut);
    let round_trip = router.world.settings.round_trip;
    if round_trip.is_zero() {
        let wire = Wire::new(carrier, cut.clone()).along(&router.path);
        speak(&router, wire, &cut, number).await;
    } else {
        let (wire, moving) = Wire::delayed(carrier, cut.clone(), round_trip);
        let wire = wire.along(&router.path);
        tokio::join!(speak(&router, wire, &cut, number), moving);
    }
    router.disconnected(number);
}

async fn speak(router: &Arc<Router>, mut wire: Wire, cut: &Cut, number: u64) {
    if ended_by_fault(router, cut, number, &Trigger::Connect).await {
        return;
    }
    let at_key_exchange = fired(router, number, &Trigger::KeyExchange);
    let crowded = router.is_crowded();
    if crowded || at_key_exchange.iter().any(ends_the_exchange) {
        let banner = format!("{IDENTIFICATION}\r\n");
        if wire.write_all(banner.as_bytes()).await.is_err() {
            return;
        }
        if crowded {
            cut.now(false);
        }
        for fault in &at_key_exchange {
            carry_out(router, fault, cut).await;
        }
        return;
    }
    let client = Client {
        router: router.clone(),
        link: Link {
            number,
            cut: cut.clone(),
            user: String::new(),
        },
        waiting: HashMap::new(),
        terminals: HashSet::new(),
        open: Arc::new(AtomicUsize::new(0)),
    };
    if let Ok(session) = russh::server::run_stream(Arc::new(config(router)), wire, client).await {
        router.speaks(number, session.handle());
        // However the connection ended, it has ended; the reason is in the record of what went on in it.
        session.await.ok();
    }
}

/// Whether a fault at the key exchange leaves none: what changes only the router does not.
fn ends_the_exchange(fault: &Firing) -> bool {
    matches!(
        fault.action(),
        Action::Drop | Action::Close | Action::Hang | Action::Delay(_) | Action::Jitter(_) | Action::Refuse
    )
}

fn config(router: &Router) -> Config {
    let mut methods = MethodSet::empty();
    methods.push(MethodKind::PublicKey);
    methods.push(MethodKind::Password);
    if router.world.settings.keyboard_interactive {
        methods.push(MethodKind::KeyboardInteractive);
    }
    Config {
        server_id: SshId::Standard(IDENTIFICATION.into()),
        methods,
        // Nobody is to be slowed down here: the accounts are not worth guessing.
        auth_rejection_time: Duration::from_millis(1),
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![router.host_key()],
        max_auth_attempts: LOGIN_ATTEMPTS,
        // Routers close no idle NETCONF session by themselves.
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

/// One connected client.
struct Client {
    router: Arc<Router>,
    link: Link,
    /// Channels that were opened and not yet told what to run.
    waiting: HashMap<ChannelId, Channel<Msg>>,
    /// Those of them that asked for a terminal.
    terminals: HashSet<ChannelId>,
    /// Channels open now.
    open: Arc<AtomicUsize>,
}

impl Client {
    async fn judge(&mut self, method: &'static str, user: &str, known: bool) -> Auth {
        let mut refused = false;
        let mut partial = false;
        for point in [Trigger::Auth, Trigger::AuthBy(method)] {
            for fault in fired(&self.router, self.link.number, &point) {
                partial |= *fault.action() == Action::Partial;
                refused |= carry_out(&self.router, &fault, &self.link.cut).await == Outcome::Refused;
            }
        }
        let proved = known && user == USER && !refused;
        let accepted = proved && !partial;
        let user = user.to_owned();
        if accepted {
            self.link.user.clone_from(&user);
        }
        self.router
            .note(self.link.number, None, What::Auth { method, user, accepted });
        match (accepted, proved) {
            (true, _) => Auth::Accept,
            (false, true) => Auth::Reject {
                proceed_with_methods: None,
                partial_success: true,
            },
            (false, false) => Auth::reject(),
        }
    }

    fn knows(&self, key: &PublicKey) -> bool {
        key.key_data() == self.router.world.credentials.key.public_key().key_data()
    }

    /// Runs a channel to its end in a task of its own: callbacks must not wait.
    fn run(&self, serving: impl Future<Output = ()> + Send + 'static) {
        let open = Counted::new(&self.open);
        self.router.world.spawn(async move {
            serving.await;
            drop(open);
        });
    }

    /// Somebody at the router's command line, over that channel.
    fn user(&mut self, channel: ChannelId, shell: bool) -> cli::User {
        let terminal = self.terminals.remove(&channel);
        cli::User::login(self.router.clone(), self.link.clone(), shell, terminal)
    }

    fn netconf(&mut self, channel: ChannelId) -> bool {
        let Some(channel) = self.waiting.remove(&channel) else {
            return false;
        };
        let session = Session::open(self.router.clone(), self.link.clone());
        self.run(netconf::serve(session, channel));
        true
    }
}

/// Counts a channel while it is open.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Handler for Client {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        let known = password == self.router.world.credentials.password;
        Ok(self.judge("password", user, known).await)
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        if user == USER && self.knows(offer.public_key) {
            return Ok(Auth::Accept);
        }
        Ok(self.judge("publickey", user, false).await)
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let known = self.knows(key.public_key);
        Ok(self.judge("publickey", user, known).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        if !self.router.world.settings.keyboard_interactive {
            return Ok(Auth::UnsupportedMethod);
        }
        let Some(mut answers) = response else {
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Password: ".into(), false)].into(),
            });
        };
        let known = answers.next().as_deref() == Some(self.router.world.credentials.password.as_bytes());
        Ok(self.judge("keyboard-interactive", user, known).await)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut SshSession,
    ) -> Result<(), Self::Error> {
        let firing = fired(&self.router, self.link.number, &Trigger::Channel);
        let open = self.open.load(Ordering::SeqCst) + self.waiting.len();
        let refused =
            open >= self.router.world.settings.channels || firing.iter().any(|fault| *fault.action() == Action::Refuse);
        self.router
            .note(self.link.number, None, What::Channel { accepted: !refused });
        if refused {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.waiting.insert(channel.id(), channel);
        if firing.is_empty() {
            reply.accept().await;
        } else {
            let (router, cut) = (self.router.clone(), self.link.cut.clone());
            self.run(async move {
                for fault in &firing {
                    if carry_out(&router, fault, &cut).await == Outcome::Refused {
                        return;
                    }
                }
                reply.accept().await;
            });
        }
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut SshSession,
    ) -> Result<(), Self::Error> {
        let refused = ended_by_fault(&self.router, &self.link.cut, self.link.number, &Trigger::Subsystem).await;
        let accepted = name == "netconf" && self.router.supply.manages() && !refused;
        let name = name.to_owned();
        self.router
            .note(self.link.number, None, What::Subsystem { name, accepted });
        if accepted && self.waiting.contains_key(&channel) {
            session.channel_success(channel)?;
            self.netconf(channel);
        } else {
            session.channel_failure(channel)?;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut SshSession,
    ) -> Result<(), Self::Error> {
        let command = String::from_utf8_lossy(data).trim().to_owned();
        self.router.note(
            self.link.number,
            None,
            What::Exec {
                command: masked(&command),
            },
        );
        if !self.waiting.contains_key(&channel) {
            session.channel_failure(channel)?;
            return Ok(());
        }
        let transfer = scp::Request::parse(&command);
        let served = match transfer {
            Some(_) => scp::permitted(&self.router, &self.link.user),
            None => self.router.supply.manages(),
        };
        if !served {
            self.waiting.remove(&channel);
            session.channel_failure(channel)?;
            return Ok(());
        }
        session.channel_success(channel)?;
        if command == "netconf" || command == "xml-mode netconf need-trailer" {
            self.netconf(channel);
        } else if let Some(request) = transfer {
            if let Some(channel) = self.waiting.remove(&channel) {
                self.run(scp::serve(self.router.clone(), self.link.clone(), channel, request));
            }
        } else {
            let user = self.user(channel, false);
            if let Some(channel) = self.waiting.remove(&channel) {
                self.run(cli::exec(user, channel, command));
            }
        }
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut SshSession,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut SshSession,
    ) -> Result<(), Self::Error> {
        if self.waiting.contains_key(&channel) {
            self.terminals.insert(channel);
        }
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut SshSession) -> Result<(), Self::Error> {
        if !self.waiting.contains_key(&channel) {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let user = self.user(channel, true);
        let terminal = user.attended();
        self.router.note(self.link.number, None, What::Shell { terminal });
        if let Some(channel) = self.waiting.remove(&channel) {
            self.run(cli::shell(user, channel));
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut SshSession) -> Result<(), Self::Error> {
        self.waiting.remove(&channel);
        self.terminals.remove(&channel);
        Ok(())
    }
}
