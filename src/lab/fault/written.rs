//! Faults as they are written in a file: a list of them, or one list for each router.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::actions::actions;
use super::table::{ActionRow, Deed, Place, Point, TriggerRow, triggers};
use super::{Action, Fault, Injected, Trigger};
use crate::lab::{Lab, RouterHandle};

/// In a file by router: every router.
const EVERY: &str = "*";

/// How like a word must be to one we know for us to suggest that: two letters of three.
const LIKE: f64 = 0.66;

/// Faults that were read and not yet armed.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults(Vec<(Option<String>, Fault)>);

/// Why faults cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is neither a list of faults nor an object of such lists.
    #[error("a list of faults is expected, or an object of lists by router name")]
    Form,
    /// One of the faults is wrong.
    #[error("{place}: {reason}")]
    At {
        /// Which one.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// One fault as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// A router of the lab; all of them without it.
    router: Option<String>,
    trigger: String,
    action: Value,
    #[serde(default)]
    count: Count,
}

/// How many times in a row.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "count must be a number of times or \"always\"")]
enum Count {
    Times(u32),
    Word(Always),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Always {
    Always,
}

impl Default for Count {
    fn default() -> Self {
        Self::Times(1)
    }
}

impl Faults {
    /// Reads a file of faults.
    ///
    /// # Errors
    /// When it is not JSON, or one of the faults is not understood; that one is named.
    pub fn parse(text: &str) -> Result<Self, FaultsError> {
        Self::read(serde_json::from_str(text)?)
    }

    /// Reads faults that are JSON already.
    ///
    /// # Errors
    /// When one of them is not understood; that one is named.
    pub fn read(document: Value) -> Result<Self, FaultsError> {
        let mut faults = Vec::new();
        match document {
            Value::Array(list) => read_list(list, None, &mut faults)?,
            Value::Object(routers) => {
                for (router, list) in routers {
                    let Value::Array(list) = list else {
                        return Err(FaultsError::Form);
                    };
                    read_list(list, Some(&router), &mut faults)?;
                }
            }
            _ => return Err(FaultsError::Form),
        }
        Ok(Self(faults))
    }
}

impl Lab {
    /// Arms faults at the routers they name; all of them or none.
    ///
    /// # Errors
    /// When one names a router that is not in this lab.
    pub fn arm(&self, faults: &Faults) -> Result<Vec<Injected>, FaultsError> {
        let mut chosen: Vec<(&RouterHandle, &Fault)> = Vec::new();
        for (index, (router, fault)) in faults.0.iter().enumerate() {
            match router {
                None => chosen.extend(self.routers().iter().map(|router| (router, fault))),
                Some(name) => {
                    let names = self.routers().iter().map(RouterHandle::name);
                    let absent = || format!("no router '{name}' in this lab{}", suggestion(name, names));
                    let router = self.router(name).ok_or_else(|| at(index, None, absent()))?;
                    chosen.push((router, fault));
                }
            }
        }
        Ok(chosen
            .into_iter()
            .map(|(router, fault)| router.inject(fault.clone()))
            .collect())
    }
}

fn at(index: usize, router: Option<&str>, reason: String) -> FaultsError {
    let number = index + 1;
    let place = match router {
        None => format!("fault {number}"),
        Some(router) => format!("fault {number} of '{router}'"),
    };
    FaultsError::At { place, reason }
}

fn read_list(
    list: Vec<Value>,
    router: Option<&str>,
    faults: &mut Vec<(Option<String>, Fault)>,
) -> Result<(), FaultsError> {
    for (index, written) in list.into_iter().enumerate() {
        let (named, fault) = fault(written).map_err(|reason| at(index, router, reason))?;
        if router.is_some() && named.is_some() {
            return Err(at(index, router, "the router is named twice".to_owned()));
        }
        let router = router.filter(|router| *router != EVERY).map(str::to_owned);
        faults.push((named.or(router), fault));
    }
    Ok(())
}

fn fault(written: Value) -> Result<(Option<String>, Fault), String> {
    let entry: Entry = serde_json::from_value(written).map_err(|error| error.to_string())?;
    let (row, trigger, nth) = trigger(&entry.trigger)?;
    let (deed, action) = action(entry.action)?;
    if !deed.places.contains(&row.place) {
        let fitting: Vec<&str> = fitting(deed).collect();
        return Err(format!(
            "'{}' does nothing at '{}'; it works at {}",
            deed.word,
            row.word,
            fitting.join(", ")
        ));
    }
    let fault = Fault::new(trigger, action).nth(nth);
    let fault = match entry.count {
        Count::Times(0) => return Err("a count of 0 never fires".to_owned()),
        Count::Times(count) => fault.times(count),
        Count::Word(Always::Always) => fault.always(),
    };
    Ok((entry.router, fault))
}

/// The triggers at which an action does something.
pub(super) fn fitting(deed: &ActionRow) -> impl Iterator<Item = &'static str> {
    let places: &[Place] = deed.places;
    triggers()
        .iter()
        .filter(|row| places.contains(&row.place))
        .map(|row| row.word)
}

/// The point, and which of the times it is reached is meant.
fn trigger(text: &str) -> Result<(&'static TriggerRow, Trigger, u32), String> {
    let unknown = |why: &str| format!("unknown trigger '{text}'{why}");
    let found = triggers().iter().find_map(|row| match text.strip_prefix(row.word)? {
        "" => Some((row, None)),
        rest => Some((row, Some(rest.strip_prefix(':')?))),
    });
    let Some((row, rest)) = found else {
        let word = text.split_once(':').map_or(text, |(word, _)| word);
        return Err(unknown(&suggestion(word, triggers().iter().map(|row| row.word))));
    };
    let mut parts = rest.into_iter().flat_map(|rest| rest.split(':'));
    let argument = |parts: &mut dyn Iterator<Item = &str>, what: &str| match parts.next() {
        Some(argument) if !argument.is_empty() => Ok(argument.to_owned()),
        _ => Err(unknown(&format!("; {} needs {what} after it", row.word))),
    };
    let trigger = match &row.read {
        Point::Plain(trigger) => trigger.clone(),
        Point::Name(make) => make(argument(&mut parts, "the name of a request, or *,")?),
        Point::Number(make) => {
            let number = argument(&mut parts, "a number")?;
            make(number.parse().map_err(|_| unknown("; a number is expected"))?)
        }
    };
    let nth = match parts.next() {
        None => 1,
        Some(nth) => match nth.parse() {
            Ok(nth) if nth > 0 => nth,
            _ => return Err(unknown("; which time is meant is counted from 1")),
        },
    };
    match parts.next() {
        Some(_) => Err(unknown("; it has too many parts")),
        None => Ok((row, trigger, nth)),
    }
}

/// An action: its word, or an object of the word and its argument.
fn action(written: Value) -> Result<(&'static ActionRow, Action), String> {
    let (word, argument) = match written {
        Value::String(word) => (word, None),
        Value::Object(object) => single(object)?,
        _ => return Err("an action is a word, or an object of one word and its argument".to_owned()),
    };
    let row = actions().iter().find(|row| row.word == word).ok_or_else(|| {
        let near = suggestion(&word, actions().iter().map(|row| row.word));
        format!("unknown action '{word}'{near}")
    })?;
    let expected = |what: &str| format!("'{word}' expects {what}");
    let action = match (&row.read, argument) {
        (Deed::Plain(make), None) => make(),
        (Deed::Plain(_), Some(_)) => return Err(expected("no argument")),
        (Deed::Number(unit, make), argument) => {
            let number = argument.as_ref().and_then(Value::as_u64);
            make(number.ok_or_else(|| expected(&format!("a number ({unit})")))?)
        }
        (Deed::Text(make), Some(Value::String(text))) => make(text),
        (Deed::Text(_), _) => return Err(expected("a text")),
        (Deed::Forms(forms, _), None) => return Err(expected(forms)),
        (Deed::Forms(forms, make), Some(value)) => {
            make(value).map_err(|error| format!("{}: {error}", expected(forms)))?
        }
    };
    Ok((row, action))
}

fn single(object: Map<String, Value>) -> Result<(String, Option<Value>), String> {
    let mut members = object.into_iter();
    match (members.next(), members.next()) {
        (Some((word, argument)), None) => Ok((word, Some(argument))),
        _ => Err("an action is an object of exactly one word".to_owned()),
    }
}

/// `; did you mean 'x'?`, or nothing when no word is like it.
pub(super) fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|known| (strsim::normalized_damerau_levenshtein(word, known), known))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    near.map_or_else(String::new, |(_, known)| format!("; did you mean '{known}'?"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Return, Shape};
    use super::*;

    fn read(text: &str) -> Result<Fault, String> {
        let faults = Faults::parse(&format!("[{text}]")).map_err(|error| error.to_string())?;
        Ok(faults.0[0].1.clone())
    }

    fn at(trigger: &str, action: &str) -> Result<Fault, String> {
        read(&format!(r#"{{"trigger": "{trigger}", "action": {action}}}"#))
    }

    #[test]
    fn triggers_actions_and_counts_are_read() {
        let drop = |trigger| Fault::new(trigger, Action::Drop);
        assert_eq!(at("connect", r#""drop""#), Ok(drop(Trigger::Connect)));
        assert_eq!(at("rpc:*:3", r#""drop""#), Ok(drop(Trigger::rpc("*")).nth(3)));
        assert_eq!(
            at("reply:commit-configuration", r#""drop""#),
            Ok(drop(Trigger::reply("commit-configuration")))
        );
        let delay = r#"{"trigger": "auth:2", "action": {"delay_ms": 250}, "count": "always"}"#;
        let expected = Fault::new(Trigger::Auth, Action::Delay(Duration::from_millis(250)));
        assert_eq!(read(delay), Ok(expected.nth(2).always()));
        let error = r#"{"trigger": "rpc:x", "action": {"answer": {"xnm_error": {"daemon": "mgd", "message": "no"}}}, "count": 2}"#;
        let shape = Shape::XnmError {
            daemon: "mgd".to_owned(),
            message: "no".to_owned(),
        };
        assert_eq!(
            read(error),
            Ok(Fault::new(Trigger::rpc("x"), Action::Answer(shape)).times(2))
        );
        for (trigger, action, expected) in [
            (
                "now",
                r#"{"disk_full": 4096}"#,
                Fault::new(Trigger::Now, Action::DiskFull(4096)),
            ),
            (
                "scp:open",
                r#"{"scp_error": 2}"#,
                Fault::new(Trigger::ScpOpen, Action::ScpError(2)),
            ),
            (
                "scp:byte:70:2",
                r#""scp_corrupt""#,
                Fault::new(Trigger::ScpByte(70), Action::ScpCorrupt).nth(2),
            ),
            (
                "boot",
                r#"{"return": "never"}"#,
                Fault::new(Trigger::Boot, Action::Return(Return::Never)),
            ),
        ] {
            assert_eq!(at(trigger, action), Ok(expected));
        }
    }

    #[test]
    fn a_file_may_be_a_list_or_an_object_by_router() {
        let drop = Fault::new(Trigger::Hello, Action::Drop);
        let one = r#"{"trigger": "hello", "action": "drop"}"#;
        let named = r#"{"router": "edge-1", "trigger": "hello", "action": "drop"}"#;
        for (text, routers) in [
            (format!("[{one}, {named}]"), [None, Some("edge-1")]),
            (
                format!(r#"{{"*": [{one}], "edge-1": [{one}]}}"#),
                [None, Some("edge-1")],
            ),
        ] {
            let faults = Faults::parse(&text).expect(&text);
            let expected: Vec<_> = routers.map(|router| (router.map(str::to_owned), drop.clone())).into();
            assert_eq!(faults.0, expected);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_nearest_word() {
        for (trigger, action, words) in [
            ("rpc", r#""drop""#, "unknown trigger 'rpc'; rpc needs the name"),
            ("helo", r#""drop""#, "unknown trigger 'helo'; did you mean 'hello'?"),
            ("hello:0", r#""drop""#, "unknown trigger 'hello:0'"),
            ("rpc:a:1:2", r#""drop""#, "unknown trigger 'rpc:a:1:2'"),
            ("scp:byte", r#""drop""#, "scp:byte needs a number"),
            ("scp:close", r#""drop""#, "unknown trigger 'scp:close'"),
            ("hello", r#""dorp""#, "unknown action 'dorp'; did you mean 'drop'?"),
            ("hello", r#""explode""#, "unknown action 'explode'"),
            ("rpc:a", r#"{"huge": "very"}"#, "'huge' expects a number (BYTES)"),
            ("hello", r#"{"drop": 1}"#, "'drop' expects no argument"),
            ("rpc:a", r#""answer""#, "'answer' expects SHAPE"),
            (
                "connect",
                r#""twice""#,
                "'twice' does nothing at 'connect'; it works at hello, rpc, reply",
            ),
        ] {
            let refused = at(trigger, action).expect_err(trigger);
            assert!(refused.contains(words) && refused.starts_with("fault 1: "), "{refused}");
        }
        for (text, words) in [
            (r#"{"trigger": "hello", "action": "drop", "count": 0}"#, "never fires"),
            (
                r#"{"trigger": "hello", "action": "drop", "count": "ever"}"#,
                "\"always\"",
            ),
            (
                r#"{"trigger": "hello", "action": "drop", "often": 2}"#,
                "unknown field `often`",
            ),
        ] {
            let refused = read(text).expect_err(text);
            assert!(refused.contains(words), "{text}: {refused}");
        }
        for (text, words) in [
            ("7", "a list of faults is expected"),
            (r#"{"edge-1": 7}"#, "a list of faults is expected"),
            ("[", "not JSON"),
            (
                r#"{"edge-1": [{"router": "edge-2", "trigger": "hello", "action": "drop"}]}"#,
                "fault 1 of 'edge-1': the router is named twice",
            ),
        ] {
            let refused = Faults::parse(text).expect_err(text).to_string();
            assert!(refused.contains(words), "{text}: {refused}");
        }
    }

    #[test]
    fn every_example_of_the_table_is_read_by_its_own_row_and_every_word_is_there_once() {
        for row in actions() {
            let fault = read(row.example).unwrap_or_else(|error| panic!("{}: {error}", row.word));
            let written: Value = serde_json::from_str(row.example).expect("read before");
            let word = written["action"].as_str().map(str::to_owned);
            let word = word.or_else(|| Some(written["action"].as_object()?.keys().next()?.clone()));
            assert_eq!(word.as_deref(), Some(row.word));
            assert!(row.places.contains(&fault.trigger.row().place), "{}", row.word);
        }
        let mut words: Vec<&str> = actions().iter().map(|row| row.word).collect();
        words.extend(triggers().iter().map(|row| row.word));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
