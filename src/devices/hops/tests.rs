//! Ways through jump hosts, over real SSH on pipes.

use std::{sync::Arc, time::Duration};

use russh::MethodKind;
use tempfile::TempDir;

use crate::{
    blocklist::Rules,
    devices::{
        DeviceSettings, Devices, Dial, Fault, KnownHosts, OpenPipe,
        testing::{HOST, entry, jump_host::JumpHost, work},
    },
    inventory::{Auth, Entry, SecretRef},
    junos::Command,
    lab::{Action, Fault as LabFault, Lab, LabSettings, RouterHandle, Trigger, What},
};

const BY_PASSWORD: [MethodKind; 1] = [MethodKind::Password];

const ONE: &str = "Host first second\nUser lab\nHost *\nProxyJump first\n";
const BOTH: &str = "Host first\nUser lab\nHost second\nPort 2022\nHost *\nProxyJump first,lab@second\n";

/// A router behind two jump hosts that take the router's password.
struct Way {
    lab: Lab,
    settings: DeviceSettings,
    entry: Entry,
    first: Arc<JumpHost>,
    second: Arc<JumpHost>,
    _folder: TempDir,
}

impl Way {
    async fn through(ssh_config: &str) -> Self {
        Self::by(ssh_config, &BY_PASSWORD).await
    }

    async fn by(ssh_config: &str, methods: &[MethodKind]) -> Self {
        let lab = Lab::start(LabSettings::new(1)).await.expect("a lab in memory");
        let router = lab.routers()[0].clone();
        let first = JumpHost::new(1, router.password(), methods);
        let second = JumpHost::new(2, router.password(), methods);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("key"), first.user_key()).expect("a file");
        let text = ssh_config.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(folder.path().join("config"), text).expect("a file");
        let mut known = first.known_hosts_line("first", 22) + &second.known_hosts_line("second", 2022);
        for host in addresses() {
            known.push_str(&router.host_key_line(&host, 830));
            known.push('\n');
            let open = opening(&router);
            first.put_behind(&host, 830, Arc::clone(&open));
            second.put_behind(&host, 830, open);
        }
        first.put_behind("second", 2022, second.open());
        let mut settings = DeviceSettings {
            known_hosts: KnownHosts::Memory(known),
            ..DeviceSettings::default()
        };
        settings
            .dials
            .insert(("first".to_owned(), 22), Dial::Pipe(first.open()));
        let entry = Entry {
            username: "lab".to_owned(),
            auth: Auth::Password(SecretRef::Inline(router.password().to_owned().into())),
            ssh_config: Some(folder.path().join("config")),
            ..entry(HOST)
        };
        Self {
            lab,
            settings,
            entry,
            first,
            second,
            _folder: folder,
        }
    }

    fn devices(&self) -> Devices {
        Devices::new(self.settings.clone())
    }

    /// Asks the router at an address for its version.
    async fn ask(&self, devices: &Devices, host: &str) -> Result<(), Fault> {
        let mut entry = self.entry.clone();
        entry.host = host.to_owned();
        let command = Command::parse("show version", None).expect("a good command");
        let permitted = Rules::default().permit(&command).expect("no rules, no refusal");
        let device = devices.device(&Arc::new(entry));
        device.run(&permitted, &work(120)).await.map(drop)
    }

    async fn fault(&self) -> Fault {
        self.ask(&self.devices(), HOST).await.expect_err("a failure")
    }

    /// Asks at every address at once.
    async fn ask_all(&self, devices: &Devices) -> Vec<Result<(), Fault>> {
        let addresses: Vec<String> = addresses().collect();
        futures::future::join_all(addresses.iter().map(|host| self.ask(devices, host))).await
    }

    fn router_logins(&self) -> usize {
        let seen = self.lab.routers()[0].seen();
        seen.iter()
            .filter(|event| matches!(event.what, What::Auth { .. }))
            .count()
    }
}

/// Twenty addresses of the one router.
fn addresses() -> impl Iterator<Item = String> {
    (1..=20).map(|last| format!("192.0.2.{last}"))
}

fn opening(router: &RouterHandle) -> OpenPipe {
    let router = router.clone();
    Arc::new(move || router.connect())
}

#[tokio::test(start_paused = true)]
async fn a_file_is_copied_by_the_way_that_sessions_take() {
    let way = Way::through(BOTH).await;
    let entry = Entry {
        scp_port: way.entry.port,
        ..way.entry.clone()
    };
    let work = work(60);
    let copier = way.devices().copier(&entry, &work).await.expect("a way");
    copier
        .send("/var/tmp/a", 3, &b"abc"[..], &work)
        .await
        .expect("there is room");
    assert_eq!(
        (way.first.logins(), way.second.logins(), way.router_logins()),
        (1, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn each_hop_is_logged_in_to_before_the_next_and_all_routers_share_it() {
    let way = Way::through(BOTH).await;
    let devices = way.devices();
    let answers = way.ask_all(&devices).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((way.first.connections(), way.first.logins()), (1, 1));
    assert_eq!((way.second.connections(), way.second.logins()), (1, 1));
    assert_eq!(way.router_logins(), 20);
}

#[tokio::test(start_paused = true)]
async fn at_most_eight_dials_run_through_one_host_and_the_rest_waits() {
    let way = Way::through(ONE).await;
    way.first.gate.forget_permits(usize::MAX >> 3);
    let devices = way.devices();
    let asking = way.ask_all(&devices);
    tokio::pin!(asking);
    // Whatever can happen without the gate has happened within a virtual second.
    let waited = tokio::time::timeout(Duration::from_secs(1), &mut asking).await;
    assert!(waited.is_err());
    assert_eq!(way.first.most_waiting(), 8);
    way.first.gate.add_permits(20);
    let answers = asking.await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(way.first.most_waiting(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_host_without_trusted_key_is_named_and_gets_no_login() {
    let mut way = Way::through(BOTH).await;
    let KnownHosts::Memory(known) = &way.settings.known_hosts else {
        panic!("in memory")
    };
    let without: String = known
        .lines()
        .filter(|line| !line.contains("second"))
        .map(|line| format!("{line}\n"))
        .collect();
    way.settings.known_hosts = KnownHosts::Memory(without);
    let fault = way.fault().await;
    assert_eq!(fault.code, "jump_host_failed");
    assert!(
        fault.message.contains("'lab@second:2022' (2 of 2)"),
        "{}",
        fault.message
    );
    assert!(fault.hint.contains("known_hosts"), "{}", fault.hint);
    assert_eq!(
        (way.first.logins(), way.second.logins(), way.router_logins()),
        (1, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_at_a_host_is_not_repeated_for_the_routers_behind_it() {
    let mut way = Way::through(ONE).await;
    way.entry.auth = Auth::Password(SecretRef::Inline("wrong".to_owned().into()));
    let devices = way.devices();
    for _ in 0..3 {
        for answer in way.ask_all(&devices).await {
            let fault = answer.expect_err("refused");
            assert_eq!(fault.code, "jump_host_failed");
            assert!(fault.message.contains("'lab@first:22'"), "{}", fault.message);
        }
    }
    assert_eq!((way.first.logins(), way.router_logins()), (1, 0));
    tokio::time::sleep(super::REFUSED_FOR).await;
    way.ask(&devices, HOST).await.expect_err("refused again");
    assert_eq!(way.first.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_the_host_cannot_reach_is_tried_twice_and_the_host_once() {
    let way = Way::through(ONE).await;
    let devices = way.devices();
    let started = tokio::time::Instant::now();
    let fault = way.ask(&devices, "192.0.2.99").await;
    assert_eq!(fault.expect_err("unknown").code, "connect_failed");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(way.first.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn hosts_are_left_when_nothing_behind_them_is_in_use() {
    let way = Way::through(BOTH).await;
    let devices = way.devices();
    way.ask(&devices, HOST).await.expect("an answer");
    assert_eq!((way.first.open_now(), way.second.open_now()), (1, 1));
    // The sessions go first, then the connections, then the hosts.
    tokio::time::sleep(way.settings.idle * 3).await;
    assert_eq!((way.first.open_now(), way.second.open_now()), (0, 0));
    way.ask(&devices, HOST).await.expect("an answer");
    assert_eq!((way.first.connections(), way.second.connections()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_named_within_the_time_for_connecting() {
    let mut way = Way::through(ONE).await;
    let silent: OpenPipe = Arc::new(|| {
        let (near, far) = tokio::io::duplex(64);
        tokio::spawn(async move {
            let _far = far;
            std::future::pending::<()>().await;
        });
        Ok(near)
    });
    way.settings.dials.insert(("first".to_owned(), 22), Dial::Pipe(silent));
    let started = tokio::time::Instant::now();
    let fault = way.fault().await;
    assert_eq!(fault.code, "jump_host_failed");
    assert!(fault.message.contains("no answer within 20 s"), "{}", fault.message);
    assert_eq!(started.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_connection_through_a_host_that_died_is_made_again() {
    let way = Way::through(ONE).await;
    let devices = way.devices();
    way.ask(&devices, HOST).await.expect("an answer");
    way.lab.routers()[0].inject(LabFault::new(Trigger::rpc("command"), Action::Close));
    way.ask(&devices, HOST).await.expect("an answer on a new connection");
    assert_eq!(way.first.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn hosts_take_keys_of_the_file_and_passwords_by_prompt() {
    let by_key =
        "Host first\nUser other\nIdentityFile FOLDER/absent\nIdentityFile FOLDER/key\nHost *\nProxyJump first\n";
    let way = Way::by(by_key, &[MethodKind::PublicKey]).await;
    way.ask(&way.devices(), HOST).await.expect("an answer");
    assert_eq!(way.first.logins(), 1);
    let way = Way::by(ONE, &[MethodKind::KeyboardInteractive]).await;
    way.ask(&way.devices(), HOST).await.expect("an answer");
    assert_eq!(way.first.logins(), 1);
    let way = Way::through("Host first\nUser other\nHost *\nProxyJump first\n").await;
    let fault = way.fault().await;
    assert!(
        fault.message.contains("no way to log in as 'other'"),
        "{}",
        fault.message
    );
    assert_eq!(way.first.logins(), 0);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_leaves_the_hosts() {
    let way = Way::through(BOTH).await;
    let devices = way.devices();
    way.ask(&devices, HOST).await.expect("an answer");
    devices.shut_down(Duration::from_secs(5)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((way.first.open_now(), way.second.open_now()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_probe_and_a_scan_go_the_same_way_and_a_scan_does_not_log_in_at_the_router() {
    let way = Way::through(BOTH).await;
    let devices = way.devices();
    let entry = Arc::new(way.entry.clone());
    let shown = devices.scan_host_keys(&entry).await.expect("a key");
    assert_eq!((shown.keys.len(), way.router_logins()), (1, 0));
    let probe = devices.probe(&entry, &work(60)).await;
    assert_eq!((probe.status, probe.model.as_deref()), ("ok", Some("vSRX")));
    assert_eq!(probe.fingerprint, Some(shown.keys[0].fingerprint()));
    assert_eq!(way.router_logins(), 1);
    let mut text = String::new();
    assert_eq!(
        crate::devices::pin(&mut text, &shown, crate::devices::Pinning::Append).len(),
        1
    );
    assert!(text.starts_with("[192.0.2.1]:830 ssh-ed25519 "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_names_how_far_it_came() {
    for (trigger, action, status) in [
        (Trigger::Connect, Action::Hang, "timeout"),
        (Trigger::KeyExchange, Action::Hang, "timeout"),
        (Trigger::Auth, Action::Refuse, "auth"),
        (Trigger::Channel, Action::Refuse, "netconf"),
        (Trigger::Hello, Action::Close, "netconf"),
        (Trigger::rpc("get-software-information"), Action::Close, "netconf"),
        (Trigger::rpc("get-software-information"), Action::Hang, "timeout"),
    ] {
        let way = Way::through(ONE).await;
        way.lab.routers()[0].inject(LabFault::new(trigger.clone(), action).always());
        let probe = way.devices().probe(&Arc::new(way.entry.clone()), &work(60)).await;
        assert_eq!(probe.status, status, "{trigger:?}: {:?}", probe.fault);
        assert_eq!(way.first.connections(), 1, "{trigger:?}");
    }
}
