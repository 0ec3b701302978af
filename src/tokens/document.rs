//! The file of tokens as it is edited: what is not touched keeps its spelling and its unknown members.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{FileFault, entry};
use crate::whole_file;

/// How long another process that edits the file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// Why the file could not be edited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditFault {
    /// It is not a file of tokens, and is left as it is.
    #[error("'{}': {fault}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: FileFault,
    },
    /// Only its owner may edit it.
    #[error("'{}' belongs to uid {owner}; run as that user", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The system refuses it.
    #[error("'{}': {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is such a token.
    #[error("token '{0}' already exists")]
    Exists(String),
    /// There is none.
    #[error("no token named '{0}'")]
    Unknown(String),
    /// The token could do more afterwards, and nobody said that this is meant.
    #[error("this widens the scope of '{0}'; re-run with --yes")]
    Widens(String),
    /// It is no name.
    #[error("'{0}' is not a name: 1 to 128 letters, digits and _ . @ -, beginning with a letter or digit")]
    Name(String),
}

/// What a token is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Routers: names, globs, `tag:x` or `*`.
    pub(crate) routers: Option<Vec<String>>,
    /// Tools: names, `toolset:x`, `effect:x` or `*`.
    pub(crate) tools: Option<Vec<String>>,
    /// Until when; `Some(None)` takes the end away.
    pub(crate) expires_at: Option<Option<DateTime<Utc>>>,
    /// A note for people.
    pub(crate) description: Option<String>,
}

/// A token as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name, as far as it has one.
    pub(crate) name: String,
    /// Its hash as written.
    pub(crate) hash: String,
    /// Its routers.
    pub(crate) routers: Vec<String>,
    /// Its tools.
    pub(crate) tools: Vec<String>,
    /// When it was made, as written.
    pub(crate) created_at: Option<String>,
    /// When it was last made anew, as written.
    pub(crate) rotated_at: Option<String>,
    /// When it ends, as written.
    pub(crate) expires_at: Option<String>,
}

/// The file while it is edited.
#[derive(Debug)]
pub(crate) struct Document(Map<String, Value>);

impl Document {
    /// The file as it is; an empty one where there is none.
    pub(crate) fn read(path: &Path) -> Result<Self, EditFault> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(&bytes).map_err(|fault| EditFault::Unusable {
                path: path.to_owned(),
                fault,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::empty()),
            Err(source) => Err(EditFault::Refused {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Edits the file: under its lock it is read anew, changed and replaced. An error of `edit` leaves it as it is.
    pub(crate) fn edit<T>(path: &Path, edit: impl FnOnce(&mut Self) -> Result<T, EditFault>) -> Result<T, EditFault> {
        let refused = |source| EditFault::Refused {
            path: path.to_owned(),
            source,
        };
        let own = rustix::process::geteuid();
        if let Ok(about) = fs::metadata(path)
            && about.uid() != own.as_raw()
            && !own.is_root()
        {
            return Err(EditFault::Foreign {
                path: path.to_owned(),
                owner: about.uid(),
            });
        }
        let _lock = whole_file::lock(path, PATIENCE).map_err(refused)?;
        let mut document = Self::read(path)?;
        let edited = edit(&mut document)?;
        let mut text = serde_json::to_vec_pretty(&document.0).map_err(|error| refused(error.into()))?;
        text.push(b'\n');
        whole_file::replace(path, &text, whole_file::PRIVATE).map_err(refused)?;
        Ok(edited)
    }

    fn empty() -> Self {
        let mut root = Map::new();
        root.insert("version".to_owned(), 1.into());
        root.insert("tokens".to_owned(), Value::Array(Vec::new()));
        Self(root)
    }

    fn parse(bytes: &[u8]) -> Result<Self, FileFault> {
        super::file::root(bytes).map(Self)
    }

    /// The tokens, in their order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let items = self.0.get("tokens").and_then(Value::as_array).into_iter().flatten();
        items.map(row).collect()
    }

    /// Adds a token and gives its secret, which is nowhere else.
    pub(crate) fn add(&mut self, name: &str, wanted: Wanted, now: DateTime<Utc>) -> Result<SecretString, EditFault> {
        let secret = new_secret();
        self.add_known(name, &secret, wanted, now)?;
        Ok(secret)
    }

    /// Adds a token for a secret that clients hold already.
    pub(crate) fn add_known(
        &mut self,
        name: &str,
        secret: &SecretString,
        wanted: Wanted,
        now: DateTime<Utc>,
    ) -> Result<(), EditFault> {
        if !entry::is_name(name) {
            return Err(EditFault::Name(name.to_owned()));
        }
        if self.place(name).is_some() {
            return Err(EditFault::Exists(name.to_owned()));
        }
        let mut item = Map::new();
        item.insert("name".to_owned(), name.into());
        item.insert("hash".to_owned(), hash_of(secret).into());
        item.insert("routers".to_owned(), json!([]));
        item.insert("tools".to_owned(), json!([]));
        item.insert("created_at".to_owned(), moment(now).into());
        change(&mut item, wanted);
        self.items().push(Value::Object(item));
        Ok(())
    }

    /// Takes a token away; whether there was one.
    pub(crate) fn revoke(&mut self, name: &str) -> bool {
        let before = self.items().len();
        self.items().retain(|item| name_of(item) != name);
        self.items().len() < before
    }

    /// Gives a token another secret; the old one is dead.
    pub(crate) fn rotate(&mut self, name: &str, wanted: Wanted, now: DateTime<Utc>) -> Result<SecretString, EditFault> {
        let secret = new_secret();
        let item = self.item(name)?;
        let hash = if item.contains_key("digest") { "digest" } else { "hash" };
        item.insert(hash.to_owned(), hash_of(&secret).into());
        item.insert("rotated_at".to_owned(), moment(now).into());
        change(item, wanted);
        Ok(secret)
    }

    /// Changes what a token may do; gives it as it was and as it is.
    pub(crate) fn change(&mut self, name: &str, wanted: Wanted) -> Result<(Row, Row), EditFault> {
        let place = self.place(name).ok_or_else(|| EditFault::Unknown(name.to_owned()))?;
        let before = row(&self.items()[place]);
        change(self.item(name)?, wanted);
        let after = row(&self.items()[place]);
        Ok((before, after))
    }

    fn items(&mut self) -> &mut Vec<Value> {
        let items = self.0.get_mut("tokens").and_then(Value::as_array_mut);
        items.expect("a document without a list of tokens is not read")
    }

    fn place(&mut self, name: &str) -> Option<usize> {
        self.items().iter().position(|item| name_of(item) == name)
    }

    fn item(&mut self, name: &str) -> Result<&mut Map<String, Value>, EditFault> {
        let found = self.items().iter_mut().find(|item| name_of(item) == name);
        found
            .and_then(Value::as_object_mut)
            .ok_or_else(|| EditFault::Unknown(name.to_owned()))
    }
}

fn name_of(item: &Value) -> &str {
    item.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn row(item: &Value) -> Row {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| -> Option<Vec<String>> {
        let items = item.get(name)?.as_array()?.iter();
        Some(items.filter_map(Value::as_str).map(str::to_owned).collect())
    };
    Row {
        name: text("name").unwrap_or_default(),
        hash: text("hash").or_else(|| text("digest")).unwrap_or_default(),
        routers: list("routers").or_else(|| list("devices")).unwrap_or_default(),
        tools: list("tools").unwrap_or_default(),
        created_at: text("created_at"),
        rotated_at: text("rotated_at"),
        expires_at: text("expires_at"),
    }
}

fn change(item: &mut Map<String, Value>, wanted: Wanted) {
    if let Some(routers) = wanted.routers {
        let name = if item.contains_key("devices") {
            "devices"
        } else {
            "routers"
        };
        item.insert(name.to_owned(), routers.into());
    }
    if let Some(tools) = wanted.tools {
        item.insert("tools".to_owned(), tools.into());
    }
    match wanted.expires_at {
        Some(Some(end)) => {
            item.insert("expires_at".to_owned(), moment(end).into());
        }
        Some(None) => {
            item.shift_remove("expires_at");
        }
        None => {}
    }
    if let Some(description) = wanted.description {
        item.insert("description".to_owned(), description.into());
    }
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn new_secret() -> SecretString {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    URL_SAFE_NO_PAD.encode(bytes).into()
}

fn hash_of(secret: &SecretString) -> String {
    let digest = Sha256::digest(secret.expose_secret().as_bytes());
    format!("sha256:{}", URL_SAFE_NO_PAD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).expect("a time")
    }

    fn wanted(routers: &[&str], tools: &[&str]) -> Wanted {
        let list = |items: &[&str]| Some(items.iter().map(|item| (*item).to_owned()).collect());
        Wanted {
            routers: list(routers),
            tools: list(tools),
            ..Wanted::default()
        }
    }

    #[test]
    fn a_token_is_added_changed_made_anew_and_revoked() {
        let mut document = Document::empty();
        let secret = document
            .add("noc", wanted(&["edge-*"], &["toolset:device"]), now())
            .expect("new");
        assert_eq!(secret.expose_secret().len(), 43);
        let first = document.rows()[0].clone();
        assert_eq!(first.hash, hash_of(&secret));
        assert!(matches!(
            document.add("noc", Wanted::default(), now()),
            Err(EditFault::Exists(_))
        ));
        assert!(matches!(
            document.add("-x", Wanted::default(), now()),
            Err(EditFault::Name(_))
        ));
        let (before, after) = document.change("noc", wanted(&["*"], &["*"])).expect("there");
        assert_eq!((before.routers[0].as_str(), after.routers[0].as_str()), ("edge-*", "*"));
        let other = document.rotate("noc", Wanted::default(), now()).expect("there");
        assert_ne!(other.expose_secret(), secret.expose_secret());
        assert_ne!(document.rows()[0].hash, first.hash);
        assert!(document.rows()[0].rotated_at.is_some());
        assert!(document.revoke("noc") && !document.revoke("noc"));
        assert!(document.rows().is_empty());
    }

    #[test]
    fn what_is_not_touched_keeps_its_spelling() {
        let text = r#"{"note": "ours", "version": 2, "tokens": [
            {"name": "old", "digest": "sha256:x", "devices": ["r1"], "tools": [], "team": "noc"},
            {"name": "other", "x": 1}]}"#;
        let mut document = Document::parse(text.as_bytes()).expect("readable");
        document.change("old", wanted(&["r2"], &["*"])).expect("there");
        document.rotate("old", Wanted::default(), now()).expect("there");
        let root = Value::Object(document.0.clone());
        assert_eq!(root["note"], "ours");
        assert_eq!(root["tokens"][0]["devices"], json!(["r2"]));
        assert_eq!(root["tokens"][0]["team"], "noc");
        assert_eq!(root["tokens"][0].get("hash"), None);
        assert_eq!(root["tokens"][1], json!({"name": "other", "x": 1}));
    }

    #[test]
    fn a_file_that_does_not_parse_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens.json");
        for text in ["", "{", "[]", r#"{"version": 3, "tokens": []}"#, r#"{"version": 1}"#] {
            fs::write(&path, text).expect("written");
            let edited = Document::edit(&path, |document| document.add("noc", Wanted::default(), now()));
            assert!(matches!(edited, Err(EditFault::Unusable { .. })), "{text}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
    }
}
