//! The definitions of all tools, as clients see them.
