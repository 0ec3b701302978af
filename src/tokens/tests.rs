//! Files of tokens, what they grant and to whom.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{scope::Scopes, *};

/// The hash of 43 letters `A`.
const HASH: &str = "sha256:DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo";

const KNOWN: Vocabulary<'_> = Vocabulary {
    tools: &["get_router_list", "load_and_commit_config"],
    toolsets: &["device", "config"],
    effects: &["read", "operate", "write", "destroy"],
};

const READ: Tool<'_> = Tool {
    name: "get_router_list",
    toolset: "inventory",
    effect: "read",
};
const OPERATE: Tool<'_> = Tool {
    name: "execute_junos_command",
    toolset: "device",
    effect: "operate",
};
const WRITE: Tool<'_> = Tool {
    name: "load_and_commit_config",
    toolset: "config",
    effect: "write",
};

fn secret() -> String {
    "A".repeat(43)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).expect("a valid time")
}

fn entry() -> Value {
    json!({"name": "noc", "hash": HASH, "routers": ["*"], "tools": ["*"]})
}

fn with(key: &str, value: Value) -> Value {
    let mut entry = entry();
    entry[key] = value;
    entry
}

fn parse(entries: &[Value]) -> Tokens {
    let text = json!({"version": 1, "tokens": entries}).to_string();
    Tokens::parse(text.as_bytes(), KNOWN).expect("a file of tokens")
}

fn scopes(tools: &[&str], routers: &[&str]) -> Scopes {
    let tokens = parse(&[json!({"name": "noc", "hash": HASH, "routers": routers, "tools": tools})]);
    let grant = tokens.check(&secret(), now()).expect("known");
    grant.scopes.clone()
}

#[test]
fn the_secret_of_the_documented_example_is_known() {
    let tokens = parse(&[entry()]);
    let grant = tokens.check(&secret(), now()).expect("known");
    assert_eq!((grant.name.as_str(), grant.fingerprint.as_str()), ("noc", "0f007385"));
    assert_eq!(tokens.check(&"B".repeat(43), now()), Err(Refused::Unknown));
    assert_eq!(Tokens::default().check(&secret(), now()), Err(Refused::Unknown));
}

#[test]
fn a_token_expires_at_its_time() {
    let tokens = parse(&[with("expires_at", json!(now().to_rfc3339()))]);
    assert_eq!(tokens.check(&secret(), now()), Err(Refused::Expired));
    let before = now() - chrono::TimeDelta::seconds(1);
    assert!(tokens.check(&secret(), before).is_ok());
    assert_eq!((tokens.usable(now()).count(), tokens.usable(before).count()), (0, 1));
}

#[test]
fn older_spellings_are_read() {
    let old = json!({"version": 2, "tokens": [{"name": "noc", "digest": HASH, "devices": ["edge-1"], "tools": ["*"]}]});
    let tokens = Tokens::parse(old.to_string().as_bytes(), KNOWN).expect("a file of tokens");
    let grant = tokens.check(&secret(), now()).expect("known");
    assert!(grant.scopes.reaches("edge-1", &[]) && !grant.scopes.reaches("edge-2", &[]));
}

#[test]
fn a_faulty_entry_is_disabled_and_the_others_stay() {
    let other = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for faulty in [
        json!("noc"),
        with("name", json!("")),
        with("name", json!("-noc")),
        with("name", json!("n".repeat(129))),
        with("hash", json!("md5:DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo")),
        with("hash", json!("sha256:short")),
        with("hash", json!(format!("{HASH}="))),
        with("expires_at", json!("tomorrow")),
        with("expires_at", json!(7)),
        with("tools", json!("*")),
        with("routers", json!(vec!["edge"; 257])),
    ] {
        let tokens = parse(&[faulty.clone(), json!({"name": "other", "hash": other})]);
        assert_eq!(tokens.check(&secret(), now()), Err(Refused::Unknown), "{faulty}");
        assert_eq!((tokens.usable(now()).count(), tokens.len()), (1, 2), "{faulty}");
        assert!(tokens.findings()[0].disables, "{faulty}");
    }
}

#[test]
fn of_two_tokens_with_one_name_the_later_is_disabled() {
    let other = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let tokens = parse(&[with("hash", json!(other)), entry()]);
    assert_eq!(tokens.check(&secret(), now()), Err(Refused::Unknown));
}

#[test]
fn what_is_no_file_of_tokens_is_refused_as_a_whole() {
    for text in [
        "",
        "[]",
        r#"{"version": 1}"#,
        r#"{"tokens": []}"#,
        r#"{"version": 3, "tokens": []}"#,
        r#"{"version": 1, "tokens": {}}"#,
    ] {
        assert!(
            matches!(Tokens::parse(text.as_bytes(), KNOWN), Err(FileFault::Invalid(_))),
            "{text}"
        );
    }
}

#[test]
fn a_wildcard_never_changes_a_router() {
    let scopes = scopes(&["*"], &["*"]);
    let granted = [READ, OPERATE, WRITE].map(|tool| scopes.grants(tool));
    assert_eq!(granted, [Granted::Full, Granted::Confined, Granted::No]);
}

#[test]
fn tools_are_granted_by_name_toolset_and_effect() {
    for (entries, expected) in [
        (&[][..], [Granted::No, Granted::No, Granted::No]),
        (&["load_and_commit_config"], [Granted::No, Granted::No, Granted::Full]),
        (&["toolset:device"], [Granted::No, Granted::Full, Granted::No]),
        (&["effect:read"], [Granted::Full, Granted::No, Granted::No]),
        (
            &["effect:operate", "effect:write"],
            [Granted::No, Granted::Full, Granted::Full],
        ),
        // Neither an unknown word nor a wildcard among others grants anything.
        (
            &["Get_Router_List", "toolset:x", "*"],
            [Granted::No, Granted::No, Granted::No],
        ),
    ] {
        let scopes = scopes(entries, &["*"]);
        assert_eq!(
            [READ, OPERATE, WRITE].map(|tool| scopes.grants(tool)),
            expected,
            "{entries:?}"
        );
    }
}

#[test]
fn routers_are_reached_by_name_pattern_and_tag() {
    let tags = ["core".to_owned()];
    for (entry, name, tags, expected) in [
        ("*", "any", &[][..], true),
        ("edge-1", "edge-1", &[], true),
        ("edge-1", "Edge-1", &[], false),
        ("edge-*", "edge-", &[], true),
        ("edge-*", "xedge-1", &[], false),
        ("*-1", "edge-1", &[], true),
        ("e*e-?", "edge-1", &[], true),
        ("e?ge", "eäge", &[], true),
        ("tag:core", "p1", &tags, true),
        ("tag:core", "core", &[], false),
        ("tag:c*", "p1", &tags, false),
        ("", "", &[], false),
    ] {
        assert_eq!(scopes(&["*"], &[entry]).reaches(name, tags), expected, "{entry} {name}");
    }
    let mixed = scopes(&["*"], &["*", "edge-1"]);
    assert!(mixed.reaches("edge-1", &[]) && !mixed.reaches("edge-2", &[]) && !mixed.reaches_all());
}

#[test]
fn bearer_tokens_have_a_form() {
    for (text, expected) in [
        ("A".repeat(43), true),
        ("a0._~+/-b1234567".to_owned(), true),
        (format!("{}==", "A".repeat(16)), true),
        ("A".repeat(15), false),
        ("A".repeat(513), false),
        (format!("{} x", "A".repeat(16)), false),
        (format!("{}=x", "A".repeat(16)), false),
        ("ä".repeat(16), false),
        (String::new(), false),
    ] {
        assert_eq!(is_well_formed(&text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn a_pattern_of_a_name_with_stars_reaches_it(name in "[a-z0-9-]{1,12}", cut in 0usize..12) {
        let cut = cut.min(name.len());
        let pattern = format!("{}*{}", &name[..cut], &name[cut..]);
        prop_assert!(scopes(&["*"], &[&pattern]).reaches(&name, &[]));
    }

    #[test]
    fn no_file_makes_the_reader_fail_other_than_in_words(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Tokens::parse(&bytes, KNOWN);
    }
}
