//! The child: takes away from itself what a template must not have, then renders what it reads.

use std::{
    io::{self, Read as _, Write},
    process::ExitCode,
};

use minijinja::{Error, ErrorKind};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    environment, names,
    wire::{Answer, Request},
};

/// The word that makes this binary a renderer. Nobody types it.
pub(crate) const SUBCOMMAND: &str = "__render-template";

/// Memory of the whole child. A template that fits in 64 KiB needs a small part of it.
const MEMORY: u64 = 256 * 1024 * 1024;

/// Processor time; rendering takes milliseconds.
const CPU_SECONDS: u64 = 5;

/// Largest rendering: what a change may have.
pub(super) const OUTPUT: usize = 1024 * 1024;

/// Largest request: template and variables, each at most 64 KiB, written as JSON.
pub(super) const INPUT: u64 = 1024 * 1024;

/// Words of the engine's own limits, which it reports as it does mistakes.
const LIMITS: [&str; 3] = ["recursion limit", "too large", "too many"];

/// Renders one request from standard input to standard output.
pub(crate) fn run() -> ExitCode {
    confine();
    match answer().and_then(|answer| {
        let text = serde_json::to_vec(&answer)?;
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Where the system cannot limit memory, the other limits and the parent's stand.
fn confine() {
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).ok();
    }
}

fn answer() -> io::Result<Answer> {
    let mut input = Vec::new();
    io::stdin().lock().take(INPUT).read_to_end(&mut input)?;
    let request: Request = serde_json::from_slice(&input)?;
    Ok(render(&request))
}

/// Renders, or says why not.
pub(super) fn render(request: &Request) -> Answer {
    let environment = environment::new(request.xml);
    let template = match environment.template_from_named_str("template", &request.template) {
        Ok(template) => template,
        Err(error) => return told(&error),
    };
    if let Some(answer) = names::missing(&environment, &template, request) {
        return answer;
    }
    let mut page = Page(Vec::new());
    let variables = minijinja::Value::from(minijinja::value::Serde(&request.variables));
    if let Err(error) = template.render_captured_to(variables, &mut page) {
        return told(&error);
    }
    match String::from_utf8(page.0) {
        Ok(text) => Answer::Rendered { text },
        Err(_) => Answer::Render {
            line: None,
            text: "the rendering is not text".to_owned(),
        },
    }
}

fn told(error: &Error) -> Answer {
    let line = error.line();
    let detail = error.detail().unwrap_or_default();
    let words = error.kind().to_string();
    let text = if detail.is_empty() {
        words
    } else {
        format!("{words}: {detail}")
    };
    match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape | ErrorKind::InvalidDelimiter => Answer::Syntax { line, text },
        ErrorKind::UndefinedError => Answer::Undefined { line, text },
        ErrorKind::OutOfFuel => Answer::Limit {
            text: format!("more than {} steps", environment::STEPS),
        },
        ErrorKind::WriteFailure => Answer::Limit {
            text: format!("a rendering of more than {OUTPUT} bytes"),
        },
        _ if LIMITS.iter().any(|words| detail.contains(words)) => Answer::Limit { text },
        _ => Answer::Render { line, text },
    }
}

/// Takes what is rendered, and no more of it than a change may have.
struct Page(Vec<u8>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT {
            return Err(io::Error::other("the page is full"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
