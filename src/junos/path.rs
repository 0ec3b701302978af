//! A configuration path as typed after `show configuration`.

use super::line;

/// Longest path in bytes; the deepest real ones stay far below.
const LIMIT: usize = 1024;

/// A checked configuration path: one line, no pipe, no statement syntax. Empty means the whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigPath(String);

impl ConfigPath {
    /// Reads a path such as `protocols bgp group "my group"`; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LIMIT {
            return Err(format!("longer than {LIMIT} bytes"));
        }
        line::check(text).map_err(|fault| fault.to_string())?;
        if line::has_escaped_quote(text) {
            return Err("has a quote inside quotes".to_owned());
        }
        if let Some(bad) = text.chars().find(|c| matches!(c, '|' | ';' | '{' | '}')) {
            return Err(format!("'{bad}' is not allowed in a configuration path"));
        }
        Ok(Self(line::spaced(text)))
    }

    /// The path, with single blanks.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether the whole configuration is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hold_words_and_nothing_else() {
        let path = ConfigPath::parse("  protocols  bgp group \"my  group\" ").expect("a path");
        assert_eq!(path.as_str(), "protocols bgp group \"my  group\"");
        assert!(ConfigPath::parse("interfaces <ge-*> [a b] @x $y +z").is_ok());
        for bad in ["a | save x", "a; b", "a {", "a }", "a \"b", "a\nb", "a\u{7f}"] {
            assert!(ConfigPath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ConfigPath::parse(&"a".repeat(1025)).is_err());
    }
}
