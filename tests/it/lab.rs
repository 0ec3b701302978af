//! The product and its routers in one process: what a test asks for, and what the routers saw of it.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rust_junosmcp::{
    Clock,
    app::{App, Caller, Reply, Request},
    lab::{Event, LabSettings, RouterHandle},
    settings::{AuditFormat, Dial, InventorySource, KnownHosts, OpenPipe, Settings},
};
use serde_json::{Map, Value, json};

const PORT: u16 = 830;

/// A running product with its lab.
pub(crate) struct Lab {
    lab: rust_junosmcp::lab::Lab,
    app: Arc<App>,
}

/// What a lab is made of, before it runs.
pub(crate) struct Plan {
    names: Vec<String>,
    entries: Map<String, Value>,
    rules: Map<String, Value>,
    down: Vec<String>,
    refusing: Vec<String>,
    command_time: Duration,
    profile: String,
    clock: Clock,
    file: Option<PathBuf>,
    change: Box<dyn FnOnce(&mut Settings) + Send>,
}

impl Lab {
    /// A lab to be described.
    #[expect(clippy::new_ret_no_self, reason = "a test reads `Lab::new() … .start()`")]
    pub(crate) fn new() -> Plan {
        Plan {
            names: Vec::new(),
            entries: Map::new(),
            rules: Map::new(),
            down: Vec::new(),
            refusing: Vec::new(),
            command_time: Duration::ZERO,
            profile: "vsrx-24.4".to_owned(),
            clock: Clock::system(),
            file: None,
            change: Box::new(|_| {}),
        }
    }

    /// Calls a tool and waits for its reply.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.request(tool, arguments, |request| request).await
    }

    /// As [`Lab::call`], with a request that the test changes first.
    pub(crate) async fn request(&self, tool: &str, arguments: Value, change: impl FnOnce(Request) -> Request) -> Reply {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        let request = change(Request::new(Caller::stdio(), tool, arguments));
        self.app.call(request).await.expect("the tool is offered")
    }

    /// The running product.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// A router's far end.
    pub(crate) fn router(&self, name: &str) -> &RouterHandle {
        self.lab.router(name).expect("a router of the lab")
    }

    /// Everything a router saw.
    pub(crate) fn seen_by(&self, name: &str) -> Vec<Event> {
        self.router(name).seen()
    }

    /// The commands a router was sent.
    pub(crate) fn commands_at(&self, name: &str) -> Vec<String> {
        let events = self.seen_by(name);
        events
            .iter()
            .filter_map(|event| event.command().map(str::to_owned))
            .collect()
    }
}

impl Plan {
    /// One more router.
    pub(crate) fn router(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self.entries.insert(name.to_owned(), json!({}));
        self
    }

    /// A member of the inventory entry of the last router.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        let last = self.names.last().expect("a router comes first").clone();
        self.entries[&last][key] = value;
        self
    }

    /// An operator's rule for all routers that denies commands.
    pub(crate) fn deny(self, pattern: &str) -> Self {
        self.deny_in("commands", pattern)
    }

    /// An operator's rule for all routers that denies in one of the lists.
    pub(crate) fn deny_in(mut self, list: &str, pattern: &str) -> Self {
        let rules = self.rules.entry(list).or_insert_with(|| json!([]));
        let rules = rules.as_array_mut().expect("a list of rules");
        rules.push(json!({"action": "deny", "pattern": pattern}));
        self
    }

    /// An operator's rules as they stand in the inventory.
    pub(crate) fn rules(mut self, rules: Value) -> Self {
        self.rules = rules.as_object().expect("lists of rules").clone();
        self
    }

    /// What kind of routers they are.
    pub(crate) fn profile(mut self, name: &str) -> Self {
        self.profile = name.to_owned();
        self
    }

    /// The last router refuses connections.
    pub(crate) fn down(mut self) -> Self {
        self.down.extend(self.names.last().cloned());
        self
    }

    /// The last router does not know the password that the inventory has.
    pub(crate) fn refusing_the_login(mut self) -> Self {
        self.refusing.extend(self.names.last().cloned());
        self
    }

    /// Every request takes that long on the routers.
    pub(crate) fn command_time(mut self, time: Duration) -> Self {
        self.command_time = time;
        self
    }

    /// The time of routers and product.
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The inventory stands in this file, so that it can be read again.
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }

    /// Other settings than the defaults.
    pub(crate) fn settings(mut self, change: impl FnOnce(&mut Settings) + Send + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    /// Starts routers and product.
    pub(crate) async fn start(mut self) -> Lab {
        let lab_settings = LabSettings {
            names: self.names.clone(),
            command_time: self.command_time,
            profile: self.profile.clone(),
            clock: self.clock,
            ..LabSettings::new(self.names.len())
        };
        let lab = rust_junosmcp::lab::Lab::start(lab_settings)
            .await
            .expect("a lab in memory");
        let mut dials = HashMap::new();
        let mut known_hosts = String::new();
        for (index, router) in lab.routers().iter().enumerate() {
            let host = format!("192.0.2.{}", index + 1);
            known_hosts.push_str(&router.host_key_line(&host, PORT));
            known_hosts.push('\n');
            let entry = &mut self.entries[router.name()];
            entry["ip"] = json!(host);
            entry["port"] = json!(PORT);
            entry["username"] = json!(router.username());
            let refuses = self.refusing.iter().any(|name| name == router.name());
            let password = if refuses { "not this one" } else { router.password() };
            entry["auth"] = json!({ "type": "password", "password": password });
            dials.insert((host, PORT), self.dial(router.clone()));
        }
        self.entries
            .insert("_blocklist_defaults".to_owned(), Value::Object(self.rules.clone()));
        let text = Value::Object(std::mem::take(&mut self.entries)).to_string();
        let source = match self.file.take() {
            Some(path) => {
                std::fs::write(&path, text).expect("written");
                InventorySource::File(path)
            }
            None => InventorySource::Text(text),
        };
        let mut settings = Settings::new(source);
        settings.clock = self.clock;
        settings.audit.format = AuditFormat::Off;
        settings.devices.known_hosts = KnownHosts::Memory(known_hosts);
        settings.devices.dials = dials;
        (self.change)(&mut settings);
        Lab {
            lab,
            app: App::start(settings).expect("good settings"),
        }
    }

    fn dial(&self, router: RouterHandle) -> Dial {
        if self.down.iter().any(|name| name == router.name()) {
            let refused: OpenPipe = Arc::new(|| Err(io::ErrorKind::ConnectionRefused.into()));
            return Dial::Pipe(refused);
        }
        let open: OpenPipe = Arc::new(move || router.connect());
        Dial::Pipe(open)
    }
}

/// Checks a structured result against the schema that clients were given, which is that of the reviewed definition.
pub(crate) fn assert_fits(tool: &str, reply: &Reply) {
    let file = format!("src/server/snapshots/rust_junosmcp__server__surface__{tool}.snap");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).expect("a reviewed definition");
    let (_, definition) = text.split_once("\n---\n").expect("a snapshot has a head");
    let definition: Value = serde_json::from_str(definition).expect("a definition is JSON");
    fit(tool, &definition["outputSchema"], reply.structured());
}

fn fit(place: &str, schema: &Value, value: &Value) {
    let fits = match schema["type"].as_str().expect("one type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("{place}: an unexpected type {other}"),
    };
    assert!(fits, "{place}: {value} is no {}", schema["type"]);
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value}");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            value.get(name.as_str().expect("a name")).is_some(),
            "{place}: {name} is missing"
        );
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        assert!(!member.is_null(), "{place}.{name} is null");
        if let Some(inner) = schema["properties"].get(name) {
            fit(&format!("{place}.{name}"), inner, member);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        fit(&format!("{place}[]"), &schema["items"], item);
    }
}
