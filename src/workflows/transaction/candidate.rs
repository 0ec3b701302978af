//! Opening the candidate in the mode that was asked for, and how it is closed again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangeFault, Context, holders};
use crate::{
    devices::{Fault, Lease, Rpc},
    junos::DeviceMessage,
    work::Work,
};

/// Which candidate a change is made in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CandidateMode {
    /// Under its lock.
    #[default]
    Shared,
    /// Opened exclusively.
    Exclusive,
    /// A copy of its own, merged by the commit.
    Private,
}

/// How a session holds the candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    /// By the lock of the shared candidate.
    #[default]
    Lock,
    /// The shared candidate, opened exclusively.
    Exclusive,
    /// A private copy.
    Private,
}

impl Held {
    /// What gives it back; Junos then discards what is uncommitted.
    pub(super) fn release(self) -> Rpc {
        match self {
            Self::Lock => Rpc::unlock_configuration(),
            Self::Exclusive | Self::Private => Rpc::close_configuration(),
        }
    }
}

impl From<CandidateMode> for Held {
    fn from(mode: CandidateMode) -> Self {
        match mode {
            CandidateMode::Shared => Self::Lock,
            CandidateMode::Exclusive => Self::Exclusive,
            CandidateMode::Private => Self::Private,
        }
    }
}

/// Opens the candidate. Tells how it is held, and where the request failed how it may be held all the same.
pub(super) async fn open(
    context: &Context,
    lease: &mut Lease,
    mode: CandidateMode,
    confirmed: bool,
    work: &Work,
) -> (Held, Result<(), ChangeFault>) {
    let held = Held::from(mode);
    let Err(fault) = take(context, lease, held, work).await else {
        return (held, Ok(()));
    };
    let instead = match mode {
        // Old releases know exclusive editing by the lock alone.
        CandidateMode::Exclusive if fault.code == "rpc_unsupported" => Held::Lock,
        CandidateMode::Shared if demands_private(&fault) && !confirmed => Held::Private,
        CandidateMode::Shared | CandidateMode::Exclusive if demands_private(&fault) => {
            return (held, Err(private_only(context, fault, confirmed)));
        }
        _ => return (held, Err(fault)),
    };
    (instead, take(context, lease, instead, work).await)
}

/// Takes the lock of the shared candidate.
pub(super) async fn lock(context: &Context, lease: &mut Lease, work: &Work) -> Result<(), ChangeFault> {
    take(context, lease, Held::Lock, work).await
}

/// Whether the router edits in private copies only, as clusters may.
pub(super) fn demands_private(fault: &ChangeFault) -> bool {
    fault.code == "device_error" && says(&fault.errors, "private")
}

fn private_only(context: &Context, fault: ChangeFault, confirmed: bool) -> ChangeFault {
    let router = context.device.name();
    let (argument, hint) = if confirmed {
        (
            "confirm_timeout_mins",
            "Junos does not confirm private commits; leave confirm_timeout_mins out; nothing was sent but the question",
        )
    } else {
        ("candidate_mode", "give candidate_mode private; nothing was changed")
    };
    let what = format!("argument '{argument}': the router lets its configuration be edited in private mode only");
    ChangeFault::refused(router, "invalid_argument", &what, fault.errors, hint)
}

/// Opens in one way; a refusal says who is in the way.
async fn take(context: &Context, lease: &mut Lease, held: Held, work: &Work) -> Result<(), ChangeFault> {
    let request = match held {
        Held::Lock => Rpc::lock_configuration(),
        Held::Exclusive => Rpc::open_exclusive(),
        Held::Private => Rpc::open_private(),
    };
    // That uncommitted changes are discarded at the end is what the router warns of, and what is wanted.
    let reply = lease.ask(&request, work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    if errors.is_empty() {
        return Ok(());
    }
    match in_the_way(context, lease, &errors, work).await {
        Some(fault) => Err(fault),
        None => Err(Fault::rejected(context.device.name(), errors, true).into()),
    }
}

/// The failure for errors which say that somebody else is at the configuration, with who it is.
pub(super) async fn in_the_way(
    context: &Context,
    lease: &mut Lease,
    errors: &[DeviceMessage],
    work: &Work,
) -> Option<ChangeFault> {
    let (code, what, hint) = if says(errors, "locked by") {
        (
            "config_locked",
            "the configuration is locked",
            "wait until the holder has finished; nobody's lock is ever removed",
        )
    } else if says(errors, "database modified") {
        (
            "candidate_dirty",
            "the candidate holds uncommitted changes of somebody else",
            "look at them with junos_config_diff and database candidate; wait for their owner, or discard_candidate after asking them",
        )
    } else {
        return None;
    };
    let holders = read_holders(lease, work).await;
    let mut fault = ChangeFault::refused(context.device.name(), code, what, errors.to_vec(), hint);
    if !holders.is_empty() {
        fault
            .message
            .push_str(&format!("; editing: {}", holders::in_words(&holders)));
    }
    fault.holders = holders;
    Some(fault)
}

/// Who has the configuration open, our own session apart; empty where the router does not tell.
pub(super) async fn read_holders(lease: &mut Lease, work: &Work) -> Vec<holders::Holder> {
    let own = lease.session_id();
    match lease.ask(&Rpc::configuration_database_status(), work).await {
        Ok(reply) => holders::read(&reply)
            .into_iter()
            .filter(|holder| Some(holder.pid) != own)
            .collect(),
        Err(_) => Vec::new(),
    }
}

fn says(errors: &[DeviceMessage], words: &str) -> bool {
    errors
        .iter()
        .any(|error| error.message.to_ascii_lowercase().contains(words))
}
