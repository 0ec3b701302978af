//! The host key of a router that is about to be added: known, vouched for by the caller, or confirmed by a person.

use std::sync::Arc;

use serde_json::json;

use super::{NOT_ADDED, details::Details, not_added};
use crate::{
    devices::Found,
    inventory::Entry,
    tools::{
        asking::{Digest, Question, Stop},
        call::Call,
        code::Code,
        failure::Failure,
    },
};

/// The form that shows a fingerprint.
pub(super) const KEY: &str = "host_key";

/// The form that tells that there is none to be shown.
pub(super) const UNREACHABLE: &str = "unreachable";

/// What is known of the key.
pub(super) enum Trusted {
    /// Nobody looked, or there was nothing to be seen and a person wants the router all the same.
    NotChecked,
    /// It is on file, or will be.
    Found(Box<Found>),
    /// Nobody has vouched for it.
    Unconfirmed(Box<Found>),
}

/// Looks at the key of a router and finds somebody who vouches for it.
pub(super) async fn trusted(
    call: &Call,
    details: &Details,
    vouched: Option<&str>,
    entry: &Arc<Entry>,
    by_form: bool,
) -> Result<Trusted, Stop> {
    let devices = &call.services().devices;
    let found = match devices.look_at_key(entry).await {
        Ok(found) => found,
        Err(fault) => {
            let failure = Failure::from(fault);
            let is_key = matches!(
                failure.code().as_str(),
                "host_key_mismatch" | "host_key_revoked" | "known_hosts_missing"
            );
            // Who wants a login cannot do without the router, and a wrong key is not a matter of taste.
            if is_key || !by_form || details.test_connection {
                return Err(not_added(failure).into());
            }
            agreed(call, unreachable(details, &failure))?;
            return Ok(Trusted::NotChecked);
        }
    };
    if found.is_known() {
        return Ok(Trusted::Found(Box::new(found)));
    }
    if let Some(fingerprint) = vouched {
        return match found.clone().vouched_by(fingerprint) {
            Some(found) => Ok(Trusted::Found(Box::new(found))),
            None => Err(another(details, &found).into()),
        };
    }
    if call.can_ask() {
        agreed(call, question(details, &found))?;
        return Ok(Trusted::Found(Box::new(found)));
    }
    Ok(match devices.accepts_new() {
        true => Trusted::Found(Box::new(found)),
        false => Trusted::Unconfirmed(Box::new(found)),
    })
}

/// Returns once a person has agreed.
fn agreed(call: &Call, question: Question) -> Result<(), Stop> {
    let answer = call.ask(question)?;
    if answer.refuses() {
        return Err(answer.refusal(NOT_ADDED).into());
    }
    call.notes().confirmed(crate::audit::Confirmed::ByPerson);
    Ok(())
}

fn question(details: &Details, found: &Found) -> Question {
    let (kind, fingerprint) = (found.key().kind(), found.key().fingerprint());
    Question {
        key: KEY,
        message: format!(
            "Add {} and trust its host key?\n\n{kind} {fingerprint}\n\nCompare the fingerprint with the router's own console: whoever \
             shows this key will be taken for the router.",
            details.words()
        ),
        form: form("Trust this key"),
        digest: Digest::of(&json!([KEY, details.words(), kind, fingerprint])),
    }
}

fn unreachable(details: &Details, failure: &Failure) -> Question {
    Question {
        key: UNREACHABLE,
        message: format!(
            "Add {} although it cannot be reached now?\n\n{}\n\nIts host key is then not checked, and has to be written down \
             before it can be used.",
            details.words(),
            failure.message()
        ),
        form: form("Add it all the same"),
        digest: Digest::of(&json!([UNREACHABLE, details.words()])),
    }
}

fn form(title: &str) -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {"confirm": {"type": "boolean", "title": title}},
        "required": ["confirm"],
    })
}

fn another(details: &Details, found: &Found) -> Failure {
    Failure::new(
        Code::HostKeyMismatch,
        format!(
            "router '{}' does not show the host key of host_key_fingerprint; it shows {} {}; {NOT_ADDED}",
            details.device_name,
            found.key().kind(),
            found.key().fingerprint()
        ),
    )
    .hint("somebody may be in between, or the fingerprint is another one's; compare it with the router's console")
}
