//! Load, as `cargo bench --bench load` makes it for a minute: a fixed number of calls, and only whether each comes out right.

#[path = "../../../benches/site.rs"]
mod site;
#[path = "../../../benches/story.rs"]
mod story;
#[path = "../../../benches/wire.rs"]
mod wire;

const AGENTS: usize = 40;
const ROUTERS: usize = 20;

/// Calls of each agent: all kinds, and each kind at another time than others.
const STEPS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn many_agents_at_once_are_all_answered_as_one_would_be() {
    let site = site::Site::start(ROUTERS, &story::tokens());
    let report = story::play(site.address, site.routers.clone(), AGENTS, |step| step < STEPS).await;
    assert_eq!(report.wrong, Vec::<String>::new());
    assert_eq!(report.calls(), AGENTS * STEPS);
    assert!(report.times.len() > 8, "{:?}", report.times.keys());
    let ended = tokio::task::spawn_blocking(|| site.end()).await.expect("it ends");
    assert_eq!(ended, (Some(0), AGENTS * STEPS), "every call is recorded once");
}
