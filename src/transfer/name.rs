//! Names of files as both sides can carry them.

use std::fmt;

/// Longest name in bytes, so that what is added to it for a time still fits a file system.
const LONGEST: usize = 200;

/// The name of a file without a folder: letters, digits and `._-`, not beginning with a dot or a dash.
///
/// Such a name means the same to a shell, to the CLI and in XML, and never another folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName(String);

impl FileName {
    /// The name, if it is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_plain);
        (is_name && !text.starts_with(['.', '-'])).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_means_another_folder_or_more_than_one_word() {
        for name in ["junos-vsrx-24.4R1.9.tgz", "a", "A_b-c.d", &"x".repeat(LONGEST)] {
            assert_eq!(FileName::parse(name).expect(name).as_str(), name);
        }
        let others = [
            "", ".", "..", ".hidden", "-rf", "a/b", "/a", "a b", "a\n", "a\0", "a'b", "a;b", "a$b", "a*", "ä", "a\\b",
        ];
        for name in others.into_iter().chain([&*"x".repeat(LONGEST + 1)]) {
            assert_eq!(FileName::parse(name), None, "{name:?}");
        }
    }
}
