//! The program under test, started with nothing in its environment but what a test says.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// Longest life of a program under test, many times what any test needs: one that waits for what never comes fails.
const LONGEST: Duration = Duration::from_secs(300);

/// A command line in a home directory of its own.
pub(crate) struct Program {
    home: TempDir,
    command: Command,
    /// A socket that is handed over in place of the input.
    socket: Option<Stdio>,
}

/// What a finished program left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        set_mode(home.path(), 0o700);
        let mut command = Command::new(env!("CARGO_BIN_EXE_rust-junosmcp"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            home,
            command,
            socket: None,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Hands a socket over as service managers do: as descriptor 3, named by variables. A shell moves it there, for only the
    /// program itself can know the number of its process.
    pub(crate) fn handed(mut self, socket: impl Into<OwnedFd>) -> Self {
        const SCRIPT: &str = r#"exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .env_clear()
            .envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(self.home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.command = shell;
        self.socket = Some(Stdio::from(socket.into()));
        self
    }

    /// Puts a file into the working directory.
    pub(crate) fn file(self, name: &str, mode: u32, text: &str) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().expect("below the home directory")).expect("a directory");
        fs::write(&path, text).expect("a file");
        set_mode(&path, mode);
        self
    }

    /// Starts it with a low limit of open files, as many systems do.
    pub(crate) fn with_few_files(mut self) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "ulimit -Sn 256 && exec \"$0\" \"$@\""])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .env_clear()
            .env("HOME", self.home.path())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.command = shell;
        self
    }

    /// Lets everybody search the working directory, so that modes of files in it matter.
    pub(crate) fn in_open_directory(self) -> Self {
        set_mode(self.home.path(), 0o755);
        self
    }

    pub(crate) fn run(mut self) -> Ended {
        if let Some(socket) = self.socket.take() {
            self.command.stdin(socket);
        }
        let child = self.command.spawn().expect("the program starts");
        let _leash = Leash::of(&child);
        let output = child.wait_with_output().expect("it ends");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(self.socket.take().unwrap_or_else(Stdio::piped));
        let mut child = self.command.spawn().expect("the program starts");
        let leash = Leash::of(&child);
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Running {
            child,
            stdin,
            stdout,
            home: self.home,
            _leash: leash,
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Kills a program that outlives its test, so that whoever waits for it sees the end of its output.
struct Leash(#[allow(dead_code, reason = "dropped, not used")] Sender<()>);

impl Leash {
    fn of(child: &Child) -> Self {
        let process = rustix::process::Pid::from_child(child);
        let (leash, held) = channel();
        thread::spawn(move || {
            if held.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                eprintln!("a program under test is killed after {LONGEST:?}: its test waits for what never comes");
                // It may have ended this very moment.
                let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            }
        });
        Self(leash)
    }
}

/// A program that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    home: TempDir,
    _leash: Leash,
}

impl Running {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The next line of its output; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        line
    }

    /// Reads no further, as `head` does: what the program prints from now on meets a closed pipe.
    pub(crate) fn read_no_further(&mut self) {
        let (nothing, _) = std::io::pipe().expect("a pipe");
        self.stdout = BufReader::new(OwnedFd::from(nothing).into());
    }

    /// Its log, to be read while it runs.
    pub(crate) fn take_stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("piped, and not taken before")
    }

    pub(crate) fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        writeln!(stdin, "{line}").expect("the program reads");
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("it runs");
    }

    /// Waits for its end while its input stays open.
    pub(crate) fn wait(mut self) -> Option<i32> {
        let _input = self.stdin.take();
        self.child.wait().expect("it ends").code()
    }

    /// Closes its input and waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stdout = String::new();
        std::io::Read::read_to_string(&mut self.stdout, &mut stdout).expect("text");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("piped");
        std::io::Read::read_to_string(&mut pipe, &mut stderr).expect("text");
        let code = self.child.wait().expect("it ends").code();
        Ended { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One router in an inventory, with an inline password.
pub(crate) const INLINE: &str =
    r#"{"edge1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"}}}"#;

/// One router in an inventory, with its password in a variable.
pub(crate) const BY_VARIABLE: &str = r#"{"edge1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password_env": "EDGE_PASSWORD"}}}"#;
