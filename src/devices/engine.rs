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
                // Nothing was carried out: it is the request itself that the router does not understand.
                Err(fault) if fault.code == "syntax_error" => self.pool().note_unknown(request.name()),
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
