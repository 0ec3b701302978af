//! The figures that matter, as ratios to the physical limit measured in the same run.
//!
//! `cargo bench` prints one row per figure. Times are medians; the limit of a row is what network and router take by
//! themselves.

mod http;
mod wire;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    process::{self, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use rust_junosmcp::{
    app::{App, Caller, Reply, Request},
    lab::{Action, Fault, Lab, LabSettings, RouterHandle, Trigger},
    settings::{AuditFormat, Dial, InventorySource, KnownHosts, MemoryRouter, OpenPipe, Settings},
};
use serde_json::{Map, Value, json};

/// The simulated network and router.
const ROUND_TRIP: Duration = Duration::from_millis(100);
const COMMAND_TIME: Duration = Duration::from_millis(50);

/// Repetitions of a row whose median is shown.
const RUNS: usize = 15;

/// The routers of the largest batch.
const FLEET: usize = 1000;

/// The large reply.
const LARGE: usize = 50 * 1024 * 1024;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("lab-child") => return runtime().block_on(lab_child(1)),
        Some("http-child") => {
            let kind = std::env::args().nth(2).expect("a kind of content");
            return runtime().block_on(http::child(kind));
        }
        Some("sdk-child") => return runtime().block_on(http::library_child()),
        Some("http") => return http::rows(row),
        Some("fleet-child") => return runtime().block_on(lab_child(FLEET)),
        _ => {}
    }
    println!(
        "round trip {} ms, command {} ms, median of {RUNS} runs\n",
        ROUND_TRIP.as_millis(),
        COMMAND_TIME.as_millis()
    );
    println!(
        "{:<58} {:>10} {:>10} {:>7}  target",
        "figure", "measured", "limit", "ratio"
    );
    runtime().block_on(async {
        one_router().await;
        batches().await;
    });
    fleet();
    large_reply();
    program();
    http::rows(row);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// A lab in this process and the product in front of it.
struct Bench {
    _lab: Lab,
    app: Arc<App>,
    names: Vec<String>,
}

impl Bench {
    async fn new(routers: usize) -> Self {
        let mut settings = LabSettings::new(routers);
        settings.round_trip = ROUND_TRIP;
        settings.command_time = COMMAND_TIME;
        let lab = Lab::start(settings).await.expect("a lab");
        let mut known_hosts = String::new();
        let mut dials = HashMap::new();
        let mut inventory = Map::new();
        for (index, router) in lab.routers().iter().enumerate() {
            let host = format!("198.51.100.{}", index + 1);
            known_hosts.push_str(&router.host_key_line(&host, 830));
            known_hosts.push('\n');
            // A login by key costs one round trip more, in which the client asks whether the key would do.
            let auth = json!({"type": "password", "password": router.password()});
            let entry = json!({"ip": host, "port": 830, "username": router.username(), "auth": auth});
            inventory.insert(router.name().to_owned(), entry);
            let router = router.clone();
            let open: OpenPipe = Arc::new(move || router.connect());
            dials.insert((host, 830), Dial::Pipe(open));
        }
        let names = inventory.keys().cloned().collect();
        let mut settings = Settings::new(InventorySource::Text(Value::Object(inventory).to_string()));
        settings.devices.known_hosts = KnownHosts::Memory(known_hosts);
        settings.devices.dials = dials;
        settings.audit.format = AuditFormat::Off;
        let app = App::start(settings).expect("the product starts");
        Self { _lab: lab, app, names }
    }

    async fn command(&self, command: &str) -> Reply {
        let arguments = json!({"router_name": self.names[0], "command": command});
        call(&self.app, "execute_junos_command", arguments).await
    }

    async fn five(&self) {
        let calls = (0..5).map(|_| self.command("show version"));
        futures::future::join_all(calls).await;
    }

    /// Three commands on every router, started cold.
    async fn batch(&self) {
        let commands = ["show version", "show system uptime", "show chassis hardware"];
        let routers = self.names.len();
        let arguments = json!({"router_names": ["*"], "commands": commands, "max_concurrent_routers": routers});
        call(&self.app, "execute_junos_command_batch", arguments).await;
    }
}

async fn call(app: &App, tool: &str, arguments: Value) -> Reply {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    let request = Request::new(Caller::stdio(), tool, arguments);
    let reply = app.call(request).await.expect("the tool is offered");
    assert!(!reply.is_error(), "{}", reply.text());
    reply
}

async fn one_router() {
    let limit = ROUND_TRIP + COMMAND_TIME;
    let warm = Bench::new(1).await;
    warm.command("show version").await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(timed(async { drop(warm.command("show version").await) }).await);
    }
    row("warm command", median(times), limit, "<= 1.05");

    warm.five().await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(timed(warm.five()).await);
    }
    row("5 parallel commands, warm", median(times), limit, "<= 1.15");

    let mut cold = Vec::new();
    let mut widened = Vec::new();
    for _ in 0..RUNS {
        let bench = Bench::new(1).await;
        // The lab's round trip delays what is sent, not the TCP handshake before it: that is added here.
        cold.push(ROUND_TRIP + timed(async { drop(bench.command("show version").await) }).await);
        widened.push(timed(bench.five()).await);
    }
    let of_trips = |trips: f64| ROUND_TRIP.mul_f64(trips) + COMMAND_TIME;
    row(
        "first command to a cold router",
        median(cold),
        of_trips(6.5),
        "<= 1.07 (7 round trips)",
    );
    row(
        "5 parallel commands, one warm session",
        median(widened),
        of_trips(2.0),
        "<= 1.24 (2.6 round trips)",
    );
}

/// The routers run in this process too: of a hundred handshakes both ends are paid for here.
async fn batches() {
    let mut alone = Vec::new();
    let (mut twenty, mut hundred) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for (routers, times) in [(1, &mut alone), (20, &mut twenty), (100, &mut hundred)] {
            let bench = Bench::new(routers).await;
            times.push(timed(bench.batch()).await);
        }
    }
    let alone = median(alone);
    for (name, times) in [
        ("batch, 20 routers x 3 commands, cold (limit: one alone)", twenty),
        ("batch, 100 routers x 3 commands, cold (limit: one alone)", hundred),
    ] {
        row(name, median(times), alone, "<= 1.3");
    }
}

/// A thousand routers in another process, each contacted for the first time; only this process' CPU and memory count.
fn fleet() {
    let mut child = Child::lab("fleet-child");
    let (cpu, peak) = runtime().block_on(async {
        let app = child.product();
        reset_peak();
        let (before, resident) = (cpu_time(), status("VmRSS"));
        let arguments = json!({"router_names": ["*"], "commands": ["show version"], "max_concurrent_routers": 100});
        let reply = call(&app, "execute_junos_command_batch", arguments).await;
        let summary = &reply.structured()["summary"];
        assert_eq!(summary["successful"], FLEET, "{summary}");
        (cpu_time() - before, status("VmHWM").saturating_sub(resident))
    });
    child.end();
    row(
        "batch, 1,000 routers x 1 command, CPU per router",
        cpu / u32::try_from(FLEET).expect("a small number"),
        Duration::from_millis(12),
        "<= 1.0 (12 ms)",
    );
    memory_row(
        "batch, 1,000 routers x 1 command, peak memory",
        peak,
        250 * 1024,
        "<= 1.0 (250 MiB)",
    );
}

/// A router in another process sends a large reply over TCP; only this process' CPU and memory count.
fn large_reply() {
    let mut child = Child::lab("lab-child");
    let (cpu, peak) = runtime().block_on(async {
        let app = child.product();
        let command = json!({"router_name": child.routers[0]["name"], "command": "show version"});
        call(&app, "execute_junos_command", command.clone()).await;
        reset_peak();
        let (before, resident) = (cpu_time(), status("VmRSS"));
        let reply = call(&app, "execute_junos_command", command).await;
        let bytes = reply.meta()["bytes"].as_u64().expect("a size");
        assert!(bytes > LARGE as u64 * 9 / 10, "the reply has {bytes} bytes");
        (cpu_time() - before, status("VmHWM").saturating_sub(resident))
    });
    child.end();
    row(
        "50 MB reply, the whole tool call, CPU",
        cpu,
        Duration::from_secs(1),
        "<= 1.0 (1 s)",
    );
    memory_row(
        "50 MB reply, the whole tool call, peak memory",
        peak,
        LARGE / 1024,
        "<= 2.5",
    );
}

/// A lab in a process of its own.
struct Child {
    process: process::Child,
    routers: Vec<Value>,
}

impl Child {
    fn lab(kind: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("a path"))
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("a line");
        let routers = serde_json::from_str(&line).expect("JSON");
        Self { process, routers }
    }

    /// The product with the routers of that lab.
    fn product(&self) -> Arc<App> {
        let text = |router: &Value, name: &str| router[name].as_str().expect("a text").to_owned();
        let entries = self.routers.iter().map(|router| MemoryRouter {
            name: text(router, "name"),
            host: "127.0.0.1".to_owned(),
            port: u16::try_from(router["port"].as_u64().expect("a port")).expect("a port"),
            username: text(router, "username"),
            private_key: text(router, "key").into(),
            tags: Vec::new(),
            description: None,
        });
        let mut settings = Settings::new(InventorySource::Memory(entries.collect()));
        let keys: Vec<String> = self.routers.iter().map(|router| text(router, "host_key")).collect();
        settings.devices.known_hosts = KnownHosts::Memory(keys.join("\n"));
        settings.audit.format = AuditFormat::Off;
        App::start(settings).expect("the product starts")
    }

    fn end(&mut self) {
        end(&mut self.process);
    }
}

async fn lab_child(routers: usize) {
    let lab = Lab::start(LabSettings::new(routers).on_loopback())
        .await
        .expect("a lab");
    let told: Vec<Value> = lab.routers().iter().map(told).collect();
    if let [router] = lab.routers() {
        let huge = Action::Huge(LARGE as u64);
        router.inject(Fault::new(Trigger::reply("command"), huge).nth(2).always());
    }
    println!("{}", Value::from(told));
    let waiting = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    waiting.await.expect("the parent ends this").expect("a pipe");
}

/// What the parent has to know of a router.
fn told(router: &RouterHandle) -> Value {
    let port = router.address().expect("listening").port();
    json!({
        "name": router.name(),
        "port": port,
        "username": router.username(),
        "key": router.private_key_openssh(),
        "host_key": router.host_key_line("127.0.0.1", port),
    })
}

/// The binary itself: how fast it answers, how little it holds.
fn program() {
    let folder = tempfile::tempdir().expect("a folder");
    let inventory = folder.path().join("devices.json");
    let entry =
        json!({"edge-1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"}}});
    std::fs::write(&inventory, entry.to_string()).expect("written");
    let mut times = Vec::new();
    let mut memory = 0;
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rust-junosmcp"))
            .arg("-f")
            .arg(&inventory)
            .arg("--insecure-file-modes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary");
        let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}});
        let input = child.stdin.as_mut().expect("piped");
        writeln!(input, "{initialize}").expect("written");
        let mut answer = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped"))
            .read_line(&mut answer)
            .expect("an answer");
        assert!(answer.contains("rust-junosmcp"), "{answer}");
        times.push(started.elapsed());
        memory = status_of(child.id(), "VmRSS");
        end(&mut child);
    }
    row(
        "start to first answer, stdio",
        median(times),
        Duration::from_millis(15),
        "<= 1.0 (15 ms)",
    );
    memory_row("idle memory", memory, 12 * 1024, "<= 1.0 (12 MiB)");
}

fn end(child: &mut process::Child) {
    drop(child.stdin.take());
    child.wait().expect("the child ends when its input does");
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let started = Instant::now();
    work.await;
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn row(name: &str, measured: Duration, limit: Duration, target: &str) {
    let ratio = measured.as_secs_f64() / limit.as_secs_f64();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{name:<58} {:>7.1} ms {:>7.1} ms {ratio:>7.2}  {target}",
        millis(measured),
        millis(limit)
    );
}

/// A row of sizes in KiB.
fn memory_row(name: &str, measured: u64, limit: usize, target: &str) {
    let mebibytes = |size: f64| size / 1024.0;
    let (measured, limit) = (measured as f64, limit as f64);
    let ratio = measured / limit;
    println!(
        "{name:<58} {:>6.1} MiB {:>6.1} MiB {ratio:>7.2}  {target}",
        mebibytes(measured),
        mebibytes(limit)
    );
}

/// A field of `/proc/self/status` in KiB.
fn status(field: &str) -> u64 {
    status_of(std::process::id(), field)
}

fn status_of(process: u32, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = text.lines().find(|line| line.starts_with(field)).expect("the field");
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// From here on the peak is counted anew.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

/// User and system time of this process; the kernel counts in hundredths of a second.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = text.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}
