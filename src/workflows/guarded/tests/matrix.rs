//! Guarded commits, in every mode and form that confirmed ones have, against every fault at every step.

use super::*;
use crate::lab::Shape;

use CandidateMode::{Exclusive, Shared};

fn actions() -> Vec<Action> {
    let trouble = || Shape::RpcError("injected trouble".to_owned());
    vec![
        Action::Drop,
        Action::Close,
        Action::Hang,
        Action::HalfReply,
        Action::Garbage(b"<<<\xff\x00".to_vec()),
        Action::Answer(trouble()),
        Action::Beside(trouble()),
        Action::Beside(Shape::Warning("injected warning".to_owned())),
    ]
}

fn source(form: &str, name: &str) -> Source {
    match form {
        "set" => Source::set(format!("set system domain-name {name}\n")),
        "text" => Source::text(format!("system {{\n    domain-name {name};\n}}\n")),
        "xml" => Source::xml(&format!("<system><domain-name>{name}</domain-name></system>")),
        _ => Source::json(format!(
            r#"{{"configuration":{{"system":{{"domain-name":"{name}"}}}}}}"#
        )),
    }
    .expect("a good payload")
}

/// How often each end was told.
#[derive(Debug, Default)]
struct Told {
    kept: usize,
    rolled_back: usize,
    not_made: usize,
    unknown: usize,
}

struct Stage {
    site: Site,
    mode: CandidateMode,
    form: &'static str,
    cells: usize,
    told: Told,
}

impl Stage {
    async fn new(mode: CandidateMode) -> Self {
        Self {
            site: Site::new().await,
            mode,
            form: "set",
            cells: 0,
            told: Told::default(),
        }
    }

    /// Gives the next commit an id of its own, and the name that it sets.
    fn prepare(&mut self) -> String {
        self.cells += 1;
        let site = &mut self.site;
        site.context.author.call_id = format!("c-{:012x}", self.cells);
        site.job = reserve(&site.context, &CancellationToken::new()).expect("a place");
        format!("cell-{}.example", self.cells)
    }

    async fn steps(&mut self) -> Vec<String> {
        let name = self.prepare();
        self.site.router().forget();
        let result = self
            .site
            .make(source(self.form, &name), self.mode, vec![Check::Bgp])
            .await;
        result.expect("nothing is in the way");
        let mut steps: Vec<String> = Vec::new();
        for step in self.site.router().rpcs() {
            if step != "close-session" && !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    async fn cell(&mut self, trigger: Trigger, action: Action, nth: u32) {
        let cell = format!("{:?} {} × {trigger:?} {nth} × {action:?}", self.mode, self.form);
        let name = self.prepare();
        let fault = self.site.router().inject(Fault::new(trigger, action).nth(nth));
        let result = self
            .site
            .make(source(self.form, &name), self.mode, vec![Check::Bgp])
            .await;
        assert_eq!(fault.fired(), 1, "{cell}: the fault fires");
        fault.remove();
        self.judge(&name, result, &cell).await;
    }

    /// What was told is what the router does in the end, and it is left as it should be.
    async fn judge(&mut self, name: &str, result: Result<Guarded, Broken>, cell: &str) {
        // Longer than the router and the search for an outcome wait.
        tokio::time::sleep(Duration::from_secs(300)).await;
        let router = self.site.router();
        let stays = router.active().contains(name);
        match result {
            Ok(guarded) => {
                assert!(guarded.kept.is_some() && stays, "{cell}: told kept");
                self.told.kept += 1;
            }
            Err(Broken { fault, .. }) => match (fault.code, fault.outcome) {
                ("verify_failed", Some("rolled_back")) => {
                    assert!(!stays, "{cell}: told rolled back");
                    self.told.rolled_back += 1;
                }
                ("commit_unknown", _) => self.told.unknown += 1,
                (code, outcome) => {
                    assert!(!stays, "{cell}: told {code} {outcome:?}: {}", fault.message);
                    let mark = format!("[mcp:{}]", self.site.context.author.call_id);
                    let made = router.commits().into_iter().filter_map(|commit| commit.log);
                    assert_eq!(made.filter(|log| log.contains(&mark)).count(), 0, "{cell}: told {code}");
                    self.told.not_made += 1;
                }
            },
        }
        assert!(!router.commits()[0].pending, "{cell}: a commit is pending");
        assert_eq!(router.uncommitted(), "", "{cell}: something is left in the candidate");
        assert_eq!(router.locked_by(), None, "{cell}: the lock is left");
    }

    async fn all(&mut self, step: &str, nth: u32) {
        for action in actions() {
            self.cell(Trigger::rpc(step), action.clone(), nth).await;
            self.cell(Trigger::reply(step), action, nth).await;
        }
    }
}

async fn whatever_breaks(mode: CandidateMode) {
    let mut stage = Stage::new(mode).await;
    for step in stage.steps().await {
        stage.all(&step, 1).await;
    }
    // The second one is the confirmation.
    stage.all(COMMIT, 2).await;
    for form in ["text", "xml", "json"] {
        stage.form = form;
        stage.all("load-configuration", 1).await;
    }
    println!("{mode:?}: {} cells: {:?}", stage.cells, stage.told);
    assert!(stage.told.kept > 0 && stage.told.not_made > 0, "{:?}", stage.told);
    assert_eq!(stage.told.unknown, 0, "one fault hides no outcome");
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_under_the_lock_the_outcome_told_is_the_truth() {
    whatever_breaks(Shared).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_in_an_exclusive_candidate_the_outcome_told_is_the_truth() {
    whatever_breaks(Exclusive).await;
}
