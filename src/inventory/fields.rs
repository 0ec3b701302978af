//! Taking typed fields out of a JSON object, with the texts an operator reads.

use serde_json::{Map, Value};

use super::{Problem, public::is_secret};

/// Values are quoted in problems up to this many characters.
const SHOWN: usize = 40;

/// The fields of one object and the problems found while taking them.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: &'static str,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// The fields of an object that is named `prefix` in problems, such as `auth.`.
    pub(super) fn of(object: &'a Map<String, Value>, prefix: &'static str) -> Self {
        Self {
            object,
            prefix,
            problems: Vec::new(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn missing(&mut self, name: &str) {
        self.problems.push(Problem::fixed(format!(
            "missing required field '{}{name}'",
            self.prefix
        )));
    }

    pub(super) fn wrong(&mut self, name: &str, what: &str, value: &Value) {
        let name = format!("{}{name}", self.prefix);
        self.problems.push(Problem::fixed(must_be(&name, what, value)));
    }

    /// A string that `fits`, which `what` describes.
    pub(super) fn string(&mut self, name: &str, what: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        let value = self.get(name)?;
        match value.as_str().filter(|text| fits(text)) {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong(name, what, value);
                None
            }
        }
    }

    /// An integer between bounds; a string that looks like one is not one.
    pub(super) fn integer(&mut self, name: &str, low: u64, high: u64) -> Option<u64> {
        let value = self.get(name)?;
        match value.as_u64().filter(|number| (low..=high).contains(number)) {
            Some(number) => Some(number),
            None => {
                self.wrong(name, &format!("an integer from {low} to {high}"), value);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            self.wrong(name, "true or false", value);
        }
        value.as_bool()
    }

    /// Up to 16 tags.
    pub(super) fn tags(&mut self) -> Vec<String> {
        const WHAT: &str = "at most 16 tags of letters, digits and . _ -";
        let Some(value) = self.get("tags") else {
            return Vec::new();
        };
        let items = value.as_array().filter(|items| items.len() <= 16);
        let tags: Option<Vec<String>> = items.and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().filter(|text| is_tag(text)).map(str::to_owned))
                .collect()
        });
        if tags.is_none() {
            self.wrong("tags", WHAT, value);
        }
        tags.unwrap_or_default()
    }
}

/// Whether a text is a word for selectors.
pub(crate) fn is_tag(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a text is an address or a host name. Digits and dots alone are an address or a mistake.
pub(crate) fn is_host(text: &str) -> bool {
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !digits && text.len() <= 253 && text.trim_end_matches('.').split('.').all(label)
}

/// The sentence about a value of the wrong type or range; a secret is not quoted.
pub(super) fn must_be(name: &str, what: &str, value: &Value) -> String {
    let got = match value {
        // A bare string in the place of an object may well be a password.
        _ if is_secret(name) => "a value that is not shown".to_owned(),
        Value::String(_) if what == "an object" => "a string".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        value => cut(&value.to_string()),
    };
    format!("'{name}' must be {what}, got {got}")
}

/// A quoted text of bounded length.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
