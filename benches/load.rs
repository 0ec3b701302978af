//! Load: 200 agents at work on 200 routers through one server for a minute. `cargo bench --bench load`.

use std::time::{Duration, Instant};

mod site;
mod story;
mod wire;

use site::Site;
use story::Report;

const AGENTS: usize = 200;
const ROUTERS: usize = 200;
const TIME: Duration = Duration::from_secs(60);

/// When the memory of the server is looked at: while routers are still met for the first time, halfway, and at the end.
const LOOKS: [Duration; 3] = [Duration::from_secs(10), Duration::from_secs(30), TIME];

/// Memory at the end against that halfway, when every router has been used on the slowest machine too.
const FLAT: f64 = 1.1;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let site = Site::start(ROUTERS, &story::tokens());
    println!("{AGENTS} agents, {ROUTERS} routers, {} s\n", TIME.as_secs());
    println!("server before the first call: {:.1} MiB", resident(&site));
    let started = Instant::now();
    let playing = story::play(site.address, site.routers.clone(), AGENTS, move |_| {
        started.elapsed() < TIME
    });
    let looking = async {
        let mut looks = Vec::new();
        for look in LOOKS {
            tokio::time::sleep_until((started + look).into()).await;
            looks.push(resident(&site));
            println!("server after {} s: {:.1} MiB", look.as_secs(), resident(&site));
        }
        looks
    };
    let (report, looks) = tokio::join!(playing, looking);
    let took = started.elapsed();
    show(&report, took);
    let (code, recorded) = site.end();
    println!("\n{recorded} calls in the audit log, the server ended with {code:?}");
    for wrong in report.wrong.iter().take(10) {
        println!("wrong: {wrong}");
    }
    assert_eq!(report.wrong.len(), 0, "every answer is what it has to be");
    assert_eq!(
        (code, recorded),
        (Some(0), report.calls()),
        "every call is recorded once"
    );
    let growth = looks[2] / looks[1];
    assert!(growth < FLAT, "memory has grown to {growth:.2} of what it was");
}

fn show(report: &Report, took: Duration) {
    let calls = report.calls();
    println!("\n{calls} calls, {:.0} a second\n", calls as f64 / took.as_secs_f64());
    println!("| call | calls | p50 | p95 | p99 | longest |\n|---|---|---|---|---|---|");
    for (kind, times) in &report.times {
        let mut times = times.clone();
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
        let (p50, p95, p99, longest) = (at(50), at(95), at(99), at(100));
        println!(
            "| {kind} | {} | {p50:.0} ms | {p95:.0} ms | {p99:.0} ms | {longest:.0} ms |",
            times.len()
        );
    }
}

/// Memory of the server, in MiB.
fn resident(site: &Site) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.server.id())).expect("Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a line");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
