//! `reload_devices`: takes over an edited inventory, or another file beside it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    inventory::{Change, FileFault, NamedRule, ReloadFault, Trigger},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
};

/// Problems and rules that the sentence of a failure repeats; all of them stand in its details.
const SAID: usize = 10;

/// Reload the device inventory from disk, or switch to another inventory file in the same directory. Reports which routers were
/// added, removed or changed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Name of another inventory file, relative to the directory of the first one. Default: the file in use.
    #[schemars(length(max = 255))]
    file_name: Option<String>,
}

/// What is different now. Routers outside your scope are counted, not named.
#[derive(Serialize, JsonSchema)]
struct Output {
    previous_router_count: usize,
    new_router_count: usize,
    added: Vec<String>,
    removed: Vec<String>,
    /// Routers of which any setting differs.
    changed: Vec<String>,
    /// Routers that cannot be used.
    disabled: Vec<Disabled>,
    /// Whether rules came or went.
    blocklist_changed: bool,
    inventory_file: String,
    /// How many routers outside your scope each list leaves out.
    outside_scope: Option<Outside>,
}

#[derive(Serialize, JsonSchema)]
struct Disabled {
    name: String,
    reason: String,
}

#[derive(Default, PartialEq, Serialize, JsonSchema)]
struct Outside {
    added: usize,
    removed: usize,
    changed: usize,
    disabled: usize,
}

pub(super) fn spec() -> Spec {
    Spec::structured("reload_devices", "Reload the inventory", Effect::Write, run).destructive()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    if call.services().settings.inventory_readonly {
        return Err(
            Failure::new(Code::InventoryReadonly, "inventory is read-only (--inventory-readonly)")
                .hint("the operator reloads it by a signal, or by editing the file that is watched"),
        );
    }
    let services = Arc::clone(call.services());
    // Waits for the disk, and for whoever edits the inventory.
    let reloading = tokio::task::spawn_blocking(move || {
        let reloaded = services.stock.turn().reload(Trigger::Tool, args.file_name.as_deref());
        (reloaded, services.stock.file_name().unwrap_or_default())
    });
    let (reloaded, file) = reloading
        .await
        .map_err(|_| Failure::new(Code::Internal, "the inventory could not be read"))?;
    match reloaded {
        Ok(change) => Ok(output(&call, &change, file).into()),
        Err(fault) => Err(failure(&call, fault)),
    }
}

fn output(call: &Call, change: &Change, inventory_file: String) -> Output {
    let mut outside = Outside::default();
    let sees = |name: &str| sees(call, change, name);
    let split = |names: &[String], left_out: &mut usize| -> Vec<String> {
        let shown: Vec<String> = names.iter().filter(|name| sees(name)).cloned().collect();
        *left_out = names.len() - shown.len();
        shown
    };
    let added = split(&change.added, &mut outside.added);
    let removed = split(&change.removed, &mut outside.removed);
    let changed = split(&change.changed, &mut outside.changed);
    let all = change.disabled();
    let disabled: Vec<Disabled> = all
        .iter()
        .filter(|(name, _)| sees(name))
        .map(|(name, reason)| Disabled {
            name: name.clone(),
            reason: reason.clone(),
        })
        .collect();
    outside.disabled = all.len() - disabled.len();
    Output {
        previous_router_count: change.previous.routers().len(),
        new_router_count: change.current.routers().len(),
        added,
        removed,
        changed,
        disabled,
        blocklist_changed: change.changes_rules(),
        inventory_file,
        outside_scope: (outside != Outside::default()).then_some(outside),
    }
}

/// Whether the caller may know of a router: as it is, or as it was.
fn sees(call: &Call, change: &Change, name: &str) -> bool {
    let router = change.current.get(name).or_else(|| change.previous.get(name));
    router.is_some_and(|router| call.caller().sees(router))
}

fn failure(call: &Call, fault: ReloadFault) -> Failure {
    let stays = "the inventory in use stays in force";
    match fault {
        ReloadFault::NoFile => Failure::new(Code::InventoryReadonly, format!("inventory is read-only: {fault}"))
            .hint("nothing can be reloaded here"),
        ReloadFault::BadPath(_) => Failure::new(Code::BadInventoryPath, format!("argument 'file_name': {fault}"))
            .hint("give a file beside the one in use, such as devices-lab.json"),
        ReloadFault::Unusable(FileFault::NotFound) => {
            Failure::new(Code::InventoryInvalid, "inventory file not found").hint(stays)
        }
        ReloadFault::Unusable(_) => {
            Failure::new(Code::InventoryInvalid, format!("inventory file: {fault}")).hint(stays)
        }
        ReloadFault::Empty => Failure::new(Code::InventoryEmpty, "inventory is empty").hint(stays),
        ReloadFault::Invalid(problems) => {
            invalid(call, &problems).hint(format!("{stays}; correct the file and call again"))
        }
        ReloadFault::Weakened(rules) => weakened(call, &rules),
    }
}

/// Every fault, those of routers outside the caller's scope as a number.
fn invalid(call: &Call, problems: &[(String, String)]) -> Failure {
    let in_scope = problems.iter().filter(|(name, _)| call.caller().reaches(name, &[]));
    let lines: Vec<String> = in_scope
        .map(|(name, text)| format!("device '{name}': {text}"))
        .collect();
    let message = format!(
        "inventory: {} problems: {}",
        problems.len(),
        listed(&lines, problems.len())
    );
    Failure::new(Code::InventoryInvalid, message).detail("problems", lines)
}

fn weakened(call: &Call, rules: &[NamedRule]) -> Failure {
    let named = rules.iter().map(|rule| match &rule.router {
        Some(router) if !call.caller().reaches(router, &[]) => format!("another router: {}", rule.anonymous()),
        _ => rule.to_string(),
    });
    let lines: Vec<String> = named.collect();
    let message = format!(
        "the file lacks rules that are in force: {}",
        listed(&lines, rules.len())
    );
    Failure::new(Code::BlocklistWeakened, message)
        .hint("an operator who wants them gone restarts the server or sends SIGHUP")
        .detail("rules", lines)
}

/// The first lines, and how many more there are of `all`.
fn listed(lines: &[String], all: usize) -> String {
    let said = lines.get(..SAID).unwrap_or(lines);
    let more = all - said.len();
    let mut text = said.join("; ");
    if more > 0 {
        let link = if text.is_empty() { "" } else { "; and " };
        text.push_str(&format!("{link}{more} more"));
    }
    text
}
