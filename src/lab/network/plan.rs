//! Who is connected to whom, and with which addresses: all of them reserved for documentation or for test networks.

use std::net::Ipv4Addr;

/// Autonomous system of all cores.
pub(crate) const CORE_AS: u32 = 65_000;
/// Edges that one core serves; more would make a core's configuration longer than a person reads.
const EDGES_PER_CORE: usize = 8;

/// What a router is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Connects customers and a transit provider.
    Edge,
    /// Connects edges.
    Core,
}

/// A cable between two routers, given by their numbers in the network; `a` takes the even address of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cable {
    pub(crate) a: usize,
    pub(crate) b: usize,
}

/// How many of `count` routers are cores; they come after the edges.
pub(crate) fn cores(count: usize) -> usize {
    match count {
        0 | 1 => 0,
        _ => count.div_ceil(EDGES_PER_CORE + 1),
    }
}

/// The role of router `index` of `count`.
pub(crate) fn role(index: usize, count: usize) -> Role {
    if index < count - cores(count) {
        Role::Edge
    } else {
        Role::Core
    }
}

/// `edge-1`, `edge-2`, …, `core-1`, ….
pub(crate) fn default_names(count: usize) -> Vec<String> {
    let edges = count - cores(count);
    (0..count)
        .map(|index| match role(index, count) {
            Role::Edge => format!("edge-{}", index + 1),
            Role::Core => format!("core-{}", index - edges + 1),
        })
        .collect()
}

/// All cables: each edge to its core, edges in pairs, cores in a ring.
pub(crate) fn cables(count: usize) -> Vec<Cable> {
    let cores = cores(count);
    let edges = count - cores;
    let mut cables = Vec::new();
    if cores == 0 {
        return cables;
    }
    let per_core = edges.div_ceil(cores);
    cables.extend((0..edges).map(|edge| Cable {
        a: edges + edge / per_core,
        b: edge,
    }));
    cables.extend((0..edges / 2).map(|pair| Cable {
        a: 2 * pair,
        b: 2 * pair + 1,
    }));
    let ring = if cores > 2 { cores } else { cores - 1 };
    cables.extend((0..ring).map(|core| Cable {
        a: edges + core,
        b: edges + (core + 1) % cores,
    }));
    cables
}

/// The autonomous system of router `index`: one for the cores, a private one for each edge.
pub(crate) fn autonomous_system(index: usize, role: Role) -> u32 {
    match role {
        Role::Core => CORE_AS,
        Role::Edge if index < 500 => CORE_AS + 1 + index as u32,
        Role::Edge => 4_200_000_000 + index as u32,
    }
}

/// The transit provider's autonomous system at the edge `index`, from the documentation range.
pub(crate) fn transit_as(index: usize) -> u32 {
    64_496 + (index % 16) as u32
}

// A documentation network holds 256 addresses: what does not fit goes to the range for benchmarking networks, 198.18.0.0/15.
fn address(index: usize, documented: (usize, [u8; 4]), overflow: [u8; 4], step: usize) -> Ipv4Addr {
    let (limit, first) = documented;
    let base = if index < limit { first } else { overflow };
    Ipv4Addr::from(u32::from(Ipv4Addr::from(base)) + (index * step) as u32)
}

/// Loopback address of router `index`.
pub(crate) fn loopback(index: usize) -> Ipv4Addr {
    address(index, (254, [192, 0, 2, 1]), [198, 19, 0, 1], 1)
}

/// The two addresses of cable `index`, a /31.
pub(crate) fn cable(index: usize) -> [Ipv4Addr; 2] {
    pair(address(index, (64, [198, 51, 100, 0]), [198, 18, 0, 0], 2))
}

/// Our and the provider's address of the transit of edge `index`, a /31.
pub(crate) fn transit(index: usize) -> [Ipv4Addr; 2] {
    pair(address(index, (64, [198, 51, 100, 128]), [198, 18, 128, 0], 2))
}

fn pair(first: Ipv4Addr) -> [Ipv4Addr; 2] {
    [first, Ipv4Addr::from(u32::from(first) + 1)]
}

/// First address of the /29 for servers behind edge `index`; routers take the next one.
pub(crate) fn servers(index: usize) -> Ipv4Addr {
    address(index, (16, [203, 0, 113, 128]), [198, 19, 128, 0], 8)
}

/// Management address with its prefix length, and the gateway, of router `index`.
pub(crate) fn management(index: usize) -> (String, &'static str) {
    let address = address(index, (90, [203, 0, 113, 1]), [198, 19, 192, 1], 1);
    if index < 90 {
        (format!("{address}/25"), "203.0.113.126")
    } else {
        (format!("{address}/18"), "198.19.255.254")
    }
}

/// The prefixes a transit provider announces.
pub(crate) fn transit_prefixes(provider: u32) -> Vec<String> {
    let third = 64 + 4 * (provider.saturating_sub(64_496) % 16);
    let mut prefixes = vec!["0.0.0.0/0".to_owned()];
    prefixes.extend((0..3).map(|offset| format!("198.18.{}.0/24", third + offset)));
    prefixes
}
