//! The state of a question that goes out to a client and comes back: signed, bound to who asked for what, good for five minutes.
//!
//! It is signed and not hidden, so it holds no diff: which question, what it was about as a digest, a nonce, and what the same
//! person has filled in before.

use ring::rand::{SecureRandom as _, SystemRandom};
use rmcp::model::{RequestStateCodec, RequestStateError, SealOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use std::time::Duration;

use crate::app::{Action, Answer, Answers, Digest, Nonce, PATIENCE, Question};

/// Bytes of the key of a process.
const KEY: usize = 32;

/// Closes and opens the state of questions.
pub(in crate::server) struct Seal {
    codec: RequestStateCodec,
    patience: Duration,
}

/// A state that is not ours, was changed, or belongs to another caller, tool or arguments.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) struct Broken;

#[derive(Serialize, Deserialize)]
struct State {
    nonce: String,
    key: String,
    digest: Digest,
    answers: Vec<Answer>,
}

/// A question that came back.
pub(super) struct Opened {
    pub(super) key: String,
    digest: Digest,
    nonce: Nonce,
    pub(super) answers: Vec<Answer>,
}

impl Seal {
    /// A seal that only this process can open.
    pub(in crate::server) fn new() -> Self {
        Self::lasting(PATIENCE)
    }

    pub(super) fn lasting(patience: Duration) -> Self {
        let mut key = [0; KEY];
        SystemRandom::new()
            .fill(&mut key)
            .expect("the system's random numbers do not run out");
        Self {
            codec: RequestStateCodec::try_new(key).expect("the key is as long as it has to be"),
            patience,
        }
    }

    /// The state of a question.
    pub(super) fn close(&self, question: &Question, answers: &Answers, bound: &[u8]) -> String {
        let state = State {
            nonce: Nonce::fresh().as_str().to_owned(),
            key: question.key.to_owned(),
            digest: question.digest.clone(),
            answers: answers.iter().cloned().collect(),
        };
        let options = SealOptions::new().associated_data(bound).ttl(self.patience);
        self.codec
            .seal_json_with(&state, &options)
            .expect("a state is strings and lists")
    }

    /// The question that a state belongs to; none when it is too old to be answered.
    pub(super) fn open(&self, state: &str, bound: &[u8]) -> Result<Option<Opened>, Broken> {
        match self.codec.open_json_with::<State>(state, bound) {
            Ok(state) => Ok(Some(Opened {
                key: state.key,
                digest: state.digest,
                nonce: Nonce::from_text(state.nonce),
                answers: state.answers,
            })),
            Err(RequestStateError::Expired) => Ok(None),
            Err(_) => Err(Broken),
        }
    }
}

impl Opened {
    /// Takes what was answered.
    pub(super) fn answer(&mut self, action: Action, content: Map<String, Value>) {
        self.answers.push(Answer {
            key: self.key.clone(),
            digest: self.digest.clone(),
            action,
            content,
            nonce: Some(self.nonce.clone()),
        });
    }
}
