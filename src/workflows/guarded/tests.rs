//! A guarded commit ends as the router says, whatever the change did to the way there.

mod matrix;

use chrono::DateTime;
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    clock::Clock,
    devices::testing::{Bench, work},
    jobs::{Jobs, State as JobState},
    junos::Command,
    lab::{Action, Fault, RouterHandle, Trigger},
    workflows::transaction::{Author, CandidateMode, Source, reserve},
};

const CALL: &str = "c-0123456789ab";
const COMMIT: &str = "commit-configuration";
const GOOD: &str = "set system domain-name lab.example\n";

/// A router, and a clock that router and workflow share.
struct Site {
    bench: Bench,
    context: Context,
    job: Arc<Job>,
}

impl Site {
    async fn new() -> Self {
        let start = DateTime::from_timestamp(1_900_000_000, 0).expect("a valid time");
        let clock = Clock::starting_at(start);
        let bench = Bench::with(|lab, _, _| {
            lab.routers = 3;
            lab.clock = clock;
        })
        .await;
        let context = Context {
            device: bench.device(),
            tasks: TaskTracker::new(),
            jobs: Jobs::open(None, clock, str::to_owned),
            clock,
            rules: Arc::clone(&bench.entry.rules),
            author: Author {
                call_id: CALL.to_owned(),
                caller: "stdio".to_owned(),
                principal: "stdio".to_owned(),
                tool: "load_and_commit_config",
                comment: "a test".to_owned(),
            },
        };
        let job = reserve(&context, &CancellationToken::new()).expect("a place");
        Self { bench, context, job }
    }

    fn router(&self) -> &RouterHandle {
        self.bench.router()
    }

    /// Makes the change within two minutes of the router's patience.
    async fn commit(&self, lines: &str, checks: Vec<Check>) -> Result<Guarded, Broken> {
        let source = Source::Set(lines.to_owned());
        self.make(source, CandidateMode::Shared, checks).await
    }

    async fn make(&self, source: Source, mode: CandidateMode, checks: Vec<Check>) -> Result<Guarded, Broken> {
        let minutes = Minutes::try_from(2).expect("a good number");
        let reader = Reader::new(|text| text.reveal().text);
        let change = Change {
            source,
            goal: Goal::Preview,
            mode,
            synchronize: false,
            expected: None,
        };
        let guard = Guard::new(minutes, checks, reader);
        run(Arc::clone(&self.job), self.context.clone(), change, guard, work(360)).await
    }

    fn command(&self, command: &str, pattern: &str) -> Check {
        let command = Command::parse(command, None).expect("a command");
        let permitted = self.bench.entry.rules.permit(&command).expect("no rule forbids it");
        Check::command(permitted, pattern).expect("a command that reads")
    }

    fn commits_sent(&self) -> usize {
        self.router().rpcs().iter().filter(|rpc| *rpc == COMMIT).count()
    }
}

fn words(checked: &[Checked]) -> Vec<(&str, &str, &str)> {
    checked
        .iter()
        .map(|checked| (checked.check, checked.before, checked.after))
        .collect()
}

fn rolled_back(site: &Site, result: Result<Guarded, Broken>, what: &str) -> Vec<Checked> {
    let broken = result.expect_err(what);
    let fault = &broken.fault;
    assert_eq!(
        (fault.code, fault.outcome),
        ("verify_failed", Some("rolled_back")),
        "{what}: {}",
        fault.message
    );
    let commits = site.router().commits();
    assert_eq!(
        (commits[0].user.as_str(), commits[0].pending),
        ("root", false),
        "{what}"
    );
    assert_eq!(
        site.commits_sent(),
        1,
        "{what}: after the commit nothing is sent but reads"
    );
    assert_eq!(fault.entry.as_ref().map(|entry| entry.user.as_str()), Some("root"));
    broken.checked
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cuts_the_way_to_the_router_ends_rolled_back() {
    for lines in [
        "delete interfaces fxp0\n",
        "set interfaces fxp0 disable\n",
        "delete interfaces fxp0 unit 0 family inet\n",
        "delete system services netconf\n",
    ] {
        let site = Site::new().await;
        let before = site.router().active();
        let checks = vec![Check::Bgp];
        let checked = rolled_back(&site, site.commit(lines, checks).await, lines);
        assert_eq!(
            words(&checked),
            [("session", "pass", "fail"), ("bgp", "pass", "unknown")],
            "{lines}"
        );
        assert!(checked[0].evidence.starts_with("no new session"), "{checked:?}");
        assert_eq!(site.router().active(), before, "{lines}");
        assert_eq!(site.router().locked_by(), None, "{lines}");
        let next = Site {
            job: reserve(&site.context, &CancellationToken::new()).expect("a place"),
            ..site
        };
        let kept = next.commit(GOOD, Vec::new()).await;
        assert!(kept.is_ok(), "{lines}: the next change fails: {kept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_loses_a_neighbor_ends_rolled_back() {
    for (lines, check, word) in [
        ("delete protocols bgp\n", Check::Bgp, "bgp"),
        ("delete protocols ospf\n", Check::Ospf, "ospf"),
    ] {
        let site = Site::new().await;
        let checked = rolled_back(&site, site.commit(lines, vec![check]).await, lines);
        assert_eq!(words(&checked), [("session", "pass", "pass"), (word, "pass", "fail")]);
        assert!(!checked[1].evidence.contains(" 0 before"), "{checked:?}");
        let phases = site.job.view().begun().expect("begun").phases;
        let phases: Vec<&str> = phases.iter().map(|phase| phase.phase.as_str()).collect();
        assert_eq!(phases, ["committing", "verifying", "waiting for the rollback"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_passes_its_checks_is_kept_at_once() {
    let site = Site::new().await;
    let checks = vec![
        Check::Session,
        Check::Bgp,
        Check::Ospf,
        Check::ping("127.0.0.1".to_owned()).expect("a host"),
        Check::interfaces(vec!["fxp0".to_owned(), "fxp0.0".to_owned()]).expect("names"),
        site.command("show configuration system", "^domain-name lab\\.example;"),
    ];
    let begun = Instant::now();
    let guarded = site.commit(GOOD, checks).await.expect("kept");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(matches!(guarded.kept, Some(KeptBy::Verify)));
    assert_eq!(
        words(&guarded.checked),
        [
            ("session", "pass", "pass"),
            ("bgp", "pass", "pass"),
            ("ospf", "pass", "pass"),
            ("ping", "pass", "pass"),
            ("interfaces", "pass", "pass"),
            ("command", "fail", "pass"),
        ]
    );
    assert!(!site.router().commits()[0].pending);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(site.router().active().contains("domain-name lab.example;"), "it stays");
}

#[tokio::test(start_paused = true)]
async fn what_failed_before_and_fails_still_is_reported_with_what_it_was_before() {
    let site = Site::new().await;
    let checks = vec![
        Check::interfaces(vec!["ge-0/0/99".to_owned()]).expect("names"),
        Check::ping("nowhere.example.net".to_owned()).expect("a host"),
    ];
    let checked = rolled_back(&site, site.commit(GOOD, checks).await, "never up");
    assert_eq!(
        words(&checked)[1..],
        [("interfaces", "fail", "fail"), ("ping", "fail", "fail")]
    );
    assert!(
        checked[1].evidence.contains("before: ge-0/0/99 is absent"),
        "{checked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_confirmed_meanwhile_is_told_to_stay() {
    let site = Site::new().await;
    let checks = vec![Check::interfaces(vec!["ge-0/0/99".to_owned()]).expect("names")];
    let colleague = async {
        site.router()
            .wait_for(|event| event.rpc() == Some("get-interface-information"))
            .await;
        site.router().wait_for(|event| event.rpc() == Some(COMMIT)).await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        site.router()
            .edit_as("ops", "set snmp contact theirs\n")
            .expect("edited");
        site.router().commit_as("ops").expect("committed");
    };
    let (result, ()) = tokio::join!(site.commit(GOOD, checks), colleague);
    let broken = result.expect_err("a check fails");
    assert_eq!(
        (broken.fault.code, broken.fault.outcome),
        ("verify_failed", Some("committed"))
    );
    assert_eq!(broken.fault.entry.expect("theirs").user, "ops");
    assert!(site.router().active().contains("domain-name lab.example;"));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_without_a_reply_is_looked_up() {
    let site = Site::new().await;
    let lost = Fault::new(Trigger::reply(COMMIT), Action::Drop).nth(2);
    let _lost = site.router().inject(lost);
    let guarded = site.commit(GOOD, Vec::new()).await.expect("kept");
    assert!(matches!(guarded.kept, Some(KeptBy::Verify)));
    assert!(!site.router().commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn a_commit_without_a_reply_is_told_by_what_the_router_did_with_it() {
    let site = Site::new().await;
    let _lost = site.router().inject(Fault::new(Trigger::reply(COMMIT), Action::Drop));
    let guarded = site.commit(GOOD, vec![Check::Bgp]).await.expect("kept");
    assert!(matches!(guarded.kept, Some(KeptBy::Verify)));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_nobody_can_read_is_not_taken_for_proven() {
    let site = Site::new().await;
    let away = async {
        site.router().wait_for(|event| event.rpc() == Some(COMMIT)).await;
        let refused = Fault::new(Trigger::Connect, Action::Drop).times(u32::MAX);
        site.router().inject(refused)
    };
    let (result, _away) = tokio::join!(site.commit(GOOD, Vec::new()), away);
    let fault = result.expect_err("nobody knows").fault;
    assert_eq!((fault.code, fault.outcome), ("commit_unknown", Some("unknown")));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_server_leaves_the_change_to_the_router() {
    let site = Site::new().await;
    let checks = vec![Check::interfaces(vec!["ge-0/0/99".to_owned()]).expect("names")];
    let closing = async {
        site.router().wait_for(|event| event.rpc() == Some(COMMIT)).await;
        tokio::time::sleep(Duration::from_secs(12)).await;
        site.context.jobs.closing().cancel();
    };
    let (result, ()) = tokio::join!(site.commit(GOOD, checks), closing);
    assert_eq!(result.expect_err("interrupted").fault.code, "commit_unknown");
    let record = site.context.jobs.record(site.job.id()).await.expect("kept");
    assert_eq!(record.state, JobState::Interrupted);
    assert_eq!(json!(record.error.expect("why")["code"]), "commit_unknown");
}

#[tokio::test(start_paused = true)]
async fn nothing_to_change_is_no_commit_and_no_job() {
    let site = Site::new().await;
    let name = site.router().name().to_owned();
    let guarded = site
        .commit(&format!("set system host-name {name}\n"), vec![Check::Bgp])
        .await
        .expect("no changes");
    assert!(guarded.kept.is_none() && guarded.checked.is_empty());
    assert!(site.job.view().begun().is_none());
    assert_eq!(site.commits_sent(), 0);
}
