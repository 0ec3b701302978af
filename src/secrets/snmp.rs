//! SNMP communities: names that are secrets, but only below `snmp`; routing policy has communities, too.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::{
    find::{Finder, VERBS},
    value::{
        Form, Span, in_word, json_member, json_secrets, json_string_end, skip_blanks, skip_space, text_value, xml_tag,
    },
};

/// How far from its word a name is looked for, so that broken text stays cheap.
const NEAR: usize = 1024;

/// How far the search for SNMP communities has come.
#[derive(Default)]
pub(super) struct Snmp {
    until: usize,
}

/// The whole text was printed below `snmp`; `below` are the words of the path after it.
pub(super) fn whole(finder: &mut Finder<'_>, below: &[&str]) {
    let all = 0..finder.text.len();
    finder.snmp().until = all.end;
    communities(finder, all.clone());
    let lists = below
        .last()
        .is_some_and(|word| word.len() > 3 && "community".starts_with(word));
    if lists {
        entries(finder, all);
    }
}

/// The word `snmp` at `from..to`: finds what it opens, and the communities inside.
pub(super) fn mention(finder: &mut Finder<'_>, from: usize, to: usize) -> usize {
    if from < finder.snmp().until {
        return to;
    }
    let Some(region) = region(finder, from, to) else {
        return to;
    };
    finder.snmp().until = region.end;
    communities(finder, region);
    to
}

/// `unauthorized SNMP community from A to B (NAME)`, as logged by the SNMP process.
pub(super) fn complaint(finder: &mut Finder<'_>, end: usize) -> usize {
    let text = finder.text;
    let line = &text[end..text.len().min(end + NEAR)];
    let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
    if let (Some(open), Some(close)) = (
        line.iter().rposition(|b| *b == b'('),
        line.iter().rposition(|b| *b == b')'),
    ) && open + 1 < close
        && !super::is_mark(&line[open + 1..close])
    {
        finder.spans.push(Span::new(end + open + 1, end + close, Form::Text));
    }
    end
}

/// What belongs to this mention of `snmp`: an element, a member, a block, a part of a diff, or the rest of a line.
fn region(finder: &Finder<'_>, from: usize, to: usize) -> Option<Range<usize>> {
    let text = finder.text;
    if let Some(tag) = xml_tag(text, from, to) {
        return (!tag.empty).then(|| tag.content..element_end(text, tag.content));
    }
    if let Some((value, quote)) = json_member(text, from, to) {
        return Some(value..json_end(text, value, quote));
    }
    let next = skip_blanks(text, to);
    if text.get(next) == Some(&b'{') && finder.starts_statement(from) {
        return Some(next..block_end(text, next));
    }
    let line_start = finder.line_start(from, 1024);
    if text[line_start..from].trim_ascii_start().starts_with(b"[edit") {
        let next_hunk = memmem::find(&text[to..], b"\n[edit").map_or(text.len(), |at| to + at);
        return Some(to..next_hunk);
    }
    let line_end = memchr(b'\n', &text[to..]).map_or(text.len(), |at| to + at);
    (text[next..].starts_with(b"com") || is_top_level(finder, from)).then_some(to..line_end)
}

/// Says whether `snmp` stands where a stanza of the configuration does, and is no name of something else.
fn is_top_level(finder: &Finder<'_>, from: usize) -> bool {
    const PARENTS: &[&[u8]] = &[b"groups", b"logical-systems", b"tenants"];
    const BEFORE: &[&[u8]] = &[
        b"edit",
        b"show",
        b"configuration",
        b"top",
        b"protect",
        b"unprotect",
        b"annotate",
    ];
    let mut before = finder.words_before(from);
    let Some(last) = before.next() else { return true };
    VERBS.contains(&last) || BEFORE.contains(&last) || before.next().is_some_and(|parent| PARENTS.contains(&parent))
}

fn element_end(text: &[u8], content: usize) -> usize {
    memmem::find_iter(&text[content..], b"snmp")
        .map(|at| content + at)
        .find(|at| {
            let before = &text[content..*at];
            let name = before.len()
                - before
                    .iter()
                    .rev()
                    .take(32)
                    .take_while(|byte| in_word(**byte) || **byte == b':')
                    .count();
            let closes = before[..name].ends_with(b"</") || before[..name].ends_with(b"&lt;/");
            closes && !text.get(at + 4).is_some_and(|byte| in_word(*byte)) && matches!(before.last(), Some(b'/' | b':'))
        })
        .unwrap_or(text.len())
}

fn json_end(text: &[u8], value: usize, quote: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = value;
    while at < text.len() {
        if text[at..].starts_with(quote) {
            at = json_string_end(text, at + quote.len(), quote) + quote.len();
            continue;
        }
        match text[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The brace that closes the one at `open`; quoted text and comments do not count. A block that is cut ends with the text.
fn block_end(text: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = open;
    while at < text.len() {
        match text[at] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            b'"' => at = json_string_end(text, at + 1, b"\""),
            b'/' if text[at..].starts_with(b"/*") => {
                at = memmem::find(&text[at..], b"*/").map_or(text.len(), |length| at + length + 1);
            }
            b'#' => at = memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Finds the community names within a region.
fn communities(finder: &mut Finder<'_>, region: Range<usize>) {
    let text = finder.text;
    let mut done = region.start;
    for at in memmem::find_iter(&text[region.clone()], b"com") {
        let at = region.start + at;
        if at < done {
            continue;
        }
        let start = at
            - text[region.start..at]
                .iter()
                .rev()
                .take(32)
                .take_while(|byte| in_word(**byte))
                .count();
        let end = at + text[at..].iter().take_while(|byte| in_word(**byte)).count();
        done = end;
        let word = &text[start..end];
        // Typed lines may abbreviate.
        let typed = word.len() >= 3 && b"community".starts_with(word) && finder.in_command(start);
        if !typed && !matches!(word, b"community" | b"community-name" | b"snmp-community") {
            continue;
        }
        if let Some(tag) = xml_tag(text, start, end) {
            let inside = tag
                .text(text)
                .or_else(|| (!tag.empty).then(|| name_element(text, tag.content)).flatten());
            finder.spans.extend(inside);
        } else if let Some((value, quote)) = json_member(text, start, end) {
            let entry = if text.get(value) == Some(&b'[') { 2 } else { 1 };
            let named = |depth: usize, name: &[u8]| {
                // `data` holds the value of a name in the older form of JSON.
                (name == b"name" && depth == entry) || (name == b"data" && depth == entry + 2)
            };
            done = json_secrets(&text[..region.end], value, quote, named, &mut finder.spans);
        } else if let Some(value) = text_value(text, end).filter(|_| !in_quotes(finder, start)) {
            finder.spans.push(value.span());
            done = value.end;
        }
    }
}

/// The first `<name>` before the element of the community ends.
fn name_element(text: &[u8], content: usize) -> Option<Span> {
    let start = skip_space(text, content);
    let rest = &text[start..text.len().min(start + NEAR)];
    let end = memmem::find(rest, b"/community").unwrap_or(rest.len());
    memmem::find_iter(&rest[..end], b"name")
        .find_map(|at| xml_tag(text, start + at, start + at + 4))
        .and_then(|name| name.text(text))
}

/// Below `snmp community` the first word of each statement at the top may be a name.
fn entries(finder: &mut Finder<'_>, region: Range<usize>) {
    let text = finder.text;
    let mut depth = 0_usize;
    let mut line_start = region.start;
    for line in text[region].split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        let first = trimmed
            .iter()
            .take_while(|byte| !matches!(byte, b' ' | b';' | b'{'))
            .count();
        let word = &trimmed[..first];
        let is_entry = trimmed.ends_with(b"{") || trimmed.ends_with(b";");
        if depth == 0 && is_entry && first > 0 && word != b"community" && !super::is_mark(word) {
            let start = line_start + line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            finder.spans.push(Span::new(start, start + first, Form::Text));
        }
        if trimmed.ends_with(b"{") {
            depth += 1;
        } else if trimmed.starts_with(b"}") {
            depth = depth.saturating_sub(1);
        }
        line_start += line.len();
    }
}

fn in_quotes(finder: &Finder<'_>, at: usize) -> bool {
    let line = &finder.text[finder.line_start(at, 1024)..at];
    let quotes = line.iter().filter(|byte| **byte == b'"').count();
    quotes % 2 == 1 && !finder.in_command(at)
}
