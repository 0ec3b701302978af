//! The pool against the lab, over real SSH on a paused clock.

mod conclusions;
mod silence;

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::{
    testing::{Bench, HOST, work},
    *,
};
use crate::{
    blocklist::{Permitted, Rules},
    inventory::{Auth, KeySource, SecretRef},
    junos::Command,
    lab::{Action, Fault as LabFault, Lab, LabSettings, Trigger, What},
    work::Work,
};

fn permitted(command: &str) -> Permitted {
    let command = Command::parse(command, None).expect("a good command");
    Rules::default().permit(&command).expect("no rules, no refusal")
}

async fn version(bench: &Bench) -> Result<Answer, Fault> {
    bench.device().run(&permitted("show version"), &work(60)).await
}

async fn outcome(bench: &Bench) -> &'static str {
    version(bench).await.map_or_else(|fault| fault.code, |_| "ok")
}

fn logins(what: &What) -> bool {
    matches!(what, What::Auth { .. })
}

fn channels(what: &What) -> bool {
    matches!(what, What::Channel { .. })
}

fn rpcs(what: &What) -> bool {
    matches!(what, What::Rpc { .. })
}

#[tokio::test(start_paused = true)]
async fn a_cold_command_costs_one_login_one_channel_and_one_request() {
    let bench = Bench::new().await;
    assert_eq!(outcome(&bench).await, "ok");
    assert_eq!(
        (bench.count(logins), bench.count(channels), bench.count(rpcs)),
        (1, 1, 1)
    );
    assert_eq!(outcome(&bench).await, "ok");
    assert_eq!(
        (bench.count(logins), bench.count(channels), bench.count(rpcs)),
        (1, 1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn keys_of_memory_log_in_too() {
    let bench = Bench::with(|_, _, _| {}).await;
    let key = bench.router().private_key_openssh();
    let mut entry = (*bench.entry).clone();
    entry.auth = Auth::Key {
        key: KeySource::Memory(key.into()),
        passphrase: None,
    };
    let device = bench.devices.device(&Arc::new(entry));
    device
        .run(&permitted("show version"), &work(60))
        .await
        .expect("an answer");
    assert_eq!(
        bench.count(|what| matches!(
            what,
            What::Auth {
                method: "publickey",
                accepted: true,
                ..
            }
        )),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn three_calls_at_once_share_one_connection() {
    let bench = Bench::with(|lab, _, _| lab.command_time = Duration::from_secs(1)).await;
    let answers = tokio::join!(version(&bench), version(&bench), version(&bench));
    assert!(answers.0.is_ok() && answers.1.is_ok() && answers.2.is_ok());
    assert_eq!(
        (bench.count(logins), bench.count(channels), bench.count(rpcs)),
        (1, 3, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_is_told_apart_from_work() {
    let bench = Bench::with(|lab, settings, _| {
        lab.command_time = Duration::from_secs(3);
        settings.sessions = 1;
    })
    .await;
    let (first, second) = (work(60), work(60));
    let (device, command) = (bench.device(), permitted("show version"));
    let (one, other) = tokio::join!(device.run(&command, &first), device.run(&command, &second));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(first.queued(), Some(Duration::ZERO));
    assert!(second.queued().is_some_and(|time| time >= Duration::from_secs(3)));
    assert_eq!(work(60).queued(), None);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_end_the_dial_of_the_others() {
    let bench = Bench::with(|lab, _, _| lab.round_trip = Duration::from_millis(100)).await;
    let device = bench.device();
    let leaving = CancellationToken::new();
    let command = permitted("show version");
    let cancelled = Work::new(Duration::from_secs(60), leaving.clone());
    let first = device.run(&command, &cancelled);
    let leave = async {
        bench.router().wait_for(|event| event.what == What::Connected).await;
        leaving.cancel();
    };
    let (first, second, ()) = tokio::join!(first, version(&bench), leave);
    assert_eq!(first.expect_err("cancelled").code, "cancelled");
    assert!(second.is_ok());
    assert_eq!(bench.count(|what| *what == What::Connected), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_is_tried_once_however_many_wait() {
    let bench = Bench::with(|_, _, entry| {
        entry.username = "lab".to_owned();
        entry.auth = Auth::Password(SecretRef::Inline("wrong".to_owned().into()));
    })
    .await;
    let (one, two) = tokio::join!(outcome(&bench), outcome(&bench));
    assert_eq!((one, two), ("auth_failed", "auth_failed"));
    assert_eq!(bench.count(logins), 1);
    let commands = vec![permitted("show version"); 50];
    let mut codes = Vec::new();
    let each = Duration::from_secs(10);
    let device = bench.device();
    device
        .run_all(&commands, each, &work(60), |_, result| {
            codes.push(result.expect_err("refused").code)
        })
        .await;
    assert_eq!(codes, ["auth_failed"; 50]);
    assert_eq!(bench.count(logins), 2);
}

#[tokio::test(start_paused = true)]
async fn another_host_key_is_refused_before_anything_is_sent() {
    let bench = Bench::new().await;
    bench.router().change_host_key();
    assert_eq!(outcome(&bench).await, "host_key_mismatch");
    assert_eq!(bench.count(logins), 0);
    let bench = Bench::with(|_, settings, _| settings.known_hosts = KnownHosts::Memory("# none\n".to_owned())).await;
    assert_eq!(outcome(&bench).await, "host_key_unknown");
    assert_eq!(bench.count(logins), 0);
}

#[tokio::test(start_paused = true)]
async fn every_silence_has_its_code_within_its_time_and_the_next_call_works() {
    let table = [
        (Trigger::Connect, "connect_timeout"),
        (Trigger::KeyExchange, "connect_timeout"),
        (Trigger::Auth, "connect_timeout"),
        (Trigger::Hello, "connect_timeout"),
        (Trigger::rpc("command"), "outer_timeout"),
    ];
    for (trigger, code) in table {
        let bench = Bench::new().await;
        let fault = bench.router().inject(LabFault::new(trigger.clone(), Action::Hang));
        let started = tokio::time::Instant::now();
        assert_eq!(outcome(&bench).await, code, "{trigger:?}");
        assert!(started.elapsed() <= Duration::from_secs(60), "{trigger:?}");
        assert_eq!(fault.fired(), 1, "{trigger:?}");
        fault.remove();
        assert_eq!(outcome(&bench).await, "ok", "{trigger:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_timeout_ends_a_silent_dial_for_its_caller_only() {
    let bench = Bench::new().await;
    bench.router().inject(LabFault::new(Trigger::Connect, Action::Hang));
    let device = bench.device();
    let started = tokio::time::Instant::now();
    let fault = device
        .run(&permitted("show version"), &work(3))
        .await
        .expect_err("silence");
    assert_eq!(
        (fault.code, started.elapsed()),
        ("outer_timeout", Duration::from_secs(3))
    );
}

#[tokio::test(start_paused = true)]
async fn every_broken_reply_has_its_code_and_the_next_call_gets_its_own_answer() {
    let table = [
        (Action::Drop, "session_lost"),
        (Action::Close, "session_lost"),
        (Action::DropAtByte(40), "session_lost"),
        (Action::HalfReply, "outer_timeout"),
        (Action::SilentAtByte(40), "outer_timeout"),
        (Action::Garbage(b"\x00\xffnoise".to_vec()), "reply_malformed"),
        (Action::WrongMessageId, "reply_malformed"),
        (Action::SingleBytes, "ok"),
        (Action::SplitMark, "ok"),
        (Action::BadBytes, "ok"),
        (Action::Twice, "ok"),
    ];
    for (action, code) in table {
        let bench = Bench::new().await;
        let fault = bench
            .router()
            .inject(LabFault::new(Trigger::reply("command"), action.clone()));
        assert_eq!(outcome(&bench).await, code, "{action:?}");
        assert_eq!(fault.fired(), 1, "{action:?}");
        let answer = bench
            .device()
            .run(&permitted("show system uptime"), &work(60))
            .await
            .expect("an answer");
        let text = answer.text.reveal().text;
        assert!(!text.contains("Model:"), "{action:?} got the previous answer: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_on_a_session_that_died_unnoticed_is_repeated_once_and_a_change_is_not() {
    let bench = Bench::new().await;
    assert_eq!(outcome(&bench).await, "ok");
    bench
        .router()
        .inject(LabFault::new(Trigger::rpc("command"), Action::Close));
    assert_eq!(outcome(&bench).await, "ok");
    bench
        .router()
        .inject(LabFault::new(Trigger::rpc("command"), Action::Close));
    let device = bench.device();
    let fault = device
        .run(&permitted("clear arp"), &work(60))
        .await
        .expect_err("not repeated");
    assert_eq!(fault.code, "session_lost");
}

#[tokio::test(start_paused = true)]
async fn a_router_with_one_session_serves_five_callers_in_turn() {
    let bench = Bench::with(|lab, _, _| {
        lab.channels = 1;
        lab.command_time = Duration::from_secs(1);
    })
    .await;
    let device = bench.device();
    let command = permitted("show version");
    let work = work(60);
    let answers = futures::future::join_all((0..5).map(|_| device.run(&command, &work))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn idle_sessions_and_connections_are_closed_in_time() {
    let bench = Bench::new().await;
    assert_eq!(outcome(&bench).await, "ok");
    assert_eq!(bench.devices.status().sessions.idle, 1);
    bench.router().wait_for(|event| event.what == What::Disconnected).await;
    let status = bench.devices.status();
    assert_eq!((status.connections, status.sessions.idle), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn commands_back_to_back_keep_their_order_and_a_slow_one_costs_only_itself() {
    let bench = Bench::new().await;
    let commands = [
        "show version",
        "show system uptime",
        "show chassis hardware",
        "show version",
    ]
    .map(permitted);
    bench
        .router()
        .inject(LabFault::new(Trigger::rpc("command"), Action::Hang).nth(2));
    let mut rows = Vec::new();
    let device = bench.device();
    device
        .run_all(&commands, Duration::from_secs(5), &work(60), |index, result| {
            rows.push((index, result.map_or_else(|fault| fault.code, |_| "ok")));
        })
        .await;
    assert_eq!(rows, [(0, "ok"), (1, "outer_timeout"), (2, "ok"), (3, "ok")]);
    assert_eq!(bench.count(logins), 1);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_closes_what_is_open() {
    let bench = Bench::new().await;
    assert_eq!(outcome(&bench).await, "ok");
    bench.devices.shut_down(Duration::from_secs(5)).await;
    assert_eq!(bench.count(|what| matches!(what, What::SessionClosed { .. })), 1);
    assert_eq!(outcome(&bench).await, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_router_that_falls_silent_while_keys_are_exchanged_is_left_for_good() {
    let (tell, left) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let silent: OpenPipe = Arc::new(move || {
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        let tell = tell.lock().expect("no panic").take();
        tokio::spawn(async move {
            far.write_all(b"SSH-2.0-silent\r\n").await.expect("somebody reads");
            let mut heard = Vec::new();
            far.read_to_end(&mut heard).await.expect("an orderly end");
            tell.map(|tell| tell.send(heard.len()))
        });
        Ok(near)
    });
    let mut settings = DeviceSettings {
        known_hosts: KnownHosts::Memory("# none\n".to_owned()),
        ..DeviceSettings::default()
    };
    settings.dials.insert((HOST.to_owned(), 830), Dial::Pipe(silent));
    let devices = Devices::new(settings);
    let device = devices.device(&Arc::new(testing::entry(HOST)));
    let started = tokio::time::Instant::now();
    let fault = device.run(&permitted("show version"), &work(60)).await;
    assert_eq!(fault.expect_err("silence").code, "connect_timeout");
    assert!(left.await.expect("it was told") > 0);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}
