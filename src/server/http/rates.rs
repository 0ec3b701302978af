//! How many requests in time one client may send.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    refusal::Refusal,
    settings::{Limits, Rate},
};

/// Clients remembered at a time. Whoever has more addresses than that is stopped by no rate per address; forgetting some
/// makes nobody wait who would not have waited, and takes no time that grows with their number.
const MOST_CLIENTS: usize = 65_536;

/// The rates of addresses and of principals.
pub(super) struct Rates {
    ips: Option<Limiter<IpAddr>>,
    tokens: Option<Limiter<Arc<str>>>,
}

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
}

fn admit<K: Hash + Eq + Clone>(limiter: Option<&Limiter<K>>, key: &K, limit: &'static str) -> Result<(), Refusal> {
    let wait = limiter.and_then(|limiter| limiter.wait(key));
    wait.map_or(Ok(()), |wait| Err(Refusal::rate_limited(limit, wait)))
}

struct Limiter<K> {
    /// Time that one request costs.
    cost: Duration,
    /// What a client may owe: its burst but for the request that comes.
    credit: Duration,
    clients: Mutex<Clients<K>>,
}

/// When each client has paid for what it sent. Two generations: the older one is dropped whole when the younger one is full,
/// so that those are forgotten who were not heard of for longest.
struct Clients<K> {
    young: HashMap<K, Instant>,
    old: HashMap<K, Instant>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let cost = Duration::from_secs(1) / rate.per_second.get();
        Self {
            cost,
            credit: cost * (rate.burst.get() - 1),
            clients: Mutex::new(Clients {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// How long a client that is too fast has to wait; counts its request when it need not.
    fn wait(&self, key: &K) -> Option<Duration> {
        let now = Instant::now();
        let mut clients = self.clients.lock().expect("no code panics while it holds the lock");
        let paid = clients.paid(key).unwrap_or(now).max(now);
        let wait = (paid - now).saturating_sub(self.credit);
        if wait > Duration::ZERO {
            return Some(wait);
        }
        clients.remember(key, paid + self.cost);
        None
    }
}

impl<K: Hash + Eq + Clone> Clients<K> {
    fn paid(&self, key: &K) -> Option<Instant> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn remember(&mut self, key: &K, paid: Instant) {
        if let Some(known) = self.young.get_mut(key) {
            *known = paid;
            return;
        }
        if self.young.len() >= MOST_CLIENTS / 2 {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key.clone(), paid);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn limiter(per_second: u32, burst: u32) -> Limiter<u32> {
        let number = |number| NonZeroU32::new(number).expect("not 0");
        Limiter::new(Rate {
            per_second: number(per_second),
            burst: number(burst),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_its_burst_and_then_its_rate() {
        let limiter = limiter(4, 3);
        for _ in 0..3 {
            assert_eq!(limiter.wait(&1), None);
        }
        let wait = limiter.wait(&1).expect("the burst is spent");
        assert_eq!(wait, Duration::from_millis(250));
        assert_eq!(limiter.wait(&2), None, "another one is not held up");
        tokio::time::advance(wait).await;
        assert_eq!(limiter.wait(&1), None);
        assert_eq!(limiter.wait(&1), Some(wait), "what was refused costs nothing");
        tokio::time::advance(Duration::from_secs(60)).await;
        let admitted = (0..10).filter(|_| limiter.wait(&1).is_none()).count();
        assert_eq!(admitted, 3, "silence earns no more than the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_addresses_is_bounded_and_leaves_those_who_keep_coming_what_they_owe() {
        let limiter = limiter(1, 1);
        let most = u32::try_from(MOST_CLIENTS).expect("it fits");
        assert_eq!(limiter.wait(&0), None);
        for address in 1..most * 5 {
            assert_eq!(limiter.wait(&address), None);
            if address % 1000 == 0 {
                tokio::time::advance(Duration::from_secs(1)).await;
                assert_eq!(limiter.wait(&0), None);
                assert_eq!(limiter.wait(&0), Some(Duration::from_secs(1)));
            }
        }
        let clients = limiter.clients.lock().expect("not poisoned");
        assert!(clients.young.len() + clients.old.len() <= MOST_CLIENTS);
    }
}
