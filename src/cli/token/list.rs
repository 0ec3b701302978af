//! `token list`: what there is, never a secret or a hash.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{super::output, List};
use crate::{
    tokens::{Document, Row, Tokens},
    tools,
};

/// The head of the table.
const HEAD: [&str; 6] = ["NAME", "ROUTERS", "TOOLS", "CREATED", "EXPIRES", "STATUS"];

/// Prints the table, or a document.
pub(super) fn run(request: &List) -> anyhow::Result<()> {
    let path = &request.place.tokens_file;
    let rows = Document::read(path)?.rows();
    if rows.is_empty() && !request.json {
        eprintln!("(no tokens)");
        return Ok(());
    }
    let usable = usable(path)?;
    let now = Utc::now();
    let lines: Vec<[String; 6]> = rows.iter().map(|row| line(row, &usable, now)).collect();
    if request.json {
        output::document(&rows.iter().zip(&lines).map(document).collect::<Vec<_>>())?;
    } else {
        output::write(&table(&lines))?;
    }
    Ok(())
}

/// The names of tokens that the server would accept if they have not ended.
pub(super) fn usable(path: &std::path::Path) -> anyhow::Result<Vec<String>> {
    let registry = tools::registry();
    let tokens = match tools::with_vocabulary(&registry, |known| Tokens::read(path, known)) {
        Ok(tokens) => tokens,
        Err(_) if !path.exists() => Tokens::default(),
        Err(fault) => anyhow::bail!("'{}': {fault}", path.display()),
    };
    Ok(tokens.names().map(str::to_owned).collect())
}

/// Whether a token has ended.
pub(super) fn has_expired(row: &Row, now: DateTime<Utc>) -> bool {
    let end = row
        .expires_at
        .as_deref()
        .and_then(|end| DateTime::parse_from_rfc3339(end).ok());
    end.is_some_and(|end| end <= now)
}

fn line(row: &Row, usable: &[String], now: DateTime<Utc>) -> [String; 6] {
    let status = if !usable.contains(&row.name) {
        "disabled"
    } else if has_expired(row, now) {
        "expired"
    } else {
        "active"
    };
    let list = |items: &[String]| {
        if items.is_empty() {
            "-".to_owned()
        } else {
            items.join(",")
        }
    };
    [
        if row.name.is_empty() {
            "-".to_owned()
        } else {
            row.name.clone()
        },
        list(&row.routers),
        list(&row.tools),
        row.created_at.clone().unwrap_or_else(|| "-".to_owned()),
        row.expires_at.clone().unwrap_or_else(|| "never".to_owned()),
        status.to_owned(),
    ]
}

fn document((row, line): (&Row, &[String; 6])) -> Value {
    json!({
        "name": row.name,
        "routers": row.routers,
        "tools": row.tools,
        "created_at": row.created_at,
        "rotated_at": row.rotated_at,
        "expires_at": row.expires_at,
        "status": line[5],
    })
}

fn table(lines: &[[String; 6]]) -> String {
    let head = HEAD.map(str::to_owned);
    let all = || std::iter::once(&head).chain(lines);
    let width = |column: usize| all().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for line in all() {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
