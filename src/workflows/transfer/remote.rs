//! What a router says of its files, and what it does with them.

use std::collections::HashSet;

use super::TransferFault;
use crate::{
    devices::{Device, Fault, Node, Reply, Rpc},
    work::Work,
};

/// Where Junos mounts the file system that holds `/var/tmp`, by release and platform; the first that is there.
const MOUNTS: [&str; 6] = ["/var/tmp", "/.mount/var/tmp", "/var", "/.mount/var", "/.mount", "/"];

/// Bytes of a block in `show system storage`, and what some releases count in instead.
const BLOCK: u64 = 512;
const LARGE_BLOCK: u64 = 1024;

/// How every release ends the sentence about a file that is not there.
const ABSENT: &str = "No such file or directory";

/// A file on a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteFile {
    /// Its name, without the folder.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) size: u64,
    /// In seconds since 1970, where the router tells it.
    pub(crate) modified: Option<i64>,
    /// Whose it is.
    pub(crate) owner: Option<String>,
}

/// A router and the time for what is asked of it.
pub(super) struct Remote<'a> {
    pub(super) device: &'a Device,
    pub(super) work: &'a Work,
}

impl Remote<'_> {
    /// The SHA-256 of a file; none if there is no such file.
    pub(super) async fn checksum(&self, path: &str) -> Result<Option<String>, TransferFault> {
        let mut asked = self.device.ask(&Rpc::sha256_checksum(path), self.work).await;
        if asked.as_ref().is_err_and(|fault| fault.code == "rpc_unsupported") {
            asked = self.device.ask(&Rpc::sha256_checksum_cli(path), self.work).await;
        }
        let unreadable = |why: &str| Err(TransferFault::probe(self.device.name(), "checksum", why));
        match asked {
            Err(fault) if is_absent(&fault) => Ok(None),
            Err(fault) if is_answer(&fault) => unreadable(&said(fault)),
            Err(fault) => Err(fault.into()),
            Ok(reply) => match told(&reply) {
                Told::Sum(sum) => Ok(Some(sum)),
                Told::Absent => Ok(None),
                Told::Nothing => unreadable("there is no checksum in its answer"),
            },
        }
    }

    /// Bytes that are free where `/var/tmp` lies; of several engines that answer, where there are fewest.
    pub(super) async fn free(&self) -> Result<u64, TransferFault> {
        let unreadable = |why: &str| TransferFault::probe(self.device.name(), "storage", why);
        let reply = match self.device.ask(&Rpc::system_storage(), self.work).await {
            Err(fault) if is_answer(&fault) => return Err(unreadable(&said(fault))),
            asked => asked?,
        };
        let tree = reply.tree().ok_or_else(|| unreadable("its answer is too large"))?;
        let engines = tree.descendants("system-storage-information");
        let free = engines.into_iter().filter_map(available).min();
        free.ok_or_else(|| unreadable("no file system in its answer holds /var/tmp"))
    }

    /// A file as the router lists it; none if there is no such file.
    pub(super) async fn file(&self, path: &str) -> Result<Option<RemoteFile>, TransferFault> {
        let name = path.rsplit('/').next().unwrap_or_default();
        Ok(self.list(path).await?.into_iter().find(|file| file.name == name))
    }

    /// The files at a path: that file, or the files in that folder.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<RemoteFile>, TransferFault> {
        let unreadable = |why: &str| TransferFault::probe(self.device.name(), "files", why);
        let asked = match self.device.ask(&Rpc::file_list(path), self.work).await {
            Err(fault) if fault.code == "rpc_unsupported" => {
                self.device.ask(&Rpc::file_list_cli(path), self.work).await
            }
            asked => asked,
        };
        let reply = match asked {
            Err(fault) if is_absent(&fault) => return Ok(Vec::new()),
            Err(fault) if is_answer(&fault) => return Err(unreadable(&said(fault))),
            asked => asked?,
        };
        let tree = reply.tree().ok_or_else(|| unreadable("its answer is too large"))?;
        let listed = tree.descendants("file-information");
        if listed.is_empty() {
            return Ok(words(&tree).lines().filter_map(row).collect());
        }
        Ok(listed.into_iter().filter_map(listed_file).collect())
    }

    /// Gives a file another name; the router's words if it does not.
    pub(super) async fn rename(&self, from: &str, to: &str) -> Result<Result<(), String>, Fault> {
        match self.device.ask(&Rpc::file_rename(from, to), self.work).await {
            Err(fault) if fault.code == "rpc_unsupported" => {
                outcome(self.device.ask(&Rpc::file_rename_cli(from, to), self.work).await)
            }
            asked => outcome(asked),
        }
    }

    /// Makes a second file of the same content; the router's words if it does not.
    pub(super) async fn copy(&self, from: &str, to: &str) -> Result<Result<(), String>, Fault> {
        outcome(self.device.ask(&Rpc::file_copy(from, to), self.work).await)
    }

    /// Takes a file away, on a session of its own if that of the pool is of no use.
    pub(super) async fn delete(&self, path: &str) -> Result<Result<(), String>, Fault> {
        let request = Rpc::file_delete(path);
        match outcome(self.device.ask(&request, self.work).await) {
            Ok(outcome) => Ok(outcome),
            Err(_) => {
                let mut lease = self.device.fresh(self.work).await?;
                let reply = lease.ask(&request, self.work).await?;
                Ok(refusal(&reply).map_or(Ok(()), Err))
            }
        }
    }
}

/// What a router says of a checksum.
enum Told {
    Sum(String),
    Absent,
    Nothing,
}

fn told(reply: &Reply) -> Told {
    let Some(tree) = reply.tree() else { return Told::Nothing };
    let structured = tree
        .descendants("checksum")
        .into_iter()
        .find_map(|sum| sha256(sum.text()));
    let words = words(&tree);
    // 24.4 answers the command with `sha256: (sha256: PATH: No such file or directory) = directory`.
    match structured.or_else(|| words.split_whitespace().find_map(sha256)) {
        Some(sum) => Told::Sum(sum),
        None if words.contains(ABSENT) => Told::Absent,
        None => Told::Nothing,
    }
}

fn sha256(word: &str) -> Option<String> {
    let is_sum = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum.then(|| word.to_ascii_lowercase())
}

/// What stands in a reply as text.
fn words(tree: &Node) -> String {
    let output = tree.descendants("output");
    let texts = output.iter().map(|output| output.text()).chain([tree.text()]);
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Whether the router has answered, and not the connection failed.
fn is_answer(fault: &Fault) -> bool {
    matches!(
        fault.code,
        "rpc_unsupported" | "permission_denied" | "device_error" | "syntax_error" | "reply_malformed"
    )
}

/// The router's own words, without ours around them.
fn said(fault: Fault) -> String {
    let words = fault.errors.into_iter().map(|error| error.message);
    match words.collect::<Vec<_>>().join("; ") {
        words if words.is_empty() => fault.message,
        words => words,
    }
}

fn is_absent(fault: &Fault) -> bool {
    let mut messages = fault.errors.iter().map(|error| error.message.trim_end());
    messages.any(|message| message.ends_with(ABSENT))
}

/// What became of a request that changes a file: an error, or any words at all, are a refusal.
fn outcome(asked: Result<Reply, Fault>) -> Result<Result<(), String>, Fault> {
    match asked {
        Ok(reply) => Ok(refusal(&reply).map_or(Ok(()), Err)),
        Err(fault) if is_answer(&fault) => Ok(Err(said(fault))),
        Err(fault) => Err(fault),
    }
}

fn refusal(reply: &Reply) -> Option<String> {
    if let Some(error) = reply.errors().next() {
        return Some(error.message.clone());
    }
    let words = reply.tree().map(|tree| words(&tree)).unwrap_or_default();
    (!words.is_empty()).then_some(words)
}

/// The free bytes of one engine.
fn available(engine: &Node) -> Option<u64> {
    let rows = engine.descendants("filesystem");
    let mount = |wanted: &str| rows.iter().find(|row| row.value("mounted-on") == Some(wanted));
    let row = MOUNTS.iter().find_map(|wanted| mount(wanted))?;
    let blocks = row.at("available-blocks")?;
    let count: u64 = blocks.text().parse().ok()?;
    let block = match blocks.attribute("format").and_then(rounded) {
        // The figure for people tells which of the two it is.
        Some(about) if about.abs_diff(count * LARGE_BLOCK) < about.abs_diff(count * BLOCK) => LARGE_BLOCK,
        _ => BLOCK,
    };
    count.checked_mul(block)
}

/// A figure such as `9.4G` in bytes.
fn rounded(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "" | "B" => 1.0,
        "K" => 1024.0,
        "M" => 1024.0 * 1024.0,
        "G" => 1024.0 * 1024.0 * 1024.0,
        "T" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let figure = number.parse::<f64>().ok()? * factor;
    (figure.is_finite() && figure >= 0.0).then_some(figure as u64)
}

fn listed_file(file: &Node) -> Option<RemoteFile> {
    if file.at("file-directory").is_some() || file.at("file-symlink-target").is_some() {
        return None;
    }
    let path = file.value("file-name")?;
    Some(RemoteFile {
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        size: file.value("file-size")?.parse().ok()?,
        modified: file.value("file-date").and_then(|date| date.parse().ok()),
        owner: file.value("file-owner").map(str::to_owned),
    })
}

/// A line such as `-rw-r--r--  1 root  wheel  1234 Nov 20 09:00 /var/tmp/a`: it does not say of which year.
fn row(line: &str) -> Option<RemoteFile> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [mode, _, owner, _, size, _, _, _, path] = fields.as_slice() else {
        return None;
    };
    mode.starts_with('-').then_some(())?;
    Some(RemoteFile {
        name: path.trim_end_matches('*').rsplit('/').next()?.to_owned(),
        size: size.parse().ok()?,
        modified: None,
        owner: Some((*owner).to_owned()),
    })
}

/// Names of what copies have left there that were cut off, by the look of it more than `age` seconds before `now`.
pub(super) fn leftovers(files: &[RemoteFile], now: i64, age: i64) -> Vec<String> {
    let is_left = |file: &&RemoteFile| {
        let mark = file.name.rsplit_once(".mcp-").is_some_and(|(_, mark)| mark.len() == 8);
        mark && file.modified.is_some_and(|modified| now - modified > age)
    };
    let names: HashSet<&str> = files.iter().filter(is_left).map(|file| file.name.as_str()).collect();
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(rows: &[(&str, &str, u64)]) -> Option<u64> {
        let rows: String = rows
            .iter()
            .map(|(mount, format, blocks)| {
                format!(
                    "<filesystem><available-blocks junos:format=\"{format}\">\n{blocks}\n</available-blocks>\
                     <mounted-on>\n{mount}\n</mounted-on></filesystem>"
                )
            })
            .collect();
        available(&Node::parse(&format!(
            "<system-storage-information>{rows}</system-storage-information>"
        )))
    }

    #[test]
    fn the_free_space_is_that_where_var_tmp_lies() {
        assert_eq!(storage(&[("/", "1G", 2_097_152), ("/var", "512B", 1)]), Some(512));
        assert_eq!(storage(&[("/.mount", "1.0K", 2), ("/config", "1G", 9)]), Some(1024));
        // Counted in blocks of 1,024 bytes, as its figure for people shows.
        assert_eq!(storage(&[("/var", "9.8G", 10_276_044)]), Some(10_276_044 * 1024));
        assert_eq!(storage(&[("/var", "", 4)]), Some(2048));
        assert_eq!(
            storage(&[("/config", "1G", 9)]),
            None,
            "never as if there were nothing free"
        );
    }

    #[test]
    fn a_list_in_text_is_read_too() {
        let file = row("-rw-r--r--  1 root  wheel      1234 Nov 20 09:00 /var/tmp/a.tgz").expect("a file");
        assert_eq!((file.name.as_str(), file.size, file.modified), ("a.tgz", 1234, None));
        for other in [
            "total blocks: 12",
            "/var/tmp/:",
            "drwxr-xr-x  2 root wheel 512 Nov 20 09:00 d/",
            "",
        ] {
            assert_eq!(row(other), None, "{other}");
        }
    }

    #[test]
    fn only_old_names_of_our_kind_are_leftovers() {
        let file = |name: &str, modified| RemoteFile {
            name: name.to_owned(),
            size: 1,
            modified,
            owner: None,
        };
        let files = [
            file("b.mcp-0a1b2c3d", Some(0)),
            file("a.mcp-0a1b2c3d", Some(0)),
            file("new.mcp-0a1b2c3d", Some(95)),
            file("undated.mcp-0a1b2c3d", None),
            file("other.mcp-1", Some(0)),
            file("other", Some(0)),
        ];
        assert_eq!(leftovers(&files, 100, 10), ["a.mcp-0a1b2c3d", "b.mcp-0a1b2c3d"]);
    }
}
