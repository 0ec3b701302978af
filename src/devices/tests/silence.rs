//! Silence, lateness, and connections that die without a word.

use super::*;
use crate::lab::Event;

fn command_arrived(event: &Event) -> bool {
    matches!(event.what, What::Rpc { .. })
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_its_deadline_is_nobodys() {
    let bench = Bench::new().await;
    let late = bench
        .router()
        .inject(LabFault::new(Trigger::rpc("command"), Action::Hang));
    let device = bench.device();
    let fault = device.run(&permitted("show version"), &work(5)).await;
    assert_eq!(fault.expect_err("too late").code, "outer_timeout");
    late.release();
    let answer = device.run(&permitted("show system uptime"), &work(60)).await;
    let text = answer.expect("an answer").text.reveal().text;
    assert!(text.contains("Current time:") && !text.contains("Model:"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_is_late_and_its_router_is_not_unreachable() {
    let bench = Bench::new().await;
    let slow = Action::Delay(Duration::from_secs(45));
    bench.router().inject(LabFault::new(Trigger::rpc("command"), slow));
    let device = bench.device();
    let fault = device.run(&permitted("show version"), &work(5)).await;
    assert_eq!(fault.expect_err("slow").code, "outer_timeout");
    assert_eq!(outcome(&bench).await, "ok");
    assert_eq!(bench.count(|what| *what == What::Connected), 1);
    assert_eq!(bench.count(logins), 1);
}

#[tokio::test(start_paused = true)]
async fn a_router_may_think_for_45_seconds_when_the_caller_gives_it_60() {
    let bench = Bench::new().await;
    let slow = Action::Delay(Duration::from_secs(45));
    bench.router().inject(LabFault::new(Trigger::rpc("command"), slow));
    assert_eq!(outcome(&bench).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_forgets_a_connection_is_noticed_within_two_minutes() {
    let lost = CancellationToken::new();
    let lab = Lab::start(LabSettings::new(1)).await.expect("a lab in memory");
    let router = lab.routers()[0].clone();
    let open: OpenPipe = Arc::new({
        let (router, lost) = (router.clone(), lost.clone());
        move || {
            let mut far = router.connect()?;
            let (near, mut middle) = tokio::io::duplex(64 * 1024);
            let lost = lost.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut middle, &mut far) => {}
                    // Both ends stay open, and nothing passes.
                    () = lost.cancelled() => std::future::pending().await,
                }
            });
            Ok(near)
        }
    });
    let mut settings = DeviceSettings {
        known_hosts: KnownHosts::Memory(router.host_key_line(HOST, 830)),
        ..DeviceSettings::default()
    };
    settings.dials.insert((HOST.to_owned(), 830), Dial::Pipe(open));
    let devices = Devices::new(settings);
    let mut entry = testing::entry(HOST);
    entry.username = router.username().to_owned();
    entry.auth = Auth::Password(SecretRef::Inline(router.password().to_owned().into()));
    let device = devices.device(&Arc::new(entry));
    router.inject(LabFault::new(Trigger::rpc("command"), Action::Hang));
    let command = permitted("show version");
    let work = work(600);
    let started = tokio::time::Instant::now();
    let forget = async {
        router.wait_for(command_arrived).await;
        lost.cancel();
    };
    let (result, ()) = tokio::join!(device.run(&command, &work), forget);
    assert_eq!(result.expect_err("nobody is there").code, "session_lost");
    assert!(started.elapsed() <= Duration::from_secs(120), "{:?}", started.elapsed());
}
