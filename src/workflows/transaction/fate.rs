//! What became of a confirmed commit of ours, as the commit history tells it.

use super::{Context, HistoryEntry, history::History};
use crate::{
    devices::{Fault, Lease, Rpc},
    work::Work,
};

/// The state of a confirmed commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It will be rolled back unless somebody confirms it.
    Pending,
    /// It stays; with the commit that came next, if there is one.
    Kept(Option<HistoryEntry>),
    /// The router went back by itself, with this entry.
    RolledBack(HistoryEntry),
    /// The history does not hold it.
    Absent,
}

/// Reads the history and finds the commit of this call in it.
pub(crate) async fn fate(context: &Context, lease: &mut Lease, work: &Work) -> Result<Fate, Fault> {
    let reply = lease.ask(&Rpc::commit_information(), work).await?;
    if let Some(error) = reply.errors().next() {
        return Err(Fault::rejected(context.device.name(), vec![error.clone()], true));
    }
    Ok(History::read(&reply).fate_of(&context.author.call_id))
}

impl History {
    fn fate_of(&self, call_id: &str) -> Fate {
        let entries = self.entries();
        // The newest of the call: a confirmation of ours carries the same mark.
        let Some(at) = entries.iter().position(|entry| entry.is_of_call(call_id)) else {
            return Fate::Absent;
        };
        match at.checked_sub(1).and_then(|next| entries.get(next)) {
            None if self.pending().is_some() => Fate::Pending,
            None => Fate::Kept(None),
            Some(next) if next.is_automatic_rollback() => Fate::RolledBack(next.clone()),
            Some(next) => Fate::Kept(Some(next.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Node;

    fn of(entries: &[(&str, &str, &str)]) -> Fate {
        let entries: String = entries
            .iter()
            .map(|(user, client, log)| {
                format!("<commit-history><user>{user}</user><client>{client}</client><log>{log}</log></commit-history>")
            })
            .collect();
        History::of(&Node::parse(&entries)).fate_of("c-1")
    }

    #[test]
    fn the_entry_after_ours_tells_what_became_of_it() {
        let ours = ("admin", "netconf", "a change [mcp:c-1]");
        let pending = ("admin", "netconf", "commit confirmed, rollback in 2mins [mcp:c-1]");
        let rollback = ("root", "other", "rollback due to unconfirmed commit");
        let theirs = ("ops", "cli", "theirs");
        assert_eq!(of(&[pending, theirs]), Fate::Pending);
        assert_eq!(of(&[ours, pending]), Fate::Kept(None));
        assert!(matches!(of(&[rollback, ours, theirs]), Fate::RolledBack(_)));
        assert!(matches!(of(&[theirs, ours]), Fate::Kept(Some(next)) if next.user == "ops"));
        // It was theirs that was rolled back; by then it had confirmed ours.
        assert!(matches!(of(&[rollback, theirs, ours]), Fate::Kept(Some(next)) if next.user == "ops"));
        assert!(matches!(of(&[theirs, rollback, ours]), Fate::RolledBack(_)));
        assert_eq!(of(&[theirs]), Fate::Absent);
    }
}
