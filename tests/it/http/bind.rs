//! Which addresses are served how, and what is refused before a port is open.

use serde_json::{Value, json};

use super::{
    client::Ask,
    server::{Server, tokens},
    tls::Authority,
};
use crate::cli::program::{Ended, Program};

const HTTP: [&str; 5] = ["--lab=1", "-t", "streamable-http", "-p", "0"];

/// A start that is refused, and the lines that say so; hints are left out.
fn refused(arguments: &[&str]) -> Vec<String> {
    refusals(&program(arguments).run())
}

fn program(arguments: &[&str]) -> Program {
    let own = Authority::new("authority").certificate("localhost");
    let other = Authority::new("authority").certificate("localhost");
    Program::new(&[&HTTP, arguments].concat())
        .file("tokens.json", 0o600, &tokens())
        .file("cert.pem", 0o644, &own.chain)
        .file("key.pem", 0o600, &own.key)
        .file("other.pem", 0o600, &other.key)
        .file("empty.pem", 0o600, "")
}

fn refusals(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    let lines = ended.stderr.lines();
    let said = lines.filter_map(|line| line.strip_prefix("rust-junosmcp: refused: "));
    said.map(str::to_owned).collect()
}

/// What `check` warns of, by number.
fn warnings(arguments: &[&str]) -> Vec<String> {
    let ended = program(&[arguments, &["check", "--json"]].concat()).run();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let text = report.to_string();
    let mut found: Vec<String> = (1..=13)
        .map(|number| format!("W{number:02}"))
        .filter(|code| text.contains(code.as_str()))
        .collect();
    found.sort();
    found
}

#[test]
fn each_row_of_the_table_that_is_refused_says_why() {
    let tls = ["--tls-cert=cert.pem", "--tls-key=key.pem"];
    for (arguments, expected) in [
        (&[][..], "--tokens-file or --allow-no-auth required for streamable-http"),
        (
            &["--allow-no-auth", "-H", "0.0.0.0"],
            "--allow-no-auth is loopback-only (host '0.0.0.0' is not a loopback address)",
        ),
        (
            &["--allow-no-auth", "-H", "[::]", tls[0], tls[1]],
            "--allow-no-auth is loopback-only (host '[::]' is not a loopback address)",
        ),
        (
            &["--tokens-file=tokens.json", "-H", "0.0.0.0"],
            "plain HTTP on '0.0.0.0': add --tls-cert/--tls-key or --allow-insecure-bind",
        ),
        (
            &["--tokens-file=tokens.json", "-H", "0.0.0.0", tls[0]],
            "--tls-cert and --tls-key must be given together",
        ),
        (
            &["--allow-no-auth", tls[1]],
            "--tls-cert and --tls-key must be given together",
        ),
        (
            &["--allow-no-auth", "--tls-client-ca=cert.pem"],
            "--tls-client-ca needs --tls-cert and --tls-key",
        ),
        (
            &["--allow-no-auth", "--max-requests-per-second-per-ip=5"],
            "--max-requests-per-second-per-ip and --max-request-burst-per-ip must be set together",
        ),
        (
            &["--allow-no-auth", "--max-request-burst-per-token=5"],
            "--max-requests-per-second-per-token and --max-request-burst-per-token must be set together",
        ),
        (
            &[
                "--allow-no-auth",
                "--max-inflight-requests=5",
                "--max-inflight-requests-per-token=6",
            ],
            "--max-inflight-requests-per-token (6) exceeds --max-inflight-requests (5)",
        ),
        (
            &["--allow-no-auth", "--max-sessions=5", "--max-sessions-per-token=6"],
            "--max-sessions-per-token (6) exceeds --max-sessions (5)",
        ),
        (
            &["--allow-no-auth", "--metrics-listen=127.0.0.1:0"],
            "--metrics-listen needs --enable-metrics",
        ),
        (
            &["--allow-no-auth", "--enable-metrics", "--metrics-listen=0.0.0.0:0"],
            "--metrics-listen '0.0.0.0:0' is not loopback: add --allow-insecure-bind",
        ),
        (
            &["--allow-no-auth", "--tls-cert=empty.pem", tls[1]],
            "--tls-cert 'empty.pem': no certificate in it",
        ),
        (
            &["--allow-no-auth", tls[0], "--tls-key=empty.pem"],
            "--tls-key 'empty.pem': no private key",
        ),
        (
            &["--allow-no-auth", tls[0], "--tls-key=other.pem"],
            "--tls-key does not belong to --tls-cert",
        ),
    ] {
        assert_eq!(refused(arguments), [expected], "{arguments:?}");
    }
}

#[test]
fn a_host_that_does_not_resolve_is_refused() {
    let said = refused(&["--allow-no-auth", "-H", "no-such-host.invalid"]);
    assert!(
        said[0].starts_with("--host 'no-such-host.invalid' does not resolve: "),
        "{said:?}"
    );
    assert_eq!(said.len(), 1);
}

#[test]
fn tokens_that_cannot_be_used_are_refused() {
    let said = refused(&["--tokens-file=nowhere.json"]);
    assert!(
        said[0].starts_with("tokens file 'nowhere.json' cannot be read: "),
        "{said:?}"
    );
    let open =
        Program::new(&[&HTTP[..], &["--tokens-file=tokens.json"]].concat()).file("tokens.json", 0o640, &tokens());
    let ended = open.run();
    assert_eq!(
        refusals(&ended),
        ["tokens file 'tokens.json' has mode 0640; it must be 0600"]
    );
    assert!(ended.stderr.contains("hint: chmod 600 tokens.json"), "{}", ended.stderr);
    let strange = json!({"version": 7, "tokens": []}).to_string();
    let strange =
        Program::new(&[&HTTP[..], &["--tokens-file=tokens.json"]].concat()).file("tokens.json", 0o600, &strange);
    assert_eq!(
        refusals(&strange.run()),
        ["tokens file 'tokens.json': unsupported version 7"]
    );
}

#[test]
fn a_key_that_everybody_can_read_is_refused() {
    let own = Authority::new("authority").certificate("localhost");
    let program = Program::new(&[&HTTP[..], &["--allow-no-auth", "--tls-cert=c.pem", "--tls-key=k.pem"]].concat())
        .in_open_directory()
        .file("c.pem", 0o644, &own.chain)
        .file("k.pem", 0o644, &own.key);
    assert_eq!(
        refusals(&program.run()),
        ["--tls-key 'k.pem' is readable by others (mode 0644)"]
    );
}

#[test]
fn all_refusals_come_at_once_and_in_order() {
    let said = refused(&[
        "--metrics-listen=127.0.0.1:0",
        "--max-request-burst-per-ip=1",
        "--tls-client-ca=cert.pem",
        "--tls-cert=cert.pem",
    ]);
    assert_eq!(
        said,
        [
            "--tokens-file or --allow-no-auth required for streamable-http",
            "--tls-cert and --tls-key must be given together",
            "--tls-client-ca needs --tls-cert and --tls-key",
            "--max-requests-per-second-per-ip and --max-request-burst-per-ip must be set together",
            "--metrics-listen needs --enable-metrics",
        ]
    );
}

#[test]
fn what_weakens_a_server_is_warned_of() {
    let tls = ["--tls-cert=cert.pem", "--tls-key=key.pem"];
    let tokens = "--tokens-file=tokens.json";
    for (arguments, expected) in [
        (&["--allow-no-auth"][..], &[][..]),
        (&[tokens], &[]),
        (&[tokens, "--allow-no-auth"], &["W01"]),
        (&["--allow-no-auth", tls[0], tls[1]], &["W02"]),
        (&[tokens, "--disable-host-check"], &["W03"]),
        (&[tokens, "-H", "0.0.0.0", tls[0], tls[1]], &["W04"]),
        (
            &[
                tokens,
                "-H",
                "0.0.0.0",
                tls[0],
                tls[1],
                "--allowed-host=mcp.example.net",
            ],
            &[],
        ),
        (
            &[
                tokens,
                "-H",
                "0.0.0.0",
                "--allow-insecure-bind",
                "--allowed-host=mcp.example.net",
            ],
            &["W05"],
        ),
        (&["-t", "stdio", "--port=1", tokens], &["W08"]),
    ] {
        // The last word on the transport counts.
        let arguments: Vec<&str> = arguments.to_vec();
        assert_eq!(warnings_of(&arguments), expected, "{arguments:?}");
    }
}

fn warnings_of(arguments: &[&str]) -> Vec<String> {
    if arguments.first() == Some(&"-t") {
        let ended = Program::new(&[&["--lab=1"], &arguments[2..], &["check"]].concat()).run();
        assert!(
            ended.stdout.contains("ignored on stdio: --port, --tokens-file [W08]"),
            "{}",
            ended.stdout
        );
        return vec!["W08".to_owned()];
    }
    warnings(arguments)
}

#[test]
fn a_file_without_a_usable_token_is_warned_of() {
    let none = json!({"version": 1, "tokens": []}).to_string();
    let ended = Program::new(&[&HTTP[..], &["--tokens-file=t.json", "check"]].concat())
        .file("t.json", 0o644, &none)
        .run();
    assert!(ended.stdout.contains("[W11]"), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}

#[test]
fn every_kind_of_loopback_address_is_served() {
    for (host, authority) in [
        ("127.0.0.1", "127.0.0.1:"),
        ("[::1]", "[::1]:"),
        ("::1", "[::1]:"),
        ("localhost", ""),
    ] {
        let server = Server::of(Program::new(&[&HTTP[..], &["--allow-no-auth", "-H", host]].concat()));
        assert!(server.url.starts_with(&format!("http://{authority}")), "{}", server.url);
        assert_eq!(server.send(&Ask::get("/readyz")).status, 200, "{host}");
    }
}

#[test]
fn a_port_that_is_taken_ends_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let ended = Program::new(&["--lab=1", "-t", "streamable-http", "--allow-no-auth", "-p", &port]).run();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let expected = format!("rust-junosmcp: error: cannot bind 127.0.0.1:{port}: ");
    assert!(
        ended.stderr.lines().any(|line| line.starts_with(&expected)),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_settings_may_come_from_variables() {
    let program = Program::new(&["--lab=1"])
        .variable("JMCP_TRANSPORT", "streamable-http")
        .variable("JMCP_PORT", "0")
        .variable("JMCP_HOST", "127.0.0.1")
        .variable("JMCP_TOKENS_FILE", "tokens.json")
        .variable("JMCP_ALLOWED_HOST", "mcp.example.net:443,other.example.net");
    let server = Server::of(program);
    let page = Ask::get("/mcp").host("other.example.net:1");
    assert_eq!(server.send(&page).status, 401);
    assert_eq!(server.send(&page.host("mcp.example.net")).status, 403);
}
