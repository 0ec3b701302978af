//! A tool that destroys: a plan always, and a person where one can be asked. It stands in for those that install and reboot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, Site, accepting, answering, code};
use crate::{
    blocklist::Permitted,
    junos::Command,
    tools::{Call, ConfirmPolicy, Effect, Failure, Plan, Router, Spec, Stop, Structured},
};

/// Wreck a router, as far as a test goes: it shows the location, and then acts by one more command.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name.
    router_name: String,
    /// Which way.
    way: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Wrecked {
    wrecked: bool,
}

const LOOK: &str = "show configuration snmp";
const ACT: &str = "show system uptime";

pub(super) fn spec() -> Spec {
    Spec::structured("wreck", "Wreck", Effect::Destroy, run)
        .asks()
        .confirmed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Wrecked>, Stop> {
    let router = call.device(&args.router_name)?;
    let _ = args.way;
    let ladder = call.ladder()?;
    let look = permitted(&router, LOOK)?;
    let found = call.present(router.run(&look).await?.text, call.caps()).text;
    let words = format!("Wreck {}: {found}", router.name());
    ladder.confirm(Plan::new([&router], json!({"found": found}), words))?;
    let act = permitted(&router, ACT)?;
    router.run(&act).await?;
    Ok(Wrecked { wrecked: true }.into())
}

fn permitted(router: &Router, command: &str) -> Result<Permitted, Failure> {
    router.permit(&Command::parse(command, None)?)
}

impl Site {
    fn wrecks(&self) -> usize {
        let seen = self.router("edge1").seen();
        seen.iter().filter(|event| event.command() == Some(ACT)).count()
    }
}

async fn planned(client: &mut Client) -> Value {
    let offered = client.call("wreck", json!({"router_name": "edge1"}), json!({})).await;
    let told = &offered["result"]["structuredContent"];
    assert_eq!(told["status"], "confirmation_required", "{offered}");
    assert_eq!(offered["result"]["isError"], false);
    told["plan_token"].clone()
}

fn confirmed(token: &Value) -> Value {
    json!({"router_name": "edge1", "confirm": true, "plan_token": token})
}

#[tokio::test]
async fn without_a_person_the_token_of_the_plan_is_enough_and_holds_once() {
    let site = Site::new(ConfirmPolicy::Destroy).await;
    let mut client = site.mute_client();
    let token = planned(&mut client).await;
    assert_eq!(site.wrecks(), 0);
    let bare = json!({"router_name": "edge1", "confirm": true});
    let seen = site.router("edge1").seen().len();
    assert_eq!(
        code(&client.call("wreck", bare, json!({})).await),
        "confirmation_token_required"
    );
    assert_eq!(site.router("edge1").seen().len(), seen);
    let done = client.call("wreck", confirmed(&token), json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["wrecked"], true, "{done}");
    assert_eq!(site.records()[2]["confirm"], "plan");
    let again = client.call("wreck", confirmed(&token), json!({})).await;
    assert_eq!(code(&again), "confirmation_token_invalid", "{again}");
    assert_eq!(site.wrecks(), 1);
}

#[tokio::test]
async fn where_a_person_can_be_asked_the_token_alone_does_nothing() {
    let site = Site::new(ConfirmPolicy::Destroy).await;
    let mut client = site.client();
    for (action, content, wrecks) in [
        ("decline", Value::Null, 0),
        ("cancel", Value::Null, 0),
        ("accept", json!({"confirm": false}), 0),
        ("accept", json!({"confirm": true}), 1),
    ] {
        let token = planned(&mut client).await;
        let asked = client.call("wreck", confirmed(&token), json!({})).await;
        site.assert_nothing_is_held().await;
        let done = client
            .call("wreck", confirmed(&token), answering(&asked, action, content.clone()))
            .await;
        let expected = if wrecks == 0 { "declined" } else { "" };
        assert_eq!(
            (code(&done), site.wrecks()),
            (expected, wrecks),
            "{action} {content}: {done}"
        );
        let again = client.call("wreck", confirmed(&token), accepting(&asked)).await;
        assert_eq!(
            (code(&again), site.wrecks()),
            ("confirmation_token_invalid", wrecks),
            "{again}"
        );
    }
    assert_eq!(
        site.records().iter().filter(|one| one["confirm"] == "person").count(),
        1
    );
}

#[tokio::test]
async fn another_plan_than_the_one_shown_is_not_carried_out() {
    let site = Site::new(ConfirmPolicy::Destroy).await;
    let mut clients = [site.mute_client(), site.client()];
    for client in &mut clients {
        let token = planned(client).await;
        let place = format!("set snmp location P{}", site.router("edge1").commits().len());
        site.colleague(&place);
        let drifted = client.call("wreck", confirmed(&token), json!({})).await;
        assert_eq!(
            (code(&drifted), site.wrecks()),
            ("confirmation_plan_drift", 0),
            "{drifted}"
        );
        let fresh = drifted["result"]["structuredContent"]["plan_token"].clone();
        let mut other = confirmed(&fresh);
        other["way"] = json!("slowly");
        let drifted = client.call("wreck", other, json!({})).await;
        assert_eq!(
            (code(&drifted), site.wrecks()),
            ("confirmation_plan_drift", 0),
            "{drifted}"
        );
    }
    // Between the question and the answer, too.
    let client = &mut clients[1];
    let token = planned(client).await;
    let asked = client.call("wreck", confirmed(&token), json!({})).await;
    site.colleague("set snmp location Q9");
    let drifted = client.call("wreck", confirmed(&token), accepting(&asked)).await;
    assert_eq!(
        (code(&drifted), site.wrecks()),
        ("confirmation_plan_drift", 0),
        "{drifted}"
    );
}

#[tokio::test]
async fn a_strict_operator_wants_a_person() {
    let site = Site::new(ConfirmPolicy::Strict).await;
    let (mut mute, mut able) = (site.mute_client(), site.client());
    let refused = mute.call("wreck", json!({"router_name": "edge1"}), json!({})).await;
    assert_eq!(code(&refused), "confirmation_unavailable", "{refused}");
    assert!(site.router("edge1").seen().is_empty());
    planned(&mut able).await;
}
