//! What a running process owns that tools work with, and the settings that bind them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::task::TaskTracker;

use super::asking::{ConfirmPolicy, Register};
use crate::{
    clock::Clock, devices::Devices, inventory::Stock, jobs::Jobs, metrics::Metrics, output::Outputs,
    template::Renderer, transfer::Staging,
};

/// The policy and limits that bind all tools.
#[derive(Clone, Debug)]
pub struct ToolSettings {
    /// Hides tools that change something and confines free-form commands to those that read.
    pub read_only: bool,
    /// The toolsets offered; empty means all.
    pub toolsets: Vec<String>,
    /// Single tools offered besides; without toolsets exactly these.
    pub tools: Vec<String>,
    /// Tools not offered, whatever else is said.
    pub exclude_tools: Vec<String>,
    /// Time for a command whose call and router say nothing.
    pub command_timeout: Duration,
    /// Which calls need a plan or a person.
    pub confirm: ConfirmPolicy,
    /// Whether the file of the inventory is left alone.
    pub inventory_readonly: bool,
    /// Whether a router may be added with a password.
    pub password_auth_add: bool,
    /// Calls that may run at a time.
    pub calls: usize,
    /// Calls that may run or wait for one router at a time.
    pub calls_per_router: usize,
}

impl Default for ToolSettings {
    fn default() -> Self {
        Self {
            read_only: false,
            toolsets: Vec::new(),
            tools: Vec::new(),
            exclude_tools: Vec::new(),
            command_timeout: Duration::from_secs(360),
            confirm: ConfirmPolicy::default(),
            inventory_readonly: false,
            password_auth_add: false,
            calls: 256,
            calls_per_router: 32,
        }
    }
}

/// The parts of a process that tools use.
pub(crate) struct Services {
    pub(crate) settings: ToolSettings,
    pub(crate) devices: Devices,
    /// The routers in use; a call keeps those that it begins with.
    pub(crate) stock: Stock,
    pub(crate) outputs: Outputs,
    pub(crate) metrics: Metrics,
    pub(crate) admission: Admission,
    /// What can be used once: tokens of plans, answers to questions.
    pub(crate) register: Register,
    pub(crate) clock: Clock,
    pub(crate) facts: ProcessFacts,
    /// Work that outlives its call.
    pub(crate) jobs: Jobs,
    /// Templates are rendered by it.
    pub(crate) renderer: Renderer,
    /// Where files wait for routers.
    pub(crate) staging: Staging,
    /// Work that a shutdown waits for: changes to routers, from their lock on.
    pub(crate) protected: TaskTracker,
}

/// What `server_status` says about the process itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessFacts {
    pub(crate) started_at: chrono::DateTime<chrono::Utc>,
    pub(crate) text_bytes: usize,
    pub(crate) show_secrets: bool,
    pub(crate) accept_new_host_keys: bool,
    pub(crate) sessions_per_router: usize,
    pub(crate) toolsets: Vec<&'static str>,
    pub(crate) tools_offered: usize,
}

/// How many calls run or wait for each router, by address, so that two names of one box count together.
pub(crate) struct Admission {
    limit: usize,
    running: Arc<Mutex<HashMap<(String, u16), usize>>>,
}

/// A call's place at one router; given back when dropped.
pub(crate) struct Place {
    key: (String, u16),
    running: Arc<Mutex<HashMap<(String, u16), usize>>>,
}

impl Admission {
    /// Admits up to `limit` calls per router.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            running: Arc::default(),
        }
    }

    /// A place at the router, or how many calls hold one already.
    pub(crate) fn enter(&self, host: &str, port: u16) -> Result<Place, usize> {
        let key = (host.to_owned(), port);
        let mut running = self.running.lock().expect("no code panics while it holds the lock");
        let count = running.entry(key.clone()).or_insert(0);
        if *count >= self.limit {
            return Err(*count);
        }
        *count += 1;
        Ok(Place {
            key,
            running: Arc::clone(&self.running),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.running.lock().expect("no code panics while it holds the lock");
        if let Some(count) = running.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_per_address_and_given_back() {
        let admission = Admission::new(2);
        let first = admission.enter("192.0.2.1", 22).expect("free");
        let _second = admission.enter("192.0.2.1", 22).expect("free");
        assert_eq!(admission.enter("192.0.2.1", 22).err(), Some(2));
        assert!(admission.enter("192.0.2.1", 830).is_ok());
        drop(first);
        assert!(admission.enter("192.0.2.1", 22).is_ok());
    }
}
