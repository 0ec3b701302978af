//! What the command line says to people who type at it.

use super::console::{Console, End};
use super::user::User;
use crate::lab::identity::USER;
use crate::lab::pipe::Cut;
use crate::lab::session::Link;
use crate::lab::{Lab, LabSettings, RouterHandle};

async fn lab(profile: &str) -> Lab {
    let profile = profile.to_owned();
    let settings = LabSettings {
        profile,
        ..LabSettings::new(1)
    };
    Lab::start(settings).await.expect("a lab in memory")
}

fn person(router: &RouterHandle) -> Console {
    let router = router.router.clone();
    let link = Link {
        number: 1,
        cut: Cut::under(&router.world.root),
        user: USER.to_owned(),
    };
    Console::new(User::login(router, link, true, true))
}

/// Types these lines; what the last one printed, and the prompt after it.
fn type_in(console: &mut Console, lines: &[&str]) -> String {
    let mut seen = String::new();
    for line in lines {
        let text = console.line(line).text;
        seen = format!("{text}{}", console.prompt());
    }
    seen
}

fn prompts_of(router: &RouterHandle) -> (String, String) {
    let name = router.name();
    (format!("\n{USER}@{name}> "), format!("{USER}@{name}# "))
}

#[tokio::test]
async fn a_change_is_made_looked_at_and_committed() {
    let lab = lab("vsrx-24.4").await;
    let router = &lab.routers()[0];
    let (operational, configuring) = prompts_of(router);
    let mut console = person(router);
    assert_eq!(console.prompt(), operational);
    assert_eq!(
        type_in(&mut console, &["conf"]),
        format!("Entering configuration mode\n\n[edit]\n{configuring}")
    );
    let seen = type_in(&mut console, &["edit system", "set time-zone Europe/Oslo"]);
    assert_eq!(seen, format!("\n[edit system]\n{configuring}"));
    let seen = type_in(&mut console, &["show | compare"]);
    assert!(
        seen.starts_with("[edit system]\n-  time-zone UTC;\n+  time-zone Europe/Oslo;\n"),
        "{seen}"
    );
    let seen = type_in(&mut console, &["top show system | display set | match time-zone"]);
    assert!(
        seen.starts_with("set system time-zone Europe/Oslo\n\n[edit system]\n"),
        "{seen}"
    );
    let seen = type_in(&mut console, &["commit check"]);
    assert!(seen.starts_with("configuration check succeeds\n"), "{seen}");
    let seen = type_in(&mut console, &["commit comment \"clocks\" and-quit"]);
    assert_eq!(
        seen,
        format!("commit complete\nExiting configuration mode\n{operational}")
    );
    let commit = &router.commits()[0];
    assert_eq!((commit.client, commit.log.as_deref()), ("cli", Some("clocks")));
    let seen = type_in(&mut console, &["show system commit | match \"clocks|0 \""]);
    assert!(seen.contains("via cli") && seen.contains("clocks"), "{seen}");
}

#[tokio::test]
async fn those_who_come_later_hear_who_edits() {
    let lab = lab("vsrx-24.4").await;
    let router = &lab.routers()[0];
    let (mut one, mut two) = (person(router), person(router));
    type_in(&mut one, &["configure", "set system time-zone Europe/Oslo"]);
    let seen = type_in(&mut two, &["configure"]);
    for part in [
        "Users currently editing the configuration:\n  lab terminal pts/0 (pid ",
        "\n      [edit]\nThe configuration has been changed but not committed\n",
    ] {
        assert!(seen.contains(part), "{seen}");
    }
    let refused = type_in(&mut two, &["exit", "", "configure exclusive"]);
    assert!(
        refused.starts_with("error: configuration database modified\n"),
        "{refused}"
    );
    let refused = type_in(&mut two, &["configure private"]);
    assert!(
        refused.starts_with("error: shared configuration database modified\n"),
        "{refused}"
    );
    // Work that is left behind stays for everybody; it is given up by going back.
    let asked = type_in(&mut one, &["exit"]);
    assert!(
        asked.ends_with("Exit with uncommitted changes? [yes,no] (yes) "),
        "{asked}"
    );
    let seen = type_in(&mut one, &["no", "rollback"]);
    assert!(seen.starts_with("load complete\n"), "{seen}");
    let seen = type_in(
        &mut two,
        &["configure exclusive", "set system domain-name example.net", "status"],
    );
    assert!(seen.contains("\n      exclusive [edit]\n"), "{seen}");
    let refused = type_in(&mut one, &["set system time-zone UTC"]);
    assert!(
        refused.starts_with("error: configuration database locked by:\n  lab terminal pts/1 "),
        "{refused}"
    );
    drop(two);
    assert_eq!((router.locked_by(), router.uncommitted()), (None, String::new()));
    assert_eq!(
        type_in(&mut one, &["set system time-zone UTC"]).lines().nth(1),
        Some("[edit]")
    );
}

#[tokio::test]
async fn a_commit_waits_for_its_confirmation_and_a_bad_one_is_refused() {
    let lab = lab("vsrx-24.4").await;
    let mut console = person(&lab.routers()[0]);
    let seen = type_in(
        &mut console,
        &["configure", "set system time-zone Europe/Oslo", "commit confirmed 5"],
    );
    assert!(
        seen.starts_with(
            "commit confirmed will be automatically rolled back in 5 minutes unless confirmed\ncommit complete\n\n# commit \
             confirmed will be rolled back in "
        ),
        "{seen}"
    );
    let seen = type_in(&mut console, &["commit"]);
    assert!(seen.starts_with("commit complete\n\n[edit]\n"), "{seen}");
    let seen = type_in(
        &mut console,
        &[
            "set interfaces ge-0/0/0 unit 0 family inet filter input absent",
            "commit",
        ],
    );
    assert!(seen.contains("error: configuration check-out failed\n"), "{seen}");
    let seen = type_in(&mut console, &["run show system commit | count"]);
    assert!(seen.starts_with("Count: "), "{seen}");
}

#[tokio::test]
async fn what_is_wrong_is_pointed_at() {
    let lab = lab("vsrx-24.4").await;
    let mut console = person(&lab.routers()[0]);
    console.prompt();
    let prompt = console.indent;
    let seen = type_in(&mut console, &["show nonsense"]);
    assert!(seen.starts_with(&format!("{}^\n", " ".repeat(prompt + 5))), "{seen}");
    let seen = type_in(&mut console, &["configure", "set system nonsense x"]);
    assert!(
        seen.starts_with(&format!("{}^\nsyntax error.\n", " ".repeat(prompt + 11))),
        "{seen}"
    );
    let seen = type_in(&mut console, &["frobnicate"]);
    assert!(seen.contains("unknown command.\n"), "{seen}");
    let seen = type_in(&mut console, &["delete system ports"]);
    assert!(seen.starts_with("warning: statement not found\n"), "{seen}");
}

#[tokio::test]
async fn lines_are_pasted_until_the_end_of_input() {
    let lab = lab("vsrx-24.4").await;
    let mut console = person(&lab.routers()[0]);
    let seen = type_in(&mut console, &["configure", "load merge terminal"]);
    assert_eq!(seen, "[Type ^D at a new line to end input]\n");
    type_in(&mut console, &["system {", "    time-zone Europe/Oslo;", "}"]);
    assert_eq!(console.end_of_input().text, "load complete\n");
    let seen = type_in(&mut console, &["show system time-zone"]);
    assert!(seen.starts_with("time-zone Europe/Oslo;\n"), "{seen}");
}

#[tokio::test]
async fn a_shell_answers_scripts_and_holds_a_command_line_of_its_own() {
    let lab = lab("vsrx-24.4").await;
    let router = &lab.routers()[0];
    let (operational, _) = prompts_of(router);
    let mut console = person(router);
    assert_eq!(type_in(&mut console, &["start shell csh"]), "% ");
    assert_eq!(type_in(&mut console, &["echo $?"]), "0\n% ");
    assert_eq!(type_in(&mut console, &["nonsense", "echo $?"]), "1\n% ");
    let seen = type_in(&mut console, &["cli -c 'show version | match Junos:'"]);
    assert!(seen.starts_with("Junos: 24.4"), "{seen}");
    assert_eq!(type_in(&mut console, &["cli"]), operational);
    assert_eq!(type_in(&mut console, &["exit"]), "% ");
    assert_eq!(type_in(&mut console, &["exit"]), operational);
    assert_eq!(console.line("exit").end, Some(End::Left));
}

#[tokio::test]
async fn members_report_one_by_one_and_clusters_edit_privately() {
    let stack = lab("ex-21.4-vc").await;
    let mut console = person(&stack.routers()[0]);
    assert!(console.prompt().starts_with("\n{master:0}\n"));
    let seen = type_in(&mut console, &["configure", "commit"]);
    assert!(
        seen.starts_with("fpc0:\ncommit complete\nfpc1:\ncommit complete\n\n{master:0}[edit]\n"),
        "{seen}"
    );
    let cluster = lab("srx-cluster-23.4").await;
    let seen = type_in(&mut person(&cluster.routers()[0]), &["configure"]);
    assert!(
        seen.starts_with("warning: Clustering enabled; using private edit\n"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_restart_is_asked_about() {
    let lab = lab("vsrx-24.4").await;
    let mut console = person(&lab.routers()[0]);
    let seen = type_in(&mut console, &["request system reboot"]);
    assert_eq!(seen, "Reboot the system ? [yes,no] (no) ");
    assert_eq!(console.line("").end, None);
    type_in(&mut console, &["request system reboot"]);
    assert_eq!(console.line("yes").end, Some(End::Reboot));
}

#[tokio::test]
async fn every_form_can_be_displayed() {
    let lab = lab("vsrx-24.4").await;
    let mut console = person(&lab.routers()[0]);
    let xml = console.line("show version | display xml").text;
    assert!(
        xml.starts_with("<rpc-reply xmlns:junos=\"")
            && xml.contains("\n    <software-information")
            && xml.ends_with("</rpc-reply>\n"),
        "{xml}"
    );
    let rpc = console.line("show version | display xml rpc").text;
    assert!(rpc.contains("<get-software-information>"), "{rpc}");
    let json = console.line("show version | display json").text;
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
    let set = console
        .line("show configuration system | display set | match host-name")
        .text;
    assert_eq!(set, format!("set system host-name {}\n", lab.routers()[0].name()));
}
