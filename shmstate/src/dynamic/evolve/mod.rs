//! Follows a plan: makes the bytes of a new state out of those of an old one.
//!
//! Nothing of the old state is trusted: lengths are clamped, each read is checked against the bounds, and the new state is checked
//! as a whole when it is done. The new state takes memory in proportion to the two states.
//!
//! * `conversion`: what all steps work on; `sequences`, `slabs`, `hashed`, `sorted`, `keys`: the containers; `convert`: one value after the
//!   other, whatever it is
//! * `path`, `losses`: where a conversion is, and what is lost; `fresh`: what a value is before anything is carried over
//! * `parts`: what a path of a layout leads to
//! * `rebuild`: the program's own code for its keys
//! * `aligned`: a state on the heap; `attach`: the old region
//! * this file: the whole

mod aligned;
mod attach;
mod conversion;
mod convert;
mod fresh;
mod hashed;
mod keys;
mod losses;
mod parts;
mod path;
mod rebuild;
mod sequences;
mod slabs;
mod sorted;

use super::fault::{fault, invalid};
use super::image::Image;
use super::shape::Shapes;
use super::source::Source;
use super::validate::validate;
use crate::error::{Error, ErrorKind};
pub(crate) use crate::layout::matching::Allowed;
use crate::layout::matching::Plan;
use crate::layout::{Layout, Origins, Schema};
pub(crate) use aligned::Aligned;
pub(crate) use attach::attach;
use conversion::Conversion;
use losses::Losses;
use parts::{Part, leads_somewhere, part};
use path::Trail;
use std::sync::Arc;

/// Two layouts, and how values of the old one become values of the new one.
pub(crate) struct Evolution {
    old: Shapes,
    new: Arc<Shapes>,
    /// What the program says of the new types.
    origins: Origins,
    plan: Plan,
}

impl Evolution {
    /// From the layout `old` to that of a type of the program.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for a layout that cannot be used without its type.
    pub(crate) fn to_type(old: &Schema, new: &'static Layout) -> Result<Evolution, Error> {
        let (new, origins) = Schema::with_origins(new);
        Self::new(old, &new, origins)
    }

    /// From one layout to another one, without the program that has it: without its initial values, and without its code for keys.
    ///
    /// # Errors
    /// As for [`to_type`](Self::to_type).
    pub(crate) fn between(old: &Schema, new: &Schema) -> Result<Evolution, Error> {
        Self::new(old, new, Origins::default())
    }

    /// The same, where the part of the new layout at that path has another name than in the old one: the name of a field or
    /// variant, or a path in the struct where it was. `None`: there is no such part.
    pub(crate) fn renamed(mut self, earlier: &str, path: &str) -> Option<Evolution> {
        let Part { ty, variant, field } = part(&self.new, path)?;
        self.origins.rename(ty, &variant, &field, earlier);
        self.plan = Plan::new(&self.old, &self.new, &self.origins);
        Some(self)
    }

    /// Whether something of that name, or at that path in a struct, becomes the part at `path` of the new layout.
    pub(crate) fn carries(&self, earlier: &str, path: &str) -> bool {
        part(&self.new, path).is_some_and(|part| {
            let name = if part.field.is_empty() { &part.variant } else { &part.field };
            self.plan.carries(part.ty, earlier, name)
        })
    }

    /// What is allowed to be lost and is no part of the old state: paths.
    pub(crate) fn unknown(&self, allowed: Allowed<'_>) -> Vec<String> {
        match allowed {
            Allowed::All => Vec::new(),
            Allowed::Paths(paths) => paths.iter().filter(|path| !leads_somewhere(&self.old, path)).cloned().collect(),
        }
    }

    /// Whether values of this layout are what it is for.
    pub(crate) fn is_from(&self, old: &Schema) -> bool {
        self.old.schema.is_same(old)
    }

    fn new(old: &Schema, new: &Schema, origins: Origins) -> Result<Evolution, Error> {
        let shapes =
            |schema| Shapes::new(schema).map_err(|why| fault(ErrorKind::Unsupported, format!("the layout: {why}")));
        let (old, new) = (shapes(old)?, shapes(new)?);
        let plan = Plan::new(&old, &new, &origins);
        Ok(Evolution { old, new: Arc::new(new), origins, plan })
    }

    /// The plan for people.
    pub(crate) fn table(&self) -> String {
        self.plan.table(&self.old, &self.new).to_string()
    }

    /// What is lost whatever the state holds, but for what is `allowed`: paths.
    pub(crate) fn losses(&self, allowed: Allowed<'_>) -> Vec<String> {
        self.plan.losses(allowed)
    }

    /// The new types.
    pub(crate) fn new_shapes(&self) -> Arc<Shapes> {
        Arc::clone(&self.new)
    }

    /// Bytes of the old state, and of the new one.
    pub(crate) fn sizes(&self) -> [usize; 2] {
        [self.old.size(), self.new.size()]
    }

    /// Carries everything over from the state `old` to `new`, and makes all else there what it is in a new state.
    ///
    /// # Errors
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch) with all that would be lost and is not `allowed`;
    /// [`Corrupt`](ErrorKind::Corrupt) if the old bytes are no value; [`Unsupported`](ErrorKind::Unsupported) for keys that only
    /// another program can arrange. `new` is half-done then.
    pub(crate) fn apply(&self, old: &[u8], new: &mut [u8], allowed: Allowed<'_>) -> Result<(), Error> {
        let [from, to] = self.sizes();
        if (old.len(), new.len()) != (from, to) {
            return Err(fault(ErrorKind::Corrupt, format!("{} bytes of a state of {from}", old.len())));
        }
        let mut losses = Losses::new(allowed, self.unknown(allowed));
        losses.add_planned(self.losses(allowed));
        let mut conversion = Conversion {
            old: &self.old,
            new: &self.new,
            origins: &self.origins,
            plan: &self.plan,
            source: Source::Whole(old),
            image: Image::of_value(new),
            losses,
            convert: convert::convert,
        };
        conversion.fresh(self.new.root(), 0)?;
        conversion.part(Trail::ROOT, self.plan.root, 0, 0)?;
        conversion.losses.check()?;
        validate(&self.new, self.new.root(), Source::Whole(new), 0).map_err(|e| invalid(&e))
    }
}
