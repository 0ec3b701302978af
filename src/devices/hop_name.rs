//! A jump host as it is written: `[user@]host[:port]`, perhaps as `ssh://` address.

/// One name of a list of jump hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HopName {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Key files given along with the name, on the command line of a proxy command.
    pub(super) identity_files: Vec<String>,
}

impl HopName {
    /// Reads a list separated by commas, first hop first.
    pub(super) fn list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(|one| Self::parse(one.trim())).collect()
    }

    /// Reads one name. An IPv6 address with a port stands in brackets; without a port it may stand bare.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is not [user@]host[:port]");
        let rest = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or_else(bad)?;
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if port.is_empty() => (host, None),
                    None => return Err(bad()),
                }
            }
            None if place.matches(':').count() > 1 => (place, None),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(bad));
        let is_clean = |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_whitespace);
        if !is_clean(host) || !user.is_none_or(is_clean) {
            return Err(bad());
        }
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port: port.transpose()?,
            identity_files: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_jump_hosts_are_read_as_openssh_does() {
        let name = |user: Option<&str>, host: &str, port| HopName {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
            identity_files: Vec::new(),
        };
        for (text, expected) in [
            ("bastion", Some(name(None, "bastion", None))),
            ("alice@bastion:2222", Some(name(Some("alice"), "bastion", Some(2222)))),
            ("alice@corp@bastion", Some(name(Some("alice@corp"), "bastion", None))),
            ("[2001:db8::1]:2222", Some(name(None, "2001:db8::1", Some(2222)))),
            ("alice@[2001:db8::1]", Some(name(Some("alice"), "2001:db8::1", None))),
            ("2001:db8::1", Some(name(None, "2001:db8::1", None))),
            ("ssh://alice@bastion:22", Some(name(Some("alice"), "bastion", Some(22)))),
            ("bastion:0", None),
            ("bastion:ssh", None),
            ("@bastion", None),
            ("[2001:db8::1", None),
            ("-oProxyCommand=x", None),
            ("", None),
        ] {
            assert_eq!(HopName::parse(text).ok(), expected, "{text}");
        }
    }
}
