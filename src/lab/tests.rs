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

fn fixed() -> LabSettings {
    let start = DateTime::from_timestamp(1_930_367_167, 0).unwrap();
    LabSettings {
        clock: Clock::starting_at(start),
        ..LabSettings::new(1)
    }
}

const SET: &str = "<load-configuration action=\"set\" format=\"text\"><configuration-set>\
                   set system time-zone Europe/Oslo</configuration-set></load-configuration>";

const COMPARE: &str = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";

#[tokio::test]
async fn a_change_is_loaded_compared_and_committed() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    assert!(talk.ask("<lock-configuration/>").await.contains(">\n</rpc-reply>"));
    assert!(talk.ask(SET).await.contains("<load-configuration-results>\n<ok/>"));
    let diff = talk.ask(COMPARE).await;
    assert!(
        diff.contains("Europe/Oslo") && diff.contains("<configuration-output>"),
        "{diff}"
    );
    let check = talk.ask("<commit-configuration><check/></commit-configuration>").await;
    assert!(check.contains("<commit-check-success/>"), "{check}");
    let commit = talk
        .ask("<commit-configuration><log>change 7</log></commit-configuration>")
        .await;
    assert!(
        commit.contains("<commit-success/>") && commit.contains("<ok/>"),
        "{commit}"
    );
    assert!(talk.ask("<unlock-configuration/>").await.contains(">\n</rpc-reply>"));
    let shown = talk
        .ask("<command format=\"text\">show configuration system time-zone</command>")
        .await;
    assert!(shown.contains("Europe/Oslo"), "{shown}");
    let older = talk
        .ask("<command format=\"text\">show configuration | compare rollback 1</command>")
        .await;
    assert!(older.contains("Europe/Oslo"), "{older}");
    let history = router.commits();
    assert_eq!((history.len(), history[0].log.as_deref()), (2, Some("change 7")));
    assert!(router.active().contains("Europe/Oslo"));
    assert_eq!(router.uncommitted(), "");
    let steps: Vec<_> = router
        .seen()
        .into_iter()
        .filter_map(|event| match event.what {
            What::Candidate(step) => Some(step),
            _ => None,
        })
        .collect();
    use Transition::*;
    assert_eq!(steps, [Locked, Edited, Checked, Committed, Unlocked]);
}

#[tokio::test]
async fn foreign_work_and_foreign_locks_are_told_apart() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    router.edit_as("ops", "set system nonsense 1").unwrap_err();
    router.edit_as("ops", "set system time-zone Asia/Tokyo").unwrap();
    let mut talk = Talk::open(router).await;
    assert!(
        talk.ask("<lock-configuration/>")
            .await
            .contains("configuration database modified")
    );
    assert!(
        talk.ask("<open-configuration><private/></open-configuration>")
            .await
            .contains("shared configuration")
    );
    let status = talk.ask("<get-configuration-database-status/>").await;
    assert!(
        status.contains("<user>ops</user>\n<terminal>pts/0</terminal>"),
        "{status}"
    );
    assert!(talk.ask("<discard-changes/>").await.contains("<ok/>"));
    router.lock_as("ops").unwrap();
    let refused = talk.ask(SET).await;
    assert!(
        refused.contains("configuration database locked by:\n  ops terminal pts/0 (pid "),
        "{refused}"
    );
    router.leave_as("ops");
    assert!(talk.ask(SET).await.contains("<ok/>"));
    assert!(
        talk.ask("<unlock-configuration/>")
            .await
            .contains("database is not open")
    );
    drop(talk);
    router.wait_for(|event| event.what == What::Disconnected).await;
    assert!(router.uncommitted().contains("Europe/Oslo"));
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_commit_rolls_back_by_itself_after_its_session_has_gone() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    talk.ask(SET).await;
    let confirmed = "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout></commit-configuration>";
    assert!(talk.ask(confirmed).await.contains("<commit-success/>"));
    let pending = talk.ask("<get-commit-information/>").await;
    assert!(pending.contains("rollback in 5mins"), "{pending}");
    drop(talk);
    assert!(router.active().contains("Europe/Oslo"));
    assert!(router.commits()[0].pending);
    let start = router.now();
    let event = router.wait_for(Event::is_automatic_rollback).await;
    assert_eq!((event.at - start).num_seconds(), 302);
    assert!(!router.active().contains("Europe/Oslo"));
    assert_eq!(
        (router.commits()[0].user.as_str(), router.commits()[0].client),
        ("root", "other")
    );
}

#[tokio::test]
async fn a_connection_can_die_before_or_after_a_commit_took_effect() {
    for (trigger, commits) in [
        (Trigger::rpc("commit-configuration"), 1),
        (Trigger::reply("commit-configuration"), 2),
    ] {
        let lab = Lab::start(fixed()).await.unwrap();
        let router = &lab.routers()[0];
        let mut talk = Talk::open(router).await;
        talk.ask(SET).await;
        router.inject(Fault::new(trigger, Action::Drop));
        talk.send("<commit-configuration/>").await;
        assert_eq!(talk.read().await, None);
        router.wait_for(|event| event.what == What::Disconnected).await;
        assert_eq!(router.commits().len(), commits);
    }
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

#[tokio::test]
async fn refused_logins_and_channels_are_counted() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    router.inject(Fault::new(Trigger::Auth, Action::Refuse).times(2));
    let mut handle = dial(router, router.connect().unwrap()).await;
    for expected in [false, false, true] {
        let result = handle.authenticate_password(router.username(), router.password()).await;
        assert_eq!(result.unwrap().success(), expected);
    }
    router.inject(Fault::new(Trigger::Channel, Action::Refuse));
    assert!(handle.channel_open_session().await.is_err());
    Talk::on(&handle).await;
    let hung = router.inject(Fault::new(Trigger::Connect, Action::Hang));
    let stream = router.connect().unwrap();
    let dialling = tokio::spawn({
        let router = router.clone();
        async move { drop(dial(&router, stream).await) }
    });
    router
        .wait_for(|event| event.connection == 2 && matches!(event.what, What::Fault { .. }))
        .await;
    assert!(!dialling.is_finished());
    hung.release();
    dialling.await.unwrap();
}

/// Asks one request after the other and compares what matters of each answer.
async fn asked(talk: &mut Talk, table: &[(&str, &str)]) {
    for (request, expected) in table {
        let reply = talk.ask(request).await;
        assert!(reply.contains(expected), "{request}\n{reply}");
    }
}

#[tokio::test]
async fn loads_and_commits_fail_in_the_routers_words() {
    let lab = Lab::start(fixed()).await.unwrap();
    let mut talk = Talk::open(&lab.routers()[0]).await;
    let long = format!(
        "<commit-configuration><log>{}</log></commit-configuration>",
        "x".repeat(513)
    );
    let table = [
        (
            "<load-configuration action=\"set\"><configuration-set>set system nonsense 1</configuration-set></load-configuration>",
            "<bad-element>nonsense</bad-element>\n</error-info>\n</rpc-error>\n<load-error-count>1</load-error-count>",
        ),
        (
            "<load-configuration action=\"set\"><configuration-set>delete system ports</configuration-set></load-configuration>",
            "\nstatement not found\n</error-message>\n</rpc-error>\n<ok/>",
        ),
        (
            "<load-configuration format=\"text\"><configuration-text>system { time-zone UTC; }</configuration-text></load-configuration>",
            "<load-configuration-results>\n<ok/>",
        ),
        (
            "<load-configuration><configuration><interfaces><interface><name>ge-0/0/7</name><unit><name>2</name><family>\
             <inet/></family></unit></interface></interfaces></configuration></load-configuration>",
            "<ok/>",
        ),
        (
            "<commit-configuration/>",
            "<source-daemon>dcd</source-daemon>\n<error-path>[edit interfaces ge-0/0/7]</error-path>",
        ),
        (
            "<validate><source><candidate/></source></validate>",
            "\nconfiguration check-out failed\n",
        ),
        (&long, "Length 513 is not within range (1..512)"),
        (
            "<commit-configuration><confirmed/><confirm-timeout>0</confirm-timeout></commit-configuration>",
            "Value 0 is not within range (1..65535)",
        ),
        ("<load-configuration rollback=\"0\"/>", "<load-success/>"),
        (
            "<load-configuration rollback=\"30\"/>",
            "rollback configuration 30 does not exist",
        ),
        ("<load-configuration rollback=\"50\"/>", "<bad-element>50</bad-element>"),
        ("<load-configuration rescue=\"rescue\"/>", "no rescue configuration"),
        ("<request-save-rescue-configuration/>", ">\n</rpc-reply>"),
        ("<load-configuration rescue=\"rescue\"/>", "<load-success/>"),
        (
            "<get-rescue-information><format>text</format></get-rescue-information>",
            "<configuration-output>\nversion ",
        ),
        (
            "<get-rollback-information><rollback>0</rollback><compare>0</compare></get-rollback-information>",
            "<ok/>",
        ),
        (
            "<open-configuration><private/></open-configuration>",
            "uncommitted changes will be discarded on exit",
        ),
        ("<lock-configuration/>", "Configuration database is already open"),
        (
            "<commit-configuration><confirmed/></commit-configuration>",
            "private mode",
        ),
        ("<close-configuration/>", ">\n</rpc-reply>"),
        ("<close-configuration/>", "\nConfiguration database is not open\n"),
        (
            "<copy-config><source><running/></source><target><startup/></target></copy-config>",
            "not-supported",
        ),
        (
            "<kill-session><session-id>7</session-id></kill-session>",
            "invalid session-id",
        ),
        (
            "<command format=\"text\">show configuration nonsense</command>",
            "<bad-element>nonsense<",
        ),
        (
            "<get-configuration database=\"committed\" format=\"json\"/>",
            "\"junos:commit-user\" : \"root\"",
        ),
    ];
    asked(&mut talk, &table).await;
}

#[tokio::test]
async fn a_base_confirmed_commit_ends_with_its_session() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    let edit = "<edit-config><target><candidate/></target><config><configuration><system><time-zone>Asia/Tokyo</time-zone>\
                </system></configuration></config></edit-config>";
    let commit = "<commit><confirmed/><confirm-timeout>300</confirm-timeout></commit>";
    asked(
        &mut talk,
        &[(edit, "<ok/>"), (commit, "<ok/>"), ("<close-session/>", "<ok/>")],
    )
    .await;
    router.wait_for(Event::is_automatic_rollback).await;
    assert!(!router.active().contains("Asia/Tokyo"));
}

#[tokio::test]
async fn a_killed_session_loses_its_edits() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut victim = Talk::open(router).await;
    victim.ask(SET).await;
    let id = victim
        .hello
        .split_once("<session-id>")
        .unwrap()
        .1
        .split_once('<')
        .unwrap()
        .0
        .to_owned();
    let mut talk = Talk::open(router).await;
    let kill = format!("<kill-session><session-id>{id}</session-id></kill-session>");
    asked(&mut talk, &[(&kill, "<ok/>")]).await;
    assert_eq!(victim.read().await, None);
    assert_eq!(router.uncommitted(), "");
}

#[tokio::test]
async fn bad_bytes_and_split_marks_reach_the_client_as_asked() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    let ask = "<command format=\"text\">show version</command>";
    router.inject(Fault::new(Trigger::reply("command"), Action::BadBytes));
    router.inject(Fault::new(Trigger::reply("command"), Action::SplitMark));
    router.inject(Fault::new(
        Trigger::reply("command"),
        Action::Garbage(b"noise\n".to_vec()),
    ));
    let reply = talk.ask(ask).await;
    assert!(reply.starts_with("noise\n<rpc-reply"), "{reply}");
    assert!(reply.contains('\u{fffd}') && reply.contains('\u{1b}'), "{reply}");
    router.inject(Fault::new(Trigger::reply("command"), Action::DropAtByte(100)));
    talk.send(ask).await;
    assert_eq!(talk.read().await, None);
    assert!(talk.buffer.len() <= 110, "{}", talk.buffer.len());
}
