//! `transfer_file`: a staged file to a router.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::copying;
use crate::{
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
    workflows::transfer::{self, Push},
};

/// Copy a staged file from this server to /var/tmp on a Junos device over SCP, verified by SHA-256. Skips the copy when the
/// router already has the same file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// Name of the staged file, without a folder.
    #[schemars(length(min = 1, max = 255))]
    source_path: String,
    /// Replace a different file of that name.
    #[serde(default)]
    force: bool,
    /// Compare the checksums after the copy.
    #[serde(default = "copying::yes")]
    verify: bool,
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// `transferred`, or `skipped` if the router had it already.
    status: &'static str,
    router_name: String,
    remote_path: String,
    size_bytes: u64,
    sha256: String,
    /// Whether the router has told this checksum.
    verified: bool,
    /// `rename` or `copy`: how the file got its name.
    method: Option<&'static str>,
    duration_secs: f64,
    bytes_per_sec: Option<u64>,
    notes: Option<Vec<String>>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("transfer_file", "Copy a file to a router", Effect::Write, run)
        .destructive()
        .idempotent()
        .timed_as(copying::TIMED)
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let router = call.device(&args.router_name)?;
    let name = copying::file_name("source_path", &args.source_path, Code::BadSourcePath)?;
    copying::note(&call, name.as_str());
    let push = Push {
        name,
        force: args.force,
        verify: args.verify,
    };
    let (_place, context) = router.transfer()?;
    let pushed = transfer::push(context, push, router.work().clone()).await;
    let pushed = pushed.map_err(|fault| copying::failed(&call, router.name(), fault))?;
    copying::note_digest(&call, &pushed.sha256);
    Ok(Output {
        status: if pushed.method.is_some() {
            "transferred"
        } else {
            "skipped"
        },
        router_name: router.name().to_owned(),
        remote_path: pushed.path,
        size_bytes: pushed.size,
        sha256: pushed.sha256,
        verified: pushed.verified,
        method: pushed.method,
        duration_secs: copying::seconds(pushed.took),
        bytes_per_sec: copying::speed(pushed.size, pushed.took),
        notes: (!pushed.notes.is_empty()).then_some(pushed.notes),
    }
    .into())
}
