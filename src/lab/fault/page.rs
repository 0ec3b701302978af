//! The tables of the manual, made from the table that reads the files.

#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::actions::actions;
use super::shapes::shapes;
use super::table::{Deed, Point, triggers};
use super::written::fitting;

fn tables() -> String {
    let mut page = "| trigger | when it is reached |\n|---|---|\n".to_owned();
    for row in triggers() {
        let argument = match &row.read {
            Point::Plain(_) => "",
            Point::Name(_) => ":NAME",
            Point::Number(_) => ":N",
        };
        writeln!(page, "| `{}{argument}` | {} |", row.word, row.meaning).expect("memory");
    }
    page.push_str("\n| action | what it does | at | example |\n|---|---|---|---|\n");
    for row in actions() {
        let word = row.word;
        let form = match &row.read {
            Deed::Plain(_) => format!("\"{word}\""),
            Deed::Number(unit, _) => format!("{{\"{word}\": {unit}}}"),
            Deed::Text(_) => format!("{{\"{word}\": TEXT}}"),
            Deed::Forms(forms, _) => format!("{{\"{word}\": {forms}}}"),
        };
        let places: Vec<String> = fitting(row).map(|word| format!("`{word}`")).collect();
        let places = places.join(" ");
        writeln!(page, "| `{form}` | {} | {places} | `{}` |", row.meaning, row.example).expect("memory");
    }
    page
}

fn answers() -> String {
    let mut page = "| name | when a router answers so |\n|---|---|\n".to_owned();
    for shape in shapes() {
        writeln!(page, "| `{}` | {} |", shape.name, shape.meaning).expect("memory");
    }
    page
}

/// The page with fresh text between the marks of that name.
fn renewed(page: &str, name: &str, text: &str) -> String {
    let (start, end) = (
        format!("<!-- {name}: generated -->\n"),
        format!("<!-- end of {name} -->\n"),
    );
    let (before, rest) = page.split_once(&start).expect("the start of the table");
    let (_, after) = rest.split_once(&end).expect("the end of the table");
    format!("{before}{start}{text}{end}{after}")
}

#[test]
fn the_manual_lists_every_fault() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lab.md");
    let found = fs::read_to_string(&path).expect("the manual");
    let wanted = renewed(&renewed(&found, "faults", &tables()), "shapes", &answers());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("written");
        return;
    }
    assert!(
        found == wanted,
        "docs/lab.md is stale: run UPDATE_DOCS=1 cargo test --lib fault::page"
    );
}
