//! What clients find besides tools: prompts, completions, resources and news, on stdio and over HTTP, in both eras.

mod completions;
mod news;
mod pages;
mod prompts;
mod resources;
pub(crate) mod wire;
