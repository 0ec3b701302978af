//! The way of a text from the router to the reader.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::junos::Command;

fn outputs() -> Outputs {
    Outputs::new(OutputSettings::default(), Arc::new(Redactor::new(false)))
}

fn caps(max_bytes: usize) -> Caps {
    Caps {
        max_bytes: Some(max_bytes),
        ..Caps::default()
    }
}

fn text(text: &str) -> DeviceText {
    DeviceText::new(text.to_owned())
}

fn pages(outputs: &Outputs, first: &Presented, size: usize) -> String {
    let output_id = first.output_id.clone().expect("a cut output");
    let mut whole = String::new();
    let mut offset = Some(0);
    while let Some(at) = offset {
        let request = ReadRequest {
            output_id: output_id.clone(),
            offset: at,
            caps: caps(size),
            ..ReadRequest::default()
        };
        let page = outputs.read("a", &request).expect("stored");
        let end = page.next_offset.unwrap_or(page.total_bytes);
        whole.push_str(&page.text[..end - page.offset]);
        assert_eq!(page.complete, page.next_offset.is_none());
        offset = page.next_offset;
    }
    whole
}

#[test]
fn a_text_is_cleaned_redacted_and_piped_in_this_order() {
    let command = Command::parse("show configuration snmp | match community | count", None).expect("a command");
    let raw = text("\n\u{1b}[1mcommunity s3cret;\r\ncommunity\u{0} other;\nlocation x;\n\n").under("snmp");
    let shown = outputs().present(
        raw.clone().piped(command.pipes().to_vec()).lossy(3),
        &Caps::default(),
        "a",
    );
    assert_eq!(
        (shown.text.as_str(), shown.truncated, shown.output_id),
        ("Count: 2 lines", false, None)
    );
    assert_eq!(shown.invalid_bytes, 3);
    assert!(shown.notes[0].contains("3 bytes"));
    let command = Command::parse("show x | match s3cret", None).expect("a command");
    let shown = outputs().present(raw.piped(command.pipes().to_vec()), &Caps::default(), "a");
    assert_eq!(shown.text, "");
}

#[test]
fn a_cut_says_how_to_read_on() {
    let outputs = outputs();
    let line = "x".repeat(95) + "\n";
    let shown = outputs.present(text(&line.repeat(100)), &caps(1000), "a");
    let id = shown.output_id.clone().expect("stored");
    assert!(id.len() == 34 && id.starts_with("o-"));
    let notice = format!("… truncated: 960 of 9599 bytes; read_output {{\"output_id\":\"{id}\",\"offset\":960}}");
    assert_eq!(shown.text, line.repeat(10) + &notice);
    assert_eq!((shown.bytes, shown.lines, shown.truncated), (9599, 100, true));

    let shown = outputs.present(text(&"y".repeat(9000)), &caps(1000), "a");
    assert!(
        shown
            .text
            .starts_with(&("y".repeat(1000) + "\n… truncated: 1000 of 9000 bytes; ")),
        "{}",
        shown.text
    );

    let shown = outputs.present(
        text(&line.repeat(100)),
        &Caps {
            tail: true,
            ..caps(1000)
        },
        "a",
    );
    let id = shown.output_id.clone().expect("stored");
    let notice = format!(
        "… truncated: first 8640 of 9599 bytes left out; read_output {{\"output_id\":\"{id}\",\"offset\":0}}\n"
    );
    assert_eq!(shown.text, notice + line.repeat(10).trim_end());

    let shown = outputs.present(
        text("a\nb\nc\nd\n"),
        &Caps {
            max_lines: Some(2),
            ..Caps::default()
        },
        "a",
    );
    assert!(
        shown.text.starts_with("a\nb\n… truncated: 4 of 7 bytes;"),
        "{}",
        shown.text
    );
    let shown = outputs.present(
        text("a\nb\nc\nd\n"),
        &Caps {
            max_lines: Some(2),
            tail: true,
            ..Caps::default()
        },
        "a",
    );
    assert!(shown.text.ends_with("offset\":0}\nc\nd"), "{}", shown.text);
    let shown = outputs.present(
        text("a\nb\n"),
        &Caps {
            max_lines: Some(2),
            ..Caps::default()
        },
        "a",
    );
    assert_eq!((shown.text.as_str(), shown.truncated), ("a\nb", false));
}

#[test]
fn pages_give_back_the_same_bytes() {
    let outputs = outputs();
    let whole: String = (0..500)
        .map(|n| format!("line {n} äöü {}\n", "z".repeat(n % 50)))
        .collect();
    let first = outputs.present(text(&whole), &caps(100), "a");
    assert_eq!(pages(&outputs, &first, 777), whole.trim_end());
}

#[test]
fn an_output_belongs_to_its_owner() {
    let outputs = outputs();
    let shown = outputs.present(text(&"x".repeat(100)), &caps(64), "a");
    let request = ReadRequest {
        output_id: shown.output_id.expect("stored"),
        ..ReadRequest::default()
    };
    assert!(outputs.read("a", &request).is_ok());
    assert_eq!(outputs.read("b", &request), Err(ReadFault::NotFound));
    let unknown = ReadRequest {
        output_id: "o-0".to_owned(),
        ..ReadRequest::default()
    };
    assert_eq!(outputs.read("a", &unknown), Err(ReadFault::NotFound));
}

#[tokio::test(start_paused = true)]
async fn an_output_is_kept_while_it_is_read() {
    let outputs = outputs();
    let shown = outputs.present(text(&"x".repeat(100)), &caps(64), "a");
    let request = ReadRequest {
        output_id: shown.output_id.expect("stored"),
        ..ReadRequest::default()
    };
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(800)).await;
        assert!(outputs.read("a", &request).is_ok());
    }
    tokio::time::advance(Duration::from_secs(900)).await;
    assert_eq!(outputs.read("a", &request), Err(ReadFault::NotFound));
    assert_eq!(outputs.status().bytes, 0);
}

#[test]
fn the_store_is_bounded_and_the_oldest_goes_first() {
    let settings = OutputSettings {
        store_bytes: 1000,
        ..OutputSettings::default()
    };
    let outputs = Outputs::new(settings, Arc::new(Redactor::new(false)));
    let put = |owner: &str, size: usize| {
        let shown = outputs.present(text(&"x".repeat(size)), &caps(64), owner);
        let output_id = shown.output_id.clone().expect("stored");
        (
            shown,
            ReadRequest {
                output_id,
                ..ReadRequest::default()
            },
        )
    };
    let (_, first) = put("a", 300);
    let (_, second) = put("a", 300);
    assert_eq!(outputs.read("a", &first), Err(ReadFault::NotFound));
    let (_, third) = put("b", 400);
    let (_, fourth) = put("c", 400);
    assert_eq!(outputs.read("a", &second), Err(ReadFault::NotFound));
    assert!(outputs.read("b", &third).is_ok() && outputs.read("c", &fourth).is_ok());
    let (huge, request) = put("d", 5000);
    assert!(huge.notes[0].contains("first 500 bytes"), "{:?}", huge.notes);
    assert_eq!(outputs.read("d", &request).expect("stored").total_bytes, 500);
    assert_eq!(
        outputs.status(),
        StoreStatus {
            count: 2,
            bytes: 900,
            limit_bytes: 1000
        }
    );
}

#[test]
fn reading_filters_by_line() {
    let outputs = outputs();
    let whole: String = (1..=100)
        .map(|n| format!("ge-0/0/{n} {}\n", if n % 10 == 0 { "down" } else { "up" }))
        .collect();
    let shown = outputs.present(text(&whole), &caps(64), "a");
    let base = ReadRequest {
        output_id: shown.output_id.expect("stored"),
        ..ReadRequest::default()
    };
    let read = |request: ReadRequest| outputs.read("a", &request).expect("stored");

    let page = read(ReadRequest {
        matching: Some("DOWN".into()),
        except: Some("/100 ".into()),
        ..base.clone()
    });
    assert!(
        page.text.starts_with("10:ge-0/0/10 down\n20:ge-0/0/20 down\n"),
        "{}",
        page.text
    );
    assert_eq!(
        (page.text.lines().count(), page.complete, page.total_bytes),
        (9, true, page.text.len())
    );
    let next = read(ReadRequest {
        matching: Some("down".into()),
        offset: 18,
        caps: caps(64),
        ..base.clone()
    });
    assert!(next.text.starts_with("20:") && next.next_offset == Some(82), "{next:?}");

    let literal = read(ReadRequest {
        matching: Some("*down".into()),
        ..base.clone()
    });
    assert!(literal.notes[0].contains("literally"));
    let past = read(ReadRequest {
        offset: 1 << 40,
        ..base.clone()
    });
    assert_eq!((past.text.as_str(), past.complete, past.next_offset), ("", true, None));
    let tail = read(ReadRequest {
        caps: Caps {
            max_lines: Some(1),
            tail: true,
            ..Caps::default()
        },
        ..base.clone()
    });
    assert!(tail.text.ends_with("\nge-0/0/100 down") && !tail.complete && tail.text.starts_with("… truncated: first"));
    let coded = read(ReadRequest {
        base64: true,
        caps: caps(4),
        ..base
    });
    assert_eq!((coded.text.as_str(), coded.next_offset), ("Z2UtMA==", Some(4)));
}

#[test]
fn every_string_of_a_structure_is_redacted() {
    let outputs = outputs();
    let mut value = json!({
        "rows": [{"output": "secret \"xyz\";\u{1b}[0m", "n": 1}],
        "authentication-key": "plain",
        "password": {"format": "sha512"},
        "keep": "text",
        "errors": [{"error_path": "[edit snmp]", "bad_element": "community hidden"}],
    });
    outputs.scrub(&mut value);
    let shown = value.to_string();
    assert!(
        !shown.contains("xyz") && !shown.contains("hidden") && !shown.contains("plain") && !shown.contains("\\u001b"),
        "{shown}"
    );
    assert_eq!(
        (&value["keep"], &value["password"]["format"]),
        (&json!("text"), &json!("sha512"))
    );
}

proptest! {
    #[test]
    fn cuts_never_split_characters_and_lose_nothing(
        whole in "[a-zäöü€\n]{65,400}", size in 4_usize..64, lines in prop::option::of(1_usize..5), tail in any::<bool>(),
    ) {
        let outputs = outputs();
        let caps = Caps { max_bytes: Some(size), max_lines: lines, tail };
        let shown = outputs.present(text(&whole), &caps, "a");
        let clean = clean::trimmed(whole);
        prop_assert_eq!(shown.bytes, clean.len());
        if shown.truncated {
            prop_assert_eq!(pages(&outputs, &shown, size), clean);
        } else {
            prop_assert_eq!(shown.text, clean);
        }
    }
}
