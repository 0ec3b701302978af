//! Changes, locks and confirmed commits over the wire.

use super::*;

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
    let mut talk = Talk::open(router).await;
    let log = talk.ask("<command format=\"text\">show log messages</command>").await;
    assert!(
        log.contains("Commit was not confirmed; automatic rollback complete."),
        "{log}"
    );
    let history = talk.ask("<command format=\"text\">show system commit</command>").await;
    assert!(history.contains(" by root via other"), "{history}");
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
async fn a_configured_dialect_is_spoken_from_the_next_session_on() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    assert!(!talk.hello.contains("netconf:base:1.1"), "{}", talk.hello);
    let lines = "set system services netconf rfc-compliant\nset system services netconf version-1.1";
    let load = format!(
        "<load-configuration action=\"set\" format=\"text\"><configuration-set>{lines}</configuration-set></load-configuration>"
    );
    talk.ask(&load).await;
    let commit = talk.ask("<commit-configuration/>").await;
    assert!(commit.starts_with("<rpc-reply "), "{commit}");
    let mut talk = Talk::open(router).await;
    assert!(
        talk.hello.contains("<nc:capability>urn:ietf:params:netconf:base:1.1<"),
        "{}",
        talk.hello
    );
    let reply = talk.ask("<get-software-information/>").await;
    assert!(reply.starts_with("<nc:rpc-reply "), "{reply}");
}

#[tokio::test]
async fn a_port_disabled_by_a_commit_is_missed_at_the_other_end() {
    let lab = Lab::start(LabSettings { routers: 3, ..fixed() }).await.unwrap();
    let mut core = Talk::open(lab.router("core-1").expect("a core")).await;
    let mut edge = Talk::open(lab.router("edge-1").expect("an edge")).await;
    let port = "<load-configuration action=\"set\" format=\"text\"><configuration-set>set interfaces ge-0/0/0 disable\
                </configuration-set></load-configuration>";
    core.ask(port).await;
    let before = asked_text(&mut edge).await;
    assert!(before.contains("core-1") && before.contains("Down peers: 0") && before.contains("ge-0/0/0.0"));
    core.ask("<commit-configuration/>").await;
    let after = asked_text(&mut edge).await;
    assert!(!after.contains("core-1") && after.contains("Down peers: 1"), "{after}");
    for line in [
        "SNMP_TRAP_LINK_DOWN",
        "LLDP_NEIGHBOR_DOWN",
        "RPD_OSPF_NBRDOWN",
        "RPD_BGP_NEIGHBOR_STATE_CHANGED",
        "ge-0/0/0: Link down",
    ] {
        assert!(after.contains(line), "{line} is missing in {after}");
    }
    core.ask("<load-configuration rollback=\"1\"/>").await;
    core.ask("<commit-configuration/>").await;
    let again = asked_text(&mut edge).await;
    assert!(again.contains("core-1") && again.contains("Down peers: 0"));
    assert!(again.contains("LLDP_NEIGHBOR_UP") && !again.contains("ge-0/0/0: Link down"));
}

/// What a router says of its neighbours, in one text.
async fn asked_text(talk: &mut Talk) -> String {
    let mut text = String::new();
    for command in [
        "show lldp neighbors",
        "show bgp summary",
        "show arp no-resolve",
        "show chassis alarms",
        "show log messages",
    ] {
        let question = format!("<command format=\"text\">{command}</command>");
        text.push_str(&talk.ask(&question).await);
    }
    text
}
