//! A command for a packet engine: by a request of its own, or through the CLI of a router that does not know that request.

use tokio::time::Instant;

use super::{
    device::{Answer, Device},
    fault::Fault,
    rpc::Rpc,
};
use crate::{blocklist::Permitted, junos::EngineName, work::Work};

impl Device {
    /// Runs one packet engine command. Which of the two ways a router takes is remembered until it is connected to anew, as it
    /// must be after a change of its release.
    pub(crate) async fn run_pfe(&self, target: &EngineName, command: &Permitted, work: &Work) -> Result<Answer, Fault> {
        let started = Instant::now();
        let request = Rpc::pfe_execute(target, command);
        if !self.pool().is_unknown(request.name()) {
            let reply = self.exchange(&request, work).await?;
            match self.answer(command, reply, started.elapsed()) {
                Err(fault) if is_unknown(&fault, request.name()) => self.pool().note_unknown(request.name()),
                outcome => return outcome,
            }
        }
        let Some(request) = Rpc::pfe_execute_cli(target, command) else {
            return Err(self.cannot_quote());
        };
        let reply = self.exchange(&request, work).await?;
        self.answer(command, reply, started.elapsed())
    }

    fn cannot_quote(&self) -> Fault {
        Fault {
            code: "invalid_argument",
            message: format!(
                "router '{}' takes packet engine commands only through its CLI, where one cannot hold a '\"'",
                self.name()
            ),
            hint: "leave the quotes out of pfe_command; nothing was carried out".to_owned(),
            errors: Vec::new(),
        }
    }
}

/// Whether it is the request itself that the router does not understand. Only then nothing was carried out, so that the command
/// may go another way; an engine that finds a fault with the command has been asked.
fn is_unknown(fault: &Fault, request: &str) -> bool {
    fault.errors.iter().any(|error| {
        error.bad_element.as_deref() == Some(request) || error.error_tag.as_deref() == Some("operation-not-supported")
    })
}
