//! Files to and from a lab router, and what becomes of a copy when something goes wrong.

use std::io::Cursor;

use super::*;
use crate::{
    devices::testing::{Bench, work},
    lab::{Action, Fault as LabFault, Trigger, What},
};

const PATH: &str = "/var/tmp/image.tgz";

async fn bench() -> Bench {
    Bench::with(|lab, _, entry| {
        lab.keep_files = true;
        entry.scp_port = entry.port;
    })
    .await
}

/// Bytes that differ from place to place.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index % 251) as u8).collect()
}

async fn send(bench: &Bench, path: &str, content: &[u8]) -> Result<(), CopyFault> {
    let work = work(30);
    let copier = bench.devices.copier(&bench.entry, &work).await.expect("it is there");
    copier.send(path, content.len() as u64, content, &work).await
}

async fn receive(bench: &Bench, path: &str, largest: u64) -> Result<Vec<u8>, CopyFault> {
    let work = work(30);
    let copier = bench.devices.copier(&bench.entry, &work).await.expect("it is there");
    let mut received = Cursor::new(Vec::new());
    let size = copier.receive(path, largest, &mut received, &work).await?;
    let received = received.into_inner();
    assert_eq!(size, received.len() as u64);
    Ok(received)
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_is_what_comes_back() {
    let bench = bench().await;
    // Nothing, one byte, and sizes about those of a packet and of a window.
    for size in [0, 1, 32_767, 32_768, 32_769, 3 * 1024 * 1024 + 7] {
        let content = content(size);
        send(&bench, PATH, &content).await.expect("there is room");
        let received = receive(&bench, PATH, u64::MAX).await.expect("it is there");
        assert!(received == content, "{size} bytes");
    }
    send(&bench, "/var/tmp/it's a file", b"x")
        .await
        .expect("a name of its own");
    assert_eq!(
        receive(&bench, "/var/tmp/it's a file", 1).await.expect("one byte"),
        b"x"
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_has_a_connection_of_its_own_that_ends_with_it() {
    let bench = bench().await;
    send(&bench, PATH, b"x").await.expect("there is room");
    assert_eq!(bench.count(|what| *what == What::Connected), 1);
    bench.router().wait_for(|event| event.what == What::Disconnected).await;
    assert_eq!(bench.devices.status().connections, 0, "none of the pool");
}

#[tokio::test(start_paused = true)]
async fn a_router_that_refuses_says_why() {
    let bench = bench().await;
    let fault = receive(&bench, "/var/tmp/none", 9).await.expect_err("there is none");
    assert!(
        matches!(&fault, CopyFault::Refused { message } if message == "/var/tmp/none: No such file or directory"),
        "{fault:?}"
    );
    let fault = send(&bench, "/config/juniper.conf", b"x").await.expect_err("root only");
    assert!(
        matches!(&fault, CopyFault::Refused { message } if message.ends_with("Permission denied")),
        "{fault:?}"
    );
    send(&bench, PATH, b"four").await.expect("there is room");
    let fault = receive(&bench, PATH, 3).await.expect_err("it has four");
    assert!(
        matches!(fault, CopyFault::TooLarge { size: 4, largest: 3 }),
        "{fault:?}"
    );
    bench
        .router()
        .inject(LabFault::new(Trigger::Now, Action::DiskFull(1000)));
    let fault = send(&bench, PATH, &content(100_000)).await.expect_err("no room");
    assert!(matches!(fault, CopyFault::NoSpace { .. }), "{fault:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_become_shorter_is_no_copy() {
    let bench = bench().await;
    let work = work(30);
    let copier = bench.devices.copier(&bench.entry, &work).await.expect("it is there");
    let fault = copier
        .send(PATH, 10, &b"short"[..], &work)
        .await
        .expect_err("five are missing");
    assert!(matches!(fault, CopyFault::Source(_)), "{fault:?}");
}

#[tokio::test(start_paused = true)]
async fn a_copy_ends_with_the_time_of_its_call_or_when_it_is_cancelled() {
    for trigger in [
        Trigger::ScpOpen,
        Trigger::ScpHeader,
        Trigger::ScpByte(20_000),
        Trigger::ScpAck,
    ] {
        let bench = bench().await;
        let hanging = bench.router().inject(LabFault::new(trigger.clone(), Action::Hang));
        let work = work(5);
        let copier = bench.devices.copier(&bench.entry, &work).await.expect("it is there");
        let content = content(40_000);
        let started = Instant::now();
        let fault = copier
            .send(PATH, 40_000, &content[..], &work)
            .await
            .expect_err("it hangs");
        assert!(
            matches!(&fault, CopyFault::Device(fault) if fault.code == "outer_timeout"),
            "{trigger:?}: {fault:?}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "{trigger:?}: {:?}",
            started.elapsed()
        );
        assert_eq!(hanging.fired(), 1, "{trigger:?}");
    }
}

#[test]
fn a_header_that_is_not_about_what_was_asked_for_is_refused() {
    assert!(matches!(announced("0644 12 a.log"), Ok(12)));
    for name in ["../a.log", "b.log", "/etc/passwd", "a.log ", "a.log\u{7}", ""] {
        let fault = announced(&format!("0644 12 {name}"));
        assert!(matches!(fault, Err(CopyFault::BadName)), "{name:?}: {fault:?}");
    }
    for header in [
        "",
        "0644",
        "0644 12",
        "644 12 a.log",
        "0944 12 a.log",
        "0644 -1 a.log",
        "0644 +1 a.log",
        "0644 99999999999999999999 a.log",
        "0644  a.log",
    ] {
        let fault = announced(header);
        assert!(matches!(fault, Err(CopyFault::Protocol(_))), "{header:?}: {fault:?}");
    }
}

fn announced(header: &str) -> Result<u64, CopyFault> {
    receive::announced(header, "a.log")
}
