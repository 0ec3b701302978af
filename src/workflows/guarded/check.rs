//! What must hold for a commit to be kept, as values that may be sent.

use regex::{Regex, RegexBuilder};

use crate::blocklist::Permitted;

/// Most checks of one commit: each is asked for again every few seconds.
pub(crate) const MOST_CHECKS: usize = 16;

/// Most interfaces of one check, for the same reason.
const MOST_INTERFACES: usize = 32;

/// Longest DNS name, which is longer than any address.
const LONGEST_HOST: usize = 253;

/// Longer than any name that Junos gives to an interface.
const LONGEST_INTERFACE: usize = 64;

/// Bytes of a compiled pattern, so that a pattern of few characters cannot take much memory.
const LARGEST_PATTERN: usize = 256 * 1024;

/// One check.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// A connection made for it logs in and answers.
    Session,
    /// At least one echo request from the router is answered.
    Ping(String),
    /// Not fewer BGP neighbors are Established than before.
    Bgp,
    /// Not fewer OSPF neighbors are Full than before.
    Ospf,
    /// Each of these interfaces is up.
    Interfaces(Vec<String>),
    /// The pattern is found in the output of a command that only reads.
    Command {
        /// The command.
        command: Box<Permitted>,
        /// The pattern.
        pattern: Regex,
    },
}

impl Check {
    /// A ping of a host.
    pub(crate) fn ping(host: String) -> Result<Self, &'static str> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
        let begins = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':');
        if begins && host.len() <= LONGEST_HOST && host.chars().all(allowed) {
            Ok(Self::Ping(host))
        } else {
            Err("host must be an address or a host name")
        }
    }

    /// Interfaces that must be up.
    pub(crate) fn interfaces(names: Vec<String>) -> Result<Self, &'static str> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | ':' | '.' | '_');
        let good = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.len() <= LONGEST_INTERFACE
                && name.chars().all(allowed)
        };
        if (1..=MOST_INTERFACES).contains(&names.len()) && names.iter().all(good) {
            Ok(Self::Interfaces(names))
        } else {
            Err("names must be 1 to 32 names of interfaces, such as ge-0/0/0 or ge-0/0/0.0")
        }
    }

    /// A command and the pattern to be found in its output; `^` and `$` are the ends of a line.
    pub(crate) fn command(command: Permitted, pattern: &str) -> Result<Self, &'static str> {
        if !command.command().reads_only() {
            return Err("command must be one that only reads, such as show");
        }
        let pattern = RegexBuilder::new(pattern)
            .multi_line(true)
            .size_limit(LARGEST_PATTERN)
            .build()
            .map_err(|_| "match must be a regular expression of moderate size")?;
        Ok(Self::Command {
            command: Box::new(command),
            pattern,
        })
    }

    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Ping(_) => "ping",
            Self::Bgp => "bgp",
            Self::Ospf => "ospf",
            Self::Interfaces(_) => "interfaces",
            Self::Command { .. } => "command",
        }
    }

    /// Whether it compares with what was before.
    pub(super) fn is_relative(&self) -> bool {
        matches!(self, Self::Bgp | Self::Ospf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_host_or_an_interface_is_taken_for_one() {
        for good in ["10.0.0.1", "2001:db8::1", "::1", "core-1.example.net"] {
            assert!(Check::ping(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "-c", "a b", "a;b", "<x/>", "10.0.0.1 count 9"] {
            assert!(Check::ping(bad.to_owned()).is_err(), "{bad}");
        }
        for good in ["ge-0/0/0", "xe-0/0/1:2.100", "ae0", "irb.10"] {
            assert!(Check::interfaces(vec![good.to_owned()]).is_ok(), "{good}");
        }
        for bad in ["", "*", "ge-0/0/*", "ge-0/0/0 detail", "0"] {
            assert!(Check::interfaces(vec![bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(Check::interfaces(Vec::new()).is_err());
        assert!(Check::interfaces(vec!["ae0".to_owned(); 33]).is_err());
    }
}
