//! The one integration test binary.

mod changes;
mod cli;
mod http;
mod lab;
mod protocol;
mod tidy;
mod tools;
