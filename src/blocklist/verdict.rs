//! The verdict on a command or a change, and the proof that a command was judged.

use super::{
    effective::changes,
    inner::{Inner, inner},
    rules::{Input, List, Rule, Rules, Source},
};
use crate::junos::{Command, char_floor, judged_line, set_line::SetLine, without_pipes};

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

/// What the rules say about a text, for an operator who asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explanation {
    /// The winning rule as written; `None` when no rule matches.
    pub(crate) pattern: Option<String>,
    /// Where it stands.
    pub(crate) source: Option<Source>,
    /// Its rank as matched: literal characters and bytes.
    pub(crate) rank: Option<(usize, usize)>,
    /// Whether the text is refused.
    pub(crate) denied: bool,
}

impl Rules {
    /// Judges a command, and the commands it carries inside.
    pub(crate) fn permit(&self, command: &Command) -> Result<Permitted, Denied> {
        let list = if command.is_pfe() {
            List::PfeCommands
        } else {
            List::Commands
        };
        self.judge(list, &[Input::piped(command.judged(), command.whole())], || {
            command.whole().to_owned()
        })?;
        if !command.is_pfe() {
            self.judge_inner(command.judged())?;
        }
        Ok(Permitted {
            command: command.clone(),
        })
    }

    /// Judges a packet engine command.
    #[cfg(test)]
    pub(crate) fn permit_pfe(&self, command: &Command) -> Result<Permitted, Denied> {
        let input = Input::piped(command.judged(), command.whole());
        self.judge(List::PfeCommands, &[input], || command.whole().to_owned())?;
        Ok(Permitted {
            command: command.clone(),
        })
    }

    /// Judges the lines of a set payload, as written and as seen from the top.
    pub(crate) fn judge_payload(&self, lines: &[SetLine]) -> Result<(), Denied> {
        if !self.has_config_rules() {
            return Ok(());
        }
        for line in lines {
            let relative = (line.expanded() != line.written()).then(|| line.expanded());
            for form in std::iter::once(line.written()).chain(relative) {
                self.judge(List::Config, &[Input::plain(form)], || {
                    format!("line {}: {form}", line.line())
                })?;
            }
        }
        Ok(())
    }

    /// Judges what a load changed, given both configurations in set form.
    pub(crate) fn judge_effective(&self, before: &str, after: &str) -> Result<(), Denied> {
        if !self.has_config_rules() {
            return Ok(());
        }
        for aliases in changes(before, after) {
            let inputs: Vec<Input> = aliases.iter().map(|alias| Input::plain(alias)).collect();
            if let Some((_, rule, at)) = self.winner(List::Config, &inputs).filter(|(_, rule, _)| rule.deny) {
                return Err(denied(
                    rule,
                    List::Config,
                    Stage::Effective,
                    format!("change: {}", aliases[at]),
                ));
            }
        }
        Ok(())
    }

    /// What the rules of a list say about a text.
    pub(crate) fn explain(&self, list: List, text: &str) -> Explanation {
        let whole = judged_line(text);
        let judged = if list == List::Config {
            &whole
        } else {
            without_pipes(&whole)
        };
        let input = Input::piped(judged, &whole);
        let winner = self.winner(list, &[input]);
        Explanation {
            pattern: winner.map(|(_, rule, _)| rule.text.to_string()),
            source: winner.map(|(_, rule, _)| rule.source),
            rank: winner.map(|(rank, _, _)| (rank.literals, rank.bytes)),
            denied: winner.is_some_and(|(_, rule, _)| rule.deny),
        }
    }

    fn judge(&self, list: List, inputs: &[Input], excerpt: impl FnOnce() -> String) -> Result<(), Denied> {
        match self.winner(list, inputs) {
            Some((_, rule, _)) if rule.deny => Err(denied(rule, list, Stage::Input, excerpt())),
            _ => Ok(()),
        }
    }

    fn judge_inner(&self, judged: &str) -> Result<(), Denied> {
        match inner(judged) {
            Inner::None => Ok(()),
            Inner::Unreadable(list) => match self.list(list).iter().find(|rule| rule.deny) {
                Some(rule) => Err(denied(
                    rule,
                    list,
                    Stage::Input,
                    "inner: not found in the command".to_owned(),
                )),
                None => Ok(()),
            },
            Inner::Commands(list, commands) => commands.iter().try_for_each(|whole| {
                let judged = without_pipes(whole);
                self.judge(list, &[Input::piped(judged, whole)], || format!("inner: {whole}"))?;
                // An inner command of the other kind may carry one again; each step is shorter than the last.
                if list == List::Commands {
                    self.judge_inner(judged)
                } else {
                    Ok(())
                }
            }),
        }
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
