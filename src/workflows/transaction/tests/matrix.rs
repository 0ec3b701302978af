//! Every ask against every fault at every step.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::lab::{Action, Fault, Shape, Trigger};

const ASKS: [Ask; 7] = [
    Ask::Commit,
    Ask::Confirmed,
    Ask::Check,
    Ask::Preview,
    Ask::RollBack,
    Ask::Confirm,
    Ask::Discard,
];

/// Every request that an ask sends to the router, once.
async fn steps(ask: Ask) -> Vec<String> {
    let bench = Bench::new().await;
    prepare(bench.router(), ask);
    bench.router().forget();
    run(&bench, ask, CALL, work(30)).await.expect("nothing is in the way");
    let mut steps: Vec<String> = Vec::new();
    for step in bench.router().rpcs() {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
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

async fn cell(ask: Ask, trigger: Trigger, action: Action) -> bool {
    let cell = format!("{ask:?} × {trigger:?} × {action:?}");
    let bench = Bench::new().await;
    prepare(bench.router(), ask);
    let fault = bench.router().inject(Fault::new(trigger, action));
    let result = run(&bench, ask, CALL, work(30)).await;
    let fired = fault.fired() > 0;
    fault.remove();
    judge(&bench, ask, &result, &cell).await;
    fired
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_at_whatever_step_the_outcome_told_is_the_truth() {
    let mut fired = 0;
    let mut cells = 0;
    for ask in ASKS {
        for step in steps(ask).await {
            for action in actions() {
                for trigger in [Trigger::rpc(&step), Trigger::reply(&step)] {
                    cells += 1;
                    fired += usize::from(cell(ask, trigger, action.clone()).await);
                }
            }
        }
    }
    println!("{cells} cells, {fired} with the fault fired");
    assert_eq!(fired, cells);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_at_any_step_leaves_the_truth_behind() {
    for ask in ASKS {
        for step in steps(ask).await {
            let cell = format!("{ask:?} × cancelled at {step}");
            let bench = Bench::new().await;
            prepare(bench.router(), ask);
            let leaving = CancellationToken::new();
            let held = bench
                .router()
                .inject(Fault::new(Trigger::rpc(&step), Action::Delay(Duration::from_secs(2))));
            let work = Work::new(Duration::from_secs(30), leaving.clone());
            let leave = async {
                let is_step = |event: &crate::lab::Event| event.rpc() == Some(step.as_str());
                bench.router().wait_for(is_step).await;
                leaving.cancel();
            };
            let (result, ()) = tokio::join!(run(&bench, ask, CALL, work), leave);
            held.remove();
            judge(&bench, ask, &result, &cell).await;
        }
    }
}
