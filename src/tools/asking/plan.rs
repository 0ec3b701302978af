//! What is about to be done, as it is shown before it is confirmed.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Digest, PATIENCE, Question, Stop};
use crate::tools::{call::Call, failure::Failure, router::Router, spec::Effect};

/// Characters of a plan that a person is shown; the rest is in the result of the call that offers it.
const SHOWN: usize = 4_000;

/// The question of every confirmation.
pub(super) const KEY: &str = "confirm";

/// What is about to be done.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    routers: Vec<String>,
    value: Value,
    words: String,
    essence: Value,
}

/// A plan that the caller is to show, with the token that confirms it.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) plan: Value,
    pub(crate) words: String,
    pub(crate) plan_token: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// The arguments with which the call is repeated, as JSON.
    pub(crate) repeat: String,
}

impl Plan {
    /// A plan for these routers, as programs and as people read it. Nothing of it may be a time, for the plan is made anew when
    /// it is confirmed and must be the same.
    pub(crate) fn new<'a>(routers: impl IntoIterator<Item = &'a Router>, value: Value, words: String) -> Self {
        Self {
            routers: routers.into_iter().map(Router::identity).collect(),
            essence: value.clone(),
            value,
            words,
        }
    }

    /// The same plan, told from others by this instead of by what is shown, from which secrets are missing.
    pub(crate) fn told_by(mut self, essence: Value) -> Self {
        self.essence = essence;
        self
    }

    pub(super) fn digest(&self, call: &Call) -> Digest {
        Digest::of(&json!({
            "caller": call.caller().owner().as_ref(),
            "tool": call.spec().name,
            "routers": self.routers,
            "arguments": call.dialogue().arguments,
            "plan": self.essence,
        }))
    }

    /// The plan as a question to a person.
    pub(super) fn question(&self, digest: Digest) -> Question {
        let mut shown: String = self.words.chars().take(SHOWN).collect();
        if shown.len() < self.words.len() {
            shown.push_str("\n… (the rest is not shown)");
        }
        Question {
            key: KEY,
            message: shown,
            form: json!({
                "type": "object",
                "properties": {
                    "confirm": {
                        "type": "boolean",
                        "title": "Go ahead",
                        "description": "Whether to do this now.",
                    }
                },
                "required": ["confirm"],
            }),
            digest,
        }
    }

    /// The plan with a token for it.
    pub(super) fn offer(self, call: &Call, digest: Digest) -> Result<Offer, Failure> {
        let services = call.services();
        let token = services.register.offer(call.caller().owner(), digest);
        let plan_token = token.map_err(|full| full.failure())?;
        let repeat = match call.spec().effect {
            Effect::Destroy => json!({"confirm": true, "plan_token": plan_token}),
            _ => json!({"plan_token": plan_token}),
        };
        Ok(Offer {
            plan: self.value,
            words: self.words,
            plan_token,
            expires_at: services.clock.now() + PATIENCE,
            repeat: repeat.to_string(),
        })
    }
}

impl Offer {
    /// What a caller does next, for a reply.
    pub(crate) fn next(&self) -> String {
        format!(
            "Show this to the user. If it is wanted, repeat the same call with {} added, before {}.",
            self.repeat,
            self.until()
        )
    }

    /// When the token ends.
    pub(crate) fn until(&self) -> String {
        self.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl From<Offer> for Stop {
    fn from(offer: Offer) -> Self {
        Stop::Offers(Box::new(offer))
    }
}
