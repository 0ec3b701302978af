//! Terminal sequences and control characters out of a text, and the newlines around it.

/// A text without ANSI sequences and without control characters other than newline and tab. Clean text is not copied.
pub(super) fn sanitised(text: String) -> String {
    if !text.as_bytes().iter().any(|byte| is_control(*byte)) && !has_c1(text.as_bytes()) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\u{1b}' => escape_length(rest),
            '\u{9b}' => 2 + csi_length(&rest.as_bytes()[2..]),
            c => {
                if c == '\n' || c == '\t' || !c.is_control() {
                    out.push(c);
                }
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// A text without one leading and all trailing newlines.
pub(super) fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end_matches('\n').len());
    if text.starts_with('\n') {
        text.remove(0);
    }
    text
}

fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t') || byte == 0x7f
}

/// U+0080 to U+009F in UTF-8.
fn has_c1(text: &[u8]) -> bool {
    memchr::memchr_iter(0xc2, text).any(|at| text.get(at + 1).is_some_and(|byte| *byte < 0xa0))
}

/// The length of the sequence that the escape character at the start of `text` begins.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => 2 + csi_length(&bytes[2..]),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string_length(bytes),
        // A charset choice or the like: intermediate bytes, then a final one.
        Some(0x20..=0x2f) => {
            2 + bytes[2..]
                .iter()
                .take_while(|byte| (0x20..=0x2f).contains(*byte))
                .count()
                + 1
        }
        Some(0x30..=0x7e) => 2,
        _ => 1,
    }
}

/// Parameters and intermediate bytes, and the final byte if there is one.
fn csi_length(bytes: &[u8]) -> usize {
    let inner = bytes.iter().take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
    inner + usize::from(bytes.get(inner).is_some_and(|byte| (0x40..=0x7e).contains(byte)))
}

/// A string up to its terminator; one that never ends on its line is only its introducer, so that no text is lost.
fn string_length(bytes: &[u8]) -> usize {
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            0x07 => return at + 1,
            0x1b if bytes.get(at + 1) == Some(&b'\\') => return at + 2,
            b'\n' => break,
            _ => {}
        }
    }
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_and_controls_go_and_text_stays() {
        for (text, clean) in [
            ("a\tb\n", "a\tb\n"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{9b}2Jx\u{85}y", "xy"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;u\u{1b}\\y", "xy"),
            ("\u{1b}]never ends\nnext", "never ends\nnext"),
            ("\u{1b}(Bx\u{1b}=y\u{1b}", "xy"),
            ("a\r\nb\u{0}\u{8}c\u{7f}", "a\nbc"),
            ("é\u{a0}ü", "é\u{a0}ü"),
            ("\u{1b}ü\u{1b}[ü", "üü"),
        ] {
            assert_eq!(sanitised(text.to_owned()), clean, "{text:?}");
        }
        assert_eq!(trimmed("\n\n a\n\n".to_owned()), "\n a");
        assert_eq!(trimmed("\n".to_owned()), "");
    }
}
