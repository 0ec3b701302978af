//! Logs in with russh's client over the pipe and over TCP, and speaks NETCONF.

use std::sync::Arc;

use russh::client::{self, Handle};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelStream, client::Msg};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::*;

mod configuration;
mod faults;
mod files;
mod restarts;

pub(super) struct Trusting(String);

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

pub(super) async fn login(router: &RouterHandle) -> Handle<Trusting> {
    let mut handle = dial(router, router.connect().unwrap()).await;
    let result = handle.authenticate_password(router.username(), router.password()).await;
    assert!(result.unwrap().success());
    handle
}

/// A NETCONF session as a plain client has it.
pub(super) struct Talk {
    _handle: Option<Handle<Trusting>>,
    stream: ChannelStream<Msg>,
    buffer: Vec<u8>,
    hello: String,
    next_id: u32,
}

impl Talk {
    pub(super) async fn open(router: &RouterHandle) -> Self {
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

    pub(super) async fn read(&mut self) -> Option<String> {
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

    pub(super) async fn ask(&mut self, body: &str) -> String {
        self.send(body).await;
        self.read().await.expect("a reply")
    }

    pub(super) async fn send(&mut self, body: &str) {
        let id = self.next_id;
        self.next_id += 1;
        self.write(&format!("<rpc message-id=\"{id}\">{body}</rpc>")).await;
    }
}

pub(super) fn fixed() -> LabSettings {
    let start = DateTime::from_timestamp(1_930_367_167, 0).unwrap();
    LabSettings {
        clock: Clock::starting_at(start),
        ..LabSettings::new(1)
    }
}

const SET: &str = "<load-configuration action=\"set\" format=\"text\"><configuration-set>\
                   set system time-zone Europe/Oslo</configuration-set></load-configuration>";

const COMPARE: &str = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";

/// Asks one request after the other and compares what matters of each answer.
async fn asked(talk: &mut Talk, table: &[(&str, &str)]) {
    for (request, expected) in table {
        let reply = talk.ask(request).await;
        assert!(reply.contains(expected), "{request}\n{reply}");
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

#[tokio::test]
async fn a_shell_and_a_command_speak_over_their_channels() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = &lab.routers()[0];
    let handle = login(router).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel.request_pty(true, "vt100", 80, 24, 0, 0, &[]).await.unwrap();
    channel.request_shell(true).await.unwrap();
    let mut shell = channel.into_stream();
    shell.write_all(b"show ver\x7fr\rexit\r").await.unwrap();
    let mut seen = String::new();
    shell.read_to_string(&mut seen).await.unwrap();
    let prompt = format!("\r\nlab@{}> ", router.name());
    assert!(
        seen.starts_with(&format!("--- JUNOS 24.4R1.9\r\n{prompt}show ve")),
        "{seen}"
    );
    assert!(
        seen.contains("\r\nModel: ") && seen.ends_with(&format!("{prompt}exit\r\n")),
        "{seen}"
    );
    let typed = router.seen().into_iter().filter_map(|event| match event.what {
        What::Typed { line } => Some(line),
        _ => None,
    });
    assert_eq!(typed.collect::<Vec<_>>(), ["show ver", "exit"]);
    let mut channel = handle.channel_open_session().await.unwrap();
    channel.exec(true, "show version | count; show nonsense").await.unwrap();
    let (mut output, mut status) = (Vec::new(), None);
    while let Some(message) = channel.wait().await {
        match message {
            russh::ChannelMsg::Data { data } => output.extend_from_slice(&data),
            russh::ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
            _ => {}
        }
    }
    let output = String::from_utf8(output).unwrap();
    assert!(output.starts_with("Count: ") && output.contains("^\n"), "{output}");
    assert_eq!(status, Some(1));
}

#[tokio::test]
async fn who_types_is_listed_and_can_be_killed() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let handle = login(router).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel.request_shell(true).await.unwrap();
    let mut shell = channel.into_stream();
    shell
        .write_all(b"configure exclusive\nedit system\nset time-zone Europe/Oslo\n")
        .await
        .unwrap();
    router
        .wait_for(|event| event.what == What::Candidate(Transition::Edited))
        .await;
    let mut talk = Talk::open(router).await;
    let status = talk.ask("<get-configuration-database-status/>").await;
    let exclusive = "<exclusive/>\n<edit-path>[edit system]</edit-path>";
    assert!(
        status.contains("<terminal>pts/0</terminal>") && status.contains(exclusive),
        "{status}"
    );
    let (_, pid) = status.split_once("<pid>").unwrap();
    let (pid, _) = pid.split_once('<').unwrap();
    assert!(talk.ask("<lock-configuration/>").await.contains("terminal pts/0"));
    let killed = talk
        .ask(&format!("<kill-session><session-id>{pid}</session-id></kill-session>"))
        .await;
    assert!(killed.contains("<ok/>"), "{killed}");
    let mut seen = String::new();
    shell.read_to_string(&mut seen).await.unwrap();
    assert_eq!(router.uncommitted(), "");
    assert!(!talk.ask("<lock-configuration/>").await.contains("rpc-error"));
}

/// What a router of that seed says to a row of requests.
async fn transcript(seed: u64) -> String {
    let lab = Lab::start(LabSettings { seed, ..fixed() }).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    let mut said = format!("{}{}", talk.hello, router.host_key_line("router", 22));
    let secret = "<load-configuration action=\"set\" format=\"text\"><configuration-set>\
                  set system login user x class operator authentication plain-text-password-value Abcdef12\
                  </configuration-set></load-configuration>";
    for request in [
        "<get-chassis-inventory/>",
        "<get-interface-information/>",
        "<get-configuration/>",
        secret,
        "<commit-configuration/>",
        "<get-configuration/>",
        "<get-commit-information/>",
        "<command format=\"text\">show log messages</command>",
    ] {
        said.push_str(&talk.ask(request).await);
    }
    said
}

#[tokio::test]
async fn equal_seeds_say_the_same_to_the_byte() {
    let first = transcript(7).await;
    assert!(first.contains("$6$"), "a secret was encoded");
    assert_eq!(first, transcript(7).await);
    assert_ne!(first, transcript(8).await);
}

#[tokio::test]
async fn chunks_are_spoken_when_both_sides_offer_them() {
    let settings = LabSettings {
        chunked: true,
        ..fixed()
    };
    let lab = Lab::start(settings).await.unwrap();
    let handle = login(&lab.routers()[0]).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel.request_subsystem(true, "netconf").await.unwrap();
    let mut stream = channel.into_stream();
    let hello =
        "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>";
    stream.write_all(hello.as_bytes()).await.unwrap();
    let rpc = "<rpc message-id=\"1\"><get-software-information/></rpc>";
    let framed = format!("\n#{}\n{rpc}\n##\n", rpc.len());
    stream.write_all(framed.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    while memchr::memmem::find(&said, b"\n##\n").is_none() {
        assert!(stream.read_buf(&mut said).await.unwrap() > 0);
    }
    let said = String::from_utf8(said).unwrap();
    let (hello, reply) = said.split_once("]]>]]>\n").unwrap();
    assert!(hello.contains("netconf:base:1.1"), "{hello}");
    assert!(reply.starts_with("\n#"), "{reply}");
}

#[tokio::test]
async fn files_and_probes_are_answered() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    router.write_file("/var/tmp/image.tgz", b"abc");
    let mut talk = Talk::open(router).await;
    let list = talk.ask("<file-list><path>/var/tmp/</path></file-list>").await;
    assert!(list.contains("<file-name>image.tgz</file-name>"), "{list}");
    let sum = talk
        .ask("<get-sha256-checksum-information><path>/var/tmp/image.tgz</path></get-sha256-checksum-information>")
        .await;
    assert!(
        sum.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        "{sum}"
    );
    let sum = talk
        .ask("<get-checksum-information><path>/var/tmp/image.tgz</path></get-checksum-information>")
        .await;
    assert!(sum.contains("900150983cd24fb0d6963f7d28e17f72"), "{sum}");
    let copy = "<file-copy><source>/var/log/messages</source><destination>/var/tmp/copy</destination></file-copy>";
    talk.ask(copy).await;
    let copied = router.read_file("/var/tmp/copy").expect("a copy");
    assert!(String::from_utf8_lossy(&copied).contains("UI_LOGIN_EVENT"));
    let dry = talk
        .ask("<request-system-storage-cleanup><dry-run/></request-system-storage-cleanup>")
        .await;
    assert!(dry.contains("/var/tmp/copy"), "{dry}");
    let json = talk.ask("<get-software-information format=\"json\"/>").await;
    assert!(json.contains("\"software-information\""), "{json}");
    let text = talk.ask("<get-software-information format=\"text\"/>").await;
    assert!(text.contains("<output>\n") && text.contains("Hostname: "), "{text}");
    let log = talk
        .ask("<command format=\"text\">file show /var/log/messages</command>")
        .await;
    assert!(log.contains("UI_LOGIN_EVENT"), "{log}");
    let ping = talk
        .ask("<command format=\"text\">ping 192.0.2.1 count 2</command>")
        .await;
    assert!(ping.contains("2 packets transmitted"), "{ping}");
    talk.send("<command>request system reboot</command>").await;
    assert!(talk.read().await.unwrap().contains("request-reboot-results"));
    assert_eq!(talk.read().await, None);
}
