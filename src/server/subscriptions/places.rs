//! How many streams of news are open, of all and of each principal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Streams of all principals: each holds a connection and a task.
const MOST: usize = 256;

/// Streams of one principal: more than its clients need, too few to shut out the others.
const MOST_OF_ONE: usize = 16;

/// The streams that are open.
#[derive(Default)]
pub(in crate::server) struct Places(Arc<Mutex<HashMap<Arc<str>, usize>>>);

/// One open stream; it is over when this is dropped.
pub(super) struct Place {
    open: Arc<Mutex<HashMap<Arc<str>, usize>>>,
    owner: Arc<str>,
}

impl Places {
    /// A place for one more stream of `owner`.
    pub(super) fn enter(&self, owner: &Arc<str>) -> Option<Place> {
        let mut open = lock(&self.0);
        let own = open.get(owner).copied().unwrap_or_default();
        if own >= MOST_OF_ONE || open.values().sum::<usize>() >= MOST {
            return None;
        }
        open.insert(Arc::clone(owner), own + 1);
        Some(Place {
            open: Arc::clone(&self.0),
            owner: Arc::clone(owner),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if let Some(own) = open.get_mut(&self.owner) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.owner);
            }
        }
    }
}

/// Counts are whole whatever happened to whoever held the lock.
fn lock(open: &Mutex<HashMap<Arc<str>, usize>>) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_bounded_for_one_and_for_all_and_places_are_given_back() {
        let places = Places::default();
        let noc: Arc<str> = "noc".into();
        let mut held: Vec<Place> = (0..MOST_OF_ONE).filter_map(|_| places.enter(&noc)).collect();
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(places.enter(&noc).is_none());
        for index in 0.. {
            let Some(place) = places.enter(&format!("{}", index / MOST_OF_ONE).into()) else {
                break;
            };
            held.push(place);
        }
        assert_eq!(held.len(), MOST);
        held.truncate(1);
        assert!(places.enter(&noc).is_some());
    }
}
