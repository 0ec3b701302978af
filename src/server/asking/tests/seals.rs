//! What comes back with an answer is believed only as far as it is sealed.

use std::time::{Duration, SystemTime};

use serde_json::{Map, json};

use crate::{
    app::{Action, Answers, Caller, Digest, Question},
    server::asking::{Seal, bound, brought},
};

fn question() -> Question {
    Question {
        key: "confirm",
        message: "?".to_owned(),
        form: json!({"type": "object", "properties": {}}),
        digest: Digest::of(&json!("a plan")),
    }
}

#[test]
fn a_state_is_good_for_the_caller_the_tool_and_the_arguments_it_was_made_for() {
    let seal = Seal::new();
    let arguments = json!({"a": 1, "b": {"c": 2, "d": 3}});
    let same = json!({"b": {"d": 3, "c": 2}, "a": 1});
    let object = |value: &serde_json::Value| value.as_object().cloned().expect("an object");
    let ours = bound(&Caller::stdio(), "tool", &object(&arguments));
    let state = seal.close(&question(), &Answers::default(), &ours);
    assert_eq!(bound(&Caller::stdio(), "tool", &object(&same)), ours);
    let response = || {
        Some(
            [("confirm".to_owned(), json!({"action": "decline"}))]
                .into_iter()
                .collect(),
        )
    };
    let answers = brought(&seal, &ours, Some(state.clone()), response()).expect("ours");
    assert_eq!(answers.to("confirm").map(|answer| answer.action), Some(Action::Decline));
    for other in [
        bound(&Caller::no_auth(), "tool", &object(&arguments)),
        bound(&Caller::stdio(), "other", &object(&arguments)),
        bound(&Caller::stdio(), "tool", &Map::new()),
    ] {
        assert!(brought(&seal, &other, Some(state.clone()), response()).is_err());
    }
    assert!(
        brought(&Seal::new(), &ours, Some(state), response()).is_err(),
        "the key of another process"
    );
}

#[test]
fn a_state_that_is_too_old_is_as_if_nothing_had_been_asked() {
    let seal = Seal::lasting(Duration::ZERO);
    let state = seal.close(&question(), &Answers::default(), b"x");
    let sealed = SystemTime::now();
    while sealed.elapsed().unwrap_or_default() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    let response = Some(
        [("confirm".to_owned(), json!({"action": "accept"}))]
            .into_iter()
            .collect(),
    );
    let answers = brought(&seal, b"x", Some(state), response).expect("ours");
    assert_eq!(answers.len(), 0);
}
