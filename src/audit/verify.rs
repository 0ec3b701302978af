//! Whether a chain of records is whole.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{
    chain::{self, Hasher, Position},
    record::SCHEMA_VERSION,
};

/// Records are at most 16 KiB; a longer line is none.
const LONGEST_LINE: u64 = 64 * 1024;

/// A clock may be set back a little by time synchronisation.
const BACK: TimeDelta = TimeDelta::seconds(1);

/// What a whole chain holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Its records.
    pub(crate) records: u64,
    /// The time of the first.
    pub(crate) first: String,
    /// The time of the last.
    pub(crate) last: String,
    /// The hash of the last.
    pub(crate) hash: String,
    /// Whether the anchor that was asked for is among the hashes; yes when none was.
    pub(crate) anchored: bool,
}

/// The first place where it is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The file.
    pub(crate) file: PathBuf,
    /// The line, counted from 1.
    pub(crate) line: u64,
    /// Why.
    pub(crate) reason: &'static str,
}

/// Reads files in the order of their chain. `Ok(Err(…))` is a chain that is not whole, `Err(…)` a file that cannot be read.
pub(crate) fn verify(
    files: &[PathBuf],
    key: Option<&[u8]>,
    anchor: Option<&str>,
) -> Result<Result<Verified, Broken>, (PathBuf, io::Error)> {
    let mut walk = Walk::new(Hasher::new(key), anchor);
    for path in files {
        let unreadable = |fault| (path.clone(), fault);
        let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut number = 0;
        while let Some(line) = next_line(&mut reader).map_err(unreadable)? {
            number += 1;
            if let Err(reason) = walk.step(&line, path, number) {
                let broken = Broken {
                    file: path.clone(),
                    line: number,
                    reason,
                };
                return Ok(Err(broken));
            }
        }
    }
    Ok(walk.end())
}

/// The next line, shortened if it is longer than any record.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok((read > 0).then_some(line))
}

/// What is known of the chain so far.
struct Walk<'a> {
    hasher: Hasher,
    anchor: Option<&'a str>,
    at: Option<Position>,
    time: Option<DateTime<Utc>>,
    found: Verified,
    /// Changes that were announced and have not ended, and where.
    announced: BTreeMap<String, (PathBuf, u64)>,
}

impl<'a> Walk<'a> {
    fn new(hasher: Hasher, anchor: Option<&'a str>) -> Self {
        let found = Verified {
            anchored: anchor.is_none(),
            ..Verified::default()
        };
        Self {
            hasher,
            anchor,
            at: None,
            time: None,
            found,
            announced: BTreeMap::new(),
        }
    }

    fn step(&mut self, line: &[u8], path: &Path, number: u64) -> Result<(), &'static str> {
        let line = std::str::from_utf8(line).map_err(|_| "not JSON")?;
        let record: Value = serde_json::from_str(line).map_err(|_| "not JSON")?;
        if record["schema_version"] != SCHEMA_VERSION {
            return Err("unknown schema_version");
        }
        let (unsealed, hash) = chain::unseal(line).ok_or("hash mismatch")?;
        if self.hasher.hash(&unsealed) != hash {
            return Err("hash mismatch");
        }
        let seq = record["seq"].as_u64().ok_or("seq gap")?;
        let prev = record["prev"].as_str().unwrap_or_default();
        match &self.at {
            Some(at) if seq != at.next => return Err("seq gap"),
            Some(at) if prev != at.hash => return Err("prev mismatch"),
            // The files may begin in the middle of a chain, but not before its beginning.
            None if seq == 0 && prev != chain::START => return Err("prev mismatch"),
            _ => {}
        }
        self.time_passes(&record)?;
        self.events_agree(&record, path, number)?;
        self.found.records += 1;
        self.found.anchored |= self.anchor == Some(hash);
        self.found.hash = hash.to_owned();
        self.at = Some(Position {
            next: seq + 1,
            hash: hash.to_owned(),
        });
        Ok(())
    }

    fn time_passes(&mut self, record: &Value) -> Result<(), &'static str> {
        let text = record["ts"].as_str().unwrap_or_default();
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| "not JSON")?.to_utc();
        if self.time.is_some_and(|before| before - time > BACK) {
            return Err("time went back");
        }
        if self.found.first.is_empty() {
            text.clone_into(&mut self.found.first);
        }
        text.clone_into(&mut self.found.last);
        self.time = Some(self.time.map_or(time, |before| before.max(time)));
        Ok(())
    }

    /// What was announced ended, or the process did.
    fn events_agree(&mut self, record: &Value, path: &Path, number: u64) -> Result<(), &'static str> {
        let call_id = record["call_id"].as_str().unwrap_or_default();
        match record["event"].as_str().unwrap_or_default() {
            "chain_break" => return Err("chain_break"),
            "server_start" => self.announced.clear(),
            "tool_intent" => {
                self.announced.insert(call_id.to_owned(), (path.to_owned(), number));
            }
            "tool_call" => {
                self.announced.remove(call_id);
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self) -> Result<Verified, Broken> {
        match self.announced.into_values().min() {
            Some((file, line)) => Err(Broken {
                file,
                line,
                reason: "intent without outcome",
            }),
            None => Ok(self.found),
        }
    }
}
