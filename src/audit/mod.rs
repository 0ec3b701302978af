//! Who did what: exactly one record for every call, whatever happens to it, and what else an auditor asks for.

mod chain;
mod facts;
mod file;
mod journald;
mod open_record;
mod record;
mod rejects;
mod sink;
mod tail;
mod transform;
mod verify;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use chain::Hasher;
use file::ChainFile;
use record::Draft;
use rejects::Rejects;
use sink::{Line, Sink, Stderr};
use transform::Transforms;

pub(crate) use facts::{Asserted, CallHead, Caller, Confirmed, Denial, End, Outcome};
pub use file::FileFault;
pub(crate) use file::open_alone;
pub(crate) use open_record::{OpenRecord, RecordNotes};
pub use transform::Transform;
pub(crate) use verify::verify;

/// How often what was written is forced to disk, and repeated refusals are told.
const EVERY: Duration = Duration::from_secs(1);

/// How records appear on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditFormat {
    /// Not at all.
    Off,
    /// One line of text.
    #[default]
    Text,
    /// One JSON object on a line.
    Json,
}

/// What an operator chose about records.
#[derive(Clone, Debug, Default)]
pub struct AuditSettings {
    /// Their form on standard error.
    pub format: AuditFormat,
    /// The file that holds them as a hash chain.
    pub file: Option<PathBuf>,
    /// Whether they go to the journal of systemd.
    pub journald: bool,
    /// What is left out of them.
    pub transforms: Vec<Transform>,
    /// The key of the chain and of codes.
    pub key: Option<SecretSlice<u8>>,
    /// Whether nothing may be changed while neither file nor journal takes records.
    pub strict: bool,
}

/// Why an audit cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// The file.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The journal.
    #[error("the journal of systemd cannot be reached: {0}")]
    Journald(#[source] std::io::Error),
}

/// No record can be written, and the operator wants no change then.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

/// Takes secrets out of a text, whatever the settings.
type Redact = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Where records go. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Audit(Arc<Inner>);

struct Inner {
    out: Mutex<Out>,
    rejects: Mutex<Rejects>,
    redact: Redact,
    transforms: Transforms,
    clock: Clock,
    strict: bool,
    /// Something was written that is wanted on disk before the next round.
    sync: Notify,
}

/// What is written to, under one lock, so that every sink has the records in the order of their numbers.
struct Out {
    file: Option<ChainFile>,
    sinks: Vec<Box<dyn Sink>>,
    /// The next number where there is no file.
    next: u64,
    figures: AuditFigures,
    /// Sinks that refused the last record, by name.
    failing: Vec<&'static str>,
}

/// What was written, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditFigures {
    /// Records by event.
    pub(crate) records: BTreeMap<&'static str, u64>,
    /// Records that a sink refused, by sink.
    pub(crate) failures: BTreeMap<&'static str, u64>,
}

impl Audit {
    /// An audit as the operator chose; `redact` must take out secrets even where a model may see them. `state_dir` keeps
    /// where the chain of the file ended.
    pub(crate) fn new(
        settings: &AuditSettings,
        state_dir: Option<&Path>,
        clock: Clock,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Result<Self, AuditFault> {
        let key = settings.key.as_ref().map(|key| key.expose_secret());
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        if settings.format != AuditFormat::Off {
            sinks.push(Box::new(Stderr::new(settings.format)));
        }
        if settings.journald {
            let journald = journald::Journald::connect(Path::new(journald::SOCKET)).map_err(AuditFault::Journald)?;
            sinks.push(Box::new(journald));
        }
        let file = match &settings.file {
            Some(path) => {
                let opened = ChainFile::open(path, state_dir, Hasher::new(key), clock.now());
                Some(opened?)
            }
            None => None,
        };
        let transforms = Transforms::new(settings.transforms.clone(), key);
        Ok(Self::to(file, sinks, clock, redact, transforms, settings.strict))
    }

    fn to(
        file: Option<ChainFile>,
        sinks: Vec<Box<dyn Sink>>,
        clock: Clock,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
        transforms: Transforms,
        strict: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            out: Mutex::new(Out {
                file,
                sinks,
                next: 0,
                figures: AuditFigures::default(),
                failing: Vec::new(),
            }),
            rejects: Mutex::default(),
            redact: Box::new(redact),
            transforms,
            clock,
            strict,
            sync: Notify::new(),
        }))
    }

    /// Opens the record of a call. It is written when it is finished or dropped.
    pub(crate) fn open(&self, head: CallHead) -> OpenRecord {
        OpenRecord::new(self.clone(), Draft::new(head))
    }

    /// Writes the record of something that is no call.
    pub(crate) fn note(&self, event: &'static str, members: Value) {
        self.write(event, || members);
    }

    /// Notes a request that was refused before it was a call. Repetitions are told once in a while, with their number.
    pub(crate) fn reject(&self, status: u16, reason: &'static str, peer: &str) {
        let told = self.rejects().count(status, reason, peer);
        if let Some(members) = told {
            self.write("http_reject", || members);
        }
    }

    /// Whether what changes routers may go on: always, unless the operator wants records and none can be written.
    pub(crate) fn permits_changes(&self) -> bool {
        !self.0.strict || self.out().accepts()
    }

    /// Opens the file anew, after a rotation.
    pub(crate) fn reopen(&self) -> Result<(), FileFault> {
        let now = self.0.clock.now();
        match &mut self.out().file {
            Some(file) => file.reopen(now),
            None => Ok(()),
        }
    }

    /// What was written so far.
    pub(crate) fn figures(&self) -> AuditFigures {
        self.out().figures.clone()
    }

    /// Forces records to disk and tells of repeated refusals, until `ended`; then once more.
    pub(crate) async fn keep(self, ended: CancellationToken) {
        let mut round = tokio::time::interval(EVERY);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !ended.is_cancelled() {
            // Losing a branch loses nothing: what is unsynced stays unsynced.
            tokio::select! {
                _ = round.tick() => self.tell_rejects(false),
                () = self.0.sync.notified() => {}
                () = ended.cancelled() => {}
            }
            self.sync().await;
        }
        self.tell_rejects(true);
        self.sync().await;
    }

    fn sync_soon(&self) {
        self.0.sync.notify_one();
    }

    /// Writes a record. Its members are not asked for where nothing keeps records.
    fn write(&self, event: &'static str, members: impl FnOnce() -> Value) {
        if !self.out().is_kept() {
            return self.out().count(event);
        }
        let mut members = members();
        record::tidy(&mut members, &self.0.redact);
        self.0.transforms.apply(&mut members);
        let Value::Object(members) = members else { return };
        self.out().write(event, &members, &self.0.clock);
    }

    /// Writes a record that must be on disk before what it announces happens.
    async fn write_durably(&self, event: &'static str, members: Value) -> Result<(), Unavailable> {
        self.write(event, || members);
        self.sync().await;
        if self.permits_changes() {
            Ok(())
        } else {
            Err(Unavailable)
        }
    }

    async fn sync(&self) {
        let Some(unsynced) = self.out().file.as_mut().and_then(ChainFile::unsynced) else {
            return;
        };
        // A disk may take its time; the runtime does not wait for it.
        let synced = tokio::task::spawn_blocking(move || unsynced.and_then(|file| file.sync_data())).await;
        if let Ok(Err(fault)) = synced {
            self.out().failed("file", &fault);
        }
    }

    fn tell_rejects(&self, all: bool) {
        let told = self.rejects().due(all);
        told.into_iter()
            .for_each(|members| self.write("http_reject", || members));
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        // A lost record is better than no records any more.
        self.0.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rejects(&self) -> MutexGuard<'_, Rejects> {
        self.0.rejects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    fn write(&mut self, event: &'static str, members: &Map<String, Value>, clock: &Clock) {
        let now = clock.now();
        let seq = self.file.as_ref().map_or(self.next, ChainFile::next);
        let written = self.file.as_mut().map(|file| file.append(event, members, now));
        match written {
            Some(Err(fault)) => self.failed("file", &fault),
            Some(Ok(())) => self.recovered("file"),
            None => {}
        }
        let line = Line {
            text: record::text(event, members),
            record: record::framed(seq, now, event, members),
        };
        let outcomes: Vec<_> = self
            .sinks
            .iter_mut()
            .map(|sink| (sink.name(), sink.write(&line)))
            .collect();
        for (name, outcome) in outcomes {
            match outcome {
                Ok(()) => self.recovered(name),
                Err(fault) => self.failed(name, &fault),
            }
        }
        self.next = seq + 1;
        self.count(event);
    }

    /// Whether anything takes records.
    fn is_kept(&self) -> bool {
        self.file.is_some() || !self.sinks.is_empty()
    }

    fn count(&mut self, event: &'static str) {
        *self.figures.records.entry(event).or_default() += 1;
    }

    /// Whether a record can be kept: some durable sink took the last one.
    fn accepts(&self) -> bool {
        let durable = self
            .sinks
            .iter()
            .filter(|sink| sink.is_durable())
            .map(|sink| sink.name());
        let mut durable = durable.chain(self.file.as_ref().map(|_| "file"));
        durable.any(|name| !self.failing.contains(&name))
    }

    /// An operator must know, and once is enough until it works again. A closed standard error is nobody's concern.
    fn failed(&mut self, sink: &'static str, fault: &std::io::Error) {
        *self.figures.failures.entry(sink).or_default() += 1;
        if !self.failing.contains(&sink) {
            self.failing.push(sink);
            if sink != "stderr" {
                tracing::error!("audit records cannot be written to {sink}: {fault}");
            }
        }
    }

    fn recovered(&mut self, sink: &'static str) {
        if let Some(at) = self.failing.iter().position(|failing| *failing == sink) {
            self.failing.swap_remove(at);
            tracing::warn!("audit records are written to {sink} again");
        }
    }
}

#[cfg(test)]
mod tests;
