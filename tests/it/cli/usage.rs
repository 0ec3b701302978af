//! How the command line and its variables are understood.

use super::program::{BY_VARIABLE, Ended, INLINE, Program};

fn check(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut program = Program::new(&[arguments, &["check"]].concat())
        .file("devices.json", 0o600, BY_VARIABLE)
        .file(".ssh/known_hosts", 0o600, "")
        .variable("EDGE_PASSWORD", "x");
    for (name, value) in variables {
        program = program.variable(name, value);
    }
    program.run()
}

#[test]
fn what_clap_does_not_understand_ends_with_2() {
    for arguments in [
        &["--no-such-option"][..],
        &["--connect-timeout-secs", "0"],
        &["--connect-timeout-secs", "301"],
        &["--router-sessions", "33"],
        &["--read-only=perhaps"],
        &["--tools", "a,,b"],
        &["--lab=0"],
        &["--transport", "pigeon"],
        &["no-such-command"],
    ] {
        let ended = Program::new(arguments).run();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_bad_variable_ends_with_2() {
    let ended = Program::new(&[]).variable("JMCP_READ_ONLY", "perhaps").run();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn version_and_help_go_to_stdout() {
    let version = Program::new(&["-V"]).run();
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, format!("rust-junosmcp {}\n", env!("CARGO_PKG_VERSION")));
    let long = Program::new(&["--version"]).run();
    for word in ["commit: ", "target: ", "features: "] {
        assert!(long.stdout.contains(word), "{}", long.stdout);
    }
    let help = Program::new(&["--help"])
        .variable("JMCP_STATE_DIR", "/private/place")
        .run();
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("[env: JMCP_STATE_DIR]"), "{}", help.stdout);
    assert!(!help.stdout.contains("/private/place"));
}

#[test]
fn booleans_take_many_words_and_the_command_line_wins() {
    let shows = |ended: &Ended| ended.stdout.contains("[W06]");
    for word in ["true", "YES", "on", "y", "T", "1"] {
        assert!(shows(&check(&[], &[("JMCP_SHOW_SECRETS", word)])), "{word}");
    }
    for word in ["false", "no", "OFF", "n", "f", "0"] {
        assert!(!shows(&check(&[], &[("JMCP_SHOW_SECRETS", word)])), "{word}");
    }
    assert!(shows(&check(&["--show-secrets"], &[])));
    assert!(!shows(&check(
        &["--show-secrets=false"],
        &[("JMCP_SHOW_SECRETS", "true")]
    )));
}

#[test]
fn empty_and_unexpanded_variables_count_as_unset() {
    for value in ["", "${user_config.show_secrets}"] {
        let ended = check(&[], &[("JMCP_SHOW_SECRETS", value), ("JMCP_DEVICE_MAPPING", value)]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stdout.contains("[W06]"));
    }
}

#[test]
fn a_variable_names_the_inventory_and_the_command_line_another() {
    let program = Program::new(&["check"])
        .file("from_variable.json", 0o600, INLINE)
        .variable("JMCP_DEVICE_MAPPING", "from_variable.json");
    assert!(program.run().stdout.contains("'from_variable.json': 1 routers"));
    let program = Program::new(&["check", "-f", "typed.json"])
        .file("typed.json", 0o600, INLINE)
        .variable("JMCP_DEVICE_MAPPING", "from_variable.json");
    assert!(program.run().stdout.contains("'typed.json': 1 routers"));
}

#[test]
fn a_slip_in_a_variable_is_pointed_out() {
    let ended = check(&[], &[("JMCP_TOOLSET", "device"), ("JMCP_TEST_HOST", "192.0.2.9")]);
    assert!(
        ended
            .stdout
            .contains("unknown variable JMCP_TOOLSET, did you mean JMCP_TOOLSETS [W12]"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("JMCP_TEST_HOST"));
}

#[test]
fn junos_timeout_is_read_when_it_is_a_number() {
    assert!(!check(&[], &[("JUNOS_TIMEOUT", "60")]).stdout.contains("JUNOS_TIMEOUT"));
    assert!(
        check(&[], &[("JUNOS_TIMEOUT", "soon")])
            .stdout
            .contains("JUNOS_TIMEOUT is ignored")
    );
    let ours = check(&[], &[("JUNOS_TIMEOUT", "soon"), ("JMCP_COMMAND_TIMEOUT_SECS", "60")]);
    assert!(!ours.stdout.contains("JUNOS_TIMEOUT"));
}
