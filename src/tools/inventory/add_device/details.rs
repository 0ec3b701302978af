//! What is to be known of a router before it is added, as arguments and as an entry of the file.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    inventory::{is_host, is_tag, name_fault},
    tools::{call::Call, code::Code, failure::Failure},
};

/// NETCONF over SSH on the router's ordinary port.
const PORT: u16 = 22;

/// Add a Junos device to the inventory and remember its SSH host key. Missing details are asked from the user when the client
/// supports it; passwords are never asked. Can test the connection before saving.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {
    /// A new name, for every other tool.
    #[schemars(length(max = 128))]
    pub(super) device_name: Option<String>,
    /// Address or host name; IPv6 without brackets.
    #[schemars(length(max = 253))]
    pub(super) device_ip: Option<String>,
    /// Port of NETCONF over SSH, usually 22 or 830. Default 22.
    #[schemars(range(min = 0, max = 65535))]
    pub(super) device_port: Option<u16>,
    /// Login name.
    #[schemars(length(max = 64))]
    pub(super) username: Option<String>,
    /// How to log in.
    pub(super) auth: Option<Auth>,
    /// Words to select it by, as tag:x.
    #[schemars(length(max = 16), inner(length(max = 32)))]
    pub(super) tags: Option<Vec<String>>,
    /// Log in once before saving, and save only if that works.
    pub(super) test_connection: Option<bool>,
    /// Look at the host key and remember it, also where nobody can be asked.
    pub(super) enroll_host_key: Option<bool>,
    /// The host key that you vouch for, as SHA256:…
    #[schemars(length(max = 64))]
    pub(super) host_key_fingerprint: Option<String>,
}

/// A way to log in.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    /// password only where the operator allows it.
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    /// For ssh_key: a file on the server's host.
    #[schemars(length(max = 1024))]
    pub(super) private_key_path: Option<String>,
    /// For password.
    #[schemars(length(max = 1024))]
    pub(super) password: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    SshKey,
    SshAgent,
    Password,
}

/// A login that can be written down.
#[derive(Clone)]
enum Login {
    Key(String),
    Agent,
    Password(String),
}

/// Everything that is known of a router, each part of it good for itself.
#[derive(Clone)]
pub(super) struct Details {
    pub(super) device_name: String,
    pub(super) device_ip: String,
    pub(super) device_port: u16,
    pub(super) username: String,
    login: Login,
    pub(super) tags: Vec<String>,
    pub(super) test_connection: bool,
}

impl Args {
    /// The same without what stands for nothing: clients that fill in a schema send empty strings and zeros.
    pub(super) fn without_blanks(mut self) -> Self {
        let texts = [
            &mut self.device_name,
            &mut self.device_ip,
            &mut self.username,
            &mut self.host_key_fingerprint,
        ];
        for text in texts {
            if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
                *text = None;
            }
        }
        self.device_port = self.device_port.filter(|port| *port != 0);
        if let Some(auth) = &mut self.auth {
            for text in [&mut auth.private_key_path, &mut auth.password] {
                *text = text.take().filter(|text| !text.is_empty());
            }
        }
        self
    }

    /// What is needed and not there.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let needed = [
            ("device_name", self.device_name.is_some()),
            ("device_ip", self.device_ip.is_some()),
            ("username", self.username.is_some()),
            ("auth", self.auth.is_some()),
        ];
        let absent = needed.into_iter().filter(|(_, given)| !given);
        absent.map(|(name, _)| name).collect()
    }

    /// Whether the host key is to be looked at, whoever asks.
    pub(super) fn wants_key(&self) -> bool {
        self.enroll_host_key == Some(true) || self.host_key_fingerprint.is_some() || self.test_connection == Some(true)
    }

    /// The details, once each part is good; what is missing is named.
    pub(super) fn judged(&self, call: &Call) -> Result<Details, Failure> {
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(missing_arguments(&missing));
        }
        self.judge_parts(call)?;
        Ok(Details {
            device_name: self.device_name.clone().unwrap_or_default(),
            device_ip: self.device_ip.clone().unwrap_or_default(),
            device_port: self.device_port.unwrap_or(PORT),
            username: self.username.clone().unwrap_or_default(),
            login: self.auth.as_ref().map_or(Ok(Login::Agent), |auth| auth.login(call))?,
            tags: self.tags.clone().unwrap_or_default(),
            test_connection: self.test_connection == Some(true),
        })
    }

    /// Refuses what is there and no good.
    pub(super) fn judge_parts(&self, call: &Call) -> Result<(), Failure> {
        if let Some(reason) = self.device_name.as_deref().and_then(name_fault) {
            return Err(unfit("device_name", reason));
        }
        if self.device_ip.as_deref().is_some_and(|host| !is_host(host)) {
            return Err(unfit(
                "device_ip",
                "it must be an IPv4 address, an IPv6 address or a host name",
            ));
        }
        if self.username.as_deref().is_some_and(|name| !is_username(name)) {
            let rule = "it must have 1 to 64 letters, digits, '_', '.' or '-', and not begin with '-'";
            return Err(unfit("username", rule));
        }
        if self.tags.iter().flatten().any(|tag| !is_tag(tag)) {
            return Err(unfit("tags", "a tag has 1 to 32 letters, digits, '_', '.' or '-'"));
        }
        if self
            .host_key_fingerprint
            .as_deref()
            .is_some_and(|text| !text.starts_with("SHA256:"))
        {
            return Err(unfit("host_key_fingerprint", "it must begin with SHA256:"));
        }
        match &self.auth {
            Some(auth) => auth.login(call).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl Auth {
    fn login(&self, call: &Call) -> Result<Login, Failure> {
        match (self.kind, &self.private_key_path, &self.password) {
            (Kind::Password, ..) if !call.services().settings.password_auth_add => Err(Failure::new(
                Code::PasswordAuthNotAllowed,
                "password authentication is not allowed; start with --allow-password-auth-add",
            )
            .hint("nothing was added; use type ssh_key or ssh_agent")),
            (Kind::SshKey, Some(path), None) => Ok(Login::Key(path.clone())),
            (Kind::SshAgent, None, None) => Ok(Login::Agent),
            (Kind::Password, None, Some(password)) => Ok(Login::Password(password.clone())),
            (Kind::SshKey, ..) => Err(unfit("auth", "ssh_key needs private_key_path and nothing else")),
            (Kind::SshAgent, ..) => Err(unfit("auth", "ssh_agent takes nothing else")),
            (Kind::Password, ..) => Err(unfit("auth", "password needs password and nothing else")),
        }
    }
}

impl Details {
    /// The entry as it is written down.
    pub(super) fn entry(&self) -> Map<String, Value> {
        let auth = match &self.login {
            Login::Key(path) => json!({"type": "ssh_key", "private_key_path": path}),
            Login::Agent => json!({"type": "ssh_agent"}),
            Login::Password(password) => json!({"type": "password", "password": password}),
        };
        let mut entry = Map::new();
        entry.insert("ip".to_owned(), json!(self.device_ip));
        entry.insert("port".to_owned(), json!(self.device_port));
        entry.insert("username".to_owned(), json!(self.username));
        entry.insert("auth".to_owned(), auth);
        if !self.tags.is_empty() {
            entry.insert("tags".to_owned(), json!(self.tags));
        }
        entry
    }

    /// Name, place and login, for people.
    pub(super) fn words(&self) -> String {
        format!(
            "{} at {} port {} as {}",
            self.device_name, self.device_ip, self.device_port, self.username
        )
    }
}

fn is_username(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=64).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(fits)
}

/// What to give, where nobody can be asked for it.
fn missing_arguments(missing: &[&str]) -> Failure {
    let quoted: Vec<String> = missing.iter().map(|name| format!("\"{name}\"")).collect();
    Failure::new(
        Code::MissingArgument,
        format!("missing required arguments: [{}] for add_device", quoted.join(", ")),
    )
    .hint("nothing was added; ask the user for them, auth is {\"type\":\"ssh_key\",\"private_key_path\":\"…\"} or {\"type\":\"ssh_agent\"}")
    .detail("missing", missing.to_vec())
}

fn unfit(argument: &str, rule: &str) -> Failure {
    Failure::new(Code::InvalidArgument, format!("argument '{argument}': {rule}"))
        .hint("nothing was added; give another value")
        .detail("argument", argument)
}
