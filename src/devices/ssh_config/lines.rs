//! The lines of a file and of what it includes, rewritten so that the library reads what OpenSSH would.
//!
//! The library cuts values at any `#`, keeps quotes, skips `Match`, puts what is included before the block that includes
//! it, and cannot tell whether `ProxyJump` or `ProxyCommand` came first. So comments and quotes are dealt with here,
//! includes are laid flat, and a jump travels as a marked proxy command.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ConfigFault, Proxy, Stamp, include, words};
use crate::devices::hop_name::HopName;

/// As deep as OpenSSH follows includes.
const MAX_DEPTH: usize = 16;

/// Stands for `#` in a value. It and the next are private characters that no configuration holds.
const HASH: char = '\u{e000}';
/// Begins a proxy command that is really a list of jump hosts.
const JUMP: char = '\u{e001}';

/// The block that everything belongs to until the first `Host`.
const EVERY_HOST: &str = "*";

/// A file laid flat.
#[derive(Debug)]
pub(super) struct Flat {
    /// For the library.
    pub(super) text: String,
    /// One text for each `IdentityFile`.
    pub(super) identities: Vec<String>,
    /// Every file and folder looked at.
    pub(super) seen: Vec<(PathBuf, Option<Stamp>)>,
    patterns: String,
}

impl Default for Flat {
    fn default() -> Self {
        Self {
            text: format!("Host {EVERY_HOST}\n"),
            identities: Vec::new(),
            seen: Vec::new(),
            patterns: EVERY_HOST.to_owned(),
        }
    }
}

/// A line that cannot be used.
struct Bad(String);

impl Flat {
    /// Adds a file and everything it includes.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), ConfigFault> {
        self.file(path, 0)
    }

    fn file(&mut self, path: &Path, depth: usize) -> Result<(), ConfigFault> {
        self.seen.push((path.to_owned(), Stamp::of(path).ok()));
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ConfigFault::Missing { path: path.to_owned() },
            _ => ConfigFault::Unreadable {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        })?;
        // Below a block that is not for every host, a block of an included file would count only where both match.
        let confined = self.patterns != EVERY_HOST;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (keyword, value) = split(line);
            if keyword.eq_ignore_ascii_case("include") {
                self.include(path, index + 1, value, depth)?;
                continue;
            }
            let kept = if keyword.eq_ignore_ascii_case("host") && confined {
                Err(Bad("a file included below 'Host' may not hold 'Host'".to_owned()))
            } else {
                self.line(&keyword.to_ascii_lowercase(), value)
            };
            kept.map_err(|Bad(reason)| at(path, index + 1, reason))?;
        }
        Ok(())
    }

    fn line(&mut self, keyword: &str, value: &str) -> Result<(), Bad> {
        match keyword {
            "match" => Err(Bad("'Match' is not supported, use 'Host'".to_owned())),
            "host" => {
                let patterns = words(value).map_err(Bad)?;
                if patterns.is_empty() {
                    return Err(Bad("'Host' without a pattern".to_owned()));
                }
                self.begin(patterns.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
                Ok(())
            }
            "hostname" | "user" => {
                let word = only(keyword, value)?;
                self.put(keyword, &word);
                Ok(())
            }
            "port" => {
                let word = only(keyword, value)?;
                match word.parse::<u16>() {
                    Ok(port) if port > 0 => self.put(keyword, &word),
                    _ => return Err(Bad(format!("'{word}' is not a port"))),
                }
                Ok(())
            }
            "identityfile" => {
                let word = only(keyword, value)?;
                if !word.eq_ignore_ascii_case("none") {
                    let text = format!("Host {}\nIdentityFile {}\n", self.patterns, encode(&word));
                    self.identities.push(text);
                }
                Ok(())
            }
            "proxyjump" => {
                let word = only(keyword, value)?;
                if !word.eq_ignore_ascii_case("none") {
                    HopName::list(&word).map_err(Bad)?;
                }
                self.put("ProxyCommand", &format!("{JUMP}{word}"));
                Ok(())
            }
            "proxycommand" => {
                if value.is_empty() {
                    return Err(Bad("'ProxyCommand' without a command".to_owned()));
                }
                // The command is for a shell: quotes and `#` are its own.
                self.put("ProxyCommand", value);
                Ok(())
            }
            // The rest rules things that are not ours: agents, forwardings, terminals.
            _ => Ok(()),
        }
    }

    fn include(&mut self, path: &Path, line: usize, value: &str, depth: usize) -> Result<(), ConfigFault> {
        if depth == MAX_DEPTH {
            return Err(at(path, line, "'Include' goes too deep".to_owned()));
        }
        let patterns = words(value).map_err(|reason| at(path, line, reason))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        for pattern in patterns {
            for file in include::files(&pattern, folder, &mut self.seen) {
                let outer = self.patterns.clone();
                match self.file(&file, depth + 1) {
                    // OpenSSH passes over a file that is not there.
                    Err(ConfigFault::Missing { .. }) => {}
                    result => result?,
                }
                self.begin(outer);
            }
        }
        Ok(())
    }

    fn begin(&mut self, patterns: String) {
        self.text.push_str(&format!("Host {patterns}\n"));
        self.patterns = patterns;
    }

    fn put(&mut self, keyword: &str, value: &str) {
        self.text.push_str(&format!("{keyword} {}\n", encode(value)));
    }
}

fn at(path: &Path, line: usize, reason: String) -> ConfigFault {
    ConfigFault::Line {
        path: path.to_owned(),
        line,
        reason,
    }
}

/// The keyword and what follows it, with or without `=`.
fn split(line: &str) -> (&str, &str) {
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let rest = line[end..].trim_start();
    (&line[..end], rest.strip_prefix('=').unwrap_or(rest).trim())
}

fn only(keyword: &str, value: &str) -> Result<String, Bad> {
    let mut found = words(value).map_err(Bad)?.into_iter();
    match (found.next().filter(|word| !word.is_empty()), found.next()) {
        (Some(word), None) => Ok(word),
        (None, _) => Err(Bad(format!("'{keyword}' without a value"))),
        (Some(_), Some(more)) => Err(Bad(format!("'{more}' after the value of '{keyword}'"))),
    }
}

fn quoted(word: &str) -> String {
    let word = encode(word);
    if word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word
    }
}

fn encode(value: &str) -> String {
    value.replace('#', HASH.encode_utf8(&mut [0; 4]))
}

/// A value as it was written.
pub(super) fn decode(value: &str) -> String {
    value.replace(HASH, "#")
}

/// The way to a host out of the library's proxy command; `none` is none.
pub(super) fn proxy(command: &str) -> Option<Proxy> {
    let command = decode(command);
    let (value, proxy): (&str, fn(String) -> Proxy) = match command.strip_prefix(JUMP) {
        Some(list) => (list, Proxy::Jump),
        None => (&command, Proxy::Command),
    };
    (!value.eq_ignore_ascii_case("none")).then(|| proxy(value.to_owned()))
}
