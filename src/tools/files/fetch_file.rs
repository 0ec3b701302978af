//! `fetch_file`: a file of a router to the staging directory.

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
    workflows::transfer::{self, Pull},
};

/// Copy a file from a Junos device to this server's staging directory over SCP, verified by SHA-256. Takes files from
/// /var/tmp, /var/log, /var/core and /var/crash.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// A name in /var/tmp, or a path right in one of the four folders.
    #[schemars(length(min = 1, max = 255))]
    remote_path: String,
    /// Name of the staged file; default the remote one.
    #[schemars(length(min = 1, max = 255))]
    local_name: Option<String>,
    /// Replace a different staged file.
    #[serde(default)]
    force: bool,
    /// Compare the checksums after the copy.
    #[serde(default = "copying::yes")]
    verify: bool,
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// `fetched`, or `skipped` if it was here already.
    status: &'static str,
    router_name: String,
    remote_path: String,
    /// Name in the staging directory.
    local_name: String,
    size_bytes: u64,
    sha256: String,
    /// Whether the router has told this checksum.
    verified: bool,
}

pub(super) fn spec() -> Spec {
    Spec::structured("fetch_file", "Copy a file from a router", Effect::Write, run)
        .idempotent()
        .timed_as(copying::TIMED)
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let router = call.device(&args.router_name)?;
    let local = args.local_name.as_deref();
    let local = local.map(|name| copying::file_name("local_name", name, Code::InvalidArgument));
    let pull = Pull::of(&args.remote_path, local.transpose()?, args.force, args.verify).ok_or_else(bad_path)?;
    copying::note(&call, pull.local.as_str());
    let (_place, context) = router.transfer()?;
    let local_name = pull.local.to_string();
    let pulled = transfer::pull(context, pull, router.work().clone()).await;
    let pulled = pulled.map_err(|fault| copying::failed(&call, router.name(), fault))?;
    copying::note_digest(&call, &pulled.sha256);
    Ok(Output {
        status: if pulled.was_here { "skipped" } else { "fetched" },
        router_name: router.name().to_owned(),
        remote_path: pulled.path,
        local_name,
        size_bytes: pulled.size,
        sha256: pulled.sha256,
        verified: pulled.verified,
    }
    .into())
}

fn bad_path() -> Failure {
    let message = "argument 'remote_path' is neither a plain name nor a path right in /var/tmp, /var/log, /var/core or /var/crash";
    Failure::new(Code::BadRemotePath, message)
        .hint("names have letters, digits, '.', '_' and '-'; list_staged_files names the files in /var/tmp")
}
