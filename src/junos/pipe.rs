//! Pipes that routers ignore over NETCONF, read from the command and applied here.

use super::{
    line::{split_at_bars, tokens, unquoted},
    pattern::Pattern,
    text::is_engine_header,
    words::unique,
};

/// Most pipes in one command.
const MOST: usize = 8;

/// Lines that `last` keeps when no number is given.
const LAST_LINES: usize = 10;

/// All pipe words of Junos, so that an abbreviation is unique here when it is unique there.
const WORDS: &[&str] = &[
    "append", "compare", "count", "display", "except", "find", "hold", "last", "match", "no-more", "refresh",
    "request", "resolve", "save", "tee", "trim",
];

/// Forms of `display` that the router applies.
const DISPLAYS: &[&str] = &[
    "changed",
    "commit-scripts",
    "detail",
    "inheritance",
    "json",
    "omit",
    "set",
    "xml",
];

/// What a refusal names as accepted.
const ACCEPTED: &str =
    "match, except, find, count, last, trim, no-more, hold, display and (after show configuration) compare";

/// A pipe that we apply to the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pipe {
    /// Keep lines that match.
    Match(Pattern),
    /// Drop lines that match.
    Except(Pattern),
    /// Start at the first line that matches.
    Find(Pattern),
    /// Say how many lines there are.
    Count,
    /// Keep the last lines.
    Last(usize),
    /// Drop the first columns of each line.
    Trim(usize),
}

/// The pipes of a command, sorted by who applies them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pipes {
    /// Left in the command, in full words: `display set`, `compare rollback 1`.
    pub(crate) router: Vec<String>,
    /// The reply format that `display xml` or `display json` asks for: `xml` or `json`.
    pub(crate) display: Option<&'static str>,
    /// Applied here, in order.
    pub(crate) ours: Vec<Pipe>,
    /// What the reader should know.
    pub(crate) notes: Vec<String>,
}

/// Reads the pipes of a line; the first part, the command, is passed as words. The error names the pipe and what is accepted.
pub(crate) fn parse(line: &str, shows_configuration: bool) -> Result<Pipes, String> {
    let parts = split_at_bars(line);
    let mut pipes = Pipes::default();
    if parts.len() - 1 > MOST {
        return Err(format!("more than {MOST} pipes in one command"));
    }
    for part in &parts[1..] {
        one(&tokens(part), shows_configuration, &mut pipes)?;
    }
    for pipe in &pipes.ours {
        if let Pipe::Match(pattern) | Pipe::Except(pattern) | Pipe::Find(pattern) = pipe {
            pipes.notes.extend(pattern.note());
        }
    }
    Ok(pipes)
}

fn one(words: &[&str], shows_configuration: bool, pipes: &mut Pipes) -> Result<(), String> {
    let (name, arguments) = words
        .split_first()
        .ok_or_else(|| format!("a pipe without a word; accepted: {ACCEPTED}"))?;
    let Some(word) = unique(name, WORDS) else {
        return Err(format!("pipe '{name}' is unknown or ambiguous; accepted: {ACCEPTED}"));
    };
    match word {
        "display" | "compare" if !pipes.ours.is_empty() => Err(format!(
            "'{word}' is applied by the router and must stand before the other pipes"
        )),
        "display" => display(arguments, pipes),
        "compare" if shows_configuration => {
            pipes.router.push(full("compare", arguments));
            Ok(())
        }
        "compare" => Err("pipe 'compare' is accepted only after 'show configuration'".to_owned()),
        "no-more" | "hold" => Ok(()),
        "match" => regular(word, arguments).map(|re| pipes.ours.push(Pipe::Match(re))),
        "except" => regular(word, arguments).map(|re| pipes.ours.push(Pipe::Except(re))),
        "find" => regular(word, arguments).map(|re| pipes.ours.push(Pipe::Find(re))),
        "count" if arguments.is_empty() => {
            pipes.ours.push(Pipe::Count);
            Ok(())
        }
        "last" if arguments.is_empty() => {
            pipes.ours.push(Pipe::Last(LAST_LINES));
            Ok(())
        }
        "last" => number(word, arguments).map(|n| pipes.ours.push(Pipe::Last(n))),
        "trim" => number(word, arguments).map(|n| pipes.ours.push(Pipe::Trim(n))),
        "save" | "append" => Err(format!(
            "pipe '{word}' writes no file over NETCONF; use fetch_file, or one of: {ACCEPTED}"
        )),
        _ => Err(format!(
            "pipe '{}' is not available here; accepted: {ACCEPTED}",
            full(word, arguments)
        )),
    }
}

fn display(arguments: &[&str], pipes: &mut Pipes) -> Result<(), String> {
    let refused = || {
        format!(
            "pipe '{}' is unknown; accepted after display: {}",
            full("display", arguments),
            DISPLAYS.join(", ")
        )
    };
    let (first, rest) = arguments.split_first().ok_or_else(refused)?;
    match (unique(first, DISPLAYS).ok_or_else(refused)?, rest) {
        ("xml", []) => pipes.display = Some("xml"),
        ("json", []) => pipes.display = Some("json"),
        ("xml", [rpc]) if *rpc == "rpc" => {
            pipes.display = Some("xml");
            pipes.router.push("display xml rpc".to_owned());
        }
        ("xml" | "json", _) => return Err(refused()),
        (word, rest) => pipes.router.push(full(&format!("display {word}"), rest)),
    }
    Ok(())
}

fn full(word: &str, arguments: &[&str]) -> String {
    let mut full = word.to_owned();
    for argument in arguments {
        full.push(' ');
        full.push_str(argument);
    }
    full
}

fn regular(word: &str, arguments: &[&str]) -> Result<Pattern, String> {
    match arguments {
        [one] => Ok(Pattern::new(unquoted(one))),
        [] => Err(format!("pipe '{word}' needs a pattern")),
        _ => Err(format!(
            "pipe '{word}' takes one pattern; put it in quotes when it holds blanks"
        )),
    }
}

fn number(word: &str, arguments: &[&str]) -> Result<usize, String> {
    match arguments {
        [one] => one.parse::<u32>().ok().map(|n| n as usize),
        _ => None,
    }
    .ok_or_else(|| format!("pipe '{word}' needs one number"))
}

/// A line on its way through the pipes; context is a routing engine's header kept only for the lines below it.
#[derive(Clone, Copy)]
struct Row<'a> {
    text: &'a str,
    header: bool,
    context: bool,
}

/// Applies pipes in order. The last newline of `text` ends its last line; the result has none there.
pub(crate) fn apply(pipes: &[Pipe], text: String) -> String {
    if pipes.is_empty() {
        return text;
    }
    let owned;
    let mut rows = rows(&text);
    for (at, pipe) in pipes.iter().enumerate() {
        match pipe {
            Pipe::Match(pattern) => keep(&mut rows, |row| pattern.is_match(row.text)),
            Pipe::Except(pattern) => keep(&mut rows, |row| !pattern.is_match(row.text)),
            Pipe::Find(pattern) => match rows.iter().position(|row| pattern.is_match(row.text)) {
                Some(first) => keep_from(&mut rows, first),
                None => rows = vec![plain("Pattern not found")],
            },
            Pipe::Last(count) => {
                let first = rows.len().saturating_sub(*count);
                keep_from(&mut rows, first);
            }
            Pipe::Trim(columns) => rows
                .iter_mut()
                .filter(|row| !row.header)
                .for_each(|row| row.text = cut(row.text, *columns)),
            Pipe::Count => {
                let counted = rows.iter().filter(|row| !row.context).count();
                owned = format!("Count: {counted} lines");
                return apply(&pipes[at + 1..], owned);
            }
        }
    }
    let lines: Vec<&str> = rows.iter().map(|row| row.text).collect();
    lines.join("\n")
}

fn plain(text: &str) -> Row<'_> {
    Row {
        text,
        header: false,
        context: false,
    }
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let mut lines = text.split('\n').peekable();
    let mut under_header = false;
    while let Some(line) = lines.next() {
        let header = under_header || is_engine_header(line, lines.peek().copied());
        under_header = header && !under_header;
        rows.push(Row {
            text: line,
            header,
            context: false,
        });
    }
    rows
}

/// Keeps the chosen rows, and the header above them.
fn keep(rows: &mut Vec<Row<'_>>, chosen: impl Fn(&Row<'_>) -> bool) {
    let mut kept = Vec::new();
    let mut pending: Vec<Row<'_>> = Vec::new();
    for row in rows.iter() {
        let chosen = chosen(row);
        if row.header && !chosen {
            if !pending
                .last()
                .is_some_and(|last| is_engine_header(last.text, Some(row.text)))
            {
                pending.clear();
            }
            pending.push(Row { context: true, ..*row });
        } else if chosen {
            kept.append(&mut pending);
            kept.push(*row);
        }
    }
    *rows = kept;
}

/// Keeps the rows from `first` on, and the header above it.
fn keep_from(rows: &mut Vec<Row<'_>>, first: usize) {
    let tail = rows.split_off(first.min(rows.len()));
    let mut header: Vec<Row<'_>> = Vec::new();
    if tail.first().is_some_and(|row| !row.header || !row.text.ends_with(':')) {
        header = rows
            .iter()
            .rev()
            .skip_while(|row| !row.header)
            .take_while(|row| row.header)
            .take(2)
            .copied()
            .collect();
        header.reverse();
        header.iter_mut().for_each(|row| row.context = true);
    }
    header.extend(tail);
    *rows = header;
}

fn cut(line: &str, columns: usize) -> &str {
    line.char_indices().nth(columns).map_or("", |(at, _)| &line[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piped(pipes: &str, text: &str) -> String {
        apply(
            &parse(&format!("show x {pipes}"), true).expect("accepted pipes").ours,
            text.to_owned(),
        )
    }

    #[test]
    fn each_pipe_does_what_the_cli_does() {
        let text = "alpha up\nbeta down\n\ngamma UP\n";
        for (pipes, expected) in [
            ("| match up", "alpha up\ngamma UP"),
            ("|match up|count", "Count: 2 lines"),
            ("| count", "Count: 4 lines"),
            ("| except up", "beta down\n"),
            ("| find beta", "beta down\n\ngamma UP"),
            ("| find nothing", "Pattern not found"),
            ("| last 1", "gamma UP"),
            ("| last", "alpha up\nbeta down\n\ngamma UP"),
            ("| trim 6", "up\nown\n\nUP"),
            ("| no-more | hold", "alpha up\nbeta down\n\ngamma UP\n"),
            ("| m \"a u|b.*n\" | exc alpha", "beta down\ngamma UP"),
            ("| match nothing", ""),
            ("| match nothing | count", "Count: 0 lines"),
            ("| count | match 4", "Count: 4 lines"),
        ] {
            assert_eq!(piped(pipes, text), expected, "{pipes}");
        }
    }

    #[test]
    fn the_header_of_a_kept_line_is_kept() {
        let rule = "-".repeat(74);
        let text = format!("node0:\n{rule}\nge-0 up\n\nnode1:\n{rule}\nge-7 down\nge-8 up");
        assert_eq!(piped("| match down", &text), format!("node1:\n{rule}\nge-7 down"));
        assert_eq!(
            piped("| match up", &text),
            format!("node0:\n{rule}\nge-0 up\nnode1:\n{rule}\nge-8 up")
        );
        assert_eq!(piped("| match up | count", &text), "Count: 2 lines");
        assert_eq!(piped("| count", &text), "Count: 8 lines");
        assert_eq!(piped("| last 1", &text), format!("node1:\n{rule}\nge-8 up"));
        assert_eq!(piped("| find ge-0 | count", &text), "Count: 6 lines");
    }

    #[test]
    fn router_pipes_stay_and_the_rest_is_refused() {
        let pipes = parse("show configuration | disp set | comp rollback 2 | m x", true).expect("accepted");
        assert_eq!(pipes.router, ["display set", "compare rollback 2"]);
        assert_eq!(
            parse("show version | display xml", false).expect("accepted").display,
            Some("xml")
        );
        for (line, named) in [
            ("show x | save f", "save"),
            ("show x | append f", "append"),
            ("show x | tee f", "tee"),
            ("show x | request message a", "request"),
            ("show x | refresh 5", "refresh"),
            ("show x | resolve", "resolve"),
            ("show x | c", "'c'"),
            ("show x | grep y", "grep"),
            ("show x | match a | display set", "display"),
            ("show x | compare", "compare"),
            ("show x | display fancy", "fancy"),
            ("show x | match a b", "quotes"),
            ("show x | trim", "trim"),
            ("show x |", "without a word"),
            ("s |count|count|count|count|count|count|count|count|count", "8"),
        ] {
            let refusal = parse(line, false).expect_err(line);
            assert!(refusal.contains(named), "{line}: {refusal}");
        }
    }
}
