//! How a guarded commit ended, in words: kept, rolled back, or not known.

use super::{Broken, Checked, Guarded, KeptBy, Run};
use crate::workflows::transaction::{ChangeFault, Cleanup, Fate, HistoryEntry, Outcome, Report};

impl Run {
    /// The commit is kept.
    pub(super) fn kept(self, mut report: Report, by: KeptBy, cleanup: Cleanup) -> Guarded {
        if let Outcome::Committed(committed) = &mut report.outcome {
            committed.rollback = None;
        }
        if cleanup == Cleanup::Unproven {
            report.cleanup = cleanup;
        }
        Guarded {
            report,
            kept: Some(by),
            checked: self.checked,
        }
    }

    /// The commit ended by what the history says, or nothing is proven.
    pub(super) fn ended(self, report: Report, fate: Option<Fate>) -> Result<Guarded, Broken> {
        let held = self.checked.iter().all(Checked::holds);
        let fault = match fate {
            Some(Fate::Kept(next)) if held => {
                // Our own confirmation, whose reply was lost, leaves no other commit behind it.
                let by = match (next, self.asked) {
                    (None, true) => KeptBy::Verify,
                    (next, _) => KeptBy::Other(next),
                };
                return Ok(self.kept(report, by, Cleanup::Done));
            }
            Some(Fate::Kept(next)) => self.kept_by_others(next),
            Some(Fate::RolledBack(entry)) => self.rolled_back(entry),
            _ => self.unproven(&report, "its rollback could not be proven"),
        };
        Err(self.broken(fault, report))
    }

    /// The reply to the commit was lost, and the history tells how it ended.
    pub(super) fn decided_unseen(self, fault: ChangeFault, fate: Fate) -> Broken {
        let known = match fate {
            Fate::RolledBack(entry) => self.rolled_back(entry),
            Fate::Kept(next) => self.kept_by_others(next),
            Fate::Pending | Fate::Absent => return fault.into(),
        };
        let fault = ChangeFault {
            errors: fault.errors,
            warnings: fault.warnings,
            diff: fault.diff,
            cleanup: fault.cleanup,
            job: fault.job,
            ..known
        };
        Broken {
            fault,
            checked: self.checked,
        }
    }

    /// The server ends first; whoever looks at the job then is told what to look at.
    pub(super) fn interrupted(self, report: Report) -> Broken {
        self.job.leave();
        self.job.interrupt();
        let fault = self.unproven(&report, "the server ended before it was verified");
        self.broken(fault, report)
    }

    fn broken(self, fault: ChangeFault, report: Report) -> Broken {
        let fault = ChangeFault {
            warnings: report.warnings,
            diff: Some(report.diff).filter(|_| report.changed),
            cleanup: Some(report.cleanup),
            ..fault
        };
        Broken {
            fault,
            checked: self.checked,
        }
    }

    fn rolled_back(&self, entry: HistoryEntry) -> ChangeFault {
        let router = self.context.device.name();
        let message = format!(
            "router '{router}': the change did not pass its checks ({}); the router rolled it back at {}",
            self.reasons(),
            entry.at
        );
        let hint = "the router is as it was before; correct the change, or the checks, and send it again";
        let mut fault = ChangeFault::new("verify_failed", message, hint).outcome("rolled_back");
        fault.entry = Some(entry);
        fault
    }

    fn kept_by_others(&self, next: Option<HistoryEntry>) -> ChangeFault {
        let router = self.context.device.name();
        let who = match &next {
            Some(entry) => format!("the commit of {} at {}", entry.user, entry.at),
            None => "a check".to_owned(),
        };
        let message = format!(
            "router '{router}': the change did not pass its checks ({}), but {who} confirmed it: it stays",
            self.reasons()
        );
        let hint = "the change is active; undo it with rollback_config if it is not wanted";
        let mut fault = ChangeFault::new("verify_failed", message, hint).outcome("committed");
        fault.entry = next;
        fault
    }

    fn unproven(&self, report: &Report, why: &str) -> ChangeFault {
        let (router, call_id) = (self.context.device.name(), &self.context.author.call_id);
        let due = match &report.outcome {
            Outcome::Committed(committed) => committed.rollback.as_ref().map(|(_, at)| *at),
            _ => None,
        };
        let due = due.map_or_else(String::new, |at| {
            format!(" at {}", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        });
        let message = format!(
            "router '{router}': the change was committed to be rolled back{due}; what became of it is not known: {why}"
        );
        let hint = format!(
            "look for '{call_id}' in 'show system commit': an entry by root via other above it is the rollback; without \
             confirm_commit the router goes back by itself"
        );
        ChangeFault::new("commit_unknown", message, hint).outcome("unknown")
    }

    /// What does not hold, in few words.
    fn reasons(&self) -> String {
        let broken: Vec<String> = self
            .checked
            .iter()
            .filter(|checked| !checked.holds())
            .map(Checked::sentence)
            .collect();
        match (broken.is_empty(), self.asked) {
            (false, _) => broken.join("; "),
            (true, true) => "all held, but it could not be confirmed in time".to_owned(),
            (true, false) => "not measured".to_owned(),
        }
    }
}
