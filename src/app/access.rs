//! Who may come in: one reading of the tokens, which calls keep that began with it.

use std::{
    path::Path,
    sync::{Arc, RwLock},
};

use super::{App, Caller, StartFault};
use crate::{
    tokens::{Refused, Tokens},
    tools::{self, Spec},
};

/// Whether callers need a token, and which there are.
pub(super) enum Access {
    /// Nobody is asked.
    Open,
    /// The tokens at this moment.
    Tokens(RwLock<Arc<Tokens>>),
}

impl Access {
    /// Reads the file, when there is one. What is wrong with single entries is told and takes only their access away.
    pub(super) fn open(path: Option<&Path>, registry: &[Spec]) -> Result<Self, StartFault> {
        let Some(path) = path else { return Ok(Self::Open) };
        let tokens = tools::with_vocabulary(registry, |known| Tokens::read(path, known))
            .map_err(|fault| StartFault::Tokens(fault.to_string()))?;
        for finding in tokens.findings() {
            if finding.disables {
                tracing::error!("{}; it is disabled", finding.text);
            } else {
                tracing::warn!("{}", finding.text);
            }
        }
        Ok(Self::Tokens(RwLock::new(Arc::new(tokens))))
    }
}

impl App {
    /// Whether a caller has to show a token.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        matches!(self.access, Access::Tokens(_))
    }

    /// Whom a presented secret belongs to.
    pub(crate) fn caller_of(&self, secret: &str) -> Result<Caller, Refused> {
        let tokens = match &self.access {
            Access::Open => return Err(Refused::Unknown),
            Access::Tokens(tokens) => Arc::clone(&tokens.read().expect("no code panics while it holds the lock")),
        };
        tokens.check(secret, self.services.clock.now()).map(Caller::token)
    }

    /// Whether there is any tool that the caller may use.
    pub(crate) fn serves(&self, caller: &Caller) -> bool {
        self.offered.iter().any(|spec| caller.may_use(spec))
    }
}
