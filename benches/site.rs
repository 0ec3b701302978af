//! A server and its routers as an operator runs them, each in a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A server that listens, and the lab that it reaches.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    /// The names of the routers.
    pub(crate) routers: Vec<String>,
    pub(crate) server: Child,
    lab: Child,
    folder: tempfile::TempDir,
}

impl Site {
    /// So many routers, and a server that takes these tokens.
    pub(crate) fn start(routers: usize, tokens: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut lab = program(folder.path())
            .args(["lab", "run", "--listen", "127.0.0.1:0", "--routers"])
            .args([&routers.to_string(), "--write-inventory", &path("lab")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        wait_for("ready: ", lab.stdout.take().expect("piped"));
        fs::write(folder.path().join("tokens.json"), tokens).expect("written");
        let mut server = program(folder.path())
            .args([
                "-f",
                &path("lab/devices.json"),
                "--known-hosts-file",
                &path("lab/known_hosts"),
            ])
            .args(["-t", "streamable-http", "-p", "0", "--insecure-file-modes"])
            .args([
                "--tokens-file",
                &path("tokens.json"),
                "--audit-log-file",
                &path("audit.jsonl"),
            ])
            .args(["--audit-format=off", "--state-dir", &path("state")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let line = wait_for("streamable-http listening on ", server.stderr.take().expect("piped"));
        let url = line.split(" on http://").nth(1).expect("a URL");
        let inventory = fs::read_to_string(path("lab/devices.json")).expect("written");
        let inventory: Value = serde_json::from_str(&inventory).expect("JSON");
        let names = inventory.as_object().expect("routers by name").keys();
        Self {
            address: url.trim().trim_end_matches("/mcp").parse().expect("an address"),
            routers: names.cloned().collect(),
            server,
            lab,
            folder,
        }
    }

    /// Asks the server to end; says with which code it did, and how many calls it has recorded.
    pub(crate) fn end(mut self) -> (Option<i32>, usize) {
        kill_process(Pid::from_child(&self.server), Signal::TERM).expect("it runs");
        let code = self.server.wait().expect("it ends").code();
        let records = fs::read_to_string(self.folder.path().join("audit.jsonl")).expect("written");
        let calls = records.lines().filter(|line| line.contains("\"event\":\"tool_call\""));
        (code, calls.count())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.lab] {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rust-junosmcp"));
    command
        .env_clear()
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The first line with this in it; what comes after it is read and thrown away.
fn wait_for(part: &str, output: impl Read + Send + 'static) -> String {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while !line.contains(part) {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).expect("text"),
            0,
            "it has ended before '{part}'"
        );
    }
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    line
}
