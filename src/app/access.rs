//! Who may come in: one reading of the tokens, which calls keep that began with it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use chrono::{DateTime, Utc};

use super::{App, Caller, Settings, StartFault, issuer::Issuer};
use crate::{
    tokens::{
        FileFault, Refused, Tokens, Usage, is_well_formed,
        oauth::{self, NotAccepted},
    },
    tools::{self, Spec},
};

/// Who may come in: without tokens and without an issuer everybody.
pub(super) struct Access {
    file: Option<TokenFile>,
    issuer: Option<Issuer>,
    /// The tools that scopes are about.
    registry: Vec<Spec>,
}

/// The tokens at this moment, and where they come from.
pub(super) struct TokenFile {
    path: PathBuf,
    current: RwLock<Arc<Tokens>>,
    usage: Option<Usage>,
}

impl Access {
    /// Reads the file, when there is one. What is wrong with single entries is told and takes only their access away.
    pub(super) fn open(settings: &Settings, registry: &[Spec]) -> Result<Self, StartFault> {
        let file = settings
            .tokens
            .as_deref()
            .map(|path| TokenFile::open(path, settings, registry));
        let issuer = settings.oauth.clone().map(Issuer::open);
        Ok(Self {
            file: file.transpose()?,
            issuer: issuer
                .transpose()
                .map_err(|fault| StartFault::Tokens(fault.to_string()))?,
            registry: registry.to_vec(),
        })
    }

    /// The file that is read, to be watched.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// Reads the file again. One that cannot be used changes nothing.
    pub(super) fn reload(&self) -> Result<(), FileFault> {
        let Some(file) = &self.file else { return Ok(()) };
        let tokens = Arc::new(read(&file.path, &self.registry)?);
        *file.current.write().expect("no code panics while it holds the lock") = tokens;
        Ok(())
    }

    /// Writes down when tokens were used. Blocks the thread.
    pub(super) fn flush(&self) {
        let usage = self.file.as_ref().and_then(|file| file.usage.as_ref());
        if let Some(Err(error)) = usage.map(Usage::flush) {
            tracing::warn!("the use of tokens cannot be written down: {error}");
        }
    }
}

impl TokenFile {
    fn open(path: &Path, settings: &Settings, registry: &[Spec]) -> Result<Self, StartFault> {
        let tokens = read(path, registry).map_err(|fault| StartFault::Tokens(fault.to_string()))?;
        let usage = settings.state_dir.as_deref().and_then(|folder| {
            let opened = Usage::open(folder);
            opened
                .inspect_err(|error| tracing::warn!("the use of tokens is not written down: {error}"))
                .ok()
        });
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(tokens)),
            usage,
        })
    }

    fn check(&self, secret: &str, now: DateTime<Utc>) -> Result<Caller, Refused> {
        let grant = self.current().check(secret, now)?;
        if let Some(usage) = &self.usage {
            usage.note(&grant, now);
        }
        Ok(Caller::token(grant))
    }

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
        self.access.file.is_some() || self.access.issuer.is_some()
    }

    /// The issuer whose signed tokens are accepted.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.access.issuer.as_ref().map(Issuer::name)
    }

    /// Whom a presented secret belongs to.
    pub(crate) async fn caller_of(&self, secret: &str) -> Result<Caller, Refused> {
        let now = self.services.clock.now();
        let known = match &self.access.file {
            Some(file) if is_well_formed(secret) => file.check(secret, now),
            _ => Err(Refused::Unknown),
        };
        match (known, &self.access.issuer) {
            (Err(Refused::Unknown), Some(issuer)) if oauth::is_signed(secret) => {
                let judged = issuer.judge(secret, now, &self.access.registry).await;
                judged.map(Caller::oauth).map_err(|fault| match fault {
                    NotAccepted::Expired => Refused::Expired,
                    NotAccepted::Invalid | NotAccepted::UnknownKey => Refused::Unknown,
                })
            }
            (known, _) => known,
        }
    }

    /// Whether a principal may still come in, with the scopes it had. What it has open ends when it may not. Signed tokens
    /// are judged by each request alone.
    pub(crate) fn is_current(&self, caller: &Caller) -> bool {
        let Some(file) = self.access.file.as_ref().filter(|_| caller.is_token()) else {
            return true;
        };
        let now = self.services.clock.now();
        let tokens = file.current();
        tokens.usable(now).any(|grant| caller.is_granted(grant))
    }

    /// Whether there is any tool that the caller may use.
    pub(crate) fn serves(&self, caller: &Caller) -> bool {
        self.offered.iter().any(|spec| caller.may_use(spec))
    }

    /// Reads the tokens again; sessions of principals that are gone end.
    pub(super) fn reload_tokens(&self) {
        let Some(path) = self.access.path() else { return };
        let result = match self.access.reload() {
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
}
