//! Whether a client that searches tools by words finds the right one: plain requests against names and first sentences.

use std::collections::{HashMap, HashSet};

use crate::tools::registry;

/// How many tools such a client loads.
const LOADED: usize = 5;

/// What people say, and the tool that does it.
const REQUESTS: [(&str, &str); 60] = [
    ("which routers do we have", "get_router_list"),
    ("list all switches and firewalls", "get_router_list"),
    ("what is the address of edge-1", "get_router_list"),
    ("which devices are tagged core", "get_router_list"),
    ("what model is this box", "gather_device_facts"),
    ("which junos version runs on edge-1", "gather_device_facts"),
    ("serial number of the router", "gather_device_facts"),
    ("how long has the device been up, uptime", "gather_device_facts"),
    ("is this srx in a cluster, and which role has it", "gather_device_facts"),
    ("show interfaces terse on edge-1", "execute_junos_command"),
    (
        "why is interface ge-0/0/1 flapping, look at the logs",
        "execute_junos_command",
    ),
    ("are all bgp neighbors established", "execute_junos_command"),
    ("ping 192.0.2.1 from core-1", "execute_junos_command"),
    ("trace the path, traceroute to 198.51.100.7", "execute_junos_command"),
    ("any active alarms on the chassis", "execute_junos_command"),
    ("look at the last lines in the log messages", "execute_junos_command"),
    ("find the route to 203.0.113.0/24", "execute_junos_command"),
    ("ospf adjacency is stuck", "execute_junos_command"),
    (
        "show the hardware inventory, optics and power supplies",
        "execute_junos_command",
    ),
    ("run show version on every router", "execute_junos_command_batch"),
    (
        "run several commands on many devices at once",
        "execute_junos_command_batch",
    ),
    (
        "compare the uptime of all core routers, one row each",
        "execute_junos_command_batch",
    ),
    (
        "check the alarms on many devices in parallel",
        "execute_junos_command_batch",
    ),
    (
        "run show ntp associations on all edge routers in parallel",
        "execute_junos_command_batch",
    ),
    ("packet forwarding engine drops on fpc0", "execute_junos_pfe_command"),
    ("run a pfe shell command", "execute_junos_pfe_command"),
    ("show jnh stats of the fpc", "execute_junos_pfe_command"),
    ("show me the bgp configuration", "get_junos_config"),
    ("get the running config of core-1", "get_junos_config"),
    ("print the configuration as set commands", "get_junos_config"),
    (
        "which policy is configured below policy-options, as JSON",
        "get_junos_config",
    ),
    ("read the snmp configuration", "get_junos_config"),
    ("what changed since yesterday", "junos_config_diff"),
    ("diff of the last commit", "junos_config_diff"),
    ("compare with rollback 3", "junos_config_diff"),
    (
        "did somebody leave uncommitted changes in the candidate",
        "junos_config_diff",
    ),
    ("set the description of ge-0/0/1 and commit", "load_and_commit_config"),
    ("change the ntp server", "load_and_commit_config"),
    ("load this configuration and commit it", "load_and_commit_config"),
    ("apply these set commands to the router", "load_and_commit_config"),
    (
        "would this configuration change be accepted, validate without committing",
        "commit_check_config",
    ),
    ("dry run: check a change and show its diff", "commit_check_config"),
    ("test the config with commit check only", "commit_check_config"),
    ("keep the change that was committed with a timer", "confirm_commit"),
    ("confirm the pending commit before it is rolled back", "confirm_commit"),
    ("put back yesterday's config, roll back one commit", "rollback_config"),
    ("undo the last commit", "rollback_config"),
    ("go back to the earlier configuration", "rollback_config"),
    ("throw away the uncommitted edits", "discard_candidate"),
    ("discard what is in the shared candidate", "discard_candidate"),
    (
        "render a jinja template with these variables",
        "render_and_apply_j2_template",
    ),
    ("push this j2 template to ten devices", "render_and_apply_j2_template"),
    ("the output was truncated, read on", "read_output"),
    ("read the rest of output_id o-1234 from an offset", "read_output"),
    ("is the upgrade job finished", "get_job"),
    ("wait for the long-running job", "get_job"),
    ("which jobs are running now", "list_jobs"),
    ("list the recent commits and upgrades that ran as jobs", "list_jobs"),
    ("stop the running job", "cancel_job"),
    (
        "how healthy is this server, how many sessions are open",
        "server_status",
    ),
];

/// Words that say nothing about a tool.
const STOP: &str = "a an and are as at be by can did do does for from has have how i in is it its me of on or that the this to was \
                    we what which who with";

#[test]
fn sixty_plain_requests_find_their_tool() {
    let index = Index::new();
    let mut lost = Vec::new();
    for (request, tool) in REQUESTS {
        let found = index.best(request);
        if !found.contains(&tool) {
            lost.push(format!("{request}: {tool} is not among {found:?}"));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// The first sentences of all tools, ranked by BM25 with its usual constants.
struct Index {
    documents: Vec<(&'static str, Vec<String>)>,
    holding: HashMap<String, usize>,
    mean_length: f64,
}

impl Index {
    fn new() -> Self {
        let tools = registry();
        let documents: Vec<_> = tools
            .iter()
            .map(|spec| {
                let first = spec.about.split(". ").next().unwrap_or_default();
                (spec.name, words(&format!("{} {first}", spec.name)))
            })
            .collect();
        let mut holding = HashMap::new();
        for (_, document) in &documents {
            for word in document.iter().collect::<HashSet<_>>() {
                *holding.entry(word.clone()).or_default() += 1;
            }
        }
        let all: usize = documents.iter().map(|(_, document)| document.len()).sum();
        Self {
            mean_length: all as f64 / documents.len() as f64,
            holding,
            documents,
        }
    }

    fn best(&self, request: &str) -> Vec<&'static str> {
        let wanted: HashSet<String> = words(request).into_iter().collect();
        let mut ranked: Vec<(f64, &str)> = self
            .documents
            .iter()
            .map(|(name, document)| (wanted.iter().map(|word| self.weight(word, document)).sum(), *name))
            .filter(|(score, _)| *score > 0.0)
            .collect();
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        ranked.into_iter().take(LOADED).map(|(_, name)| name).collect()
    }

    fn weight(&self, word: &str, document: &[String]) -> f64 {
        let (many, holding) = (
            self.documents.len() as f64,
            self.holding.get(word).copied().unwrap_or(0) as f64,
        );
        let rare = (1.0 + (many - holding + 0.5) / (holding + 0.5)).ln();
        let often = document.iter().filter(|own| *own == word).count() as f64;
        let length = document.len() as f64 / self.mean_length;
        rare * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length))
    }
}

/// Words in lower case without their endings, so that `logs` finds `log` and `committing` finds `commit`.
fn words(text: &str) -> Vec<String> {
    let stop: HashSet<&str> = STOP.split_whitespace().collect();
    text.to_lowercase()
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !stop.contains(word))
        .map(stem)
        .collect()
}

fn stem(word: &str) -> String {
    let shorter = ["ing", "ed", "es", "s"]
        .iter()
        .filter_map(|ending| word.strip_suffix(ending))
        .find(|rest| rest.len() > 2);
    let mut stem = shorter.unwrap_or(word).to_owned();
    let mut last = stem.chars().rev();
    if stem.len() > 3 && last.next() == last.next() {
        stem.pop();
    }
    if stem.len() > 4 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}
