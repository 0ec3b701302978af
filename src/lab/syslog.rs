//! The `messages` log of a router.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// Lines kept; a small router rotates its log early.
const LINES: usize = 1000;

/// The lines of one router's log, oldest first.
#[derive(Debug, Default)]
pub(super) struct Syslog(VecDeque<String>);

impl Syslog {
    /// Adds one line as the daemon writes it.
    pub(super) fn write(&mut self, now: DateTime<Utc>, host: &str, daemon: &str, text: &str) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0
            .push_back(format!("{}  {host} {daemon}: {text}", now.format("%b %e %H:%M:%S")));
    }

    /// The lines in one piece, for those who read them.
    pub(super) fn lines(&mut self) -> &[String] {
        self.0.make_contiguous()
    }
}
