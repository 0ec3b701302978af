//! Transfers as a client sees them, byte by byte.

use russh::ChannelMsg;
use russh::client::Msg as ClientMsg;

use crate::lab::tests::{fixed, login};
use crate::lab::{Action, Fault, Lab, LabSettings, RouterHandle, Transfer, Trigger, What};

/// A client that says what it is told to and notes what it hears.
struct Client {
    channel: russh::Channel<ClientMsg>,
    heard: Vec<u8>,
    status: Option<u32>,
    _connection: Box<dyn std::any::Any>,
}

impl Client {
    async fn run(router: &RouterHandle, command: &str) -> Self {
        let connection = login(router).await;
        let channel = connection.channel_open_session().await.unwrap();
        channel.exec(true, command).await.unwrap();
        Self {
            channel,
            heard: Vec::new(),
            status: None,
            _connection: Box::new(connection),
        }
    }

    async fn say(&mut self, bytes: impl Into<bytes::Bytes>) {
        self.channel.data_bytes(bytes.into()).await.unwrap();
    }

    /// Waits until that many bytes were heard in all.
    async fn hear(&mut self, count: usize) -> &[u8] {
        while self.heard.len() < count && self.next().await {}
        &self.heard
    }

    async fn next(&mut self) -> bool {
        match self.channel.wait().await {
            Some(ChannelMsg::Data { data }) => self.heard.extend_from_slice(&data),
            Some(ChannelMsg::ExitStatus { exit_status }) => self.status = Some(exit_status),
            Some(_) => {}
            None => return false,
        }
        true
    }

    /// Says that nothing more comes; everything heard, and the exit status.
    async fn end(mut self) -> (String, Option<u32>) {
        // A router that has ended the channel already hears nothing more.
        self.channel.eof().await.ok();
        while self.next().await {}
        (String::from_utf8_lossy(&self.heard).into_owned(), self.status)
    }
}

/// Uploads one file as a client without any sense of errors would.
async fn upload(router: &RouterHandle, command: &str, content: &[u8]) -> (String, Option<u32>) {
    let mut client = Client::run(router, command).await;
    if client.hear(1).await == b"\0" {
        client.say(format!("C0640 {} name.tgz\n", content.len())).await;
        if client.hear(2).await == b"\0\0" {
            client.say(content.to_vec()).await;
            client.say(&b"\0"[..]).await;
        }
    }
    client.end().await
}

async fn lab() -> (Lab, RouterHandle) {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = lab.routers()[0].clone();
    (lab, router)
}

#[tokio::test]
async fn a_file_arrives_with_its_time_and_the_record_says_how() {
    let (_lab, router) = lab().await;
    let mut client = Client::run(&router, "scp -p -t '/var/tmp/a b.txt'").await;
    client.hear(1).await;
    client.say(&b"T1893456000 0 1893456000 0\n"[..]).await;
    client.hear(2).await;
    client.say(&b"C0600 3 ignored.txt\n"[..]).await;
    client.hear(3).await;
    client.say(&b"abc\0"[..]).await;
    assert_eq!(client.hear(4).await, b"\0\0\0\0");
    assert_eq!(client.end().await, ("\0\0\0\0".to_owned(), Some(0)));
    assert_eq!(router.read_file("/var/tmp/a b.txt").as_deref(), Some(b"abc".as_slice()));
    let steps: Vec<Transfer> = router
        .seen()
        .into_iter()
        .filter_map(|event| match event.what {
            What::Scp(step) => Some(step),
            _ => None,
        })
        .collect();
    let path = "/var/tmp/a b.txt".to_owned();
    let expected = [
        Transfer::Sink(path.clone()),
        Transfer::Announced {
            path: path.clone(),
            bytes: 3,
        },
        Transfer::Stored { path, bytes: 3 },
        Transfer::Ended { status: Some(0) },
    ];
    assert_eq!(steps, expected);
    let mut client = Client::run(&router, "scp -p -f /var/tmp/a b.txt").await;
    client.say(&b"\0\0\0\0"[..]).await;
    let (heard, status) = client.end().await;
    assert_eq!(heard, "T1893456000 0 1893456000 0\nC0600 3 a b.txt\nabc\0");
    assert_eq!(status, Some(0));
}

#[tokio::test]
async fn targets_and_sources_that_will_not_do_are_named() {
    let (_lab, router) = lab().await;
    let error = |text: &str| (format!("\x01scp: {text}\n"), Some(1));
    let after = |text: &str| (format!("\0\x01scp: {text}\n"), Some(1));
    for (command, expected) in [
        ("scp -t /var/tmp/", ("\0\0\0".to_owned(), Some(0))),
        (
            "scp -t /var/tmp/none/x",
            after("/var/tmp/none/x: No such file or directory"),
        ),
        (
            "scp -t /var/tmp/none/",
            error("/var/tmp/none/: No such file or directory"),
        ),
        ("scp -d -t /etc/resolv.conf", error("/etc/resolv.conf: Not a directory")),
        ("scp -t /config/x", after("/config/x: Permission denied")),
        ("scp -t /root/", after("/root/name.tgz: Permission denied")),
    ] {
        assert_eq!(upload(&router, command, b"abc").await, expected, "{command}");
    }
    assert_eq!(router.list_files("/var/tmp"), ["name.tgz"]);
    for (command, expected) in [
        ("scp -f /var/tmp/x", error("/var/tmp/x: No such file or directory")),
        ("scp -f /var/tmp", error("/var/tmp: not a regular file")),
        (
            "scp -f /config/license.conf",
            error("/config/license.conf: Permission denied"),
        ),
    ] {
        let mut client = Client::run(&router, command).await;
        client.say(&b"\0"[..]).await;
        assert_eq!(client.end().await, expected, "{command}");
    }
}

#[tokio::test]
async fn headers_that_lead_elsewhere_end_the_transfer() {
    let (_lab, router) = lab().await;
    for header in ["C0644 3 ../x\n", "D0755 0 folder\n", "C0644 3\n", "hello\n"] {
        let mut client = Client::run(&router, "scp -t /var/tmp").await;
        client.hear(1).await;
        client.say(header).await;
        let (heard, status) = client.end().await;
        assert!(heard.starts_with("\0\x01scp: protocol error: "), "{header}{heard}");
        assert_eq!(status, Some(1));
    }
    assert!(router.list_files("/var/tmp").is_empty());
}

#[tokio::test]
async fn a_full_disk_keeps_what_fits_and_says_so_at_the_end() {
    let (_lab, router) = lab().await;
    router.fill_disk(1024);
    let (heard, status) = upload(&router, "scp -t /var/tmp/x", &[7; 5000]).await;
    assert_eq!(heard, "\0\0\x01scp: /var/tmp/x: No space left on device\n");
    assert_eq!(status, Some(1));
    assert_eq!(router.read_file("/var/tmp/x").map(|file| file.len()), Some(1024));
    router.set_read_only(true);
    let (heard, _) = upload(&router, "scp -t /var/tmp/y", b"abc").await;
    assert_eq!(heard, "\0\x01scp: /var/tmp/y: Read-only file system\n");
}

#[tokio::test]
async fn folders_are_taken_and_given_whole() {
    let (_lab, router) = lab().await;
    let mut client = Client::run(&router, "scp -r -t /var/tmp").await;
    client
        .say(&b"D0750 0 one\nC0644 1 a\nA\0D0755 0 two\nC0644 1 b\nB\0E\nE\nC0644 1 c\nC\0"[..])
        .await;
    assert_eq!(client.end().await, ("\0".repeat(11), Some(0)));
    assert_eq!(router.read_file("/var/tmp/one/two/b").as_deref(), Some(b"B".as_slice()));
    let mut client = Client::run(&router, "scp -r -f /var/tmp/one").await;
    client.say("\0".repeat(9)).await;
    let (heard, status) = client.end().await;
    assert_eq!(heard, "D0750 0 one\nC0644 1 a\nA\0D0755 0 two\nC0644 1 b\nB\0E\nE\n");
    assert_eq!(status, Some(0));
    let mut client = Client::run(&router, "scp -f /var/log/inter*").await;
    client.say("\0\0\0").await;
    assert_eq!(client.end().await.0, "C0644 0 interactive-commands\n\0");
}

#[tokio::test]
async fn of_a_long_file_the_checksum_stays_unless_files_are_kept() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 253) as u8).collect();
    for keep_files in [false, true] {
        let lab = Lab::start(LabSettings { keep_files, ..fixed() }).await.unwrap();
        let router = &lab.routers()[0];
        assert_eq!(upload(router, "scp -t /var/tmp/x", &content).await.1, Some(0));
        assert_eq!(router.read_file("/var/tmp/x").is_some(), keep_files);
        let sum = ring::digest::digest(&ring::digest::SHA256, &content);
        let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(router.checksum("/var/tmp/x"), Some(sum));
        let mut client = Client::run(router, "scp -f /var/tmp/x").await;
        client.say("\0\0\0").await;
        let (heard, status) = client.end().await;
        assert_eq!(
            (heard.starts_with("C0640 3000000 x\n"), status),
            (keep_files, Some(u32::from(!keep_files)))
        );
    }
}

#[tokio::test]
async fn faults_strike_at_every_step() {
    let (_lab, router) = lab().await;
    let struck = "scp: lab: an error made on purpose\n";
    for (fault, expected) in [
        (
            Fault::new(Trigger::ScpOpen, Action::ScpError(2)),
            format!("\x02{struck}"),
        ),
        (
            Fault::new(Trigger::ScpHeader, Action::ScpError(1)),
            format!("\0\x01{struck}"),
        ),
        (
            Fault::new(Trigger::ScpByte(2000), Action::ScpError(1)),
            format!("\0\0\x01{struck}"),
        ),
        (Fault::new(Trigger::ScpAck, Action::Refuse), "\0\0".to_owned()),
    ] {
        let injected = router.inject(fault.clone());
        assert_eq!(
            upload(&router, "scp -t /var/tmp/x", &[1; 4000]).await,
            (expected, Some(1)),
            "{fault}"
        );
        assert_eq!(injected.fired(), 1);
    }
    router.inject(Fault::new(Trigger::ScpByte(3), Action::ScpCorrupt));
    assert_eq!(upload(&router, "scp -t /var/tmp/x", &[1; 5]).await.1, Some(0));
    assert_eq!(router.read_file("/var/tmp/x"), Some(vec![1, 1, 1, 0xfe, 1]));
    router.inject(Fault::new(Trigger::ScpByte(0), Action::ScpCorrupt));
    let mut client = Client::run(&router, "scp -f /var/tmp/x").await;
    client.say("\0\0\0").await;
    let (heard, _) = client.end().await;
    assert!(heard.ends_with("x\n\u{fffd}\x01\x01\u{fffd}\x01\0"), "{heard:?}");
    router.inject(Fault::new(Trigger::ScpByte(10), Action::DropAtByte(0)).nth(2));
    router.inject(Fault::new(Trigger::ScpByte(10), Action::Drop));
    assert_eq!(upload(&router, "scp -t /var/tmp/x", &[1; 50]).await.1, None);
    router
        .wait_for(|event| event.what == What::Scp(Transfer::Ended { status: Some(1) }))
        .await;
}

#[tokio::test]
async fn a_class_without_the_server_may_not_copy() {
    let (_lab, router) = lab().await;
    let mut talk = crate::lab::tests::Talk::open(&router).await;
    let lines = "set system login class staff permissions all\nset system login class staff no-scp-server\n\
                 set system login user lab class staff";
    let request = format!(
        "<load-configuration action=\"set\" format=\"text\"><configuration-set>{lines}</configuration-set></load-configuration>"
    );
    let loaded = talk.ask(&request).await;
    assert!(loaded.contains("<ok/>"), "{loaded}");
    let reply = talk.ask("<commit-configuration/>").await;
    assert!(reply.contains("<ok/>"), "{reply}");
    let mut client = Client::run(&router, "scp -t /var/tmp/x").await;
    loop {
        match client.channel.wait().await {
            Some(ChannelMsg::Failure) => break,
            Some(ChannelMsg::Success) | None => panic!("the server was started"),
            Some(_) => {}
        }
    }
}
