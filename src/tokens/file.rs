//! The file of tokens: read leniently entry by entry, where leniency only takes access away.

use std::{collections::HashSet, fs, io, os::unix::fs::MetadataExt, path::Path};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    Tokens, Vocabulary,
    entry::{self, Entry},
    scope::{Scopes, TooMany},
};

/// Most tokens of one file: each presented secret is compared with all of them.
const MOST_TOKENS: usize = 10_000;

/// Largest file. Ten thousand tokens with wide scopes fit many times over.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why the file as a whole cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// It is not there, or not for us.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is not a file of tokens.
    #[error("{0}")]
    Invalid(String),
}

/// What is wrong with one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Whether the whole token cannot be used.
    pub(crate) disables: bool,
    /// What it is, with the name of the token.
    pub(crate) text: String,
}

impl Tokens {
    /// Reads the file.
    pub(crate) fn read(path: &Path, known: Vocabulary<'_>) -> Result<Self, FileFault> {
        let unreadable = |error: io::Error| FileFault::Unreadable(with_owner(path, &error));
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("not a regular file")));
        }
        if metadata.len() > LARGEST {
            return Err(FileFault::Invalid(format!("larger than {LARGEST} bytes")));
        }
        Self::parse(&fs::read(path).map_err(unreadable)?, known)
    }

    /// Reads the text of a file.
    pub(crate) fn parse(bytes: &[u8], known: Vocabulary<'_>) -> Result<Self, FileFault> {
        let root = root(bytes)?;
        let items = root.get("tokens").and_then(Value::as_array).into_iter().flatten();
        let mut tokens = Self::default();
        let mut names = HashSet::new();
        for (index, item) in items.enumerate() {
            match tokens.entry(item, index, &mut names, known) {
                Ok(entry) => tokens.entries.push(entry),
                Err(text) => {
                    tokens.disabled += 1;
                    tokens.findings.push(Finding { disables: true, text });
                }
            }
        }
        Ok(tokens)
    }

    /// One entry, or why it is disabled.
    fn entry(
        &mut self,
        item: &Value,
        index: usize,
        names: &mut HashSet<String>,
        known: Vocabulary<'_>,
    ) -> Result<Entry, String> {
        let place = format!("token {} of the list", index + 1);
        let item = item.as_object().ok_or_else(|| format!("{place} is not an object"))?;
        let name = item.get("name").and_then(Value::as_str);
        let name = name
            .filter(|name| entry::is_name(name))
            .ok_or_else(|| format!("{place} has no valid name"))?;
        if !names.insert(name.to_owned()) {
            return Err(format!("token '{name}': another token before it has the same name"));
        }
        let faulty = |what: &str| format!("token '{name}': {what}");
        let hash = member(item, "hash", "digest").and_then(Value::as_str);
        let hash = hash
            .and_then(entry::hash)
            .ok_or_else(|| faulty("'hash' is not sha256: and 43 characters of base64url"))?;
        let expires_at = match item.get("expires_at") {
            None | Some(Value::Null) => None,
            Some(value) => Some(time(value).ok_or_else(|| faulty("'expires_at' is not a time"))?),
        };
        let tools = list(item.get("tools")).ok_or_else(|| faulty("'tools' is not a list of names"))?;
        let routers =
            list(member(item, "routers", "devices")).ok_or_else(|| faulty("'routers' is not a list of names"))?;
        let (scopes, ignored) =
            Scopes::new(&tools, &routers, known).map_err(|TooMany| faulty("a scope has more than 256 entries"))?;
        for text in ignored {
            let reason = if text == "*" { "stands alone" } else { "is not known" };
            self.findings.push(Finding {
                disables: false,
                text: faulty(&format!("'{text}' {reason} and grants nothing here")),
            });
        }
        Ok(Entry::new(name, hash, expires_at, scopes))
    }
}

/// The file as a whole: an object of a known version that holds a list of tokens.
pub(super) fn root(bytes: &[u8]) -> Result<Map<String, Value>, FileFault> {
    let invalid = |text: String| Err(FileFault::Invalid(text));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let root: Value = match serde_json::from_slice(bytes) {
        Ok(root) => root,
        Err(error) => return invalid(format!("not JSON (line {} column {})", error.line(), error.column())),
    };
    let Value::Object(root) = root else {
        return invalid("top level must be an object".to_owned());
    };
    match root.get("version") {
        Some(version) if matches!(version.as_u64(), Some(1 | 2)) => {}
        Some(version) => return invalid(format!("unsupported version {version}")),
        None => return invalid("'version' is missing".to_owned()),
    }
    match root.get("tokens") {
        Some(Value::Array(items)) if items.len() > MOST_TOKENS => invalid(format!("more than {MOST_TOKENS} tokens")),
        Some(Value::Array(_)) => Ok(root),
        _ => invalid("'tokens' must be a list".to_owned()),
    }
}

fn member<'a>(item: &'a Map<String, Value>, name: &str, other: &str) -> Option<&'a Value> {
    item.get(name).or_else(|| item.get(other))
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.to_utc())
}

/// A list of texts; an absent one is empty.
fn list(value: Option<&Value>) -> Option<Vec<String>> {
    let Some(value) = value else { return Some(Vec::new()) };
    let items = value.as_array()?.iter();
    items.map(|item| item.as_str().map(str::to_owned)).collect()
}

fn with_owner(path: &Path, error: &io::Error) -> String {
    let process = rustix::process::geteuid().as_raw();
    match fs::metadata(path) {
        Ok(file) => format!(
            "{error} (file uid {} gid {} mode {:04o}; process uid {process})",
            file.uid(),
            file.gid(),
            file.mode() & 0o7777
        ),
        Err(_) => format!("{error} (process uid {process})"),
    }
}
