//! The whole program over HTTP: real sockets, real TLS, and clients that do not behave.

mod answers;
mod attacks;
mod bind;
mod cancelled;
pub(crate) mod client;
mod copies;
mod counters;
mod drain;
mod kept;
mod limits;
mod load;
mod manager;
mod names;
mod oauth;
mod options;
mod principals;
mod protocol;
mod records;
mod reloads;
mod revoked;
pub(crate) mod server;
mod silence;
mod site;
mod statuses;
mod tls;
