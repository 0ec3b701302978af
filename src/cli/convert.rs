//! From options to the settings that the modules declare.

use std::{path::PathBuf, time::Duration};

use super::{
    oauth,
    options::{Confirm, Options, Transport},
};
use crate::settings::{ConfirmPolicy, DeviceSettings, KnownHosts, OAuthSettings, OutputSettings, ToolSettings};

/// More calls than memory has room for; as many as can be counted.
const NO_LIMIT: usize = tokio::sync::Semaphore::MAX_PERMITS;

impl Options {
    /// How routers are reached.
    pub(super) fn devices(&self, known_hosts: Option<PathBuf>) -> DeviceSettings {
        DeviceSettings {
            known_hosts: known_hosts.map_or_else(|| KnownHosts::Memory(String::new()), KnownHosts::File),
            accept_new: self.ssh_accept_new_host_keys,
            connect_timeout: Duration::from_secs(self.connect_timeout_secs),
            sessions: size(self.router_sessions),
            idle: Duration::from_secs(self.pool_idle_secs),
            keepalive: Duration::from_secs(self.keepalive_secs),
            metrics_per_router: self.http.metrics_per_router,
            ..DeviceSettings::default()
        }
    }

    /// Which tools are offered, and the time of a command.
    pub(super) fn tools(&self) -> ToolSettings {
        ToolSettings {
            read_only: self.read_only,
            toolsets: self.toolsets.clone(),
            tools: self.tools.clone(),
            exclude_tools: self.exclude_tools.clone(),
            command_timeout: Duration::from_secs(self.command_timeout_secs),
            confirm: match self.confirm {
                Confirm::Destroy => ConfirmPolicy::Destroy,
                Confirm::Commits => ConfirmPolicy::Commits,
                Confirm::Strict => ConfirmPolicy::Strict,
            },
            inventory_readonly: self.inventory_readonly,
            password_auth_add: self.allow_password_auth_add,
            calls: match self.max_inflight_requests {
                0 => NO_LIMIT,
                limit => size(limit),
            },
            calls_per_router: size(self.max_inflight_requests_per_router),
        }
    }

    /// How much of an output is shown, and how long the rest is kept.
    pub(super) fn output(&self) -> OutputSettings {
        OutputSettings {
            max_bytes: size(self.max_output_bytes),
            store_bytes: size(self.output_store_bytes),
            store_for: Duration::from_secs(self.output_store_secs),
        }
    }

    /// Whose signed tokens are accepted; nobody is asked for one on stdio.
    pub(super) fn oauth(&self) -> Option<OAuthSettings> {
        match self.transport {
            Transport::Stdio => None,
            Transport::StreamableHttp => oauth::settings(&self.http),
        }
    }

    /// Where bearer tokens are; nobody is asked for one on stdio.
    pub(super) fn tokens(&self) -> Option<PathBuf> {
        match self.transport {
            Transport::Stdio => None,
            Transport::StreamableHttp => self.http.tokens_file.clone(),
        }
    }

    /// How often files are looked at for changes; none looks never.
    pub(super) fn watch(&self) -> Option<Duration> {
        (self.file_watch_secs > 0).then(|| Duration::from_secs(self.file_watch_secs))
    }

    /// The options in force that make the process less guarded.
    pub(super) fn weakened(&self) -> Vec<&'static str> {
        let over_http = self.transport == Transport::StreamableHttp;
        let flags = [
            (self.show_secrets, "show-secrets"),
            (self.ssh_accept_new_host_keys, "ssh-accept-new-host-keys"),
            (self.insecure_file_modes, "insecure-file-modes"),
            (self.allow_password_auth_add, "allow-password-auth-add"),
            (over_http && self.http.allow_no_auth, "allow-no-auth"),
            (over_http && self.http.allow_insecure_bind, "allow-insecure-bind"),
            (over_http && self.http.disable_host_check, "disable-host-check"),
        ];
        flags
            .into_iter()
            .filter_map(|(is_on, name)| is_on.then_some(name))
            .collect()
    }

    /// Time that running calls get once the server is asked to end.
    pub(super) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_secs)
    }
}

/// A number whose range was checked when it was read.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
