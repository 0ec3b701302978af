//! The faces of a simulated router: one table of switches.

use std::io;

use crate::lab::element::LeafStyle;

/// In place of a profile's name: every profile in turn.
const MIX: &str = "mix";

/// How one kind of router looks and answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The name users choose it by.
    pub(crate) name: &'static str,
    /// The release it runs until it is upgraded.
    pub(crate) version: &'static str,
    /// The platform family, which decides commands and default configuration.
    pub(crate) family: Family,
    /// `product-model`, as `show version` prints it.
    pub(crate) model: &'static str,
    /// `product-name`.
    pub(crate) product: &'static str,
    /// `os-name`.
    pub(crate) os_name: &'static str,
    /// Model of the routing engine.
    pub(crate) engine: &'static str,
    /// The capabilities and shape of the hello.
    pub(crate) hello: Hello,
    /// `system services netconf rfc-compliant` from the start.
    pub(crate) rfc_compliant: bool,
    /// Banner of the `<cli>` child that closes each reply.
    pub(crate) banner: Option<&'static str>,
    /// Whether an ignored pipe leaves a `<pipe>` element in front of the reply.
    pub(crate) pipe_element: bool,
    /// What a successful load answers.
    pub(crate) load_mark: LoadMark,
    /// What a successful commit answers.
    pub(crate) commit_mark: CommitMark,
    /// Which replies are aggregated over several engines.
    pub(crate) wrapper: Wrapper,
    /// Layout of leaf values.
    pub(crate) leaf_style: LeafStyle,
    /// Whether `show version` has a `junos-version` element.
    pub(crate) junos_version: bool,
    /// Whether `format="json"` and `format="set"` exist.
    pub(crate) json_and_set: bool,
    /// A comparison without difference answers an empty reply instead of an empty element.
    pub(crate) empty_compare: bool,
    /// `Some(n)`: the n-th member's routing daemon does not run.
    pub(crate) silent_member: Option<usize>,
    /// File systems in `show system storage` order.
    pub(crate) storage: &'static [FileSystem],
    /// Offers only `ssh-rsa` host keys and SHA-1 key exchange.
    pub(crate) old_crypto: bool,
    /// Out-of-band management interface.
    pub(crate) management: &'static str,
    /// Number of revenue ports, counted from 0.
    pub(crate) ports: usize,
    /// This engine's logical interface and addresses in the instance that only engines see.
    pub(crate) internal: (&'static str, &'static [&'static str]),
    /// Address and names of the engines in that instance, as `/etc/hosts.junos` lists them.
    pub(crate) internal_hosts: &'static [(&'static str, &'static str)],
    /// Pseudo interfaces that exist without configuration.
    pub(crate) pseudo_interfaces: &'static [&'static str],
}

/// Platform families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Firewalls.
    Srx,
    /// Routers.
    Mx,
    /// Switches.
    Ex,
}

/// Generations of the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    /// Up to release 12.
    First,
    /// Releases 17 to 24 without `rfc-compliant`.
    Third,
    /// Release 24 with `rfc-compliant`.
    Fourth,
}

/// What a successful load answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadMark {
    /// `<ok/>` in the results.
    Ok,
    /// `<load-success/>` in the results.
    LoadSuccess,
}

/// What a successful commit answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitMark {
    /// One `<routing-engine>` element for each engine, then `<ok/>`.
    Engines,
    /// The `<routing-engine>` element stays open.
    Unclosed,
    /// Empty results, then `<ok/>`.
    Empty,
}

/// Which replies are aggregated, and over whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// One engine, never wrapped.
    Never,
    /// Wrapped only when asked for with `invoke-on all-routing-engines`.
    InvokeOn(&'static [&'static str]),
    /// Most replies come from each member.
    Always(&'static [&'static str]),
}

impl Wrapper {
    /// The engines or members in order; one unnamed engine counts as `re0`.
    pub(crate) fn members(self) -> &'static [&'static str] {
        match self {
            Self::Never => &["re0"],
            Self::InvokeOn(members) | Self::Always(members) => members,
        }
    }
}

/// One row of `show system storage`, in blocks of 512 bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileSystem {
    /// Device name.
    pub(crate) device: &'static str,
    /// All blocks.
    pub(crate) blocks: u64,
    /// Blocks in use before any file is uploaded.
    pub(crate) used: u64,
    /// Mount point.
    pub(crate) mounted_on: &'static str,
}

const fn disk(device: &'static str, blocks: u64, used: u64, mounted_on: &'static str) -> FileSystem {
    FileSystem {
        device,
        blocks,
        used,
        mounted_on,
    }
}

static VSRX: Profile = Profile {
    name: "vsrx-24.4",
    version: "24.4R1.9",
    family: Family::Srx,
    model: "vSRX",
    product: "vsrx",
    os_name: "junos-es",
    engine: "VSRX RE",
    hello: Hello::Third,
    rfc_compliant: false,
    banner: None,
    pipe_element: false,
    load_mark: LoadMark::Ok,
    commit_mark: CommitMark::Engines,
    wrapper: Wrapper::Never,
    leaf_style: LeafStyle::Mixed,
    junos_version: true,
    json_and_set: true,
    empty_compare: false,
    silent_member: None,
    storage: &[
        disk("/dev/gpt/junos", 27_262_976, 4_718_592, "/.mount"),
        disk("tmpfs", 2_097_152, 1_184, "/.mount/tmp"),
        disk("tmpfs", 655_360, 2_912, "/.mount/mfs"),
    ],
    old_crypto: false,
    management: "fxp0",
    ports: 12,
    internal: ("", &[]),
    internal_hosts: &[],
    pseudo_interfaces: &[
        "dsc", "fti0", "gre", "ipip", "irb", "lsi", "mtun", "pimd", "pime", "pp0", "st0", "tap", "vtep",
    ],
};

static VMX: Profile = Profile {
    name: "vmx-22.4",
    version: "22.4R2.8",
    family: Family::Mx,
    model: "mx960",
    product: "vmx",
    os_name: "junos",
    engine: "RE-VMX",
    wrapper: Wrapper::InvokeOn(&["re0", "re1"]),
    internal: ("em1.0", &["128.0.0.1/2", "128.0.0.4/2"]),
    internal_hosts: &[
        ("128.0.0.1", "master"),
        ("128.0.0.4", "re0"),
        ("128.0.0.5", "re1"),
        ("128.0.0.6", "backup"),
    ],
    storage: &[
        disk("/dev/gpt/junos", 20_971_520, 2_936_012, "/.mount"),
        disk("/dev/gpt/var", 33_554_432, 1_048_576, "/.mount/var"),
    ],
    pseudo_interfaces: &[
        "demux0", "dsc", "em1", "gre", "ipip", "irb", "lsi", "mtun", "pimd", "pime", "pp0", "tap", "vtep",
    ],
    ..VSRX
};

static EX: Profile = Profile {
    name: "ex-21.4-vc",
    version: "21.4R3.15",
    family: Family::Ex,
    model: "ex4300-48p",
    product: "ex4300-48p",
    os_name: "junos-ex",
    engine: "RE-EX4300",
    banner: Some("{master:0}"),
    wrapper: Wrapper::Always(&["fpc0", "fpc1"]),
    leaf_style: LeafStyle::Inline,
    empty_compare: true,
    storage: &[
        disk("/dev/da0s1a", 1_048_576, 419_430, "/"),
        disk("/dev/da0s3e", 5_242_880, 524_288, "/var"),
        disk("/dev/da0s4d", 262_144, 1_024, "/config"),
    ],
    management: "vme",
    internal: ("bme0.0", &["128.0.0.1/2", "128.0.0.16/2"]),
    internal_hosts: &[
        ("128.0.0.1", "master"),
        ("128.0.0.16", "fpc0 member0"),
        ("128.0.0.17", "fpc1 member1"),
    ],
    ports: 48,
    pseudo_interfaces: &[
        "dsc", "gre", "ipip", "irb", "lsi", "mtun", "pimd", "pime", "tap", "vtep",
    ],
    ..VSRX
};

static CLUSTER: Profile = Profile {
    name: "srx-cluster-23.4",
    version: "23.4R1.9",
    model: "srx1500",
    product: "srx1500",
    engine: "RE-SRX1500",
    hello: Hello::Fourth,
    rfc_compliant: true,
    commit_mark: CommitMark::Unclosed,
    wrapper: Wrapper::Always(&["node0", "node1"]),
    leaf_style: LeafStyle::Inline,
    silent_member: Some(1),
    ports: 16,
    // The second number of an address follows from the cluster's id, the first from the node.
    internal: ("em0.0", &["129.16.0.1/2", "143.16.0.1/2"]),
    ..VSRX
};

static OLD: Profile = Profile {
    name: "old-12.1",
    version: "12.1X46-D65",
    model: "firefly-perimeter",
    product: "firefly-perimeter",
    engine: "FIREFLY-PERIMETER RE",
    hello: Hello::First,
    banner: Some(""),
    pipe_element: true,
    load_mark: LoadMark::LoadSuccess,
    commit_mark: CommitMark::Empty,
    leaf_style: LeafStyle::Inline,
    junos_version: false,
    json_and_set: false,
    storage: &[
        disk("/dev/ad0s1a", 1_572_864, 655_360, "/"),
        disk("/dev/ad0s1f", 2_621_440, 262_144, "/var"),
    ],
    old_crypto: true,
    ports: 8,
    ..VSRX
};

impl Profile {
    /// The profile routers have unless told otherwise.
    pub(crate) fn standard() -> &'static Self {
        &VSRX
    }

    /// Every profile.
    pub(crate) fn all() -> [&'static Self; 5] {
        [&VSRX, &VMX, &EX, &CLUSTER, &OLD]
    }

    /// The profile called `name`.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::all().into_iter().find(|profile| profile.name == name)
    }

    /// The revenue port with this number.
    pub(crate) fn port(&self, number: usize) -> String {
        format!("ge-0/0/{number}")
    }
}

/// The release in the namespaces of payloads: always the R0 form of the major.
pub(crate) fn payload_release(version: &str) -> String {
    match version.split_once('R') {
        Some((major, _)) => format!("{major}R0"),
        None => version.split('-').next().unwrap_or(version).to_owned(),
    }
}

/// The release in `xmlns:junos` of the reply: full from 23 on, the payload form before.
pub(crate) fn envelope_release(version: &str) -> String {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(23..) => version.to_owned(),
        _ => payload_release(version),
    }
}

/// The profiles that routers take in turn.
pub(super) fn in_turn(wanted: &str) -> io::Result<Vec<&'static Profile>> {
    if wanted == MIX {
        return Ok(Profile::all().into());
    }
    let named = Profile::named(wanted).map(|profile| vec![profile]);
    named.ok_or_else(|| {
        let known = Profile::all().map(|profile| profile.name).join(", ");
        let text = format!("no router profile is called {wanted}; there are {known}, and {MIX} for all in turn");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_in_namespaces_follow_the_version() {
        assert_eq!(payload_release("24.4R1.9"), "24.4R0");
        assert_eq!(envelope_release("24.4R1.9"), "24.4R1.9");
        assert_eq!(envelope_release("22.4R2.8"), "22.4R0");
        assert_eq!(payload_release("12.1X46-D65"), "12.1X46");
    }

    #[test]
    fn each_profile_is_found_by_its_name() {
        for profile in Profile::all() {
            assert_eq!(Profile::named(profile.name), Some(profile));
        }
    }
}
