//! The rules of the house that a compiler does not check.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// A longer file holds more than one idea.
const MAX_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the checkout with its path relative to the checkout and its text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let name = path
                    .strip_prefix(root())
                    .expect("below the checkout")
                    .display()
                    .to_string();
                found.push((name, fs::read_to_string(&path).expect("source files are text")));
            }
        }
    }
    found.sort();
    found
}

/// The files of the product, without those that hold only unit tests.
fn product_files() -> Vec<(String, String)> {
    let is_test = |path: &str| path.ends_with("/tests.rs") || path.ends_with("/testing.rs") || path.contains("/tests/");
    files("src", "rs")
        .into_iter()
        .filter(|(path, text)| !is_test(path) && !text.contains("\n#![cfg(test)]\n"))
        .collect()
}

/// A source text up to its unit tests.
fn product(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// The code of a source text: no comments, no unit tests.
fn code(text: &str) -> String {
    product(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The module that a source file belongs to, as the list of layers names it.
fn module(path: &str) -> &str {
    let rest = path.strip_prefix("src/").expect("a source file");
    rest.split('/').next().expect("not empty").trim_end_matches(".rs")
}

/// Rank of each module, read from the list on the library's head page; those on one line share a rank.
fn layers() -> HashMap<String, usize> {
    let head = fs::read_to_string(root().join("src/lib.rs")).expect("the library");
    let mut ranks = HashMap::new();
    for (rank, line) in head.lines().filter_map(|line| line.strip_prefix("//! - ")).enumerate() {
        for name in line.split('`').skip(1).step_by(2) {
            ranks
                .entry(name.trim_end_matches('/').trim_end_matches(".rs").to_owned())
                .or_insert(rank);
        }
    }
    ranks
}

#[test]
fn a_module_names_only_modules_below_it() {
    let ranks = layers();
    let mut wrong = Vec::new();
    for (path, text) in product_files() {
        let own = module(&path);
        if matches!(own, "lib" | "main") {
            continue;
        }
        let rank = *ranks
            .get(own)
            .unwrap_or_else(|| panic!("{path}: module '{own}' is not in the list of layers"));
        let code = code(&text).replace("crate::{", "crate::\u{1}");
        for piece in code.split("crate::").skip(1) {
            for named in named_modules(piece) {
                let Some(&other) = ranks.get(named) else { continue };
                let allowed = if own == "lab" {
                    matches!(named, "lab" | "clock")
                } else if named == "lab" {
                    own == "cli"
                } else {
                    named == own || other > rank
                };
                if !allowed {
                    wrong.push(format!("{path} names {named}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first path segments of what follows `crate::`, a group in braces included.
fn named_modules(piece: &str) -> Vec<&str> {
    let Some(group) = piece.strip_prefix('\u{1}') else {
        return vec![word(piece)];
    };
    let mut depth = 0_usize;
    let mut names = Vec::new();
    let mut start = 0;
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(group[start..index].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(group[start..index].trim()));
                start = index + 1;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

#[test]
fn a_library_has_one_owner() {
    let owners: [(&str, &[&str]); 10] = [
        ("rmcp::", &["server"]),
        ("axum::", &["server"]),
        ("hyper::", &["server"]),
        ("clap::", &["cli"]),
        ("russh::", &["devices", "lab"]),
        ("rustnetconf::", &["devices", "workflows"]),
        ("rustez::", &["devices"]),
        ("minijinja::", &["template"]),
        ("std::env::", &["cli", "inventory"]),
        ("std::process::Command", &["cli", "template", "devices"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in product_files() {
        let code = code(&text);
        for (library, modules) in owners {
            let used = code.contains(library) || code.contains(&format!("use {}{{", library));
            if used && !modules.contains(&module(&path)) && path != "src/main.rs" {
                wrong.push(format!("{path} uses {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_output_module_opens_what_a_router_said() {
    for (path, text) in product_files() {
        let opens = code(&text).contains(".reveal()");
        assert!(!opens || path.starts_with("src/output/"), "{path} opens a DeviceText");
    }
}

#[test]
fn nothing_but_protocol_reaches_stdout_and_logs_go_through_tracing() {
    for (path, text) in product_files() {
        let prints = ["println!", "print!(", "eprintln!", "eprint!("]
            .iter()
            .any(|print| code(&text).contains(print));
        assert!(!prints || path.starts_with("src/cli/"), "{path} prints");
    }
}

#[test]
fn no_file_outgrows_one_idea() {
    let long: Vec<String> = product_files()
        .iter()
        .map(|(path, text)| (path, product(text).lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for folder in ["src", "tests", "benches", "examples"] {
        for (path, text) in files(folder, "rs") {
            assert!(text.starts_with("//! "), "{path} does not begin with a //! line");
        }
    }
}

#[test]
fn tests_wait_for_events_and_build_nothing() {
    for (path, text) in files("tests", "rs") {
        if path.ends_with("tidy.rs") {
            continue;
        }
        assert!(!text.contains("sleep("), "{path} sleeps");
        assert!(!text.contains("Command::new(\"cargo"), "{path} calls cargo");
    }
}

#[test]
fn there_are_no_stubs_and_no_paths_of_one_machine() {
    let words = ["todo!(", "unimplemented!(", "FIXME", "XXX", "dbg!("];
    for folder in ["src", "tests", "benches", "examples", "docs", "scripts", "packaging"] {
        for ending in ["rs", "md", "sh", "py", "txt", "toml"] {
            for (path, text) in files(folder, ending) {
                if path.ends_with("tidy.rs") {
                    continue;
                }
                for word in words {
                    assert!(!text.contains(word), "{path} contains {word}");
                }
                for place in ["/home/", "/Users/"] {
                    assert!(!text.contains(place), "{path} contains a path of one machine: {place}");
                }
            }
        }
    }
}

#[test]
fn the_lock_file_holds_released_crates_and_one_crypto_provider() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file");
    assert!(
        !lock.contains("name = \"aws-lc"),
        "aws-lc came in through a default feature"
    );
    assert!(!lock.contains("source = \"git+"), "a git dependency");
}

/// Long passages of the lab's assets must not stand in the reference data either, where that is at hand.
#[test]
fn the_lab_is_written_by_hand() {
    const LONG: usize = 60;
    let reference = root().join("../shared/reference");
    if !reference.is_dir() {
        return;
    }
    let corpus = squeezed(&read_all(&reference));
    for ending in ["rs", "txt", "set", "conf"] {
        for (path, text) in files("src/lab", ending) {
            for line in text.lines() {
                let line = squeezed(line);
                let line = line.trim();
                let is_constant = line.contains("urn:ietf:params") || line.contains("http://xml.juniper.net/");
                if line.len() >= LONG && !is_constant {
                    assert!(!corpus.contains(line), "{path} repeats reference data: {line}");
                }
            }
        }
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_all(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&read_all(&path));
        } else if let Ok(content) = fs::read_to_string(&path) {
            text.push_str(&content);
            text.push('\n');
        }
    }
    text
}
