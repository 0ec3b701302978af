//! `gather_device_facts`: identity and engines of one router.

mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    devices::{Node, Reply, Rpc},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        router::Router,
        spec::{Effect, Spec},
    },
};
use read::{Chassis, Engines, Software, Uptime};

/// Gather facts about a Junos device: host name, model, Junos version, serial number, routing engines, cluster role,
/// uptime.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
}

/// What could be read; a fact that could not is absent, and a warning says why.
#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    hostname: Option<String>,
    model: Option<String>,
    version: Option<String>,
    serial_number: Option<String>,
    /// MX, M, T, PTX, ACX, SRX, VSRX, VMX, EX, QFX, NFX or OTHER.
    personality: &'static str,
    is_cluster: bool,
    is_virtual_chassis: bool,
    route_engines: Vec<RouteEngine>,
    /// Slot of the engine that is master.
    master_re: Option<u32>,
    domain: Option<String>,
    fqdn: Option<String>,
    booted_at: Option<String>,
    uptime_secs: Option<u64>,
    /// The nodes of a cluster or the members of a virtual chassis.
    nodes: Option<Vec<Member>>,
    warnings: Option<Vec<String>>,
    gathered_at: String,
}

/// One routing engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
struct RouteEngine {
    /// The node or member it belongs to.
    re_name: Option<String>,
    slot: u32,
    mastership_state: Option<String>,
    status: Option<String>,
    model: Option<String>,
    start_time: Option<String>,
    up_time: Option<String>,
    last_reboot_reason: Option<String>,
    memory_total_mb: Option<u64>,
    cpu_idle_percent: Option<u64>,
}

/// One node of a cluster, member of a virtual chassis, or engine of two.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Member {
    re_name: String,
    hostname: Option<String>,
    model: Option<String>,
    version: Option<String>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("gather_device_facts", "Router facts", Effect::Read, run).timed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let router = call.device(&args.router_name)?;
    let requests = [
        Rpc::software_information(),
        Rpc::chassis_inventory(),
        Rpc::route_engine_information(),
        Rpc::system_uptime(),
        Rpc::domain_name(),
    ];
    let mut replies = router.ask_all(&requests).await?.into_iter();
    let mut warnings = Vec::new();
    let mut next = || replies.next().expect("one reply per request");
    let (software, system_serial) = software(&router, next(), &mut warnings).await?;
    let mut read = |subject: &str| read_or_warn(&router, subject, next(), &mut warnings);
    let chassis = read("chassis inventory")
        .map(|tree| Chassis::read(&tree))
        .unwrap_or_default();
    let engines = read("routing engines")
        .map(|tree| Engines::read(&tree))
        .unwrap_or_default();
    let uptime = read("uptime").map(|tree| Uptime::read(&tree)).unwrap_or_default();
    let configured = read("domain name").and_then(|tree| read::domain(&tree));
    warnings.extend(software.version_mismatch());

    let (host, own_domain) = read::split_host(software.hostname.as_deref());
    let domain = configured.or(own_domain);
    let now = call.services().clock.now();
    Ok(Output {
        router_name: router.name().to_owned(),
        personality: software.personality(engines.first_model()),
        is_cluster: software.has_engines_named("node"),
        is_virtual_chassis: software.has_engines_named("fpc") || software.has_engines_named("member"),
        fqdn: host
            .zip(domain.as_deref())
            .map(|(host, domain)| format!("{host}.{domain}")),
        hostname: software.hostname,
        model: software.model,
        version: software.version,
        serial_number: chassis.serial_number.or(system_serial),
        master_re: engines.master(),
        route_engines: engines.0,
        domain,
        booted_at: uptime.booted_at,
        uptime_secs: uptime.seconds,
        nodes: (!software.nodes.is_empty()).then_some(software.nodes),
        warnings: (!warnings.is_empty()).then_some(warnings),
        gathered_at: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    }
    .into())
}

/// Host name, model and version; where that request is not allowed or not known, a smaller one that also tells the serial.
async fn software(
    router: &Router,
    reply: Result<Reply, Failure>,
    warnings: &mut Vec<String>,
) -> Result<(Software, Option<String>), Failure> {
    let failure = match reply {
        Ok(reply) => return Ok((Software::read(&tree(router, &reply)?), None)),
        Err(failure) => failure,
    };
    let refused = matches!(
        failure.code(),
        Code::RpcUnsupported | Code::PermissionDenied | Code::DeviceError | Code::SyntaxError
    );
    if !refused {
        return Err(failure);
    }
    warnings.push(format!("software information: {}", failure.message()));
    let reply = router.ask(&Rpc::system_information()).await?;
    let tree = tree(router, &reply)?;
    Ok((Software::read_system(&tree), read::system_serial(&tree)))
}

/// A missing reply costs its facts, not the call.
fn read_or_warn(
    router: &Router,
    subject: &str,
    reply: Result<Reply, Failure>,
    warnings: &mut Vec<String>,
) -> Option<Node> {
    let tree = reply.and_then(|reply| tree(router, &reply));
    tree.map_err(|failure| warnings.push(format!("{subject}: {}", failure.message())))
        .ok()
}

fn tree(router: &Router, reply: &Reply) -> Result<Node, Failure> {
    reply.tree().ok_or_else(|| {
        let text = format!("router '{}': a reply is too large to be read as facts", router.name());
        Failure::new(Code::ReplyTooLarge, text).hint("run the command that shows the same and read its text")
    })
}
