//! The one table of commands and RPCs, and how a line of words is found in it.

use super::{ShowError, View};
use super::{
    alarms, arp, bgp, chassis, commit, environment, instances, interfaces, license, lldp, log, nd, ntp, optics, ospf,
    processes, reachability,
};
use super::{routing, security, software, storage, switching, uptime, whoami};
use crate::lab::element::Element;
use crate::lab::profile::{Family, Profile};

/// A command, the RPC that is the same question, and who answers it.
pub(super) struct Command {
    /// Words before the parameters.
    pub(super) words: &'static [&'static str],
    /// The RPC's element.
    pub(super) rpc: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// Families that know the command; none named means all.
    pub(super) families: &'static [Family],
    /// Whether a router with several members aggregates the replies of all.
    pub(super) wrapped: bool,
    pub(super) answer: fn(&View, &Arguments) -> Result<Element, ShowError>,
    /// Renders what `answer` built.
    pub(super) text: fn(&Element) -> String,
}

/// What may follow the words of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A word without value, called the same in the RPC.
    Flag(&'static str),
    /// A bare value, and its element in the RPC.
    Free(&'static str),
    /// A word with a value, and its element in the RPC.
    Keyed(&'static str, &'static str),
}

/// Parameters that were given, by their names in the RPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments(Vec<(&'static str, String)>);

/// Every router answers these; families of commands, each in its own file.
const TABLES: &[&[Command]] = &[
    alarms::COMMANDS,
    arp::COMMANDS,
    bgp::COMMANDS,
    chassis::COMMANDS,
    commit::COMMANDS,
    environment::COMMANDS,
    instances::COMMANDS,
    interfaces::COMMANDS,
    license::COMMANDS,
    lldp::COMMANDS,
    log::COMMANDS,
    nd::COMMANDS,
    ntp::COMMANDS,
    optics::COMMANDS,
    ospf::COMMANDS,
    processes::COMMANDS,
    reachability::COMMANDS,
    routing::COMMANDS,
    security::COMMANDS,
    software::COMMANDS,
    storage::COMMANDS,
    switching::COMMANDS,
    uptime::COMMANDS,
    whoami::COMMANDS,
];

/// Commands that others answer, so that abbreviations count them.
const ELSEWHERE: &[&[&str]] = &[
    &["show", "configuration"],
    &["show", "system", "directory-usage"],
    &["clear"],
    &["configure"],
    &["file", "archive"],
    &["file", "checksum"],
    &["file", "copy"],
    &["file", "delete"],
    &["file", "list"],
    &["file", "make-directory"],
    &["file", "rename"],
    &["file", "show"],
    &["help"],
    &["monitor"],
    &["mtrace"],
    &["op"],
    &["quit"],
    &["request", "pfe", "execute"],
    &["request", "support", "information"],
    &["request", "system", "configuration"],
    &["request", "system", "halt"],
    &["request", "system", "power-off"],
    &["request", "system", "reboot"],
    &["request", "system", "software"],
    &["request", "system", "storage"],
    &["request", "vmhost"],
    &["restart"],
    &["set"],
    &["ssh"],
    &["start"],
    &["telnet"],
    &["test"],
];

/// Words any command takes: which engines or nodes answer.
const ANYWHERE: &[Parameter] = &[
    Parameter::Keyed("invoke-on", "invoke-on"),
    Parameter::Keyed("node", "node"),
];

impl Arguments {
    /// Whether a parameter was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| *known == name)
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }

    /// The arguments of an RPC from the names and values of its children.
    pub(super) fn from_rpc(command: &Command, children: &[(String, String)]) -> Result<Self, ShowError> {
        let mut arguments = Self::default();
        for (name, value) in children {
            let parameter = command.all_parameters().find(|parameter| parameter.rpc_name() == name);
            let parameter = parameter.ok_or_else(|| ShowError::syntax("syntax error", name, 0))?;
            arguments.0.push((parameter.rpc_name(), value.trim().to_owned()));
        }
        Ok(arguments)
    }
}

impl Command {
    fn all_parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().chain(ANYWHERE)
    }

    fn known_to(&self, profile: &Profile) -> bool {
        self.families.is_empty() || self.families.contains(&profile.family)
    }
}

impl Parameter {
    fn rpc_name(self) -> &'static str {
        match self {
            Self::Flag(name) | Self::Free(name) | Self::Keyed(_, name) => name,
        }
    }

    fn word(self) -> Option<&'static str> {
        match self {
            Self::Flag(word) | Self::Keyed(word, _) => Some(word),
            Self::Free(_) => None,
        }
    }
}

impl ShowError {
    pub(super) fn syntax(message: impl Into<String>, word: &str, position: usize) -> Self {
        Self::Syntax {
            message: message.into(),
            bad_element: Some(word.to_owned()),
            position,
        }
    }
}

fn commands(profile: &Profile) -> impl Iterator<Item = &'static Command> + '_ {
    TABLES
        .iter()
        .copied()
        .flatten()
        .filter(|command| command.known_to(profile))
}

/// The command that is the same question as an RPC.
pub(super) fn by_rpc(name: &str, profile: &Profile) -> Option<&'static Command> {
    commands(profile).find(|command| command.rpc == name)
}

/// The RPC that is the same question as a command, as `display xml rpc` shows it.
pub(crate) fn rpc_form(words: &str, profile: &Profile) -> Result<Element, ShowError> {
    let (command, arguments) = resolve(words, profile)?;
    let mut element = Element::new(command.rpc);
    for (name, value) in arguments.0 {
        let flag = command.parameters.contains(&Parameter::Flag(name));
        element.push(if flag {
            Element::flag(name)
        } else {
            Element::leaf(name, value)
        });
    }
    Ok(element)
}

/// The command and its arguments that a line means.
pub(super) fn resolve(line: &str, profile: &Profile) -> Result<(&'static Command, Arguments), ShowError> {
    let words = split(line);
    let mut path: Vec<&'static str> = Vec::new();
    for (position, word) in words.iter().enumerate() {
        let next = next_words(&path, profile);
        let candidates = starting_with(word, next.iter().copied());
        match candidates[..] {
            [single] => path.push(single),
            [] => match find(&path, profile) {
                Some(command) => return parameters(command, &words, position),
                None if path.is_empty() => return Err(ShowError::Elsewhere(words)),
                None => return Err(ShowError::syntax("syntax error, expecting <command>", word, position)),
            },
            _ => return Err(ambiguous(word, position)),
        }
        if ELSEWHERE.contains(&path.as_slice()) {
            let known = path.iter().map(|word| (*word).to_owned());
            return Err(ShowError::Elsewhere(
                known.chain(words[position + 1..].iter().cloned()).collect(),
            ));
        }
    }
    match find(&path, profile) {
        Some(command) => parameters(command, &words, words.len()),
        None => Err(ShowError::Syntax {
            message: "missing argument.".to_owned(),
            bad_element: words.last().cloned(),
            position: words.len(),
        }),
    }
}

fn ambiguous(word: &str, position: usize) -> ShowError {
    ShowError::syntax(format!("'{word}' is ambiguous."), word, position)
}

fn find(path: &[&str], profile: &Profile) -> Option<&'static Command> {
    commands(profile).find(|command| command.words == path)
}

/// The distinct words that may follow `path`, parameters of the command at `path` included.
fn next_words(path: &[&'static str], profile: &Profile) -> Vec<&'static str> {
    let tables = commands(profile)
        .map(|command| command.words)
        .chain(ELSEWHERE.iter().copied());
    let mut next: Vec<&str> = tables
        .filter(|words| words.starts_with(path))
        .filter_map(|words| words.get(path.len()).copied())
        .collect();
    next.sort_unstable();
    next.dedup();
    next
}

/// The words that `word` abbreviates; an exact word abbreviates nothing else.
fn starting_with<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let candidates: Vec<&str> = known.filter(|known| known.starts_with(word)).collect();
    match candidates.iter().find(|known| **known == word) {
        Some(exact) => vec![exact],
        None => candidates,
    }
}

/// Reads the words from `start` on as parameters.
fn parameters(
    command: &'static Command,
    words: &[String],
    start: usize,
) -> Result<(&'static Command, Arguments), ShowError> {
    let mut arguments = Arguments::default();
    let mut position = start;
    while let Some(word) = words.get(position) {
        let known = starting_with(word, command.all_parameters().filter_map(|parameter| parameter.word()));
        let parameter = match known[..] {
            [single] => command
                .all_parameters()
                .find(|parameter| parameter.word() == Some(single)),
            [] => free(command, &arguments),
            _ => return Err(ambiguous(word, position)),
        };
        let name = parameter.map(|parameter| parameter.rpc_name());
        let value = match parameter {
            None => return Err(ShowError::syntax("syntax error", word, position)),
            Some(Parameter::Flag(_)) => String::new(),
            Some(Parameter::Free(_)) => word.clone(),
            Some(Parameter::Keyed(..)) => {
                position += 1;
                words
                    .get(position)
                    .cloned()
                    .ok_or_else(|| ShowError::syntax("missing argument.", word, position))?
            }
        };
        arguments.0.extend(name.map(|name| (name, value)));
        position += 1;
    }
    Ok((command, arguments))
}

/// The bare value a command still takes.
fn free(command: &'static Command, arguments: &Arguments) -> Option<&'static Parameter> {
    command
        .parameters
        .iter()
        .find(|parameter| matches!(parameter, Parameter::Free(name) if !arguments.has(name)))
}

/// Splits a line at blanks outside quotes; the quotes fall away.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            blank if blank.is_whitespace() && !quoted => words.push(String::new()),
            other => words.last_mut().expect("there is always a last word").push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
