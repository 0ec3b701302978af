//! `lab run`: simulated routers that any SSH client can reach, until a signal ends them.

mod control;
mod files;
mod welcome;

use std::{fs, io, path::Path, sync::Arc, time::Instant};

use anyhow::Context as _;

use super::{
    commands::LabRun,
    output,
    signals::{Asked, Signals},
};
use crate::lab::{CallHome, Faults, Lab, LabSettings, RouterHandle};
use control::Control;
pub(super) use files::{KNOWN_HOSTS_FILE, write_inventory};
use welcome::Figures;

/// Arms the faults of a file.
fn arm(lab: &Lab, file: &Path) -> anyhow::Result<()> {
    let faults = Faults::parse(&fs::read_to_string(file)?)?;
    lab.arm(&faults)?;
    Ok(())
}

/// Runs the lab.
pub(super) async fn run(request: &LabRun) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let settings = LabSettings {
        seed: request.seed,
        profile: request.profile.clone(),
        listen: Some(request.listen),
        keep_files: request.keep_files,
        call_home: request.call_home.clone().map(|to| CallHome {
            to,
            secret: request.call_home_secret.clone(),
        }),
        jump_host: request.jump_host,
        ..LabSettings::new(usize::try_from(request.routers)?)
    };
    let before = welcome::resident_bytes();
    let begun = Instant::now();
    let lab = Lab::start(settings).await.map_err(|error| match error.kind() {
        // No address was tried.
        io::ErrorKind::InvalidInput => anyhow::Error::new(error),
        _ => anyhow::Error::new(error).context(format!("cannot bind {}", request.listen)),
    })?;
    let figures = Figures {
        start: begun.elapsed(),
        before,
        after: welcome::resident_bytes(),
    };
    let lab = Arc::new(lab);
    if let Some(file) = &request.faults {
        arm(&lab, file).with_context(|| format!("cannot use the faults in '{}'", file.display()))?;
    }
    if let Some(directory) = &request.write_inventory {
        write_inventory(&lab, directory).with_context(|| format!("cannot write to '{}'", directory.display()))?;
    }
    let control = match &request.control {
        Some(path) => Some(Control::listen(path).with_context(|| format!("cannot listen at '{}'", path.display()))?),
        None => None,
    };
    output::write(&welcome::text(&lab, request, &figures)?)?;
    let ended = async {
        // There is nothing to read anew here.
        while signals.next().await == Asked::Reload {}
    };
    match &control {
        None => ended.await,
        Some(control) => tokio::select! {
            // Whoever speaks at the socket then hears no more, as from the routers.
            () = ended => {}
            () = control.serve(&lab) => {}
        },
    }
    drop(control);
    lab.stop().await;
    Ok(())
}

/// Where a router listens.
fn place(router: &RouterHandle) -> anyhow::Result<(String, u16)> {
    let address = router.address().context("a router does not listen")?;
    Ok((address.ip().to_string(), address.port()))
}
