//! The routers of devices.json: read whole, judged entry by entry, never a reason not to start.

mod add;
mod auth;
mod change;
mod edit;
mod entry;
mod environment;
mod fields;
mod file;
mod public;
mod reload;
mod selector;
mod source;
mod stock;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::blocklist::RuleList;

pub(crate) use add::AddFault;
pub(crate) use auth::{Auth, KeySource, SecretRef};
pub(crate) use change::{Change, NamedRule};
pub(crate) use entry::{Entry, name_fault};
pub(crate) use environment::{agent_socket, expand_home};
pub(crate) use fields::{is_host, is_tag};
pub(crate) use file::FileFault;
pub(crate) use reload::{ReloadFault, Trigger};
pub(crate) use selector::{SelectFault, glob, is_pattern, near_names};
pub use source::{InventorySource, MemoryRouter};
use stock::Turn;
pub(crate) use stock::{Attempt, Stock};

/// Whether a problem goes away by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Stays until the file is loaded again.
    Static,
    /// Is looked at again at each call.
    Environment,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// One phrase, without the router's name.
    pub(crate) text: String,
    /// Whether it may go away without a reload.
    pub(crate) kind: Kind,
    /// Whether it is about a private key file.
    pub(crate) key_file: bool,
}

impl Problem {
    fn fixed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: Kind::Static,
            key_file: false,
        }
    }

    fn passing(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: Kind::Environment,
            key_file: false,
        }
    }
}

/// One name of the inventory: a usable entry, or the problems that keep it from being one.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    /// The key in the file.
    pub(crate) name: String,
    /// The entry, absent when it has problems that only a reload can remove.
    pub(crate) entry: Option<Arc<Entry>>,
    /// Problems found when the file was read, in file order.
    pub(crate) problems: Vec<Problem>,
    /// The entry as a model may see it.
    public: Map<String, Value>,
    /// Of everything that is written about it, secrets included.
    digest: [u8; 32],
}

impl Router {
    /// Why the router cannot be used at this moment, if it cannot; a problem outside the file is looked at again. What goes
    /// missing later is found at the next connect, so that listing a thousand routers reads no file.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let first = self.problems.first()?;
        match &self.entry {
            Some(entry) => entry.environment_problem(),
            None => Some(first.clone()),
        }
    }

    /// The tags, also of an entry that cannot be used.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = self.public.get("tags").and_then(Value::as_array);
        tags.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The entry without anything secret, as `get_router_list` shows it.
    pub(crate) fn public(&self) -> &Map<String, Value> {
        &self.public
    }
}

/// A loaded inventory; a snapshot that never changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    path: Option<PathBuf>,
    digest: Option<[u8; 32]>,
    routers: IndexMap<String, Router>,
    defaults: RuleList,
    warnings: Vec<String>,
}

impl Inventory {
    /// Reads and judges a file. Problems of single entries are kept with them; a fault is about the file as a whole.
    pub(crate) fn read(path: &Path) -> Result<Self, FileFault> {
        let bytes = file::read(path)?;
        Self::of_file(path, &bytes)
    }

    /// Judges the bytes of a file.
    fn of_file(path: &Path, bytes: &[u8]) -> Result<Self, FileFault> {
        let mut inventory = Self::parse(bytes, &folder(path))?;
        inventory.path = Some(path.to_owned());
        inventory.digest = Some(Sha256::digest(bytes).into());
        Ok(inventory)
    }

    /// One router as it would be if the file of these held it. Nothing of theirs holds for it but where paths begin.
    pub(crate) fn would_be(&self, name: &str, entry: &Map<String, Value>) -> Option<Router> {
        let base = folder(self.path.as_deref().unwrap_or(Path::new("devices.json")));
        let bytes = serde_json::json!({ name: entry }).to_string();
        let mut inventory = Self::parse(bytes.as_bytes(), &base).ok()?;
        inventory.routers.shift_remove(name)
    }

    /// Judges the text of an inventory; relative paths in it start at `base`.
    pub(crate) fn parse(bytes: &[u8], base: &Path) -> Result<Self, FileFault> {
        let document = file::parse(bytes)?;
        let mut warnings = document.warnings;
        let mut legacy = Vec::new();
        let mut routers = IndexMap::with_capacity(document.devices.len());
        for (name, value) in document.devices {
            let is_legacy =
                value.get("auth").is_none_or(Value::is_null) && value.get("password").is_some_and(Value::is_string);
            if is_legacy {
                legacy.push(shown(&name));
            }
            let digest = digest(&value);
            let mut router = entry::read(&name, value, &document.defaults, base, &mut warnings);
            router.digest = digest;
            routers.insert(name, router);
        }
        warnings.extend(deprecation(&legacy));
        Ok(Self {
            path: None,
            digest: None,
            routers,
            defaults: document.defaults.written,
            warnings,
        })
    }

    /// An inventory made of entries that exist in memory only.
    pub(crate) fn of_entries(entries: impl IntoIterator<Item = Entry>) -> Self {
        let routers = entries.into_iter().map(|entry| {
            let router = Router {
                name: entry.name.clone(),
                public: public::of_entry(&entry),
                entry: Some(Arc::new(entry)),
                problems: Vec::new(),
                digest: [0; 32],
            };
            (router.name.clone(), router)
        });
        Self {
            routers: routers.collect(),
            ..Self::default()
        }
    }

    /// The file that it was read from, if it was.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// SHA-256 of that file as it was read.
    pub(crate) fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.as_ref()
    }

    /// The router of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Router> {
        self.routers.get(name)
    }

    /// All routers, in the order of the file.
    pub(crate) fn routers(&self) -> impl ExactSizeIterator<Item = &Router> {
        self.routers.values()
    }

    /// The rules that hold for every router.
    pub(crate) fn defaults(&self) -> &RuleList {
        &self.defaults
    }

    /// What is odd about the file without being a problem.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every problem as the operator reads it: one header, then one line each, in file order; nothing when there is none.
    pub(crate) fn report(&self) -> Vec<String> {
        let broken: Vec<_> = self
            .routers
            .values()
            .filter(|router| !router.problems.is_empty())
            .collect();
        if broken.is_empty() {
            return Vec::new();
        }
        let problems: usize = broken.iter().map(|router| router.problems.len()).sum();
        let path = self.path.as_deref().unwrap_or_else(|| Path::new("")).display();
        let (count, all) = (broken.len(), self.routers.len());
        let mut lines = vec![format!(
            "inventory '{path}': {problems} problems in {count} of {all} devices"
        )];
        for router in broken {
            for problem in &router.problems {
                lines.push(format!("  - device '{}': {}", shown(&router.name), problem.text));
            }
        }
        lines
    }
}

/// Of a value, whatever the order of its keys.
fn digest(value: &Value) -> [u8; 32] {
    fn feed(digest: &mut Sha256, value: &Value) {
        match value {
            Value::Object(members) => {
                let mut names: Vec<&String> = members.keys().collect();
                names.sort_unstable();
                digest.update(format!("{{{}", names.len()));
                for name in names {
                    digest.update(Value::String(name.clone()).to_string());
                    feed(digest, &members[name]);
                }
            }
            Value::Array(items) => {
                digest.update(format!("[{}", items.len()));
                items.iter().for_each(|item| feed(digest, item));
            }
            plain => digest.update(format!("{plain};")),
        }
    }
    let mut digest_of = Sha256::new();
    feed(&mut digest_of, value);
    digest_of.finalize().into()
}

/// The folder that really holds a file, links resolved: relative paths in it begin there.
fn folder(path: &Path) -> PathBuf {
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    resolved.parent().unwrap_or_else(|| Path::new(".")).to_owned()
}

/// One warning for all entries that still have their password beside the address.
fn deprecation(names: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let named = names.get(..NAMED).unwrap_or(names).join(", ");
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| format!("the top-level 'password' is deprecated, use 'auth': {named}{more}"))
}

/// A name as logs show it: one line, whatever the file holds.
fn shown(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
