//! The way to a router: where it really is, who logs in, and which hosts lie in between.

use std::{collections::VecDeque, path::PathBuf};

use super::{
    fault::DialFault,
    hop_name::HopName,
    login::Login,
    proxy_command::{self, Tokens},
    ssh_config::{ConfigFault, Host, Proxy, SshConfig, SshConfigs, expand},
};
use crate::inventory::{Auth, Entry, KeySource, expand_home};

/// A longer chain is a mistake in the file.
const MAX_HOPS: usize = 8;

/// The port of SSH, which an inventory entry has when it names none.
const SSH_PORT: u16 = 22;

/// What the first connection runs over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// TCP, or a pipe in this process.
    Direct,
    /// What a command reads and writes.
    Command(String),
}

/// A host to log in to.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) logins: Vec<Login>,
}

/// The whole way.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) start: Start,
    pub(super) hops: Vec<Point>,
    pub(super) target: Point,
}

impl Route {
    /// The way to the router of an entry, as its `ssh_config` has it.
    ///
    /// HostName and IdentityFile of the file count, Port where the entry leaves the default; the entry's user always
    /// does. For jump hosts the file alone is asked, and the entry where the file is silent.
    pub(super) fn of(entry: &Entry, configs: &SshConfigs) -> Result<Self, DialFault> {
        let Some(path) = &entry.ssh_config else {
            return Ok(Self {
                start: Start::Direct,
                hops: Vec::new(),
                target: Point {
                    host: entry.host.clone(),
                    port: entry.port,
                    user: entry.username.clone(),
                    logins: vec![certain(&entry.auth)],
                },
            });
        };
        let config = configs.open(path)?;
        let mut survey = Survey {
            config: &config,
            entry,
            hops: VecDeque::new(),
        };
        let (target, start) = survey.target()?;
        Ok(Self {
            start,
            hops: survey.hops.into(),
            target,
        })
    }
}

impl Point {
    fn is_at(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(&other.host) && self.port == other.port && self.user == other.user
    }

    /// As messages name it.
    pub(super) fn shown(&self) -> String {
        match self.host.contains(':') {
            true => format!("'{}@[{}]:{}'", self.user, self.host, self.port),
            false => format!("'{}@{}:{}'", self.user, self.host, self.port),
        }
    }
}

fn certain(auth: &Auth) -> Login {
    Login {
        auth: auth.clone(),
        optional: false,
    }
}

struct Survey<'a> {
    config: &'a SshConfig,
    entry: &'a Entry,
    hops: VecDeque<Point>,
}

impl Survey<'_> {
    fn target(&mut self) -> Result<(Point, Start), ConfigFault> {
        let entry = self.entry;
        let found = self.config.host(&entry.host)?;
        let mut target = Point {
            host: found.name.clone().unwrap_or_else(|| entry.host.clone()),
            port: match entry.port {
                SSH_PORT => found.port.unwrap_or(SSH_PORT),
                port => port,
            },
            user: entry.username.clone(),
            logins: Vec::new(),
        };
        // A key that the inventory names is the key.
        if !matches!(entry.auth, Auth::Key { .. }) {
            target.logins = self.identities(&found, &entry.host, &target)?;
        }
        target.logins.push(certain(&entry.auth));
        let start = self.follow(found.proxy, &entry.host, &target)?;
        Ok((target, start))
    }

    /// Adds the hops before `point`, nearest to it last; what was added before lies behind `point`.
    fn follow(&mut self, proxy: Option<Proxy>, alias: &str, point: &Point) -> Result<Start, ConfigFault> {
        let list = match proxy {
            None => return Ok(Start::Direct),
            Some(Proxy::Jump(list)) => HopName::list(&list).map_err(|reason| self.config.fault(alias, reason))?,
            Some(Proxy::Command(command)) => match proxy_command::as_jump(&command) {
                Some(hop) => vec![hop],
                None => {
                    let tokens = Tokens {
                        host: &point.host,
                        port: point.port,
                        user: &point.user,
                        alias,
                    };
                    let command = tokens.fill_in(&command);
                    let command = command.map_err(|reason| self.config.fault(alias, reason))?;
                    return Ok(Start::Command(command));
                }
            },
        };
        // What stands for every host stands for the jump host too; it is not reached through itself.
        if let Some(first) = list.first() {
            let (hop, _) = self.hop(first)?;
            if hop.is_at(point) {
                return Ok(Start::Direct);
            }
        }
        let mut first = None;
        for name in list.iter().rev() {
            if self.hops.len() == MAX_HOPS {
                let reason = format!("more than {MAX_HOPS} jump hosts, or jump hosts in a circle");
                return Err(self.config.fault(alias, reason));
            }
            let (hop, found) = self.hop(name)?;
            self.hops.push_front(hop.clone());
            first = Some((name, hop, found));
        }
        match first {
            Some((name, hop, found)) => self.follow(found.proxy, &name.host, &hop),
            None => Ok(Start::Direct),
        }
    }

    fn hop(&self, name: &HopName) -> Result<(Point, Host), ConfigFault> {
        let mut found = self.config.host(&name.host)?;
        if !name.identity_files.is_empty() {
            found.identity_files.clone_from(&name.identity_files);
        }
        let user = name.user.clone().or_else(|| found.user.clone());
        let mut hop = Point {
            host: found.name.clone().unwrap_or_else(|| name.host.clone()),
            port: name.port.or(found.port).unwrap_or(SSH_PORT),
            user: user.unwrap_or_else(|| self.entry.username.clone()),
            logins: Vec::new(),
        };
        hop.logins = self.identities(&found, &name.host, &hop)?;
        // A password is for the account that it belongs to, and for no other.
        let fits = hop.user == self.entry.username || !matches!(self.entry.auth, Auth::Password(_));
        if hop.logins.is_empty() && fits {
            hop.logins.push(certain(&self.entry.auth));
        }
        Ok((hop, found))
    }

    fn identities(&self, found: &Host, alias: &str, point: &Point) -> Result<Vec<Login>, ConfigFault> {
        let passphrase = match &self.entry.auth {
            Auth::Key { passphrase, .. } => passphrase.clone(),
            _ => None,
        };
        let value = |token| match token {
            'd' => Some(expand_home("~/").to_string_lossy().trim_end_matches('/').to_owned()),
            'h' => Some(point.host.clone()),
            'n' => Some(alias.to_owned()),
            'p' => Some(point.port.to_string()),
            'r' => Some(point.user.clone()),
            _ => None,
        };
        let files = found.identity_files.iter().map(|file| {
            let path =
                expand(file, value).map_err(|reason| self.config.fault(alias, format!("IdentityFile: {reason}")));
            path.map(|path| Login {
                auth: Auth::Key {
                    key: KeySource::File(absolute(&path)),
                    passphrase: passphrase.clone(),
                },
                optional: true,
            })
        });
        files.collect()
    }
}

fn absolute(path: &str) -> PathBuf {
    expand_home(path)
}

#[cfg(test)]
mod tests;
