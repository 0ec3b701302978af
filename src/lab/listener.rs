//! Where a router listens over TCP.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::pipe::Carrier;
use super::router::Router;
use super::ssh::serve;

/// Accepts connections until the lab stops.
pub(super) async fn accept(router: Arc<Router>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            // Connections not yet accepted are refused by the closing socket.
            () = router.world.root.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                // A socket that is already gone shows at its first read.
                stream.set_nodelay(true).ok();
                let serving = serve(router.clone(), Carrier::Tcp(stream));
                router.world.spawn(serving);
            }
            // The process is out of descriptors: others may close meanwhile.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
