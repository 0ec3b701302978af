//! Signed tokens of an identity provider: what it vouches for comes in, everything else does not.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use super::{
    client::{Ask, connect, rest},
    server::Server,
};
use crate::{cli::program::Program, protocol::wire::request};

const ISSUER: &str = "https://id.example.net";
const AUDIENCE: &str = "https://mcp.example.net/mcp";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Issuer(Ed25519KeyPair);

impl Issuer {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key"))
    }

    fn keys(&self) -> String {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": encode(self.0.public_key())});
        json!({"keys": [key]}).to_string()
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut parts = json!({
            "header": {"alg": "EdDSA", "kid": "one", "typ": "at+jwt"},
            "claims": {"iss": ISSUER, "aud": AUDIENCE, "sub": "ops", "exp": now + 600,
                "scope": "get_router_list", "junos_routers": "*"},
        });
        change(&mut parts);
        let open = format!(
            "{}.{}",
            encode(parts["header"].to_string()),
            encode(parts["claims"].to_string())
        );
        let signature = match parts["header"]["alg"].as_str() {
            Some("EdDSA") => self.0.sign(open.as_bytes()).as_ref().to_vec(),
            // Key confusion: the public key, which everybody has, as a shared secret.
            Some("HS256") => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.public_key().as_ref());
                hmac::sign(&key, open.as_bytes()).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{open}.{}", encode(signature))
    }

    fn server(&self, more: &[&str]) -> Server {
        let arguments = [
            &["--lab=2", "-t", "streamable-http", "-p", "0", "--audit-format=json"][..],
            &[
                "--oauth-issuer",
                ISSUER,
                "--oauth-audience",
                AUDIENCE,
                "--oauth-jwks",
                "keys.json",
            ],
            more,
        ];
        Server::of(Program::new(&arguments.concat()).file("keys.json", 0o644, &self.keys()))
    }
}

fn list(token: &str) -> Ask {
    Ask::call("get_router_list", json!({})).header("Authorization", &format!("Bearer {token}"))
}

#[test]
fn whom_the_issuer_vouches_for_comes_in_with_the_scopes_it_names() {
    let issuer = Issuer::new();
    let server = issuer.server(&[]);
    let reply = server.send(&list(&issuer.token(|_| {})));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.body.contains("core-1"), "{}", reply.body);
    let caller = &server.record("get_router_list")["caller"];
    assert_eq!((&caller["kind"], &caller["name"]), (&json!("oauth"), &json!("ops")));
    let narrow = server.send(&list(
        &issuer.token(|parts| parts["claims"]["junos_routers"] = json!(["edge-*"])),
    ));
    assert!(!narrow.body.contains("core-1"), "{}", narrow.body);
    let other = Ask::call(
        "execute_junos_command",
        json!({"router_name": "core-1", "command": "show version"}),
    )
    .header("Authorization", &format!("Bearer {}", issuer.token(|_| {})));
    assert!(server.send(&other).body.contains("tool_scope_denied"));
    let metadata = server.send(&Ask::get("/.well-known/oauth-protected-resource/mcp"));
    let metadata: Value = serde_json::from_str(&metadata.body).expect("JSON");
    assert_eq!(metadata["authorization_servers"], json!([ISSUER]));
}

#[test]
fn routers_come_from_the_claim_that_is_named_or_from_the_option() {
    let issuer = Issuer::new();
    let server = issuer.server(&["--oauth-routers-claim=net", "--oauth-routers=edge-1"]);
    let named = |change: fn(&mut Value)| {
        let reply = server.send(&list(&issuer.token(change)));
        let routers = reply.json()["result"]["structuredContent"]["routers"].clone();
        let routers = routers.as_array().cloned().unwrap_or_default();
        routers
            .iter()
            .map(|router| router["name"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    // The usual claim counts for nothing when another one is named.
    assert_eq!(named(|_| {}), ["edge-1"]);
    assert_eq!(named(|parts| parts["claims"]["net"] = json!(["core-1"])), ["core-1"]);
    assert_eq!(
        named(|parts| parts["claims"]["net"] = json!("core-1 edge-1")),
        ["core-1", "edge-1"]
    );
    assert!(named(|parts| parts["claims"]["net"] = json!([])).is_empty());
}

#[test]
fn tokens_of_the_file_and_of_the_issuer_work_side_by_side() {
    let issuer = Issuer::new();
    let server = issuer.server(&["--tokens-file=tokens.json"]);
    assert_eq!(server.send(&list(&issuer.token(|_| {}))).status, 200);
    assert_eq!(
        server
            .send(&Ask::call("get_router_list", json!({})).authorized())
            .status,
        200
    );
}

#[test]
fn what_is_not_genuine_or_not_for_us_is_refused() {
    let issuer = Issuer::new();
    let other = Issuer::new();
    let server = issuer.server(&[]);
    let cases = [
        (
            "expired",
            issuer.token(|parts| parts["claims"]["exp"] = json!(1_000_000)),
        ),
        (
            "wrong audience",
            issuer.token(|parts| parts["claims"]["aud"] = json!("https://other.example.net")),
        ),
        (
            "wrong issuer",
            issuer.token(|parts| parts["claims"]["iss"] = json!("https://other.example.net")),
        ),
        (
            "alg none",
            issuer.token(|parts| parts["header"]["alg"] = json!("none")) + "AA",
        ),
        (
            "key confusion",
            issuer.token(|parts| parts["header"]["alg"] = json!("HS256")),
        ),
        ("another's key", other.token(|_| {})),
        (
            "unknown key",
            issuer.token(|parts| parts["header"]["kid"] = json!("two")),
        ),
        (
            "too long",
            issuer.token(|parts| parts["claims"]["x"] = json!("x".repeat(9000))),
        ),
        ("garbage", "a.b.c".to_owned()),
    ];
    for (what, token) in cases {
        let reply = server.send(&list(&token));
        assert_eq!(reply.status, 401, "{what}");
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
        assert!(!server.log().contains(&token), "{what}: the token is in the log");
    }
    server.refused(401, "unknown");
    let empty = server.send(&list(
        &issuer.token(|parts| parts["claims"]["scope"] = json!("openid *")),
    ));
    assert_eq!(empty.status, 403);
}

#[test]
fn keys_that_change_are_taken_over() {
    let issuer = Issuer::new();
    let server = issuer.server(&[]);
    let next = Issuer::new();
    assert_eq!(server.send(&list(&next.token(|_| {}))).status, 401);
    std::fs::write(server.running.path("keys.json"), next.keys()).expect("written");
    while server.send(&list(&next.token(|_| {}))).status != 200 {}
    assert_eq!(server.send(&list(&issuer.token(|_| {}))).status, 401);
}

#[test]
fn check_says_whose_tokens_are_accepted_and_for_what() {
    let start = ["--lab=1", "-t", "streamable-http", "--oauth-issuer", ISSUER];
    let good = ["--oauth-jwks", "keys.json", "--oauth-audience", AUDIENCE, "check"];
    let program =
        |more: &[&str]| Program::new(&[&start, more].concat()).file("keys.json", 0o644, &Issuer::new().keys());
    let ended = program(&good).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let tokens = format!("tokens: issuer {ISSUER} for audience {AUDIENCE}");
    assert!(ended.stdout.contains(&tokens), "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .contains("without the claim 'junos_routers' reach no router"),
        "{}",
        ended.stdout
    );
    let guessed = program(&["--oauth-jwks", "keys.json", "check", "--strict"]).run();
    assert_eq!(guessed.code, Some(1), "{}", guessed.stdout);
    assert!(
        guessed.stdout.contains("neither --oauth-audience nor --public-url"),
        "{}",
        guessed.stdout
    );
    for (host, audience) in [
        ("::1", "http://[::1]:30030/mcp"),
        ("localhost", "http://localhost:30030/mcp"),
    ] {
        let own = program(&["--oauth-jwks", "keys.json", "-H", host, "check"]).run();
        assert!(
            own.stdout.contains(&format!("for audience {audience}")),
            "{}",
            own.stdout
        );
    }
    let broken = program(&["--oauth-jwks", "none.json", "check", "--json"]).run();
    assert_eq!(broken.code, Some(1));
    let document: Value = serde_json::from_str(&broken.stdout).expect("JSON");
    let all = document.to_string();
    assert!(all.contains("R26") && all.contains("none.json"), "{document:#}");
}

#[test]
fn options_that_cannot_work_are_refused() {
    let start = ["--lab=1", "-t", "streamable-http", "-p", "0"];
    for (options, reason) in [
        (
            &["--oauth-issuer", "http://id.example.net"][..],
            "--oauth-issuer 'http://id.example.net' is not an https URL",
        ),
        (
            &["--allow-no-auth", "--oauth-audience", "x"],
            "--oauth-audience needs --oauth-issuer",
        ),
        (
            &["--oauth-issuer", ISSUER, "--oauth-jwks", "none.json"],
            "--oauth-jwks 'none.json': No such file",
        ),
        (
            &["--oauth-issuer", ISSUER, "--oauth-jwks", "large.json"],
            "--oauth-jwks 'large.json': larger than 262144 bytes",
        ),
        (
            &["--oauth-issuer", ISSUER, "--oauth-jwks", "keys.json"],
            "--oauth-issuer with --port 0 needs --oauth-audience",
        ),
    ] {
        let program = Program::new(&[&start[..], options].concat())
            .file("large.json", 0o644, &" ".repeat(300_000))
            .file("keys.json", 0o644, &Issuer::new().keys());
        let ended = program.run();
        assert_eq!(ended.code, Some(3), "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("refused: {reason}")), "{}", ended.stderr);
    }
}

#[test]
fn a_stream_ends_with_the_token_that_opened_it_and_the_session_goes_on_with_the_next() {
    let issuer = Issuer::new();
    let server = issuer.server(&[]);
    // Clocks may differ by a minute: this token is accepted for some three seconds.
    let short = issuer.token(|parts| {
        let end = parts["claims"]["exp"].as_u64().expect("a number") - 600 - 57;
        parts["claims"]["exp"] = json!(end);
    });
    let bearer = |ask: Ask, token: &str| ask.header("Authorization", &format!("Bearer {token}"));
    let opened = server.send(&bearer(Ask::initialize(), &short));
    let session = opened.header("mcp-session-id").expect("a session").to_owned();
    let listen = json!({"notifications": {"toolsListChanged": true}});
    let streams = [
        Ask::get("/mcp").header("Accept", "text/event-stream").session(&session),
        request("subscriptions/listen", None, listen),
    ];
    let mut streams = streams.map(|ask| {
        let mut stream = connect(server.address);
        stream.write_all(&bearer(ask, &short).bytes()).expect("sent");
        stream
    });
    for stream in &mut streams {
        let said = String::from_utf8(rest(stream)).expect("text");
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    }
    let tools = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {}});
    let again = |token: &str| server.send(&bearer(Ask::message(&tools).session(&session), token));
    let over = again(&short);
    assert_eq!(over.status, 401, "{over:?}");
    let challenge = over.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("invalid_token"), "{challenge}");
    let next = again(&issuer.token(|_| {}));
    assert_eq!(next.status, 200, "{next:?}");
}
