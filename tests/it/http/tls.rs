//! TLS as clients see it: what is offered, what is demanded, and certificates that change.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustix::process::Signal;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use serde_json::json;

use super::{
    client::{Ask, Reply, connect},
    server::Server,
};
use crate::cli::program::Program;

/// An authority made for one test.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate of an authority.
pub(super) struct Certificate {
    pub(super) chain: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    pub(super) fn certificate(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let names = vec![name.to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("names");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A server with a certificate of `authority`, and a client authority where `clients` is one.
fn server(authority: &Authority, clients: Option<&Authority>) -> Server {
    let own = authority.certificate("localhost");
    let mut arguments = vec![
        "--lab=1",
        "-t",
        "streamable-http",
        "-p",
        "0",
        "--tokens-file=tokens.json",
        "--tls-cert=cert.pem",
        "--tls-key=key.pem",
        "--enable-metrics",
        "--audit-format=json",
        "--file-watch-secs=0",
    ];
    if clients.is_some() {
        arguments.push("--tls-client-ca=clients.pem");
    }
    let program = Program::new(&arguments)
        .file("cert.pem", 0o644, &own.chain)
        .file("key.pem", 0o600, &own.key)
        .file("clients.pem", 0o644, clients.map_or("", |clients| &clients.pem));
    Server::of(program)
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts `authority`, with or without a certificate of its own.
fn secured(server: &Server, authority: &Authority, own: Option<&Certificate>, protocols: &[&[u8]]) -> Stream {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("a certificate");
    roots.add(root).expect("an authority");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = vec![CertificateDer::from_pem_slice(own.chain.as_bytes()).expect("a certificate")];
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("a pair")
        }
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    StreamOwned::new(connection, connect(server.address))
}

fn ask(stream: &mut Stream, ask: &Ask) -> Result<Reply, std::io::Error> {
    stream.write_all(&ask.bytes())?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if bytes.is_empty() => Err(error),
        // TLS wants a farewell that a closed connection does not say.
        _ => Ok(Reply::read(&bytes)),
    }
}

fn fetch(server: &Server, authority: &Authority, own: Option<&Certificate>, request: &Ask) -> Reply {
    ask(&mut secured(server, authority, own, &[]), request).expect("a reply")
}

#[test]
fn calls_go_over_tls_and_plain_http_does_not() {
    let authority = Authority::new("authority");
    let server = server(&authority, None);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    server.logged(" (TLS)");
    let call = Ask::call("get_router_list", json!({})).authorized();
    let reply = fetch(&server, &authority, None, &call);
    assert_eq!(reply.json()["result"]["isError"], false, "{reply:?}");
    let challenge = fetch(&server, &authority, None, &call.without("Authorization"));
    assert!(
        challenge
            .header("www-authenticate")
            .expect("a challenge")
            .contains("https://localhost/.well-known/")
    );
    let plain = super::client::exchange(server.address, &Ask::get("/healthz").bytes());
    assert!(!plain.starts_with(b"HTTP/1.1 2"), "{plain:?}");
    let stranger = Authority::new("authority");
    assert!(ask(&mut secured(&server, &stranger, None, &[]), &Ask::get("/healthz")).is_err());
}

#[test]
fn both_versions_of_http_are_offered() {
    let authority = Authority::new("authority");
    let server = server(&authority, None);
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let mut stream = secured(&server, &authority, None, &[protocol]);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).expect("a handshake");
        }
        assert_eq!(stream.conn.alpn_protocol(), Some(protocol));
    }
}

#[test]
fn a_client_certificate_is_demanded_where_work_is_done_and_not_of_probes() {
    let (authority, clients) = (Authority::new("authority"), Authority::new("clients"));
    let server = server(&authority, Some(&clients));
    let call = Ask::call("get_router_list", json!({})).authorized();
    let refused = fetch(&server, &authority, None, &call);
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (401, "client_certificate_required")
    );
    assert_eq!(
        fetch(&server, &authority, None, &Ask::get("/metrics").authorized()).status,
        401
    );
    assert_eq!(fetch(&server, &authority, None, &Ask::get("/readyz")).status, 200);
    let own = clients.certificate("desk");
    assert_eq!(fetch(&server, &authority, Some(&own), &call).status, 200);
    let record = server.record("get_router_list");
    assert!(
        record["caller"]["tls_subject"]
            .as_str()
            .is_some_and(|subject| subject.contains("CN=")),
        "{record}"
    );
    assert_eq!(record["caller"]["tls_fp"].as_str().map(str::len), Some(64), "{record}");
    let counters = fetch(&server, &authority, Some(&own), &Ask::get("/metrics").authorized());
    assert!(
        counters.body.lines().any(|line| {
            line.strip_prefix("junosmcp_tls_cert_expiry_timestamp_seconds ")
                .is_some_and(|end| end != "0")
        }),
        "{}",
        counters.body
    );
    // The certificate comes besides the token, not instead of it.
    assert_eq!(
        fetch(&server, &authority, Some(&own), &call.without("Authorization")).status,
        401
    );
    let foreign = Authority::new("clients").certificate("desk");
    let mut stream = secured(&server, &authority, Some(&foreign), &[]);
    assert!(!matches!(ask(&mut stream, &Ask::get("/readyz")), Ok(reply) if reply.status == 200));
}

#[test]
fn a_hang_up_swaps_the_certificate_when_the_new_one_is_good() {
    let (former, next) = (Authority::new("authority"), Authority::new("authority"));
    let server = server(&former, None);
    let put = |name: &str, text: &str| std::fs::write(server.running.path(name), text).expect("a file");
    put("cert.pem", "not a certificate");
    server.running.signal(Signal::HUP);
    server.logged("the former ones stay");
    assert_eq!(fetch(&server, &former, None, &Ask::get("/healthz")).status, 200);
    let own = next.certificate("localhost");
    put("cert.pem", &own.chain);
    put("key.pem", &own.key);
    server.running.signal(Signal::HUP);
    server.logged("TLS files reloaded");
    assert_eq!(fetch(&server, &next, None, &Ask::get("/healthz")).status, 200);
    assert!(ask(&mut secured(&server, &former, None, &[]), &Ask::get("/healthz")).is_err());
}

#[test]
fn a_changed_certificate_is_seen_without_a_signal() {
    let (former, next) = (Authority::new("authority"), Authority::new("authority"));
    let own = former.certificate("localhost");
    let arguments = [
        "--lab=1",
        "-t",
        "streamable-http",
        "-p",
        "0",
        "--allow-no-auth",
        "--file-watch-secs=1",
        "--tls-cert=cert.pem",
        "--tls-key=key.pem",
    ];
    let program = Program::new(&arguments)
        .file("cert.pem", 0o644, &own.chain)
        .file("key.pem", 0o600, &own.key);
    let server = Server::of(program);
    let own = next.certificate("localhost");
    std::fs::write(server.running.path("cert.pem"), &own.chain).expect("a file");
    std::fs::write(server.running.path("key.pem"), &own.key).expect("a file");
    server.logged("TLS files reloaded");
    assert_eq!(fetch(&server, &next, None, &Ask::get("/healthz")).status, 200);
}
