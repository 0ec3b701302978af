//! The parent: starts a child per rendering, and ends it when its time is over.

use std::{
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};

use super::{
    TemplateFault,
    child::{OUTPUT, SUBCOMMAND},
    wire::{Answer, Request},
};

/// Children at a time: two cores are busy with four, and their memory is bounded.
const CHILDREN: usize = 4;

/// Time of a rendering by the clock on the wall; a child that waits for nothing needs milliseconds.
const WALL: Duration = Duration::from_secs(10);

/// Largest answer: a rendering as JSON, in which each byte may take six.
const ANSWER: u64 = OUTPUT as u64 * 6 + 1024;

/// Renders templates.
pub(crate) struct Renderer {
    program: PathBuf,
    places: Semaphore,
}

impl Renderer {
    /// A renderer that starts this program.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self {
            program,
            places: Semaphore::new(CHILDREN),
        }
    }

    /// Renders one template. A caller that leaves ends the child.
    pub(crate) async fn render(&self, request: &Request) -> Result<String, TemplateFault> {
        let _place = self.places.acquire().await.expect("the places are never closed");
        let unavailable = |error: io::Error| TemplateFault::Unavailable(error.to_string());
        let mut child = self.start().map_err(unavailable)?;
        let text = serde_json::to_vec(request).map_err(|error| unavailable(error.into()))?;
        match timeout(WALL, talk(&mut child, &text)).await {
            Ok(Ok((answer, status))) => judged(&answer, status),
            Ok(Err(error)) => {
                // A killed child stops reading or writing in the middle.
                let status = timeout(WALL, child.wait()).await;
                tracing::debug!("the renderer broke off: {error}, {status:?}");
                Err(TemplateFault::Limit("the renderer was stopped".to_owned()))
            }
            Err(_) => {
                child.kill().await.map_err(unavailable)?;
                Err(TemplateFault::Limit(format!("more than {} s", WALL.as_secs())))
            }
        }
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(SUBCOMMAND)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Sends the request and reads the answer at the same time, so that neither side waits for the other.
async fn talk(child: &mut Child, request: &[u8]) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped").take(ANSWER);
    let mut answer = Vec::new();
    let send = async {
        let sent = stdin.write_all(request).await;
        drop(stdin);
        sent
    };
    let (sent, read) = tokio::join!(send, stdout.read_to_end(&mut answer));
    read?;
    sent?;
    // What is still written has nobody to read it: the child ends by that, too.
    drop(stdout);
    let status = child.wait().await?;
    Ok((answer, status))
}

fn judged(answer: &[u8], status: ExitStatus) -> Result<String, TemplateFault> {
    match serde_json::from_slice::<Answer>(answer) {
        Ok(answer) if status.success() => answer.into(),
        _ => Err(TemplateFault::Limit(
            "the renderer ran out of memory or processor time".to_owned(),
        )),
    }
}
