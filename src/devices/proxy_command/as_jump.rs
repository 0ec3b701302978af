//! Commands that do nothing but what a jump host does.

use std::collections::VecDeque;

use crate::devices::{hop_name::HopName, ssh_config::words};

/// The jump host of a command that is nothing but a jump: `ssh … -W %h:%p hop` or `ssh … hop nc %h %p`.
pub(in crate::devices) fn as_jump(command: &str) -> Option<HopName> {
    let command = command.trim().trim_end_matches("2>/dev/null").trim_end();
    let command = command.strip_prefix("exec ").unwrap_or(command);
    if command.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`']) {
        return None;
    }
    let mut words: VecDeque<String> = words(command).ok()?.into();
    let program = words.pop_front()?;
    if program.rsplit('/').next() != Some("ssh") {
        return None;
    }
    let mut jump = Jump::default();
    let mut place = None;
    while let Some(word) = words.pop_front() {
        if word.starts_with('-') {
            jump.option(&word, &mut words)?;
        } else {
            place = Some(word);
            break;
        }
    }
    // OpenSSH takes options after the host too.
    while words.front().is_some_and(|word| word.starts_with('-')) {
        let word = words.pop_front()?;
        jump.option(&word, &mut words)?;
    }
    let forwards = if jump.forwards {
        words.is_empty()
    } else {
        is_netcat(&mut words)
    };
    if !forwards {
        return None;
    }
    let mut hop = HopName::parse(&place?).ok()?;
    hop.user = hop.user.or(jump.user);
    hop.port = hop.port.or(jump.port);
    hop.identity_files = jump.identity_files;
    Some(hop)
}

#[derive(Default)]
struct Jump {
    forwards: bool,
    user: Option<String>,
    port: Option<u16>,
    identity_files: Vec<String>,
}

impl Jump {
    /// Takes one option; none when it asks for something that a jump of ours would not do.
    fn option(&mut self, word: &str, rest: &mut VecDeque<String>) -> Option<()> {
        const HARMLESS: &str = "46aCknNqTtvx";
        if word[1..].chars().all(|letter| HARMLESS.contains(letter)) {
            return Some(());
        }
        let letter = word.chars().nth(1)?;
        let value = match word.get(2..) {
            Some("") | None => rest.pop_front()?,
            Some(value) => value.to_owned(),
        };
        match letter {
            'W' if value == "%h:%p" || value == "[%h]:%p" => self.forwards = true,
            'l' => self.user = Some(value),
            'p' => self.port = Some(value.parse().ok()?),
            'i' => self.identity_files.push(value),
            'o' => self.setting(&value)?,
            _ => return None,
        }
        Some(())
    }

    fn setting(&mut self, text: &str) -> Option<()> {
        const HARMLESS: [&str; 9] = [
            "batchmode",
            "compression",
            "connecttimeout",
            "connectionattempts",
            "forwardagent",
            "identitiesonly",
            "loglevel",
            "serveralivecountmax",
            "serveraliveinterval",
        ];
        let (keyword, value) = text.split_once(['=', ' '])?;
        let value = value.trim();
        match keyword.trim().to_ascii_lowercase().as_str() {
            "user" => self.user = Some(value.to_owned()),
            "port" => self.port = Some(value.parse().ok()?),
            "identityfile" => self.identity_files.push(value.to_owned()),
            keyword if HARMLESS.contains(&keyword) => {}
            // Host keys of its own, another configuration: that is for the command itself to do.
            _ => return None,
        }
        Some(())
    }
}

/// `nc %h %p`, with options that only bound its time.
fn is_netcat(words: &mut VecDeque<String>) -> bool {
    let Some(program) = words.pop_front() else { return false };
    if !matches!(program.rsplit('/').next(), Some("nc" | "netcat" | "ncat")) {
        return false;
    }
    while let Some(option) = words.front().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(option.as_str(), "-w" | "-q" | "-i");
        if !takes_value && !option.starts_with("-w") && !option.starts_with("-q") {
            return false;
        }
        words.pop_front();
        if takes_value {
            words.pop_front();
        }
    }
    words.iter().eq(["%h", "%p"])
}
