//! What a value is before anything is carried over to it: what it is in a new state.

use super::conversion::Conversion;
use crate::dynamic::shape::Form;
use crate::error::Error;

impl Conversion<'_> {
    /// Makes the value of type `ty` at `at` what it is in a new state.
    pub(super) fn fresh(&mut self, ty: usize, at: usize) -> Result<(), Error> {
        self.zero(at, self.new.get(ty).size)?;
        self.initialize(ty, at)
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
