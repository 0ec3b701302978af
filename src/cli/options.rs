//! The options of the serve form, as clap sees them.

use std::path::PathBuf;

use clap::{
    ArgAction, Args, ValueEnum,
    builder::{BoolishValueParser, TypedValueParser, ValueParser},
};

use super::{auditing::AuditOptions, http_options::HttpOptions};

/// Inventory, transport, policy, limits and logs; all of them have a variable.
#[derive(Args, Clone, Debug)]
pub(super) struct Options {
    /// Inventory of routers
    #[arg(
        short = 'f',
        long,
        value_name = "PATH",
        default_value = "devices.json",
        global = true,
        env = "JMCP_DEVICE_MAPPING",
        help_heading = "Inventory and devices"
    )]
    pub(super) device_mapping: PathBuf,
    /// Host keys of the routers [default: /etc/jmcp/known_hosts if it exists, else ~/.ssh/known_hosts]
    #[arg(
        long,
        value_name = "PATH",
        env = "JMCP_KNOWN_HOSTS_FILE",
        help_heading = "Inventory and devices"
    )]
    pub(super) known_hosts_file: Option<PathBuf>,
    /// Trust an unknown host key when it is first seen, and write it down
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_SSH_ACCEPT_NEW_HOST_KEYS", help_heading = "Inventory and devices")]
    pub(super) ssh_accept_new_host_keys: bool,
    /// Time for TCP, SSH, login and the NETCONF hello together
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=300),
        env = "JMCP_CONNECT_TIMEOUT_SECS", help_heading = "Inventory and devices")]
    pub(super) connect_timeout_secs: u64,
    /// Time for a call that names none; also read from JUNOS_TIMEOUT
    #[arg(long, value_name = "N", default_value_t = 360, value_parser = clap::value_parser!(u64).range(1..=3600),
        env = "JMCP_COMMAND_TIMEOUT_SECS", help_heading = "Inventory and devices")]
    pub(super) command_timeout_secs: u64,
    /// NETCONF sessions per router at a time
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=32),
        env = "JMCP_ROUTER_SESSIONS", help_heading = "Inventory and devices")]
    pub(super) router_sessions: u64,
    /// Close an idle session after this; 0 keeps none
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=86400),
        env = "JMCP_POOL_IDLE_SECS", help_heading = "Inventory and devices")]
    pub(super) pool_idle_secs: u64,
    /// Interval of SSH keepalives; 0 sends none
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=600),
        env = "JMCP_KEEPALIVE_SECS", help_heading = "Inventory and devices")]
    pub(super) keepalive_secs: u64,
    /// How often files are looked at for changes; 0 waits for SIGHUP
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3600),
        env = "JMCP_FILE_WATCH_SECS", help_heading = "Inventory and devices")]
    pub(super) file_watch_secs: u64,
    /// Leave the inventory file alone: add_device and reload_devices refuse
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_INVENTORY_READONLY", help_heading = "Inventory and devices")]
    pub(super) inventory_readonly: bool,
    /// Let add_device take a password, which then stands in the inventory file
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_ALLOW_PASSWORD_AUTH_ADD", help_heading = "Inventory and devices")]
    pub(super) allow_password_auth_add: bool,
    /// Only warn about file modes, for file systems that have none
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_INSECURE_FILE_MODES", help_heading = "Inventory and devices")]
    pub(super) insecure_file_modes: bool,

    /// How clients reach this server
    #[arg(
        short = 't',
        long,
        value_name = "T",
        value_enum,
        default_value_t = Transport::Stdio,
        env = "JMCP_TRANSPORT",
        help_heading = "Transport"
    )]
    pub(super) transport: Transport,
    /// Time that running calls get once the server is asked to end
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3600),
        env = "JMCP_DRAIN_SECS", help_heading = "Transport")]
    pub(super) drain_secs: u64,

    /// Addresses, tokens, certificates and limits of HTTP.
    #[command(flatten)]
    pub(super) http: HttpOptions,

    /// Hide and refuse what changes a router; confine commands to those that read
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_READ_ONLY", help_heading = "Policy")]
    pub(super) read_only: bool,
    /// Toolsets to offer [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = name_parser(), env = "JMCP_TOOLSETS",
        help_heading = "Policy")]
    pub(super) toolsets: Vec<String>,
    /// Single tools to offer besides; without --toolsets exactly these
    #[arg(long, value_name = "X,Y", value_delimiter = ',', value_parser = name_parser(), env = "JMCP_TOOLS",
        help_heading = "Policy")]
    pub(super) tools: Vec<String>,
    /// Tools not to offer, whatever else is said
    #[arg(long, value_name = "X,Y", value_delimiter = ',', value_parser = name_parser(), env = "JMCP_EXCLUDE_TOOLS",
        help_heading = "Policy")]
    pub(super) exclude_tools: Vec<String>,
    /// Which calls need a plan or a person to confirm them
    #[arg(
        long,
        value_name = "C",
        value_enum,
        default_value_t = Confirm::Destroy,
        env = "JMCP_CONFIRM",
        help_heading = "Policy"
    )]
    pub(super) confirm: Confirm,
    /// Show secrets of configurations to the model
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_SHOW_SECRETS", help_heading = "Policy")]
    pub(super) show_secrets: bool,

    /// Requests running at a time; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(0..=65_535),
        env = "JMCP_MAX_INFLIGHT_REQUESTS", help_heading = "Limits")]
    pub(super) max_inflight_requests: u64,
    /// Calls running or waiting for one router at a time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=1024),
        env = "JMCP_MAX_INFLIGHT_REQUESTS_PER_ROUTER", help_heading = "Limits")]
    pub(super) max_inflight_requests_per_router: u64,
    /// Cap on the text of a result, in bytes, for calls that name none
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1024..=1_000_000),
        env = "JMCP_MAX_OUTPUT_BYTES", help_heading = "Limits")]
    pub(super) max_output_bytes: u64,
    /// Memory for outputs that were cut, to be read on; 0 keeps none
    #[arg(long, value_name = "N", default_value_t = 67_108_864, value_parser = clap::value_parser!(u64).range(0..=4_294_967_296),
        env = "JMCP_OUTPUT_STORE_BYTES", help_heading = "Limits")]
    pub(super) output_store_bytes: u64,
    /// How long they are kept after they were last read
    #[arg(long, value_name = "N", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400),
        env = "JMCP_OUTPUT_STORE_SECS", help_heading = "Limits")]
    pub(super) output_store_secs: u64,

    /// Where files wait for routers, and arrive from them [default: /var/lib/jmcp/staging if it exists, else in the user's state
    /// directory]
    #[arg(long, value_name = "DIR", env = "JMCP_STAGING_DIR", help_heading = "Files and state")]
    pub(super) staging_dir: Option<PathBuf>,
    /// Bytes a second that one copy of a file may move; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=10_000_000_000),
        env = "JMCP_MAX_TRANSFER_BYTES_PER_SECOND", help_heading = "Files and state")]
    pub(super) max_transfer_bytes_per_second: u64,
    /// Where state is kept [default: /var/lib/jmcp/state if writable, else the user's state directory]
    #[arg(long, value_name = "DIR", env = "JMCP_STATE_DIR", help_heading = "Files and state")]
    pub(super) state_dir: Option<PathBuf>,

    /// How much is logged
    #[arg(
        long,
        value_name = "L",
        value_enum,
        default_value_t = LogLevel::Info,
        global = true,
        env = "JMCP_LOG_LEVEL",
        help_heading = "Observability"
    )]
    pub(super) log_level: LogLevel,
    /// Form of the log lines on stderr
    #[arg(
        long,
        value_name = "F",
        value_enum,
        default_value_t = LogFormat::Text,
        global = true,
        env = "JMCP_LOG_FORMAT",
        help_heading = "Observability"
    )]
    pub(super) log_format: LogFormat,
    #[command(flatten)]
    pub(super) audit: AuditOptions,

    /// Serve simulated routers inside this process; no file is read
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "3",
        value_parser = clap::value_parser!(u64).range(1..=1000), env = "JMCP_LAB", help_heading = "Lab")]
    pub(super) lab: Option<u64>,
}

/// How clients reach this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Transport {
    /// Standard input and output of this process.
    Stdio,
    /// HTTP, for many clients.
    StreamableHttp,
}

/// Which calls need a plan or a person to confirm them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Confirm {
    /// Those that install, remove or reboot.
    Destroy,
    /// Those that commit, too.
    Commits,
    /// The same, and clients that can ask nobody are refused.
    Strict,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// A switch that takes many words.
pub(super) fn boolish() -> ValueParser {
    ValueParser::new(BoolishValueParser::new())
}

/// One name of a list; blanks around it are not part of it.
fn name_parser() -> impl TypedValueParser<Value = String> {
    clap::builder::NonEmptyStringValueParser::new().try_map(|name| {
        let name = name.trim();
        if name.is_empty() {
            return Err("a name of the list is empty");
        }
        Ok(name.to_owned())
    })
}

impl LogLevel {
    /// The word that log filters use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
