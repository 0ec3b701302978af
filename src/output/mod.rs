//! From what a router said to what a model may read.
