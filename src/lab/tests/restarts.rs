//! Packages and restarts, step by step, on a paused clock over the pipe.

use super::*;

const PACKAGE: &str = "/var/tmp/junos-vsrx3-x86-64-24.4R2.7.tgz";

const ADD: &str = "<request-package-add><package-name>/var/tmp/junos-vsrx3-x86-64-24.4R2.7.tgz</package-name>\
                   <no-validate/></request-package-add>";

async fn lab_with_package() -> (Lab, RouterHandle) {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = lab.routers()[0].clone();
    router.write_file(PACKAGE, b"an image");
    (lab, router)
}

async fn reached(router: &RouterHandle, since: u64, step: Power) -> u64 {
    let event = router
        .wait_for_after(since, |event| event.what == What::Power(step))
        .await;
    event.number
}

/// Restarts, and waits until everything runs again.
async fn restarted(router: &RouterHandle) {
    let last = router.seen().last().map_or(0, |event| event.number);
    router.reboot();
    reached(router, last, Power::Up).await;
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_goes_through_every_step_and_changes_what_names_the_release() {
    let (_lab, router) = lab_with_package().await;
    let mut talk = Talk::open(&router).await;
    let booted = talk.ask("<get-system-uptime-information/>").await;
    asked(
        &mut talk,
        &[
            ("<request-package-validate><package-name>/var/tmp/junos-vsrx3-x86-64-24.4R2.7.tgz</package-name></request-package-validate>", "Validation succeeded\n</output>\n<package-result>0<"),
            ("<request-package-checks-pending-install/>", "<package-result>0<"),
            (ADD, "JUNOS 24.4R2.7 will become active at next reboot"),
            ("<request-package-checks-pending-install/>", "<package-result>1<"),
            (ADD, "<package-result>1<"),
            ("<get-software-information/>", "<junos-version>24.4R1.9</junos-version>"),
        ],
    )
    .await;
    let reply = talk.ask("<request-reboot><in>0</in></request-reboot>").await;
    for part in [
        "<prompt>Reboot the system ? [yes,no] (no) </prompt>",
        "Shutdown NOW!\n[pid ",
        "reboot-time=\"1930367167\"",
    ] {
        assert!(reply.contains(part), "{reply}");
    }
    assert_eq!(talk.read().await, None);
    let down = reached(&router, 0, Power::Down).await;
    assert_eq!(router.connect().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let ssh_only = reached(&router, down, Power::SshOnly).await;
    let handle = login(&router).await;
    let mut channel = handle.channel_open_session().await.unwrap();
    channel.request_subsystem(true, "netconf").await.unwrap();
    let refused = loop {
        match channel.wait().await {
            Some(russh::ChannelMsg::Failure) => break true,
            Some(russh::ChannelMsg::Success) | None => break false,
            Some(_) => {}
        }
    };
    assert!(refused, "NETCONF answered too early");
    reached(&router, ssh_only, Power::Warm).await;
    let mut talk = Talk::open(&router).await;
    asked(
        &mut talk,
        &[
            ("<get-bgp-summary-information/>", "the routing subsystem is not running"),
            ("<get-software-information/>", "<junos-version>24.4R2.7</junos-version>"),
            (
                "<get-software-information/>",
                "xmlns:junos=\"http://xml.juniper.net/junos/24.4R2.7/junos\"",
            ),
            (
                "<command format=\"text\">show configuration version</command>",
                "version 24.4R2.7;",
            ),
            (COMPARE, "<configuration-output>\n</configuration-output>"),
        ],
    )
    .await;
    reached(&router, ssh_only, Power::Up).await;
    assert!(!talk.ask("<get-bgp-summary-information/>").await.contains("not running"));
    let boot_time = |reply: &str| {
        let (_, rest) = reply.split_once("<system-booted-time>").unwrap();
        rest.lines().nth(1).unwrap().to_owned()
    };
    assert_ne!(
        boot_time(&talk.ask("<get-system-uptime-information/>").await),
        boot_time(&booted)
    );
    let back = talk.ask("<request-package-rollback/>").await;
    assert!(back.contains("'24.4R1.9' will become active"), "{back}");
    restarted(&router).await;
    assert_eq!(router.version(), "24.4R1.9");
}

#[tokio::test(start_paused = true)]
async fn packages_that_will_not_do_are_refused_in_words() {
    let (_lab, router) = lab_with_package().await;
    let mut talk = Talk::open(&router).await;
    let add = |name: &str| format!("<request-package-add><package-name>{name}</package-name></request-package-add>");
    let missing = talk.ask(&add("/var/tmp/none-24.4R2.7.tgz")).await;
    assert!(
        missing.contains("ERROR: package: /var/tmp/none-24.4R2.7.tgz is not found or empty"),
        "{missing}"
    );
    assert!(!missing.contains("package-result"));
    router.write_file("/var/tmp/notes.txt", b"text");
    router.inject(Fault::new(Trigger::Package, Action::BadImage).nth(2));
    asked(
        &mut talk,
        &[
            (&add("/var/tmp/notes.txt"), "is not a valid package"),
            (&add(PACKAGE), "does not match its content"),
            ("<request-package-rollback/>", "Cannot rollback"),
            ("<request-package-add/>", "missing mandatory argument: package-name"),
            (
                "<request-vmhost-package-add/>",
                "<bad-element>request-vmhost-package-add<",
            ),
        ],
    )
    .await;
    router.fill_disk(8);
    asked(&mut talk, &[(&add(PACKAGE), "ERROR: insufficient space")]).await;
    let text = talk
        .ask(&format!(
            "<command format=\"text\">req sys soft add {PACKAGE} no-copy</command>"
        ))
        .await;
    assert!(text.contains("will become active"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn routers_come_back_otherwise_on_purpose() {
    for (how, release) in [
        (Return::SameVersion, "24.4R1.9"),
        (Return::OtherVersion("23.4R1.9".to_owned()), "23.4R1.9"),
        (Return::Twice, "24.4R2.7"),
    ] {
        let (_lab, router) = lab_with_package().await;
        Talk::open(&router).await.ask(ADD).await;
        router.inject(Fault::new(Trigger::Boot, Action::Return(how.clone())));
        restarted(&router).await;
        assert_eq!(router.version(), release);
        let downs = router
            .seen()
            .iter()
            .filter(|event| event.what == What::Power(Power::Down))
            .count();
        assert_eq!(downs, if how == Return::Twice { 2 } else { 1 });
    }
    let (_lab, router) = lab_with_package().await;
    router.inject(Fault::new(Trigger::Boot, Action::Return(Return::Never)));
    router.reboot();
    let down = reached(&router, 0, Power::Down).await;
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(router.power(), Power::Down);
    router.power_on();
    reached(&router, down, Power::Up).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_can_be_planned_and_called_off() {
    let (_lab, router) = lab_with_package().await;
    let mut talk = Talk::open(&router).await;
    let planned = talk.ask("<request-reboot><in>10</in></request-reboot>").await;
    assert!(planned.contains("Shutdown at Tue Mar  4 05:16:07 2031"), "{planned}");
    let off = talk.ask("<command format=\"text\">clear system reboot</command>").await;
    assert!(off.contains("Terminating"), "{off}");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(router.power(), Power::Up);
    talk.ask("<request-halt><at>+1</at></request-halt>").await;
    reached(&router, 0, Power::Down).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(router.connect().is_err());
}

#[tokio::test]
async fn connections_are_refused_while_a_router_is_down() {
    let lab = Lab::start(fixed().on_loopback()).await.unwrap();
    let router = &lab.routers()[0];
    let address = router.address().unwrap();
    router.inject(Fault::new(Trigger::Boot, Action::Return(Return::Never)));
    router.reboot();
    let down = reached(router, 0, Power::Down).await;
    let refused = async {
        // The socket closes just after the step is written down.
        while tokio::net::TcpStream::connect(address).await.is_ok() {}
    };
    tokio::time::timeout(Duration::from_secs(5), refused).await.unwrap();
    router.power_on();
    reached(router, down, Power::Up).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    drop(dial(router, stream).await);
}

#[tokio::test]
async fn a_router_calls_home_and_proves_who_it_is() {
    let station = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = CallHome {
        to: station.local_addr().unwrap().to_string(),
        secret: Some("between us".to_owned()),
    };
    let lab = Lab::start(LabSettings {
        call_home: Some(home),
        ..fixed()
    })
    .await
    .unwrap();
    let router = &lab.routers()[0];
    let (mut stream, _) = station.accept().await.unwrap();
    let mut said = Vec::new();
    while memchr::memmem::find(&said, b"HMAC:").is_none() || !said.ends_with(b"\r\n") {
        said.push(stream.read_u8().await.unwrap());
    }
    let said = String::from_utf8(said).unwrap();
    let key = router.host_key_line("x", 22);
    let key = key.strip_prefix("x ").unwrap();
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"between us");
    let proof = ring::hmac::sign(&secret, key.as_bytes());
    let proof: String = proof.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!(
        "MSG-ID: DEVICE-CONN-INFO\r\nMSG-VER: V1\r\nDEVICE-ID: {}\r\nHOST-KEY: {key}\r\nHMAC:{proof}\r\n",
        router.name()
    );
    assert_eq!(said, expected);
    let mut handle = dial(router, stream).await;
    assert!(
        handle
            .authenticate_password(router.username(), router.password())
            .await
            .unwrap()
            .success()
    );
    let mut talk = Talk::on(&handle).await;
    assert!(talk.ask("<get-software-information/>").await.contains(router.name()));
}
