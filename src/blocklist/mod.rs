//! The operator's rules: which commands and configuration changes are refused before anything is sent.

mod effective;
mod expansion;
mod explain;
mod glob;
mod inner;
mod question;
mod rules;
mod verdict;

pub(crate) use effective::changes_mention;
pub(crate) use explain::Explanation;
pub(crate) use rules::{List, Rule, RuleList, RuleText, Rules, Source};
pub(crate) use verdict::{Denied, Permitted};
