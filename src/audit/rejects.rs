//! Requests that were refused before they were calls: the first of a kind at once, repetitions counted.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

/// Repetitions of one reason from one peer are told once in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// Kinds that are told apart at a time; whoever sends from more addresses is told as one.
const KINDS: usize = 1024;

/// Refusals that are being counted.
#[derive(Debug, Default)]
pub(super) struct Rejects(BTreeMap<(u16, &'static str, String), Repeated>);

#[derive(Debug)]
struct Repeated {
    until: Instant,
    count: u64,
}

impl Rejects {
    /// Counts one; gives the record where it is the first of its kind.
    pub(super) fn count(&mut self, status: u16, reason: &'static str, peer: &str) -> Option<Value> {
        let mut kind = (status, reason, peer.to_owned());
        if self.0.len() >= KINDS && !self.0.contains_key(&kind) {
            kind.2 = "many".to_owned();
        }
        if let Some(repeated) = self.0.get_mut(&kind) {
            repeated.count += 1;
            return None;
        }
        let record = told(&kind, 1);
        let until = Instant::now() + WINDOW;
        self.0.insert(kind, Repeated { until, count: 0 });
        Some(record)
    }

    /// The records of repetitions whose time is over, or of all.
    pub(super) fn due(&mut self, all: bool) -> Vec<Value> {
        let now = Instant::now();
        let mut records = Vec::new();
        self.0.retain(|kind, repeated| {
            if !all && repeated.until > now {
                return true;
            }
            if repeated.count == 0 {
                return false;
            }
            records.push(told(kind, repeated.count));
            repeated.count = 0;
            repeated.until = now + WINDOW;
            true
        });
        records
    }
}

fn told((status, reason, peer): &(u16, &'static str, String), count: u64) -> Value {
    json!({"status": status, "reason": reason, "peer": peer, "count": count})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn repetitions_are_told_once_in_ten_seconds() {
        let mut rejects = Rejects::default();
        assert_eq!(
            rejects.count(401, "invalid_token", "192.0.2.1").expect("the first")["count"],
            1
        );
        for _ in 0..500 {
            assert_eq!(rejects.count(401, "invalid_token", "192.0.2.1"), None);
        }
        assert!(rejects.count(401, "invalid_token", "192.0.2.2").is_some());
        assert!(rejects.due(false).is_empty());
        tokio::time::advance(WINDOW).await;
        let due = rejects.due(false);
        assert_eq!((due.len(), &due[0]["count"]), (1, &500.into()));
        tokio::time::advance(WINDOW).await;
        assert!(rejects.due(false).is_empty());
        assert!(rejects.0.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_kinds_are_bounded() {
        let mut rejects = Rejects::default();
        for peer in 0..KINDS + 500 {
            rejects.count(401, "invalid_token", &peer.to_string());
        }
        assert_eq!(rejects.0.len(), KINDS + 1);
        assert_eq!(rejects.due(true)[0]["count"], 499);
    }
}
