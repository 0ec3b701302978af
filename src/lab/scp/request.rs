//! What an exec command line asks of `scp`.

/// Which end of the copy the router is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `-t`: it takes files.
    Sink,
    /// `-f`: it gives files.
    Source,
}

/// One `scp -t` or `scp -f`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lab) struct Request {
    pub(super) role: Role,
    /// `-r`: folders too.
    pub(super) recursive: bool,
    /// `-p`: with times and modes.
    pub(super) times: bool,
    /// `-d`: the target must be a folder.
    pub(super) into_folder: bool,
    /// Target or sources, unquoted.
    pub(super) names: Vec<String>,
    /// All names as they were written, where no quote tells whether blanks part them.
    pub(super) unquoted: Option<String>,
}

impl Request {
    /// Reads a command line; `None` when it is no `scp` of either end.
    pub(in crate::lab) fn parse(command: &str) -> Option<Self> {
        let mut rest = command.trim().strip_prefix("scp")?;
        if !rest.starts_with(char::is_whitespace) {
            return None;
        }
        let mut request = Self {
            role: Role::Sink,
            recursive: false,
            times: false,
            into_folder: false,
            names: Vec::new(),
            unquoted: None,
        };
        let mut role = None;
        loop {
            rest = rest.trim_start();
            let flags = rest.split_whitespace().next().and_then(|word| word.strip_prefix('-'));
            let Some(flags) = flags else { break };
            rest = &rest[1 + flags.len()..];
            if flags == "-" {
                break;
            }
            for flag in flags.chars() {
                match flag {
                    't' => role = Some(Role::Sink),
                    'f' => role = Some(Role::Source),
                    'r' => request.recursive = true,
                    'p' => request.times = true,
                    'd' => request.into_folder = true,
                    // Verbosity, and how the client asked for the way here.
                    'v' | 'q' | 'B' | 'C' | '1' => {}
                    // The bandwidth, which the client limits by itself.
                    'l' => {
                        rest = rest
                            .trim_start()
                            .trim_start_matches(|digit: char| digit.is_ascii_digit())
                    }
                    _ => return None,
                }
            }
        }
        request.role = role?;
        let written = rest.trim();
        request.names = words(written)?;
        let plain = !written.contains(['\'', '"', '\\']);
        request.unquoted = (plain && request.names.len() > 1).then(|| written.to_owned());
        if request.names.is_empty() {
            request.names.push(".".to_owned());
        }
        Some(request)
    }

    /// The one target of a sink: some clients leave blanks in it unquoted.
    pub(super) fn target(&self) -> &str {
        self.unquoted.as_deref().unwrap_or(&self.names[0])
    }
}

/// The words of a line as a shell parts and unquotes them; `None` when a quote stays open.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, open @ ('\'' | '"')) => {
                quote = Some(open);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(characters.next()?),
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &str) -> Vec<String> {
        Request::parse(command).expect(command).names
    }

    #[test]
    fn flags_and_names_are_read_in_every_style() {
        let request = Request::parse("scp -r -p -f -- '/var/tmp/a b.txt'").expect("a source");
        assert_eq!(
            (request.role, request.recursive, request.times),
            (Role::Source, true, true)
        );
        assert_eq!(request.names, ["/var/tmp/a b.txt"]);
        let request = Request::parse("scp -v -d -t /var/tmp").expect("a sink");
        assert_eq!(
            (request.role, request.into_folder, request.target()),
            (Role::Sink, true, "/var/tmp")
        );
        assert_eq!(
            Request::parse("scp -t /var/tmp/a b.txt").expect("a sink").target(),
            "/var/tmp/a b.txt"
        );
        assert_eq!(names("scp -pft \"a b\" c\\ d 'it'\"'\"'s'"), ["a b", "c d", "it's"]);
        assert_eq!(names("scp -l 800 -t x"), ["x"]);
        assert_eq!(names("scp -t"), ["."]);
        for other in [
            "scp a b",
            "scpx -t a",
            "scp -S prog -t a",
            "scp -t 'open",
            "show version",
        ] {
            assert_eq!(Request::parse(other), None, "{other}");
        }
    }
}
