//! `server_status`: how this server does.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    devices::PoolStatus,
    jobs::MOST_RUNNING,
    metrics::ToolFigures,
    tools::{
        call::Call,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
};

/// Codes named in the result, the most frequent first.
const SHOWN_CODES: usize = 20;

/// Revisions of the protocol that are served.
const PROTOCOL_VERSIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// Linux counts processor time for programs in units of 10 ms.
const TICKS_PER_SECOND: f64 = 100.0;

/// Show the health of this server: version, uptime, sessions to routers, response times per tool, success rates, recent
/// failures and limits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {}

#[derive(Serialize, JsonSchema)]
struct Output {
    server: Server,
    inventory: Routers,
    pool: PoolStatus,
    /// One row per tool that was called.
    tools: Vec<Tool>,
    /// The most frequent codes.
    failures: Vec<Code>,
    jobs: Jobs,
    outputs: Outputs,
    limits: Limits,
    process: Process,
}

#[derive(Serialize, JsonSchema)]
struct Server {
    name: &'static str,
    version: &'static str,
    protocol_versions: Vec<&'static str>,
    transport: &'static str,
    uptime_secs: u64,
    started_at: String,
    read_only: bool,
    toolsets: Vec<&'static str>,
    tools_offered: usize,
    /// on or off.
    redaction: &'static str,
    /// Which calls a plan or a person has to confirm: `destroy`, `commits` or `strict`.
    confirm: &'static str,
    /// strict or accept_new.
    host_keys: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Routers {
    routers: usize,
    disabled: usize,
    loaded_at: String,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    calls: u64,
    ok: u64,
    failed: u64,
    success_rate: Option<f64>,
    p50_ms: Option<u64>,
    p90_ms: Option<u64>,
    p95_ms: Option<u64>,
    p99_ms: Option<u64>,
    last_failure_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Code {
    code: &'static str,
    count: u64,
    last_at: String,
}

#[derive(Serialize, JsonSchema)]
struct Jobs {
    running: usize,
    queued: usize,
    /// Failed or interrupted in the last 24 hours.
    failed_24h: usize,
}

#[derive(Serialize, JsonSchema)]
struct Outputs {
    count: usize,
    bytes: usize,
    limit_bytes: usize,
}

#[derive(Serialize, JsonSchema)]
struct Limits {
    sessions_per_router: usize,
    routers_per_batch: usize,
    commands_per_batch: usize,
    jobs: usize,
    requests_in_flight: usize,
}

#[derive(Serialize, JsonSchema)]
struct Process {
    /// Resident memory.
    memory_bytes: Option<u64>,
    /// Processor time used since start.
    cpu_secs: Option<f64>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("server_status", "Server status", Effect::Read, run)
}

async fn run(call: Call, _: Args) -> Result<Structured<Output>, Failure> {
    let services = call.services();
    let routers = call.listed(None)?;
    let jobs = services.jobs.figures().await;
    let stored = services.outputs.status();
    let tools = services.metrics.recent.tools();
    let failures = services.metrics.recent.failures(SHOWN_CODES);
    Ok(Output {
        server: server(&call),
        inventory: Routers {
            routers: routers.len(),
            disabled: routers.iter().filter(|router| router.problem().is_some()).count(),
            loaded_at: moment(services.facts.started_at),
        },
        pool: services.devices.status(),
        tools: tools.iter().map(tool).collect(),
        failures: failures
            .into_iter()
            .map(|figures| Code {
                code: figures.code,
                count: figures.count,
                last_at: moment(figures.last_at),
            })
            .collect(),
        jobs: Jobs {
            running: jobs.running,
            queued: jobs.queued,
            failed_24h: jobs.failed_24h,
        },
        outputs: Outputs {
            count: stored.count,
            bytes: stored.bytes,
            limit_bytes: stored.limit_bytes,
        },
        limits: Limits {
            sessions_per_router: services.facts.sessions_per_router,
            routers_per_batch: 1000,
            commands_per_batch: 50,
            jobs: MOST_RUNNING,
            requests_in_flight: services.settings.calls,
        },
        process: process(),
    }
    .into())
}

fn server(call: &Call) -> Server {
    let services = call.services();
    let facts = &services.facts;
    let uptime = services.clock.now() - facts.started_at;
    Server {
        name: "rust-junosmcp",
        version: env!("CARGO_PKG_VERSION"),
        protocol_versions: PROTOCOL_VERSIONS.to_vec(),
        transport: call.caller().transport(),
        uptime_secs: uptime.num_seconds().try_into().unwrap_or_default(),
        started_at: moment(facts.started_at),
        read_only: services.settings.read_only,
        toolsets: facts.toolsets.clone(),
        tools_offered: facts.tools_offered,
        redaction: if facts.show_secrets { "off" } else { "on" },
        confirm: services.settings.confirm.as_str(),
        host_keys: if facts.accept_new_host_keys {
            "accept_new"
        } else {
            "strict"
        },
    }
}

fn tool(figures: &ToolFigures) -> Tool {
    Tool {
        name: figures.name,
        calls: figures.calls,
        ok: figures.ok,
        failed: figures.failed,
        success_rate: figures.success_rate().map(|rate| (rate * 1000.0).round() / 1000.0),
        p50_ms: figures.percentile(50, 1),
        p90_ms: figures.percentile(90, 10),
        p95_ms: figures.percentile(95, 20),
        p99_ms: figures.percentile(99, 100),
        last_failure_at: figures.last_failure_at.map(moment),
    }
}

/// What the kernel says about this process; absent where it does not keep `/proc`.
fn process() -> Process {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).ok();
    let resident = read("status").and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    let ticks = read("stat").and_then(|stat| {
        // The name of the program comes second, in parentheses, and may hold blanks.
        let (_, fields) = stat.rsplit_once(')')?;
        let times: Vec<u64> = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .flat_map(str::parse)
            .collect();
        Some(times.iter().sum::<u64>())
    });
    Process {
        memory_bytes: resident.map(|kilobytes| kilobytes * 1024),
        cpu_secs: ticks.map(|ticks| ticks as f64 / TICKS_PER_SECOND),
    }
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
