//! From the text of a rule to its plain patterns: white space and `{a,b}` alternatives.

/// Longest pattern in bytes.
const LONGEST: usize = 1024;

/// Most patterns that one rule may expand to.
const MOST: usize = 64;

/// Normalises a pattern and expands its alternatives; the error is the reason an operator reads.
pub(crate) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    if pattern.len() > LONGEST {
        return Err(format!("longer than {LONGEST} bytes"));
    }
    if pattern.chars().any(|c| c.is_control() && c != '\t') {
        return Err("contains a control character".to_owned());
    }
    let pattern = single_spaced(pattern);
    if pattern.is_empty() {
        return Err("empty pattern".to_owned());
    }
    let mut done = vec![String::new()];
    for piece in pieces(&pattern)? {
        if done.len() * piece.len() > MOST {
            return Err(format!("more than {MOST} alternatives"));
        }
        done = done
            .iter()
            .flat_map(|start| piece.iter().map(move |end| format!("{start}{end}")))
            .collect();
    }
    Ok(done)
}

fn single_spaced(pattern: &str) -> String {
    let mut spaced = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.trim_start_matches([' ', '\t']).chars() {
        let blank = matches!(c, ' ' | '\t');
        if !blank || escaped {
            spaced.push(c);
        } else if !spaced.ends_with(' ') {
            spaced.push(' ');
        }
        escaped = c == '\\' && !escaped;
    }
    if spaced.ends_with(' ') && !spaced.ends_with("\\ ") {
        spaced.pop();
    }
    spaced
}

/// The pattern as a sequence of choices; text outside braces is a choice of one.
fn pieces(pattern: &str) -> Result<Vec<Vec<String>>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut choice: Option<Vec<String>> = None;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        let within = choice.is_some();
        let part = match choice.as_mut() {
            Some(alternatives) => alternatives.last_mut().expect("a choice starts with one alternative"),
            None => &mut plain,
        };
        match c {
            '\\' => {
                taken += rest[1..].chars().next().ok_or("ends in a backslash")?.len_utf8();
                part.push_str(&rest[..taken]);
            }
            '[' => {
                taken = class_length(rest).ok_or("unclosed '['")?;
                part.push_str(&rest[..taken]);
            }
            '{' if within => return Err("nested '{'".to_owned()),
            '{' => {
                pieces.push(vec![std::mem::take(&mut plain)]);
                choice = Some(vec![String::new()]);
            }
            '}' => pieces.push(choice.take().ok_or("unopened '}'")?),
            ',' if within => choice.get_or_insert_default().push(String::new()),
            _ => part.push(c),
        }
        rest = &rest[taken..];
    }
    if choice.is_some() {
        return Err("unclosed '{'".to_owned());
    }
    pieces.push(vec![plain]);
    Ok(pieces)
}

/// The length of the bracket class at the start of `text`; a `]` right after the opening stands for itself.
pub(crate) fn class_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    chars.next_if(|(_, c)| matches!(c, '!' | '^'));
    chars.next_if(|(_, c)| *c == ']');
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ']' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_become_patterns() {
        assert_eq!(
            expand("  a {b,c}\t d{e,}"),
            Ok(vec!["a b de".into(), "a b d".into(), "a c de".into(), "a c d".into()])
        );
        assert_eq!(expand("a[{,}]\\{"), Ok(vec!["a[{,}]\\{".into()]));
    }

    #[test]
    fn faults_are_named() {
        let long = "x".repeat(1025);
        let many = "{a,b}".repeat(7);
        for (pattern, reason) in [
            ("show [abc", "unclosed '['"),
            ("a {b", "unclosed '{'"),
            ("a }", "unopened '}'"),
            ("{a,{b}}", "nested '{'"),
            (&many, "more than 64 alternatives"),
            ("a\\", "ends in a backslash"),
            (" \t", "empty pattern"),
            (&long, "longer than 1024 bytes"),
            ("a\u{1}", "contains a control character"),
        ] {
            assert_eq!(expand(pattern), Err(reason.to_owned()), "{pattern}");
        }
    }
}
