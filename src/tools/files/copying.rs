//! What both directions of a copy have in common: their time, their names and their failures.

use std::time::Duration;

use crate::{
    tools::{call::Call, code::Code, failure::Failure, spec::Timed},
    transfer::FileName,
    workflows::transfer::TransferFault,
};

/// The seconds of a copy.
pub(super) const TIMED: Timed = Timed {
    default: Some(600),
    most: 7200,
};

/// A name without a folder, as an argument gives it.
pub(super) fn file_name(argument: &str, text: &str, code: Code) -> Result<FileName, Failure> {
    FileName::parse(text).ok_or_else(|| {
        let message = format!("argument '{argument}' is not the plain name of a file");
        Failure::new(code, message).hint(
            "give a name without a folder, of letters, digits, '.', '_' and '-', that begins with a letter or digit",
        )
    })
}

/// A copy that failed, as its caller learns of it.
pub(super) fn failed(call: &Call, router: &str, fault: TransferFault) -> Failure {
    let code = Code::from_word(fault.code);
    let mut failure = Failure::new(code, fault.message)
        .hint(fault.hint)
        .errors(fault.errors)
        .known("router_name", router);
    for (name, value) in fault.details {
        failure = failure.detail(&name, value);
    }
    if let Some(left) = fault.left {
        tracing::warn!(
            router,
            path = left,
            call_id = call.id(),
            "a copy may have left a file on the router"
        );
        failure = failure.known("cleanup", "unproven").known("left_behind", left);
    }
    failure
}

/// Bytes a second, where there was time to measure.
pub(super) fn speed(size: u64, took: Duration) -> Option<u64> {
    (took >= Duration::from_millis(1)).then(|| (size as f64 / took.as_secs_f64()) as u64)
}

/// Seconds to the millisecond.
pub(super) fn seconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Notes which file a call was about.
pub(super) fn note(call: &Call, name: &str) {
    call.notes().request(|request| request.basename = Some(name.to_owned()));
}

/// Notes the digest of that file.
pub(super) fn note_digest(call: &Call, digest: &str) {
    call.notes().request(|request| request.sha256 = Some(digest.to_owned()));
}

/// What is verified unless a call says otherwise.
pub(super) fn yes() -> bool {
    true
}
