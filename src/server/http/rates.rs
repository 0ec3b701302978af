//! How many requests in time one client may send.

use std::{hash::Hash, net::IpAddr, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DashMapStateStore,
};

use super::{
    refusal::Refusal,
    settings::{Limits, Rate},
};

/// Clients remembered at a time; beyond it those are forgotten that have their whole burst again.
const MOST_CLIENTS: usize = 65_536;

/// The rates of addresses and of principals.
pub(super) struct Rates {
    ips: Option<Limiter<IpAddr>>,
    tokens: Option<Limiter<Arc<str>>>,
}

struct Limiter<K: Hash + Eq + Clone>(RateLimiter<K, DashMapStateStore<K>, DefaultClock>);

impl Rates {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            ips: limits.per_ip.map(Limiter::new),
            tokens: limits.per_token.map(Limiter::new),
        }
    }

    /// Counts a request of an address.
    pub(super) fn admit_ip(&self, address: IpAddr) -> Result<(), Refusal> {
        admit(self.ips.as_ref(), &address, "ip_rate")
    }

    /// Counts a request of a principal.
    pub(super) fn admit_token(&self, owner: &Arc<str>) -> Result<(), Refusal> {
        admit(self.tokens.as_ref(), owner, "token_rate")
    }

    /// Forgets clients that have not been heard of for a while.
    pub(super) fn sweep(&self) {
        if let Some(limiter) = &self.ips {
            limiter.0.retain_recent();
        }
        if let Some(limiter) = &self.tokens {
            limiter.0.retain_recent();
        }
    }
}

fn admit<K: Hash + Eq + Clone>(limiter: Option<&Limiter<K>>, key: &K, limit: &'static str) -> Result<(), Refusal> {
    let wait = limiter.and_then(|limiter| limiter.wait(key));
    wait.map_or(Ok(()), |wait| Err(Refusal::rate_limited(limit, wait)))
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self(RateLimiter::dashmap(quota))
    }

    /// How long a client that is too fast has to wait.
    fn wait(&self, key: &K) -> Option<Duration> {
        if self.0.len() > MOST_CLIENTS {
            self.0.retain_recent();
        }
        let refused = self.0.check_key(key).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }
}
