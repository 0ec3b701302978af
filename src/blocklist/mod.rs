//! Which commands and changes an operator has forbidden.
