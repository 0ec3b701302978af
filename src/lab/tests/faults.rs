//! Delays, drops and damage as a client sees them.

use super::*;

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

#[tokio::test(start_paused = true)]
async fn a_colleague_comes_at_the_time_that_the_file_says() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = &lab.routers()[0];
    let does = r#"["lock", {"edit": "set snmp contact ops"}]"#;
    let file = format!(
        r#"{{"*": [{{"trigger": "after:60", "action": {{"colleague": {{"user": "ops", "does": {does}}}}}}}]}}"#
    );
    lab.arm(&Faults::parse(&file).unwrap()).unwrap();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(router.locked_by(), None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(router.locked_by().as_deref(), Some("ops"));
    assert!(router.uncommitted().contains("contact ops"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_link_brings_a_reply_at_its_rate() {
    let lab = Lab::start(LabSettings::new(1)).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    let ask = "<command format=\"text\">show version</command>";
    router.inject(Fault::new(Trigger::reply("command"), Action::Throttle(100)));
    let start = tokio::time::Instant::now();
    let length = talk.ask(ask).await.len() as u64;
    let expected = length / 100;
    let took = start.elapsed().as_secs();
    assert!(
        (expected..=expected + 2).contains(&took),
        "{length} bytes took {took} s"
    );
}
