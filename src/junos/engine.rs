//! The name of a packet forwarding engine.

/// Longest name.
const LONGEST: usize = 32;

/// Which packet engine a command is for, such as `fpc0`, `fwdd` or `afeb0`. It cannot hold anything that ends a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineName(String);

impl EngineName {
    /// Reads a name; the error says what is accepted.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if (1..=LONGEST).contains(&name.len()) && name.chars().all(is_good) {
            return Ok(Self(name.to_owned()));
        }
        Err(format!("1 to {LONGEST} letters, digits, '_' and '-', for example fpc0"))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_and_nothing_else() {
        for name in ["fpc0", "fwdd", "afeb0", "member1-fpc0", "a_b"] {
            assert!(EngineName::parse(name).is_ok(), "{name}");
        }
        let long = "f".repeat(33);
        for name in [
            "",
            " ",
            "fpc 0",
            "fpc0\" command",
            "fpc0</target>",
            "fpc0;x",
            "fpc0|x",
            "f\u{e9}",
            "f\0",
            &long,
        ] {
            assert!(EngineName::parse(name).is_err(), "{name:?}");
        }
    }
}
