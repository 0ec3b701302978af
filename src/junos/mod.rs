//! The words of Junos as types.
