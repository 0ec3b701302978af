//! The three ways to hold the candidate, and the four forms of a payload.

use super::*;
use crate::{
    devices::testing::Bench,
    lab::{Action, Fault, Shape, Trigger},
};

use CandidateMode::{Exclusive, Private, Shared};

const MODES: [CandidateMode; 3] = [Shared, Exclusive, Private];

fn in_mode(mode: CandidateMode, goal: Goal) -> Change {
    Change { mode, ..load(goal) }
}

const COMMIT: Goal = Goal::Commit { confirm: None };

async fn made(bench: &Bench, wanted: Change) -> Result<Report, ChangeFault> {
    change(context(bench, CALL), wanted, work(30)).await
}

/// A router that answers every request of that name with this error.
async fn refusing(request: &str, error: &str) -> Bench {
    let bench = Bench::new().await;
    let answer = Action::Answer(Shape::RpcError(error.to_owned()));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc(request), answer).always());
    bench
}

#[tokio::test(start_paused = true)]
async fn each_mode_opens_and_closes_in_its_own_way_and_sends_nothing_else() {
    for (mode, opens, closes) in [
        (Shared, "lock-configuration", "unlock-configuration"),
        (Exclusive, "open-configuration", "close-configuration"),
        (Private, "open-configuration", "close-configuration"),
    ] {
        let bench = Bench::new().await;
        let report = made(&bench, in_mode(mode, COMMIT)).await.expect("committed");
        assert!(matches!(report.outcome, Outcome::Committed(_)), "{mode:?}");
        assert!(report.warnings.is_empty(), "{mode:?}: {:?}", report.warnings);
        let middle = ["load-configuration", "get-configuration", "commit-configuration"];
        let expected = [&["get-commit-information", opens], &middle[..], &[closes]].concat();
        assert_eq!(bench.router().rpcs(), expected, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_format_is_loaded_in_every_mode() {
    let sources = [
        Source::Set(LINE.to_owned()),
        Source::Text("system {\n    domain-name lab.example;\n}\n".to_owned()),
        Source::xml("<system><domain-name>lab.example</domain-name></system>").expect("good XML"),
        Source::json(r#"{"system":{"domain-name":"lab.example"}}"#.to_owned()).expect("good JSON"),
    ];
    for source in sources {
        for mode in MODES {
            let bench = Bench::new().await;
            let wanted = Change {
                source: source.clone(),
                ..in_mode(mode, COMMIT)
            };
            made(&bench, wanted).await.expect("committed");
            let active = bench.router().active();
            assert!(active.contains("domain-name lab.example;"), "{mode:?} {source:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replace_mark_removes_what_was_there_and_the_rest_is_merged() {
    let text = "snmp {\n    replace: contact desk;\n}\nsystem {\n    replace:\n    ntp {\n        server 192.0.2.9;\n    }\n}\n";
    let json = r#"{"configuration":{"system":{"ntp":{"@":{"operation":"replace"},"server":[{"name":"192.0.2.9"}]}},"snmp":{"contact":"desk"}}}"#;
    for source in [
        Source::text(text.to_owned()).expect("good text"),
        Source::json(json.to_owned()).expect("good JSON"),
    ] {
        let bench = Bench::new().await;
        let before = "set system ntp server 192.0.2.8\nset snmp location here\n";
        bench.router().edit_as("ops", before).expect("edited");
        bench.router().commit_as("ops").expect("committed");
        let wanted = Change {
            source: source.clone(),
            ..load(COMMIT)
        };
        made(&bench, wanted).await.expect("committed");
        let active = bench.router().active();
        assert!(
            !active.contains("192.0.2.8") && active.contains("192.0.2.9"),
            "{source:?}: {active}"
        );
        assert!(
            active.contains("location here;") && active.contains("contact desk;"),
            "{source:?}: {active}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_exclusive_is_unknown_the_lock_does_the_same() {
    let bench = Bench::new().await;
    let unknown = "<rpc-error>\n<error-severity>error</error-severity>\n<error-message>syntax error</error-message>\n\
                   <error-info>\n<bad-element>open-configuration</bad-element>\n</error-info>\n</rpc-error>\n";
    let answer = Action::Answer(Shape::Raw(unknown.to_owned()));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc("open-configuration"), answer));
    made(&bench, in_mode(Exclusive, COMMIT)).await.expect("committed");
    let rpcs = bench.router().rpcs();
    assert_eq!(rpcs[1..3], ["open-configuration", "lock-configuration"]);
    assert_eq!(rpcs.last().map(String::as_str), Some("unlock-configuration"));
}

#[tokio::test(start_paused = true)]
async fn a_router_that_demands_private_gets_it_unless_the_commit_is_to_be_confirmed() {
    let demand = "configuration database can only be opened in private mode";
    for goal in [COMMIT, Goal::Check, Goal::Preview] {
        let bench = refusing("lock-configuration", demand).await;
        let report = made(&bench, load(goal)).await.expect("done");
        assert!(report.private_by_demand, "{goal:?}");
        assert_eq!(bench.router().locked_by(), None);
        assert_eq!(bench.router().uncommitted(), "");
    }
    let confirmed = Goal::Commit {
        confirm: Some(minutes(5)),
    };
    let bench = refusing("lock-configuration", demand).await;
    let fault = made(&bench, load(confirmed)).await.expect_err("not confirmable");
    assert_eq!(fault.code, "invalid_argument");
    assert!(!bench.router().rpcs().contains(&"load-configuration".to_owned()));
    let bench = refusing("open-configuration", demand).await;
    let fault = made(&bench, in_mode(Exclusive, COMMIT))
        .await
        .expect_err("not exclusive");
    assert_eq!(fault.code, "invalid_argument");
}

#[tokio::test(start_paused = true)]
async fn a_pending_commit_is_kept_by_a_check_where_the_router_demands_private() {
    let bench = refusing("lock-configuration", "only private mode is allowed").await;
    prepare(bench.router(), Ask::Confirm);
    let kept = confirm(context(&bench, CALL), Wanted::Any, work(30))
        .await
        .expect("kept");
    assert_eq!(kept.by.as_str(), "commit_check");
    assert!(!bench.router().commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn a_private_commit_to_be_confirmed_is_refused_before_the_router_is_contacted() {
    let bench = Bench::new().await;
    let confirmed = Goal::Commit {
        confirm: Some(minutes(5)),
    };
    let fault = made(&bench, in_mode(Private, confirmed)).await.expect_err("refused");
    assert_eq!(fault.code, "invalid_argument");
    assert!(bench.router().seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn uncommitted_work_in_the_shared_candidate_keeps_every_mode_out() {
    for mode in MODES {
        let bench = Bench::new().await;
        bench
            .router()
            .edit_as("ops", "set snmp contact theirs\n")
            .expect("edited");
        let before = bench.router().uncommitted();
        let fault = made(&bench, in_mode(mode, COMMIT)).await.expect_err("refused");
        assert_eq!(fault.code, "candidate_dirty", "{mode:?}");
        assert_eq!(bench.router().uncommitted(), before, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_private_copy_can_be_looked_at_beside_a_foreign_lock_and_not_committed() {
    let bench = Bench::new().await;
    bench.router().lock_as("ops").expect("locked");
    let report = made(&bench, in_mode(Private, Goal::Preview)).await.expect("shown");
    assert!(report.changed);
    let fault = made(&bench, in_mode(Private, COMMIT)).await.expect_err("locked");
    assert_eq!((fault.code, fault.outcome), ("config_locked", Some("rejected")));
    assert!(fault.holders.iter().any(|holder| holder.user == "ops"));
    assert_eq!(commits_of(bench.router(), CALL), 0);
    assert_eq!(bench.router().locked_by().as_deref(), Some("ops"));
}

/// Runs a private change while a colleague commits this between its load and its commit.
async fn meanwhile(bench: &Bench, line: &str) -> Result<Report, ChangeFault> {
    let held = bench
        .router()
        .inject(Fault::new(Trigger::reply("load-configuration"), Action::Hang));
    let colleague = async {
        bench
            .router()
            .wait_for(|event| matches!(event.what, crate::lab::What::Fault { .. }))
            .await;
        bench.router().edit_as("ops", line).expect("edited");
        bench.router().commit_as("ops").expect("committed");
        held.release();
    };
    let (result, ()) = tokio::join!(made(bench, in_mode(Private, COMMIT)), colleague);
    result
}

#[tokio::test(start_paused = true)]
async fn a_private_change_is_merged_with_what_others_commit_meanwhile() {
    let bench = Bench::new().await;
    meanwhile(&bench, "set snmp contact theirs\n").await.expect("merged");
    let active = bench.router().active();
    assert!(
        active.contains("contact theirs;") && active.contains("domain-name lab.example;"),
        "{active}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_private_conflict_is_refused_and_not_overridden_by_a_second_commit() {
    let bench = Bench::new().await;
    let fault = meanwhile(&bench, "set system domain-name theirs.example\n")
        .await
        .expect_err("a conflict");
    assert_eq!((fault.code, fault.outcome), ("commit_rejected", Some("rejected")));
    assert!(bench.router().active().contains("domain-name theirs.example;"));
    let commits = bench
        .router()
        .rpcs()
        .into_iter()
        .filter(|name| name == "commit-configuration");
    assert_eq!(commits.count(), 1);
    // The next one starts from what is active now, and says what it replaces.
    let report = made(&bench, in_mode(Private, COMMIT)).await.expect("committed");
    assert!(report.changed);
    assert!(bench.router().active().contains("domain-name lab.example;"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_private_commit_is_not_called_rejected_where_the_router_tells_nobodys_sessions() {
    for (mode, moment, expected) in [
        (Private, Trigger::rpc("commit-configuration"), Err("commit_unknown")),
        (Private, Trigger::reply("commit-configuration"), Ok(())),
        (Shared, Trigger::rpc("commit-configuration"), Err("commit_rejected")),
        (Exclusive, Trigger::reply("commit-configuration"), Ok(())),
    ] {
        let bench = refusing("get-configuration-database-status", "syntax error").await;
        bench.router().inject(Fault::new(moment.clone(), Action::Drop));
        let result = made(&bench, in_mode(mode, COMMIT)).await;
        let told = result.map(|_| ()).map_err(|fault| fault.code);
        assert_eq!(told, expected, "{mode:?} {moment:?}");
        assert_eq!(bench.router().locked_by(), None);
    }
}
