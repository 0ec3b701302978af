//! A jump host in memory: an SSH server that forwards to what a test puts behind it, and counts what is asked of it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use russh::{
    Channel, ChannelOpenFailure, MethodKind, MethodSet,
    keys::{
        PrivateKey,
        ssh_key::{LineEnding, private::Ed25519Keypair},
    },
    server::{Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey},
};
use tokio::sync::Semaphore;

use crate::devices::OpenPipe;

/// What a test can see and change.
pub(crate) struct JumpHost {
    key: PrivateKey,
    user_key: PrivateKey,
    password: String,
    methods: MethodSet,
    behind: Mutex<HashMap<(String, u32), OpenPipe>>,
    counts: Counts,
    /// Forwardings that wait for nothing; without permits they wait for the test.
    pub(crate) gate: Semaphore,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    logins: AtomicUsize,
    open: AtomicUsize,
    most_waiting: AtomicUsize,
    waiting: AtomicUsize,
}

impl JumpHost {
    /// One with keys made from `seed`; it takes its own user key and `password`, by the methods given.
    pub(crate) fn new(seed: u8, password: &str, methods: &[MethodKind]) -> Arc<Self> {
        let key = |last: u8| {
            let mut bytes = [seed; 32];
            bytes[31] = last;
            PrivateKey::from(Ed25519Keypair::from_seed(&bytes))
        };
        let mut offered = MethodSet::empty();
        methods.iter().for_each(|method| offered.push(*method));
        Arc::new(Self {
            key: key(0),
            user_key: key(1),
            password: password.to_owned(),
            methods: offered,
            behind: Mutex::default(),
            counts: Counts::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    pub(crate) fn put_behind(&self, host: &str, port: u16, open: OpenPipe) {
        let place = (host.to_owned(), u32::from(port));
        self.behind.lock().expect("no panic").insert(place, open);
    }

    /// Opens a connection to it.
    pub(crate) fn open(self: &Arc<Self>) -> OpenPipe {
        let host = Arc::clone(self);
        Arc::new(move || {
            let (near, far) = tokio::io::duplex(256 * 1024);
            host.counts.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(Arc::clone(&host), far));
            Ok(near)
        })
    }

    pub(crate) fn known_hosts_line(&self, host: &str, port: u16) -> String {
        let public = self.key.public_key().to_openssh().expect("a public key");
        match port {
            22 => format!("{host} {public}\n"),
            port => format!("[{host}]:{port} {public}\n"),
        }
    }

    pub(crate) fn user_key(&self) -> String {
        self.user_key.to_openssh(LineEnding::LF).expect("a key").to_string()
    }

    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Logins that were judged, accepted or not.
    pub(crate) fn logins(&self) -> usize {
        self.counts.logins.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub(crate) fn open_now(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// The most forwardings that ever waited at the gate together.
    pub(crate) fn most_waiting(&self) -> usize {
        self.counts.most_waiting.load(Ordering::SeqCst)
    }

    fn judge(&self, good: bool) -> Auth {
        self.counts.logins.fetch_add(1, Ordering::SeqCst);
        if good { Auth::Accept } else { self.refusal() }
    }

    /// As OpenSSH refuses: what was tried stays on offer.
    fn refusal(&self) -> Auth {
        Auth::Reject {
            proceed_with_methods: Some(self.methods.clone()),
            partial_success: false,
        }
    }
}

async fn serve(host: Arc<JumpHost>, wire: tokio::io::DuplexStream) {
    let config = Config {
        methods: host.methods.clone(),
        auth_rejection_time: Duration::from_millis(1),
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host.key.clone()],
        inactivity_timeout: None,
        ..Config::default()
    };
    host.counts.open.fetch_add(1, Ordering::SeqCst);
    if let Ok(session) = russh::server::run_stream(Arc::new(config), wire, Guest(Arc::clone(&host))).await {
        session.await.ok();
    }
    host.counts.open.fetch_sub(1, Ordering::SeqCst);
}

struct Guest(Arc<JumpHost>);

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, _user: &str, password: &str) -> Result<Auth, Self::Error> {
        // The library asks the handler whatever the methods are; a real server does not judge what it does not offer.
        if !self.0.methods.contains(&MethodKind::Password) {
            return Ok(self.0.refusal());
        }
        Ok(self.0.judge(password == self.0.password))
    }

    async fn auth_publickey_offered(&mut self, _user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        if offer.public_key.key_data() == self.0.user_key.public_key().key_data() {
            return Ok(Auth::Accept);
        }
        Ok(self.0.judge(false))
    }

    async fn auth_publickey(&mut self, _user: &str, _key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(self.0.judge(true))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut answers) = response else {
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Password: ".into(), false)].into(),
            });
        };
        let good = answers.next().as_deref() == Some(self.0.password.as_bytes());
        Ok(self.0.judge(good))
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let open = self
            .0
            .behind
            .lock()
            .expect("no panic")
            .get(&(host.to_owned(), port))
            .cloned();
        let Some(open) = open else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        let host = Arc::clone(&self.0);
        tokio::spawn(async move {
            let counts = &host.counts;
            let waiting = counts.waiting.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most_waiting.fetch_max(waiting, Ordering::SeqCst);
            let passed = host.gate.acquire().await;
            counts.waiting.fetch_sub(1, Ordering::SeqCst);
            drop(passed);
            reply.accept().await;
            let mut far = open().expect("a pipe");
            let mut near = channel.into_stream();
            tokio::io::copy_bidirectional(&mut near, &mut far).await.ok();
        });
        Ok(())
    }
}
