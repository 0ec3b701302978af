//! Long outputs: cut with the truth about it, and read on to the last byte.

use rust_junosmcp::lab::{Action, Fault, Trigger};
use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn a_long_output_is_cut_and_can_be_read_on_to_the_last_byte() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .inject(Fault::new(Trigger::reply("command"), Action::Huge(5_000_000)));
    let whole = json!({"router_name": "edge1", "command": "show version"});
    let reply = lab.call("execute_junos_command", whole).await;
    assert_eq!(reply.code(), "");
    let meta = reply.meta();
    assert_eq!(meta["truncated"], true);
    let total = meta["bytes"].as_u64().expect("a size");
    let id = meta["output_id"].as_str().expect("an id");
    assert!(total > 5_000_000, "{total}");
    let lines = meta["lines"].as_u64().expect("a count");
    assert!(lines > 50_000, "{lines}");
    let last = reply.text().lines().next_back().expect("a last line");
    assert!(
        last.contains(&format!("of {total} bytes")) && last.contains(id),
        "{last}"
    );

    let mut offset = 0;
    let mut collected = String::new();
    loop {
        let page = lab
            .call(
                "read_output",
                json!({"output_id": id, "offset": offset, "max_bytes": 1_000_000}),
            )
            .await;
        assert_eq!(page.code(), "");
        match page.meta().get("next_offset").and_then(|next| next.as_u64()) {
            Some(next) => {
                let (text, notice) = page.text().rsplit_once('\n').expect("a last line");
                assert!(notice.starts_with('…'), "{notice}");
                // The line end before the notice is part of the page only if the page ended in it.
                let size = usize::try_from(next - offset).expect("small");
                collected.push_str(text);
                collected.extend((text.len() + 1 == size).then_some('\n'));
                offset = next;
            }
            None => {
                collected.push_str(page.text());
                assert_eq!(page.meta()["complete"], true);
                break;
            }
        }
    }
    assert_eq!(collected.len() as u64, total);
}

#[tokio::test]
async fn the_end_of_an_output_can_be_asked_for() {
    let lab = Lab::new().router("edge1").start().await;
    let arguments = json!({"router_name": "edge1", "command": "show version", "max_lines": 1, "tail": true});
    let reply = lab.call("execute_junos_command", arguments).await;
    assert!(reply.text().starts_with('…'), "{}", reply.text());
    assert_eq!(reply.text().lines().count(), 2);
}

#[tokio::test]
async fn stored_lines_can_be_searched() {
    let lab = Lab::new().router("edge1").start().await;
    let arguments = json!({"router_name": "edge1", "command": "show version", "max_lines": 1});
    let reply = lab.call("execute_junos_command", arguments).await;
    let id = &reply.meta()["output_id"];
    let found = lab
        .call("read_output", json!({"output_id": id, "match": "model"}))
        .await;
    assert!(
        found.text().lines().all(|line| line.to_lowercase().contains("model")),
        "{}",
        found.text()
    );
}

#[tokio::test]
async fn unknown_outputs_get_one_answer() {
    let lab = Lab::new().router("edge1").start().await;
    for id in ["o-00000000000000000000000000000000", "nonsense"] {
        assert_eq!(
            lab.call("read_output", json!({"output_id": id})).await.code(),
            "output_not_found"
        );
    }
}
