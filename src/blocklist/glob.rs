//! One plain pattern: how specific it is, and whether a line matches it, abbreviations included.

use super::expansion::class_length;

/// Pairs of commands where the shorter word is a command of its own and no abbreviation of the longer one.
const DISTINCT: &[(&str, &str)] = &[
    ("ospf", "ospf3"),
    ("rip", "ripng"),
    ("ppp", "pppoe"),
    ("dhcp", "dhcpv6"),
    ("dhcp", "dhcp-security"),
    ("delete", "delete-directory"),
];

/// Letters that must have matched before the rest of a run right after `*` may be left out.
const FLOATING_LETTERS: usize = 3;

/// What matches one character, or any number of them.
#[derive(Clone, Debug)]
enum Atom {
    Star,
    Any,
    Class { negated: bool, ranges: Vec<(char, char)> },
    Literal(char),
}

/// Where a run of literal characters stands, which decides whether its end may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    Anchored { start: usize, end: usize },
    Floating { start: usize, end: usize },
    Whole,
}

/// A compiled pattern without alternatives.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    atoms: Vec<Atom>,
    runs: Vec<Run>,
    literals: usize,
    bytes: usize,
    bar: bool,
}

impl Glob {
    /// Compiles what [`super::expansion::expand`] returned; its classes and escapes are known to be complete.
    pub(crate) fn compile(pattern: &str) -> Self {
        let mut atoms = Vec::new();
        let mut bar = false;
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let mut taken = c.len_utf8();
            atoms.push(match c {
                '*' => Atom::Star,
                '?' => Atom::Any,
                '[' => {
                    taken = class_length(rest).unwrap_or(rest.len());
                    class(&rest[1..taken.saturating_sub(1).max(1)])
                }
                '\\' => {
                    let literal = rest[1..].chars().next().unwrap_or('\\');
                    taken += literal.len_utf8();
                    Atom::Literal(literal)
                }
                _ => {
                    bar |= c == '|';
                    Atom::Literal(c)
                }
            });
            rest = rest.get(taken..).unwrap_or_default();
        }
        let literals = atoms.iter().filter(|atom| matches!(atom, Atom::Literal(_))).count();
        Self {
            runs: runs(&atoms),
            atoms,
            literals,
            bytes: pattern.len(),
            bar,
        }
    }

    /// The number of literal characters.
    pub(crate) fn literals(&self) -> usize {
        self.literals
    }

    /// The length of the pattern in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Says whether it contains an unescaped `|`, so that it is compared with pipes.
    pub(crate) fn has_bar(&self) -> bool {
        self.bar
    }

    /// Says whether the whole input matches character by character.
    pub(crate) fn matches(&self, input: &[char]) -> bool {
        self.skipped(input, false).is_some()
    }

    /// The smallest number of characters that the input leaves out by abbreviating, in any letter case; `None` when it does
    /// not match.
    pub(crate) fn matches_abbreviated(&self, input: &[char]) -> Option<usize> {
        self.skipped(input, true)
    }

    /// Follows all places in the pattern at once; each holds the fewest characters left out on the way to it.
    fn skipped(&self, input: &[char], deny: bool) -> Option<usize> {
        let mut places: Vec<Option<usize>> = vec![None; self.atoms.len() + 1];
        places[0] = Some(0);
        for at in 0..=input.len() {
            self.advance_for_free(&mut places, input, at, deny);
            let Some(c) = input.get(at) else { break };
            let mut next = vec![None; places.len()];
            for (place, cost) in places.iter().enumerate().take(self.atoms.len()) {
                if cost.is_none() {
                    continue;
                }
                match &self.atoms[place] {
                    Atom::Star => lower(&mut next[place], *cost),
                    atom if atom.takes(*c, deny) => lower(&mut next[place + 1], *cost),
                    _ => {}
                }
            }
            if next.iter().all(Option::is_none) {
                return None;
            }
            places = next;
        }
        places[self.atoms.len()]
    }

    /// Passes stars that match nothing, and for deny rules the rest of abbreviated runs.
    fn advance_for_free(&self, places: &mut [Option<usize>], input: &[char], at: usize, deny: bool) {
        for place in 0..self.atoms.len() {
            let Some(cost) = places[place] else { continue };
            if matches!(self.atoms[place], Atom::Star) {
                lower(&mut places[place + 1], Some(cost));
            } else if deny && let Some(end) = self.abbreviated_until(place, input, at) {
                lower(&mut places[end], Some(cost + end - place));
            }
        }
    }

    /// The end of the run around `place`, if the input's word ends at `at` and may stand for the whole run.
    fn abbreviated_until(&self, place: usize, input: &[char], at: usize) -> Option<usize> {
        if input.get(at).is_some_and(|c| *c != ' ') {
            return None;
        }
        let (start, end, least) = match self.runs[place] {
            Run::Anchored { start, end } => (start, end, 1),
            Run::Floating { start, end } => (start, end, FLOATING_LETTERS),
            Run::Whole => return None,
        };
        let matched = place - start;
        if matched < least {
            return None;
        }
        let word_start = at - matched;
        let starts_word = word_start == 0 || input[word_start - 1] == ' ';
        if !starts_word || self.is_distinct(start, end, &input[..word_start], &input[word_start..at]) {
            return None;
        }
        Some(end)
    }

    /// Says whether the word is a second word that is a command of its own.
    fn is_distinct(&self, start: usize, end: usize, before: &[char], word: &[char]) -> bool {
        if before.iter().filter(|c| **c == ' ').count() != 1 {
            return false;
        }
        let run: String = self.atoms[start..end]
            .iter()
            .filter_map(Atom::literal)
            .collect::<String>()
            .to_ascii_lowercase();
        let word: String = word.iter().collect::<String>().to_ascii_lowercase();
        DISTINCT.iter().any(|(short, long)| *short == word && *long == run)
    }
}

impl Atom {
    fn takes(&self, c: char, any_case: bool) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::Literal(literal) => *literal == c || (any_case && literal.eq_ignore_ascii_case(&c)),
            Self::Class { negated, ranges } => {
                let within = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                let found =
                    within(c) || (any_case && (within(c.to_ascii_lowercase()) || within(c.to_ascii_uppercase())));
                found != *negated
            }
        }
    }

    fn literal(&self) -> Option<char> {
        match self {
            Self::Literal(c) => Some(*c),
            _ => None,
        }
    }

    fn is_word(&self) -> bool {
        self.literal().is_some_and(|c| c != ' ')
    }
}

fn lower(place: &mut Option<usize>, cost: Option<usize>) {
    *place = match (*place, cost) {
        (Some(old), Some(new)) => Some(old.min(new)),
        (old, new) => old.or(new),
    };
}

fn class(inside: &str) -> Atom {
    let mut chars = inside.chars().peekable();
    let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    while let Some(c) = chars.next() {
        let from = if c == '\\' { chars.next().unwrap_or(c) } else { c };
        let mut ahead = chars.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) => {
                chars = ahead;
                if to == '\\' { chars.next().unwrap_or(to) } else { to }
            }
            _ => from,
        };
        ranges.push((from, to));
    }
    Atom::Class { negated, ranges }
}

/// For each atom the run it belongs to.
fn runs(atoms: &[Atom]) -> Vec<Run> {
    let mut runs = vec![Run::Whole; atoms.len()];
    let mut start = 0;
    while start < atoms.len() {
        let end = start + atoms[start..].iter().take_while(|atom| atom.is_word()).count();
        if end == start {
            start += 1;
            continue;
        }
        let before = start.checked_sub(1).map(|at| &atoms[at]);
        let after = atoms.get(end);
        let run = match (before, after) {
            (_, Some(Atom::Any | Atom::Class { .. })) | (Some(Atom::Any | Atom::Class { .. }), _) => Run::Whole,
            (Some(Atom::Star), _) => Run::Floating { start, end },
            _ => Run::Anchored { start, end },
        };
        runs[start..end].fill(run);
        start = end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn wildcards_and_classes_match_whole_lines() {
        for (pattern, input, matches) in [
            ("show *", "show version detail", true),
            ("show *", "show", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("x[a-c]", "xb", true),
            ("x[!a-c]", "xb", false),
            ("x[^a-c]", "xz", true),
            ("x[]-]y", "x-y", true),
            ("x[]-]y", "x]y", true),
            ("x[\\]a]", "xa", true),
            ("\\*\\?", "*?", true),
            ("Show", "show", false),
        ] {
            assert_eq!(
                Glob::compile(pattern).matches(&chars(input)),
                matches,
                "{pattern} / {input}"
            );
        }
    }

    #[test]
    fn abbreviations_count_what_they_leave_out() {
        for (pattern, input, skipped) in [
            ("request system *", "req sys reb", Some(7)),
            ("Request [s]ystem", "request s", None),
            ("show ?nterfaces", "show int", None),
            ("*reboot*", "request vmhost reb", Some(3)),
            ("*reboot*", "xreb", None),
            ("clear ospf3 *", "clear ospf neighbor", None),
            ("clear ospf3 *", "clear os neighbor", Some(3)),
            ("set protocols ospf3 *", "set protocols ospf area", Some(1)),
            ("file delete-directory *", "file delete x", None),
            ("file delete-directory *", "file dele x", Some(12)),
        ] {
            assert_eq!(
                Glob::compile(pattern).matches_abbreviated(&chars(input)),
                skipped,
                "{pattern} / {input}"
            );
        }
    }

    #[test]
    fn a_pattern_full_of_stars_stays_cheap() {
        let glob = Glob::compile(&"*a".repeat(500));
        assert!(!glob.matches(&chars(&"b".repeat(4000))));
    }
}
