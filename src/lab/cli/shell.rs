//! A shell channel: brings what is typed to a console and its text back.

use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::console::{Console, End, Step};
use super::terminal::{Key, Typing, for_terminal};
use super::user::User;

/// Serves somebody who types, until one side ends it.
pub(in crate::lab) async fn shell(user: User, channel: Channel<Msg>) {
    let (read, write) = channel.split();
    let mut desk = Desk {
        typing: Typing::new(user.attended),
        terminal: user.attended,
        console: Console::new(user),
        sink: write.make_writer(),
    };
    desk.serve(read).await;
    drop(desk);
    // A client that is gone cannot be told; its channel needs no closing.
    write.exit_status(0).await.ok();
    write.eof().await.ok();
    write.close().await.ok();
}

struct Desk<W> {
    typing: Typing,
    terminal: bool,
    console: Console,
    sink: W,
}

impl<W: AsyncWrite + Unpin> Desk<W> {
    async fn serve(&mut self, mut channel: ChannelReadHalf) -> End {
        let killed = self.console.user.killed.clone();
        let version = self.console.user.router.version();
        let greeting = format!("--- JUNOS {version}\n{}", self.console.prompt());
        self.show(greeting).await;
        loop {
            let message = tokio::select! {
                // A killed session answers nothing more; what was typed is lost, as on a router.
                () = killed.cancelled() => return End::Left,
                message = channel.wait() => message,
            };
            let end = match message {
                Some(ChannelMsg::Data { data }) => self.typed(&data).await,
                Some(ChannelMsg::Eof) => return self.rest().await,
                Some(ChannelMsg::Close) | None => return End::Left,
                Some(_) => None,
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn typed(&mut self, bytes: &[u8]) -> Option<End> {
        let mut echo = Vec::new();
        for byte in bytes {
            let (shown, key) = self.typing.byte(*byte);
            echo.extend(shown);
            if let Some(key) = key {
                let step = self.step(key);
                // Echo, output and prompt go out together: scripts look for a prompt at the end of what arrives.
                let text = match step.end {
                    None => format!("{}{}", step.text, self.console.prompt()),
                    Some(_) => step.text,
                };
                let echo = String::from_utf8_lossy(&std::mem::take(&mut echo)).into_owned();
                self.write(format!("{echo}{}", self.fitted(&text))).await;
                if step.end.is_some() {
                    return step.end;
                }
            }
        }
        if !echo.is_empty() {
            let sent = self.sink.write_all(&echo).await;
            // The channel's end is read next.
            sent.ok();
        }
        None
    }

    fn step(&mut self, key: Key) -> Step {
        match key {
            Key::Line(line) => self.console.line(&line),
            Key::End => self.console.end_of_input(),
            Key::Interrupt => {
                self.console.interrupt();
                Step::default()
            }
        }
    }

    /// Carries out what was typed last, at the end of the input.
    async fn rest(&mut self) -> End {
        let Some(key) = self.typing.rest() else {
            return End::Left;
        };
        let step = self.step(key);
        self.show(step.text).await;
        step.end.unwrap_or(End::Left)
    }

    async fn show(&mut self, text: String) {
        let text = self.fitted(&text);
        self.write(text).await;
    }

    fn fitted(&self, text: &str) -> String {
        match self.terminal {
            true => for_terminal(text),
            false => text.to_owned(),
        }
    }

    async fn write(&mut self, text: String) {
        // A client that has left misses it; the end of its channel is read next.
        self.sink.write_all(text.as_bytes()).await.ok();
    }
}
