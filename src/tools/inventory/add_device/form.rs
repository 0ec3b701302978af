//! The form for what a call leaves out: one for all of it, asked again with the reason where an answer is no good.

use serde_json::{Map, Value, json};

use super::{
    NOT_ADDED,
    details::{Args, Auth, Details, Kind},
};
use crate::tools::{
    arguments::checked,
    asking::{Action, Digest, Question, Stop},
    call::Call,
    failure::Failure,
};

/// The form, and its repetitions: an answer of no use is asked for again twice.
const KEYS: [&str; 3] = ["device", "device_again", "device_last"];

/// What is known once everything is there.
pub(super) struct Filled {
    pub(super) details: Details,
    /// Whether a person has filled in some of it.
    pub(super) by_form: bool,
    pub(super) wants_key: bool,
    /// The fingerprint that the caller vouches for.
    pub(super) vouched: Option<String>,
}

/// The details of a call, completed by a person where something is missing and one can be asked.
pub(super) fn filled(call: &Call, args: Args) -> Result<Filled, Stop> {
    let args = args.without_blanks();
    if args.missing().is_empty() || !call.can_ask() {
        return Ok(Filled {
            details: args.judged(call)?,
            by_form: false,
            wants_key: args.wants_key(),
            vouched: args.host_key_fingerprint,
        });
    }
    // What was given is no reason to ask.
    args.judge_parts(call)?;
    let form = form(&args);
    let mut refusal: Option<Failure> = None;
    for key in KEYS {
        let question = Question {
            key,
            message: message(&args, refusal.as_ref()),
            form: form.clone(),
            digest: Digest::of(&json!([call.spec().name, call.dialogue().arguments, key])),
        };
        let answer = call.answer(question)?;
        if answer.action != Action::Accept {
            return Err(answer.refusal(NOT_ADDED).into());
        }
        match completed(call, &args, &form, &answer.content) {
            Ok(details) => {
                return Ok(Filled {
                    details,
                    by_form: true,
                    wants_key: true,
                    vouched: args.host_key_fingerprint,
                });
            }
            Err(failure) => refusal = Some(failure),
        }
    }
    let refusal = refusal.expect("the form is asked for at least once");
    Err(refusal.into())
}

fn message(args: &Args, refusal: Option<&Failure>) -> String {
    let what = match &args.device_name {
        Some(name) => format!("Details of the new router '{name}'."),
        None => "Details of the new router.".to_owned(),
    };
    match refusal {
        None => format!("{what} Its host key is looked at next. Passwords are not asked for."),
        Some(failure) => format!("{what} The answer cannot be used: {}.", failure.message()),
    }
}

/// What the arguments come to with what was filled in.
fn completed(call: &Call, args: &Args, form: &Value, content: &Map<String, Value>) -> Result<Details, Failure> {
    let none = Map::new();
    let content = checked("the form", form.as_object().unwrap_or(&none), content.clone())?;
    let text = |name: &str| {
        let text = content.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut args = args.clone();
    args.device_name = args.device_name.or_else(|| text("device_name"));
    args.device_ip = args.device_ip.or_else(|| text("device_ip"));
    args.username = args.username.or_else(|| text("username"));
    let port = content.get("device_port").and_then(Value::as_u64);
    args.device_port = args.device_port.or(port.and_then(|port| u16::try_from(port).ok()));
    args.test_connection = args
        .test_connection
        .or(content.get("test_connection").and_then(Value::as_bool));
    args.auth = args.auth.or_else(|| {
        let path = text("private_key_path");
        Some(Auth {
            kind: path.as_ref().map_or(Kind::SshAgent, |_| Kind::SshKey),
            private_key_path: path,
            password: None,
        })
    });
    args.without_blanks().judged(call)
}

/// A form of plain members for what is missing; a password is not among them.
fn form(args: &Args) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut text = |name: &str, title: &str, most: u64, is_required: bool| {
        let property = json!({"type": "string", "title": title, "maxLength": most});
        properties.insert(name.to_owned(), property);
        if is_required {
            required.push(json!(name));
        }
    };
    if args.device_name.is_none() {
        text("device_name", "Name", 128, true);
    }
    if args.device_ip.is_none() {
        text("device_ip", "Address or host name", 253, true);
    }
    if args.username.is_none() {
        text("username", "Login name", 64, true);
    }
    if args.auth.is_none() {
        text(
            "private_key_path",
            "Private key file on the server's host; empty for the SSH agent",
            1024,
            false,
        );
    }
    if args.device_port.is_none() {
        let port = json!({"type": "integer", "title": "Port of NETCONF over SSH", "minimum": 1, "maximum": 65535, "default": 22});
        properties.insert("device_port".to_owned(), port);
    }
    if args.test_connection.is_none() {
        let test = json!({"type": "boolean", "title": "Log in once before saving", "default": false});
        properties.insert("test_connection".to_owned(), test);
    }
    json!({"type": "object", "properties": properties, "required": required})
}
