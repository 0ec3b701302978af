//! `start shell`: as much of a Unix shell as scripts use to look around.

use super::console::{Console, Layer, Step};
use super::exec;
use crate::lab::files::absolute;

/// The shells there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csh,
    Sh,
}

/// A shell and how its last command ended.
#[derive(Debug)]
pub(super) struct Unix {
    kind: Kind,
    status: u32,
}

impl Unix {
    /// The shell of that name; without one, the user's own.
    pub(super) fn named(words: &[&str]) -> Option<Self> {
        let kind = match words {
            [] | ["csh"] => Kind::Csh,
            ["sh"] => Kind::Sh,
            _ => return None,
        };
        Some(Self { kind, status: 0 })
    }

    pub(super) fn prompt(&self) -> &'static str {
        match self.kind {
            Kind::Csh => "% ",
            Kind::Sh => "$ ",
        }
    }

    fn unknown(&self, word: &str) -> (String, u32) {
        match self.kind {
            Kind::Csh => (format!("{word}: Command not found.\n"), 1),
            Kind::Sh => (format!("{word}: not found\n"), 127),
        }
    }
}

/// Carries out a line of the shell.
pub(super) fn line(console: &mut Console, line: &str) -> Step {
    let Some(Layer::Unix(shell)) = console.layers.last() else {
        return Step::default();
    };
    let line = line.trim().replace("$?", &shell.status.to_string());
    let words = words(&line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let user = &console.user;
    let (text, status) = match words.as_slice() {
        [] => return Step::default(),
        ["exit" | "logout", ..] => return console.leave(),
        ["cli"] => return console.enter(Layer::Junos(None)),
        ["cli", "-c", commands] => return cli(console, commands),
        ["cli", command @ ..] => return cli(console, &command.join(" ")),
        ["echo", words @ ..] => (format!("{}\n", words.join(" ")), 0),
        ["true" | ":"] => (String::new(), 0),
        ["false"] => (String::new(), 1),
        ["pwd"] => (format!("{}\n", absolute("~")), 0),
        ["whoami"] => (format!("{}\n", user.link.user), 0),
        ["hostname"] => {
            let name = user.at_host();
            (format!("{}\n", name.split('@').next_back().unwrap_or_default()), 0)
        }
        ["cat", paths @ ..] => cat(console, paths),
        ["ls", options @ ..] => list(console, options),
        [word, ..] => shell.unknown(word),
    };
    if let Some(Layer::Unix(shell)) = console.layers.last_mut() {
        shell.status = status;
    }
    Step {
        text,
        failed: status != 0,
        end: None,
    }
}

/// Commands for a command line that ends after them.
fn cli(console: &mut Console, commands: &str) -> Step {
    let depth = console.layers.len();
    let entered = console.enter(Layer::Junos(None));
    if entered.failed {
        return entered;
    }
    let (text, end) = exec::run(console, commands);
    let status = console.status();
    if matches!(console.layers.get(depth), Some(Layer::Junos(Some(_)))) {
        super::configure::left(console);
    }
    console.layers.truncate(depth);
    if let Some(Layer::Unix(shell)) = console.layers.last_mut() {
        shell.status = status;
    }
    Step {
        text,
        failed: status != 0,
        end,
    }
}

fn cat(console: &Console, paths: &[&str]) -> (String, u32) {
    let mut text = String::new();
    let mut status = 0;
    console.user.work(|state, now| {
        state.write_log(now);
        for path in paths {
            match state.files.read(path, &console.user.link.user) {
                Ok((_, content)) => text.push_str(&content.text()),
                Err(error) => {
                    text.push_str(&format!("cat: {path}: {error}\n"));
                    status = 1;
                }
            }
        }
    });
    (text, status)
}

fn list(console: &Console, options: &[&str]) -> (String, u32) {
    let folder = options.iter().find(|word| !word.starts_with('-')).unwrap_or(&"~");
    console.user.work(|state, _| match state.files.is_folder(folder) {
        true => {
            let names = state.files.list(folder);
            (names.keys().map(|name| format!("{name}\n")).collect(), 0)
        }
        false if state.files.get(folder).is_some() => (format!("{folder}\n"), 0),
        false => (format!("ls: {folder}: No such file or directory\n"), 1),
    })
}

/// Words of a line; quotes of either kind hold one together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == character => quote = None,
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(
            words("cli -c 'show version | match \"a b\"'"),
            ["cli", "-c", "show version | match \"a b\""]
        );
        assert_eq!(words("echo  \"\" x"), ["echo", "", "x"]);
    }
}
