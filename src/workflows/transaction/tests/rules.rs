//! The operator's rules hold for what a change does, in whatever way it is put.

use super::*;
use crate::{
    blocklist::{RuleList, RuleText},
    lab::{Action, Fault, Shape, Trigger},
};

/// A router on which these patterns are denied in configurations.
async fn guarded(patterns: &[&str]) -> Bench {
    let rule = |pattern: &&str| RuleText {
        action: "deny".to_owned(),
        pattern: (*pattern).to_owned(),
    };
    let rules = RuleList {
        config: patterns.iter().map(rule).collect(),
        ..RuleList::default()
    };
    let rules = Rules::compile(&RuleList::default(), &rules).expect("good rules");
    Bench::with(|_, _, entry| entry.rules = Arc::new(rules)).await
}

async fn load_of(bench: &Bench, source: Source) -> Result<&'static str, ChangeFault> {
    let wanted = Change {
        source,
        goal: Goal::Commit { confirm: None },
        mode: CandidateMode::Shared,
        synchronize: false,
        expected: None,
    };
    let report = change(context(bench, CALL), wanted, work(30)).await?;
    Ok(match report.outcome {
        Outcome::Committed(_) => "committed",
        _ => "other",
    })
}

#[tokio::test(start_paused = true)]
async fn a_denied_line_is_refused_before_anything_is_sent() {
    let bench = guarded(&["set system host-name *"]).await;
    let source = Source::Set("edit system\nset host-n other\n".to_owned());
    assert_eq!(load_of(&bench, source).await.expect_err("denied").code, "blocked");
    assert!(bench.router().seen().is_empty());
    let allowed = Source::Set("set snmp location here\n".to_owned());
    assert_eq!(load_of(&bench, allowed).await.expect("allowed"), "committed");
}

#[tokio::test(start_paused = true)]
async fn a_denied_effect_is_refused_in_every_format_and_nothing_stays_behind() {
    let sources = [
        Source::Text("system {\n    host-name other;\n}\n".to_owned()),
        Source::xml("<configuration><system><host-name>other</host-name></system></configuration>").expect("good XML"),
        Source::Set("set groups G system host-name other\nset apply-groups G\ndelete system host-name\n".to_owned()),
    ];
    for source in sources {
        let bench = guarded(&["set system host-name *"]).await;
        let fault = load_of(&bench, source.clone()).await.expect_err("denied");
        assert_eq!(fault.code, "blocked", "{source:?}: {}", fault.message);
        assert_eq!(bench.router().uncommitted(), "", "{source:?}");
        assert_eq!(commits_of(bench.router(), CALL), 0, "{source:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_judged_by_what_it_takes_away() {
    let bench = guarded(&["delete snmp location*"]).await;
    bench
        .router()
        .edit_as("ops", "set snmp location here\n")
        .expect("edited");
    bench.router().commit_as("ops").expect("committed");
    bench
        .router()
        .edit_as("ops", "set snmp contact desk\n")
        .expect("edited");
    bench.router().commit_as("ops").expect("committed");
    let back = |number| Source::Rollback(RollbackNumber::try_from(number).expect("a good number"));
    assert_eq!(
        load_of(&bench, back(1)).await.expect("only the contact goes"),
        "committed"
    );
    assert_eq!(
        load_of(&bench, back(3)).await.expect_err("the location goes").code,
        "blocked"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_comparison_a_guarded_router_is_not_changed() {
    let bench = guarded(&["set system host-name *"]).await;
    let broken = Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc("get-configuration"), broken).nth(2));
    let source = Source::Set("set snmp location here\n".to_owned());
    assert_eq!(
        load_of(&bench, source).await.expect_err("fail closed").code,
        "blocklist_check_failed"
    );
    assert_eq!(bench.router().uncommitted(), "");
}
