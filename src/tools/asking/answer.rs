//! What a person answered, and how a call carries it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Digest, Nonce, Question, Stop};
use crate::tools::{arguments::checked, call::Call, code::Code, failure::Failure};

/// What a person did with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Filled it in.
    Accept,
    /// Refused.
    Decline,
    /// Put it away.
    Cancel,
    /// Did nothing for as long as a question is open.
    Silence,
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Which question.
    pub(crate) key: String,
    /// What the question was about.
    pub(crate) digest: Digest,
    pub(crate) action: Action,
    /// What was filled in.
    #[serde(default)]
    pub(crate) content: Map<String, Value>,
    /// Makes the answer good for one use; none where it was given while the call went on, or was used before.
    #[serde(skip)]
    pub(crate) nonce: Option<Nonce>,
}

/// All that a person has answered within one call, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Vec<Answer>);

impl Answers {
    /// These answers.
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        Self(answers)
    }

    /// Adds the latest.
    pub(crate) fn push(&mut self, answer: Answer) {
        self.0.push(answer);
    }

    /// The latest answer to a question of that name.
    pub(crate) fn to(&self, key: &str) -> Option<&Answer> {
        self.0.iter().rev().find(|answer| answer.key == key)
    }

    /// Each, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.0.iter()
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a call brings with it for the questions of its tool.
#[derive(Clone, Debug)]
pub(crate) struct Dialogue {
    /// Whether the client can put a form before a person.
    pub(crate) can_ask: bool,
    pub(crate) answers: Answers,
    /// `confirm:true` was given.
    pub(crate) confirm: bool,
    pub(crate) plan_token: Option<String>,
    /// Of the arguments without those of the confirmation, where one may be wanted.
    pub(crate) arguments: Option<Digest>,
}

impl Call {
    /// Whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        self.dialogue().can_ask
    }

    /// What a person answered to a question, whether or not it fits the form; without an answer the run ends with it.
    pub(crate) fn answer(&self, question: Question) -> Result<Answer, Stop> {
        let answer = self.dialogue().answers.to(question.key);
        let Some(answer) = answer.filter(|answer| answer.digest == question.digest) else {
            return Err(Stop::Asks(Box::new(question)));
        };
        self.used(answer)?;
        Ok(Answer {
            content: without_nulls(&answer.content),
            ..answer.clone()
        })
    }

    /// What a person answered to a question; without an answer that fits its form the run ends with it.
    pub(crate) fn ask(&self, question: Question) -> Result<Answer, Stop> {
        let answer = self.dialogue().answers.to(question.key);
        let Some(answer) = answer.filter(|answer| answer.digest == question.digest) else {
            return Err(Stop::Asks(Box::new(question)));
        };
        if answer.action != Action::Accept {
            self.used(answer)?;
            return Ok(answer.clone());
        }
        let none = Map::new();
        let form = question.form.as_object().unwrap_or(&none);
        let Ok(content) = checked("the form", form, without_nulls(&answer.content)) else {
            return Err(Stop::Asks(Box::new(question)));
        };
        self.used(answer)?;
        Ok(Answer {
            content,
            ..answer.clone()
        })
    }

    /// Refused where a person has already said no to a question, so that nothing is contacted only to ask it again.
    pub(crate) fn refuse_declined(&self, key: &str, what: &str) -> Result<(), Failure> {
        match self.dialogue().answers.to(key) {
            Some(answer) if answer.refuses() => {
                self.used(answer)?;
                Err(answer.refusal(what))
            }
            _ => Ok(()),
        }
    }

    /// An answer counts once, whoever brings it how often.
    fn used(&self, answer: &Answer) -> Result<(), Failure> {
        let Some(nonce) = &answer.nonce else { return Ok(()) };
        let used = self
            .services()
            .register
            .use_nonce(nonce, self.caller().owner(), self.id());
        used.map_err(|spent| spent.failure())
    }

    /// Refused where an answer that comes with the call was used before: then nothing is run.
    pub(crate) fn refuse_used(&self) -> Result<(), Failure> {
        let register = &self.services().register;
        let nonces = self
            .dialogue()
            .answers
            .iter()
            .filter_map(|answer| answer.nonce.as_ref());
        for nonce in nonces {
            register.unused(nonce).map_err(|spent| spent.failure())?;
        }
        Ok(())
    }
}

/// Forms know no null: some clients send it for a field that was left empty.
fn without_nulls(content: &Map<String, Value>) -> Map<String, Value> {
    let mut content = content.clone();
    content.retain(|_, value| !value.is_null());
    content
}

impl Answer {
    /// Whether the person did not go along.
    pub(crate) fn refuses(&self) -> bool {
        self.action != Action::Accept || self.content.get("confirm") == Some(&Value::Bool(false))
    }

    /// The person did not go along: what the caller is told.
    pub(crate) fn refusal(&self, what: &str) -> Failure {
        let words = match self.action {
            Action::Silence => format!("nobody answered within {} min; {what}", super::PATIENCE.as_secs() / 60),
            Action::Cancel => format!("the question was put away unanswered; {what}"),
            Action::Decline | Action::Accept => format!("the user declined; {what}"),
        };
        let action = match self.action {
            Action::Silence => "silence",
            Action::Cancel => "cancel",
            Action::Decline | Action::Accept => "decline",
        };
        Failure::new(Code::Declined, words)
            .detail("action", action)
            .hint("ask the user what to do instead; do not repeat the call by yourself")
    }
}
