//! `token audit`: tokens that are too wide, too old, unused or broken.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{FAILED, environment::Parsed, modes::Exposure, output, places},
    Audit, FailOn, list, scope,
};
use crate::{
    inventory::Inventory,
    tokens::{Document, Granted, Row, Scopes, Tokens, Used, usage_on_file},
    tools::{self, Effect, Spec},
};

/// A token that nobody used for this long is not needed.
const UNUSED: TimeDelta = TimeDelta::days(90);

/// A token that was never used this long after it was made never will be.
const NEVER_USED: TimeDelta = TimeDelta::days(30);

/// A secret is known to more people than one thinks after this.
const OLD: TimeDelta = TimeDelta::days(365);

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

#[derive(Debug)]
struct Finding {
    level: Level,
    code: &'static str,
    token: Option<String>,
    text: String,
}

/// What tokens are judged by.
struct Judge<'a> {
    registry: Vec<Spec>,
    inventory: Option<Inventory>,
    usage: Option<BTreeMap<String, Used>>,
    usable: Vec<String>,
    now: DateTime<Utc>,
    rows: &'a [Row],
    findings: Vec<Finding>,
}

/// Prints the findings; the exit code says whether one is as bad as asked.
pub(super) fn run(parsed: &Parsed, request: &Audit) -> anyhow::Result<ExitCode> {
    let path = &request.place.tokens_file;
    let rows = Document::read(path)?.rows();
    let inventory = match parsed.is_typed("device_mapping") {
        true => Some(
            Inventory::read(&parsed.line.options.device_mapping)
                .map_err(|fault| anyhow::anyhow!("the inventory cannot be used: {fault}"))?,
        ),
        false => None,
    };
    let state_dir = request.state_dir.clone().unwrap_or_else(places::state);
    let mut judge = Judge {
        registry: tools::registry(),
        inventory,
        usage: usage_on_file(&state_dir)?,
        usable: list::usable(path)?,
        now: Utc::now(),
        rows: &rows,
        findings: Vec::new(),
    };
    judge.file(path)?;
    rows.iter().for_each(|row| judge.token(row));
    judge.twins();
    let mut findings = judge.findings;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    if request.json {
        output::document(&findings.iter().map(document).collect::<Vec<_>>())?;
    } else {
        output::write(&findings.iter().map(line).collect::<String>())?;
    }
    let limit = match request.fail_on {
        FailOn::Warn => Level::Warn,
        FailOn::Error => Level::Error,
    };
    let fails = findings.iter().any(|finding| finding.level >= limit);
    Ok(if fails {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

fn line(finding: &Finding) -> String {
    let token = finding
        .token
        .as_ref()
        .map(|name| format!("token '{name}': "))
        .unwrap_or_default();
    format!(
        "{:5} {} {token}{}\n",
        finding.level.as_str(),
        finding.code,
        finding.text
    )
}

fn document(finding: &Finding) -> Value {
    json!({
        "level": finding.level.as_str(),
        "code": finding.code,
        "token": finding.token,
        "text": finding.text,
    })
}

impl Judge<'_> {
    fn found(&mut self, level: Level, code: &'static str, token: &str, text: impl Into<String>) {
        self.findings.push(Finding {
            level,
            code,
            token: (!token.is_empty()).then(|| token.to_owned()),
            text: text.into(),
        });
    }

    /// The file as a whole, and entries that its reader complains of.
    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let directory = path
            .parent()
            .filter(|folder| *folder != Path::new(""))
            .unwrap_or(Path::new("."));
        for place in [path, directory] {
            if let Some(exposure) = Exposure::of(place).filter(Exposure::is_open_to_others) {
                let text = format!(
                    "'{}' is open to group or others (mode {})",
                    place.display(),
                    exposure.mode()
                );
                self.found(Level::Error, "T01", "", text);
            }
        }
        if path.exists() {
            let read = tools::with_vocabulary(&self.registry, |known| Tokens::read(path, known));
            let tokens = read.map_err(|fault| anyhow::anyhow!("'{}': {fault}", path.display()))?;
            for finding in tokens.findings() {
                let (level, code) = match (finding.disables, finding.text.contains("stands alone")) {
                    (true, _) | (_, true) => (Level::Error, "T02"),
                    (false, false) => (Level::Warn, "T07"),
                };
                self.found(level, code, "", finding.text.clone());
            }
        }
        if self.usage.is_none() && !self.rows.is_empty() {
            self.found(
                Level::Info,
                "T09",
                "",
                "it is not known when tokens were used: no server has written it down yet",
            );
        }
        Ok(())
    }

    fn token(&mut self, row: &Row) {
        let name = row.name.as_str();
        if !self.usable.iter().any(|usable| usable == name) {
            return;
        }
        let scopes = tools::with_vocabulary(&self.registry, |known| Scopes::new(&row.tools, &row.routers, known));
        let Ok((scopes, _)) = scopes else { return };
        let may = |effect: Effect| {
            let mut of_effect = self.registry.iter().filter(|spec| spec.effect == effect);
            of_effect.any(|spec| scopes.grants(spec.scoped()) == Granted::Full)
        };
        let (operates, writes, destroys) = (may(Effect::Operate), may(Effect::Write), may(Effect::Destroy));
        let everywhere = self.reaches_everything(row, &scopes);
        if destroys && everywhere {
            self.found(Level::Error, "T03", name, "may destroy on every router");
        } else if writes && everywhere {
            self.found(Level::Warn, "T04", name, "may write to every router");
        }
        if row.expires_at.is_none() {
            let level = if operates || writes || destroys {
                Level::Warn
            } else {
                Level::Info
            };
            self.found(level, "T05", name, "never ends");
        }
        if list::has_expired(row, self.now) {
            self.found(Level::Warn, "T06", name, "has ended and is still in the file");
        }
        if row.routers.is_empty() || row.tools.is_empty() {
            self.found(Level::Warn, "T11", name, "grants nothing: a scope is empty");
        }
        let full = |tool: &str| {
            let spec = self.registry.iter().find(|spec| spec.name == tool);
            spec.is_some_and(|spec| scopes.grants(spec.scoped()) == Granted::Full)
        };
        if full("add_device") && full("load_and_commit_config") {
            let text = "may write the inventory and commit: it can reach hosts of its own choice";
            self.found(Level::Warn, "T12", name, text);
        }
        self.strangers(row);
        self.age(row);
    }

    /// Whether every router is in scope, as far as that is known without an inventory.
    fn reaches_everything(&self, row: &Row, scopes: &Scopes) -> bool {
        let stars = row
            .routers
            .iter()
            .any(|entry| !entry.is_empty() && entry.chars().all(|c| c == '*'));
        let all = self.inventory.as_ref().is_some_and(|inventory| {
            let mut routers = inventory.routers();
            routers.len() > 0 && routers.all(|router| scopes.reaches(&router.name, &scope::tags(router)))
        });
        stars || scopes.reaches_all() || all
    }

    fn strangers(&mut self, row: &Row) {
        let Some(inventory) = &self.inventory else { return };
        let strangers: Vec<String> = scope::strangers(inventory, &row.routers).into_iter().cloned().collect();
        for entry in strangers {
            self.found(Level::Warn, "T08", &row.name, format!("'{entry}' matches no device"));
        }
    }

    fn age(&mut self, row: &Row) {
        let time = |text: &Option<String>| {
            let text = text.as_deref()?;
            DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
        };
        let made = time(&row.rotated_at).or_else(|| time(&row.created_at));
        let age = made.map(|made| self.now - made);
        if age.is_some_and(|age| age > OLD) {
            self.found(
                Level::Warn,
                "T10",
                &row.name,
                "has had the same secret for more than 365 days",
            );
        }
        let Some(usage) = &self.usage else { return };
        match usage.get(&row.name).map(|used| self.now - used.last_used_at) {
            Some(unused) if unused > UNUSED => {
                self.found(Level::Warn, "T09", &row.name, "was not used for 90 days");
            }
            None if age.is_some_and(|age| age > NEVER_USED) => {
                self.found(
                    Level::Warn,
                    "T09",
                    &row.name,
                    "was never used in the 30 days since it was made",
                );
            }
            _ => {}
        }
    }

    /// Tokens that differ in nothing but their names.
    fn twins(&mut self) {
        for (index, row) in self.rows.iter().enumerate() {
            let same = |other: &&Row| other.tools == row.tools && other.routers == row.routers;
            if let Some(twin) = self.rows[..index].iter().find(same) {
                let text = format!("has the same scopes as '{}'", twin.name);
                self.found(Level::Info, "T13", &row.name, text);
            }
        }
    }
}
