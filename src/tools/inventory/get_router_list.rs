//! `get_router_list`: which routers can be reached, without secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    inventory::Router,
    tools::{
        call::Call,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
};

/// List the Junos routers, switches and firewalls this server can reach, with address, tags and user name. Shows only
/// routers in your scope. Contacts no device.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Names, patterns such as edge-*, or tag:core. Default all.
    #[schemars(length(max = 1000), inner(length(min = 1, max = 128)))]
    router_names: Option<Vec<String>>,
}

/// The routers in scope.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// Sorted by name.
    routers: Vec<Row>,
    total: usize,
}

/// One router; further members are the operator's own.
#[derive(Serialize, JsonSchema)]
struct Row {
    name: String,
    ip: Option<String>,
    port: Option<u16>,
    username: Option<String>,
    auth_type: Option<String>,
    /// Groups it belongs to, for use as tag:x.
    tags: Option<Vec<String>>,
    /// Whether it is reached through other hosts.
    jump: Option<bool>,
    /// Why it cannot be used now.
    disabled: Option<String>,
    #[serde(flatten)]
    custom: Map<String, Value>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("get_router_list", "List routers", Effect::Read, run).always_loaded()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let routers = call.listed(args.router_names.as_deref())?;
    let plain: Map<String, Value> = routers
        .iter()
        .map(|router| (router.name.clone(), Value::Object(router.public().clone())))
        .collect();
    let rows: Vec<Row> = routers.into_iter().map(row).collect();
    let output = Output {
        total: rows.len(),
        routers: rows,
    };
    // Clients of this family read a map from name to entry.
    Ok(Structured::with_text(output, Value::Object(plain).to_string()))
}

fn row(router: &Router) -> Row {
    let mut members = router.public().clone();
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (ip, username) = (text("ip"), text("username"));
    let auth = members.remove("auth");
    let tags = members
        .remove("tags")
        .and_then(|tags| serde_json::from_value(tags).ok());
    let port = members
        .remove("port")
        .and_then(|port| serde_json::from_value(port).ok());
    let jump = members.remove("jump").and_then(|jump| jump.as_bool());
    for reserved in ["name", "auth_type", "disabled"] {
        members.remove(reserved);
    }
    Row {
        name: router.name.clone(),
        ip,
        port,
        username,
        auth_type: auth.and_then(|auth| auth.get("type").and_then(Value::as_str).map(str::to_owned)),
        tags,
        jump,
        disabled: router.problem().map(|problem| problem.text),
        custom: members,
    }
}
