//! What the readings before and after a change say about it.

use serde::Serialize;

use super::{
    check::Check,
    measure::{Reading, State},
};

/// One check as results show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Checked {
    /// Which check.
    pub(super) check: &'static str,
    /// `pass`, `fail` or `unknown`, before the change.
    pub(super) before: &'static str,
    /// The same after the change, as it was found last.
    pub(super) after: &'static str,
    /// What was found, in few words.
    pub(super) evidence: String,
}

impl Checked {
    /// Whether it held after the change.
    pub(super) fn holds(&self) -> bool {
        self.after == State::Pass.as_str()
    }

    /// It with what was found, for a sentence.
    pub(super) fn sentence(&self) -> String {
        format!("{}: {}", self.check, self.evidence)
    }
}

/// Compares what was found before and after.
pub(super) fn judge(checks: &[Check], before: &[Reading], after: &[Reading]) -> Vec<Checked> {
    let pairs = checks.iter().zip(before).zip(after);
    pairs
        .map(|((check, before), after)| one(check, before, after))
        .collect()
}

fn one(check: &Check, before: &Reading, after: &Reading) -> Checked {
    let (state, evidence) = match (check.is_relative(), before.count, after.count) {
        (true, Some(earlier), Some(now)) => (
            if now < earlier { State::Fail } else { State::Pass },
            format!("{}, {earlier} before", after.evidence),
        ),
        // What cannot be compared is not known to be as good as before.
        (true, _, _) => (State::Unknown, after.evidence.clone()),
        (false, _, _) if before.state != State::Pass => {
            (after.state, format!("{}; before: {}", after.evidence, before.evidence))
        }
        (false, _, _) => (after.state, after.evidence.clone()),
    };
    Checked {
        check: check.word(),
        before: before.state.as_str(),
        after: state.as_str(),
        evidence,
    }
}
