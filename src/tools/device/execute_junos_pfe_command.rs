//! `execute_junos_pfe_command`: one command on a packet forwarding engine.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    junos::{Command, EngineName},
    tools::{call::Call, code::Code, failure::Failure, outcome::Text, spec::Effect, spec::Spec},
};

/// Run a packet forwarding engine (PFE) shell command on an FPC of a Junos device, for example show jnh 0 stats on fpc0.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// The engine, such as fpc0, fwdd or afeb0.
    #[schemars(length(min = 1, max = 32))]
    fpc_target: String,
    /// The command as typed in the engine's own shell, on one line; pipes as for execute_junos_command.
    #[schemars(length(min = 1, max = 1024))]
    pfe_command: String,
}

pub(super) fn spec() -> Spec {
    Spec::text(
        "execute_junos_pfe_command",
        "Run a packet-engine command",
        Effect::Operate,
        run,
    )
    .timed()
    .capped()
}

async fn run(call: Call, args: Args) -> Result<Text, Failure> {
    let router = call.device(&args.router_name)?;
    let target = EngineName::parse(&args.fpc_target)
        .map_err(|accepted| Failure::new(Code::InvalidArgument, format!("argument 'fpc_target': {accepted}")))?;
    let command = Command::parse_pfe(&args.pfe_command)?;
    let permitted = router.permit(&command)?;
    let answer = router.run_pfe(&target, &permitted).await?;
    Ok(Text::from(answer)
        .when_empty("(the command produced no output)")
        .fact("fpc_target", target.as_str()))
}
