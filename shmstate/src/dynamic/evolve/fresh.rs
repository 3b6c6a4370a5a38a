//! The content of a value before anything is carried over to it: that of a new state.

use super::conversion::{Conversion, changed};
use crate::dynamic::shape::Form;
use crate::error::Error;

impl Conversion<'_> {
    /// Makes the value of type `ty` at `at` what it is in a new state.
    pub(super) fn fresh(&mut self, ty: usize, at: usize) -> Result<(), Error> {
        self.zero(at, self.new.get(ty).size)?;
        self.initialize(ty, at)
    }

    /// Makes the enum of type `ty` at `at` the variant of that discriminant, with its fields as values of their types are in a new
    /// state.
    pub(super) fn fresh_variant(&mut self, ty: usize, at: usize, tag: usize, value: u64) -> Result<(), Error> {
        let news = self.new;
        let shape = news.get(ty);
        let Form::Enum { variants, .. } = &shape.form else { return Err(changed()) };
        let Some(variant) = variants.iter().find(|variant| variant.value == value) else { return Err(changed()) };
        // Where a new state has another variant, that one's fields are no part of this one.
        self.zero(at, shape.size)?;
        self.image.put(at, &value.to_ne_bytes()[..tag])?;
        variant.fields.all.iter().try_for_each(|field| self.initialize(field.shape, at + field.at))
    }

    /// Gives fields with `#[shared(init = …)]` their values, in zeroes.
    fn initialize(&mut self, ty: usize, at: usize) -> Result<(), Error> {
        if let Some(initialize) = self.origins.hooks(ty).initialize {
            return self.call_initialize(initialize, ty, at);
        }
        // A struct or an enum with such fields inside of it has code of its own.
        match self.new.get(ty).form {
            Form::Array { items } if self.starts_filled(items.item) => {
                (0..items.capacity).try_for_each(|index| self.initialize(items.item, at + items.offset(index)))
            }
            Form::Wrapper { item, at: inside } => self.initialize(item, at + inside),
            _ => Ok(()),
        }
    }

    /// Whether a value of that type is something else than zeroes.
    fn starts_filled(&self, ty: usize) -> bool {
        self.origins.hooks(ty).initialize.is_some()
            || match self.new.get(ty).form {
                Form::Array { items } => self.starts_filled(items.item),
                Form::Wrapper { item, .. } => self.starts_filled(item),
                _ => false,
            }
    }
}
