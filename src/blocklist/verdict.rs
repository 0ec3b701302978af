//! The verdict on a command or a change, and the proof that a command was judged.

use super::{
    effective::changes,
    question::{self, Question},
    rules::{List, Rule, Rules, Source},
};
use crate::junos::{Command, char_floor, set_line::SetLine};

/// How much of the input a refusal quotes, in bytes.
const EXCERPT: usize = 120;

/// A command that the rules let pass. Only this module makes one, and only such a command can be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Permitted {
    command: Command,
}

impl Permitted {
    /// The command.
    pub(crate) fn command(&self) -> &Command {
        &self.command
    }
}

/// When something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before anything was sent.
    Input,
    /// After the load, for what it would have changed.
    Effective,
}

impl Stage {
    /// The word used by counters.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Effective => "effective",
        }
    }
}

/// A refusal by a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Denied {
    /// The rule as the operator wrote it.
    pub(crate) pattern: String,
    /// Where the rule stands.
    pub(crate) source: Source,
    /// Its list.
    pub(crate) list: List,
    /// When it was found.
    pub(crate) stage: Stage,
    /// What was refused, uncut; may hold a secret until [`Denied::redacted`] was called.
    pub(crate) excerpt: String,
}

impl Denied {
    /// The same refusal with its excerpt passed through `redact`.
    pub(crate) fn redacted(mut self, redact: impl FnOnce(&str) -> String) -> Self {
        self.excerpt = redact(&self.excerpt);
        self
    }

    /// The text of the refusal, without a code.
    pub(crate) fn message(&self, tool: &str, router: &str) -> String {
        format!(
            "denied by blocklist: {tool} on '{router}' matched rule '{}' (action=deny, source={}); input: {}",
            self.pattern,
            self.source.as_str(),
            &self.excerpt[..char_floor(&self.excerpt, EXCERPT)],
        )
    }
}

impl Rules {
    /// Judges a command, and the commands it carries inside.
    pub(crate) fn permit(&self, command: &Command) -> Result<Permitted, Denied> {
        self.judge(&question::of_command(command), Stage::Input)?;
        Ok(Permitted {
            command: command.clone(),
        })
    }

    /// Judges the lines of a set payload, as written and as seen from the top.
    pub(crate) fn judge_payload(&self, lines: &[SetLine]) -> Result<(), Denied> {
        if !self.has_config_rules() {
            return Ok(());
        }
        lines
            .iter()
            .try_for_each(|line| self.judge(&question::of_line(line), Stage::Input))
    }

    /// Judges what a load changed, given both configurations in set form.
    pub(crate) fn judge_effective(&self, before: &str, after: &str) -> Result<(), Denied> {
        if !self.has_config_rules() {
            return Ok(());
        }
        changes(before, after)
            .iter()
            .try_for_each(|aliases| self.judge(&[Question::change(aliases)], Stage::Effective))
    }

    /// The first refusal decides; what no rule matches passes.
    fn judge(&self, questions: &[Question], stage: Stage) -> Result<(), Denied> {
        for question in questions {
            let decisive = if question.names.is_empty() {
                let any = self.list(question.list).iter().find(|rule| rule.deny);
                any.map(|rule| (rule, 0))
            } else {
                let winner = self.winner(question.list, &question.names);
                winner.map(|(_, rule, name)| (rule, name))
            };
            if let Some((rule, name)) = decisive.filter(|(rule, _)| rule.deny) {
                return Err(denied(rule, question.list, stage, question.quote(name).to_owned()));
            }
        }
        Ok(())
    }
}

fn denied(rule: &Rule, list: List, stage: Stage, excerpt: String) -> Denied {
    Denied {
        pattern: rule.text.to_string(),
        source: rule.source,
        list,
        stage,
        excerpt,
    }
}

#[cfg(test)]
mod tests;
