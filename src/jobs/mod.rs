//! Work that outlives the call that started it: for now, what must be known of commits after a crash.

mod journal;

pub(crate) use journal::Journal;
