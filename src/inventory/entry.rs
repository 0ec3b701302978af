//! One device of the inventory: its keys, their ranges, and what is wrong with them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{
    Auth, KeySource, Kind, Problem, Router, SecretRef, environment,
    fields::{Fields, cut, is_host, must_be},
    file::Defaults,
    public,
};
use crate::blocklist::Rules;

/// A router that can be contacted.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its name in the inventory.
    pub(crate) name: String,
    /// Address or host name, IPv6 without brackets.
    pub(crate) host: String,
    /// Port of NETCONF over SSH.
    pub(crate) port: u16,
    /// Port of file transfers.
    pub(crate) scp_port: u16,
    /// Login name.
    pub(crate) username: String,
    /// How to log in.
    pub(crate) auth: Auth,
    /// OpenSSH client configuration to consult.
    pub(crate) ssh_config: Option<PathBuf>,
    /// Words for selectors such as `tag:core`.
    pub(crate) tags: Vec<String>,
    /// A text shown to the model.
    pub(crate) description: Option<String>,
    /// What is forbidden here: the defaults and this router's own rules.
    pub(crate) rules: Arc<Rules>,
    /// Whether only reading is allowed here.
    pub(crate) read_only: bool,
    /// Time for connecting, instead of the process's.
    pub(crate) connect_timeout: Option<Duration>,
    /// Time for a call, instead of the process's.
    pub(crate) command_timeout: Option<Duration>,
    /// Sessions at a time, instead of the process's.
    pub(crate) max_sessions: Option<u8>,
    /// Keys that mean nothing to us; shown unless they look secret.
    pub(crate) custom: Map<String, Value>,
}

impl Entry {
    /// What outside the inventory keeps this entry from being used now.
    pub(super) fn environment_problem(&self) -> Option<Problem> {
        if let Some(problem) = self.auth.environment_problem() {
            return Some(problem);
        }
        let path = self.ssh_config.as_ref()?;
        (!path.is_file()).then(|| Problem::passing(format!("ssh_config '{}' not found", path.display())))
    }
}

/// How OpenSSH writes the fingerprint of a key.
const FINGERPRINT: &str = "SHA256:";

/// Keys that we read; all others are custom.
const OURS: [&str; 14] = [
    "ip",
    "port",
    "scp_port",
    "username",
    "auth",
    "password",
    "ssh_config",
    "tags",
    "description",
    "blocklist",
    "read_only",
    "connect_timeout",
    "command_timeout",
    "max_sessions",
];

/// Judges one entry of the file.
pub(super) fn read(name: &str, value: Value, defaults: &Defaults, base: &Path, warnings: &mut Vec<String>) -> Router {
    let mut problems: Vec<Problem> = name_problem(name).into_iter().collect();
    let object = match value {
        Value::Object(object) => object,
        other => {
            problems.push(Problem::fixed(must_be(name, "an object", &other)));
            return broken(name, problems, Map::new());
        }
    };
    let mut reader = Reader {
        name,
        base,
        warnings,
        fields: Fields::of(&object, ""),
    };
    let entry = reader.entry(&object, defaults);
    problems.append(&mut reader.fields.problems);
    let usable = problems.is_empty();
    match entry.filter(|_| usable) {
        Some(entry) => {
            problems.extend(entry.environment_problem());
            Router {
                name: name.to_owned(),
                public: public::of_entry(&entry),
                entry: Some(Arc::new(entry)),
                problems,
                digest: [0; 32],
            }
        }
        None => broken(name, problems, public::of_object(&object)),
    }
}

fn broken(name: &str, problems: Vec<Problem>, public: Map<String, Value>) -> Router {
    debug_assert!(problems.iter().any(|problem| problem.kind == Kind::Static));
    Router {
        name: name.to_owned(),
        entry: None,
        problems,
        public,
        digest: [0; 32],
    }
}

/// What is wrong with a name.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    let reason = if name.is_empty() || name.chars().count() > 128 {
        "it must have 1 to 128 characters"
    } else if name.starts_with(['-', '_', ' ']) {
        "it must not begin with '-', '_' or a blank"
    } else if name == "." || name == ".." {
        "it must not be '.' or '..'"
    } else if name.chars().any(|c| c.is_control() || r#"/\*?[],""#.contains(c)) {
        r#"it must not contain / \ * ? [ ] , " or control characters"#
    } else {
        return None;
    };
    Some(reason)
}

fn name_problem(name: &str) -> Option<Problem> {
    name_fault(name).map(|reason| Problem::fixed(format!("invalid name: {reason}")))
}

struct Reader<'a> {
    name: &'a str,
    base: &'a Path,
    warnings: &'a mut Vec<String>,
    fields: Fields<'a>,
}

impl Reader<'_> {
    fn entry(&mut self, object: &Map<String, Value>, defaults: &Defaults) -> Option<Entry> {
        let host = self.host();
        let port = self.fields.integer("port", 1, 65535).map_or(22, narrow);
        let scp_port = self.fields.integer("scp_port", 1, 65535).map(narrow);
        let username = self.username();
        let auth = self.auth();
        let ssh_config = self.path("ssh_config");
        let tags = self.fields.tags();
        let description = self
            .fields
            .string("description", "a string of at most 256 characters", |text| {
                text.chars().count() <= 256
            });
        let rules = self.rules(defaults);
        let read_only = self.fields.boolean("read_only").unwrap_or(false);
        let connect_timeout = self.fields.integer("connect_timeout", 1, 300).map(Duration::from_secs);
        let command_timeout = self.fields.integer("command_timeout", 1, 3600).map(Duration::from_secs);
        let max_sessions = self.fields.integer("max_sessions", 1, 32).map(narrow);
        let custom = object.iter().filter(|(key, _)| !OURS.contains(&key.as_str()));
        Some(Entry {
            name: self.name.to_owned(),
            host: host?,
            port,
            // File transfers use the ordinary SSH port where NETCONF has its own.
            scp_port: scp_port.unwrap_or(if port == 830 { 22 } else { port }),
            username: username?,
            auth: auth?,
            ssh_config,
            tags,
            description,
            rules: rules?,
            read_only,
            connect_timeout,
            command_timeout,
            max_sessions,
            custom: custom.map(|(key, value)| (key.clone(), value.clone())).collect(),
        })
    }

    fn host(&mut self) -> Option<String> {
        if self.fields.get("ip").is_none() {
            self.fields.missing("ip");
            return None;
        }
        self.fields
            .string("ip", "an IPv4 address, an IPv6 address or a host name", is_host)
    }

    fn username(&mut self) -> Option<String> {
        if self.fields.get("username").is_none() {
            self.fields.missing("username");
            return None;
        }
        let fits = |text: &str| {
            (1..=64).contains(&text.chars().count())
                && !text.starts_with('-')
                && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        self.fields.string(
            "username",
            "1 to 64 printable characters without a blank or a leading '-'",
            fits,
        )
    }

    fn auth(&mut self) -> Option<Auth> {
        let Some(value) = self.fields.get("auth") else {
            return self.legacy_password();
        };
        let Value::Object(object) = value else {
            self.fields.wrong("auth", "an object", value);
            return None;
        };
        let mut fields = Fields::of(object, "auth.");
        if fields.get("type").is_none() {
            let text = "'auth.type' is missing: use 'password', 'ssh_key' or 'ssh_agent'";
            fields.problems.push(Problem::fixed(text));
        }
        let auth = match fields.string("type", "a string", |_| true).as_deref() {
            None => None,
            Some("password") => self.password(&mut fields),
            Some("ssh_key") => self.ssh_key(&mut fields),
            Some("ssh_agent") => Some(self.ssh_agent(&mut fields)),
            Some(other) => {
                let other = cut(other);
                let text = format!("unsupported auth type '{other}': use 'password', 'ssh_key' or 'ssh_agent'");
                fields.problems.push(Problem::fixed(text));
                None
            }
        };
        self.fields.problems.append(&mut fields.problems);
        auth
    }

    /// Juniper's server also reads a password beside the address.
    fn legacy_password(&mut self) -> Option<Auth> {
        if self.fields.get("password").is_none() {
            self.fields.problems.push(Problem::fixed(
                "no authentication: add 'auth', or 'password' (deprecated)",
            ));
            return None;
        }
        let password = self.fields.string("password", "a string", |text| !text.is_empty())?;
        Some(Auth::Password(SecretRef::Inline(password.into())))
    }

    fn password(&mut self, fields: &mut Fields<'_>) -> Option<Auth> {
        let found = self.secrets(fields, "password", "password_env", "password_file");
        if found.len() != 1 {
            fields.problems.push(Problem::fixed(
                "auth type 'password' needs exactly one of 'password', 'password_env', 'password_file'",
            ));
            return None;
        }
        found.into_iter().next().flatten().map(Auth::Password)
    }

    fn ssh_key(&mut self, fields: &mut Fields<'_>) -> Option<Auth> {
        let found = self.secrets(fields, "passphrase", "passphrase_env", "passphrase_file");
        if found.len() > 1 {
            fields.problems.push(Problem::fixed(
                "at most one of 'passphrase', 'passphrase_env', 'passphrase_file'",
            ));
        }
        if fields.get("private_key_path").is_none() {
            fields
                .problems
                .push(Problem::fixed("auth type 'ssh_key' needs 'private_key_path'"));
            return None;
        }
        let path = fields.string("private_key_path", "a path", |text| !text.is_empty())?;
        Some(Auth::Key {
            key: KeySource::File(self.resolve(&path)),
            passphrase: found.into_iter().next().flatten(),
        })
    }

    fn ssh_agent(&mut self, fields: &mut Fields<'_>) -> Auth {
        let is_identity = |text: &str| text.starts_with(FINGERPRINT) || text.ends_with(".pub");
        let socket = fields.string("socket", "a path", |text| !text.is_empty());
        let identity = fields.string("identity", "'SHA256:…' or the path of a .pub file", is_identity);
        Auth::Agent {
            socket: socket.map(|path| self.resolve(&path)),
            identity: identity.map(|identity| match identity.starts_with(FINGERPRINT) {
                true => identity,
                false => self.resolve(&identity).display().to_string(),
            }),
        }
    }

    /// The given ones of three ways to name a secret; `None` where the value does not fit.
    fn secrets(
        &mut self,
        fields: &mut Fields<'_>,
        inline: &'static str,
        env: &'static str,
        file: &'static str,
    ) -> Vec<Option<SecretRef>> {
        let mut found = Vec::new();
        if fields.get(inline).is_some() {
            let secret = fields.string(inline, "a string", |text| !text.is_empty());
            found.push(secret.map(|text| SecretRef::Inline(SecretString::from(text))));
        }
        if fields.get(env).is_some() {
            let name = fields.string(env, "the name of an environment variable", is_variable);
            found.push(name.map(|name| SecretRef::Env(name, env)));
        }
        if fields.get(file).is_some() {
            let path = fields.string(file, "a path", |text| !text.is_empty());
            found.push(path.map(|path| SecretRef::File(self.resolve(&path), file)));
        }
        found
    }

    fn rules(&mut self, defaults: &Defaults) -> Option<Arc<Rules>> {
        let Some(value) = self.fields.get("blocklist") else {
            return Some(Arc::clone(&defaults.compiled));
        };
        let compiled = super::file::rules(value, "blocklist")
            .and_then(|own| Rules::compile(&defaults.written, &own).map_err(|fault| fault.to_string()));
        match compiled {
            Ok(rules) => Some(Arc::new(rules)),
            Err(text) => {
                self.fields.problems.push(Problem::fixed(text));
                None
            }
        }
    }

    fn path(&mut self, name: &str) -> Option<PathBuf> {
        let path = self.fields.string(name, "a path", |text| !text.is_empty())?;
        Some(self.resolve(&path))
    }

    /// Relative paths start at the inventory's folder; Juniper's server starts at the working directory, which is tried next.
    fn resolve(&mut self, path: &str) -> PathBuf {
        let path = environment::expand_home(path);
        if path.is_absolute() {
            return path;
        }
        let beside = self.base.join(&path);
        if !beside.exists() && path.exists() {
            self.warnings.push(format!(
                "device '{}': '{}' is taken from the working directory; the inventory's folder does not hold it",
                self.name,
                path.display()
            ));
            return path;
        }
        beside
    }
}

fn narrow<T: TryFrom<u64>>(number: u64) -> T {
    T::try_from(number)
        .ok()
        .expect("the range was checked against the type")
}

fn is_variable(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
