//! `healthcheck`, `completions` and `man`: what containers, shells and readers ask of the program.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use super::program::Program;

/// A server that gives one answer.
fn answering(status: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            request.push(byte[0]);
        }
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).expect("answered");
        String::from_utf8(request).expect("text")
    });
    (port, served)
}

fn check(host: &str, port: &str) -> Program {
    Program::new(&["healthcheck"])
        .variable("JMCP_TRANSPORT", "streamable-http")
        .variable("JMCP_HOST", host)
        .variable("JMCP_PORT", port)
}

#[test]
fn a_ready_server_is_healthy_and_another_is_not() {
    for (host, status, code) in [
        ("127.0.0.1", "200 OK", 0),
        ("0.0.0.0", "200 OK", 0),
        ("localhost", "503 Service Unavailable", 1),
        ("127.0.0.1", "404 Not Found", 1),
        ("127.0.0.1", "302 Found", 1),
    ] {
        let (port, served) = answering(status);
        let ended = check(host, &port).run();
        assert_eq!(ended.code, Some(code), "{host} {status}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
        let request = served.join().expect("served");
        assert!(request.starts_with("GET /readyz HTTP/1.1\r\n"), "{request}");
    }
}

#[test]
fn nobody_there_is_unhealthy_and_stdio_is_always_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    drop(listener);
    assert_eq!(check("127.0.0.1", &port).run().code, Some(1));
    assert_eq!(
        Program::new(&["healthcheck"]).variable("JMCP_PORT", &port).run().code,
        Some(0)
    );
}

#[test]
fn every_shell_gets_completions_of_every_option() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Program::new(&["completions", shell]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        for word in ["tokens-file", "healthcheck", "set-scope"] {
            assert!(ended.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(Program::new(&["completions", "dos"]).run().code, Some(2));
    // What bash is given is a program that bash can read.
    let script = Program::new(&["completions", "bash"]).run().stdout;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("completions");
    fs::write(&path, script).expect("written");
    let read = std::process::Command::new("bash").arg("-n").arg(&path).status();
    assert!(read.expect("bash").success());
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let page = Program::new(&["man"]).run();
    assert_eq!(page.code, Some(0), "{}", page.stderr);
    assert!(
        page.stdout.contains(".TH rust\\-junosmcp 1") || page.stdout.contains(".TH rust-junosmcp 1"),
        "{:.200}",
        page.stdout
    );
    assert!(page.stdout.contains("JMCP_TOKENS_FILE"));
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages");
    let ended = Program::new(&["man", pages.to_str().expect("text")]).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    for name in [
        "rust-junosmcp",
        "rust-junosmcp-check",
        "rust-junosmcp-token-add",
        "rust-junosmcp-lab-run",
    ] {
        let page = fs::read_to_string(pages.join(format!("{name}.1"))).expect(name);
        assert!(page.contains(".SH NAME"), "{name}");
    }
}
