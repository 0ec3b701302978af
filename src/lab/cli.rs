//! Commands executed over SSH outside NETCONF, as a login class user has them.

use std::sync::Arc;

use russh::Channel;
use russh::server::Msg;
use tokio::io::AsyncWriteExt;

use super::operational::Asker;
use super::router::Router;
use super::rpc::{self, After};
use super::session::Link;

/// Runs one command line, writes its output and ends the channel.
pub(super) async fn exec(router: Arc<Router>, link: Link, channel: Channel<Msg>, command: String) {
    let (_read, write) = channel.split();
    let asker = Asker {
        user: &link.user,
        by: (link.number, None),
    };
    let (result, after) = rpc::text_of(&router, &asker, &command);
    let (text, status) = match result {
        Ok(text) => (text, 0),
        Err(text) => (text, 1),
    };
    let mut sink = write.make_writer();
    // A client that has left misses its output; there is nothing to undo.
    sink.write_all(text.as_bytes()).await.ok();
    write.exit_status(status).await.ok();
    write.eof().await.ok();
    write.close().await.ok();
    if after == After::Reboot {
        router.restart();
    }
}
