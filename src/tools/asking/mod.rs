//! What a tool does that needs a person, or a second call: it ends its run with a question, and is run again with the answer.
//!
//! Nothing is held meanwhile: whatever a run had of a router is gone when it ends, and the next run begins anew.

mod answer;
mod digest;
mod ladder;
mod plan;
mod register;

use serde_json::Value;

use super::failure::Failure;
pub(crate) use answer::{Action, Answer, Answers, Dialogue};
pub(crate) use digest::Digest;
pub(crate) use plan::{Offer, Plan};
pub(crate) use register::{Nonce, Register};

use std::time::Duration;

/// How long a plan can be confirmed and a question be answered.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Why a run ended without a result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Failed(Failure),
    /// A person is to be asked; the run is repeated with the answer.
    Asks(Box<Question>),
    /// The caller is to show a plan and to repeat the call with its token.
    Offers(Box<Offer>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

/// What a person is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Names it among the questions of its tool.
    pub(crate) key: &'static str,
    /// What it is about, in words.
    pub(crate) message: String,
    /// The form: an object of plain members, as JSON Schema.
    pub(crate) form: Value,
    /// What the answer is good for; the answer to another question is none.
    pub(crate) digest: Digest,
}

/// Which calls need a plan or a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfirmPolicy {
    /// Those that install, remove or reboot.
    #[default]
    Destroy,
    /// Those that commit, too.
    Commits,
    /// The same, and a client that can ask nobody is refused.
    Strict,
}

impl ConfirmPolicy {
    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            ConfirmPolicy::Destroy => "destroy",
            ConfirmPolicy::Commits => "commits",
            ConfirmPolicy::Strict => "strict",
        }
    }
}

#[cfg(test)]
mod tests;
