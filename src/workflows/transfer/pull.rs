//! From a router to the staging directory.

use std::fs::File;

use super::{Context, Direction, FOLDER, RESERVE, TransferFault, blocking, staged};
use crate::{
    devices::Sole,
    transfer::{FileName, Partial, StagingFault},
    work::Work,
};

/// Folders from which files are taken, and no others: what lies there is made to be looked at.
const FOLDERS: [&str; 4] = [FOLDER, "/var/log/", "/var/core/", "/var/crash/"];

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    folder: &'static str,
    name: FileName,
    /// The name of the file here.
    pub(crate) local: FileName,
    /// Replace a different file.
    pub(crate) force: bool,
    /// Compare the checksums afterwards.
    pub(crate) verify: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Pulled {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    /// Whether the router has told this very checksum.
    pub(crate) verified: bool,
    /// Whether the file was here already.
    pub(crate) was_here: bool,
}

impl Pull {
    /// The file at a path, which is a name for one in `/var/tmp` or lies right in one of the four folders.
    pub(crate) fn of(path: &str, local: Option<FileName>, force: bool, verify: bool) -> Option<Self> {
        let (folder, name) = match path.contains('/') {
            false => (FOLDER, path),
            true => {
                let folder = FOLDERS.into_iter().find(|folder| path.starts_with(folder))?;
                (folder, &path[folder.len()..])
            }
        };
        let name = FileName::parse(name)?;
        Some(Self {
            folder,
            local: local.unwrap_or_else(|| name.clone()),
            name,
            force,
            verify,
        })
    }

    /// Where the file is on the router.
    pub(crate) fn path(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }
}

pub(super) async fn run(context: Context, pull: Pull, work: Work) -> Result<Pulled, TransferFault> {
    let path = pull.path();
    let _turn = context.device.exclusive(Sole::Copy, &context.holder, &work).await?;
    context.report(&work, "comparing");
    let missing = || {
        let message = format!("router '{}' has no file {path}", context.router());
        TransferFault::new(
            "remote_file_missing",
            message,
            "list_staged_files names the files in /var/tmp",
        )
    };
    let remote = context.remote(&work);
    let told = remote.checksum(&path).await?.ok_or_else(missing)?;
    if let Some(here) = compare(&context, &pull, &told, &work).await? {
        return Ok(Pulled {
            path,
            size: here,
            sha256: told,
            verified: true,
            was_here: true,
        });
    }
    let size = remote.file(&path).await?.ok_or_else(missing)?.size;
    let largest = room(&context, size).await?;
    let staging = context.staging.clone();
    let local = pull.local.clone();
    let made = blocking(move || staging.create(&local)).await;
    let (file, partial) = made.map_err(|fault| TransferFault::of_target(&fault))?;
    let copier = context.devices.copier(&context.entry, &work).await?;
    let file = tokio::fs::File::from_std(file);
    let mut sink = context.metered(file, Direction::FromRouter, size, &work);
    let received = copier.receive(&path, largest, &mut sink, &work).await;
    let size = received.map_err(|fault| TransferFault::of_copy(context.router(), fault))?;
    let sha256 = sink.digest();
    if pull.verify && sha256 != told {
        context.report(&work, "verifying");
        // A log may have grown since: what counts is that the router had this content.
        let again = remote.checksum(&path).await?;
        if again.as_ref() != Some(&sha256) {
            let message = format!("router '{}' has sent another content than it has", context.router());
            let hint =
                "a file that is written to all the time cannot be verified: use verify=false, or copy it aside first";
            return Err(TransferFault::new("fetch_verify_mismatch", message, hint)
                .detail("remote_sha256", again.unwrap_or_default())
                .detail("received_sha256", sha256));
        }
    }
    keep(partial, sink.into_inner().into_std().await).await?;
    Ok(Pulled {
        path,
        size,
        sha256,
        verified: pull.verify,
        was_here: false,
    })
}

/// The size of the file that is here, if it is the same one.
async fn compare(context: &Context, pull: &Pull, told: &str, work: &Work) -> Result<Option<u64>, TransferFault> {
    let (size, sha256) = match staged(&context.staging, &pull.local, work).await {
        Ok((here, sha256)) => (here.size, sha256),
        Err(StagingFault::Missing) => return Ok(None),
        Err(fault) => return Err(TransferFault::of_target(&fault)),
    };
    if sha256 == told {
        return Ok(Some(size));
    }
    if pull.force {
        return Ok(None);
    }
    let message = format!("the staging directory has a different file '{}'", pull.local);
    let hint = "use force to replace it, or give another local_name";
    Err(TransferFault::new("local_dest_exists_differs", message, hint)
        .detail("remote_sha256", told)
        .detail("staged_sha256", sha256))
}

/// The bytes that a file may have, of which `size` are expected.
async fn room(context: &Context, size: u64) -> Result<u64, TransferFault> {
    let staging = context.staging.clone();
    let free = blocking(move || staging.free()).await;
    let free = free.map_err(|fault| TransferFault::of_target(&fault))?;
    let needed = size.saturating_add(RESERVE);
    if free < needed {
        let message = format!("the staging directory has {free} bytes free, {needed} are needed");
        let hint = "the operator frees space where the staging directory lies";
        return Err(TransferFault::new("insufficient_local_disk", message, hint)
            .detail("free_bytes", free)
            .detail("needed_bytes", needed));
    }
    Ok(free - RESERVE)
}

async fn keep(partial: Partial, file: File) -> Result<(), TransferFault> {
    let kept = blocking(move || Ok(partial.finish(&file)?)).await;
    kept.map_err(|fault| TransferFault::of_target(&fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_from_four_folders_and_from_nowhere_below_or_beside_them() {
        let path = |path: &str| Pull::of(path, None, false, true).map(|pull| pull.path());
        assert_eq!(path("a.log").as_deref(), Some("/var/tmp/a.log"));
        for fine in [
            "/var/tmp/a",
            "/var/log/messages.0.gz",
            "/var/core/rpd.core-tarball.0.tgz",
            "/var/crash/vmcore.0",
        ] {
            assert_eq!(path(fine).as_deref(), Some(fine));
        }
        let others = [
            "",
            "/",
            "/var/tmp/",
            "/var/tmp/a/b",
            "/var/tmp/../../etc/passwd",
            "/var/tmp/..",
            "../a",
            "a/b",
            "/etc/passwd",
            "/config/juniper.conf.gz",
            "/var/tmp//a",
            "/var/log/a b",
            "/var/log/.a",
            "var/tmp/a",
            "/VAR/TMP/a",
            "re1:/var/tmp/a",
        ];
        for other in others {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
