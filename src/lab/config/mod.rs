//! The configuration tree of a simulated router.
