//! Every ask, in every mode and form, against every fault at every step.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::lab::{Action, Fault, Shape, Trigger, What};

use CandidateMode::{Exclusive, Private, Shared};

const ASKS: [Ask; 7] = [
    Ask::Commit,
    Ask::Confirmed,
    Ask::Check,
    Ask::Preview,
    Ask::RollBack,
    Ask::Confirm,
    Ask::Discard,
];

/// The modes that an ask knows.
fn modes(ask: Ask) -> &'static [CandidateMode] {
    match ask {
        Ask::Confirm | Ask::Discard => &[Shared],
        Ask::Confirmed => &[Shared, Exclusive],
        Ask::Commit | Ask::Check | Ask::Preview | Ask::RollBack => &[Shared, Exclusive, Private],
    }
}

/// One router that serves the cells of a case one after another: a new one for each would cost more than the cells.
struct Stage {
    bench: Bench,
    case: Case,
    cells: u32,
}

impl Stage {
    async fn new(case: Case) -> Self {
        Self {
            bench: Bench::new().await,
            case,
            cells: 0,
        }
    }

    /// The call id of the next cell, for which the router is prepared.
    fn prepared(&mut self) -> String {
        self.cells += 1;
        let call_id = format!("c-{:012x}", self.cells);
        prepare_with(self.bench.router(), self.case.ask, &format!("desk-{}", self.cells));
        call_id
    }

    /// Every request that the case sends to the router, once.
    async fn steps(&mut self) -> Vec<String> {
        let call_id = self.prepared();
        self.bench.router().forget();
        let result = run(&self.bench, self.case, &call_id, work(30)).await;
        let mut steps: Vec<String> = Vec::new();
        for step in self.bench.router().rpcs() {
            // Taking leave is nobody's step: it comes when the outcome is told, or a little later.
            if step != "close-session" && !steps.contains(&step) {
                steps.push(step);
            }
        }
        result.as_ref().expect("nothing is in the way");
        judge(&self.bench, self.case.ask, &call_id, &result, "nothing in the way").await;
        steps
    }

    async fn cell(&mut self, trigger: Trigger, action: Action) {
        let cell = format!("{:?} × {trigger:?} × {action:?}", self.case);
        let call_id = self.prepared();
        let fault = self.bench.router().inject(Fault::new(trigger, action));
        let result = run(&self.bench, self.case, &call_id, work(30)).await;
        assert_eq!(fault.fired(), 1, "{cell}: the fault fires");
        fault.remove();
        judge(&self.bench, self.case.ask, &call_id, &result, &cell).await;
    }

    /// Every action at these steps, before each takes effect and after it; gives the number of cells.
    async fn all(&mut self, steps: &[String]) -> usize {
        for step in steps {
            for action in actions() {
                self.cell(Trigger::rpc(step), action.clone()).await;
                self.cell(Trigger::reply(step), action).await;
            }
        }
        steps.len() * actions().len() * 2
    }
}

fn actions() -> Vec<Action> {
    vec![
        Action::Drop,
        Action::Close,
        Action::Hang,
        Action::HalfReply,
        Action::Garbage(b"<<<\xff\x00".to_vec()),
        Action::Answer(Shape::RpcError("injected trouble".to_owned())),
        Action::Beside(Shape::RpcError("injected trouble".to_owned())),
        Action::Answer(Shape::XnmError {
            daemon: "mgd".to_owned(),
            message: "injected trouble".to_owned(),
        }),
        Action::Beside(Shape::Warning("injected warning".to_owned())),
    ]
}

/// All cells of an ask: in each mode every step in set form, and in the other forms the load, where alone they differ.
async fn whatever_breaks(ask: Ask) {
    let mut cells = 0;
    for mode in modes(ask) {
        let mut case = Case {
            mode: *mode,
            ..ask.into()
        };
        let mut stage = Stage::new(case).await;
        let steps = stage.steps().await;
        cells += stage.all(&steps).await;
        if matches!(ask, Ask::Commit | Ask::Confirmed | Ask::Check) {
            for form in [Form::Text, Form::Xml, Form::Json] {
                case.form = form;
                stage.case = case;
                cells += stage.all(&["load-configuration".to_owned()]).await;
            }
        }
    }
    println!("{ask:?}: {cells} cells");
}

/// One test for each ask, so that they run side by side.
macro_rules! whatever_breaks_at_whatever_step_the_outcome_told_is_the_truth {
    ($($name:ident $ask:ident)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            whatever_breaks(Ask::$ask).await;
        }
    )*};
}

whatever_breaks_at_whatever_step_the_outcome_told_is_the_truth! {
    matrix_of_commits Commit
    matrix_of_confirmed_commits Confirmed
    matrix_of_checks Check
    matrix_of_previews Preview
    matrix_of_rollbacks RollBack
    matrix_of_confirmations Confirm
    matrix_of_discards Discard
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_at_any_step_leaves_the_truth_behind() {
    for ask in ASKS {
        for mode in modes(ask) {
            let mut stage = Stage::new(Case {
                mode: *mode,
                ..ask.into()
            })
            .await;
            for step in stage.steps().await {
                let cell = format!("{:?} × cancelled at {step}", stage.case);
                let call_id = stage.prepared();
                let router = stage.bench.router();
                router.forget();
                let slow = Action::Delay(Duration::from_secs(2));
                let held = router.inject(Fault::new(Trigger::rpc(&step), slow));
                let leaving = CancellationToken::new();
                let work = Work::new(Duration::from_secs(30), leaving.clone());
                let leave = async {
                    router.wait_for(|event| matches!(event.what, What::Fault { .. })).await;
                    leaving.cancel();
                };
                let (result, ()) = tokio::join!(run(&stage.bench, stage.case, &call_id, work), leave);
                held.remove();
                judge(&stage.bench, ask, &call_id, &result, &cell).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_types_at_any_step_is_there_afterwards() {
    let mut typed = 0;
    for mode in modes(Ask::Commit) {
        for ask in [Ask::Commit, Ask::Check] {
            let case = Case {
                mode: *mode,
                ..ask.into()
            };
            for step in Stage::new(case).await.steps().await {
                let cell = format!("{case:?} × a colleague at {step}");
                let bench = Bench::new().await;
                let router = bench.router();
                let held = router.inject(Fault::new(Trigger::rpc(&step), Action::Hang));
                let colleague = async {
                    router.wait_for(|event| matches!(event.what, What::Fault { .. })).await;
                    let could = router.edit_as("ops", "set snmp contact theirs\n").is_ok();
                    held.release();
                    could
                };
                let (result, could) = tokio::join!(run(&bench, case, CALL, work(30)), colleague);
                let told = result.as_ref().map_or_else(|fault| fault.code, |word| *word);
                assert_eq!(
                    router.uncommitted().contains("contact theirs"),
                    could,
                    "{cell}: told {told}"
                );
                assert_eq!(
                    commits_of(router, CALL),
                    usize::from(told == "committed"),
                    "{cell}: told {told}"
                );
                assert_eq!(router.locked_by(), None, "{cell}");
                typed += usize::from(could);
            }
        }
    }
    assert!(typed > 6, "{typed}");
}
