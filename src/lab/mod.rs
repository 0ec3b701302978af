//! Simulated Junos routers over real SSH.

mod config;
mod element;
mod network;
mod profile;
mod show;
