//! Where a router listens over TCP; while it is down, its port is kept and connections are refused.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::pipe::Carrier;
use super::power::Power;
use super::router::Router;
use super::ssh::serve;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Pause before something is tried again that others may have made impossible for a moment.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the lab stops.
pub(super) async fn accept(router: Arc<Router>, listener: TcpListener, address: SocketAddr) {
    let mut steps = router.supply.steps();
    let mut open = Some(listener);
    let mut kept = None;
    loop {
        let down = *steps.borrow_and_update() == Power::Down;
        if down && let Some(listener) = open.take() {
            drop(listener);
            // Nobody else gets the port meanwhile.
            kept = bound(address).ok();
        }
        if !down && open.is_none() {
            match kept
                .take()
                .map_or_else(|| bound(address), Ok)
                .and_then(|socket| socket.listen(BACKLOG))
            {
                Ok(listener) => open = Some(listener),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            continue;
        }
        tokio::select! {
            // Connections not yet accepted are refused by the closing socket.
            () = router.world.root.cancelled() => return,
            // A connection that waits is accepted in the next round, if there is still somebody to accept it.
            changed = steps.changed() => if changed.is_err() { return },
            accepted = next(open.as_ref()) => match accepted {
                Ok(stream) => {
                    // A socket that is already gone shows at its first read.
                    stream.set_nodelay(true).ok();
                    let serving = serve(router.clone(), Carrier::Tcp(stream));
                    router.world.spawn(serving);
                }
                // The process is out of descriptors: others may close meanwhile.
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}

/// A socket that holds the address without listening.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
