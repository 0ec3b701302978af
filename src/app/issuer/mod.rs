//! The identity provider whose signed tokens are accepted, and its keys: from a file, or over HTTPS when they are needed.

mod fetch;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use tokio::{sync::Mutex, time::Instant};

pub use crate::tokens::oauth::OAuthPolicy;

use crate::{
    tokens::{
        Grant,
        oauth::{KeyFault, KeySet, NotAccepted},
    },
    tools::{self, Spec},
};

/// Keys from a URL are read again after this.
const FRESH: Duration = Duration::from_secs(600);

/// Whoever sends tokens with keys that nobody has lets us ask the issuer at most this often.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// A file is looked at again at most this often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Where the keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// What the issuer's metadata name.
    Metadata,
    /// An https URL.
    Url(String),
    /// A file.
    File(PathBuf),
}

/// What an operator chose about signed tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthSettings {
    /// What is expected of them.
    pub policy: OAuthPolicy,
    /// Where the keys come from.
    pub keys: KeySource,
}

/// The provider, with the keys that are known of it.
pub(super) struct Issuer {
    settings: OAuthSettings,
    keys: RwLock<Arc<KeySet>>,
    /// Held while keys are fetched, so that many callers ask once.
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// When keys were last had.
    had: Option<Instant>,
    /// When they were last asked for.
    tried: Option<Instant>,
    /// The file as it was read.
    modified: Option<SystemTime>,
}

impl Issuer {
    /// A provider; a file of keys must be usable, a URL is asked when the first token comes.
    pub(super) fn open(settings: OAuthSettings) -> Result<Self, KeyFault> {
        let mut asked = Asked::default();
        let keys = match &settings.keys {
            KeySource::File(path) => {
                let (keys, modified) = read(path)?;
                asked.had = Some(Instant::now());
                asked.modified = Some(modified);
                keys
            }
            KeySource::Metadata | KeySource::Url(_) => KeySet::default(),
        };
        Ok(Self {
            settings,
            keys: RwLock::new(Arc::new(keys)),
            asked: Mutex::new(asked),
        })
    }

    /// Its address.
    pub(super) fn name(&self) -> &str {
        &self.settings.policy.issuer
    }

    /// Whom a token stands for.
    pub(super) async fn judge(&self, token: &str, now: DateTime<Utc>, registry: &[Spec]) -> Judged {
        let judge = |keys: &KeySet| {
            tools::with_vocabulary(registry, |known| self.settings.policy.judge(token, keys, now, known))
        };
        self.renew(FRESH).await;
        match judge(&self.keys()) {
            Err(NotAccepted::UnknownKey) => {
                self.renew(Duration::ZERO).await;
                judge(&self.keys())
            }
            judged => judged,
        }
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().expect("no code panics while it holds the lock"))
    }

    /// Gets the keys anew when they are older than `age` and were not asked for just now. While the issuer is away, the last
    /// good ones serve.
    async fn renew(&self, age: Duration) {
        let mut asked = self.asked.lock().await;
        let wait = match self.settings.keys {
            KeySource::File(_) => LOOK_AGAIN,
            KeySource::Metadata | KeySource::Url(_) => ASK_AGAIN,
        };
        let is_file = matches!(self.settings.keys, KeySource::File(_));
        let is_fresh = !is_file && asked.had.is_some_and(|had| had.elapsed() < age);
        if is_fresh || asked.tried.is_some_and(|tried| tried.elapsed() < wait) {
            return;
        }
        asked.tried = Some(Instant::now());
        match self.fetch(&mut asked).await {
            Ok(Some(keys)) => {
                asked.had = Some(Instant::now());
                *self.keys.write().expect("no code panics while it holds the lock") = Arc::new(keys);
            }
            Ok(None) => {}
            Err(fault) => tracing::error!("the keys of {} cannot be had: {fault}", self.settings.policy.issuer),
        }
    }

    /// The keys, or nothing where they are as before.
    async fn fetch(&self, asked: &mut Asked) -> Result<Option<KeySet>, KeyFault> {
        let issuer = self.settings.policy.issuer.clone();
        match self.settings.keys.clone() {
            KeySource::File(path) => {
                if modified(&path)? == asked.modified {
                    return Ok(None);
                }
                let (keys, modified) = read(&path)?;
                asked.modified = Some(modified);
                Ok(Some(keys))
            }
            KeySource::Url(url) => blocking(move || fetch::keys(&url)).await.map(Some),
            KeySource::Metadata => blocking(move || fetch::keys(&fetch::key_url(&issuer)?)).await.map(Some),
        }
    }
}

/// The outcome of judging a token.
pub(super) type Judged = Result<Arc<Grant>, NotAccepted>;

async fn blocking(work: impl FnOnce() -> Result<KeySet, KeyFault> + Send + 'static) -> Result<KeySet, KeyFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(KeyFault::Unreachable("the attempt was abandoned".to_owned())))
}

/// Whether a file of keys can be used; otherwise why not.
pub(crate) fn readable_keys(path: &Path) -> Result<(), String> {
    read(path).map(|_| ()).map_err(|fault| fault.to_string())
}

fn read(path: &Path) -> Result<(KeySet, SystemTime), KeyFault> {
    let about = fs::metadata(path)?;
    Ok((KeySet::parse(&fs::read(path)?)?, about.modified()?))
}

fn modified(path: &Path) -> io::Result<Option<SystemTime>> {
    fs::metadata(path)?.modified().map(Some)
}
