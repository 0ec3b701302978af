//! Work of several steps.

pub(crate) mod guarded;
pub(crate) mod transaction;
pub(crate) mod transfer;
