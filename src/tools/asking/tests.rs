//! What is kept of confirmations, and for how long.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{
    Digest, Nonce, PATIENCE, Register,
    register::{MOST_KEPT, Unusable},
};

fn owner(name: &str) -> Arc<str> {
    name.into()
}

#[test]
fn the_order_of_members_makes_no_difference_to_a_digest_and_everything_else_does() {
    let digest = |text: &str| Digest::of(&serde_json::from_str(text).expect("JSON"));
    assert_eq!(
        digest(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#),
        digest(r#"{"b":{"d":"x","c":[1,2]},"a":1}"#)
    );
    for other in [
        r#"{"a":1}"#,
        r#"{"a":"1"}"#,
        r#"{"a":[1]}"#,
        r#"{"a":null}"#,
        r#"{"a\"":1}"#,
    ] {
        assert_ne!(digest(r#"{"a":2}"#), digest(other));
    }
    assert_ne!(digest(r#"{"c":[1,2]}"#), digest(r#"{"c":[2,1]}"#));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_its_owners_holds_five_minutes_and_once() {
    let (register, noc, desk) = (Register::default(), owner("noc"), owner("desk"));
    let plan = Digest::of(&json!("a plan"));
    let token = register.offer(&noc, plan.clone()).expect("room");
    assert_eq!(token.len(), 43, "256 bits");
    assert_eq!(register.plan(&token, &noc), Ok(plan.clone()));
    assert_eq!(register.plan(&token, &desk), Err(Unusable::Unknown));
    assert_eq!(register.use_token(&token, &desk, "c-2"), Err(Unusable::Unknown));
    assert_eq!(register.use_token(&token, &noc, "c-1"), Ok(()));
    let used = Err(Unusable::Used(Some("c-1".to_owned())));
    assert_eq!(register.use_token(&token, &noc, "c-2"), used);
    assert_eq!(
        register.plan(&token, &desk),
        Err(Unusable::Unknown),
        "nor does it learn that it was used"
    );
    let late = register.offer(&noc, plan).expect("room");
    tokio::time::advance(PATIENCE).await;
    assert_eq!(register.plan(&late, &noc), Err(Unusable::Unknown));
    assert_eq!(register.use_token(&late, &noc, "c-3"), Err(Unusable::Unknown));
}

#[test]
fn a_nonce_holds_once() {
    let (register, noc, nonce) = (Register::default(), owner("noc"), Nonce::fresh());
    assert_eq!(register.unused(&nonce), Ok(()));
    assert_eq!(register.use_nonce(&nonce, &noc, "c-1"), Ok(()));
    let used = Err(Unusable::Used(Some("c-1".to_owned())));
    assert_eq!(register.unused(&nonce), used);
    assert_eq!(register.use_nonce(&nonce, &noc, "c-2"), used);
}

#[tokio::test(start_paused = true)]
async fn there_is_room_for_so_many_and_it_is_given_back() {
    let (register, noc) = (Register::default(), owner("noc"));
    for _ in 0..MOST_KEPT {
        register.offer(&noc, Digest::of(&json!(0))).expect("room");
    }
    assert_eq!(register.offer(&noc, Digest::of(&json!(0))), Err(Unusable::Full));
    assert_eq!(register.use_nonce(&Nonce::fresh(), &noc, "c-1"), Err(Unusable::Full));
    assert_eq!(
        Unusable::Full.failure().code().as_str(),
        "confirmation_capacity_exceeded"
    );
    tokio::time::advance(PATIENCE + Duration::from_secs(1)).await;
    assert!(register.offer(&noc, Digest::of(&json!(0))).is_ok());
}
