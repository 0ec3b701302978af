//! From the staging directory to a router.

use std::{io::Seek as _, time::Duration};

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Context, Direction, FOLDER, RESERVE, TransferFault, remote, staged};
use crate::{
    devices::{Copier, Sole},
    transfer::{FileName, Staged},
    work::Work,
};

/// Time for taking away what a failed copy has left.
const CLEANING: Duration = Duration::from_secs(10);

/// After this an `scp` on the router whose client has gone has ended too, and has put down what it had.
const SETTLING: Duration = Duration::from_secs(1);

/// Least time for the last steps, which are not cut short: the file is there already.
const ENDING: Duration = Duration::from_secs(60);

/// Seconds after which what a copy left is somebody's to clean up.
const OLD: i64 = 24 * 3600;

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) name: FileName,
    /// Replace a different file.
    pub(crate) force: bool,
    /// Compare the checksums afterwards.
    pub(crate) verify: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    /// Whether the router has told this very checksum.
    pub(crate) verified: bool,
    /// How the file got its name; none if it was there already.
    pub(crate) method: Option<&'static str>,
    /// Of the copy alone.
    pub(crate) took: Duration,
    pub(crate) notes: Vec<String>,
}

pub(super) async fn run(context: Context, push: Push, work: Work) -> Result<Pushed, TransferFault> {
    context.report(&work, "reading the staged file");
    let source = staged(&context.staging, &push.name, &work).await;
    let (source, sha256) = source.map_err(|fault| TransferFault::of_source(&fault))?;
    let _turn = context.device.exclusive(Sole::Copy, &context.holder, &work).await?;
    let path = format!("{FOLDER}{}", push.name);
    context.report(&work, "comparing");
    let there = context.remote(&work).checksum(&path).await?;
    if there.as_ref() == Some(&sha256) {
        return Ok(Pushed {
            path,
            size: source.size,
            sha256,
            verified: true,
            method: None,
            took: Duration::ZERO,
            notes: Vec::new(),
        });
    }
    if let Some(other) = there.as_ref().filter(|_| !push.force) {
        let message = format!("router '{}' has a different file {path}", context.router());
        let hint = "use force to replace it, or give the staged file another name";
        return Err(TransferFault::new("dest_exists_differs", message, hint)
            .detail("remote_sha256", other.as_str())
            .detail("staged_sha256", sha256.as_str()));
    }
    let free = context.remote(&work).free().await?;
    let needed = source.size.saturating_add(RESERVE);
    if free < needed {
        let message = format!(
            "router '{}' has {free} bytes free, {needed} are needed",
            context.router()
        );
        let hint = "free space on the router, then try again";
        return Err(TransferFault::new("insufficient_disk", message, hint)
            .detail("free_bytes", free)
            .detail("needed_bytes", needed));
    }
    let copy = Copying {
        size: source.size,
        aside: format!("{path}.mcp-{}", mark()),
        path,
        sha256,
        is_replacing: there.is_some(),
        verify: push.verify,
    };
    let copier = context.devices.copier(&context.entry, &work).await?;
    let started = Instant::now();
    if let Err(fault) = copy.send(&context, copier, source, &work).await {
        return Err(copy.clean(&context, fault, &[Duration::ZERO, SETTLING]).await);
    }
    match copy.finish(&context, started.elapsed(), &work).await {
        Ok(pushed) => Ok(pushed),
        Err(fault) => Err(copy.clean(&context, fault, &[Duration::ZERO]).await),
    }
}

/// A copy under way.
struct Copying {
    path: String,
    /// The name until all of it is there.
    aside: String,
    size: u64,
    sha256: String,
    is_replacing: bool,
    verify: bool,
}

impl Copying {
    /// Proves what was sent and gives it its name.
    async fn finish(&self, context: &Context, took: Duration, work: &Work) -> Result<Pushed, TransferFault> {
        if self.verify {
            context.report(work, "verifying");
            self.prove(context, &self.aside, work).await?;
        }
        // From here on the file is there and only has to get its name, which is not cut short.
        let ending = ending(work);
        context.report(&ending, "naming");
        let method = self.name(context, &ending).await?;
        let listed = context.remote(&ending).file(&self.path).await?;
        if listed.as_ref().map(|file| file.size) != Some(self.size) {
            let told = listed.map_or("nothing".to_owned(), |file| format!("{} bytes", file.size));
            let message = format!("router '{}' lists {told} as {}", context.router(), self.path);
            let hint = "look at the router with list_staged_files";
            return Err(TransferFault::new("verify_mismatch", message, hint));
        }
        Ok(Pushed {
            path: self.path.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            verified: self.verify,
            method: Some(method),
            took,
            notes: leftovers(context, &ending).await,
        })
    }

    async fn send(&self, context: &Context, copier: Copier, source: Staged, work: &Work) -> Result<(), TransferFault> {
        let mut file = source.file;
        file.rewind().map_err(|error| TransferFault::of_source(&error.into()))?;
        let file = tokio::fs::File::from_std(file);
        let mut source = context.metered(file, Direction::ToRouter, self.size, work);
        let sent = copier.send(&self.aside, self.size, &mut source, work).await;
        sent.map_err(|fault| TransferFault::of_copy(context.router(), fault))?;
        if source.digest() == self.sha256 {
            return Ok(());
        }
        let message = "the staged file changed while it was sent";
        Err(TransferFault::new(
            "verify_mismatch",
            message,
            "wait until it is whole, then try again",
        ))
    }

    /// Whether the router has what was sent.
    async fn prove(&self, context: &Context, path: &str, work: &Work) -> Result<(), TransferFault> {
        let told = context.remote(work).checksum(path).await?;
        if told.as_ref() == Some(&self.sha256) {
            return Ok(());
        }
        let message = format!("router '{}' has another content than was sent", context.router());
        let hint = "try again; if it happens again, the way to the router or its disk is at fault";
        Err(TransferFault::new("verify_mismatch", message, hint)
            .detail("remote_sha256", told.unwrap_or_default())
            .detail("staged_sha256", self.sha256.as_str()))
    }

    /// Gives the file its name: by renaming it, or by a copy where renaming is refused.
    async fn name(&self, context: &Context, work: &Work) -> Result<&'static str, TransferFault> {
        let remote = context.remote(work);
        let mut renamed = remote.rename(&self.aside, &self.path).await?;
        if renamed.is_err() && self.is_replacing {
            // Some releases do not rename onto a file that is there. It was to be replaced.
            remote.delete(&self.path).await?.ok();
            renamed = remote.rename(&self.aside, &self.path).await?;
        }
        let Err(words) = renamed else { return Ok("rename") };
        let refused = |words: String| {
            let message = format!("router '{}' does not give the file its name: {words}", context.router());
            TransferFault::new(
                "rename_failed",
                message,
                "the login class must allow 'file rename' or 'file copy'",
            )
        };
        if remote.free().await? < self.size.saturating_add(RESERVE) {
            return Err(refused(words));
        }
        remote.copy(&self.aside, &self.path).await?.map_err(refused)?;
        self.prove(context, &self.path, work).await?;
        match remote.delete(&self.aside).await? {
            Ok(()) => Ok("copy"),
            Err(words) => Err(refused(words)),
        }
    }

    /// Takes away what was sent so far, looking anew after each of `pauses`; says so where that cannot be proven.
    async fn clean(&self, context: &Context, fault: TransferFault, pauses: &[Duration]) -> TransferFault {
        let work = Work::new(CLEANING, CancellationToken::new());
        let remote = context.remote(&work);
        let gone = async {
            let mut is_gone = false;
            for pause in pauses {
                tokio::time::sleep(*pause).await;
                remote.delete(&self.aside).await?.ok();
                is_gone = remote.checksum(&self.aside).await?.is_none();
            }
            Ok::<_, TransferFault>(is_gone)
        };
        match gone.await {
            Ok(true) => fault,
            Ok(false) | Err(_) => TransferFault {
                left: Some(self.aside.clone()),
                ..fault
            },
        }
    }
}

/// Names of what earlier copies have left; not knowing them is no failure.
async fn leftovers(context: &Context, work: &Work) -> Vec<String> {
    let files = context.remote(work).list(FOLDER).await.unwrap_or_default();
    let names = remote::leftovers(&files, context.clock.now().timestamp(), OLD);
    let note = |name| format!("{FOLDER}{name} was left by a copy that was cut off; delete it if nobody needs it");
    names.into_iter().map(note).collect()
}

/// Time for the last steps, whoever has left meanwhile.
fn ending(work: &Work) -> Work {
    Work::new(work.remaining().max(ENDING), CancellationToken::new())
}

/// Eight hexadecimal digits that no other copy has.
fn mark() -> String {
    let mut bytes = [0; 4];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
