//! The journal of systemd, over its native protocol.

use std::{io, os::unix::net::UnixDatagram, path::Path};

use serde_json::{Map, Value};

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Marks all our records, so that `journalctl MESSAGE_ID=…` finds them.
const MESSAGE_ID: &str = "6f2c1b7be7a94c3f9d0e5a4c8b1d2e37";

/// A connection to the journal.
#[derive(Debug)]
pub(super) struct Journald(UnixDatagram);

impl Journald {
    /// Connects; nothing is sent yet.
    pub(super) fn connect(socket: &Path) -> io::Result<Self> {
        let datagram = UnixDatagram::unbound()?;
        datagram.connect(socket)?;
        // A journal that does not read must not hold up a call.
        datagram.set_nonblocking(true)?;
        Ok(Self(datagram))
    }

    /// Sends one record.
    pub(super) fn send(&self, text: &str, record: &Map<String, Value>) -> io::Result<()> {
        let mut message = Vec::new();
        field(&mut message, "MESSAGE", text);
        field(&mut message, "MESSAGE_ID", MESSAGE_ID);
        field(&mut message, "PRIORITY", "6");
        field(&mut message, "SYSLOG_IDENTIFIER", "rust-junosmcp");
        flatten(&mut message, "JMCP_AUDIT", &Value::Object(record.clone()));
        self.0.send(&message).map(|_| ())
    }
}

/// Members of objects get names of their own; lists are joined.
fn flatten(message: &mut Vec<u8>, name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                flatten(message, &format!("{name}_{}", member.to_ascii_uppercase()), value);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            field(message, name, &items.join(","));
        }
        other => field(message, name, &plain(other)),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value with a line end is sent with its length, as the protocol has it.
fn field(message: &mut Vec<u8>, name: &str, value: &str) {
    message.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        message.push(b'\n');
        message.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        message.push(b'=');
    }
    message.extend_from_slice(value.as_bytes());
    message.push(b'\n');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_arrives_flattened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let listening = UnixDatagram::bind(&path).expect("bound");
        let journal = Journald::connect(&path).expect("connected");
        let record =
            json!({"tool": "x", "caller": {"name": "noc"}, "routers": ["a", "b"], "error": "one\ntwo", "seq": 7});
        journal
            .send("AUDIT ok", record.as_object().expect("an object"))
            .expect("sent");
        let mut buffer = [0; 4096];
        let size = listening.recv(&mut buffer).expect("received");
        let text = String::from_utf8_lossy(&buffer[..size]);
        for line in [
            "MESSAGE=AUDIT ok",
            "JMCP_AUDIT_TOOL=x",
            "JMCP_AUDIT_CALLER_NAME=noc",
            "JMCP_AUDIT_ROUTERS=a,b",
            "JMCP_AUDIT_SEQ=7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(text.contains("JMCP_AUDIT_ERROR\n\u{7}\0\0\0\0\0\0\0one\ntwo\n"));
    }
}
