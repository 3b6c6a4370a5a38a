//! Makes the plan: which old value becomes which new one.
//!
//! Fields and variants match by their names. A value that no rule here matches is lost; nothing is guessed.

use super::fields::match_fields;
use super::plan::{FieldsStep, Pair, Part, Plan, Step, StepId, VariantStep};
use crate::layout::describe::Scalar;
use crate::layout::origins::Origins;
use crate::layout::schema::Argument;
use crate::layout::shapes::{Fields, Form, Run, Shapes};
use std::collections::HashMap;

/// Both sides, and the steps that were found.
pub(super) struct Matcher<'a> {
    pub(super) old: &'a Shapes,
    pub(super) new: &'a Shapes,
    pub(super) origins: &'a Origins,
    pairs: Vec<Pair>,
    known: HashMap<(usize, usize), StepId>,
}

impl Plan {
    /// How values of the old layout become values of the new one; `origins` are what the program says of the new one.
    pub(crate) fn new(old: &Shapes, new: &Shapes, origins: &Origins) -> Plan {
        let mut matcher = Matcher { old, new, origins, pairs: Vec::new(), known: HashMap::new() };
        let root = matcher.part((old.root(), 0), (new.root(), 0));
        Plan { pairs: matcher.pairs, root }
    }
}

/// Whether each number of type `from` is also one of type `to`.
fn fits(from: Scalar, to: Scalar) -> bool {
    /// Whether there is a sign, and how many bits a number has besides.
    fn integer(scalar: Scalar) -> Option<(bool, usize)> {
        let bits = scalar.size() * 8;
        match scalar {
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 | Scalar::U128 => Some((false, bits)),
            Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 | Scalar::I128 => Some((true, bits - 1)),
            Scalar::F32 | Scalar::F64 | Scalar::Bool | Scalar::Char => None,
        }
    }
    match (integer(from), integer(to)) {
        (Some((signed, from)), Some((to_signed, to))) => from <= to && (to_signed || !signed),
        _ => from == to || (from, to) == (Scalar::F32, Scalar::F64),
    }
}

/// The items of a sequence, and whether it always has all of them.
fn sequence(form: &Form) -> Option<(Run, bool)> {
    match form {
        Form::Array { items } => Some((*items, true)),
        Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => Some((*items, false)),
        _ => None,
    }
}

/// The types of the keys and values of a map.
fn entries(form: &Form) -> Option<(usize, usize)> {
    match form {
        Form::Map { set, values } => Some((set.keys.items.item, values.items.item)),
        Form::Sorted(map) => Some((map.keys.item, map.values.item)),
        _ => None,
    }
}

impl Matcher<'_> {
    /// The value of type and offset `old` becomes that of type and offset `new`.
    pub(super) fn part(&mut self, old: (usize, usize), new: (usize, usize)) -> Part {
        let ((old, from), (new, to)) = (self.old.settle(old.0, old.1), self.new.settle(new.0, new.1));
        Part { from, to, step: self.pair(old, new) }
    }

    /// The item of type `old` becomes that of type `new`.
    fn item(&mut self, old: usize, new: usize) -> Part {
        self.part((old, 0), (new, 0))
    }

    fn is_lost(&self, part: Part) -> bool {
        self.pairs[part.step].step.is_lost()
    }

    fn pair(&mut self, old: usize, new: usize) -> StepId {
        if let Some(step) = self.known.get(&(old, new)) {
            return *step;
        }
        // No type contains itself, so this ends.
        let step = self.step(old, new);
        let size = self.new.get(new).size;
        let step = if self.is_same(&step, old, new) { Step::Same(size) } else { step };
        let lossy = self.is_lossy(&step);
        let id = self.pairs.len();
        self.pairs.push(Pair { old, new, step, lossy });
        self.known.insert((old, new), id);
        id
    }

    fn step(&mut self, old: usize, new: usize) -> Step {
        // The shapes are borrowed separately from `self`, which changes.
        let (olds, news) = (self.old, self.new);
        let (from, to) = (&olds.get(old).form, &news.get(new).form);
        if let (Some((from, all)), Some((to, always))) = (sequence(from), sequence(to)) {
            // An array cannot be cut off, and a new array could not say how many items the list had.
            let fits = if all { from.capacity <= to.capacity } else { !always };
            let item = self.item(from.item, to.item);
            return if fits && !self.is_lost(item) { Step::Sequence(item) } else { Step::Lost };
        }
        if let (Some(from), Some(to)) = (entries(from), entries(to)) {
            let (key, value) = (self.item(from.0, to.0), self.item(from.1, to.1));
            return if self.is_lost(key) || self.is_lost(value) { Step::Lost } else { Step::Map { key, value } };
        }
        match (from, to) {
            (Form::Scalar(from), Form::Scalar(to)) | (Form::NonZero(from), Form::NonZero(to)) if fits(*from, *to) => {
                Step::Number { from: *from, to: *to }
            }
            (Form::Struct(from), Form::Struct(to)) => Step::Struct(match_fields(self, new, "", from, to)),
            (Form::Enum { tag: from_tag, variants: from }, Form::Enum { tag: to_tag, variants: to }) => {
                self.variants(new, (*from_tag, from), (*to_tag, to))
            }
            (Form::Text { .. } | Form::Blob { .. }, Form::Blob { .. }) | (Form::Text { .. }, Form::Text { .. }) => {
                Step::Bytes
            }
            (Form::Maybe { item: from, at }, Form::Maybe { item: to, at: to_at }) => {
                let part = self.part((*from, *at), (*to, *to_at));
                if self.is_lost(part) { Step::Lost } else { Step::Maybe(part) }
            }
            (_, Form::Maybe { item, at }) => {
                let part = self.part((old, 0), (*item, *at));
                if self.is_lost(part) { Step::Lost } else { Step::Some(part) }
            }
            (Form::Slab(from), Form::Slab(to)) => {
                let part = self.item(from.values.items.item, to.values.items.item);
                if self.is_lost(part) { Step::Lost } else { Step::Slab(part) }
            }
            (Form::Set(from), Form::Set(to)) => {
                let part = self.item(from.keys.items.item, to.keys.items.item);
                if self.is_lost(part) { Step::Lost } else { Step::Set(part) }
            }
            (Form::Archived { .. }, Form::Archived { .. }) if self.archives_alike(old, new) => Step::Archive,
            _ if self.plain_alike(old, new) => Step::Same(news.get(new).size),
            _ => Step::Lost,
        }
    }

    fn variants(
        &mut self,
        new: usize,
        (from_tag, from): (usize, &[crate::layout::shapes::VariantShape]),
        (to_tag, to): (usize, &[crate::layout::shapes::VariantShape]),
    ) -> Step {
        let origins = self.origins;
        let mut taken = vec![false; to.len()];
        let mut steps = HashMap::new();
        for old in from {
            let same = |name: &str| to.iter().position(|variant| variant.name == name);
            // An old variant of the same name goes before one that was renamed.
            let renamed = || {
                to.iter().position(|variant| {
                    from.iter().all(|old| old.name != variant.name)
                        && origins.renamed(new, &variant.name, "").contains(&old.name)
                })
            };
            let found = same(&old.name).or_else(renamed).filter(|index| !std::mem::replace(&mut taken[*index], true));
            let step = match found {
                None => VariantStep::Removed(old.name.clone()),
                Some(index) => VariantStep::Kept {
                    value: to[index].value,
                    from: old.name.clone(),
                    to: to[index].name.clone(),
                    fields: match_fields(self, new, &to[index].name, &old.fields, &to[index].fields),
                },
            };
            steps.insert(old.value, step);
        }
        let added = to.iter().zip(taken).filter(|(_, taken)| !taken).map(|(variant, _)| variant.name.clone());
        Step::Enum { from_tag, to_tag, variants: steps, added: added.collect() }
    }

    /// Whether two archives are of the same type and the same build of the crate `rkyv`.
    fn archives_alike(&self, old: usize, new: usize) -> bool {
        let of = |shapes: &crate::layout::shapes::Shapes, index: usize| {
            let Some(Argument::Type(of)) = shapes.schema.types[index].arguments.first() else { return None };
            let ty = shapes.schema.get(*of)?;
            Some((ty.name.clone(), ty.size, ty.align, ty.kind.clone()))
        };
        of(self.old, old).is_some_and(|old| Some(old) == of(self.new, new))
    }

    /// Whether the bytes of two plain types of the library, or of another crate, mean the same.
    fn plain_alike(&self, old: usize, new: usize) -> bool {
        let (from, to) = (self.old.get(old), self.new.get(new));
        let alike = match (&from.form, &to.form) {
            (Form::Key, Form::Key)
            | (Form::TimeSpan, Form::TimeSpan)
            | (Form::Timestamp, Form::Timestamp)
            | (Form::Uuid, Form::Uuid) => true,
            (Form::IpAddress(from), Form::IpAddress(to)) => from == to,
            (
                Form::SocketAddress { ip, port, flow_info, scope_id },
                Form::SocketAddress { ip: to_ip, port: to_port, flow_info: to_flow_info, scope_id: to_scope_id },
            ) => (ip, port, flow_info, scope_id) == (to_ip, to_port, to_flow_info, to_scope_id),
            (Form::Opaque, Form::Opaque) => {
                let (from, to) = (&self.old.schema.types[old], &self.new.schema.types[new]);
                (&from.name, from.version, &from.kind) == (&to.name, to.version, &to.kind)
            }
            _ => false,
        };
        alike && from.size == to.size
    }

    /// Whether a step has the same result as a copy of the bytes.
    fn is_same(&self, step: &Step, old: usize, new: usize) -> bool {
        let (from, to) = (self.old.get(old), self.new.get(new));
        let same = |step: StepId| matches!(self.pairs[step].step, Step::Same(_));
        if from.size != to.size || from.tracked || to.tracked {
            return false;
        }
        match step {
            Step::Same(_) => true,
            Step::Number { from, to } => from == to,
            Step::Struct(fields) => fields.is_same(same),
            Step::Enum { from_tag, to_tag, variants, added } => {
                let kept = |(old, step): (&u64, &VariantStep)| match step {
                    VariantStep::Kept { value, from, to, fields } => value == old && from == to && fields.is_same(same),
                    VariantStep::Removed(_) => false,
                };
                from_tag == to_tag && added.is_empty() && variants.iter().all(kept)
            }
            Step::Sequence(part) => {
                let items = |form: &Form| match form {
                    Form::Array { items } => Some((items.at, items.capacity, items.size)),
                    _ => None,
                };
                same(part.step) && items(&from.form).is_some_and(|old| Some(old) == items(&to.form))
            }
            Step::Bytes => {
                let bytes = |form: &Form| match form {
                    Form::Text { bytes } => Some((false, bytes.at, bytes.capacity)),
                    Form::Blob { bytes } => Some((true, bytes.at, bytes.capacity)),
                    _ => None,
                };
                bytes(&from.form) == bytes(&to.form)
            }
            Step::Maybe(part) => same(part.step) && part.from == part.to,
            _ => false,
        }
    }

    fn is_lossy(&self, step: &Step) -> bool {
        let lossy = |part: &Part| self.pairs[part.step].lossy;
        let fields = |fields: &FieldsStep| !fields.removed.is_empty() || fields.moves.iter().any(|m| lossy(&m.part));
        match step {
            Step::Same(_) | Step::Number { .. } | Step::Bytes | Step::Archive => false,
            Step::Struct(step) => fields(step),
            Step::Enum { variants, .. } => variants.values().any(|step| match step {
                VariantStep::Kept { fields: step, .. } => fields(step),
                // Only a value of that variant is lost, not every value.
                VariantStep::Removed(_) => false,
            }),
            Step::Sequence(part) | Step::Maybe(part) | Step::Some(part) | Step::Slab(part) | Step::Set(part) => {
                lossy(part)
            }
            Step::Map { key, value } => lossy(key) || lossy(value),
            Step::Lost => true,
        }
    }

    /// The fields of a struct type, if it is one.
    pub(super) fn fields_of(shapes: &Shapes, ty: usize) -> Option<(&Fields, usize)> {
        let (ty, at) = shapes.settle(ty, 0);
        match &shapes.get(ty).form {
            Form::Struct(fields) => Some((fields, at)),
            _ => None,
        }
    }
}
