//! Work of several steps.

pub(crate) mod transaction;
