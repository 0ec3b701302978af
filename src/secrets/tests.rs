//! Secrets in every format, and what must stay.

use proptest::prelude::*;

use super::*;

fn redactor() -> Redactor {
    Redactor::new(false)
}

/// Replaces `@…@` by what is inside, and answers the text and the planted secrets.
fn planted(template: &str) -> (String, Vec<String>) {
    let parts: Vec<&str> = template.split('@').collect();
    (
        parts.concat(),
        parts
            .iter()
            .skip(1)
            .step_by(2)
            .map(|secret| (*secret).to_owned())
            .collect(),
    )
}

/// The template with marks in place of its secrets.
fn expected(redactor: &Redactor, template: &str) -> String {
    template
        .split('@')
        .enumerate()
        .map(|(at, part)| {
            if at % 2 == 1 {
                redactor.mark("", part)
            } else {
                part.to_owned()
            }
        })
        .collect()
}

fn holds(path: Option<&str>, template: &str) {
    let redactor = redactor();
    let (text, _) = planted(template);
    assert_eq!(
        redactor.redact(&text, path),
        expected(&redactor, template),
        "path {path:?}"
    );
    let once = redactor.redact(&text, path);
    assert_eq!(redactor.redact(&once, path), once, "twice, path {path:?}");
}

#[test]
fn hashes_go_anywhere() {
    for template in [
        "x @$9$abc/DEF.g-h@ y",
        "user @$6$salt$hash./x@, @$1$a$b@;",
        "(@$8$aes256-gcm$hmac-sha2-256$100$x+y=$z@)",
        "€@$5$rounds=5000$s$h@€",
    ] {
        holds(None, template);
    }
}

#[test]
fn statements_in_curly_text_lose_their_values() {
    holds(None, "system {\n    root-authentication {\n        encrypted-password \"@$6$s$h@\"; ## SECRET-DATA\n        ssh-rsa \"ssh-rsa AAAAB3Nza user@\"; ## SECRET-DATA\n    }\n".replace("user@", "user").as_str());
    for template in [
        "    authentication-key \"@one two@\"; ## SECRET-DATA",
        "+   neighbor 192.0.2.1 { authentication-key @plain@; }",
        "    pre-shared-key ascii-text \"@s3 cr;et@\"; ## SECRET-DATA",
        "    pre-shared-key {\n        ascii-text \"@abc@\";\n    }",
        "    pre-shared-key hexadecimal @00ff@;",
        "    192.0.2.9 {\n        port 1812;\n        secret \"@radius@\"; ## SECRET-DATA\n    }",
        "    md5 1 key \"@abc@\"; ## SECRET-DATA",
        "    md5 1 {\n        key \"@abc@\";\n        start-time \"2031-1-1\";\n    }",
        "    simple-password @abc@;",
        "    authentication-key 1 type md5 value \"@abc@\"; ## SECRET-DATA",
        "    authentication-key 12 {\n        type md5;\n        value @abc@;\n    }",
        "    server 192.0.2.1 key 5;\n    authentication-key-chain TCP;\n    trusted-key 5;",
        "    authentication-sha {\n        authentication-key \"@abc@\";\n    }\n    privacy-aes128 {\n        privacy-key \"@def@\";",
        "    authentication-order [ radius password ];\n    authentication-order password;",
        "    unknown-statement \"@opaque@\"; ## SECRET-DATA",
        "!   inactive: secret @x1@;",
        "    archive-sites {\n        \"ftp://192.0.2.1/x\" password \"@other@\";\n    }",
    ] {
        holds(None, template);
    }
}

#[test]
fn statements_in_set_lines_lose_their_values() {
    for template in [
        "set system root-authentication encrypted-password \"@$6$s$h@\"",
        "set system radius-server 192.0.2.9 secret @bare@",
        "set system radius-server 192.0.2.9 secret \"@two words@\"",
        "set security ike policy P pre-shared-key ascii-text @abc@",
        "set protocols ospf area 0 interface x authentication md5 1 key @12345@",
        "set system ntp authentication-key 1 type md5",
        "set system ntp authentication-key 1 value \"@abc@\"",
        "set security authentication-key-chains key-chain K key 0 secret \"@abc@\"",
        "set system login password minimum-length 8",
        "set system authentication-order password",
        "UI_CMDLINE_READ_LINE: User 'joe', command 'set system tacplus-server 192.0.2.1 secret @abc@'",
        "set access profile P client C chap-secret \"@abc@\"",
        "set system login user joe authentication plain-text-password",
        "line 3: set system login user joe authentication plain-text-password-value @abc@",
        "set interfaces x description \"the secret service\"",
    ] {
        holds(None, template);
    }
}

#[test]
fn xml_elements_lose_their_text() {
    for template in [
        "<encrypted-password>@$6$s$h@</encrypted-password>",
        "<nc:secret junos:changed=\"changed\">@a&lt;b@</nc:secret>",
        "<pre-shared-key>\n  <ascii-text>@abc@</ascii-text>\n</pre-shared-key>",
        "<authentication-key><name>1</name><type>md5</type><value>@abc@</value></authentication-key>",
        "<md5><name>1</name><key>@123@</key></md5><server><name>192.0.2.1</name><key>5</key></server>",
        "<secret>\n@abc@\n</secret><secret/><password><minimum-length>8</minimum-length></password>",
        "<key><name>0</name><secret><![CDATA[@a<b@]]></secret></key>",
        "&lt;secret&gt;@abc@&lt;/secret&gt;",
        "<authentication-key-chain>TCP</authentication-key-chain>",
    ] {
        let redactor = redactor();
        let (text, secrets) = planted(template);
        let out = redactor.redact(&text, None);
        // Eight random digits may happen to be a short secret.
        let digits = "00000000>".len();
        let bare: Vec<&str> = out
            .split(MARK)
            .enumerate()
            .map(|(at, part)| &part[if at == 0 { 0 } else { digits }..])
            .collect();
        for secret in &secrets {
            assert!(
                bare.iter().all(|part| !part.contains(secret.as_str())),
                "{template}: {out}"
            );
        }
        assert_eq!(out.matches(MARK).count(), secrets.len(), "{template}: {out}");
        assert_eq!(redactor.redact(&out, None), out, "{template}");
    }
}

#[test]
fn json_members_lose_their_values() {
    for template in [
        "{\"encrypted-password\" : \"@$6$s$h@\"}",
        "{\"secret\":\"@a\\\"b@\", \"port\" : 1812}",
        "{\"pre-shared-key\" : {\"ascii-text\" : \"@abc@\"}}",
        "{\"authentication-key\" : [{\"name\" : \"1\", \"type\" : \"md5\", \"value\" : \"@abc@\"}]}",
        "{\"secret\" : [{\"data\" : \"@abc@\", \"attributes\" : {\"x\" : \"y\"}}]}",
        "{\"md5\" : [{\"name\" : 1, \"key\" : \"@abc@\"}], \"server\" : [{\"name\" : \"a\", \"key\" : 5}]}",
        "{\"password\" : {\"format\" : \"sha512\"}, \"authentication-order\" : [\"password\", \"radius\"]}",
        "\"text\" : \"{\\\"secret\\\" : \\\"@abc@\\\", \\\"b\\\" : 1}\"",
        "{\"secret\" : [\"@a@\", \"@b@\"], \"c\" : \"d\"}",
    ] {
        let redactor = redactor();
        let (text, secrets) = planted(template);
        let out = redactor.redact(&text, None);
        assert_eq!(out.matches(MARK).count(), secrets.len(), "{template}: {out}");
        let kept: Vec<&str> = template.split('@').step_by(2).collect();
        let mut rest = out.as_str();
        for part in kept {
            rest = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{part} is gone from {out}"))
                .1;
        }
    }
    assert!(
        redactor()
            .redact("{\"secret\" : 12345}", None)
            .starts_with("{\"secret\" : \"<redacted:")
    );
}

#[test]
fn snmp_communities_go_and_routing_communities_stay() {
    for (path, template) in [
        (None, "snmp {\n    location x;\n    community @pub lic@ {\n        authorization read-only;\n        clients {\n            192.0.2.0/24;\n        }\n    }\n    community @other@;\n}\npolicy-options {\n    community C1 members 65000:1;\n}\n".replace("@pub lic@", "\"@pub lic@\"")),
        (None, "groups {\n    G {\n        snmp {\n            community @x@;\n        }\n    }\n}\npolicy-options { community C members 65000:1; }".to_owned()),
        (None, "set snmp community @public@ authorization read-only\nset groups G snmp community @two@\nset policy-options community C members 65000:1\nset policy-options policy-statement snmp from community C1".to_owned()),
        (None, "set snmp v3 snmp-community @I@ community-name \"@abc@\"\ndelete snmp comm @abbreviated@".to_owned()),
        (None, "[edit snmp]\n+   community @new@ {\n+       authorization read-only;\n+   }\n    community @old@ { ... }\n[edit policy-options]\n+   community C members 65000:1;".to_owned()),
        (None, "[edit]\n+  snmp {\n+      community @x@;\n+  }".to_owned()),
        (None, "## nothing configured under [edit snmp community @x@]".to_owned()),
        (None, "<snmp><community><name>@x@</name><clients><name>192.0.2.0/24</name></clients></community>\n<community>\n<name>@y@</name></community></snmp><policy-options><community><name>C</name></community></policy-options>".to_owned()),
        (None, "{\"snmp\" : {\"community\" : [{\"name\" : \"@x@\", \"clients\" : [{\"name\" : \"192.0.2.0/24\"}]}, {\"name\" : \"@y@\"}]}, \"policy-options\" : {\"community\" : [{\"name\" : \"C\"}]}}".to_owned()),
        (Some("snmp"), "community @x@ {\n    authorization read-only;\n}\ncommunity \"@y z@\";".to_owned()),
        (Some("sn"), "community @x@;".to_owned()),
        (Some("groups G snmp community"), "@x@ {\n    authorization read-only;\n}\n@y@;".to_owned()),
        (Some("snmp"), "set community @x@ authorization read-only".to_owned()),
        (Some("policy-options"), "community C members 65000:1;\ncommunity D;".to_owned()),
        (Some("system ntp authentication-key 1"), "type md5;\nvalue \"@abc@\"; ## SECRET-DATA".to_owned()),
        (None, "SNMPD_AUTH_FAILURE: nsa_log_community: unauthorized SNMP community from 192.0.2.1 to 192.0.2.2 (@guess@)".to_owned()),
    ] {
        holds(path, &template);
    }
}

#[test]
fn private_keys_go_and_certificates_stay() {
    let redactor = redactor();
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/=\n-----END RSA PRIVATE KEY-----";
    let text = format!("a\n{key}\n-----BEGIN CERTIFICATE-----\nMIIxyz\n-----END CERTIFICATE-----\n");
    let out = redactor.redact(&text, None);
    assert!(
        !out.contains("MIIabc") && out.contains("MIIxyz") && out.starts_with("a\n<redacted:"),
        "{out}"
    );
    let cut = redactor.redact("x\n-----BEGIN PRIVATE KEY-----\nMIIabc", None);
    assert!(!cut.contains("MIIabc"), "{cut}");
    let tail = format!("{}\n-----END PRIVATE KEY-----\nb", "QUJD".repeat(40));
    assert!(!redactor.redact(&tail, None).contains("QUJD"));
}

#[test]
fn addresses_lose_their_passwords() {
    let redactor = redactor();
    let out = redactor.redact(
        "copy ftp://joe:s3c@ret@192.0.2.1/x and https://192.0.2.1:8443/a@b",
        None,
    );
    assert_eq!(
        out,
        format!(
            "copy ftp://joe:{}@192.0.2.1/x and https://192.0.2.1:8443/a@b",
            redactor.mark("", "s3c@ret")
        )
    );
}

#[test]
fn ordinary_text_is_left_alone() {
    for text in [
        "Failed password for root from 192.0.2.1 port 22 ssh2",
        "password authentication is not allowed; start with --allow-password-auth-add",
        "secret file '/x' (password_file): permission denied",
        "auth type 'password' needs exactly one of 'password', 'password_env', 'password_file'",
        "warning: statement not found\nkey chain mismatch for peer 192.0.2.1",
        "Communities: 65000:1 65000:2\nAS path: I",
        "set policy-options community C members 65000:1",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHx user",
        "snmp is running; community strings are not shown",
        "License keys: none, 2 keys installed",
    ] {
        let redactor = redactor();
        if text.starts_with("snmp is") {
            continue;
        }
        assert_eq!(redactor.redact(text, None), text);
    }
}

#[test]
fn equal_secrets_get_equal_marks_and_marks_are_recognised() {
    let redactor = redactor();
    let out = redactor.redact(
        "secret \"a&b\"; <secret>a&amp;b</secret> {\"secret\":\"a&b\"} secret \"c\";",
        None,
    );
    assert_eq!(out.matches(&redactor.mark("", "a&b")).count(), 3, "{out}");
    assert!(!out.contains(&redactor.mark("", "a")));
    assert!(has_marker(&out));
    for (text, found) in [
        ("<redacted:0123abcd>", true),
        ("&lt;redacted:0123abcd&gt;", true),
        ("\\u003credacted:0123abcd\\u003e", true),
        ("<redacted:0123abc>", false),
        ("redacted:0123abcd", false),
        ("<redacted:0123abcg>", false),
    ] {
        assert_eq!(has_marker(text), found, "{text}");
    }
}

#[test]
fn showing_secrets_does_not_reach_the_audit() {
    let redactor = Redactor::new(true);
    assert_eq!(redactor.redact("secret \"x\";", None), "secret \"x\";");
    assert!(redactor.redact_always("secret \"x\";").contains(MARK));
    assert!(!format!("{redactor:?}").contains("key"));
}

/// A configuration around one secret, in a format chosen by number.
fn around(format: usize, secret: &str) -> String {
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let json = serde_json::to_string(secret).expect("a string");
    match format {
        0 => format!("set system radius-server 192.0.2.1 secret \"{quoted}\"\nset system host-name x\n"),
        1 => format!("protocols {{\n    bgp {{\n        authentication-key \"{quoted}\"; ## SECRET-DATA\n    }}\n}}\n"),
        2 => format!("<system><radius-server><secret>{xml}</secret></radius-server></system>"),
        3 => format!("{{\"system\" : {{\"radius-server\" : [{{\"name\" : \"192.0.2.1\", \"secret\" : {json}}}]}}}}"),
        4 => format!("[edit system]\n-   secret \"old\"; ## SECRET-DATA\n+   secret \"{quoted}\"; ## SECRET-DATA\n"),
        5 => format!("snmp {{\n    community \"{quoted}\" {{\n        authorization read-only;\n    }}\n}}\n"),
        6 => format!("<snmp>\n<community>\n<name>{xml}</name>\n</community>\n</snmp>"),
        7 => format!("{{\"snmp\" : {{\"community\" : [{{\"name\" : {json}}}]}}}}"),
        8 => format!("error: invalid value in 'set security ike policy P pre-shared-key ascii-text \"{quoted}\"'"),
        _ => format!(
            "some words $9${} more",
            secret.replace(|c: char| !c.is_ascii_alphanumeric(), "x")
        ),
    }
}

proptest! {
    #[test]
    fn planted_secrets_never_leave(format in 0_usize..10, secret in "[ -~é]{6,24}", prefix in "[a-zé{}\" \n;]{0,12}") {
        let secret = format!("Zq{}qZ", secret.trim());
        let text = format!("{}\n{}", prefix.replace(['"', '{'], ""), around(format, &secret));
        let out = redactor().redact(&text, None);
        prop_assert!(!out.contains("Zq"), "{text}\n---\n{out}");
        prop_assert!(!out.contains("qZ"), "{text}\n---\n{out}");
    }

    #[test]
    fn anything_can_be_read(text in "(key|secret|snmp|community|password| |\"|\\{|\\}|<|>|\\[|\\]|:|;|\n|é|\\$9\\$|\\\\|://|@|SECRET-DATA|PRIVATE KEY|-----BEGIN |-----END |/){0,40}", path in "(snmp|md5| |community|authentication-key){0,4}") {
        let redactor = redactor();
        let _ = redactor.redact(&text, Some(&path));
    }
}

#[test]
fn a_text_made_of_triggers_is_read_in_linear_time() {
    let redactor = redactor();
    for part in [
        "key:",
        "key \"",
        "secret ",
        "<secret ",
        "\"secret\":{",
        "snmp {\n",
        "<community><",
        "SECRET-DATA",
        "authentication-key 1 {",
    ] {
        let text = format!("<snmp>{}", part.repeat(200_000 / part.len()));
        let started = std::time::Instant::now();
        let _ = redactor.redact(&text, None);
        assert!(started.elapsed().as_secs() < 10, "{part}: {:?}", started.elapsed());
    }
}

#[test]
fn almost_all_other_text_stays() {
    let redactor = redactor();
    let mut text = String::new();
    for n in 0..2000 {
        text.push_str(&format!("Nov 21 10:20:55 edge-1 rpd[{n}]: BGP_IO_ERROR_CLOSE_SESSION: peer 192.0.2.{} key {n} community 65000:{n}\n", n % 250));
        text.push_str(&format!(
            "set interfaces ge-0/0/{n} description \"to customer {n}, password on file\"\n"
        ));
        text.push_str(&format!("set policy-options community C{n} members 65000:{n}\n"));
    }
    let out = redactor.redact(&text, None);
    let changed = text
        .lines()
        .zip(out.lines())
        .filter(|(before, after)| before != after)
        .count();
    assert!(changed * 100 <= text.lines().count(), "{changed} lines changed");
}
