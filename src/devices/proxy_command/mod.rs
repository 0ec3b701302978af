//! `ProxyCommand`: read as a jump where it is one, run where it is not.

mod as_jump;

use std::{
    io,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, Join},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{dial::Held, ssh_config::expand};

pub(super) use as_jump::as_jump;

/// What is kept of a command's complaints: the end says most.
const MAX_COMPLAINT: usize = 1024;

/// What only a shell understands.
const SHELL: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '"', '\'', '\\', '*', '?', '[', ']', '{', '}', '~', '#', '!', '=',
    '\n',
];

/// What the tokens of a command stand for.
pub(super) struct Tokens<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) user: &'a str,
    pub(super) alias: &'a str,
}

impl Tokens<'_> {
    /// The command to run; values are quoted for the shell where they need it.
    pub(super) fn fill_in(&self, command: &str) -> Result<String, String> {
        let value = |token| match token {
            'h' => Some(quoted(self.host)),
            'n' => Some(quoted(self.alias)),
            'p' => Some(self.port.to_string()),
            'r' => Some(quoted(self.user)),
            _ => None,
        };
        expand(command, value).map_err(|reason| format!("ProxyCommand: {reason}"))
    }
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:@%+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// How long a command that is over may take to finish complaining.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running command; killed with everything it started when dropped.
pub(super) struct Running {
    child: Child,
    _over: DropGuard,
}

/// What a command reads and writes; the command ends with it.
pub(super) type CommandStream = Held<Join<ChildStdout, ChildStdin>, Running>;

/// What a command wrote to its standard error, as far as it is kept.
#[derive(Clone, Default)]
pub(super) struct Complaint {
    kept: Arc<Mutex<Vec<u8>>>,
    reading: TaskTracker,
}

impl Complaint {
    /// Waits until the command has nothing more to say, for a moment at most; not at all where no command runs.
    pub(super) async fn complete(&self) {
        self.reading.close();
        // What it has not said by then is not in the message.
        let _ = tokio::time::timeout(LAST_WORDS, self.reading.wait()).await;
    }

    /// The last line of it, fit for a message.
    pub(super) fn last_line(&self) -> Option<String> {
        let bytes = self.kept.lock().expect("no code panics while it holds the lock");
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().expect("no code panics while it holds the lock");
        kept.extend_from_slice(bytes);
        let surplus = kept.len().saturating_sub(MAX_COMPLAINT);
        kept.drain(..surplus);
    }
}

/// Starts a command; its standard error is read all the time, so that it never blocks on it.
pub(super) fn run(command: &str, complaint: &Complaint) -> io::Result<CommandStream> {
    let mut child = prepare(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("the command has no streams"));
    };
    let over = CancellationToken::new();
    complaint.reading.spawn(drain(stderr, complaint.clone(), over.clone()));
    let running = Running {
        child,
        _over: over.drop_guard(),
    };
    Ok(Held::new(tokio::io::join(stdout, stdin), running))
}

fn prepare(command: &str) -> Command {
    let mut words = command.split_whitespace();
    match words.next() {
        Some(program) if !command.contains(SHELL) => {
            let mut prepared = Command::new(program);
            prepared.args(words);
            prepared
        }
        _ => {
            let mut prepared = Command::new("/bin/sh");
            prepared.arg("-c").arg(command);
            prepared
        }
    }
}

/// Reads to the end, which somebody who left the command's process group can put off, but not for ever.
async fn drain(mut stderr: ChildStderr, complaint: Complaint, over: CancellationToken) {
    let reading = async {
        let mut buffer = [0; 1024];
        // An error here is the end of the stream as far as anybody cares.
        while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
            complaint.add(&buffer[..length]);
        }
    };
    tokio::select! {
        () = reading => {}
        // What comes later than this is lost with the command.
        () = async { over.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => {}
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            // What the command started belongs to it; it may all have ended already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests;
