//! What the rules say, for an operator who asks.

use super::{
    question::{self, Question},
    rules::{Input, List, Rule, Rules, Source},
};
use crate::junos::{Command, judged_line, set_line::SetLine, without_pipes};

/// What the rules say about one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explanation {
    /// The list that was asked.
    pub(crate) list: List,
    /// What was judged, in the form in which the winning rule met it.
    pub(crate) asked: String,
    /// The winning rule as written; `None` when no rule matches.
    pub(crate) pattern: Option<String>,
    /// Where it stands.
    pub(crate) source: Option<Source>,
    /// Its rank as matched: literal characters and bytes. `None` also where any deny rule refuses what cannot be read.
    pub(crate) rank: Option<(usize, usize)>,
    /// Whether it matched only because words may be abbreviated.
    pub(crate) abbreviated: bool,
    /// Whether the thing is refused.
    pub(crate) denied: bool,
}

impl Rules {
    /// The rules of one list, the strongest first.
    pub(crate) fn ranked(&self, list: List) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.list(list).iter().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.full_rank()));
        rules
    }

    /// What the rules say about a command and about each command that it carries.
    pub(crate) fn explain_command(&self, command: &Command) -> Vec<Explanation> {
        let questions = question::of_command(command);
        questions.iter().map(|question| self.explain_one(question)).collect()
    }

    /// What the rules say about a line of a set payload: as written, and as seen from the top where that differs.
    pub(crate) fn explain_line(&self, line: &SetLine) -> Vec<Explanation> {
        let questions = question::of_line(line);
        questions.iter().map(|question| self.explain_one(question)).collect()
    }

    /// What the rules of a list say about a text.
    pub(crate) fn explain(&self, list: List, text: &str) -> Explanation {
        let whole = judged_line(text);
        let judged = if list == List::Config {
            &whole
        } else {
            without_pipes(&whole)
        };
        self.explain_one(&Question {
            list,
            names: vec![Input::piped(judged, &whole)],
            quotes: vec![whole.clone()],
        })
    }

    fn explain_one(&self, question: &Question) -> Explanation {
        let list = question.list;
        if question.names.is_empty() {
            let rule = self.list(list).iter().find(|rule| rule.deny);
            return Explanation {
                list,
                asked: question.quote(0).to_owned(),
                pattern: rule.map(|rule| rule.text.to_string()),
                source: rule.map(|rule| rule.source),
                rank: None,
                abbreviated: false,
                denied: rule.is_some(),
            };
        }
        let winner = self.winner(list, &question.names);
        Explanation {
            list,
            asked: question.quote(winner.map_or(0, |(_, _, name)| name)).to_owned(),
            pattern: winner.map(|(_, rule, _)| rule.text.to_string()),
            source: winner.map(|(_, rule, _)| rule.source),
            rank: winner.map(|(rank, _, _)| (rank.literals, rank.bytes)),
            abbreviated: winner.is_some_and(|(rank, _, _)| !rank.literal),
            denied: winner.is_some_and(|(_, rule, _)| rule.deny),
        }
    }
}
