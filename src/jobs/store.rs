//! Where jobs are kept. A database that several servers share can take the place of the files.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::record::Record;

/// Kept jobs, the latest, whatever their age.
pub(super) const MOST_KEPT: usize = 1000;

/// A job that cannot be written down must not begin.
#[derive(Debug, thiserror::Error)]
#[error("jobs cannot be kept in '{}': {source}", place.display())]
pub(crate) struct StoreFault {
    pub(super) place: PathBuf,
    #[source]
    pub(super) source: io::Error,
}

/// Keeps the records of jobs, those of other processes included.
pub(super) trait Store: std::fmt::Debug + Send + Sync {
    /// Keeps a record in place of an earlier one of the same job; when this returns it survives a crash.
    fn put(&self, record: &Record) -> Result<(), StoreFault>;

    /// The record of a job.
    fn get(&self, job_id: &str) -> Option<Record>;

    /// All records, in no order.
    fn all(&self) -> Vec<Record>;

    /// The name under which this process owns jobs.
    fn owner(&self) -> &str;
}

/// For routers that live in memory: jobs end with the process.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Record>>);

impl Memory {
    fn records(&self) -> MutexGuard<'_, HashMap<String, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn put(&self, record: &Record) -> Result<(), StoreFault> {
        let mut records = self.records();
        records.insert(record.job_id.clone(), record.clone());
        if records.len() > MOST_KEPT {
            let ended = records.values().filter(|record| record.state.is_final());
            let oldest = ended
                .min_by_key(|record| record.started_at)
                .map(|record| record.job_id.clone());
            if let Some(id) = oldest {
                records.remove(&id);
            }
        }
        Ok(())
    }

    fn get(&self, job_id: &str) -> Option<Record> {
        self.records().get(job_id).cloned()
    }

    fn all(&self) -> Vec<Record> {
        self.records().values().cloned().collect()
    }

    fn owner(&self) -> &str {
        "memory"
    }
}
