//! Ways to routers, as inventory entries and OpenSSH client files describe them together.

use std::{fs, path::Path};

use super::*;
use crate::{devices::testing, inventory::SecretRef};

fn entry(folder: &Path, auth: Auth, port: u16) -> Entry {
    Entry {
        port,
        auth,
        username: "netops".to_owned(),
        ssh_config: Some(folder.join("config")),
        ..testing::entry("edge")
    }
}

fn password() -> Auth {
    Auth::Password(SecretRef::Inline("secret".to_owned().into()))
}

fn route_of(text: &str, auth: Auth, port: u16) -> Result<Route, DialFault> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("config"), text).expect("a file");
    Route::of(&entry(folder.path(), auth, port), &SshConfigs::default())
}

fn route(text: &str) -> Route {
    route_of(text, password(), 22).expect("a good file")
}

/// The way in one line.
fn shown(route: &Route) -> String {
    let mut points: Vec<String> = route.hops.iter().map(Point::shown).collect();
    points.push(route.target.shown());
    let way = points.join(" ").replace('\'', "");
    match &route.start {
        Start::Direct => way,
        Start::Command(command) => format!("({command}) {way}"),
    }
}

#[test]
fn the_way_follows_the_file() {
    for (text, expected) in [
        ("", "netops@edge:22"),
        (
            "Host edge\nHostName 192.0.2.7\nPort 830\nUser other\n",
            "netops@192.0.2.7:830",
        ),
        ("ProxyJump a,alice@b:2222\n", "netops@a:22 alice@b:2222 netops@edge:22"),
        (
            "Host edge\nProxyJump [2001:db8::1]:2022\nHostName 2001:db8::9\n",
            "netops@[2001:db8::1]:2022 netops@[2001:db8::9]:22",
        ),
        (
            "Host b*\nHostName %h.example.net\nUser bob\nPort 2200\nHost edge\nProxyJump bastion\n",
            "bob@bastion.example.net:2200 netops@edge:22",
        ),
        // The jump host is itself behind another.
        (
            "Host edge\nProxyJump inner\nHost inner\nProxyJump carol@outer\n",
            "carol@outer:22 netops@inner:22 netops@edge:22",
        ),
        // Another door of the same house.
        ("ProxyJump edge:2200\n", "netops@edge:2200 netops@edge:22"),
        // In a list only the first is looked up for a jump host of its own.
        (
            "Host edge\nProxyJump a,b\nHost a\nProxyJump c\nHost b\nProxyJump d\n",
            "netops@c:22 netops@a:22 netops@b:22 netops@edge:22",
        ),
        ("Host *\nProxyJump bastion\n", "netops@bastion:22 netops@edge:22"),
        (
            "Host edge\nProxyJump none\nHost *\nProxyJump bastion\n",
            "netops@edge:22",
        ),
        (
            "ProxyCommand ssh -q -W %h:%p bob@bastion\n",
            "bob@bastion:22 netops@edge:22",
        ),
        (
            "ProxyCommand corkscrew proxy 8080 %h %p %r %n\n",
            "(corkscrew proxy 8080 edge 22 netops edge) netops@edge:22",
        ),
        (
            "Host edge\nProxyJump a\nHost a\nUser root\nProxyCommand reach %h %p %r\n",
            "(reach a 22 root) root@a:22 netops@edge:22",
        ),
    ] {
        assert_eq!(shown(&route(text)), expected, "{text}");
    }
    let given = route_of("Port 2222\n", password(), 830).expect("a good file");
    assert_eq!(given.target.port, 830);
}

#[test]
fn jump_hosts_in_a_circle_and_unknown_tokens_are_errors() {
    for text in [
        "Host edge\nProxyJump a\nHost a\nProxyJump b\nHost b\nProxyJump a\n",
        "ProxyCommand x %z\n",
        "IdentityFile %z\n",
    ] {
        let fault = route_of(text, password(), 22).expect_err(text);
        assert!(
            matches!(fault, DialFault::Config(ConfigFault::Host { .. })),
            "{text}: {fault}"
        );
    }
}

/// The ways to log in to a point, in one line.
fn logins(point: &Point) -> String {
    let kinds = point.logins.iter().map(|login| {
        let kind = login.auth.identity();
        let kind = if kind.starts_with("password:") {
            "password"
        } else {
            &kind
        };
        format!("{kind}{}", if login.optional { "?" } else { "" })
    });
    kinds.collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_of_the_file_come_before_a_password_and_never_before_the_key_of_the_inventory() {
    let key = Auth::Key {
        key: KeySource::File("/own".into()),
        passphrase: None,
    };
    let text = "Host edge\nIdentityFile /keys/%h-%r\nIdentityFile /keys/two\n";
    assert_eq!(
        logins(&route(text).target),
        "key:/keys/edge-netops? key:/keys/two? password"
    );
    let with_key = route_of(text, key, 22).expect("a good file");
    assert_eq!(logins(&with_key.target), "key:/own");
}

#[test]
fn a_jump_host_gets_its_own_key_else_the_login_of_the_entry_but_no_password_of_another_account() {
    let agent = Auth::Agent {
        socket: None,
        identity: None,
    };
    let jump = "Host edge\nProxyJump hop\n";
    for (text, auth, expected) in [
        ("Host hop\nIdentityFile /keys/hop\n", password(), "key:/keys/hop?"),
        ("", password(), "password"),
        ("Host hop\nUser netops\n", password(), "password"),
        ("Host hop\nUser other\n", password(), ""),
        ("Host hop\nUser other\n", agent, "agent:None:None"),
    ] {
        let route = route_of(&format!("{jump}{text}"), auth, 22).expect("a good file");
        assert_eq!(logins(&route.hops[0]), expected, "{text}");
    }
}
