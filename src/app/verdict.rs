//! How the audit record names the end of a call.

use crate::{
    audit::{Denial, End, Outcome},
    tools::{Code, Concealed, Failure},
};

/// The tool is not offered by this process.
pub(super) fn not_offered(name: &str) -> End {
    End {
        outcome: Outcome::Denied,
        code: None,
        error: Some(format!("unknown tool '{name}'")),
        denial: Some(Denial::NotOffered),
    }
}

/// There was no request to be read.
pub(super) fn unreadable(reason: &str) -> End {
    End {
        outcome: Outcome::Rejected,
        code: None,
        error: Some(reason.to_owned()),
        denial: None,
    }
}

/// An answer came that nobody was asked for, or that was meant for another call.
pub(super) fn unasked() -> End {
    End {
        outcome: Outcome::Denied,
        code: None,
        error: Some("the requestState is not one that this caller got for this call".to_owned()),
        denial: Some(Denial::Confirmation),
    }
}

/// A mistake of ours ended it.
pub(super) fn panicked() -> End {
    End::failed(Outcome::Panic, Code::Internal.as_str(), None)
}

/// It failed.
pub(super) fn failed(failure: &Failure) -> End {
    let denial = match failure.concealed() {
        Some(Concealed::UnknownRouter) => Some(Denial::UnknownRouter),
        None => denial(failure.code()),
    };
    let outcome = outcome(failure.code(), denial.is_some());
    let mut end = End::failed(outcome, failure.code().as_str(), Some(failure.message().to_owned()));
    end.denial = denial;
    end
}

fn outcome(code: Code, denied: bool) -> Outcome {
    match code {
        Code::UnknownArgument | Code::MissingArgument | Code::InvalidArgument | Code::ConflictingArguments => {
            Outcome::Rejected
        }
        Code::OuterTimeout => Outcome::Timeout,
        Code::Cancelled => Outcome::Cancelled,
        Code::CommitUnknown => Outcome::Unknown,
        _ if denied => Outcome::Denied,
        _ => Outcome::Error,
    }
}

fn denial(code: Code) -> Option<Denial> {
    match code {
        Code::ToolScopeDenied => Some(Denial::ToolScope),
        Code::RouterScopeDenied => Some(Denial::RouterScope),
        Code::UnknownRouter => Some(Denial::UnknownRouter),
        Code::RouterDisabled | Code::KeyFileMissing => Some(Denial::RouterDisabled),
        Code::ReadOnly => Some(Denial::ReadOnly),
        Code::Blocked | Code::BlocklistCheckFailed => Some(Denial::Blocklist),
        Code::UnsupportedPipe | Code::InteractiveCommand => Some(Denial::Pipe),
        Code::RedactedMarker => Some(Denial::RedactedMarker),
        Code::InventoryReadonly => Some(Denial::InventoryReadonly),
        Code::RateLimited | Code::Overloaded => Some(Denial::Limit),
        Code::AuditUnavailable => Some(Denial::Audit),
        Code::Declined
        | Code::ConfirmationTokenRequired
        | Code::ConfirmationTokenInvalid
        | Code::ConfirmationPlanDrift
        | Code::ConfirmationUnavailable => Some(Denial::Confirmation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_tells_apart_what_the_reply_does_not() {
        let denied = Failure::new(Code::RouterScopeDenied, "x");
        assert_eq!(failed(&denied).denial, Some(Denial::RouterScope));
        let unknown = denied.concealing(Concealed::UnknownRouter);
        assert_eq!(failed(&unknown).denial, Some(Denial::UnknownRouter));
        assert_eq!(failed(&unknown).outcome, Outcome::Denied);
        assert_eq!(failed(&Failure::new(Code::ConnectFailed, "x")).outcome, Outcome::Error);
        assert_eq!(
            failed(&Failure::new(Code::MissingArgument, "x")).outcome,
            Outcome::Rejected
        );
    }
}
