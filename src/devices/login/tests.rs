//! What is offered to an SSH server, how often, and what is said when it is refused.

use std::{path::PathBuf, sync::Arc};

use russh::{
    MethodKind::{self, KeyboardInteractive, Password, PublicKey},
    keys::{
        PrivateKey,
        agent::{client::AgentClient, server},
        ssh_key::{LineEnding, private::Ed25519Keypair},
    },
};
use tempfile::TempDir;

use crate::{
    devices::{
        DeviceSettings, Devices, Dial, KnownHosts, Probe,
        testing::{HOST, entry, jump_host::JumpHost, work},
    },
    inventory::{Auth, Entry, KeySource, SecretRef},
};

const ENCRYPTED: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABArhKqV/8
6u1EH25aH79+QoAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIMfC1U+iifxhKc83
XaBXLGLz570U+LZsRWL0fmUhDApfAAAAkD0aQIVv6QDaqTniWWYJMqkGEc6GQ6cTzm+7Jt
3Jcul4r+990/6FjlQvKLnmsvkuf86qegL9ImwwrgrjL3M2XcoQrfRqG9XbOZcYDQKnNflO
ulZMFY7AAA8vgE0L+gbhOMudqNU/hLKsuEK73FNSVMd3IIGwpgxblICz1Qc5cCSjexSHzt
MdAF4TtMEeZoOQgg==
-----END OPENSSH PRIVATE KEY-----
";

/// An ECDSA key whose number begins with a zero byte, as OpenSSH writes it and in PKCS#8.
const SHORT: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTPSTfAE294GOo/dYwayc7rerELURtB
azehbtDDoRF9YzfnvB5WpFWg5MR5ZVOZup0fV0d7vgpxUbJNdirPgKZUAAAAoLlnsgm5Z7
IJAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBM9JN8ATb3gY6j91
jBrJzut6sQtRG0FrN6Fu0MOhEX1jN+e8HlakVaDkxHllU5m6nR9XR3u+CnFRsk12Ks+Apl
QAAAAfcKRA7zCvTnZRu86J5cpuYBfd3zPtw+tFNj32g+IsNgAAAAVlY2RzYQECAwQ=
-----END OPENSSH PRIVATE KEY-----
";
const SHORT_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAHCkQO8wr052UbvO
ieXKbmAX3d8z7cPrRTY99oPiLDahRANCAATPSTfAE294GOo/dYwayc7rerELURtB
azehbtDDoRF9YzfnvB5WpFWg5MR5ZVOZup0fV0d7vgpxUbJNdirPgKZU
-----END PRIVATE KEY-----
";

/// A server that takes some methods, and a folder for keys and secrets.
struct Door {
    server: Arc<JumpHost>,
    devices: Devices,
    folder: TempDir,
}

impl Door {
    fn with(methods: &[MethodKind]) -> Self {
        let server = JumpHost::new(7, "right", methods);
        let mut settings = DeviceSettings {
            known_hosts: KnownHosts::Memory(server.known_hosts_line(HOST, 830)),
            ..DeviceSettings::default()
        };
        settings.dials.insert((HOST.to_owned(), 830), Dial::Pipe(server.open()));
        Self {
            server,
            devices: Devices::new(settings),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    async fn knock(&self, auth: Auth) -> Probe {
        let entry = Entry {
            username: "netops".to_owned(),
            auth,
            ..entry(HOST)
        };
        self.devices.probe(&Arc::new(entry), &work(60)).await
    }

    /// Whether it opened, and otherwise why not. Behind the door there is no NETCONF.
    async fn outcome(&self, auth: Auth) -> String {
        let probe = self.knock(auth).await;
        match probe.status {
            "netconf" => "in".to_owned(),
            _ => probe
                .fault
                .map(|fault| format!("{}: {}", fault.code, fault.message))
                .unwrap_or_default(),
        }
    }
}

fn password(text: &str) -> Auth {
    Auth::Password(SecretRef::Inline(text.to_owned().into()))
}

fn key(path: PathBuf, passphrase: Option<&str>) -> Auth {
    Auth::Key {
        key: KeySource::File(path),
        passphrase: passphrase.map(|text| SecretRef::Inline(text.to_owned().into())),
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_is_judged_once_whichever_way_it_is_asked_for() {
    for (methods, text, expected, logins) in [
        (&[Password][..], "right", "in", 1),
        (&[Password], "wrong", "refused with the password;", 1),
        (&[KeyboardInteractive], "right", "in", 1),
        (
            &[KeyboardInteractive],
            "wrong",
            "refused with the password (keyboard-interactive);",
            1,
        ),
        // A server that has judged the password is not asked in another way.
        (
            &[Password, KeyboardInteractive],
            "wrong",
            "refused with the password;",
            1,
        ),
        (&[PublicKey], "right", "offered are: publickey", 0),
    ] {
        let door = Door::with(methods);
        let outcome = door.outcome(password(text)).await;
        assert!(outcome.contains(expected), "{methods:?} {text}: {outcome}");
        assert_eq!(door.server.logins(), logins, "{methods:?} {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_used_says_why_and_nothing_is_sent() {
    let door = Door::with(&[PublicKey]);
    let folder = door.folder.path().to_owned();
    let encrypted = door.file("encrypted", ENCRYPTED);
    let torn = door.file("torn", &ENCRYPTED[..200]);
    let other = door.file("other", "ssh-ed25519 AAAA");
    for (auth, code, words) in [
        (key(folder.join("absent"), None), "key_file_missing", "not found"),
        (
            key(encrypted.clone(), None),
            "auth_failed",
            "is encrypted: add 'passphrase_env'",
        ),
        (
            key(encrypted.clone(), Some("close")),
            "auth_failed",
            "is not opened by the passphrase",
        ),
        (key(torn, None), "auth_failed", "cannot be read"),
        (key(other, None), "auth_failed", "is not a private key"),
        (key(door.file("short", SHORT), None), "auth_failed", "cannot be read"),
    ] {
        let outcome = door.outcome(auth).await;
        assert!(outcome.starts_with(code) && outcome.contains(words), "{outcome}");
    }
    assert_eq!(door.server.logins(), 0);
    // It opens with its passphrase, and is another's: one attempt, and the fingerprint to look for.
    let outcome = door.outcome(key(encrypted, Some("open sesame"))).await;
    assert!(
        outcome.contains("refused with the key ssh-ed25519 SHA256:"),
        "{outcome}"
    );
    let outcome = door.outcome(key(door.file("short", SHORT_PKCS8), None)).await;
    assert!(
        outcome.contains("refused with the key ecdsa-sha2-nistp256 SHA256:"),
        "{outcome}"
    );
    assert_eq!(door.server.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_read_again_at_each_connect() {
    let door = Door::with(&[Password]);
    let path = door.file("secret", "wrong\n");
    let auth = || Auth::Password(SecretRef::File(path.clone(), "password_file"));
    assert!(door.outcome(auth()).await.starts_with("auth_failed"));
    door.file("secret", "right\n");
    assert_eq!(door.outcome(auth()).await, "in");
    std::fs::remove_file(&path).expect("it is there");
    let outcome = door.outcome(auth()).await;
    assert!(
        outcome.starts_with("router_disabled") && outcome.contains("secret file"),
        "{outcome}"
    );
    assert_eq!(door.server.logins(), 2);
}

/// An agent that holds these keys.
async fn agent(door: &Door, keys: &[PrivateKey]) -> PathBuf {
    let path = door.folder.path().join("agent");
    let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
    let connections = futures::stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await.map(|(stream, _)| stream);
        Some((accepted, listener))
    });
    tokio::spawn(server::serve(Box::pin(connections), ()));
    let mut client = AgentClient::connect_uds(&path).await.expect("an agent");
    for key in keys {
        client.add_identity(key, &[]).await.expect("a key more");
    }
    path
}

fn strangers(count: u8) -> Vec<PrivateKey> {
    (1..=count)
        .map(|number| PrivateKey::from(Ed25519Keypair::from_seed(&[number; 32])))
        .collect()
}

#[tokio::test]
async fn an_agent_offers_at_most_five_keys_or_the_one_that_is_named() {
    let door = Door::with(&[PublicKey]);
    let ours = PrivateKey::from_openssh(door.server.user_key()).expect("a key");
    let mut keys = strangers(7);
    keys.push(ours.clone());
    let socket = agent(&door, &keys).await;
    let named = |identity: String| Auth::Agent {
        socket: Some(socket.clone()),
        identity: Some(identity),
    };
    let fingerprint = ours.public_key().fingerprint(russh::keys::HashAlg::Sha256).to_string();
    assert_eq!(door.outcome(named(fingerprint)).await, "in");
    let public = ours.public_key().to_openssh().expect("a public key");
    let file = door.file("ours.pub", &public);
    assert_eq!(door.outcome(named(file.display().to_string())).await, "in");
    assert_eq!(door.server.logins(), 2);
    for (identity, words) in [
        ("SHA256:none", "does not hold the key that is named"),
        ("/no/such/file.pub", "is missing or is no public key"),
    ] {
        let outcome = door.outcome(named(identity.to_owned())).await;
        assert!(outcome.contains(words), "{outcome}");
    }
    assert_eq!(door.server.logins(), 2);
}

#[tokio::test]
async fn an_agent_full_of_other_keys_is_not_emptied_at_the_server() {
    let door = Door::with(&[PublicKey]);
    let socket = agent(&door, &strangers(7)).await;
    let auth = Auth::Agent {
        socket: Some(socket),
        identity: None,
    };
    let outcome = door.outcome(auth).await;
    assert!(outcome.contains("5 of the agent's 7 keys"), "{outcome}");
    assert_eq!(door.server.logins(), 5);
    let nobody = Auth::Agent {
        socket: Some(door.folder.path().join("nobody")),
        identity: None,
    };
    let outcome = door.outcome(nobody).await;
    assert!(outcome.contains("does not answer"), "{outcome}");
}

#[tokio::test]
async fn an_agent_without_keys_says_so() {
    let door = Door::with(&[PublicKey]);
    let socket = agent(&door, &[]).await;
    let auth = Auth::Agent {
        socket: Some(socket),
        identity: None,
    };
    assert!(door.outcome(auth).await.contains("holds no keys"));
}

#[tokio::test(start_paused = true)]
async fn a_key_of_the_file_comes_before_the_password_and_an_absent_one_is_passed_over() {
    let door = Door::with(&[PublicKey, Password]);
    let ours = door.file("ours", &door.server.user_key());
    let stranger = strangers(1)[0].to_openssh(LineEnding::LF).expect("a key");
    let stranger = door.file("stranger", &stranger);
    let absent = door.folder.path().join("absent");
    for (files, text, outcome, logins) in [
        (vec![&absent, &ours], "wrong", "in", 1),
        (vec![&stranger], "right", "in", 2),
        (vec![&absent], "wrong", "refused with the password", 1),
    ] {
        let lines: String = files
            .iter()
            .map(|file| format!("IdentityFile {}\n", file.display()))
            .collect();
        let config = door.file("config", &lines);
        let before = door.server.logins();
        let entry = Entry {
            username: "netops".to_owned(),
            auth: password(text),
            ssh_config: Some(config),
            ..entry(HOST)
        };
        let probe = door.devices.probe(&Arc::new(entry), &work(60)).await;
        let said = probe.fault.map(|fault| fault.message).unwrap_or_default();
        assert!(
            said.contains(outcome) || (outcome == "in" && probe.status == "netconf"),
            "{lines}: {said}"
        );
        assert_eq!(door.server.logins() - before, logins, "{lines}");
    }
}
