//! Rules as written and as compiled, and the rank by which one of them wins.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{expansion::expand, glob::Glob};

/// The rules of a device or of the defaults, as they stand in the inventory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RuleList {
    /// For operational commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<RuleText>,
    /// For configuration changes in set form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) config: Vec<RuleText>,
    /// For packet engine commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pfe_commands: Vec<RuleText>,
}

/// One rule as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleText {
    /// `deny` or `allow`.
    pub(crate) action: String,
    /// What it applies to.
    pub(crate) pattern: String,
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// In the defaults for all routers.
    Defaults,
    /// In the entry of one router.
    Device,
}

impl Source {
    /// The word used in refusals.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Defaults => "defaults",
            Self::Device => "device",
        }
    }
}

/// Which of the three lists a rule is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Operational commands.
    Commands,
    /// Configuration changes.
    Config,
    /// Packet engine commands.
    PfeCommands,
}

impl List {
    /// All three, in the order in which they are shown.
    pub(crate) const ALL: [Self; 3] = [Self::Commands, Self::Config, Self::PfeCommands];

    /// Its key in the inventory.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Config => "config",
            Self::PfeCommands => "pfe_commands",
        }
    }
}

/// A rule that cannot be compiled. Such a rule is never skipped: its file or its device is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleFault {
    /// Where the rule stands.
    pub(crate) source: Source,
    /// Its list.
    pub(crate) list: List,
    /// Its place in the list, from 0.
    pub(crate) index: usize,
    /// What is wrong with it.
    pub(crate) reason: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = match self.source {
            Source::Defaults => "_blocklist_defaults",
            Source::Device => "blocklist",
        };
        write!(
            formatter,
            "{rules}.{}[{}]: {}",
            self.list.as_str(),
            self.index,
            self.reason
        )
    }
}

impl std::error::Error for RuleFault {}

/// A plain pattern of a rule, ready to match.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The pattern as the operator wrote it.
    pub(crate) text: Arc<str>,
    /// The plain pattern that this is, with one choice made in every `{…}`.
    pub(crate) pattern: Arc<str>,
    /// Deny, or allow.
    pub(crate) deny: bool,
    /// Where it stands.
    pub(crate) source: Source,
    glob: Glob,
}

/// How specific a match is; the greatest wins, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// Literal characters that matched.
    pub(crate) literals: usize,
    /// Bytes of the pattern that matched.
    pub(crate) bytes: usize,
    source: Source,
    /// Nothing was abbreviated.
    pub(crate) literal: bool,
    deny: bool,
}

impl Rule {
    /// The rank of this rule for an input, if it matches.
    pub(crate) fn rank(&self, input: &Input) -> Option<Rank> {
        let line = if self.glob.has_bar() {
            &input.whole
        } else {
            &input.judged
        };
        let skipped = if self.deny {
            self.glob.matches_abbreviated(line)?
        } else {
            self.glob.matches(line).then_some(0)?
        };
        Some(Rank {
            literal: skipped == 0,
            ..self.rank_less(skipped)
        })
    }

    /// The rank of this rule where nothing is abbreviated.
    pub(crate) fn full_rank(&self) -> Rank {
        self.rank_less(0)
    }

    fn rank_less(&self, skipped: usize) -> Rank {
        Rank {
            literals: self.glob.literals() - skipped,
            bytes: self.glob.bytes().saturating_sub(skipped),
            source: self.source,
            literal: true,
            deny: self.deny,
        }
    }
}

/// A normalised line, without and with its pipes.
pub(crate) struct Input {
    judged: Vec<char>,
    whole: Vec<char>,
}

impl Input {
    /// A line that has no pipes.
    pub(crate) fn plain(line: &str) -> Self {
        Self::piped(line, line)
    }

    /// A command without and with its pipes.
    pub(crate) fn piped(judged: &str, whole: &str) -> Self {
        Self {
            judged: judged.chars().collect(),
            whole: whole.chars().collect(),
        }
    }
}

/// The rules in force for one router. Without any, everything is allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    commands: Vec<Rule>,
    config: Vec<Rule>,
    pfe_commands: Vec<Rule>,
}

impl Rules {
    /// Compiles the defaults and a router's own rules into one set.
    pub(crate) fn compile(defaults: &RuleList, device: &RuleList) -> Result<Self, RuleFault> {
        let mut rules = Self::default();
        for (source, lists) in [(Source::Defaults, defaults), (Source::Device, device)] {
            compile_list(&lists.commands, source, List::Commands, &mut rules.commands)?;
            compile_list(&lists.config, source, List::Config, &mut rules.config)?;
            compile_list(&lists.pfe_commands, source, List::PfeCommands, &mut rules.pfe_commands)?;
        }
        Ok(rules)
    }

    /// Says whether changes to the configuration have to be judged at all.
    pub(crate) fn has_config_rules(&self) -> bool {
        !self.config.is_empty()
    }

    /// The compiled rules of one list.
    pub(crate) fn list(&self, list: List) -> &[Rule] {
        match list {
            List::Commands => &self.commands,
            List::Config => &self.config,
            List::PfeCommands => &self.pfe_commands,
        }
    }

    /// The rule that wins over several names of one thing, with its rank and the name it matched.
    pub(crate) fn winner(&self, list: List, inputs: &[Input]) -> Option<(Rank, &Rule, usize)> {
        let ranked = self.list(list).iter().flat_map(|rule| {
            inputs
                .iter()
                .enumerate()
                .filter_map(move |(at, input)| rule.rank(input).map(|rank| (rank, rule, at)))
        });
        ranked.max_by_key(|(rank, _, _)| *rank)
    }
}

fn compile_list(texts: &[RuleText], source: Source, list: List, rules: &mut Vec<Rule>) -> Result<(), RuleFault> {
    for (index, rule) in texts.iter().enumerate() {
        let fault = |reason: String| RuleFault {
            source,
            list,
            index,
            reason,
        };
        let deny = match rule.action.as_str() {
            "deny" => true,
            "allow" => false,
            other => return Err(fault(format!("unknown action '{other}'"))),
        };
        let text: Arc<str> = rule.pattern.as_str().into();
        for pattern in expand(&rule.pattern).map_err(fault)? {
            rules.push(Rule {
                text: text.clone(),
                pattern: pattern.as_str().into(),
                deny,
                source,
                glob: Glob::compile(&pattern),
            });
        }
    }
    Ok(())
}
