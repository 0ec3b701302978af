//! Cut outputs, kept in memory for the caller they belong to.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use super::StoreStatus;
use crate::junos::char_floor;

/// Most outputs, so that many small ones cost no more than a few large ones.
const MOST: usize = 4096;

/// A bounded store; the oldest output goes first.
#[derive(Debug)]
pub(super) struct Store {
    limit: usize,
    keep_for: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: BTreeMap<u64, Entry>,
    places: HashMap<String, u64>,
    next: u64,
    bytes: usize,
    /// Outputs that went to make room, and those that went for their age.
    for_size: u64,
    for_age: u64,
}

#[derive(Debug)]
struct Entry {
    id: String,
    owner: String,
    text: Arc<String>,
    read: Instant,
}

impl Store {
    pub(super) fn new(limit: usize, keep_for: Duration) -> Self {
        Self {
            limit,
            keep_for,
            inner: Mutex::default(),
        }
    }

    /// Keeps a text for its owner and answers how many of its bytes; one owner holds at most half of the store.
    pub(super) fn put(&self, id: &str, owner: &str, mut text: String) -> usize {
        let share = self.limit / 2;
        if text.len() > share {
            text.truncate(char_floor(&text, share));
            text.shrink_to_fit();
        }
        let size = text.len();
        let mut inner = self.inner();
        while inner.owned(owner) + size > share && inner.drop_oldest(Some(owner)) {}
        while (inner.bytes + size > self.limit || inner.entries.len() >= MOST) && inner.drop_oldest(None) {}
        let place = inner.next;
        inner.next += 1;
        inner.bytes += size;
        inner.places.insert(id.to_owned(), place);
        let entry = Entry {
            id: id.to_owned(),
            owner: owner.to_owned(),
            text: Arc::new(text),
            read: Instant::now(),
        };
        inner.entries.insert(place, entry);
        size
    }

    /// The text and how long it will be kept from now on; `None` for unknown, expired and foreign ids alike.
    pub(super) fn get(&self, owner: &str, id: &str) -> Option<(Arc<String>, Duration)> {
        let mut inner = self.inner();
        let place = *inner.places.get(id)?;
        let entry = inner.entries.get_mut(&place).filter(|entry| entry.owner == owner)?;
        entry.read = Instant::now();
        Some((entry.text.clone(), self.keep_for))
    }

    /// The ids of an owner, newest first. Naming an output does not keep it any longer.
    pub(super) fn ids(&self, owner: &str) -> Vec<String> {
        let inner = self.inner();
        let own = inner.entries.values().rev().filter(|entry| entry.owner == owner);
        own.map(|entry| entry.id.clone()).collect()
    }

    pub(super) fn status(&self) -> StoreStatus {
        let inner = self.inner();
        StoreStatus {
            count: inner.entries.len(),
            bytes: inner.bytes,
            limit_bytes: self.limit,
        }
    }

    /// How many outputs have gone, by why.
    pub(super) fn evictions(&self) -> [(&'static str, u64); 2] {
        let inner = self.inner();
        [("size", inner.for_size), ("age", inner.for_age)]
    }

    /// The contents, without what has expired.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held cannot have left a secret or a dangling place behind.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let expired: Vec<u64> = inner
            .entries
            .iter()
            .filter(|(_, entry)| entry.read.elapsed() >= self.keep_for)
            .map(|(place, _)| *place)
            .collect();
        inner.for_age += expired.len() as u64;
        expired.into_iter().for_each(|place| inner.drop_entry(place));
        inner
    }
}

impl Inner {
    fn owned(&self, owner: &str) -> usize {
        self.entries
            .values()
            .filter(|entry| entry.owner == owner)
            .map(|entry| entry.text.len())
            .sum()
    }

    /// Drops the oldest output, of one owner or of all; `false` when there is none.
    fn drop_oldest(&mut self, owner: Option<&str>) -> bool {
        let oldest = self
            .entries
            .iter()
            .find(|(_, entry)| owner.is_none_or(|owner| entry.owner == owner));
        let Some(place) = oldest.map(|(place, _)| *place) else {
            return false;
        };
        self.for_size += 1;
        self.drop_entry(place);
        true
    }

    fn drop_entry(&mut self, place: u64) {
        if let Some(entry) = self.entries.remove(&place) {
            self.places.remove(&entry.id);
            self.bytes -= entry.text.len();
        }
    }
}

/// A fresh id that nobody can guess.
pub(super) fn new_id() -> String {
    let mut random = [0; 16];
    SystemRandom::new()
        .fill(&mut random)
        .expect("the system has random bytes");
    random
        .iter()
        .fold("o-".to_owned(), |id, byte| id + &format!("{byte:02x}"))
}
