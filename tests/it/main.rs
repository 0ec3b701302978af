//! The one integration test binary.

mod changes;
mod cli;
mod lab;
mod tidy;
mod tools;
