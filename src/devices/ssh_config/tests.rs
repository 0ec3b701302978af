//! What OpenSSH client files mean, against what OpenSSH makes of them.

use std::{fs, path::Path};

use super::*;

fn config(text: &str) -> Result<SshConfig, ConfigFault> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    fs::write(&path, text).expect("a file");
    let mut flat = Flat::default();
    flat.add(&path)?;
    SshConfig::of(&path, &flat)
}

fn host(text: &str, alias: &str) -> Host {
    let config = config(text).expect("a good file");
    config.host(alias).expect("good values")
}

fn line(text: &str) -> Option<usize> {
    match config(text) {
        Err(ConfigFault::Line { line, .. }) => Some(line),
        _ => None,
    }
}

#[test]
fn values_are_read_as_openssh_reads_them() {
    let text = r#"
        # a comment
        User everybody#1
        Host=edge-* !edge-9
          HostName = %h.example.net   # where it is
          Port "2022"
          IdentityFile "/keys/with blank/one"
          IdentityFile /keys/two
        Host *
          Port 22
          IdentityFile /keys/three
    "#;
    let edge = host(text, "edge-1");
    assert_eq!(edge.name.as_deref(), Some("edge-1.example.net"));
    assert_eq!(edge.port, Some(2022));
    assert_eq!(edge.user.as_deref(), Some("everybody#1"));
    assert_eq!(
        edge.identity_files,
        ["/keys/with blank/one", "/keys/two", "/keys/three"]
    );
    let other = host(text, "edge-9");
    assert_eq!((other.name, other.port), (None, Some(22)));
    assert_eq!(other.identity_files, ["/keys/three"]);
}

#[test]
fn the_first_of_proxy_jump_and_proxy_command_counts_and_none_is_none() {
    let jump = Some(Proxy::Jump("a,b@[::1]:22".to_owned()));
    let command = Some(Proxy::Command("nc -x proxy '#1' %h %p".to_owned()));
    for (text, expected) in [
        ("ProxyJump a,b@[::1]:22\nProxyCommand x", jump.clone()),
        ("ProxyCommand nc -x proxy '#1' %h %p\nProxyJump a", command.clone()),
        ("Host r\nProxyJump none\nHost *\nProxyJump a", None),
        ("Host r\nProxyCommand none\nHost *\nProxyJump a", None),
        ("Host other\nProxyJump none\nHost *\nProxyJump a,b@[::1]:22", jump),
        ("Port 22", None),
    ] {
        assert_eq!(host(text, "r").proxy, expected, "{text}");
    }
}

#[test]
fn a_line_that_cannot_be_used_is_named() {
    for (text, expected) in [
        ("Host a\n\nMatch host b\n", Some(3)),
        ("Host a\nPort ssh", Some(2)),
        ("Port 0", Some(1)),
        ("HostName \"a", Some(1)),
        ("HostName a b", Some(1)),
        ("User", Some(1)),
        ("Host", Some(1)),
        ("ProxyJump a:b", Some(1)),
        ("ProxyCommand", Some(1)),
        ("ForwardAgent yes\nUnheardOf 1", None),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
    let unknown = config("HostName %x").expect("a good file").host("r");
    assert!(matches!(unknown, Err(ConfigFault::Host { .. })));
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join(name).parent().expect("a folder")).expect("a folder");
    fs::write(folder.join(name), text).expect("a file");
}

#[test]
fn includes_take_patterns_keep_their_place_and_end_with_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "config",
        "Include parts/*.conf missing\nUser last\nHost r\nInclude plain\nPort 3\n",
    );
    write(folder.path(), "parts/b.conf", "Host r\nHostName from-b\n");
    write(folder.path(), "parts/a.conf", "Host r\nHostName from-a\n");
    write(folder.path(), "parts/.hidden.conf", "HostName hidden\n");
    write(folder.path(), "plain", "Port 2\n");
    let configs = SshConfigs::default();
    let path = folder.path().join("config");
    let read = |alias: &str| {
        configs
            .open(&path)
            .expect("good files")
            .host(alias)
            .expect("good values")
    };
    let found = read("r");
    assert_eq!((found.name.as_deref(), found.port), (Some("from-a"), Some(2)));
    // The block of an included file does not go on in the file that includes it.
    assert_eq!(read("other").user.as_deref(), Some("last"));
    assert_eq!(read("other").port, None);
    fs::remove_file(folder.path().join("parts/a.conf")).expect("it is there");
    assert_eq!(read("r").name.as_deref(), Some("from-b"));
    write(folder.path(), "plain", "Host x\nPort 2\n");
    assert!(matches!(configs.open(&path), Err(ConfigFault::Line { line: 1, .. })));
    write(folder.path(), "plain", "Port 42\n");
    assert_eq!(read("r").port, Some(42));
    write(folder.path(), "plain", "Include plain\n");
    assert!(matches!(configs.open(&path), Err(ConfigFault::Line { .. })));
}

#[test]
fn a_file_that_is_not_there_is_named_until_it_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    let configs = SshConfigs::default();
    assert_eq!(
        configs.open(&path).err(),
        Some(ConfigFault::Missing { path: path.clone() })
    );
    write(folder.path(), "config", "User late\n");
    let host = configs.open(&path).expect("it is there now").host("r");
    assert_eq!(host.expect("good values").user.as_deref(), Some("late"));
}
