//! Logs in with russh's client over the pipe and over TCP, and speaks NETCONF.

use std::sync::Arc;

use russh::client::{self, Handle};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelStream, client::Msg};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::*;

struct Trusting(String);

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => Ok(self.0.ends_with(&key.to_openssh().unwrap())),
            PublicKeyOrCertificate::Certificate(_) => Ok(false),
        }
    }
}

async fn dial(router: &RouterHandle, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Handle<Trusting> {
    let line = router.host_key_line("router", 22);
    client::connect_stream(Arc::new(client::Config::default()), stream, Trusting(line))
        .await
        .unwrap()
}

async fn login(router: &RouterHandle) -> Handle<Trusting> {
    let mut handle = dial(router, router.connect().unwrap()).await;
    let result = handle.authenticate_password(router.username(), router.password()).await;
    assert!(result.unwrap().success());
    handle
}

/// A NETCONF session as a plain client has it.
struct Talk {
    _handle: Option<Handle<Trusting>>,
    stream: ChannelStream<Msg>,
    buffer: Vec<u8>,
    hello: String,
    next_id: u32,
}

impl Talk {
    async fn open(router: &RouterHandle) -> Self {
        let handle = login(router).await;
        let mut talk = Self::on(&handle).await;
        talk._handle = Some(handle);
        talk
    }

    async fn on(handle: &Handle<Trusting>) -> Self {
        let channel = handle.channel_open_session().await.unwrap();
        channel.request_subsystem(true, "netconf").await.unwrap();
        let mut talk = Self {
            _handle: None,
            stream: channel.into_stream(),
            buffer: Vec::new(),
            hello: String::new(),
            next_id: 1,
        };
        talk.hello = talk.read().await.unwrap();
        talk.write(
            "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>\
             <capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>",
        )
        .await;
        talk
    }

    async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.write_all(b"]]>]]>").await.unwrap();
    }

    async fn read(&mut self) -> Option<String> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"]]>]]>") {
                let rest = self.buffer.split_off(end + 6);
                let message = std::mem::replace(&mut self.buffer, rest);
                return Some(String::from_utf8_lossy(&message[..end]).trim_start().to_owned());
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    async fn ask(&mut self, body: &str) -> String {
        self.send(body).await;
        self.read().await.expect("a reply")
    }

    async fn send(&mut self, body: &str) {
        let id = self.next_id;
        self.next_id += 1;
        self.write(&format!("<rpc message-id=\"{id}\">{body}</rpc>")).await;
    }
}

#[tokio::test]
async fn a_password_opens_a_session_that_answers_in_order() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    assert!(talk.hello.contains("<session-id>"), "{}", talk.hello);
    talk.send("<get-software-information/>").await;
    talk.send("<command format=\"text\">show version</command>").await;
    let first = talk.read().await.unwrap();
    assert!(
        first.contains("message-id=\"1\"") && first.contains("software-information"),
        "{first}"
    );
    let second = talk.read().await.unwrap();
    assert!(second.contains(&format!("Hostname: {}", router.name())), "{second}");
    assert!(talk.ask("<get-nonsense/>").await.contains("<bad-element>get-nonsense<"));
    let last = talk.ask("<close-session/>").await;
    assert!(last.contains("<ok/>"), "{last}");
    assert_eq!(
        router.rpcs(),
        ["get-software-information", "command", "get-nonsense", "close-session"]
    );
    router
        .wait_for(|event| matches!(event.what, What::SessionClosed { .. }))
        .await;
    lab.stop().await;
}

#[tokio::test]
async fn a_key_opens_a_connection_with_several_channels_over_tcp() {
    let lab = Lab::start(LabSettings::new(2).on_loopback()).await.unwrap();
    let router = &lab.routers()[1];
    let stream = tokio::net::TcpStream::connect(router.address().unwrap()).await.unwrap();
    let mut handle = dial(router, stream).await;
    let refused = handle.authenticate_password(router.username(), "wrong").await.unwrap();
    assert!(!refused.success());
    let key = russh::keys::decode_secret_key(&router.private_key_openssh(), None).unwrap();
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    assert!(
        handle
            .authenticate_publickey(router.username(), key)
            .await
            .unwrap()
            .success()
    );
    let mut one = Talk::on(&handle).await;
    let mut two = Talk::on(&handle).await;
    assert_ne!(one.hello, two.hello);
    assert!(one.ask("<get-software-information/>").await.contains("rpc-reply"));
    assert!(two.ask("<get-software-information/>").await.contains("rpc-reply"));
    let logins: Vec<_> = router
        .seen()
        .into_iter()
        .filter(|event| matches!(event.what, What::Auth { .. }))
        .collect();
    assert_eq!(logins.len(), 2);
}

#[tokio::test]
async fn a_command_runs_over_exec() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let handle = login(&lab.routers()[0]).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel.exec(true, "show version").await.unwrap();
    let mut output = String::new();
    channel.into_stream().read_to_string(&mut output).await.unwrap();
    assert!(output.contains("Hostname: "), "{output}");
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_and_the_command_time_are_felt_on_a_paused_clock() {
    let settings = LabSettings {
        round_trip: Duration::from_millis(100),
        command_time: Duration::from_millis(40),
        ..LabSettings::new(1)
    };
    let lab = Lab::start(settings).await.unwrap();
    let mut talk = Talk::open(&lab.routers()[0]).await;
    let start = tokio::time::Instant::now();
    talk.ask("<get-software-information/>").await;
    let elapsed = start.elapsed().as_millis();
    assert!((140..150).contains(&elapsed), "{elapsed}");
}

#[tokio::test]
async fn faults_drop_hang_and_damage_replies() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = &lab.routers()[0];
    let name = "get-software-information";
    let ask = "<get-software-information/>";

    let mut talk = Talk::open(router).await;
    let hung = router.inject(Fault::new(Trigger::rpc(name), Action::Hang));
    talk.send(ask).await;
    router.wait_for(|event| matches!(event.what, What::Fault { .. })).await;
    hung.release();
    assert!(talk.read().await.unwrap().contains("software-information"));

    router.inject(Fault::new(Trigger::rpc(name), Action::WrongMessageId));
    router.inject(Fault::new(Trigger::reply(name), Action::SingleBytes));
    router.inject(Fault::new(Trigger::reply(name), Action::Twice));
    assert!(talk.ask(ask).await.contains("message-id=\"92\""));
    assert!(talk.read().await.unwrap().contains("message-id=\"92\""));

    router.inject(Fault::new(
        Trigger::rpc(name),
        Action::Answer(Shape::RpcError("no".to_owned())),
    ));
    assert!(talk.ask(ask).await.contains("<error-message>\nno\n</error-message>"));

    router.inject(Fault::new(Trigger::reply(name), Action::Huge(3_000_000)));
    assert!(talk.ask(ask).await.len() > 3_000_000);

    router.inject(Fault::new(Trigger::reply(name), Action::HalfReply));
    talk.send(ask).await;
    let partial = tokio::time::timeout(Duration::from_millis(50), talk.read()).await;
    assert!(partial.is_err());

    let mut talk = Talk::open(router).await;
    router.inject(Fault::new(Trigger::reply(name), Action::Drop));
    talk.send(ask).await;
    assert_eq!(talk.read().await, None);
    assert_eq!(router.rpcs().len(), 6);
}

#[tokio::test]
async fn stopping_a_lab_ends_its_connections() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = lab.routers()[0].clone();
    let mut talk = Talk::open(&router).await;
    lab.stop().await;
    assert_eq!(talk.read().await, None);
    assert!(router.connect().is_err());
}
