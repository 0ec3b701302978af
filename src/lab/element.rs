//! A small XML tree: what an operational command answers with.
