//! `list_staged_files`: both sides of a copy at a glance.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::copying;
use crate::{
    tools::{
        call::Call,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec, Timed},
    },
    transfer::{StagingFault, Waiting},
    workflows::transfer::{self, FOLDER},
};

/// List files staged on this server and, for a router, the files in its /var/tmp, with sizes and checksums.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// A router whose /var/tmp is listed too.
    #[schemars(length(min = 1, max = 128))]
    router_name: Option<String>,
}

/// What waits on both sides.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// Name of the directory.
    staging_dir: String,
    staged_files: Vec<Row>,
    staged_files_truncated: bool,
    staged_files_total: usize,
    warnings: Option<Vec<String>>,
    router_name: Option<String>,
    device_files: Option<Vec<DeviceRow>>,
}

/// A file here.
#[derive(Serialize, JsonSchema)]
struct Row {
    name: String,
    size_bytes: u64,
    /// Left out if it was not known in time.
    sha256: Option<String>,
    modified_at: String,
}

/// A file on the router.
#[derive(Serialize, JsonSchema)]
struct DeviceRow {
    path: String,
    size_bytes: u64,
    modified_at: Option<String>,
    owner: Option<String>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("list_staged_files", "List staged files", Effect::Read, run).timed_as(Timed {
        default: Some(30),
        most: 300,
    })
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let router = args.router_name.as_deref().map(|name| call.device(name)).transpose()?;
    let here = staged(&call);
    let there = async {
        let Some(router) = &router else { return Ok(None) };
        let files = router.files().await;
        files
            .map(Some)
            .map_err(|fault| copying::failed(&call, router.name(), fault))
    };
    let ((staged, total, warnings), device_files) = tokio::join!(here, there);
    let device_files = device_files?.map(|files: Vec<transfer::RemoteFile>| {
        let row = |file: transfer::RemoteFile| DeviceRow {
            path: format!("{FOLDER}{}", file.name),
            size_bytes: file.size,
            modified_at: file.modified.and_then(|at| DateTime::from_timestamp(at, 0)).map(text),
            owner: file.owner,
        };
        files.into_iter().map(row).collect()
    });
    Ok(Output {
        staging_dir: call.services().staging.base_name(),
        staged_files_truncated: staged.len() < total,
        staged_files: staged,
        staged_files_total: total,
        warnings: (!warnings.is_empty()).then_some(warnings),
        router_name: router.map(|router| router.name().to_owned()),
        device_files,
    }
    .into())
}

/// The files here, how many there are, and what is wrong with the directory. Digests are counted until nobody can wait for them
/// any more.
async fn staged(call: &Call) -> (Vec<Row>, usize, Vec<String>) {
    let staging = call.services().staging.clone();
    let over = CancellationToken::new();
    let cancelled = over.clone();
    let counting = tokio::task::spawn_blocking(move || {
        let (waiting, total) = staging.list()?;
        let row = |Waiting { name, staged }: Waiting| Row {
            name: name.to_string(),
            size_bytes: staged.size,
            sha256: staging.digest(&staged, &cancelled).ok(),
            modified_at: text(DateTime::<Utc>::from(staged.modified)),
        };
        Ok::<_, StagingFault>((waiting.into_iter().map(row).collect(), total))
    });
    let counting = async {
        let _over = over.clone().drop_guard();
        tokio::pin!(counting);
        tokio::select! {
            counted = &mut counting => counted,
            () = tokio::time::sleep(call.work().remaining().mul_f32(IN_TIME)) => {
                over.cancel();
                counting.await
            }
        }
    };
    match counting.await {
        Ok(Ok((rows, total))) => (rows, total, Vec::new()),
        Ok(Err(fault)) => (Vec::new(), 0, vec![fault.to_string()]),
        Err(_) => (
            Vec::new(),
            0,
            vec!["the staging directory could not be read".to_owned()],
        ),
    }
}

/// The part of the call's time in which digests are counted.
const IN_TIME: f32 = 0.8;

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
