//! The dynamic view's types that the interface of a state names.

/// There is none.
#[derive(Clone, Debug)]
pub enum Snapshot {}
