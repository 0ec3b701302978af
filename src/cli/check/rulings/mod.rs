//! `check --rules`: the rules that hold for one router, and what they say about a command or a file.

mod page;

use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};

use crate::{
    blocklist::Explanation,
    cli::{FAILED, assemble::Assembled, commands::Check, findings::Findings, output},
    inventory::Entry,
    junos::{Command, set_line},
    tools::{Code, Failure},
};

/// What one command or one line would get.
struct Ruling {
    /// Its number, for a line of a file.
    line: Option<usize>,
    input: String,
    verdict: Verdict,
}

enum Verdict {
    /// What each form of it, and each command inside it, meets.
    Judged(Vec<Explanation>),
    /// Refused whatever the rules say.
    Refused(Failure),
}

/// Prints the rules and the rulings; the exit code says whether everything would pass.
pub(super) fn print(
    router: &str,
    request: &Check,
    assembled: &Assembled,
    findings: &Findings,
) -> anyhow::Result<ExitCode> {
    let entry = entry(router, assembled, findings)?;
    let rulings = rulings(entry, request, assembled.tools.read_only)?;
    if request.json {
        output::document(&page::document(entry, rulings.as_deref()))?;
    } else {
        output::write(&page::text(entry, rulings.as_deref()))?;
    }
    let passes = rulings.iter().flatten().all(|ruling| ruling.verdict.passes());
    Ok(ExitCode::from(if passes { 0 } else { FAILED }))
}

fn entry<'a>(router: &str, assembled: &'a Assembled, findings: &Findings) -> anyhow::Result<&'a Entry> {
    let Some(inventory) = &assembled.inventory else {
        let reasons: Vec<&str> = findings
            .refusals()
            .into_iter()
            .map(|refusal| refusal.text.as_str())
            .collect();
        bail!("there is no inventory to take rules from: {}", reasons.join("; "));
    };
    let found = inventory
        .get(router)
        .ok_or_else(|| anyhow!("router '{router}' not found in device mapping"))?;
    found.entry.as_deref().ok_or_else(|| {
        let problems: Vec<&str> = found.problems.iter().map(|problem| problem.text.as_str()).collect();
        anyhow!("router '{router}' is disabled: {}", problems.join("; "))
    })
}

/// The rulings on what the request asks about; `None` when it asks for the rules only.
fn rulings(entry: &Entry, request: &Check, read_only: bool) -> anyhow::Result<Option<Vec<Ruling>>> {
    let read_only = read_only || entry.read_only;
    if let Some(text) = &request.command {
        let command = Command::parse(text, None).map_err(Failure::from);
        return Ok(Some(vec![of_command(entry, text, command, read_only)]));
    }
    if let Some(text) = &request.pfe_command {
        let command = Command::parse_pfe(text).map_err(Failure::from);
        return Ok(Some(vec![of_command(entry, text, command, read_only)]));
    }
    let Some(path) = &request.config_file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read '{}'", path.display()))?;
    Ok(Some(of_payload(entry, &text, read_only)))
}

fn of_command(entry: &Entry, text: &str, command: Result<Command, Failure>, read_only: bool) -> Ruling {
    let verdict = match command {
        Err(failure) => Verdict::Refused(failure),
        Ok(command) => {
            let explanations = entry.rules.explain_command(&command);
            let denied = explanations.iter().any(|explanation| explanation.denied);
            // As in a call, a denied command is reported as that.
            match read_only && !denied && !command.reads_only() {
                true => Verdict::Refused(only_read("the command may change something")),
                false => Verdict::Judged(explanations),
            }
        }
    };
    Ruling {
        line: None,
        input: text.to_owned(),
        verdict,
    }
}

fn of_payload(entry: &Entry, text: &str, read_only: bool) -> Vec<Ruling> {
    let written = |line: usize| text.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
    let lines = match set_line::parse_payload(text) {
        Ok(lines) => lines,
        Err(fault) => {
            return vec![Ruling {
                line: Some(fault.line),
                input: written(fault.line),
                verdict: Verdict::Refused(Failure::new(Code::InvalidArgument, fault.message)),
            }];
        }
    };
    let rulings = lines.iter().map(|line| Ruling {
        line: Some(line.line()),
        input: written(line.line()),
        verdict: match read_only {
            true => Verdict::Refused(only_read("its configuration is not changed from here")),
            false => Verdict::Judged(entry.rules.explain_line(line)),
        },
    });
    rulings.collect()
}

fn only_read(reason: &str) -> Failure {
    Failure::new(
        Code::ReadOnly,
        format!("the router or the server is read-only: {reason}"),
    )
}

impl Verdict {
    fn passes(&self) -> bool {
        match self {
            Self::Judged(explanations) => explanations.iter().all(|explanation| !explanation.denied),
            Self::Refused(_) => false,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Judged(_) if self.passes() => "allowed",
            Self::Judged(_) => "denied",
        }
    }

    /// The explanation that decides: the first refusal, else that of the form which a rule matched.
    fn decisive(&self) -> Option<&Explanation> {
        let Self::Judged(explanations) = self else { return None };
        let refusal = explanations.iter().find(|explanation| explanation.denied);
        let matched = || explanations.iter().find(|explanation| explanation.pattern.is_some());
        refusal.or_else(matched).or(explanations.last())
    }
}
