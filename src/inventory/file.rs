//! The file as a whole: its bytes, its JSON, its two forms.

use std::{
    fmt, fs,
    io::{self, Read as _},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::Arc,
};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::blocklist::{RuleList, RuleText, Rules};

/// A larger file is not an inventory.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file cannot be used at all.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FileFault {
    /// There is no such file.
    #[error("not found")]
    NotFound,
    /// The operating system refuses it; the text names the owner and the process.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is no inventory.
    #[error("{0}")]
    Invalid(String),
}

/// A parsed file, its entries not yet judged.
pub(super) struct Document {
    pub(super) devices: Map<String, Value>,
    pub(super) defaults: Defaults,
    pub(super) warnings: Vec<String>,
}

/// The rules for all routers, compiled once for those that have none of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    pub(super) written: RuleList,
    pub(super) compiled: Arc<Rules>,
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileFault> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileFault::NotFound,
        _ => FileFault::Unreadable(with_owner(path, &error)),
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(FileFault::Unreadable(with_owner(
            path,
            &io::Error::other("not a regular file"),
        )));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(FileFault::Invalid("larger than 16 MiB".to_owned()));
    }
    Ok(bytes)
}

fn with_owner(path: &Path, error: &io::Error) -> String {
    let process = rustix::process::geteuid().as_raw();
    match fs::metadata(path) {
        Ok(metadata) => format!(
            "{error} (file uid {} gid {} mode {:04o}; process uid {process})",
            metadata.uid(),
            metadata.gid(),
            metadata.mode() & 0o7777
        ),
        Err(_) => format!("{error} (process uid {process})"),
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Document, FileFault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Strict(value) = serde_json::from_slice(bytes).map_err(|error| FileFault::Invalid(json_fault(&error)))?;
    let Value::Object(root) = value else {
        return Err(FileFault::Invalid("top level must be an object".to_owned()));
    };
    let is_envelope =
        root.get("version").is_some_and(Value::is_number) && root.get("devices").is_some_and(Value::is_object);
    if is_envelope { envelope(root) } else { flat(root) }
}

fn envelope(mut root: Map<String, Value>) -> Result<Document, FileFault> {
    let version = root.get("version").cloned().unwrap_or_default();
    if version.as_u64() != Some(1) {
        return Err(FileFault::Invalid(format!("unsupported version {version}")));
    }
    let Some(Value::Object(mut devices)) = root.remove("devices") else {
        return Err(FileFault::Invalid("'devices' must be an object".to_owned()));
    };
    let policy = root.remove("policy");
    let defaults = devices
        .remove("_blocklist_defaults")
        .or_else(|| root.remove("_blocklist_defaults"));
    if policy.is_some() && defaults.is_some() {
        return Err(FileFault::Invalid(
            "'policy' and '_blocklist_defaults' mean the same: give one".to_owned(),
        ));
    }
    Ok(Document {
        defaults: default_rules(policy.or(defaults))?,
        warnings: Vec::new(),
        devices,
    })
}

fn flat(mut root: Map<String, Value>) -> Result<Document, FileFault> {
    let defaults = default_rules(root.remove("_blocklist_defaults"))?;
    let mut warnings = Vec::new();
    root.retain(|key, _| {
        let reserved = key.starts_with('_');
        if reserved {
            warnings.push(format!("key '{key}' is reserved and means nothing here"));
        }
        !reserved
    });
    Ok(Document {
        devices: root,
        defaults,
        warnings,
    })
}

/// A guard that cannot be compiled is never skipped: it makes the whole file unusable.
fn default_rules(value: Option<Value>) -> Result<Defaults, FileFault> {
    let Some(value) = value else {
        return Ok(Defaults::default());
    };
    let written = rules(&value, "_blocklist_defaults").map_err(FileFault::Invalid)?;
    let compiled = Rules::compile(&written, &RuleList::default());
    let compiled = compiled.map_err(|fault| FileFault::Invalid(fault.to_string()))?;
    Ok(Defaults {
        written,
        compiled: Arc::new(compiled),
    })
}

/// Reads one set of rules; the text of a fault begins with the place, such as `blocklist.commands[0]`.
pub(super) fn rules(value: &Value, place: &str) -> Result<RuleList, String> {
    let object = value.as_object().ok_or_else(|| format!("{place}: must be an object"))?;
    let mut rules = RuleList::default();
    for (list, value) in object {
        let target = match list.as_str() {
            "commands" => &mut rules.commands,
            "config" => &mut rules.config,
            "pfe_commands" => &mut rules.pfe_commands,
            // A misspelt list would be a guard that silently does nothing.
            other => {
                return Err(format!(
                    "{place}: unknown list '{other}': use 'commands', 'config' or 'pfe_commands'"
                ));
            }
        };
        let items = value
            .as_array()
            .ok_or_else(|| format!("{place}.{list}: must be a list"))?;
        for (index, item) in items.iter().enumerate() {
            let field = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
            match (field("action"), field("pattern")) {
                (Some(action), Some(pattern)) => target.push(RuleText { action, pattern }),
                _ => {
                    return Err(format!(
                        "{place}.{list}[{index}]: needs 'action' and 'pattern' as strings"
                    ));
                }
            }
        }
    }
    Ok(rules)
}

fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let detail = text.split(" at line ").next().unwrap_or(&text);
    if detail.starts_with("duplicate key '") {
        return detail.to_owned();
    }
    format!(
        "not valid JSON at line {} column {}: {detail}",
        error.line(),
        error.column()
    )
}

/// JSON in which no object has a key twice: the later one would silently win.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.contains_key(&key) {
                return Err(serde::de::Error::custom(format!("duplicate key '{key}'")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
