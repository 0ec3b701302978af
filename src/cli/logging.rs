//! Log lines on stderr: one line per event, as text or JSON, without what libraries print of payloads.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::{
    environment::Parsed,
    findings::{Findings, Section},
    options::LogFormat,
};

/// Libraries that print payloads, passwords and keys among them, below the level of a warning.
const TALKATIVE: [&str; 4] = ["rmcp", "russh", "hyper", "rustnetconf"];

/// The name of this crate in targets.
const OWN: &str = "rust_junosmcp::";

/// Starts logging; once per process.
pub(super) fn start(parsed: &Parsed, findings: &mut Findings) {
    let filter = EnvFilter::builder().parse_lossy(directives(parsed, findings));
    let options = &parsed.line.options;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .event_format(Lines(options.log_format))
        .with_filter(filter.and(filter_fn(is_harmless)));
    // A second start in one process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::WARN || !is_talkative(metadata.target())
}

fn is_talkative(target: &str) -> bool {
    TALKATIVE.iter().any(|name| target.starts_with(name))
}

/// The filter: what was typed, else `RUST_LOG`, else the variable or the default.
fn directives(parsed: &Parsed, findings: &mut Findings) -> String {
    let level = parsed.line.options.log_level.as_str().to_owned();
    if parsed.is_typed("log_level") {
        return level;
    }
    match std::env::var("RUST_LOG") {
        Ok(text) if !text.trim().is_empty() => judged(&text, findings),
        _ => level,
    }
}

/// The directives without those that would make a talkative library print more than warnings.
fn judged(text: &str, findings: &mut Findings) -> String {
    let mut kept = Vec::new();
    for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        let (target, level) = directive.rsplit_once('=').unwrap_or((directive, "trace"));
        let is_quiet = matches!(
            level.to_ascii_lowercase().as_str(),
            "off" | "error" | "warn" | "0" | "1" | "2"
        );
        if is_talkative(target) && !is_quiet {
            findings.note(
                Section::Settings,
                format!("log directive '{directive}' is ignored: {target} would print payloads"),
            );
        } else {
            kept.push(directive);
        }
    }
    kept.join(",")
}

/// The form of a line.
struct Lines(LogFormat);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let ts = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let level = *event.metadata().level();
        let target = short(event.metadata().target());
        match self.0 {
            LogFormat::Text => writeln!(writer, "{ts} {:<5} {target}: {}", level.as_str(), fields.as_text()),
            LogFormat::Json => writeln!(writer, "{}", fields.into_json(ts, level, target)),
        }
    }
}

/// The module that speaks: `server` for everything below `server/`.
fn short(target: &str) -> &str {
    target
        .strip_prefix(OWN)
        .map_or(target, |rest| rest.split("::").next().unwrap_or(rest))
}

/// What an event says.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }

    /// One line, whatever the values hold.
    fn as_text(&self) -> String {
        let mut line = escaped(&self.message);
        for (name, value) in &self.others {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(name);
            line.push('=');
            match value {
                Value::String(text) if is_plain(text) => line.push_str(text),
                value => line.push_str(&value.to_string()),
            }
        }
        line
    }

    fn into_json(self, ts: String, level: Level, target: &str) -> Value {
        let mut line = Map::new();
        line.insert("ts".to_owned(), ts.into());
        line.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        line.insert("target".to_owned(), target.into());
        line.insert("msg".to_owned(), self.message.into());
        for (name, value) in self.others {
            line.entry(name).or_insert(value);
        }
        Value::Object(line)
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '='))
}

/// The text without control characters, which could forge a line or move a terminal's cursor.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let (plain, escape) = if c.is_control() {
                (None, Some(c.escape_default()))
            } else {
                (Some(c), None)
            };
            plain.into_iter().chain(escape.into_iter().flatten())
        })
        .collect()
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_that_would_print_payloads_are_dropped_with_a_warning() {
        let mut findings = Findings::default();
        let kept = judged(
            "debug, russh=trace,rmcp::service=info,hyper=warn,rmcp,rust_junosmcp=trace",
            &mut findings,
        );
        assert_eq!(kept, "debug,hyper=warn,rust_junosmcp=trace");
        assert_eq!(findings.warnings().len(), 3);
    }

    #[test]
    fn a_line_stays_one_line() {
        let mut fields = Fields {
            message: "first\nsecond".to_owned(),
            ..Fields::default()
        };
        fields.others.insert("router".to_owned(), "edge1".into());
        fields.others.insert("text".to_owned(), "two words\n".into());
        assert_eq!(fields.as_text(), r#"first\nsecond router=edge1 text="two words\n""#);
    }

    #[test]
    fn a_target_is_the_module_that_speaks() {
        assert_eq!(short("rust_junosmcp::server::stdio"), "server");
        assert_eq!(short("russh::client"), "russh::client");
    }
}
