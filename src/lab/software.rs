//! The releases on a router: the one that runs, one that waits for a restart, one to go back to.

use super::fault::Return;

/// Endings of a package's name that are no part of its release.
const ENDINGS: [&str; 7] = [".tgz", ".tar", ".gz", ".pkg", "-signed", "-domestic", "-limited"];

/// The software of one router.
#[derive(Debug)]
pub(super) struct Software {
    running: String,
    pending: Option<String>,
    previous: Option<String>,
}

impl Software {
    /// A router that was never upgraded.
    pub(super) fn new(release: &str) -> Self {
        Self {
            running: release.to_owned(),
            pending: None,
            previous: None,
        }
    }

    /// The release that runs.
    pub(super) fn running(&self) -> &str {
        &self.running
    }

    /// The release that runs after the next start.
    pub(super) fn pending(&self) -> Option<&str> {
        self.pending.as_deref()
    }

    /// Installs a release for the next start.
    pub(super) fn install(&mut self, release: String) {
        self.pending = Some(release);
    }

    /// Takes back what waits for the next start, or goes back to the release before; which release runs after it.
    pub(super) fn roll_back(&mut self) -> Option<&str> {
        if self.pending.take().is_some() {
            return Some(&self.running);
        }
        self.pending.clone_from(&self.previous);
        self.pending.as_deref()
    }

    /// Starts what waits for it, unless it comes to something else.
    pub(super) fn boot(&mut self, how: Option<&Return>) {
        let installed = self.pending.take();
        let next = match how {
            Some(Return::SameVersion) => None,
            Some(Return::OtherVersion(release)) => Some(release.clone()),
            _ => installed,
        };
        if let Some(next) = next {
            self.previous = Some(std::mem::replace(&mut self.running, next));
        }
    }
}

/// The release that a package's name tells: `24.4R2.7` of `junos-vsrx3-x86-64-24.4R2.7.tgz`.
pub(super) fn release_of(path: &str) -> Option<String> {
    let mut name = path.rsplit('/').next().unwrap_or(path);
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) {
        name = shorter;
    }
    let starts = name.match_indices('-').map(|(at, _)| at + 1);
    starts
        .map(|start| &name[start..])
        .find(|rest| is_release(rest))
        .map(str::to_owned)
}

/// Whether a text begins as releases do: digits, a dot, digits, one of their letters, a digit.
fn is_release(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let major = digits(text);
    let Some(rest) = text[major..].strip_prefix('.').filter(|_| major > 0) else {
        return false;
    };
    let minor = digits(rest);
    let mut letters = rest[minor..].bytes();
    minor > 0
        && letters.next().is_some_and(|letter| b"RXDIFSB".contains(&letter))
        && letters.next().is_some_and(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_called_after_its_release() {
        for (name, release) in [
            ("/var/tmp/junos-vsrx3-x86-64-24.4R2.7.tgz", Some("24.4R2.7")),
            ("junos-install-mx-x86-64-22.4R3-S2.11.tgz", Some("22.4R3-S2.11")),
            ("junos-srxsme-12.1X46-D86-domestic.tgz", Some("12.1X46-D86")),
            ("jinstall-ex-4300-21.4R3.15-signed.tgz", Some("21.4R3.15")),
            ("notes-2.txt", None),
            ("24.4R1.tgz", None),
        ] {
            assert_eq!(release_of(name).as_deref(), release, "{name}");
        }
    }

    #[test]
    fn a_start_takes_what_waits_and_a_rollback_goes_back() {
        let mut software = Software::new("24.4R1.9");
        assert_eq!(software.roll_back(), None);
        software.install("24.4R2.7".to_owned());
        assert_eq!(software.roll_back(), Some("24.4R1.9"));
        software.install("24.4R2.7".to_owned());
        software.boot(Some(&Return::SameVersion));
        assert_eq!((software.running(), software.pending()), ("24.4R1.9", None));
        software.install("24.4R2.7".to_owned());
        software.boot(None);
        assert_eq!(software.running(), "24.4R2.7");
        assert_eq!(software.roll_back(), Some("24.4R1.9"));
        software.boot(None);
        assert_eq!(software.running(), "24.4R1.9");
    }
}
