//! HTTP as a client that measures needs it: one request at a time on a connection that stays open.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection that sends at once what it is given.
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("an option");
    stream
}

/// Sends a request and reads one reply into the buffer.
pub(crate) async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) {
    stream.write_all(request).await.expect("sent");
    buffer.clear();
    while !is_whole(buffer) {
        assert_ne!(stream.read_buf(buffer).await.expect("read"), 0, "the server hangs up");
    }
}

fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(reply, b"\r\n\r\n") else {
        return false;
    };
    let (head, body) = (&reply[..end], &reply[end + 4..]);
    match memchr::memmem::find(head, b"content-length: ") {
        Some(at) => {
            let digits = head[at + 16..].iter().take_while(|byte| byte.is_ascii_digit());
            let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
            body.len() >= length
        }
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// The body of a reply, chunks put together.
pub(crate) fn body(reply: &[u8]) -> String {
    let end = memchr::memmem::find(reply, b"\r\n\r\n").expect("a head");
    let (head, mut rest) = (&reply[..end], &reply[end + 4..]);
    let mut whole = Vec::new();
    if memchr::memmem::find(head, b"transfer-encoding: chunked").is_none() {
        whole.extend_from_slice(rest);
    } else {
        while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
            let digits = std::str::from_utf8(&rest[..at]).expect("digits");
            let length = usize::from_str_radix(digits, 16).expect("a length");
            whole.extend_from_slice(&rest[at + 2..at + 2 + length]);
            rest = &rest[(at + length + 4).min(rest.len())..];
        }
    }
    String::from_utf8(whole).expect("text")
}

/// A message to `/mcp` in one request. `headers` end their lines.
pub(crate) fn post(secret: &str, message: &serde_json::Value, headers: &str) -> Vec<u8> {
    let body = message.to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The session that a reply opens.
pub(crate) fn session(reply: &[u8]) -> String {
    let head = String::from_utf8_lossy(reply).to_ascii_lowercase();
    let mut lines = head.lines();
    let id = lines.find_map(|line| line.strip_prefix("mcp-session-id: "));
    id.expect("a session").to_owned()
}

/// `sha256:` of a secret, as a file of tokens has it.
pub(crate) fn hash_of(secret: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(secret.as_bytes());
    let digits = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
    format!("sha256:{digits}")
}
