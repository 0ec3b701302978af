//! The OpenSSH client files that inventory entries name: what they say about a host.

mod include;
mod lines;
mod words;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rustnetconf::ssh_config::{ResolvedHost, SshConfigFile};

use super::stamp::Stamp;
use lines::Flat;

pub(super) use words::{expand, words};

/// Why a file cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ConfigFault {
    #[error("ssh_config '{}' not found", path.display())]
    Missing { path: PathBuf },
    #[error("ssh_config '{}' cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("ssh_config '{}' line {line}: {reason}", path.display())]
    Line { path: PathBuf, line: usize, reason: String },
    #[error("ssh_config '{}', host '{host}': {reason}", path.display())]
    Host {
        path: PathBuf,
        host: String,
        reason: String,
    },
}

/// How a host is reached when not directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// Through these hosts, first one first: `[user@]host[:port]`, separated by commas.
    Jump(String),
    /// Through what this command reads and writes.
    Command(String),
}

/// What a file says about one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) identity_files: Vec<String>,
    pub(super) proxy: Option<Proxy>,
}

/// One file with everything it includes.
#[derive(Debug)]
pub(super) struct SshConfig {
    path: PathBuf,
    file: SshConfigFile,
    /// One for each `IdentityFile`, because the library keeps the first only.
    identities: Vec<SshConfigFile>,
}

impl SshConfig {
    fn of(path: &Path, flat: &Flat) -> Result<Self, ConfigFault> {
        let parse = |text: &str| {
            SshConfigFile::parse_str(text, None).map_err(|error| ConfigFault::Unreadable {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        };
        Ok(Self {
            path: path.to_owned(),
            file: parse(&flat.text)?,
            identities: flat
                .identities
                .iter()
                .map(|text| parse(text))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Everything said about a name; what is said first counts, except that all `IdentityFile` lines do.
    pub(super) fn host(&self, alias: &str) -> Result<Host, ConfigFault> {
        let found: ResolvedHost = self.file.resolve(alias);
        let name = found.hostname.as_deref().map(lines::decode);
        let name = name
            .map(|name| expand(&name, |token| (token == 'h').then(|| alias.to_owned())))
            .transpose()
            .map_err(|reason| self.fault(alias, format!("HostName: {reason}")))?;
        let identities = self.identities.iter();
        Ok(Host {
            name,
            port: found.port,
            user: found.user.as_deref().map(lines::decode),
            identity_files: identities
                .filter_map(|one| one.resolve(alias).identity_file.as_deref().map(lines::decode))
                .collect(),
            proxy: found.proxy_command.as_deref().and_then(lines::proxy),
        })
    }

    /// A complaint about what the file says of a host.
    pub(super) fn fault(&self, host: &str, reason: String) -> ConfigFault {
        ConfigFault::Host {
            path: self.path.clone(),
            host: host.to_owned(),
            reason,
        }
    }
}

/// All files in use, read again when they change.
#[derive(Debug, Default)]
pub(super) struct SshConfigs(Mutex<HashMap<PathBuf, Cached>>);

#[derive(Debug)]
struct Cached {
    /// Every file and folder that was looked at, and how it was; absent ones too.
    seen: Vec<(PathBuf, Option<Stamp>)>,
    config: Result<Arc<SshConfig>, ConfigFault>,
}

impl Cached {
    fn is_current(&self) -> bool {
        self.seen.iter().all(|(path, stamp)| Stamp::of(path).ok() == *stamp)
    }
}

impl SshConfigs {
    /// The file as it is now.
    pub(super) fn open(&self, path: &Path) -> Result<Arc<SshConfig>, ConfigFault> {
        let mut cache = self.0.lock().expect("no code panics while it holds the lock");
        if let Some(cached) = cache.get(path).filter(|cached| cached.is_current()) {
            return cached.config.clone();
        }
        let mut flat = Flat::default();
        let config = flat.add(path).and_then(|()| SshConfig::of(path, &flat)).map(Arc::new);
        let cached = Cached {
            seen: flat.seen,
            config: config.clone(),
        };
        cache.insert(path.to_owned(), cached);
        config
    }
}

#[cfg(test)]
mod tests;
