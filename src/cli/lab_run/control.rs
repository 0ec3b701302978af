//! The control socket of a running lab: one JSON request a line, one JSON answer a line.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use crate::lab::{Faults, Injected, Lab, RouterHandle};

/// Longest request, in bytes: a configuration to edit fits.
const LONGEST: u64 = 1 << 20;

/// Clients that may be connected at once; a person has one or two.
const CLIENTS: usize = 16;

/// What can be asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// Where every router is.
    Routers,
    /// Arm a fault, as it stands in a file of faults.
    Inject { fault: Value },
    /// Take away every fault that was armed over this socket.
    Clear,
    /// What was recorded after the event of that number.
    Events {
        router: String,
        #[serde(default)]
        since: u64,
    },
    /// Edit the candidate as that user, with `set` lines.
    Edit { router: String, user: String, set: String },
    /// Lock the candidate as that user.
    Lock { router: String, user: String },
    /// Give that user's lock back.
    Unlock { router: String, user: String },
    /// Commit as that user, for good or for some minutes.
    Commit {
        router: String,
        user: String,
        minutes: Option<u32>,
    },
    /// Set the candidate back as that user.
    Rollback {
        router: String,
        user: String,
        number: usize,
    },
    /// That user leaves.
    Leave { router: String, user: String },
    /// Start the router again.
    Reboot { router: String },
    /// Reset every connection of the router.
    Cut { router: String },
}

/// A socket that listens; its file goes when it is dropped.
pub(super) struct Control {
    path: PathBuf,
    listener: UnixListener,
}

impl Control {
    /// Listens at that path, for this user alone.
    pub(super) fn listen(path: &Path) -> io::Result<Self> {
        // A lab that was killed leaves its socket behind; one that runs answers.
        if path.exists() {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            remove_socket(path)?;
        }
        let listener = UnixListener::bind(path)?;
        let control = Self {
            path: path.to_owned(),
            listener,
        };
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(control)
    }

    /// Answers until it is dropped.
    pub(super) async fn serve(&self, lab: &Arc<Lab>) {
        let desk = Arc::new(Desk {
            lab: lab.clone(),
            armed: Mutex::new(Vec::new()),
        });
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                // A client that is not yet accepted waits for the next turn.
                Some(_) = clients.join_next() => {}
                accepted = self.listener.accept(), if clients.len() < CLIENTS => {
                    if let Ok((stream, _)) = accepted {
                        clients.spawn(desk.clone().talk(stream));
                    }
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Somebody may have taken the file away already.
        fs::remove_file(&self.path).ok();
    }
}

struct Desk {
    lab: Arc<Lab>,
    armed: Mutex<Vec<Injected>>,
}

impl Desk {
    async fn talk(self: Arc<Self>, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        loop {
            let mut line = Vec::new();
            let limited = (&mut read).take(LONGEST).read_until(b'\n', &mut line).await;
            if !matches!(limited, Ok(1..)) || line.last() != Some(&b'\n') {
                return;
            }
            let answers = match serde_json::from_slice(&line) {
                Ok(request) => self.carry_out(request),
                Err(error) => Err(error.into()),
            };
            let answers = answers.unwrap_or_else(|error| vec![json!({"ok": false, "error": format!("{error:#}")})]);
            let text: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
            if write.write_all(text.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// The lines of an answer; the last one says `ok`.
    fn carry_out(&self, request: Request) -> anyhow::Result<Vec<Value>> {
        let mut lines = Vec::new();
        match request {
            Request::Routers => {
                let routers: Vec<Value> = self.lab.routers().iter().map(listed).collect();
                return Ok(vec![json!({"ok": true, "routers": routers})]);
            }
            Request::Inject { fault } => {
                let armed = self.lab.arm(&Faults::read(json!([fault]))?)?;
                self.armed().extend(armed);
            }
            Request::Clear => self.armed().drain(..).for_each(|fault| fault.remove()),
            Request::Events { router, since } => {
                for event in self.router(&router)?.seen_since(since) {
                    lines.push(serde_json::to_value(&event)?);
                }
            }
            Request::Edit { router, user, set } => self.router(&router)?.edit_as(&user, &set)?,
            Request::Lock { router, user } => self.router(&router)?.lock_as(&user)?,
            Request::Unlock { router, user } => self.router(&router)?.unlock_as(&user)?,
            Request::Commit { router, user, minutes } => match minutes {
                None => self.router(&router)?.commit_as(&user)?,
                Some(minutes) => self.router(&router)?.commit_confirmed_as(&user, minutes)?,
            },
            Request::Rollback { router, user, number } => self.router(&router)?.roll_back_as(&user, number)?,
            Request::Leave { router, user } => self.router(&router)?.leave_as(&user),
            Request::Reboot { router } => self.router(&router)?.reboot(),
            Request::Cut { router } => self.router(&router)?.cut(),
        }
        lines.push(json!({"ok": true}));
        Ok(lines)
    }

    fn router(&self, name: &str) -> anyhow::Result<&RouterHandle> {
        self.lab
            .router(name)
            .with_context(|| format!("no router '{name}' in this lab"))
    }

    fn armed(&self) -> std::sync::MutexGuard<'_, Vec<Injected>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listed(router: &RouterHandle) -> Value {
    json!({
        "name": router.name(),
        "address": router.address(),
        "profile": router.profile(),
        "locked_by": router.locked_by(),
        "uncommitted": !router.uncommitted().is_empty(),
    })
}

fn remove_socket(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    match fs::symlink_metadata(path)?.file_type().is_socket() {
        true => fs::remove_file(path),
        false => Err(io::ErrorKind::AlreadyExists.into()),
    }
}
