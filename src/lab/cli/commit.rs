//! `commit` at the command line: check, confirmed, comment, and-quit.

use super::configure;
use super::console::{Console, Step};
use crate::lab::candidate::Window;
use crate::lab::config::{ConfigError, Severity};
use crate::lab::configuration;
use crate::lab::history::Origin;
use crate::lab::profile::Wrapper;
use crate::lab::rpc::{log_commit, refusal_words};

/// Minutes to confirm in when none are given.
const DEFAULT_MINUTES: u32 = 10;

/// What a commit is asked to do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    check: bool,
    confirmed: Option<u32>,
    comment: Option<String>,
    and_quit: bool,
}

/// Commits the candidate of this editor.
pub(super) fn commit(console: &mut Console, options: &str) -> Step {
    let Some(request) = Request::read(options) else {
        return Step::failed("syntax error.\n");
    };
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let host = user.router.name.clone();
    let who = &editing.who;
    let done = user.work(|state, now| {
        let window = request.confirmed.map(Window::Minutes);
        let tree = state.databases.committable(who, window.is_some());
        let tree = tree.map_err(|refusal| format!("error: {}\n", refusal_words(&refusal, now)))?;
        let findings = configuration::check(&tree);
        let remarks: String = findings.iter().map(finding).collect();
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            state.databases.check_failed();
            return Err(format!("{remarks}error: configuration check-out failed\n"));
        }
        if request.check {
            state.databases.checked();
            return Ok(remarks);
        }
        let origin = Origin {
            user: who.user.clone(),
            client: "cli",
            log: request.comment.clone(),
        };
        state.databases.activate(who, tree, origin, window, now);
        log_commit(state, now, &host, who, request.comment.as_deref());
        Ok(remarks)
    });
    let mut text = match done {
        Ok(remarks) => remarks,
        Err(words) => return Step::failed(words),
    };
    text.push_str(&success(user.router.profile().wrapper, &request));
    if request.and_quit && !request.check {
        text.push_str(&configure::left(console).text);
    }
    Step::said(text)
}

impl Request {
    fn read(options: &str) -> Option<Self> {
        let mut request = Self::default();
        let mut rest = options.trim();
        while !rest.is_empty() {
            let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let behind = behind.trim_start();
            let is = |whole: &str, least: usize| word.len() >= least && whole.starts_with(word);
            rest = behind;
            if is("check", 2) {
                request.check = true;
            } else if is("confirmed", 4) {
                let (number, after) = behind.split_once(char::is_whitespace).unwrap_or((behind, ""));
                let minutes = number.parse::<u32>().ok();
                request.confirmed = Some(minutes.unwrap_or(DEFAULT_MINUTES));
                if minutes.is_some() {
                    rest = after.trim_start();
                }
            } else if is("comment", 4) {
                let (comment, after) = quoted(behind)?;
                request.comment = Some(comment);
                rest = after;
            } else if is("and-quit", 1) {
                request.and_quit = true;
            } else if !is("synchronize", 1) && !is("force", 1) && !is("no-synchronize", 4) {
                return None;
            }
        }
        let in_range = request.confirmed.is_none_or(|minutes| (1..=65_535).contains(&minutes));
        in_range.then_some(request)
    }
}

/// A text in quotes or one word, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    match text.strip_prefix('"') {
        Some(inside) => {
            let (comment, after) = inside.split_once('"')?;
            Some((comment.to_owned(), after.trim_start()))
        }
        None => {
            let (word, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            (!word.is_empty()).then(|| (word.to_owned(), after.trim_start()))
        }
    }
}

/// One finding of the checks: where, what, why.
fn finding(finding: &ConfigError) -> String {
    if finding.severity == Severity::Warning {
        return format!("warning: {}\n", finding.message);
    }
    let mut text = String::new();
    if let Some(path) = &finding.path {
        text.push_str(&format!("{path}\n"));
    }
    if let Some(element) = &finding.bad_element {
        text.push_str(&format!("  '{element}'\n"));
    }
    text + &format!("    {}\n", finding.message)
}

fn success(wrapper: Wrapper, request: &Request) -> String {
    let mark = match request.check {
        true => "configuration check succeeds\n",
        false => "commit complete\n",
    };
    let mut text = String::new();
    if let Some(minutes) = request.confirmed.filter(|_| !request.check) {
        text.push_str(&format!(
            "commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\n"
        ));
    }
    match wrapper {
        // Several members report one by one.
        Wrapper::Always(members) => {
            for member in members {
                text.push_str(&format!("{member}:\n{mark}"));
            }
        }
        Wrapper::Never | Wrapper::InvokeOn(_) => text.push_str(mark),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order() {
        let request = Request::read("conf 5 comment \"two words\" and-quit").expect("known options");
        let expected = Request {
            confirmed: Some(5),
            comment: Some("two words".to_owned()),
            and_quit: true,
            check: false,
        };
        assert_eq!(request, expected);
        assert_eq!(
            Request::read("confirmed").and_then(|request| request.confirmed),
            Some(10)
        );
        assert!(Request::read("check").is_some_and(|request| request.check));
        for wrong in ["now", "confirmed 0", "confirmed 65536", "comment \"open"] {
            assert_eq!(Request::read(wrong), None, "{wrong}");
        }
    }
}
