//! Text in columns, as the CLI lays it out.

/// One row, ended by a line feed and without trailing blanks; a column is as wide as its number says, and one blank keeps
/// columns apart.
pub(super) fn line<S: AsRef<str>>(widths: &[usize], cells: &[S]) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let width = widths.get(index).copied().unwrap_or(0);
        line.push_str(&format!("{:<width$} ", cell.as_ref()));
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

/// Whether `pattern` with `*`, `?` and `[…]` matches the whole of `name`.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return name.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    if first == '*' {
        return (0..=name.len()).any(|skip| name.is_char_boundary(skip) && glob(rest, &name[skip..]));
    }
    let Some(character) = name.chars().next() else {
        return false;
    };
    let tail = &name[character.len_utf8()..];
    match (first, rest.split_once(']')) {
        ('?', _) => glob(rest, tail),
        ('[', Some((set, rest))) => in_set(set, character) && glob(rest, tail),
        _ => first == character && glob(rest, tail),
    }
}

fn in_set(set: &str, character: char) -> bool {
    let members: Vec<char> = set.trim_start_matches(['!', '^']).chars().collect();
    let negated = set.starts_with(['!', '^']);
    let ranged = members
        .windows(3)
        .any(|window| window[1] == '-' && (window[0]..=window[2]).contains(&character));
    negated != (ranged || members.contains(&character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_a_shell_does() {
        assert!(glob("[vmfgxe][mlet]*", "ge-0/0/0"));
        assert!(!glob("[vmfgxe][mlet]*", "lo0"));
        assert!(glob("ge-0/0/?", "ge-0/0/3"));
        assert!(glob("ge-0/0/[1-3]", "ge-0/0/2"));
        assert!(!glob("ge-0/0/[!1-3]", "ge-0/0/2"));
    }
}
