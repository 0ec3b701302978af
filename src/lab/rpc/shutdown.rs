//! Restart, halt and power-off: what the router says before it goes down, now or at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::command::{Done, output};
use super::{After, Answer, Call};
use crate::lab::errors;
use crate::lab::power::Shutdown;
use crate::lab::profile::Family;
use crate::lab::router::Router;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reboot,
    Halt,
    PowerOff,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "reboot" => Some(Self::Reboot),
            "halt" => Some(Self::Halt),
            "power-off" | "poweroff" => Some(Self::PowerOff),
            _ => None,
        }
    }

    fn prompt(self) -> &'static str {
        match self {
            Self::Reboot => "Reboot the system ? [yes,no] (no) ",
            Self::Halt => "Halt the system ? [yes,no] (no) ",
            Self::PowerOff => "Power Off the system ? [yes,no] (no) ",
        }
    }
}

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let router = &call.session.router;
    let name = call.operation.name.strip_prefix("request-")?;
    let (name, of_host) = match name.strip_prefix("vmhost-") {
        Some(name) if router.profile().family == Family::Mx => (name, true),
        Some(_) => return None,
        None => (name, false),
    };
    let kind = Kind::named(name)?;
    let when = [
        call.operation.value("in").map(|minutes| format!("+{minutes}")),
        call.operation.value("at").map(str::to_owned),
    ];
    let when = when.into_iter().flatten().next().unwrap_or_else(|| "now".to_owned());
    Some(match plan(router, kind, &when, of_host) {
        Ok(done) => Answer {
            body: done.reply,
            after: done.after,
        },
        Err(error) => Answer::body(error),
    })
}

/// The commands of the CLI; `None` when it is another.
pub(super) fn command(router: &Arc<Router>, words: &[&str]) -> Option<Result<Done, String>> {
    let (kind, options, of_host) = match words {
        ["request", "system", kind, options @ ..] => (kind, options, false),
        ["request", "vmhost", kind, options @ ..] if router.profile().family == Family::Mx => (kind, options, true),
        ["clear", "system", "reboot"] => {
            let text = match router.stay_up() {
                true => "Terminating the planned shutdown.\n",
                false => "No shutdown/reboot scheduled.\n",
            };
            return Some(Ok(Done::output(text)));
        }
        _ => return None,
    };
    let kind = Kind::named(kind)?;
    let option = |word: &str| {
        let at = options.iter().position(|option| *option == word)?;
        options.get(at + 1)
    };
    let when = match (option("in"), option("at")) {
        (Some(minutes), _) => format!("+{minutes}"),
        (None, Some(at)) => (*at).to_owned(),
        (None, None) => "now".to_owned(),
    };
    Some(plan(router, kind, &when, of_host))
}

fn plan(router: &Arc<Router>, kind: Kind, when: &str, of_host: bool) -> Result<Done, String> {
    let now = router.world.settings.clock.now();
    let Some(after) = span(when, now) else {
        return Err(errors::syntax(when.trim_start_matches('+')));
    };
    let due = now + TimeDelta::from_std(after).unwrap_or_default();
    let id = router.process_id();
    let status = match after.is_zero() {
        true => format!("Shutdown NOW!\n[pid {id}]"),
        false => format!("Shutdown at {}\n[pid {id}]", due.format("%a %b %e %H:%M:%S %Y")),
    };
    Ok(Done {
        reply: match of_host {
            true => of_vmhost(&status),
            false => asked(kind, due, &status),
        },
        text: format!("{status}\n"),
        after: After::GoDown(Shutdown {
            returns: kind == Kind::Reboot,
            after,
        }),
    })
}

/// How long from now: `now`, `+MINUTES`, or a time of the day.
fn span(when: &str, now: DateTime<Utc>) -> Option<Duration> {
    if when == "now" {
        return Some(Duration::ZERO);
    }
    if let Some(minutes) = when.strip_prefix('+') {
        let minutes: u32 = minutes.parse().ok()?;
        return Some(Duration::from_secs(u64::from(minutes) * 60));
    }
    let time = NaiveTime::parse_from_str(when, "%H:%M").ok()?;
    let span = time - now.time();
    let span = match span < TimeDelta::zero() {
        true => span + TimeDelta::days(1),
        false => span,
    };
    span.to_std().ok()
}

/// The question that a person would have been asked, then the status.
fn asked(kind: Kind, due: DateTime<Utc>, status: &str) -> String {
    let item = |name: &str, help: &str| {
        format!("<choice-item>\n<name>{name}</name>\n<help>{help}</help>\n<expandable/>\n</choice-item>\n")
    };
    let (yes, no) = (
        item("yes", "Perform the operation"),
        item("no", "Don't perform the operation"),
    );
    format!(
        "<rpc>\n<select-choice>\n{yes}{no}<default>no</default>\n<prompt>{}</prompt>\n</select-choice>\n</rpc>\n\
         <request-reboot-results>\n<request-reboot-status reboot-time=\"{}\">\n{status}\n</request-reboot-status>\n\
         </request-reboot-results>\n",
        kind.prompt(),
        due.timestamp()
    )
}

/// A router that is a guest of its own host speaks in warnings between two outputs.
fn of_vmhost(status: &str) -> String {
    let warnings = ["Rebooting re0 in 1 min", "Initiating Junos shutdown..."].map(errors::warning);
    format!(
        "{}{}{}",
        output("Initiating vmhost reboot...\n"),
        warnings.concat(),
        output(&format!("{status}\n"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_spans() {
        let noon = DateTime::from_timestamp(1_930_392_000, 0).expect("a valid time");
        let minutes = |when: &str| span(when, noon).map(|span| span.as_secs() / 60);
        assert_eq!(noon.format("%H:%M").to_string(), "12:00");
        assert_eq!(
            (minutes("now"), minutes("+5"), minutes("12:30")),
            (Some(0), Some(5), Some(30))
        );
        assert_eq!(
            (minutes("11:59"), minutes("+x"), minutes("soon")),
            (Some(1439), None, None)
        );
    }
}
