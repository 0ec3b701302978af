//! Software packages: judged, installed for the next start, taken back.

use std::sync::Arc;

use super::command::Done;
use super::{After, Answer, Call};
use crate::lab::errors;
use crate::lab::fault::{Action, Trigger};
use crate::lab::files::{Content, File, Files, Method, ROOT};
use crate::lab::operational::Asker;
use crate::lab::power::Shutdown;
use crate::lab::profile::{Family, Wrapper};
use crate::lab::recorder::What;
use crate::lab::router::Router;
use crate::lab::software::release_of;
use crate::lab::xml::escape;

/// Where installed packages are kept.
const KEPT: &str = "/var/sw/pkg";

/// What can be done with packages.
#[derive(Debug, Clone, Copy)]
enum Request<'a> {
    Validate(&'a str),
    Add {
        package: &'a str,
        /// Do not keep the package beside what was installed.
        no_copy: bool,
        /// Take the package away once it is installed.
        unlink: bool,
        reboot: bool,
    },
    Rollback,
    Pending,
}

/// What became of it: the text, and the result where one is told.
struct Outcome {
    text: String,
    result: Option<u8>,
    reboot: bool,
}

impl Outcome {
    fn new(text: impl Into<String>, result: u8) -> Self {
        Self {
            text: text.into(),
            result: Some(result),
            reboot: false,
        }
    }
}

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let operation = call.operation;
    let router = &call.session.router;
    let (name, of_host) = match operation.name.strip_prefix("request-vmhost-package-") {
        Some(name) => (name, true),
        None => (operation.name.strip_prefix("request-package-")?, false),
    };
    if of_host && router.profile().family != Family::Mx {
        return None;
    }
    let package = operation.value("package-name").or(operation.value("package"));
    let request = match (name, package) {
        ("validate" | "add", None) => return Some(Answer::body(errors::missing("package-name"))),
        ("validate", Some(package)) => Request::Validate(package),
        ("add", Some(package)) => Request::Add {
            package,
            no_copy: operation.has("no-copy"),
            unlink: operation.has("unlink"),
            reboot: operation.has("reboot"),
        },
        ("rollback", _) => Request::Rollback,
        ("checks-pending-install", _) => Request::Pending,
        _ => return None,
    };
    let asker = Asker {
        user: &call.session.link.user,
        by: (call.session.link.number, Some(call.session.id)),
    };
    let done = carry_out(router, &asker, request);
    Some(Answer {
        body: done.reply,
        after: done.after,
    })
}

/// The commands `request system software …`; `None` when it is another.
pub(super) fn command(router: &Arc<Router>, asker: &Asker<'_>, words: &[&str]) -> Option<Result<Done, String>> {
    let rest = match words {
        ["request", "system", "software", rest @ ..] => rest,
        ["request", "vmhost", "software", rest @ ..] if router.profile().family == Family::Mx => rest,
        _ => return None,
    };
    let request = match rest {
        ["validate", package, ..] => Request::Validate(package),
        ["add", package, options @ ..] => Request::Add {
            package,
            no_copy: options.contains(&"no-copy"),
            unlink: options.contains(&"unlink"),
            reboot: options.contains(&"reboot"),
        },
        ["rollback", ..] => Request::Rollback,
        _ => return None,
    };
    Some(Ok(carry_out(router, asker, request)))
}

fn carry_out(router: &Arc<Router>, asker: &Asker<'_>, request: Request<'_>) -> Done {
    let outcome = match request {
        Request::Validate(package) => validate(router, asker, package),
        Request::Add {
            package,
            no_copy,
            unlink,
            ..
        } => {
            let mut outcome = add(router, asker, package, no_copy, unlink);
            outcome.reboot = outcome.result == Some(0) && matches!(request, Request::Add { reboot: true, .. });
            outcome
        }
        Request::Rollback => roll_back(router, asker),
        Request::Pending => pending(router, asker),
    };
    let text = format!("{}\n", outcome.text);
    Done {
        reply: wrapped(router, &outcome),
        text,
        after: match outcome.reboot {
            true => After::GoDown(Shutdown::REBOOT),
            false => After::Continue,
        },
    }
}

fn wrapped(router: &Router, outcome: &Outcome) -> String {
    let mut body = format!("<output>\n{}\n</output>\n", escape(&outcome.text));
    if let Some(result) = outcome.result {
        body.push_str(&format!("<package-result>{result}</package-result>\n"));
    }
    let Wrapper::Always(members) = router.profile().wrapper else {
        return body;
    };
    let items = members.iter().map(|member| {
        format!("<multi-routing-engine-item>\n\n<re-name>{member}</re-name>\n\n{body}</multi-routing-engine-item>\n\n")
    });
    let items: String = items.collect();
    format!("<multi-routing-engine-results>\n\n{items}</multi-routing-engine-results>\n")
}

/// A package that could be installed.
struct Judged {
    release: String,
    name: String,
    content: Content,
}

/// Looks a package over: whether it is there, is one, and is signed.
fn judged(router: &Arc<Router>, asker: &Asker<'_>, package: &str) -> Result<Judged, Outcome> {
    let firing = router.suffers(asker.by, &Trigger::Package);
    let found = router.with_state(asker.by, |state, _| {
        let file = state.files.read(package, ROOT).map(|(_, content)| content.clone());
        file.ok().filter(|content| content.len() > 0)
    });
    let Some(content) = found else {
        return Err(Outcome {
            text: format!("ERROR: package: {package} is not found or empty"),
            result: None,
            reboot: false,
        });
    };
    let name = package.rsplit('/').next().unwrap_or(package).to_owned();
    let Some(release) = release_of(&name) else {
        let text = format!("ERROR: {name} is not a valid package name: no release in it");
        return Err(Outcome::new(text, 1));
    };
    let sum = content.digest(Method::Sha256);
    let listed = router
        .world
        .settings
        .bad_images
        .iter()
        .any(|bad| bad.eq_ignore_ascii_case(&sum));
    if listed || firing.iter().any(|fault| *fault.action() == Action::BadImage) {
        let text = format!(
            "Verifying {name}\nERROR: signature of {name} does not match its content\nERROR: package was not installed"
        );
        return Err(Outcome::new(text, 1));
    }
    Ok(Judged { release, name, content })
}

fn validate(router: &Arc<Router>, asker: &Asker<'_>, package: &str) -> Outcome {
    match judged(router, asker, package) {
        Err(outcome) => outcome,
        Ok(judged) => Outcome::new(
            format!(
                "Verified {} signed by LabProduction\nChecking compatibility with configuration\nValidation succeeded",
                judged.name
            ),
            0,
        ),
    }
}

fn add(router: &Arc<Router>, asker: &Asker<'_>, package: &str, no_copy: bool, unlink: bool) -> Outcome {
    let judged = match judged(router, asker, package) {
        Err(outcome) => return outcome,
        Ok(judged) => judged,
    };
    let installed = router.with_state(asker.by, |state, now| {
        if state.software.pending().is_some() {
            return Err(already_pending());
        }
        room(&state.files, &judged, no_copy)?;
        if !no_copy {
            let copy = File::new(judged.content.clone(), ROOT, now);
            let stored = state.files.store(&format!("{KEPT}/{}", judged.name), copy, ROOT);
            stored.map_err(|error| Outcome::new(format!("ERROR: cannot keep {}: {error}", judged.name), 1))?;
        }
        if unlink {
            // The package was read a moment ago; a disk that has become read-only keeps it.
            state.files.remove(package, ROOT).ok();
        }
        state.software.install(judged.release.clone());
        Ok(())
    });
    if let Err(outcome) = installed {
        return outcome;
    }
    let release = judged.release;
    router.note(
        asker.by.0,
        asker.by.1,
        What::Installed {
            release: release.clone(),
        },
    );
    Outcome::new(
        format!(
            "Verified {} signed by LabProduction\nJUNOS {release} will become active at next reboot\n\
             WARNING: A reboot is required to load this software\nSaving state for rollback ...",
            judged.name
        ),
        0,
    )
}

/// Unpacking takes as much as the package, and so does the copy that is kept.
fn room(files: &Files, judged: &Judged, no_copy: bool) -> Result<(), Outcome> {
    let wanted = judged.content.len() * if no_copy { 1 } else { 2 };
    let free = files.room(&format!("{KEPT}/{}", judged.name), ROOT);
    let free = free.map_err(|error| Outcome::new(format!("ERROR: {KEPT}: {error}"), 1))?;
    if free < wanted {
        let text = format!(
            "ERROR: insufficient space to install {}: {wanted} bytes needed, {free} free",
            judged.name
        );
        return Err(Outcome::new(text, 1));
    }
    Ok(())
}

fn already_pending() -> Outcome {
    Outcome::new(
        "There is already an install pending.\n    Complete it with 'request system reboot',\n    \
         or back it out with 'request system software rollback'.",
        1,
    )
}

fn roll_back(router: &Arc<Router>, asker: &Asker<'_>) -> Outcome {
    let release = router.with_state(asker.by, |state, _| state.software.roll_back().map(str::to_owned));
    match release {
        Some(release) => Outcome::new(
            format!("Junos version '{release}' will become active at next reboot"),
            0,
        ),
        None => Outcome::new("ERROR: Cannot rollback: no earlier package is on this router", 1),
    }
}

fn pending(router: &Arc<Router>, asker: &Asker<'_>) -> Outcome {
    match router.with_state(asker.by, |state, _| state.software.pending().is_some()) {
        true => already_pending(),
        false => Outcome::new("No install is pending.", 0),
    }
}
