//! What can be used once: plan tokens that were given out, and questions that were answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{Digest, PATIENCE};
use crate::tools::{code::Code, failure::Failure};

/// Most tokens and answers that are kept at a time; each for [`PATIENCE`].
pub(crate) const MOST_KEPT: usize = 4_096;

/// Random bytes of a token and of a nonce.
const RANDOM: usize = 32;

/// Tells one question from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nonce(String);

impl Nonce {
    /// One that never was.
    pub(crate) fn fresh() -> Self {
        Self(random())
    }

    /// As it came back.
    pub(crate) fn from_text(text: String) -> Self {
        Self(text)
    }

    /// As it goes out.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tokens that were given out and not used, and all that was used, until its time is over.
#[derive(Default)]
pub(crate) struct Register(Mutex<HashMap<[u8; 32], Kept>>);

struct Kept {
    owner: Arc<str>,
    until: Instant,
    state: State,
}

#[derive(Clone)]
enum State {
    /// A plan that can still be confirmed.
    Open(Digest),
    /// By this call.
    Used(String),
}

/// Why something cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It never was, is too old, or is somebody else's.
    Unknown,
    /// It was used; the caller's own call is named.
    Used(Option<String>),
    /// There is no room to remember it.
    Full,
}

impl Register {
    /// A token for a plan of `owner`.
    pub(crate) fn offer(&self, owner: &Arc<str>, plan: Digest) -> Result<String, Unusable> {
        let token = random();
        self.keep(key("plan", &token), owner, State::Open(plan))?;
        Ok(token)
    }

    /// The plan that a token of `owner` stands for.
    pub(crate) fn plan(&self, token: &str, owner: &Arc<str>) -> Result<Digest, Unusable> {
        let kept = self.table();
        match kept.get(&key("plan", token)) {
            Some(kept) if kept.owner == *owner && kept.until > Instant::now() => match &kept.state {
                State::Open(plan) => Ok(plan.clone()),
                State::Used(call) => Err(Unusable::Used(Some(call.clone()))),
            },
            _ => Err(Unusable::Unknown),
        }
    }

    /// Uses a token up.
    pub(crate) fn use_token(&self, token: &str, owner: &Arc<str>, call_id: &str) -> Result<(), Unusable> {
        let mut table = self.table();
        let kept = table.get_mut(&key("plan", token)).filter(|kept| kept.owner == *owner);
        let kept = kept.ok_or(Unusable::Unknown)?;
        match &kept.state {
            State::Used(call) => Err(Unusable::Used(Some(call.clone()))),
            State::Open(_) if kept.until <= Instant::now() => Err(Unusable::Unknown),
            State::Open(_) => {
                kept.state = State::Used(call_id.to_owned());
                Ok(())
            }
        }
    }

    /// Whether the answer to a question can still be used; its seal says that it is the caller's own.
    pub(crate) fn unused(&self, nonce: &Nonce) -> Result<(), Unusable> {
        match self.table().get(&key("nonce", &nonce.0)).map(|kept| kept.state.clone()) {
            Some(State::Used(call)) => Err(Unusable::Used(Some(call))),
            _ => Ok(()),
        }
    }

    /// Uses the answer to a question up.
    pub(crate) fn use_nonce(&self, nonce: &Nonce, owner: &Arc<str>, call_id: &str) -> Result<(), Unusable> {
        self.keep(key("nonce", &nonce.0), owner, State::Used(call_id.to_owned()))
    }

    fn keep(&self, key: [u8; 32], owner: &Arc<str>, state: State) -> Result<(), Unusable> {
        let mut table = self.table();
        let now = Instant::now();
        if let Some(Kept {
            state: State::Used(call),
            ..
        }) = table.get(&key)
        {
            return Err(Unusable::Used(Some(call.clone())));
        }
        if table.len() >= MOST_KEPT {
            table.retain(|_, kept| kept.until > now);
        }
        if table.len() >= MOST_KEPT {
            return Err(Unusable::Full);
        }
        let kept = Kept {
            owner: Arc::clone(owner),
            until: now + PATIENCE,
            state,
        };
        table.insert(key, kept);
        Ok(())
    }

    fn table(&self) -> MutexGuard<'_, HashMap<[u8; 32], Kept>> {
        self.0.lock().expect("no code panics while it holds the lock")
    }
}

impl Unusable {
    /// What the caller is told.
    pub(crate) fn failure(&self) -> Failure {
        let invalid = |text: &str| Failure::new(Code::ConfirmationTokenInvalid, text);
        match self {
            Unusable::Unknown => invalid("plan_token is not one that can be used")
                .hint("a token is good for 5 min, once, and for the caller who got it; repeat the call without it for a new plan"),
            Unusable::Used(call) => {
                let who = call.as_deref().unwrap_or("another call");
                invalid("this confirmation was used before; nothing was done now").hint(format!(
                    "it was used by call {who}: look at what that call did (get_job, list_jobs, 'show system commit') before asking anew"
                ))
            }
            Unusable::Full => Failure::new(
                Code::ConfirmationCapacityExceeded,
                format!("{MOST_KEPT} confirmations are open, which is the limit"),
            )
            .hint("they are dropped 5 min after they were given out; try again then"),
        }
    }
}

/// Only the hash of what a caller holds is kept.
fn key(kind: &str, secret: &str) -> [u8; 32] {
    Sha256::digest(format!("{kind}:{secret}")).into()
}

fn random() -> String {
    let mut bytes = [0; RANDOM];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    URL_SAFE_NO_PAD.encode(bytes)
}
