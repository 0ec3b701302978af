//! One command line that SSH executes: its output, then its exit status.

use russh::Channel;
use russh::server::Msg;
use tokio::io::AsyncWriteExt;

use super::console::{Console, End};
use super::pipes::outside_quotes;
use super::terminal::for_terminal;
use super::user::User;

/// Runs the commands between semicolons one after the other, and ends the channel.
pub(in crate::lab) async fn exec(user: User, channel: Channel<Msg>, line: String) {
    let (_read, write) = channel.split();
    let pty = user.attended;
    let mut console = Console::new(user);
    let (text, _) = run(&mut console, &line);
    let status = console.status();
    drop(console);
    let mut sink = write.make_writer();
    // A client that has left misses its output; there is nothing to undo.
    let text = if pty { for_terminal(&text) } else { text };
    sink.write_all(text.as_bytes()).await.ok();
    write.exit_status(status).await.ok();
    write.eof().await.ok();
    write.close().await.ok();
}

/// What the commands of a line print, up to the one that ends it.
pub(super) fn run(console: &mut Console, line: &str) -> (String, Option<End>) {
    let mut text = String::new();
    for command in outside_quotes(line, ';') {
        let step = console.line(&command);
        text.push_str(&step.text);
        if step.end.is_some() {
            return (text, step.end);
        }
    }
    (text, None)
}
