//! The faces of a simulated router: one table of switches.
