//! Operational answers of a simulated router: each command builds one tree; XML and JSON are printed from it, text by one
//! renderer a command.

mod alarms;
mod arp;
mod bgp;
mod chassis;
mod columns;
mod commit;
#[cfg(test)]
mod consistency;
mod environment;
mod events;
mod instances;
mod interface_detail;
mod interface_text;
mod interfaces;
mod license;
mod live;
mod lldp;
mod log;
mod nd;
mod ntp;
mod optics;
mod ospf;
mod processes;
mod reachability;
mod routes;
mod routing;
mod security;
mod sessions;
mod software;
mod storage;
mod switching;
mod timing;
mod tree;
mod uptime;
mod whoami;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::element::Element;
use super::network::{Dice, Intent, Network, Site};
use super::profile::{Profile, Wrapper, payload_release};

pub(crate) use events::condition;
use live::Live;
pub(crate) use tree::rpc_form;
use tree::{Arguments, Command};

/// Time from a start to that of routing.
pub(super) const PROTOCOLS_DELAY: TimeDelta = TimeDelta::seconds(20);

/// Everything an answer depends on, besides the question.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    /// The network, which knows every router's active configuration.
    pub(crate) network: &'a Network,
    /// The number of the router that is asked.
    pub(crate) router: usize,
    /// Which of its engines, nodes or members answers, counted from 0.
    pub(crate) member: usize,
    /// The release it runs.
    pub(crate) version: &'a str,
    /// The time it is.
    pub(crate) now: DateTime<Utc>,
    /// When the router was started.
    pub(crate) boot_time: DateTime<Utc>,
    /// How long routing takes to start after it.
    pub(crate) protocols_delay: TimeDelta,
    /// The user who asks.
    pub(crate) user: &'a str,
    /// The user's login class.
    pub(crate) class: &'a str,
    /// Commits, the newest first.
    pub(crate) history: &'a [CommitEntry],
    /// Lines of the `messages` log, the oldest first.
    pub(crate) log: &'a [String],
    /// Who is logged in.
    pub(crate) sessions: &'a [Session],
    /// Bytes in use on each file system of the profile, when that is not what the installation left.
    pub(crate) used_bytes: Option<&'a [u64]>,
    /// Where relative paths of the session that asks begin.
    pub(crate) folder: &'a str,
    /// Whether a rescue configuration is saved.
    pub(crate) rescue_saved: bool,
    /// Lines to add to long outputs, to make them arbitrarily long.
    pub(crate) extra_lines: usize,
}

/// One commit, as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitEntry {
    /// Who committed.
    pub(crate) user: String,
    /// Through what: `cli`, `netconf`, `junoscript`, `other`, `autoinstall`.
    pub(crate) client: String,
    /// When.
    pub(crate) time: DateTime<Utc>,
    /// The log text of a NETCONF commit.
    pub(crate) log: Option<String>,
    /// The comment of a CLI commit.
    pub(crate) comment: Option<String>,
    /// The rollback that happens unless this commit is confirmed.
    pub(crate) pending: Option<Pending>,
}

/// A rollback that waits for a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When it happens.
    pub(crate) deadline: DateTime<Utc>,
    /// Asked for with Junos' own RPC, whose remaining minutes are shown; the base protocol's shows none.
    pub(crate) native: bool,
}

/// A user who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Login name.
    pub(crate) user: String,
    /// Terminal, such as `pts/0`; NETCONF sessions have none.
    pub(crate) terminal: Option<String>,
    /// Address of the client.
    pub(crate) from: String,
    /// Login time.
    pub(crate) since: DateTime<Utc>,
    /// What it runs: `cli`, `netconf`.
    pub(crate) command: String,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The reply's payload; XML and JSON are printed from it.
    pub(crate) element: Element,
    /// The text the CLI prints.
    pub(crate) text: String,
    /// The text of each engine or member with its name, where the reply is aggregated.
    pub(crate) parts: Vec<(String, String)>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShowError {
    /// A command this module does not answer: its words, abbreviations of known ones completed.
    Elsewhere(Vec<String>),
    /// A command or argument that does not exist, is ambiguous or lacks something.
    Syntax {
        /// What Junos says.
        message: String,
        /// The word it says it about.
        bad_element: Option<String>,
        /// The number of that word in the command.
        position: usize,
    },
    /// An `<rpc-error>` with type `application` and tag `missing-element`.
    Missing {
        /// The argument.
        argument: &'static str,
    },
    /// An `<rpc-error>` with type `protocol`, tag `operation-failed` and this message.
    Failed(String),
    /// An element that is the whole reply, such as `<xnm:error>`, and its text.
    Reply(Box<Element>, String),
    /// Plain text directly in the reply.
    Plain(String),
}

impl<'a> View<'a> {
    /// What router `router` shows at `now`, thirty days after it was started, to its administrator.
    pub(crate) fn new(network: &'a Network, router: usize, now: DateTime<Utc>) -> Self {
        Self {
            network,
            router,
            member: 0,
            version: network.site(router).profile.version,
            now,
            boot_time: now - TimeDelta::days(30),
            protocols_delay: PROTOCOLS_DELAY,
            user: super::network::ADMINISTRATOR,
            class: "super-user",
            history: &[],
            log: &[],
            sessions: &[],
            used_bytes: None,
            folder: super::files::HOME,
            rescue_saved: false,
            extra_lines: 0,
        }
    }

    fn site(&self) -> &'a Site {
        self.network.site(self.router)
    }

    fn profile(&self) -> &'static Profile {
        self.site().profile
    }

    fn intent(&self) -> Arc<Intent> {
        self.network.intent(self.router)
    }

    /// The state of routing; there is none until its daemon has started.
    fn routing(&self) -> Result<Live<'a>, ShowError> {
        if self.protocols_started().is_none_or(|started| self.now < started) {
            return Err(ShowError::Failed("the routing subsystem is not running".to_owned()));
        }
        Ok(Live::new(self.network, self.router))
    }

    /// When routing starts after the router does; on a standby node it does not run.
    fn protocols_started(&self) -> Option<DateTime<Utc>> {
        let standby = self.profile().silent_member == Some(self.member) && self.member > 0;
        (!standby).then(|| self.boot_time + self.protocols_delay)
    }

    /// The configured host name; Junos calls a router without one `Amnesiac`.
    fn host_name(&self) -> String {
        self.intent().host_name.clone().unwrap_or_else(|| "Amnesiac".to_owned())
    }

    /// Values for one purpose, always the same for this router.
    fn dice(&self, purpose: &[&str]) -> Dice {
        let mut parts = vec![self.site().name.as_str()];
        parts.extend(purpose);
        Dice::new(self.network.seed(), &parts)
    }

    /// Seconds since the router was started.
    fn uptime(&self) -> i64 {
        (self.now - self.boot_time).num_seconds().max(0)
    }

    /// A counter that grows with the clock, by up to `most` a second.
    fn counter(&self, purpose: &[&str], most: u64) -> u64 {
        let rate = 1 + self.dice(purpose).below(most.max(1));
        self.uptime() as u64 * rate
    }

    /// A payload's root element in the namespace of one of the release's modules.
    fn root(&self, name: &'static str, module: &str) -> Element {
        let release = payload_release(self.version);
        Element::new(name).attribute("xmlns", format!("http://xml.juniper.net/junos/{release}/{module}"))
    }
}

/// Answers an RPC given its name and the names and values of its children; `None` when no such RPC exists.
pub(crate) fn rpc(view: &View, rpc_name: &str, args: &[(String, String)]) -> Option<Result<Shown, ShowError>> {
    let command = tree::by_rpc(rpc_name, view.profile())?;
    Some(Arguments::from_rpc(command, args).and_then(|arguments| answer(view, command, &arguments)))
}

/// Answers a command without pipes, abbreviated as Junos allows.
pub(crate) fn command(view: &View, words: &str) -> Result<Shown, ShowError> {
    let (command, arguments) = tree::resolve(words, view.profile())?;
    answer(view, command, &arguments)
}

fn answer(view: &View, command: &Command, arguments: &Arguments) -> Result<Shown, ShowError> {
    let wanted = arguments.value("node");
    let members = match view.profile().wrapper {
        // Only clusters have nodes; their replies to a question about one are aggregated all the same.
        Wrapper::Always(members) if members.contains(&"node0") && wanted.is_some() => {
            return aggregate(view, command, arguments, chosen(members, wanted.unwrap_or_default())?);
        }
        _ if wanted.is_some() => return Err(ShowError::syntax("syntax error", "node", command.words.len())),
        // Engines of a cluster or of a virtual chassis answer together already.
        Wrapper::Always(_) if arguments.has("invoke-on") => {
            return Err(ShowError::syntax("syntax error", "invoke-on", command.words.len()));
        }
        Wrapper::Always(members) if command.wrapped => members,
        Wrapper::InvokeOn(members) if arguments.has("invoke-on") => members,
        _ => {
            let element = (command.answer)(view, arguments)?;
            let text = (command.text)(&element);
            return Ok(Shown {
                element,
                text,
                parts: Vec::new(),
            });
        }
    };
    aggregate(view, command, arguments, members)
}

/// A daemon's error as one member's payload.
fn failure(message: &str) -> Element {
    Element::new("rpc-error")
        .with_leaf("error-type", "protocol")
        .with_leaf("error-tag", "operation-failed")
        .with_leaf("error-severity", "error")
        .with(Element::lined("error-message", message))
}

/// The nodes a question about `node` means: all, the primary one, the one that answers, or one by number.
fn chosen(members: &'static [&'static str], node: &str) -> Result<&'static [&'static str], ShowError> {
    match node {
        "all" => Ok(members),
        "primary" | "local" | "0" => Ok(&members[..1]),
        "1" => Ok(&members[1..]),
        other => Err(ShowError::syntax("syntax error", other, 0)),
    }
}

/// One item for each member, as an aggregating router answers.
fn aggregate(view: &View, command: &Command, arguments: &Arguments, members: &[&str]) -> Result<Shown, ShowError> {
    let mut shown = Shown {
        element: Element::new("multi-routing-engine-results"),
        text: String::new(),
        parts: Vec::new(),
    };
    let all = view.profile().wrapper.members();
    for member in members {
        let number = all.iter().position(|known| known == member).unwrap_or_default();
        let at_member = View {
            member: number,
            ..view.clone()
        };
        let (payload, text) = match (command.answer)(&at_member, arguments) {
            Ok(payload) => {
                let text = (command.text)(&payload);
                (payload, text)
            }
            // What one member lacks is that member's item, not the end of the reply.
            Err(ShowError::Failed(message)) => (failure(&message), format!("error: {message}\n")),
            Err(other) => return Err(other),
        };
        shown.text.push_str(&format!("{member}:\n{}\n{text}\n", "-".repeat(74)));
        shown.parts.push(((*member).to_owned(), text));
        shown.element.push(
            Element::new("multi-routing-engine-item")
                .with_leaf("re-name", member)
                .with(payload),
        );
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::element::LeafStyle;

    /// A fixed time; 2031-03-04 05:06:07 UTC.
    pub(super) fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_930_367_167, 0).expect("a valid time")
    }

    /// The text of a command at a router of a network.
    pub(super) fn text(network: &Network, router: usize, words: &str) -> String {
        command(&View::new(network, router, noon()), words)
            .expect("the command is answered")
            .text
    }

    #[test]
    fn show_version_says_the_same_in_every_form() {
        let network = Network::generate(1, 3);
        let view = View::new(&network, 0, noon());
        let shown = command(&view, "sh ver").expect("an unambiguous abbreviation");
        assert!(
            shown
                .text
                .starts_with("Hostname: edge-1\nModel: vsrx\nJunos: 24.4R1.9\n")
        );
        assert_eq!(shown.element.value("host-name"), "edge-1");
        assert!(shown.element.to_json().contains("\"data\" : \"24.4R1.9\""));
        let answer = rpc(&view, "get-software-information", &[])
            .expect("a known RPC")
            .expect("an answer");
        assert_eq!(answer.element, shown.element);
    }

    #[test]
    fn members_answer_side_by_side() {
        let profile = Profile::named("ex-21.4-vc").expect("a profile");
        let network = Network::new(1, vec![("sw-1".to_owned(), profile)]);
        let shown = command(&View::new(&network, 0, noon()), "show version").expect("an answer");
        assert_eq!(shown.parts.len(), 2);
        let xml = shown.element.to_xml(LeafStyle::Inline);
        assert!(xml.starts_with(
            "<multi-routing-engine-results>\n\n<multi-routing-engine-item>\n\n<re-name>fpc0</re-name>\n\n<software-information>\n"
        ));
        assert!(
            xml.ends_with("</software-information>\n</multi-routing-engine-item>\n\n</multi-routing-engine-results>\n")
        );
    }

    #[test]
    fn words_that_are_not_found_say_why() {
        let network = Network::generate(1, 1);
        let view = View::new(&network, 0, noon());
        let fault = |words| command(&view, words).expect_err("no answer");
        assert_eq!(
            fault("sh conf system"),
            ShowError::Elsewhere(["show", "configuration", "system"].map(str::to_owned).to_vec())
        );
        assert_eq!(fault("frobnicate"), ShowError::Elsewhere(vec!["frobnicate".to_owned()]));
        assert!(
            matches!(fault("show nonsense"), ShowError::Syntax { message, position: 1, .. } if message == "syntax error, expecting <command>")
        );
        assert!(matches!(fault("show c"), ShowError::Syntax { message, .. } if message == "'c' is ambiguous."));
        assert!(matches!(fault("show"), ShowError::Syntax { message, .. } if message == "missing argument."));
        assert!(rpc(&view, "get-system-storage-information", &[]).is_none());
    }

    #[test]
    fn a_command_knows_its_rpc() {
        let form = rpc_form("show version brief", Profile::standard()).expect("a command");
        assert_eq!(
            form.to_xml(LeafStyle::Mixed),
            "<get-software-information>\n<brief/>\n</get-software-information>\n"
        );
    }
}
