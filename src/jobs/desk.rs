//! All jobs: places for new ones, and the way to those there are.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    files::Files,
    job::{Job, JobView, Live},
    record::{Kind, Record, State},
    store::{Memory, Store},
};
use crate::{clock::Clock, news::Board};

/// Jobs that may be queued or running at a time: each holds a session to a router and its result.
pub(crate) const MOST_RUNNING: usize = 64;

/// Between two looks at a job that another process runs.
const LOOK: Duration = Duration::from_secs(1);

/// Changes that whoever listens may be behind.
const NEWS: usize = 256;

/// Takes secrets out of a text.
type Redact = dyn Fn(&str) -> String + Send + Sync;

/// All jobs of this process, and those that others have kept in the same place. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Desk>);

pub(super) struct Desk {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    redact: Box<Redact>,
    live: Mutex<HashMap<String, Arc<Live>>>,
    /// Names jobs of this process that have changed.
    pub(super) news: Board<String>,
    closing: CancellationToken,
    interrupted: Vec<Record>,
}

/// What a job is about.
pub(crate) struct Head {
    pub(crate) kind: Kind,
    /// The call that starts it.
    pub(crate) call_id: String,
    /// The caller's name.
    pub(crate) caller: String,
    /// What names the caller and nobody else.
    pub(crate) principal: String,
    pub(crate) router_name: String,
    /// What to look at on the router if nobody comes to know what became of it.
    pub(crate) verify: String,
    /// Fires when nobody waits for the call any more: a commit that goes on then is listed.
    pub(crate) call_over: CancellationToken,
}

/// How many jobs there are, for the status of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) running: usize,
    pub(crate) queued: usize,
    pub(crate) failed_24h: usize,
}

impl Jobs {
    /// The jobs kept under a state directory; without one they end with the process.
    pub(crate) fn open(
        state_dir: Option<&Path>,
        clock: Clock,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let (store, interrupted): (Arc<dyn Store>, _) = match state_dir {
            Some(state_dir) => {
                let (files, interrupted) = Files::open(state_dir, clock);
                (Arc::new(files), interrupted)
            }
            None => (Arc::new(Memory::default()), Vec::new()),
        };
        Self(Arc::new(Desk {
            store,
            clock,
            redact: Box::new(redact),
            live: Mutex::default(),
            news: Board::new(NEWS),
            closing: CancellationToken::new(),
            interrupted,
        }))
    }

    /// What an ended process had left running when this one began.
    pub(crate) fn interrupted(&self) -> &[Record] {
        &self.0.interrupted
    }

    /// A place for a job, or none while [`MOST_RUNNING`] are taken.
    pub(crate) fn reserve(&self, head: Head) -> Option<Job> {
        let now = self.0.clock.now();
        let record = Record {
            job_id: format!("j-{}", random_hex::<8>()),
            call_id: head.call_id,
            kind: head.kind,
            router_name: head.router_name,
            caller: head.caller,
            principal: head.principal,
            state: State::Queued,
            phase: None,
            phases: Vec::new(),
            started_at: now,
            finished_at: None,
            log: VecDeque::new(),
            result: None,
            error: None,
            cancellable: head.kind != Kind::Commit,
            listed: head.kind != Kind::Commit,
            verify: head.verify,
            owner: self.0.store.owner().to_owned(),
        };
        let live = Arc::new(Live::new(record, head.call_over));
        let mut jobs = self.0.live();
        if jobs.values().filter(|job| !job.record().state.is_final()).count() >= MOST_RUNNING {
            return None;
        }
        jobs.insert(live.id().to_owned(), Arc::clone(&live));
        drop(jobs);
        Some(Job::new(live, Arc::clone(&self.0)))
    }

    /// Where the ids of jobs of this process are told, each time one of them changes.
    pub(crate) fn news(&self) -> &Board<String> {
        &self.0.news
    }

    /// A job that runs in this process.
    pub(crate) fn running(&self, job_id: &str) -> Option<JobView> {
        let live = self.0.live().get(job_id).cloned()?;
        Some(JobView::new(live, Arc::clone(&self.0)))
    }

    /// What is known of a job, whichever process runs or ran it.
    pub(crate) async fn record(&self, job_id: &str) -> Option<Record> {
        if let Some(view) = self.running(job_id) {
            return view.begun();
        }
        if !is_job_id(job_id) {
            return None;
        }
        let (store, id) = (Arc::clone(&self.0.store), job_id.to_owned());
        tokio::task::spawn_blocking(move || store.get(&id)).await.ok()?
    }

    /// As [`Jobs::record`], once the job has ended or `until` has come; every change is told to `watch`.
    pub(crate) async fn wait(&self, job_id: &str, until: Instant, watch: impl Fn(&Record)) -> Option<Record> {
        loop {
            let mut changes = self.running(job_id).map(|view| view.changes());
            let record = self.record(job_id).await?;
            watch(&record);
            if record.state.is_final() || Instant::now() >= until {
                return Some(record);
            }
            match &mut changes {
                // The sender lives in the job; when both are gone the record has ended.
                Some(changes) => drop(tokio::time::timeout_at(until, changes.changed()).await),
                None => tokio::time::sleep_until(until.min(Instant::now() + LOOK)).await,
            }
        }
    }

    /// Every job that has begun, newest first.
    pub(crate) async fn all(&self) -> Vec<Record> {
        let store = Arc::clone(&self.0.store);
        let kept = tokio::task::spawn_blocking(move || store.all())
            .await
            .unwrap_or_default();
        let mut records: HashMap<String, Record> =
            kept.into_iter().map(|record| (record.job_id.clone(), record)).collect();
        let live: Vec<Arc<Live>> = self.0.live().values().cloned().collect();
        for record in live.iter().filter_map(|live| live.begun()) {
            records.insert(record.job_id.clone(), record);
        }
        let mut records: Vec<Record> = records.into_values().collect();
        records.sort_by(|one, other| (other.started_at, &other.job_id).cmp(&(one.started_at, &one.job_id)));
        records
    }

    /// How many there are in each state.
    pub(crate) async fn by_state(&self) -> Vec<(&'static str, usize)> {
        let begun = self.all().await;
        let queued = self.0.count(State::Queued);
        let count = |state| match state {
            State::Queued => queued,
            state => begun.iter().filter(|record| record.state == state).count(),
        };
        State::ALL.iter().map(|state| (state.as_str(), count(*state))).collect()
    }

    /// How many there are.
    pub(crate) async fn figures(&self) -> Figures {
        let (running, queued) = (self.0.count(State::Running), self.0.count(State::Queued));
        let since = self.0.clock.now() - TimeDelta::hours(24);
        let failed = |record: &Record| {
            matches!(record.state, State::Failed | State::Interrupted)
                && record.finished_at.is_some_and(|at| at >= since)
        };
        Figures {
            running,
            queued,
            failed_24h: self.all().await.iter().filter(|record| failed(record)).count(),
        }
    }

    /// Fires when the process ends: what only waits for news then stops.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }
}

impl Desk {
    pub(super) fn live(&self) -> MutexGuard<'_, HashMap<String, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of this process are in a state.
    fn count(&self, state: State) -> usize {
        let live = self.live();
        live.values().filter(|live| live.record().state == state).count()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn clean(&self, text: &str) -> String {
        (self.redact)(text)
    }

    /// Takes secrets out of every string.
    pub(super) fn cleaned(&self, mut value: Value) -> Value {
        match &mut value {
            Value::String(text) => *text = self.clean(text),
            Value::Array(items) => items.iter_mut().for_each(|item| *item = self.cleaned(item.take())),
            Value::Object(members) => members
                .values_mut()
                .for_each(|member| *member = self.cleaned(member.take())),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        value
    }
}

/// `j-` and 16 hexadecimal digits: nothing else may become part of a path.
fn is_job_id(text: &str) -> bool {
    text.strip_prefix("j-")
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `N` random bytes in hexadecimal digits.
pub(super) fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
