//! The operator's table of verdicts, and what must hold for any rules.

use proptest::prelude::*;

use super::super::{
    explain::Explanation,
    rules::{RuleList, RuleText},
};
use super::*;
use crate::junos::set_line::parse_payload;

/// Reads `D- pattern`, `V+ pattern`, separated by ` ;; `, into one list of rules.
fn lists(list: List, rules: &str) -> (RuleList, RuleList) {
    let (mut defaults, mut device) = (RuleList::default(), RuleList::default());
    for rule in rules.split(" ;; ") {
        let (head, pattern) = rule.split_at(3);
        let target = if head.starts_with('D') {
            &mut defaults
        } else {
            &mut device
        };
        let texts = match list {
            List::Commands => &mut target.commands,
            List::Config => &mut target.config,
            List::PfeCommands => &mut target.pfe_commands,
        };
        let action = if head.contains('-') { "deny" } else { "allow" };
        texts.push(RuleText {
            action: action.to_owned(),
            pattern: pattern.to_owned(),
        });
    }
    (defaults, device)
}

fn compile(list: List, rules: &str) -> Rules {
    let (defaults, device) = lists(list, rules);
    Rules::compile(&defaults, &device).expect(rules)
}

fn command(line: &str) -> Command {
    Command::parse(line, None).expect(line)
}

fn pfe(line: &str) -> Command {
    Command::parse_pfe(line).expect(line)
}

/// What decides about a command or a line: the first refusal, else the first rule that matches.
fn decisive(explanations: Vec<Explanation>) -> Explanation {
    let chosen = explanations.iter().find(|one| one.denied);
    let chosen = chosen.or_else(|| explanations.iter().find(|one| one.pattern.is_some()));
    chosen.or(explanations.first()).expect("one at least").clone()
}

#[test]
fn the_table_of_verdicts_holds() {
    let mut vectors = 0;
    let table = include_str!("../../../tests/vectors/blocklist.txt");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(" ¦ ").collect();
        let [number, list, rules, to, input, verdict] = fields[..6] else {
            panic!("{line}");
        };
        let list = List::ALL.into_iter().find(|known| known.as_str() == list).expect(line);
        let rules = compile(list, rules);
        let input = input.replace('␠', " ").replace('⇥', "\t");
        let (passes, explanation) = match to {
            "command" => (
                rules.permit(&command(&input)).is_ok(),
                decisive(rules.explain_command(&command(&input))),
            ),
            "pfe" => (
                rules.permit(&pfe(&input)).is_ok(),
                decisive(rules.explain_command(&pfe(&input))),
            ),
            "line" => {
                let lines = parse_payload(&input).expect(line);
                (
                    rules.judge_payload(&lines).is_ok(),
                    decisive(rules.explain_line(&lines[0])),
                )
            }
            _ => {
                let explanation = rules.explain(list, &input);
                (!explanation.denied, explanation)
            }
        };
        assert_eq!(if passes { "allow" } else { "deny" }, verdict, "vector {number}");
        assert_eq!(explanation.denied, !passes, "vector {number}");
        if let Some(rank) = fields.get(6) {
            let (literals, bytes) = explanation.rank.expect(line);
            assert_eq!(format!("{literals}/{bytes}"), *rank, "vector {number}");
        }
        vectors += 1;
    }
    assert_eq!(vectors, 41);
}

#[test]
fn changes_are_judged_in_all_their_names() {
    let users = "set system login user a class x\nset system login user b class x\n";
    let one = "set system login user b class x\n";
    let described = "set interfaces ge-0/0/0 description x\nset interfaces ge-0/0/0 mtu 9000\n";
    let bare = "set interfaces ge-0/0/0 mtu 9000\n";
    let ordered = "set firewall filter F term a\nset firewall filter F term b\n";
    let turned = "set firewall filter F term b\nset firewall filter F term a\n";
    let host = "set system host-name h\n";
    for (rules, before, after, quote) in [
        // Vectors 42 to 45.
        (
            "D- delete system login",
            format!("{one}{host}"),
            host.to_owned(),
            Some("change: delete system login"),
        ),
        ("D- delete system login", users.to_owned(), one.to_owned(), None),
        (
            "D- delete * ;; D+ delete interfaces * description",
            described.to_owned(),
            bare.to_owned(),
            None,
        ),
        (
            "D- set system login *",
            String::new(),
            "set system login user eve\n".to_owned(),
            Some("change: set system login user eve"),
        ),
        // The allowed description goes, and so does what nobody allowed.
        (
            "D- delete * ;; D+ delete interfaces * description",
            described.to_owned(),
            String::new(),
            Some("change: delete interfaces ge-0/0/0 mtu 9000"),
        ),
        (
            "D- deactivate *",
            bare.to_owned(),
            format!("{bare}deactivate interfaces ge-0/0/0\n"),
            Some("change: deactivate interfaces ge-0/0/0"),
        ),
        (
            "D- activate *",
            format!("{bare}deactivate interfaces ge-0/0/0\n"),
            bare.to_owned(),
            Some("change: activate interfaces ge-0/0/0"),
        ),
        (
            "D- unprotect *",
            format!("{bare}protect interfaces\n"),
            bare.to_owned(),
            Some("change: unprotect interfaces"),
        ),
        (
            "D- insert firewall filter F *",
            ordered.to_owned(),
            turned.to_owned(),
            Some("change: insert firewall filter F term b"),
        ),
        ("D- set * ;; D- delete *", ordered.to_owned(), turned.to_owned(), None),
    ] {
        let verdict = compile(List::Config, rules).judge_effective(&before, &after);
        assert_eq!(
            verdict.err().map(|denied| denied.excerpt).as_deref(),
            quote,
            "{rules}: {before} -> {after}"
        );
    }
}

#[test]
fn a_start_shell_rule_is_abbreviated_too() {
    // The command itself is refused as interactive before any rule is asked.
    let rules = compile(List::Commands, "D- start shell*");
    let explanation = rules.explain(List::Commands, "start sh");
    assert_eq!((explanation.denied, explanation.rank), (true, Some((8, 9))));
}

#[test]
fn a_rule_that_cannot_be_compiled_is_an_error() {
    let (defaults, device) = lists(List::Commands, "D- show version ;; D- show [abc");
    let fault = Rules::compile(&defaults, &device).expect_err("an unclosed class");
    assert_eq!(fault.to_string(), "_blocklist_defaults.commands[1]: unclosed '['");
    let (defaults, mut device) = lists(List::Config, "V- a");
    device.config[0].action = "block".to_owned();
    let fault = Rules::compile(&defaults, &device).expect_err("an unknown action");
    assert_eq!(fault.to_string(), "blocklist.config[0]: unknown action 'block'");
}

#[test]
fn a_refusal_names_the_rule_and_cuts_the_input() {
    let rules = compile(List::Config, "V- set {system,snmp} *");
    let payload = format!(
        "set interfaces x\nedit system\nset login message \"{}ü\"",
        "ü".repeat(200)
    );
    let denied = rules
        .judge_payload(&parse_payload(&payload).expect("a payload"))
        .expect_err("denied");
    let message = denied.message("load_and_commit_config", "edge-1");
    let head = "denied by blocklist: load_and_commit_config on 'edge-1' matched rule 'set {system,snmp} *' \
                (action=deny, source=device); input: line 3: set system login message ü";
    assert!(message.starts_with(head), "{message}");
    assert!(message.len() < 300);
    let denied = compile(List::Commands, "D- show *").permit(&Command::parse("show x", None).expect("a command"));
    assert_eq!(
        denied.expect_err("denied").redacted(|_| "gone".to_owned()).excerpt,
        "gone"
    );
}

#[test]
fn inner_commands_are_judged_and_never_lost() {
    let rules = compile(List::PfeCommands, "D- set *");
    for (line, denied) in [
        ("request pfe execute target fpc0 command \"show jnh 0\"", false),
        ("req pf ex tar fpc0 comm \"SET x\"", true),
        ("REQUEST PFE EXECUTE TARGET FPC0 COMMAND \"set x\"", true),
        ("run request pfe execute target fpc0 command \"set x\"", true),
        ("request pfe execute target fpc0 timeout 30 command \"set x\"", true),
        ("request pfe execute command \"set x\" target fpc0", true),
        ("request pfe execute target command command \"set x\"", true),
        ("request pfe execute target fpc0 command set x", true),
        ("request pfe execute target fpc0 command \"show x; set y\"", true),
        ("request pfe execute target fpc0 command \"  set   x\"", true),
        ("request pfe execute target fpc0", true),
        ("request pfe execute target fpc0 command \"\"", true),
        ("request pfe execute target fpc0 command \"set x\" | match y", true),
        (
            "request routing-engine execute command \"request pfe execute target fpc0 command set\" routing-engine re1",
            false,
        ),
        ("request pfe offline", false),
    ] {
        assert_eq!(rules.permit(&command(line)).is_err(), denied, "{line}");
    }
    let rules = compile(List::Commands, "D- request system *");
    for line in [
        "request routing-engine execute command \"request system reboot\" routing-engine re1",
        "req rout ex com \"run  req sys reb\"",
        "request routing-engine execute routing-engine re1",
    ] {
        assert!(rules.permit(&command(line)).is_err(), "{line}");
        assert!(Rules::default().permit(&command(line)).is_ok(), "{line}");
    }
}

#[test]
fn quotes_hide_nothing_from_the_rules_of_packet_engines() {
    let rules = compile(List::PfeCommands, "D- set *");
    for line in ["\"set\" jnh 0 x", "\"set jnh 0 x\"", "\"se jnh\" 0", "s\"et jnh 0\" x"] {
        assert!(rules.permit(&pfe(line)).is_err(), "{line}");
    }
    assert!(rules.permit(&pfe("show \"set x\"")).is_ok());
}

/// Ways to write a denied line so that it looks like another one. Whatever is not refused as a line at all must be denied.
#[test]
fn a_denied_line_is_denied_however_it_is_written() {
    let rules = compile(
        List::Config,
        "D- set system root-authentication * ;; D- delete system login* ;; D- rename system login * ;; \
         D- *apply-groups * ;; D- deactivate system* ;; D- insert firewall * ;; D- copy system login * ;; \
         D- replace pattern * ;; D- wildcard delete * ;; D- annotate system* ;; D- protect system* ;; D- activate system*",
    );
    for payload in [
        "set   system\troot-authentication  x",
        "\t set system root-authentication x\r\nset snmp location a\r",
        "set system \"root-authentication\" x",
        "set system root-\"authentication\" x",
        "set SYSTEM Root-Authentication x",
        "set sys root-auth x",
        "edit system\nset root-authentication x",
        "edit system services\nup\nset root-authentication x",
        "edit system services ssh\nup 2\nset root-authentication x",
        "edit snmp\ntop set system root-authentication x",
        "edit snmp\ntop edit system\nset root-authentication x",
        "edit snmp\ntop\nset system root-authentication x",
        "edit snmp\nexit\nset system root-authentication x",
        "edit system\nedit services\nexit\nset root-authentication x",
        "# a comment\nset system root-authentication x # another",
        "delete system login",
        "edit system\ndelete login user a",
        "rename system login user a to user b",
        "edit system\nrename login user a to user b",
        "copy system login user a to user b",
        "set apply-groups G",
        "set interfaces ge-0/0/0 apply-groups G",
        "edit interfaces ge-0/0/0\nset apply-groups G",
        "deactivate system services",
        "edit system\ndeactivate services",
        "insert firewall filter F term a before term b",
        "edit firewall filter F\ninsert term a before term b",
        "replace pattern x with root-authentication",
        "edit system\nreplace pattern x with y",
        "wildcard delete interfaces ge-.*",
        "annotate system \"x\"",
        "protect system",
        "activate system",
    ] {
        let lines = parse_payload(payload).expect(payload);
        assert!(rules.judge_payload(&lines).is_err(), "{payload}");
    }
    for payload in [
        "SET system root-authentication x",
        "\u{a0}set system root-authentication x",
        "set\u{2003}system root-authentication x",
        "set system\0 root-authentication x",
        "set system \"root-authentication x",
        "# x\rset system root-authentication x",
        "load set terminal",
        "run request system reboot",
        "commit",
        "s system root-authentication x",
        "wildcard range set system root-authentication x",
        "/* */ set system root-authentication x",
        "; set system root-authentication x",
    ] {
        assert!(parse_payload(payload).is_err(), "{payload:?}");
    }
}

#[test]
fn a_denied_command_is_denied_however_it_is_written() {
    let rules = compile(List::Commands, "D- request system *");
    for line in [
        "req sys reb",
        "request   system\t reboot",
        "REQUEST System reboot",
        "\"request\" \"system\" reboot",
        "requ\"est\" sys\"tem\" reboot",
        "run request system reboot",
        "run run \"run\" request system reboot",
        "request system reboot | no-more",
        "request system reboot|no-more",
        "request system reboot | match \"a | b\"",
        "request system \"reboot\" at now",
        "r s r",
    ] {
        assert!(rules.permit(&command(line)).is_err(), "{line}");
    }
    for line in [
        "request system reboot \"",
        "request system\0 reboot",
        "request\u{a0}system reboot",
        "request\u{3000}system reboot",
        "show version\nrequest system reboot",
        "show version\rrequest system reboot",
        "show version; request system reboot",
        "show version | request system reboot",
        "show version | save x",
        "show version | match \"a\\\" | save x \\\"\"",
        "start shell command \"cli -c 'request system reboot'\"",
    ] {
        assert!(Command::parse(line, None).is_err(), "{line:?}");
    }
}

proptest! {
    #[test]
    fn the_order_of_rules_is_irrelevant(
        rules in prop::collection::vec(("[DV]", "[-+]", "(show|request|s|\\*| |\\?|[st]){1,6}"), 1..8),
        input in "(show|request|s|t| |sho){1,6}",
        seed in any::<usize>(),
    ) {
        let texts: Vec<String> = rules.iter()
            .filter(|(_, _, pattern)| !pattern.trim().is_empty())
            .map(|(source, action, pattern)| format!("{source}{action} {pattern}"))
            .collect();
        prop_assume!(!texts.is_empty());
        let mut turned = texts.clone();
        turned.rotate_left(seed % texts.len());
        turned.reverse();
        let one = compile(List::Commands, &texts.join(" ;; ")).explain(List::Commands, &input);
        let other = compile(List::Commands, &turned.join(" ;; ")).explain(List::Commands, &input);
        prop_assert_eq!((one.denied, one.rank), (other.denied, other.rank));
    }

    #[test]
    fn a_deny_rule_beside_its_equal_wins(
        rules in prop::collection::vec(("[DV]", "[-+]", "(show|request|s|\\*| |\\?|[st]){1,6}"), 1..8),
        input in "(show|request|s|t| |sho){1,6}",
    ) {
        let texts: Vec<String> = rules.iter()
            .filter(|(_, _, pattern)| !pattern.trim().is_empty())
            .map(|(source, action, pattern)| format!("{source}{action} {pattern}"))
            .collect();
        prop_assume!(!texts.is_empty());
        let before = compile(List::Commands, &texts.join(" ;; ")).explain(List::Commands, &input);
        prop_assume!(before.pattern.is_some());
        let source = if before.source == Some(Source::Device) { 'V' } else { 'D' };
        let pattern = before.pattern.unwrap_or_default();
        let equal = format!("{} ;; {source}- {pattern}", texts.join(" ;; "));
        prop_assert!(compile(List::Commands, &equal).explain(List::Commands, &input).denied);
    }
}
