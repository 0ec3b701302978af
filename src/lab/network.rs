//! A synthetic network: names, links and a configuration for each router.
