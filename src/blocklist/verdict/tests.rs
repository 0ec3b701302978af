//! The operator's table of verdicts, and what must hold for any rules.

use proptest::prelude::*;

use super::super::rules::{RuleList, RuleText};
use super::*;
use crate::junos::set_line::parse_payload;

/// What a vector is put to.
enum To {
    Command(&'static str),
    Pfe(&'static str),
    Line(&'static str),
    Effective(&'static str, &'static str),
}

use To::{Command as C, Effective as E, Line as L, Pfe as P};

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

fn judge(rules: &Rules, to: &To) -> Result<(), Denied> {
    match to {
        C(line) => rules.permit(&Command::parse(line, None).expect(line)).map(drop),
        P(line) => rules.permit_pfe(&Command::parse_pfe(line).expect(line)).map(drop),
        L(line) => rules.judge_payload(&parse_payload(line).expect(line)),
        E(before, after) => rules.judge_effective(before, after),
    }
}

/// Number, list, rules, input, whether it is denied, and the rank of the winner where the table names it.
type Vector = (usize, List, &'static str, To, bool, Option<(usize, usize)>);

#[test]
fn the_table_of_verdicts_holds() {
    use List::{Commands, Config, PfeCommands};
    let as_5 = "D- request system * ;; V+ request system reboot";
    let vectors: &[Vector] = &[
        (
            1,
            Commands,
            "D- request system *",
            C("request system reboot"),
            true,
            Some((15, 16)),
        ),
        (2, Commands, "D- request system *", C("request system"), false, None),
        (
            3,
            Commands,
            "D- request system *",
            C(" request   system\treboot "),
            true,
            None,
        ),
        (4, Commands, "D- request system *", C("req sys reb"), true, Some((8, 9))),
        (5, Commands, as_5, C("request system reboot"), false, Some((21, 21))),
        (6, Commands, as_5, C("req sys reboot"), true, None),
        (7, Commands, as_5, C("request system reboot in 5"), true, None),
        (
            8,
            Commands,
            "D- request system reboot",
            C("request system reboot | no-more"),
            true,
            None,
        ),
        (
            9,
            Commands,
            "D- request system reboot",
            C("request system reboot in 5"),
            false,
            None,
        ),
        (
            10,
            Commands,
            "D- request system reboot*",
            C("request system reb"),
            true,
            Some((18, 19)),
        ),
        (11, Commands, "D- *", C("show version"), true, Some((0, 1))),
        (
            12,
            Commands,
            "D- * ;; D+ show *",
            C("show version | match Junos"),
            false,
            Some((5, 6)),
        ),
        (13, Commands, "D- * ;; D+ show *", C("sh version"), true, None),
        (
            14,
            Commands,
            "D- show route * ;; D+ show route *",
            C("show route summary"),
            true,
            None,
        ),
        (
            15,
            Commands,
            "D- show route * ;; V+ show route *",
            C("show route summary"),
            false,
            None,
        ),
        (
            16,
            Commands,
            "D+ show route * ;; V- show route *",
            C("show route summary"),
            true,
            None,
        ),
        (
            17,
            Commands,
            "D- show route * ;; D+ show route summar?",
            C("show route summary"),
            false,
            Some((17, 18)),
        ),
        (
            18,
            Commands,
            "D- show route summary ;; V+ show route *",
            C("show route summary"),
            true,
            None,
        ),
        (19, Commands, "D- clear ospf3 *", C("clear ospf neighbor"), false, None),
        (
            20,
            Commands,
            "D- clear ospf3 *",
            C("clear os neighbor"),
            true,
            Some((9, 10)),
        ),
        (
            21,
            Commands,
            "D- show interfaces [gx]e-*",
            C("show interfaces ge-0/0/0"),
            true,
            Some((18, 23)),
        ),
        (
            22,
            Commands,
            "D- request {system,chassis} *",
            C("request chassis cluster failover node 1"),
            true,
            Some((16, 17)),
        ),
        (
            23,
            Commands,
            "D- request {system,vmhost} * ;; D+ request vmhost *",
            C("request vmhost reboot"),
            true,
            Some((15, 16)),
        ),
        (24, Commands, "D- *reboot*", C("request vmhost reb"), true, Some((3, 5))),
        (25, Commands, "D- *reboot*", C("show chassis re"), false, None),
        (26, Commands, "D- file show*", C("file sh"), true, Some((7, 8))),
        (
            27,
            Commands,
            "D- file delete *",
            C("FILE Delete x"),
            true,
            Some((12, 13)),
        ),
        (
            28,
            Commands,
            "D- show configuration*",
            C("show configuration | display set"),
            true,
            Some((18, 19)),
        ),
        (
            29,
            Commands,
            "D- show configuration",
            C("show configuration interfaces"),
            false,
            None,
        ),
        (
            30,
            Commands,
            "D- show configuration* | display set*",
            C("show configuration interfaces|display  set"),
            true,
            Some((32, 34)),
        ),
        (
            31,
            Commands,
            "D- request system zeroize",
            C("run request system \"zeroize\""),
            true,
            Some((22, 22)),
        ),
        (32, Commands, "D- show \\*", C("show *"), true, Some((6, 7))),
        (
            33,
            Commands,
            "D- show log * ;; D+ show log messages",
            C("show log messages | match \"a|b\""),
            false,
            Some((17, 17)),
        ),
        (
            34,
            Commands,
            "D- show chassis power-ratings ;; D+ show chassis power",
            C("show chassis power"),
            false,
            Some((18, 18)),
        ),
        (
            35,
            Commands,
            "D- request system * ;; D+ request *",
            C("request sys reboot"),
            true,
            None,
        ),
        (
            36,
            Commands,
            "D+ request system software * ;; D- request system *",
            C("request system software rollback"),
            false,
            Some((24, 25)),
        ),
        (37, PfeCommands, "D- set *", P("se jnh 0 x"), true, Some((3, 4))),
        (
            38,
            PfeCommands,
            "D- set *",
            C("request pfe exec target fpc0 command \"set jnh 0 x\""),
            true,
            None,
        ),
        (39, Commands, "D- *", P("show jnh 0"), false, None),
        (
            40,
            Config,
            "D- set system root-authentication *",
            L("set system root-auth plain-text-password-value x"),
            true,
            Some((21, 22)),
        ),
        (
            41,
            Config,
            "D- set system login * ;; V+ set system login message *",
            L("set system login message \"hi there\""),
            false,
            Some((25, 26)),
        ),
        (
            42,
            Config,
            "D- delete system login",
            E(
                "set system login user a class x\nset system host-name h",
                "set system host-name h",
            ),
            true,
            None,
        ),
        (
            43,
            Config,
            "D- delete system login",
            E(
                "set system login user a class x\nset system login user b class x",
                "set system login user a class x",
            ),
            false,
            None,
        ),
        (
            44,
            Config,
            "D- delete * ;; D+ delete interfaces * description",
            E(
                "set interfaces ge-0/0/0 description x\nset interfaces ge-0/0/0 mtu 9000",
                "set interfaces ge-0/0/0 mtu 9000",
            ),
            false,
            None,
        ),
        (
            45,
            Config,
            "D- set system login *",
            E("", "set system login user eve"),
            true,
            None,
        ),
    ];
    for (number, list, rules, to, denied, rank) in vectors {
        let rules = compile(*list, rules);
        assert_eq!(judge(&rules, to).is_err(), *denied, "vector {number}");
        if let (Some(_), C(line) | P(line) | L(line)) = (rank, to) {
            assert_eq!(rules.explain(*list, line).rank, *rank, "vector {number}");
        }
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
    let pfe = compile(List::PfeCommands, "D- set *");
    for (line, denied) in [
        ("request pfe execute target fpc0 command \"show jnh 0\"", false),
        ("req pf ex tar fpc0 comm \"SET x\"", true),
        ("request pfe execute target fpc0", true),
        ("request pfe execute target fpc0 command \"set x\" | match y", true),
        ("request pfe offline", false),
    ] {
        assert_eq!(judge(&pfe, &C(line)).is_err(), denied, "{line}");
    }
    let commands = compile(List::Commands, "D- request system *");
    assert!(
        judge(
            &commands,
            &C("request routing-engine execute command \"request system reboot\" routing-engine re1")
        )
        .is_err()
    );
    assert!(judge(&commands, &C("request routing-engine execute routing-engine re1")).is_err());
    assert!(
        judge(
            &Rules::default(),
            &C("request routing-engine execute routing-engine re1")
        )
        .is_ok()
    );
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
}
