//! A plan: how values of an old layout become values of a new one.

use std::collections::HashMap;

use crate::layout::describe::Scalar;

/// The index of a step.
pub(crate) type StepId = usize;

/// How a value of the old type becomes one of the new type: a step for each pair of an old and a new type.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) pairs: Vec<Pair>,
    /// The whole state.
    pub(crate) root: Part,
}

/// An old type, the new type that its values become, and what is done.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The indices of the types.
    pub(crate) old: usize,
    pub(crate) new: usize,
    pub(crate) step: Step,
    /// Whether the step loses something whatever the values are.
    pub(super) lossy: bool,
}

/// A value inside of an old one, and the value inside of the new one that it becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    /// Their offsets in the values that contain them.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) step: StepId,
}

/// What is done with one value. What is not carried over has its value of a new state.
#[derive(Debug)]
pub(crate) enum Step {
    /// This many bytes are copied. They hold no container that keeps marks.
    Same(usize),
    /// A number, for which the new type has room.
    Number {
        from: Scalar,
        to: Scalar,
    },
    Struct(FieldsStep),
    Enum {
        /// Bytes of the discriminants.
        from_tag: usize,
        to_tag: usize,
        /// By the old discriminant.
        variants: HashMap<u64, VariantStep>,
        /// Names of variants that only the new type has.
        added: Vec<String>,
    },
    /// All items, in their order; those that do not fit are lost.
    Sequence(Part),
    /// The text, or the bytes; what does not fit is lost.
    Bytes,
    /// What is in a `Maybe`.
    Maybe(Part),
    /// A value that becomes the content of a `Maybe`.
    Some(Part),
    /// Each value, at its index.
    Slab(Part),
    Set(Part),
    Map {
        key: Part,
        value: Part,
    },
    /// An archive of the same type.
    Archive,
    /// Nothing is carried over.
    Lost,
}

/// What becomes of the fields of a struct, or of a variant.
#[derive(Debug, Default)]
pub(crate) struct FieldsStep {
    pub(crate) moves: Vec<Move>,
    /// Fields that only the old type has, or parts of them.
    pub(super) removed: Vec<Member>,
    /// Fields that only the new type has.
    pub(super) added: Vec<Member>,
}

/// A field that both types have.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) part: Part,
    /// Its paths in the old and the new struct. They differ only if the field has a new name or is in another struct.
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A field that one of the types has.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) path: String,
    /// The index of its type.
    pub(super) ty: usize,
}

/// What becomes of an old variant.
#[derive(Debug)]
pub(crate) enum VariantStep {
    Kept {
        /// The new discriminant.
        value: u64,
        from: String,
        to: String,
        fields: FieldsStep,
    },
    /// The new type has no such variant: a value of it is lost.
    Removed(String),
}

impl Plan {
    pub(crate) fn get(&self, step: StepId) -> &Pair {
        &self.pairs[step]
    }

    /// Whether the field or variant `to` of the new type `ty` was the old one `from`.
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "migrations without the program are a feature"))]
    pub(crate) fn carries(&self, ty: usize, from: &str, to: &str) -> bool {
        let fields = |fields: &FieldsStep| fields.moves.iter().any(|m| m.from == from && m.to == to);
        self.pairs.iter().filter(|pair| pair.new == ty).any(|pair| match &pair.step {
            Step::Struct(step) => fields(step),
            Step::Enum { variants, .. } => variants.values().any(|step| match step {
                VariantStep::Kept { from: old, to: new, fields: step, .. } => old == from && new == to || fields(step),
                VariantStep::Removed(_) => false,
            }),
            _ => false,
        })
    }
}

impl Step {
    /// Whether nothing at all is carried over.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Step::Lost)
    }
}

impl FieldsStep {
    /// Whether the fields are the same, at the same offsets, so that their bytes are the same too.
    pub(super) fn is_same(&self, is_same: impl Fn(StepId) -> bool) -> bool {
        self.removed.is_empty()
            && self.added.is_empty()
            && self.moves.iter().all(|m| m.part.from == m.part.to && m.from == m.to && is_same(m.part.step))
    }
}
