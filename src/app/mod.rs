//! What a running process owns, and the pipeline of one call.
