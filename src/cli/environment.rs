//! Variables of this process: which of them count, and which look like a slip of the pen.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
};

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, parser::ValueSource};

use super::{
    commands::CommandLine,
    findings::{Findings, Section},
};

/// Every variable of ours begins with this.
const PREFIX: &str = "JMCP_";

/// The variable of Juniper's own server for the time of a command.
const JUNOS_TIMEOUT: &str = "JUNOS_TIMEOUT";

/// A command line that was understood, and where its values came from.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) line: CommandLine,
    matches: ArgMatches,
}

impl Parsed {
    /// Whether the value was typed on the command line.
    pub(super) fn is_typed(&self, argument: &str) -> bool {
        self.matches.value_source(argument) == Some(ValueSource::CommandLine)
    }

    /// Whether the value came from its variable.
    pub(super) fn is_from_environment(&self, argument: &str) -> bool {
        self.matches.value_source(argument) == Some(ValueSource::EnvVariable)
    }
}

/// Reads the command line and the variables of this process.
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    findings: &mut Findings,
) -> Result<Parsed, clap::Error> {
    let command = command();
    let known = known_variables(&command);
    let mut command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_unset(name) => argument.env(None::<&str>),
        _ => argument,
    });
    let matches = command.try_get_matches_from_mut(arguments)?;
    let line = CommandLine::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let mut parsed = Parsed { line, matches };
    take_junos_timeout(&mut parsed, findings);
    suspect_slips(&known, findings);
    Ok(parsed)
}

/// The command line as clap describes it; help names variables and never shows what they hold.
pub(super) fn command() -> Command {
    CommandLine::command().mut_args(|argument| argument.hide_env_values(true))
}

fn known_variables(command: &Command) -> BTreeSet<String> {
    command
        .get_arguments()
        .filter_map(|argument| argument.get_env())
        .filter_map(OsStr::to_str)
        .map(str::to_owned)
        .collect()
}

/// Clients pass settings that were left blank as empty text, or as the placeholder itself.
fn is_unset(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty() || value.to_string_lossy().contains("${user_config."))
}

/// Takes the time of a command from the variable of Juniper's server, when nothing of ours says one.
fn take_junos_timeout(parsed: &mut Parsed, findings: &mut Findings) {
    let argument = "command_timeout_secs";
    if parsed.is_typed(argument) || parsed.is_from_environment(argument) {
        return;
    }
    let Some(value) = std::env::var_os(JUNOS_TIMEOUT).filter(|_| !is_unset(OsStr::new(JUNOS_TIMEOUT))) else {
        return;
    };
    let value = value.to_string_lossy();
    match value.trim().parse::<u64>() {
        Ok(seconds) if (1..=3600).contains(&seconds) => parsed.line.options.command_timeout_secs = seconds,
        _ => findings.note(
            Section::Settings,
            format!("{JUNOS_TIMEOUT} is ignored: '{value}' is not a whole number of seconds from 1 to 3600"),
        ),
    }
}

fn suspect_slips(known: &BTreeSet<String>, findings: &mut Findings) {
    let mut names: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !known.contains(name))
        .collect();
    names.sort();
    for name in names {
        let nearest = known.iter().map(|known| (distance(&name, known), known)).min();
        if let Some((1 | 2, meant)) = nearest {
            findings.warn(12, format!("unknown variable {name}, did you mean {meant}"));
        }
    }
}

/// How many letters to add, drop or replace to make one word the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_long_option_has_its_variable_and_the_command_line_is_sound() {
        let command = command();
        command.clone().debug_assert();
        for argument in command.get_arguments() {
            let Some(long) = argument.get_long() else { continue };
            if matches!(long, "help" | "version") {
                continue;
            }
            let expected = format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(
                argument.get_env().and_then(OsStr::to_str),
                Some(expected.as_str()),
                "--{long}"
            );
            assert!(argument.is_hide_env_values_set(), "--{long}");
        }
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("JMCP_TOOLSET", "JMCP_TOOLSETS"), 1);
        assert_eq!(distance("JMCP_READONLY", "JMCP_READ_ONLY"), 1);
        assert_eq!(distance("", "ab"), 2);
    }
}
