//! The whole program over HTTP: real sockets, real TLS, and clients that do not behave.

mod attacks;
mod bind;
mod client;
mod drain;
mod limits;
mod names;
mod oauth;
mod principals;
mod protocol;
mod records;
mod revoked;
mod server;
mod site;
mod statuses;
mod tls;
