//! One command as typed: what goes to the router, what rules judge, what we do to its output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    line::{self, has_escaped_quote, judged_line, spaced, split_at_bars, split_at_semicolons, tokens},
    pipe::{self, Pipe},
    words::{abbreviates, operational},
};

/// Longest operational command in bytes.
const LIMIT: usize = 4096;

/// Longest packet engine command in bytes.
const PFE_LIMIT: usize = 1024;

/// The form of a router's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// As the CLI prints it.
    #[default]
    Text,
    /// Junos XML.
    Xml,
    /// Shortened JSON; '| display json' gives Junos' own.
    Json,
}

impl Format {
    /// The word that goes to the router.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }
}

/// Why a command is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandFault {
    /// It cannot be read; the text says why.
    #[error("{0}")]
    Invalid(String),
    /// A pipe that is not available here; the text names it and what is.
    #[error("{0}")]
    UnsupportedPipe(String),
    /// It does not end by itself or needs a terminal; the text names it.
    #[error("{0}")]
    Interactive(String),
    /// The format asked for beside the command differs from the one its `display` pipe asks for.
    #[error("the format argument and the display pipe ask for different formats")]
    FormatConflict,
}

/// A command that can be judged and, once permitted, sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    sent: String,
    judged: String,
    whole: String,
    format: Format,
    compact: bool,
    pipes: Vec<Pipe>,
    notes: Vec<String>,
    config_path: Option<String>,
    pfe: bool,
}

impl Command {
    /// Reads one operational command; `format` is what was asked for beside it.
    pub(crate) fn parse(line: &str, format: Option<Format>) -> Result<Self, CommandFault> {
        check(line, LIMIT)?;
        let whole = judged_line(line);
        let judged = split_at_bars(&whole)[0].trim_end().to_owned();
        let words = tokens(&judged);
        if words.is_empty() {
            return Err(CommandFault::Invalid("the command is empty".to_owned()));
        }
        refuse_interactive(&words)?;
        let config_path = configuration_path(&words);
        let pipes = pipe::parse(line, config_path.is_some()).map_err(CommandFault::UnsupportedPipe)?;
        let display = pipes
            .display
            .map(|word| if word == "json" { Format::Json } else { Format::Xml });
        if matches!((format, display), (Some(asked), Some(displayed)) if asked != displayed) {
            return Err(CommandFault::FormatConflict);
        }
        let mut notes = pipes.notes;
        let mut sent = without_run(&spaced(split_at_bars(line)[0]));
        if pings_for_ever(&words) {
            sent.push_str(" count 5");
            notes.push("ping was limited to 5 packets; say count N or rapid for more".to_owned());
        }
        for pipe in &pipes.router {
            sent.push_str(" | ");
            sent.push_str(pipe);
        }
        refuse_several(&sent)?;
        // Who asks with the pipe wants what the CLI gives.
        let compact = format == Some(Format::Json) && display.is_none();
        let format = display.or(format).unwrap_or_default();
        Ok(Self {
            sent,
            judged,
            whole,
            format,
            compact,
            pipes: pipes.ours,
            notes,
            config_path,
            pfe: false,
        })
    }

    /// Reads one packet engine command. All its pipes are ours: the engine knows none.
    pub(crate) fn parse_pfe(line: &str) -> Result<Self, CommandFault> {
        check(line, PFE_LIMIT)?;
        let whole = judged_line(line);
        let judged = split_at_bars(&whole)[0].trim_end().to_owned();
        if judged.is_empty() {
            return Err(CommandFault::Invalid("the command is empty".to_owned()));
        }
        let pipe::Pipes {
            router,
            display,
            ours,
            notes,
        } = pipe::parse(line, false).map_err(CommandFault::UnsupportedPipe)?;
        if !router.is_empty() || display.is_some() {
            return Err(CommandFault::UnsupportedPipe(
                "pipe 'display' has no meaning for a packet engine command".to_owned(),
            ));
        }
        let sent = spaced(split_at_bars(line)[0]);
        refuse_several(&sent)?;
        Ok(Self {
            sent,
            judged,
            whole,
            format: Format::Text,
            compact: false,
            pipes: ours,
            notes,
            config_path: None,
            pfe: true,
        })
    }

    /// What goes to the router: the words, and the pipes that it applies.
    pub(crate) fn sent(&self) -> &str {
        &self.sent
    }

    /// What rules judge: single blanks, no needless quotes, no pipes.
    pub(crate) fn judged(&self) -> &str {
        &self.judged
    }

    /// As [`Command::judged`], with all pipes as typed.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// The form of the answer.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether the answer is JSON that is to be shortened for its reader.
    pub(crate) fn is_compact(&self) -> bool {
        self.compact
    }

    /// The pipes to apply to the answer here.
    pub(crate) fn pipes(&self) -> &[Pipe] {
        &self.pipes
    }

    /// What the reader should know about how the command was taken.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Below which path a `show configuration` prints; empty for all of it, none for other commands.
    pub(crate) fn config_path(&self) -> Option<&str> {
        self.config_path.as_deref()
    }

    /// Says whether it is meant for a packet engine.
    pub(crate) fn is_pfe(&self) -> bool {
        self.pfe
    }

    /// Says whether it is one of the commands that only read.
    pub(crate) fn reads_only(&self) -> bool {
        let words = tokens(&self.judged);
        let first = words.first().and_then(|word| operational(word));
        match first {
            Some("show") => true,
            _ if self.pfe => false,
            Some("ping" | "traceroute") => true,
            Some("file") => matches!(words.get(1), Some(&("list" | "show" | "checksum"))),
            Some("monitor") => {
                words.get(1) == Some(&"traffic")
                    && counts(&words[2..])
                    // Junos takes any beginning of the option for it.
                    && !words[2..].iter().any(|word| abbreviates(word, "write-file"))
            }
            _ => false,
        }
    }
}

fn check(line: &str, limit: usize) -> Result<(), CommandFault> {
    if line.len() > limit {
        return Err(CommandFault::Invalid(format!(
            "the command is longer than {limit} bytes"
        )));
    }
    line::check(line).map_err(|fault| CommandFault::Invalid(format!("the command {fault}")))?;
    if has_escaped_quote(line) {
        return Err(CommandFault::Invalid(
            "the command has a quote inside quotes".to_owned(),
        ));
    }
    Ok(())
}

/// Some entrances of Junos take several commands between semicolons; rules judge one.
fn refuse_several(sent: &str) -> Result<(), CommandFault> {
    if split_at_semicolons(sent).len() == 1 {
        return Ok(());
    }
    Err(CommandFault::Invalid(
        "the command has a ';' outside quotes: give one command".to_owned(),
    ))
}

fn without_run(sent: &str) -> String {
    let mut words = tokens(sent);
    while words.len() > 1 && line::unquoted(words[0]) == "run" {
        words.remove(0);
    }
    words.join(" ")
}

/// Refuses what waits for keys, or never ends. Letter case and abbreviations make no difference.
fn refuse_interactive(words: &[&str]) -> Result<(), CommandFault> {
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let second = lower.get(1).map_or("", String::as_str);
    let refused = match operational(&lower[0]) {
        Some("start") if abbreviates(second, "shell") => "start shell",
        Some(word @ ("configure" | "edit" | "ssh" | "telnet")) => word,
        Some("monitor")
            if ["start", "stop", "list", "interface"]
                .iter()
                .any(|word| abbreviates(second, word)) =>
        {
            "monitor start, stop, list and interface"
        }
        Some("monitor") if abbreviates(second, "traffic") && !counts(words.get(2..).unwrap_or_default()) => {
            "monitor traffic without count N"
        }
        _ => return Ok(()),
    };
    Err(CommandFault::Interactive(format!(
        "'{refused}' needs a terminal or does not end by itself"
    )))
}

/// Says whether `count N` is among the words.
fn counts(words: &[&str]) -> bool {
    words
        .windows(2)
        .any(|pair| abbreviates(pair[0], "count") && pair[1].parse::<u32>().is_ok())
}

fn pings_for_ever(words: &[&str]) -> bool {
    operational(words[0]) == Some("ping")
        && words.len() > 1
        && !counts(&words[1..])
        && !words[1..]
            .iter()
            .any(|word| word.len() > 1 && abbreviates(word, "rapid"))
}

fn configuration_path(words: &[&str]) -> Option<String> {
    let configuration = words
        .get(1)
        .is_some_and(|word| word.len() > 3 && abbreviates(word, "configuration"));
    (operational(&words[0].to_ascii_lowercase()) == Some("show") && configuration).then(|| words[2..].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        Command::parse(line, None).expect(line)
    }

    #[test]
    fn a_command_has_three_forms() {
        let command = parse("  run show configuration  \"snmp\"|display  set | match  \"a  b\" ");
        assert_eq!(command.sent(), "show configuration \"snmp\" | display set");
        assert_eq!(command.judged(), "show configuration snmp");
        assert_eq!(command.whole(), "show configuration snmp | display set | match \"a b\"");
        assert_eq!(command.config_path(), Some("snmp"));
        assert_eq!(command.pipes().len(), 1);
        assert_eq!(parse("show version").config_path(), None);
        assert_eq!(parse("sh conf").config_path(), Some(""));
    }

    #[test]
    fn display_chooses_the_format() {
        assert_eq!(parse("show version | display json").format(), Format::Json);
        assert_eq!(parse("show version | display json").sent(), "show version");
        assert_eq!(
            Command::parse("show version | disp xml", Some(Format::Xml))
                .expect("the same")
                .format(),
            Format::Xml
        );
        assert_eq!(
            Command::parse("show version | display xml", Some(Format::Text)),
            Err(CommandFault::FormatConflict)
        );
    }

    #[test]
    fn commands_that_do_not_end_are_refused() {
        for line in [
            "start shell",
            "sta sh",
            "configure",
            "conf private",
            "edit",
            "ssh 192.0.2.1",
            "telnet x",
            "monitor start messages",
            "monitor interface ge-0/0/0",
            "mon traffic interface ge-0/0/0",
            "Start Shell",
            "run configure",
        ] {
            assert!(
                matches!(Command::parse(line, None), Err(CommandFault::Interactive(_))),
                "{line}"
            );
        }
        assert!(Command::parse("monitor traffic interface ge-0/0/0 count 5", None).is_ok());
    }

    #[test]
    fn ping_ends_by_itself() {
        assert_eq!(parse("ping 192.0.2.1").sent(), "ping 192.0.2.1 count 5");
        assert_eq!(parse("ping 192.0.2.1").judged(), "ping 192.0.2.1");
        assert_eq!(parse("ping 192.0.2.1").notes().len(), 1);
        assert_eq!(parse("ping 192.0.2.1 | display xml").sent(), "ping 192.0.2.1 count 5");
        for line in ["ping 192.0.2.1 count 3", "ping 192.0.2.1 rapid", "ping cou 2 192.0.2.1"] {
            assert_eq!(parse(line).sent(), line);
        }
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in [
            "",
            "  ",
            "show \"x",
            "show\nversion",
            "show \u{0}",
            "| match x",
            "show version; request system reboot",
            "show version;request system reboot",
            "show configuration | compare rollback 1; request system reboot",
            "request\u{a0}system reboot",
            "request\u{2028}system reboot",
            "show \"a\\\" | save x \\\"\"",
        ] {
            assert!(
                matches!(Command::parse(line, None), Err(CommandFault::Invalid(_))),
                "{line:?}"
            );
        }
        assert!(Command::parse("show log messages | match \"a;b\"", None).is_ok());
        assert!(Command::parse_pfe("show jnh 0; set jnh 0 x").is_err());
        assert!(Command::parse(&format!("show {}", "x".repeat(4092)), None).is_err());
        assert!(matches!(
            Command::parse("show version | save f", None),
            Err(CommandFault::UnsupportedPipe(_))
        ));
    }

    #[test]
    fn read_commands_are_told_apart() {
        for line in [
            "show version",
            "sh ver",
            "ping 192.0.2.1",
            "p 192.0.2.1",
            "traceroute x",
            "file list /var/tmp",
            "file checksum md5 x",
            "fi show x",
            "monitor traffic interface ge-0/0/0 count 3",
            "show version | match x",
        ] {
            assert!(parse(line).reads_only(), "{line}");
        }
        for line in [
            "request system reboot",
            "clear bgp neighbor",
            "s version",
            "file delete x",
            "restart routing",
            "SHOW version",
            "monitor traffic interface ge-0/0/0 count 3 write-file x",
            "monitor traffic count 3 write x",
            "set cli timestamp",
            "request routing-engine execute command \"show version\"",
            "test policy x",
        ] {
            assert!(
                !Command::parse(line, None).is_ok_and(|command| command.reads_only()),
                "{line}"
            );
        }
        assert!(Command::parse_pfe("show jnh 0 stats").expect("a command").reads_only());
        assert!(!Command::parse_pfe("ping 192.0.2.1").expect("a command").reads_only());
        assert!(Command::parse_pfe("show x | display xml").is_err());
    }
}
