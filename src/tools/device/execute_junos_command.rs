//! `execute_junos_command`: one operational command on one router.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    junos::{Command, DeviceText, Format, tokens},
    tools::{call::Call, code::Code, failure::Failure, outcome::Text, spec::Effect, spec::Spec},
};

/// Run an operational command on one Junos device, for example show interfaces, BGP, OSPF, routes, logs, alarms or hardware,
/// ping or traceroute. Junos pipes such as match, except, find, count and last work. Use the batch tool for several routers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// The command as typed at the operational prompt, on one line.
    #[schemars(length(min = 1, max = 4096))]
    command: String,
    /// Form of the answer. Default text.
    output_format: Option<Format>,
}

pub(super) fn spec() -> Spec {
    Spec::text("execute_junos_command", "Run a Junos command", Effect::Operate, run)
        .timed()
        .capped()
        .always_loaded()
}

async fn run(call: Call, args: Args) -> Result<Text, Failure> {
    let router = call.device(&args.router_name)?;
    let command = Command::parse(&args.command, args.output_format)?;
    let permitted = router.permit(&command)?;
    match router.run(&permitted).await {
        Ok(answer) => Ok(Text::from(answer).when_empty("(the command produced no output)")),
        Err(failure) if failure.code() == Code::SessionLost && ends_the_session(&command) => {
            let words = "(session closed by the router after the command)";
            Ok(Text::device(DeviceText::new(words.to_owned())))
        }
        Err(failure) => Err(failure),
    }
}

/// Whether a router that carries the command out closes the session instead of answering.
fn ends_the_session(command: &Command) -> bool {
    let words = tokens(command.judged());
    let is = |index: usize, wanted: &[&str]| {
        words
            .get(index)
            .is_some_and(|word| wanted.iter().any(|full| !word.is_empty() && full.starts_with(word)))
    };
    is(0, &["request"])
        && is(1, &["system", "vmhost"])
        && is(
            2,
            &["reboot", "halt", "power-off", "power-cycle", "zeroize", "shutdown"],
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shutdown_ends_the_session() {
        for (line, expected) in [
            ("request system reboot at now", true),
            ("req sys reb", true),
            ("request vmhost power-off", true),
            ("request system storage cleanup", false),
            ("show system reboot", false),
        ] {
            let command = Command::parse(line, None).expect("a command");
            assert_eq!(ends_the_session(&command), expected, "{line}");
        }
    }
}
