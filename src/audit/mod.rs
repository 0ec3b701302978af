//! Who did what: one record for every call.
