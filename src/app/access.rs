//! Who may come in: one reading of the tokens, which calls keep that began with it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};

use serde_json::json;
use tokio::time::Instant;

use super::{App, Caller, Settings, StartFault, issuer::Issuer, news::News};
use crate::{
    tokens::{
        Changes, FileFault, Refused, Tokens, Usage, is_well_formed,
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
    /// The last reading failed.
    is_refused: AtomicBool,
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

    /// Reads the file again; gives what is different. One that cannot be used changes nothing.
    pub(super) fn reload(&self) -> Result<Changes, FileFault> {
        let Some(file) = &self.file else {
            return Ok(Changes::default());
        };
        let read = read(&file.path, &self.registry);
        file.is_refused.store(read.is_err(), Ordering::Relaxed);
        let tokens = Arc::new(read?);
        let changes = tokens.changes_since(&file.current());
        *file.current.write().expect("no code panics while it holds the lock") = tokens;
        Ok(changes)
    }

    /// Whether the file as it is now cannot be used, so that an older reading of it decides who comes in.
    pub(super) fn is_refused(&self) -> bool {
        let file = self.file.as_ref();
        file.is_some_and(|file| file.is_refused.load(Ordering::Relaxed))
    }

    /// How many tokens there are in each state; none without a file.
    pub(super) fn counts(&self, now: DateTime<Utc>) -> Vec<(&'static str, usize)> {
        let file = self.file.as_ref();
        file.map_or_else(Vec::new, |file| file.current().counts(now).to_vec())
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
            is_refused: AtomicBool::new(false),
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
    /// are judged by each request alone: the session of who has a new one goes on.
    pub(crate) fn is_current(&self, caller: &Caller) -> bool {
        let Some(file) = self.access.file.as_ref().filter(|_| caller.is_token()) else {
            return true;
        };
        let now = self.services.clock.now();
        let tokens = file.current();
        tokens.usable(now).any(|grant| caller.is_granted(grant))
    }

    /// Fires when the signed token is over that a caller came with; never for others. What it has opened ends then, and is opened
    /// anew with the next token.
    pub(crate) fn token_over(&self, caller: &Caller) -> impl Future<Output = ()> + Send + use<> {
        let left = caller.good_until().map(|end| end - self.services.clock.now());
        let end = left.map(|left| Instant::now() + left.to_std().unwrap_or_default());
        async move {
            match end {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        }
    }

    /// A principal with the scopes that it has now, if it may still come in.
    pub(crate) fn renewed(&self, caller: &Caller) -> Option<Caller> {
        let tokens = self.access.file.as_ref()?.current();
        let mut callers = tokens
            .usable(self.services.clock.now())
            .map(|grant| Caller::token(Arc::clone(grant)));
        callers.find(|renewed| renewed.owner() == caller.owner())
    }

    /// Whether there is any tool that the caller may use.
    pub(crate) fn serves(&self, caller: &Caller) -> bool {
        self.offered.iter().any(|spec| caller.may_use(spec))
    }

    /// Reads the tokens again; sessions of principals that are gone end.
    pub(super) fn reload_tokens(&self) {
        let Some(path) = self.access.path() else { return };
        match self.access.reload() {
            Ok(changes) => {
                tracing::info!("the tokens of '{}' were read again", path.display());
                self.board.tell(News::Tokens);
                self.principals.notify_one();
                let result = if changes.are_none() { "unchanged" } else { "applied" };
                let mut details = json!(changes);
                details["counts"] = self.access.counts(self.services.clock.now()).into_iter().collect();
                self.reloaded("tokens", result, details);
            }
            Err(fault) => {
                tracing::error!("tokens file '{}': {fault}; the tokens in use stay so", path.display());
                self.reloaded("tokens", "refused", json!({"error": fault.to_string()}));
            }
        }
    }

    /// Says once more that the file of tokens cannot be used, as long as that is so.
    pub(super) fn remind_of_tokens(&self) {
        if let Some(path) = self.access.path().filter(|_| self.access.is_refused()) {
            tracing::error!(
                "tokens file '{}' still cannot be used; the tokens in use stay so",
                path.display()
            );
        }
    }
}
