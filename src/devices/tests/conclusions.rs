//! What the device layer concludes from each fault of the lab: one row for each, made from the lab's own table.

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Value, json};

use super::*;
use crate::lab::{ActionRow, Faults, Place, Shape, TriggerRow, actions, shapes, triggers};

/// Where a session is when the fault strikes it, and what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Situation {
    /// A command that reads, the first contact with the router.
    Cold,
    /// A command that reads, on a session that has served before.
    Pooled,
    /// A command that changes something, on a session that has served before.
    Change,
}

const SITUATIONS: [Situation; 3] = [Situation::Cold, Situation::Pooled, Situation::Change];

/// Faults of file transfers and restarts, which no command meets.
const ELSEWHERE: [Place; 5] = [Place::Scp, Place::ScpByte, Place::Checksum, Place::Package, Place::Boot];

/// Longer than any command here may take.
const TIMEOUT: u64 = 60;

/// The fault that stands in the example of an action, at that trigger.
fn written(trigger: &TriggerRow, action: &ActionRow) -> Value {
    let mut fault: Value = serde_json::from_str(action.example).expect("the lab reads its examples");
    let argument = match trigger.place {
        Place::Request => ":command",
        _ => "",
    };
    fault["trigger"] = json!(format!("{}{argument}", trigger.word));
    if let Some(count) = fault.as_object_mut() {
        count.remove("count");
    }
    // As the action is meant: in a size that a test has time for, and longer than connecting may take.
    match action.word {
        "huge" => fault["action"] = json!({"huge": 3_000_000}),
        "delay_ms" => fault["action"] = json!({"delay_ms": 30_000}),
        _ => {}
    }
    fault
}

/// Lets one fault strike: the code, the connections opened, how often the command reached the router, and what became of
/// the session that was there.
async fn conclusion(fault: &Value, situation: Situation) -> String {
    let cell = format!("{fault} {situation:?}");
    let bench = Bench::new().await;
    let device = bench.device();
    let command = match situation {
        Situation::Change => "clear arp",
        Situation::Cold | Situation::Pooled => "show version",
    };
    if situation != Situation::Cold {
        let before = device.run(&permitted("show system uptime"), &work(TIMEOUT)).await;
        before.expect("no fault yet");
    }
    let faults = Faults::read(json!([fault])).expect("the lab reads what it writes");
    let armed = bench.lab().arm(&faults).expect("this router").remove(0);
    let dials_before = bench.count(|what| *what == What::Connected);
    let started = tokio::time::Instant::now();
    let result = device.run(&permitted(command), &work(TIMEOUT)).await;
    assert!(
        started.elapsed() <= Duration::from_secs(TIMEOUT),
        "{cell}: took {:?}",
        started.elapsed()
    );
    if armed.fired() == 0 {
        assert!(result.is_ok(), "{cell}: {result:?}");
        return "-".to_owned();
    }
    armed.remove();
    let code = result.map_or_else(|fault| fault.code, |_| "ok");
    let sent = bench.count(|what| matches!(what, What::Rpc { command: Some(text), .. } if text == command));
    assert!(
        situation != Situation::Change || sent <= 1,
        "{cell}: a change was sent {sent} times"
    );
    let dials = bench.count(|what| *what == What::Connected) - dials_before;
    let sessions = bench.count(channels);
    let next = device.run(&permitted("show system uptime"), &work(TIMEOUT)).await;
    let text = match next {
        Ok(answer) => answer.text.reveal().text,
        Err(fault) if fault.code == "host_key_mismatch" && cell.contains("new_host_key") => {
            return format!("{code} d{dials} s{sent} then {}", fault.code);
        }
        Err(fault) => panic!("{cell}: then {}", fault.message),
    };
    assert!(
        text.contains("Current time:"),
        "{cell}: the next command was answered with {text}"
    );
    let after = if bench.count(channels) > sessions {
        "dropped"
    } else {
        "kept"
    };
    format!("{code} d{dials} s{sent} {after}")
}

/// One line for each fault that a command can meet: `code`, connections opened for it, times the command was sent, and
/// whether the next command used the same session.
#[tokio::test(start_paused = true)]
async fn each_fault_has_its_conclusion() {
    let mut table = String::new();
    let mut met = HashSet::new();
    // What happens later is what happens now, at another time.
    let points = triggers().iter().filter(|row| row.word != "after");
    for trigger in points.filter(|row| !ELSEWHERE.contains(&row.place)) {
        for action in actions().iter().filter(|row| row.places.contains(&trigger.place)) {
            let fault = written(trigger, action);
            let mut line = format!("{:<9} {:<16}", trigger.word, action.word);
            for situation in SITUATIONS {
                let concluded = conclusion(&fault, situation).await;
                if concluded != "-" {
                    met.insert(action.word);
                }
                write!(line, " | {concluded:<30}").expect("memory");
            }
            writeln!(table, "{}", line.trim_end()).expect("memory");
        }
    }
    for action in actions() {
        let elsewhere = action.places.iter().all(|place| ELSEWHERE.contains(place));
        assert!(
            elsewhere || met.contains(action.word),
            "no command meets {}",
            action.word
        );
    }
    insta::assert_snapshot!(table);
}

/// One line for each answer that a router is known to give: what comes of a caller's command and of a request of ours.
#[tokio::test(start_paused = true)]
async fn each_known_answer_has_its_conclusion() {
    let mut table = String::new();
    for shape in shapes() {
        let mut line = format!("{:<20}", shape.name);
        for (request, own) in [("command", false), ("get-software-information", true)] {
            let bench = Bench::new().await;
            let answer = Shape::known(shape.name).expect("it is in the table");
            let answer = bench
                .router()
                .inject(LabFault::new(Trigger::rpc(request), Action::Answer(answer)));
            let device = bench.device();
            let fault = match own {
                true => device.ask(&Rpc::software_information(), &work(TIMEOUT)).await.err(),
                false => device.run(&permitted("show version"), &work(TIMEOUT)).await.err(),
            };
            assert_eq!(answer.fired(), 1, "{}", shape.name);
            let errors = fault.as_ref().map_or(0, |fault| fault.errors.len());
            let sessions = bench.count(channels);
            version(&bench).await.expect(shape.name);
            let after = if bench.count(channels) > sessions {
                "dropped"
            } else {
                "kept"
            };
            let code = fault.map_or("ok", |fault| fault.code);
            write!(line, " | {:<30}", format!("{code} e{errors} {after}")).expect("memory");
        }
        writeln!(table, "{}", line.trim_end()).expect("memory");
    }
    insta::assert_snapshot!(table);
}
