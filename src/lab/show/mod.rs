//! Operational answers of a simulated router.
