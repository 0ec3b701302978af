//! Work that outlives the call that started it: commits from the moment they are sent, upgrades, bundles.
//!
//! [`Jobs::reserve`] takes one of the places before a router is contacted; the [`Job`] is then queued and leaves no trace
//! if it is dropped. [`Job::begin`] writes it down before it returns: what must not be forgotten is done after that. Each
//! [`Job::phase`] is written too. It ends with [`Job::succeed`], [`Job::fail`] or [`Job::cancelled`]; a job that is dropped
//! before is failed. What a process left running when it ended is found by the next one as interrupted.

mod desk;
mod files;
mod job;
mod record;
mod store;

pub(crate) use desk::{Head, Jobs, MOST_RUNNING};
pub(crate) use job::{Job, JobView};
pub(crate) use record::{Kind, PhaseTime, Record, State};
