//! Which commands are jumps, and what becomes of those that are not.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[test]
fn a_command_that_only_jumps_is_read_as_a_jump() {
    for (command, expected) in [
        ("ssh -W %h:%p bastion", Some("bastion")),
        ("ssh bastion -W %h:%p", Some("bastion")),
        (
            "/usr/bin/ssh -q -W [%h]:%p -l alice -p 2022 bastion",
            Some("alice@bastion:2022"),
        ),
        (
            "exec ssh -qxT alice@[2001:db8::1]:22 nc %h %p",
            Some("alice@2001:db8::1:22"),
        ),
        (
            "ssh -o BatchMode=yes -oPort=23 bastion nc -w 5 %h %p 2>/dev/null",
            Some("bastion:23"),
        ),
        ("ssh -i ~/.ssh/hop bastion netcat -q0 %h %p", Some("bastion ~/.ssh/hop")),
        // The rest is for the command itself: other host keys, other files, other programs, other ends.
        ("ssh -o UserKnownHostsFile=/x -W %h:%p bastion", None),
        ("ssh -F /x -W %h:%p bastion", None),
        ("ssh -J a -W %h:%p bastion", None),
        ("ssh -W 192.0.2.1:22 bastion", None),
        ("ssh bastion nc 192.0.2.1 22", None),
        ("ssh bastion socat - TCP:%h:%p", None),
        ("ssh bastion", None),
        ("ssh -W %h:%p bastion | tee log", None),
        ("ssh -W %h:%p $(pick)", None),
        ("nc -X 5 -x proxy:1080 %h %p", None),
        ("ssh", None),
    ] {
        let found = as_jump(command).map(|hop| {
            let user = hop.user.map(|user| format!("{user}@")).unwrap_or_default();
            let port = hop.port.map(|port| format!(":{port}")).unwrap_or_default();
            let files: String = hop.identity_files.iter().map(|file| format!(" {file}")).collect();
            format!("{user}{}{port}{files}", hop.host)
        });
        assert_eq!(found.as_deref(), expected, "{command}");
    }
}

#[test]
fn tokens_are_quoted_where_a_shell_would_read_more_into_them() {
    let tokens = Tokens {
        host: "2001:db8::1",
        port: 830,
        user: "a'b $x",
        alias: "edge",
    };
    assert_eq!(
        tokens.fill_in("x %h %p %r %n 100%%").as_deref(),
        Ok(r"x 2001:db8::1 830 'a'\''b $x' edge 100%")
    );
    assert!(tokens.fill_in("x %k").is_err());
}

#[tokio::test]
async fn what_a_command_says_is_kept_and_the_command_ends_with_its_stream() {
    let complaint = Complaint::default();
    let mut stream = run("echo one >&2; echo ' two ' >&2; echo $$; cat", &complaint).expect("a shell");
    stream.write_all(b"ping\n").await.expect("it reads");
    let mut text = Vec::new();
    while !text.ends_with(b"ping\n") {
        assert_ne!(stream.read_buf(&mut text).await.expect("it answers"), 0);
    }
    let text = String::from_utf8(text).expect("text");
    let group = text
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a number");
    let group = rustix::process::Pid::from_raw(group).expect("a process");
    assert!(rustix::process::test_kill_process_group(group).is_ok());
    drop(stream);
    while rustix::process::test_kill_process_group(group).is_ok() {
        tokio::task::yield_now().await;
    }
    complaint.complete().await;
    assert_eq!(complaint.last_line().as_deref(), Some("two"));
}

#[tokio::test]
async fn a_plain_command_needs_no_shell_and_a_flood_of_complaints_is_bounded() {
    let complaint = Complaint::default();
    assert!(run("no-such-program-here 1 2", &complaint).is_err());
    let command = "i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; echo done; cat";
    let mut stream = run(command, &complaint).expect("a shell");
    let mut text = Vec::new();
    while !text.ends_with(b"done\n") {
        assert_ne!(stream.read_buf(&mut text).await.expect("it answers"), 0);
    }
    drop(stream);
    complaint.complete().await;
    assert_eq!(complaint.last_line().as_deref(), Some("line 4999"));
    assert!(complaint.kept.lock().expect("no panic").len() <= MAX_COMPLAINT);
}
