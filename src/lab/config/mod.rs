//! The configuration of a simulated router: a tree that reads and prints every form that Junos does.
//!
//! [`Tree`] is the whole interface: loads, forms, comparison, commit checks and reads. It is cheap to clone and shares
//! what was not edited. What the statements are is told by a table (`schema.txt`); what the table does not know is kept
//! as it was written.

mod change;
mod check;
mod compare;
mod compare_list;
mod filter;
mod groups;
mod items;
mod lexer;
mod load;
mod load_set;
mod node;
mod order;
mod parse_json;
mod parse_text;
mod parse_xml;
mod patch;
mod pattern;
mod place;
mod print_json;
mod print_set;
mod print_text;
mod print_xml;
mod read;
mod report;
mod resolve;
mod schema;
mod schema_reader;
mod secret;
mod tree;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use check::check;
pub(crate) use compare::compare;
pub(crate) use place::Place;
pub(crate) use report::{ConfigError, LoadReport, Severity};
pub(crate) use secret::Encoder;
pub(crate) use tree::{LoadAction, LoadFormat, Tree};
