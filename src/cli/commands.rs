//! The whole command line: options, subcommands, version.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use super::{options::Options, token::TokenCommand};

/// Model Context Protocol server for Junos routers, switches and firewalls
///
/// Without a subcommand it serves; a client starts it and speaks to it over standard input and output.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "rust-junosmcp",
    version,
    long_version = long_version(),
    hide_possible_values = false,
    next_line_help = false
)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Version, source and machine; everything is built in, so there are no features to choose.
fn long_version() -> String {
    format!(
        "{}\ncommit: {}\ntarget: {}-{}\nfeatures: stdio, streamable-http, lab",
        env!("CARGO_PKG_VERSION"),
        option_env!("RUST_JUNOSMCP_COMMIT").unwrap_or("unknown"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}

/// What it can do besides serving.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Command {
    /// Judge settings, inventory, rules, host keys and files, and contact routers if asked to
    Check(Check),
    /// Host keys of the routers
    #[command(subcommand)]
    KnownHosts(KnownHostsCommand),
    /// Bearer tokens of clients over HTTP
    #[command(subcommand)]
    Token(TokenCommand),
    /// Records of what was done
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the configuration of an MCP client that starts this server
    ClientConfig(ClientConfig),
    /// Simulated routers
    #[command(subcommand)]
    Lab(LabCommand),
    /// Ask the server on this host whether it is ready; the address is that of the options and variables
    Healthcheck,
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one page for each command
    Man {
        /// The directory to write to
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// What `check` prints.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Check {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
    /// Let warnings count as errors do
    #[arg(long)]
    pub(super) strict: bool,
    /// Contact these routers: names, patterns, tag:x; '*' is all of them
    #[arg(long, value_name = "ROUTER", num_args = 1..)]
    pub(super) connect: Vec<String>,
    /// Print the rules that hold for this router instead, the strongest first; no router is contacted
    #[arg(long, value_name = "ROUTER", conflicts_with = "connect")]
    pub(super) rules: Option<String>,
    /// With --rules: say what this command would get
    #[arg(long, value_name = "TEXT", requires = "rules", group = "asked")]
    pub(super) command: Option<String>,
    /// With --rules: say what this packet engine command would get
    #[arg(long, value_name = "TEXT", requires = "rules", group = "asked")]
    pub(super) pfe_command: Option<String>,
    /// With --rules: say what each line of this file of set commands would get
    #[arg(long, value_name = "PATH", requires = "rules", group = "asked")]
    pub(super) config_file: Option<PathBuf>,
}

/// What can be done with host keys.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum KnownHostsCommand {
    /// Look at the host keys that routers show, and write them down
    ///
    /// Compare the fingerprints with the routers' consoles: until then anybody in between may have shown them.
    Scan(Scan),
}

/// Which routers, and where their keys go.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Scan {
    /// Names, patterns, tag:x; all routers when none is given
    #[arg(value_name = "ROUTER")]
    pub(super) routers: Vec<String>,
    /// Inventory of routers, as -f
    #[arg(long, value_name = "PATH")]
    pub(super) inventory: Option<PathBuf>,
    /// File of host keys, as --known-hosts-file
    #[arg(long, value_name = "PATH")]
    pub(super) known_hosts: Option<PathBuf>,
    /// Keep what is on file and report keys that contradict it; the default
    #[arg(long, conflicts_with = "replace")]
    pub(super) append: bool,
    /// Let the keys of the scanned routers give way to what they show now
    #[arg(long)]
    pub(super) replace: bool,
    /// Print the lines instead of writing them to the file
    #[arg(long, conflicts_with = "replace")]
    pub(super) print: bool,
    /// Take only the key with this fingerprint, of one router
    #[arg(long, value_name = "SHA256:…")]
    pub(super) expect: Option<String>,
}

/// What can be done with audit records.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum AuditCommand {
    /// Find out whether a chain of records is whole
    Verify(AuditVerify),
}

/// The files of a chain.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct AuditVerify {
    /// Audit files, in the order of their chain
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Demand that this hash is in the chain
    #[arg(long, value_name = "HASH")]
    pub(super) anchor: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// Which client, and how it starts the server.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct ClientConfig {
    /// The client
    #[arg(value_enum)]
    pub(super) client: Client,
    /// Use the server that runs at this URL
    #[arg(long, value_name = "URL", value_parser = super::http_options::public_url, conflicts_with_all = ["docker", "arguments"])]
    pub(super) http: Option<String>,
    /// Start the server in a container of this image
    #[arg(long, value_name = "IMAGE")]
    pub(super) docker: Option<String>,
    /// Name of the server in the client
    #[arg(long, value_name = "NAME", default_value = "junos")]
    pub(super) name: String,
    /// Further arguments of the server
    #[arg(last = true, value_name = "ARGS")]
    pub(super) arguments: Vec<String>,
}

/// The clients whose configuration is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Client {
    ClaudeDesktop,
    ClaudeCode,
    Vscode,
    Copilot,
}

/// What can be done with simulated routers.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum LabCommand {
    /// Run simulated routers that any SSH client can reach
    Run(LabRun),
    /// Show what the server does, on a private lab
    Tour(LabTour),
}

/// The lab to run.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct LabRun {
    /// How many routers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(super) routers: u64,
    /// Address of the first router, the others on the ports after it; port 0 takes any free ones
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2200")]
    pub(super) listen: SocketAddr,
    /// Write devices.json, known_hosts and the key to log in with to this directory
    #[arg(long, value_name = "DIR")]
    pub(super) write_inventory: Option<PathBuf>,
    /// Everything invented in the lab comes from this number
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// What kind of routers they are: vsrx-24.4, vmx-22.4, ex-21.4-vc, srx-cluster-23.4, old-12.1, or mix for all in turn
    #[arg(long, value_name = "P", default_value = "vsrx-24.4")]
    pub(super) profile: String,
    /// Let every router also call HOST:PORT and be the SSH server there, as outbound-ssh does
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) call_home: Option<String>,
    /// With this secret the routers show their host keys when they call, and prove that they know it
    #[arg(long, value_name = "SECRET", requires = "call_home")]
    pub(super) call_home_secret: Option<String>,
    /// Keep uploaded files whole, however long; otherwise of long ones the checksums and both ends
    #[arg(long)]
    pub(super) keep_files: bool,
    /// Add a host that leads to the routers, for trying ProxyJump; it listens on the port after the last router
    #[arg(long)]
    pub(super) jump_host: bool,
    /// Answer JSON requests at this Unix socket: faults, other people's edits, events
    #[arg(long, value_name = "PATH")]
    pub(super) control: Option<PathBuf>,
    /// JSON list of faults {router?, trigger, action, count?}, or an object of such lists by router name, such as
    /// [{"trigger": "reply:commit-configuration", "action": "drop"}]
    #[arg(long, value_name = "FILE")]
    pub(super) faults: Option<PathBuf>,
}

/// How the tour is given.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct LabTour {
    /// Do not pause between the steps
    #[arg(long)]
    pub(super) fast: bool,
}
