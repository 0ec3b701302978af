//! Who may come in: one reading of the tokens, which calls keep that began with it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use serde_json::json;

use super::{App, Caller, StartFault};
use crate::{
    tokens::{FileFault, Refused, Tokens, Usage},
    tools::{self, Spec},
};

/// Whether callers need a token, and which there are.
pub(super) enum Access {
    /// Nobody is asked.
    Open,
    /// The tokens of a file.
    File(Box<TokenFile>),
}

/// The tokens at this moment, and where they come from.
pub(super) struct TokenFile {
    path: PathBuf,
    current: RwLock<Arc<Tokens>>,
    usage: Option<Usage>,
}

impl Access {
    /// Reads the file, when there is one. What is wrong with single entries is told and takes only their access away.
    pub(super) fn open(path: Option<&Path>, state_dir: Option<&Path>, registry: &[Spec]) -> Result<Self, StartFault> {
        let Some(path) = path else { return Ok(Self::Open) };
        let tokens = read(path, registry).map_err(|fault| StartFault::Tokens(fault.to_string()))?;
        let usage = state_dir.and_then(|folder| {
            let opened = Usage::open(folder);
            opened
                .inspect_err(|error| tracing::warn!("the use of tokens is not written down: {error}"))
                .ok()
        });
        Ok(Self::File(Box::new(TokenFile {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(tokens)),
            usage,
        })))
    }

    /// The file that is read, to be watched.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Open => None,
            Self::File(file) => Some(&file.path),
        }
    }

    /// Reads the file again. One that cannot be used changes nothing.
    pub(super) fn reload(&self, registry: &[Spec]) -> Result<(), FileFault> {
        let Self::File(file) = self else { return Ok(()) };
        let tokens = Arc::new(read(&file.path, registry)?);
        *file.current.write().expect("no code panics while it holds the lock") = tokens;
        Ok(())
    }

    /// Writes down when tokens were used. Blocks the thread.
    pub(super) fn flush(&self) {
        let Self::File(file) = self else { return };
        if let Some(Err(error)) = file.usage.as_ref().map(Usage::flush) {
            tracing::warn!("the use of tokens cannot be written down: {error}");
        }
    }
}

impl TokenFile {
    fn current(&self) -> Arc<Tokens> {
        Arc::clone(&self.current.read().expect("no code panics while it holds the lock"))
    }
}

fn read(path: &Path, registry: &[Spec]) -> Result<Tokens, FileFault> {
    let tokens = tools::with_vocabulary(registry, |known| Tokens::read(path, known))?;
    for finding in tokens.findings() {
        if finding.disables {
            tracing::error!("{}; it is disabled", finding.text);
        } else {
            tracing::warn!("{}", finding.text);
        }
    }
    Ok(tokens)
}

impl App {
    /// Whether a caller has to show a token.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        matches!(self.access, Access::File(_))
    }

    /// Whom a presented secret belongs to.
    pub(crate) fn caller_of(&self, secret: &str) -> Result<Caller, Refused> {
        let Access::File(file) = &self.access else {
            return Err(Refused::Unknown);
        };
        let now = self.services.clock.now();
        let grant = file.current().check(secret, now)?;
        if let Some(usage) = &file.usage {
            usage.note(&grant, now);
        }
        Ok(Caller::token(grant))
    }

    /// Whether a principal may still come in, with the scopes it had. What it has open ends when it may not.
    pub(crate) fn is_current(&self, owner: &str, scopes: u64) -> bool {
        let Access::File(file) = &self.access else { return true };
        let now = self.services.clock.now();
        let tokens = file.current();
        let mut callers = tokens.usable(now).map(|grant| Caller::token(Arc::clone(grant)));
        callers.any(|caller| **caller.owner() == *owner && caller.stamp() == scopes)
    }

    /// Whether there is any tool that the caller may use.
    pub(crate) fn serves(&self, caller: &Caller) -> bool {
        self.offered.iter().any(|spec| caller.may_use(spec))
    }

    /// Reads the tokens again; sessions of principals that are gone end.
    pub(super) fn reload_tokens(&self) {
        let Some(path) = self.access.path() else { return };
        let result = match self.access.reload(&tools::registry()) {
            Ok(()) => {
                tracing::info!("the tokens of '{}' were read again", path.display());
                self.principals.notify_one();
                "applied"
            }
            Err(fault) => {
                tracing::error!("tokens file '{}': {fault}; the tokens in use stay so", path.display());
                "refused"
            }
        };
        self.reloaded("tokens", result);
    }

    /// Records that something on disk was taken over, or was not.
    pub(super) fn reloaded(&self, what: &'static str, result: &'static str) {
        self.audit.note("reload", json!({"what": what, "result": result}));
        self.services
            .metrics
            .reloads
            .count(what, result, self.services.clock.now());
    }
}
