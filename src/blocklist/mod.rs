//! The operator's rules: which commands and configuration changes are refused before anything is sent.

mod effective;
mod expansion;
mod glob;
mod inner;
mod rules;
mod verdict;

pub(crate) use rules::{List, RuleList, RuleText, Rules, Source};
pub(crate) use verdict::{Denied, Permitted};
