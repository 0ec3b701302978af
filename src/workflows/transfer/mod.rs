//! A file between the staging directory and a router, proven by its SHA-256. A name never stands for half a file.

mod fault;
mod pull;
mod push;
mod remote;

use std::sync::Arc;

use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::{
    clock::Clock,
    devices::{Device, Devices},
    inventory::Entry,
    transfer::{FileName, Metered, Staged, Staging, StagingFault},
    work::{Step, Work},
};

pub(crate) use fault::TransferFault;
pub(crate) use pull::{Pull, Pulled};
pub(crate) use push::{Push, Pushed};
pub(crate) use remote::RemoteFile;

use remote::Remote;

/// Where files for a router go, and where those that are named without a folder are.
pub(crate) const FOLDER: &str = "/var/tmp/";

/// Bytes that stay free on either side.
const RESERVE: u64 = 32 * 1024 * 1024;

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToRouter,
    FromRouter,
}

/// What a copy needs.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) devices: Devices,
    pub(crate) device: Device,
    pub(crate) entry: Arc<Entry>,
    pub(crate) staging: Staging,
    pub(crate) clock: Clock,
    /// A shutdown waits for copies that are being ended.
    pub(crate) tasks: TaskTracker,
    /// Who copies, for those who have to wait.
    pub(crate) holder: String,
    /// Counts bytes that have moved.
    pub(crate) on_bytes: Arc<dyn Fn(Direction, u64) + Send + Sync>,
}

impl Context {
    fn router(&self) -> &str {
        self.device.name()
    }

    fn remote<'a>(&'a self, work: &'a Work) -> Remote<'a> {
        Remote {
            device: &self.device,
            work,
        }
    }

    fn report(&self, work: &Work, message: &str) {
        work.report(Step {
            message: format!("{}: {message}", self.router()),
            ..Step::default()
        });
    }

    /// A stream of a copy of `size` bytes, which is counted and told of.
    fn metered<S>(&self, stream: S, direction: Direction, size: u64, work: &Work) -> Metered<S> {
        let (router, work) = (self.router().to_owned(), work.clone());
        let count = Arc::clone(&self.on_bytes);
        self.staging.metered(stream, move |piece, moved| {
            count(direction, piece);
            work.report(Step {
                done: moved,
                total: Some(size),
                message: format!("{router}: {moved} of {size} bytes copied"),
            });
        })
    }
}

/// Copies a file to a router.
pub(crate) async fn push(context: Context, push: Push, work: Work) -> Result<Pushed, TransferFault> {
    protected(&context.tasks.clone(), push::run(context, push, work)).await
}

/// Copies a file from a router.
pub(crate) async fn pull(context: Context, pull: Pull, work: Work) -> Result<Pulled, TransferFault> {
    protected(&context.tasks.clone(), pull::run(context, pull, work)).await
}

/// The files in the folder of a router where copies go.
pub(crate) async fn files(device: &Device, work: &Work) -> Result<Vec<RemoteFile>, TransferFault> {
    Remote { device, work }.list(FOLDER).await
}

/// Runs a copy in a task that ends by itself when nobody waits for it any more, and that a shutdown waits for.
async fn protected<T: Send + 'static>(
    tasks: &TaskTracker,
    copy: impl Future<Output = Result<T, TransferFault>> + Send + 'static,
) -> Result<T, TransferFault> {
    tasks.spawn(copy.in_current_span()).await.unwrap_or_else(|_| {
        let hint = "list_staged_files shows what there is on both sides";
        Err(TransferFault::new(
            "internal",
            "the copy ended in an internal error",
            hint,
        ))
    })
}

/// Does what blocks apart from what must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StagingFault> + Send + 'static,
) -> Result<T, StagingFault> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(StagingFault::Io(std::io::Error::other("an internal error"))))
}

/// A file of the staging directory with its digest.
async fn staged(staging: &Staging, name: &FileName, work: &Work) -> Result<(Staged, String), StagingFault> {
    let (staging, name, cancelled) = (staging.clone(), name.clone(), work.cancellation().clone());
    blocking(move || {
        let staged = staging.open(&name)?;
        let digest = staging.digest(&staged, &cancelled)?;
        Ok((staged, digest))
    })
    .await
}

#[cfg(test)]
mod tests;
