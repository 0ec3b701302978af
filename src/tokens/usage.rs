//! When each token was last used, kept for those who look for tokens that nobody uses.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Grant;
use crate::whole_file;

/// The version of the file; another one is refused and left untouched.
const VERSION: u32 = 1;

/// Most principals that are kept: as many as a file may hold tokens.
const MOST: usize = 10_000;

/// What is known of the use of one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Used {
    /// The first digits of its hash: a secret made anew begins from nothing.
    pub(crate) fp: String,
    /// When it was last used.
    pub(crate) last_used_at: DateTime<Utc>,
    /// How many requests it was used for.
    pub(crate) calls: u64,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    tokens: BTreeMap<String, Used>,
}

/// The use of all tokens of a running server.
#[derive(Debug)]
pub(crate) struct Usage {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tokens: BTreeMap<String, Used>,
    is_changed: bool,
}

impl Usage {
    /// Goes on with what is on file in the state directory. A file that cannot be read is an error, and is left as it is.
    pub(crate) fn open(state_dir: &Path) -> io::Result<Self> {
        let path = path_in(state_dir);
        let tokens = read(&path)?.unwrap_or_default();
        Ok(Self {
            path,
            state: Mutex::new(State {
                tokens,
                is_changed: false,
            }),
        })
    }

    /// Notes that a token was used.
    pub(crate) fn note(&self, grant: &Grant, now: DateTime<Utc>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = state
            .tokens
            .get(&grant.name)
            .is_some_and(|used| used.fp == grant.fingerprint);
        if !is_known && state.tokens.len() >= MOST && !state.tokens.contains_key(&grant.name) {
            return;
        }
        state.is_changed = true;
        if let Some(used) = state.tokens.get_mut(&grant.name).filter(|_| is_known) {
            used.calls += 1;
            used.last_used_at = now;
            return;
        }
        let used = Used {
            fp: grant.fingerprint.clone(),
            last_used_at: now,
            calls: 1,
        };
        state.tokens.insert(grant.name.clone(), used);
    }

    /// Writes down what has changed since the last time. Blocks the thread.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let content = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::take(&mut state.is_changed) {
                return Ok(());
            }
            Content {
                version: VERSION,
                tokens: state.tokens.clone(),
            }
        };
        let mut text = serde_json::to_vec(&content)?;
        text.push(b'\n');
        whole_file::replace(&self.path, &text, whole_file::PRIVATE).inspect_err(|_| {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).is_changed = true;
        })
    }
}

/// What is on file in a state directory; nothing where there is no file.
pub(crate) fn on_file(state_dir: &Path) -> io::Result<Option<BTreeMap<String, Used>>> {
    read(&path_in(state_dir))
}

fn path_in(state_dir: &Path) -> PathBuf {
    state_dir.join("token-usage.json")
}

fn read(path: &Path) -> io::Result<Option<BTreeMap<String, Used>>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let unknown =
        |reason: String| io::Error::new(io::ErrorKind::InvalidData, format!("'{}': {reason}", path.display()));
    let content: Content = serde_json::from_slice(&text).map_err(|error| unknown(error.to_string()))?;
    if content.version != VERSION {
        return Err(unknown(format!("version {} is not known here", content.version)));
    }
    Ok(Some(content.tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(fingerprint: &str) -> Grant {
        Grant {
            name: "noc".to_owned(),
            fingerprint: fingerprint.to_owned(),
            scopes: super::super::Scopes::default(),
            good_until: None,
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn use_is_counted_across_restarts_and_begins_anew_with_a_new_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let usage = Usage::open(folder.path()).expect("nothing there");
        usage.note(&grant("aa"), at(10));
        usage.note(&grant("aa"), at(20));
        usage.flush().expect("written");
        let usage = Usage::open(folder.path()).expect("there");
        usage.note(&grant("aa"), at(30));
        usage.flush().expect("written");
        let used = |usage: &Usage| {
            usage.flush().expect("written");
            on_file(folder.path()).expect("readable").expect("there")["noc"].clone()
        };
        assert_eq!((used(&usage).calls, used(&usage).last_used_at), (3, at(30)));
        usage.note(&grant("bb"), at(40));
        assert_eq!((used(&usage).calls, used(&usage).fp), (1, "bb".to_owned()));
    }

    #[test]
    fn a_file_of_another_version_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = r#"{"version":9,"tokens":{}}"#;
        fs::write(path_in(folder.path()), text).expect("written");
        assert!(Usage::open(folder.path()).is_err());
        assert_eq!(fs::read_to_string(path_in(folder.path())).expect("there"), text);
    }
}
