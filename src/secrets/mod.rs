//! Finding and replacing secrets.
