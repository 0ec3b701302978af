//! Files to and from a router: the old protocol of `scp`, the only one that Junos offers by default, on a connection of its own.

mod receive;
mod send;
mod talk;
#[cfg(test)]
mod tests;

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{
    Devices, Shared,
    connect::connect,
    connection::{Connection, OpenFault},
    fault::{DialFault, ExchangeFault, Fault, LeaseFault},
};
use crate::{inventory::Entry, work::Work};

use talk::Talk;

/// Longest message of a router in bytes; a longer one is no message.
const LONGEST_LINE: usize = 4096;

/// How long a router may take to say how its `scp` ended. One that does not say is judged by its acknowledgements.
const ENDING: Duration = Duration::from_secs(10);

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyFault {
    /// The connection failed, or the time of the call is over.
    #[error("{}", .0.message)]
    Device(Fault),
    #[error("the router lets this login run no scp")]
    NoExec,
    #[error("the router refuses: {message}")]
    Refused { message: String },
    #[error("the router has no space left: {message}")]
    NoSpace { message: String },
    #[error("the router offers a file of another name than was asked for")]
    BadName,
    #[error("the file has {size} bytes, more than the {largest} that it may have")]
    TooLarge { size: u64, largest: u64 },
    #[error("the router breaks the protocol: {0}")]
    Protocol(&'static str),
    #[error("the file that is sent cannot be read: {0}")]
    Source(#[source] io::Error),
    #[error("the file that is received cannot be written: {0}")]
    Sink(#[source] io::Error),
}

/// A connection to a router on which one file can be copied.
pub(crate) struct Copier {
    router: String,
    connection: Connection,
    shared: Arc<Shared>,
}

impl Devices {
    /// Connects to the router of an entry for one copy: by the same way, with the same login and the same trust in its host key as
    /// its sessions, which a bulk of data would hold up.
    ///
    /// # Errors
    ///
    /// The router cannot be reached, the login fails, or the time of `work` is over.
    pub(crate) async fn copier(&self, entry: &Entry, work: &Work) -> Result<Copier, Fault> {
        let shared = &self.0;
        let mut bulk = entry.clone();
        bulk.port = entry.scp_port;
        let started = Instant::now();
        let fault = |fault| Fault::from_lease(&entry.name, &fault);
        let dialled = tokio::select! {
            dialled = connect(&bulk, shared) => dialled,
            () = shared.shutdown.cancelled() => return Err(fault(LeaseFault::ShuttingDown)),
            () = tokio::time::sleep_until(work.deadline()) => return Err(fault(LeaseFault::Timeout { stage: "connecting" })),
            () = work.cancellation().cancelled() => return Err(fault(LeaseFault::Cancelled)),
        };
        let stage = dialled.as_ref().map_or_else(DialFault::stage, |_| "ok");
        shared.counters.dialled(&entry.name, started.elapsed(), stage);
        Ok(Copier {
            router: entry.name.clone(),
            connection: dialled.map_err(|dial| Fault::from_dial(&entry.name, &dial))?,
            shared: Arc::clone(shared),
        })
    }
}

impl Copier {
    /// Sends the `size` bytes of `source` as the file `path`, whose name must need no quoting beyond that of a path.
    ///
    /// # Errors
    ///
    /// What of the file arrived stays on the router.
    pub(crate) async fn send(
        self,
        path: &str,
        size: u64,
        source: impl AsyncRead + Unpin + Send,
        work: &Work,
    ) -> Result<(), CopyFault> {
        self.copy(&format!("scp -t {}", quoted(path)), work, async |talk| {
            send::send(talk, base_name(path), size, source).await
        })
        .await
    }

    /// Receives the file `path` into `sink` and gives its size in bytes, of which there may be `largest`.
    ///
    /// # Errors
    ///
    /// What of the file arrived is in `sink`.
    pub(crate) async fn receive(
        self,
        path: &str,
        largest: u64,
        sink: impl AsyncWrite + Unpin + Send,
        work: &Work,
    ) -> Result<u64, CopyFault> {
        self.copy(&format!("scp -f {}", quoted(path)), work, async |talk| {
            receive::receive(talk, base_name(path), largest, sink).await
        })
        .await
    }

    /// Runs `command` on the router and `dialogue` with it, within the time of `work`.
    async fn copy<T>(
        self,
        command: &str,
        work: &Work,
        dialogue: impl AsyncFnOnce(&mut Talk) -> Result<T, CopyFault>,
    ) -> Result<T, CopyFault> {
        let copied = async {
            let (reader, writer) = self.connection.run(command).await.map_err(|fault| match fault {
                OpenFault::Refused => CopyFault::NoExec,
                OpenFault::Gone => CopyFault::Protocol("it closes the connection"),
            })?;
            let mut talk = Talk::new(reader, writer);
            let result = dialogue(&mut talk).await?;
            talk.end().await?;
            Ok(result)
        };
        let broken = |fault| Err(CopyFault::Device(Fault::from_exchange(&self.router, &fault)));
        let result = tokio::select! {
            result = copied => result,
            () = self.shared.shutdown.cancelled() => broken(ExchangeFault::Cancelled),
            () = tokio::time::sleep_until(work.deadline()) => broken(ExchangeFault::Timeout { hello_pending: false }),
            () = work.cancellation().cancelled() => broken(ExchangeFault::Cancelled),
        };
        self.connection.goodbye().await;
        result
    }
}

/// A path as one word of a shell.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
