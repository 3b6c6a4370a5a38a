//! The protocol under loom.
