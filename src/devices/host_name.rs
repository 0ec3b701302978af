//! The names of hosts in a `known_hosts` file: with ports, as patterns, hashed.

use ring::hmac;
use russh::keys::ssh_key::known_hosts::HostPatterns;

/// The name under which a host's keys are on file.
pub(super) fn name_of(host: &str, port: u16) -> String {
    match port {
        22 => host.to_owned(),
        port => format!("[{host}]:{port}"),
    }
}

/// Whether a line's names cover this one.
pub(super) fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let name = name.to_ascii_lowercase();
            let mut found = false;
            for pattern in patterns {
                let pattern = pattern.to_ascii_lowercase();
                match pattern.strip_prefix('!') {
                    Some(negated) if glob(negated.as_bytes(), name.as_bytes()) => return false,
                    Some(_) => {}
                    None => found |= glob(pattern.as_bytes(), name.as_bytes()),
                }
            }
            found
        }
    }
}

/// `*` and `?` as in OpenSSH's host patterns; linear in practice, since a later star forgets the earlier one.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut pos) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while pos < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, pos));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[pos] => {
                at += 1;
                pos += 1;
            }
            _ => match retry {
                Some((after, seen)) => {
                    retry = Some((after, seen + 1));
                    at = after;
                    pos = seen + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// Host and port of a name.
pub(super) fn split_name(name: &str) -> (&str, u16) {
    name.strip_prefix('[')
        .and_then(|rest| rest.rsplit_once("]:"))
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
        .unwrap_or((name, 22))
}
