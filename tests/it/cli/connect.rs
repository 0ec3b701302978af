//! `check --connect` and `known-hosts scan` against a lab that listens.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::program::{Ended, Program, Running};

/// A running lab of two routers and where its files are.
struct Listening {
    lab: Running,
}

impl Listening {
    fn start() -> Self {
        let mut lab = Program::new(&[
            "lab",
            "run",
            "--routers",
            "2",
            "--listen",
            "127.0.0.1:0",
            "--write-inventory",
            "lab",
        ])
        .start();
        loop {
            let line = lab.line();
            assert!(!line.is_empty(), "it ended early");
            if line.starts_with("ready") {
                return Self { lab };
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.lab.path("lab").join(name)
    }

    fn inventory(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("devices.json")).expect("written")).expect("JSON")
    }

    fn write(&self, inventory: &Value) {
        fs::write(self.path("devices.json"), inventory.to_string()).expect("a file");
    }

    /// Runs a command line on the lab's inventory and a file of host keys.
    fn run(&self, known_hosts: &str, command: &[&str]) -> Ended {
        let (inventory, known_hosts) = (self.path("devices.json"), self.path(known_hosts));
        let mut arguments = vec![
            "-f".to_owned(),
            inventory.display().to_string(),
            "--known-hosts-file".to_owned(),
            known_hosts.display().to_string(),
        ];
        arguments.extend(command.iter().map(|word| (*word).to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Program::new(&arguments).run()
    }
}

/// Name, status and code of each contact.
fn contacts(ended: &Ended) -> Vec<(String, String, Option<String>)> {
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let contacts = document["connect"].as_array().expect("contacts");
    contacts
        .iter()
        .map(|contact| {
            let named = (text(&contact["router"]), text(&contact["status"]));
            (
                named.0.expect("a name"),
                named.1.expect("a status"),
                text(&contact["code"]),
            )
        })
        .collect()
}

#[test]
fn routers_that_answer_are_told_with_model_release_and_host_key() {
    let lab = Listening::start();
    let ended = lab.run("known_hosts", &["check", "--connect", "edge-1", "edge-*"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let line = ended
        .stdout
        .lines()
        .find(|line| line.starts_with("  edge-1  ok "))
        .expect("a line");
    assert!(line.contains("vSRX") && line.contains("SHA256:"), "{line}");
    assert!(
        ended
            .stdout
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("result: 0 errors"))
    );
    let unknown = lab.run("known_hosts", &["check", "--connect", "edge-9"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("unknown router 'edge-9'"), "{}", unknown.stderr);
}

#[test]
fn each_failure_is_named_by_how_far_the_contact_came() {
    let lab = Listening::start();
    let mut inventory = lab.inventory();
    let good = inventory["edge-1"].clone();
    let changed = |changes: Value| {
        let mut entry = good.clone();
        for (key, value) in changes.as_object().expect("an object") {
            entry[key] = value.clone();
        }
        entry
    };
    let password = json!({"auth": {"type": "password", "password": "wrong"}});
    inventory["bad-login"] = changed(password);
    inventory["bad-name"] = changed(json!({"ip": "no-such-host.invalid"}));
    inventory["bad-port"] = changed(json!({"port": 1}));
    inventory["bad-key"] = changed(json!({"ip": "localhost"}));
    lab.write(&inventory);
    let ended = lab.run("known_hosts", &["check", "--json", "--connect", "edge-1", "bad-*"]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    let expected = [
        ("edge-1", "ok", None),
        ("bad-key", "host_key", Some("host_key_unknown")),
        ("bad-login", "auth", Some("auth_failed")),
        ("bad-name", "dns", Some("connect_failed")),
        ("bad-port", "tcp", Some("connect_failed")),
    ];
    let expected = expected.map(|(name, status, code)| (name.to_owned(), status.to_owned(), code.map(str::to_owned)));
    assert_eq!(contacts(&ended), expected);
}

#[test]
fn what_is_wrong_offline_keeps_routers_from_being_contacted() {
    let lab = Listening::start();
    let mut inventory = lab.inventory();
    inventory["edge-1"]["ssh_config"] = json!("ssh_config");
    lab.write(&inventory);
    fs::write(lab.path("ssh_config"), "Host *\nMatch all\n").expect("a file");
    let ended = lab.run("known_hosts", &["check", "--connect", "*"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("line 2: 'Match' is not supported"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("connect:"), "{}", ended.stdout);
}

#[test]
fn scanned_keys_are_added_once_and_never_replaced_unasked() {
    let lab = Listening::start();
    let read = |name: &str| fs::read_to_string(lab.path(name)).expect("written");
    let ended = lab.run("scanned", &["known-hosts", "scan"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches(" added").count(), 2, "{}", ended.stderr);
    assert_eq!(read("scanned"), read("known_hosts"));

    // Each router's key under the name of the other.
    let known = read("known_hosts");
    let lines: Vec<(&str, &str)> = known.lines().filter_map(|line| line.split_once(' ')).collect();
    let other = format!("{} {}\n{} {}\n", lines[0].0, lines[1].1, lines[1].0, lines[0].1);
    fs::write(lab.path("scanned"), &other).expect("a file");
    let ended = lab.run("scanned", &["known-hosts", "scan", "edge-1"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("DIFFERENT"), "{}", ended.stderr);
    assert_eq!(read("scanned"), other);

    let ended = lab.run("scanned", &["known-hosts", "scan", "--replace"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(read("scanned"), read("known_hosts"));

    let ended = lab.run("untouched", &["known-hosts", "scan", "--print"]);
    assert_eq!(ended.stdout, read("known_hosts"));
    assert!(!lab.path("untouched").exists());
}

#[test]
fn an_expected_fingerprint_lets_no_other_key_in() {
    let lab = Listening::start();
    let scan = |expected: &str| lab.run("expected", &["known-hosts", "scan", "edge-1", "--expect", expected]);
    let ended = scan("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(!lab.path("expected").exists());
    let shown = ended
        .stderr
        .split_whitespace()
        .rfind(|word| word.starts_with("SHA256:"))
        .expect("a fingerprint");
    assert_eq!(scan(shown).code, Some(0));
    assert!(fs::read_to_string(lab.path("expected")).is_ok_and(|text| text.lines().count() == 1));
    let all = lab.run("expected", &["known-hosts", "scan", "--expect", shown]);
    assert_eq!(all.code, Some(1), "{}", all.stderr);
}
