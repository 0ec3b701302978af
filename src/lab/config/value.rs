//! Whether a value is what its statement asks for, and what Junos says when it is not.

use super::schema::Type;

/// Physical ports are numbered 0 to this on every simulated chassis; the message counts from 1 as Junos does.
const HIGHEST_PORT: u32 = 127;

/// Prefixes of interface names that are followed by `fpc/pic/port`.
const PORTED: [&str; 19] = [
    "fe-", "ge-", "xe-", "et-", "so-", "t1-", "gr-", "lt-", "mge-", "sp-", "ip-", "mt-", "ms-", "si-", "vt-", "pd-",
    "pe-", "lsq-", "at-",
];

/// Letters of interface names that stand for no port.
const PORTLESS: [&str; 38] = [
    "ae", "ams", "bme", "cbp", "demux", "dsc", "em", "esi", "fab", "fti", "fxp", "gre", "ipip", "irb", "jsrv", "lo",
    "lsi", "lsq", "me", "mtun", "pime", "pimd", "pip", "pp", "ps", "rbeb", "reth", "rlsq", "st", "swfab", "sxe", "tap",
    "umd", "vlan", "vme", "vtep", "wl", "cl",
];

/// A value that was refused: the message and the word it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadValue {
    pub(super) message: String,
    pub(super) word: String,
}

/// Judges one value; wildcards such as `<*>` (keys in groups) pass everywhere.
pub(super) fn judge(kind: &Type, text: &str) -> Result<(), BadValue> {
    if text.starts_with('<') && text.ends_with('>') {
        return Ok(());
    }
    let message = match kind {
        Type::Text => None,
        Type::Integer(range) => integer(text, *range),
        Type::Address => address(text),
        Type::Interface => interface(text),
        Type::Choice(words) => {
            let first = text.split(' ').next().unwrap_or(text);
            (!words.iter().any(|(word, _)| word == first)).then(|| "syntax error".to_owned())
        }
    };
    match message {
        None => Ok(()),
        Some(message) => Err(BadValue {
            message,
            word: text.to_owned(),
        }),
    }
}

fn integer(text: &str, range: Option<(i64, i64)>) -> Option<String> {
    let Ok(number) = text.parse::<i64>() else {
        return Some(format!("Invalid numeric value: '{text}'"));
    };
    match range {
        Some((low, high)) if !(low..=high).contains(&number) => {
            Some(format!("Value {number} is not within range ({low}..{high})"))
        }
        None if number < 0 => Some(format!("Invalid numeric value: '{text}'")),
        _ => None,
    }
}

/// Names are allowed where an address is: only what looks like an IPv4 address is judged.
fn address(text: &str) -> Option<String> {
    let (host, length) = match text.split_once('/') {
        Some((host, length)) => (host, Some(length)),
        None => (text, None),
    };
    let dotted = !host.is_empty() && host.contains('.') && host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !dotted {
        return None;
    }
    for octet in host.split('.') {
        if octet.parse::<u8>().is_err() {
            return Some(format!("invalid value '{octet}' in ip address: '{text}'"));
        }
    }
    match length {
        Some(length) if length.bytes().all(|b| b.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|n| n > 32) => {
            Some(format!("prefix length '{length}' is larger than 32 in '{text}'"))
        }
        _ => None,
    }
}

fn interface(text: &str) -> Option<String> {
    let Some(prefix) = PORTED.iter().find(|prefix| text.starts_with(**prefix)) else {
        let letters = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or(text);
        return (!PORTLESS.contains(&letters)).then(|| format!("invalid interface type in '{text}'"));
    };
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = &text[prefix.len()..];
    for field in 0..3 {
        let length = digits(rest);
        if length == 0 {
            return Some(format!("invalid value '{rest}' in '{text}'"));
        }
        let number = &rest[..length];
        if field == 2 && number.parse::<u32>().is_ok_and(|port| port > HIGHEST_PORT) {
            return Some(format!(
                "port value outside range 1..{HIGHEST_PORT} for '{number}' in '{text}'"
            ));
        }
        rest = &rest[length..];
        if field < 2 {
            match rest.strip_prefix('/') {
                Some(after) => rest = after,
                None => return Some(format!("invalid value '{number}{rest}' in '{text}'")),
            }
        }
    }
    // Channels (`:2`) are part of the name; a unit is not.
    let channel = rest
        .strip_prefix(':')
        .is_some_and(|rest| !rest.is_empty() && digits(rest) == rest.len());
    (!rest.is_empty() && !channel).then(|| format!("invalid trailing input '{rest}' in '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_worded_as_on_a_router() {
        let mtu = Type::Integer(Some((256, 9216)));
        for (kind, text, expected) in [
            (&mtu, "wat", "Invalid numeric value: 'wat'"),
            (&mtu, "0", "Value 0 is not within range (256..9216)"),
            (
                &Type::Interface,
                "ge-0/0/1x",
                "invalid trailing input 'x' in 'ge-0/0/1x'",
            ),
            (
                &Type::Interface,
                "ge-0/0/128",
                "port value outside range 1..127 for '128' in 'ge-0/0/128'",
            ),
            (
                &Type::Address,
                "192.0.2.256/24",
                "invalid value '256' in ip address: '192.0.2.256/24'",
            ),
        ] {
            assert_eq!(judge(kind, text).expect_err("refused").message, expected);
        }
        for (kind, text) in [
            (&mtu, "1500"),
            (&Type::Interface, "xe-0/1/2:3"),
            (&Type::Interface, "ae0"),
            (&Type::Interface, "<ge-*>"),
            (&Type::Address, "ntp.example.net"),
            (&Type::Address, "2001:db8::1/64"),
        ] {
            assert_eq!(judge(kind, text), Ok(()), "{text}");
        }
    }
}
