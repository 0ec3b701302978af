//! The one integration test binary.

mod cli;
mod lab;
mod tidy;
mod tools;
