//! `execute_junos_command_batch`: N routers × M commands, one row per router.

mod rows;
mod run;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    blocklist::Permitted,
    junos::Command,
    output::Caps,
    tools::{
        call::Call,
        failure::Failure,
        outcome::Structured,
        select::Target,
        services::Services,
        spec::{Effect, Spec},
    },
};
use rows::{Output, Status};

/// Part of the batch time that each wave of routers gets for connecting.
const CONNECT_SHARE: u64 = 20;

/// Longest batch unless the call says otherwise.
const LONGEST: u64 = 3600;

/// Smallest share of the text budget that an output gets when there are many.
const SMALLEST_SHARE: usize = 1000;

/// Run one or more operational commands on many Junos devices in parallel and return one row per router. Routers can be
/// names, patterns such as edge-*, or tag:core. One unreachable router does not stop the others.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router names, patterns such as edge-*, or tag:core.
    #[schemars(length(min = 1, max = 1000), inner(length(min = 1, max = 128)))]
    router_names: Vec<String>,
    /// Commands, run in this order on each router.
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 4096)))]
    commands: Vec<String>,
    /// Seconds each command may take; connecting comes on top. Default 360.
    #[schemars(range(min = 1, max = 3600))]
    command_timeout: Option<u64>,
    /// Seconds the whole batch may take. Finished rows are kept when it is over.
    #[schemars(range(min = 1, max = 7200))]
    batch_timeout: Option<u64>,
    /// Routers worked on at a time.
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1, max = 256))]
    max_concurrent_routers: usize,
}

fn default_concurrency() -> usize {
    32
}

pub(super) fn spec() -> Spec {
    Spec::structured(
        "execute_junos_command_batch",
        "Run commands on many routers",
        Effect::Operate,
        run,
    )
    .capped()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let targets = call.devices(&args.router_names)?;
    let commands = args
        .commands
        .iter()
        .map(|line| Ok(Command::parse(line, None)?))
        .collect::<Result<Vec<Command>, Failure>>()?;
    call.notes()
        .request(|request| request.command_count = Some(commands.len()));
    let plan = Plan {
        permitted: permit_all(&targets, &commands)?,
        each: args.command_timeout.map(Duration::from_secs),
        within: batch_time(&args, targets.len(), call.services()),
        concurrency: args.max_concurrent_routers,
        caps: shared_caps(&call, targets.len() * commands.len()),
        commands: args.commands,
        flat: call.spelled("command"),
        targets,
    };
    let output = run::all(&call, plan).await;
    let failed = output.results.iter().filter(|row| row.status == Status::Failed);
    failed.for_each(|row| call.notes().router_failed(&row.router_name));
    call.notes().result(|result| {
        result.rows_ok = Some(output.summary.successful);
        result.rows_failed = Some(output.summary.failed);
    });
    Ok(output.into())
}

/// What is to be done, once every pair of router and command is known to be allowed.
struct Plan {
    targets: Vec<Target>,
    /// The commands as given.
    commands: Vec<String>,
    /// The commands as each router's rules let them through; empty for a target that is refused.
    permitted: Vec<Vec<Permitted>>,
    each: Option<Duration>,
    within: Duration,
    concurrency: usize,
    caps: Caps,
    /// One row per router without a list of commands, as the single `command` of other servers gives it.
    flat: bool,
}

/// One refused pair refuses the whole call, before anything is sent to any router.
fn permit_all(targets: &[Target], commands: &[Command]) -> Result<Vec<Vec<Permitted>>, Failure> {
    let permitted = targets.iter().map(|target| match target {
        Target::Usable(router) => commands.iter().map(|command| router.permit(command)).collect(),
        Target::Refused { .. } => Ok(Vec::new()),
    });
    permitted.collect()
}

/// Enough for every wave of routers to connect and to use its commands' time to the full.
fn batch_time(args: &Args, routers: usize, services: &Services) -> Duration {
    let each = args
        .command_timeout
        .unwrap_or(services.settings.command_timeout.as_secs());
    let waves = routers.div_ceil(args.max_concurrent_routers) as u64;
    let needed = waves * (CONNECT_SHARE + args.commands.len() as u64 * each);
    Duration::from_secs(args.batch_timeout.unwrap_or(needed.min(LONGEST)))
}

/// The text budget of one result, shared by all outputs.
fn shared_caps(call: &Call, outputs: usize) -> Caps {
    let asked = call.caps();
    let share = call.services().facts.text_bytes / outputs.max(1);
    Caps {
        max_bytes: Some(asked.max_bytes.unwrap_or(share.max(SMALLEST_SHARE))),
        ..asked.clone()
    }
}
