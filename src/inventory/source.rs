//! Where the routers come from.

use std::{path::PathBuf, sync::Arc};

use secrecy::SecretString;
use serde_json::Map;

use super::{Auth, Entry, FileFault, Inventory, KeySource};
use crate::blocklist::Rules;

/// Where the routers come from.
#[derive(Clone, Debug)]
pub enum InventorySource {
    /// A file, which can be loaded again.
    File(PathBuf),
    /// The text of such a file; relative paths in it start at the working directory.
    Text(String),
    /// Routers that are in no file.
    Memory(Vec<MemoryRouter>),
}

/// A router that is in no file; one logs in to it with a key that is in no file either.
#[derive(Clone, Debug)]
pub struct MemoryRouter {
    /// Its name.
    pub name: String,
    /// Address or host name.
    pub host: String,
    /// Port of NETCONF over SSH.
    pub port: u16,
    /// Login name.
    pub username: String,
    /// Private key in OpenSSH's format.
    pub private_key: SecretString,
    /// Words for selectors such as `tag:core`.
    pub tags: Vec<String>,
    /// A text shown to the model.
    pub description: Option<String>,
}

impl InventorySource {
    /// The routers as they are now.
    pub(crate) fn load(&self) -> Result<Inventory, FileFault> {
        match self {
            Self::File(path) => Inventory::read(path),
            Self::Text(text) => Inventory::parse(text.as_bytes(), &PathBuf::from(".")),
            Self::Memory(routers) => Ok(Inventory::of_entries(routers.iter().map(MemoryRouter::entry))),
        }
    }
}

impl MemoryRouter {
    fn entry(&self) -> Entry {
        Entry {
            name: self.name.clone(),
            host: self.host.clone(),
            port: self.port,
            scp_port: self.port,
            username: self.username.clone(),
            auth: Auth::Key {
                key: KeySource::Memory(self.private_key.clone()),
                passphrase: None,
            },
            ssh_config: None,
            tags: self.tags.clone(),
            description: self.description.clone(),
            rules: Arc::new(Rules::default()),
            read_only: false,
            connect_timeout: None,
            command_timeout: None,
            max_sessions: None,
            custom: Map::new(),
        }
    }
}
