//! What a router remembers once somebody has used it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::candidate::{Databases, Editor};
use super::config::{Encoder, LoadAction, LoadFormat, Tree};
use super::files::{File, Files, ROOT};
use super::profile::Profile;
use super::show::PROTOCOLS_DELAY;
use super::software::Software;
use super::syslog::Syslog;

/// Routers of a lab have been up for a while when it starts.
const UPTIME: TimeDelta = TimeDelta::seconds(37 * 86_400 + 4 * 3_600 + 25 * 60);

/// Where the log lies.
const LOG: &str = "/var/log/messages";

/// Somebody who has the configuration open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AtWork {
    pub(super) editor: Editor,
    /// Whether nobody else may edit.
    pub(super) exclusive: bool,
    /// The level, as `[edit …]`.
    pub(super) place: String,
}

/// Where the names of the engines lie.
const HOSTS: &str = "/etc/hosts.junos";

/// The memory of one router.
#[derive(Debug)]
pub(super) struct State {
    /// Candidate, history, locks.
    pub(super) databases: Databases<Tree>,
    /// The rescue configuration and when it was saved.
    pub(super) rescue: Option<(Tree, DateTime<Utc>)>,
    /// The virtual disk.
    pub(super) files: Files,
    /// Where relative paths of a session begin, when somebody moved there.
    pub(super) folders: BTreeMap<u32, String>,
    /// The `messages` log.
    pub(super) log: Syslog,
    /// When the router last started.
    pub(super) booted: DateTime<Utc>,
    /// How long routing took to start after it.
    pub(super) protocols_delay: TimeDelta,
    /// The releases that are on it.
    pub(super) software: Software,
    /// People at the router's own CLI, by account.
    pub(super) colleagues: BTreeMap<String, Editor>,
    /// Sessions of the command line in configuration mode, by process id, and the level they are at.
    pub(super) configuring: BTreeMap<u32, (Editor, String)>,
    /// Until when somebody is already waiting for an unconfirmed commit.
    pub(super) watched: Option<DateTime<Utc>>,
}

impl State {
    /// A router that was configured when it was installed.
    pub(super) fn new(configuration: Tree, profile: &'static Profile, now: DateTime<Utc>) -> Self {
        let booted = now - UPTIME;
        let mut files = Files::new(profile.storage, booted);
        if !profile.internal_hosts.is_empty() {
            let known = files.get(HOSTS).and_then(File::content);
            let mut hosts = known.map(|content| content.text().into_owned()).unwrap_or_default();
            for (address, names) in profile.internal_hosts {
                hosts.push_str(&format!("{address} {names}\n"));
            }
            files.write(HOSTS, hosts, ROOT, booted);
        }
        Self {
            databases: Databases::new(configuration, booted + TimeDelta::seconds(184)),
            rescue: None,
            files,
            folders: BTreeMap::new(),
            log: Syslog::default(),
            booted,
            protocols_delay: PROTOCOLS_DELAY,
            software: Software::new(profile.version),
            colleagues: BTreeMap::new(),
            configuring: BTreeMap::new(),
            watched: None,
        }
    }

    /// Everybody who has the configuration open, by process id.
    pub(super) fn editing(&self) -> Vec<AtWork> {
        let mut list: BTreeMap<u32, AtWork> = BTreeMap::new();
        for (editor, place) in self.configuring.values() {
            let (editor, place) = (editor.clone(), place.clone());
            let exclusive = false;
            list.insert(
                editor.id,
                AtWork {
                    editor,
                    exclusive,
                    place,
                },
            );
        }
        for (editor, exclusive) in self.databases.editors() {
            let at_work = list.entry(editor.id).or_insert_with(|| AtWork {
                editor,
                exclusive,
                place: "[edit]".to_owned(),
            });
            at_work.exclusive |= exclusive;
        }
        list.into_values().collect()
    }

    /// Lets the configuration name the release that runs, as the first start of a new release does.
    pub(super) fn rewrite_version(&mut self) {
        let line = format!("set version {}", self.software.running());
        self.databases.rewrite(|tree| {
            tree.load(LoadAction::Set, LoadFormat::Set, &line, &Encoder::default());
        });
    }

    /// Brings the log's file up to date, for those who look at files.
    pub(super) fn write_log(&mut self, now: DateTime<Utc>) {
        let text: String = self.log.lines().iter().map(|line| format!("{line}\n")).collect();
        let known = self.files.get(LOG).and_then(File::content);
        let known = known.is_some_and(|content| content.start() == text.as_bytes());
        // A file that says the same keeps its date.
        if !known {
            self.files.write(LOG, text, ROOT, now);
        }
    }
}
