//! The program's own code in a migration: initial values, and what orders and hashes its keys.
//!
//! This is the only file of the migration with unsafe code.

use super::conversion::{Conversion, changed};
use super::path::Trail;
use crate::dynamic::fault::invalid;
use crate::dynamic::locate::live;
use crate::dynamic::shape::{Counted, Form, Run};
use crate::dynamic::validate::validate;
use crate::error::Error;
use crate::layout::ValidityError;

impl Conversion<'_> {
    /// Gives fields their initial values, in a value of type `ty` at `at` that is zero.
    pub(super) fn call_initialize(
        &mut self,
        initialize: unsafe fn(*mut u8),
        ty: usize,
        at: usize,
    ) -> Result<(), Error> {
        let value = self.value_mut(ty, at)?;
        // SAFETY: the function is that of the type of index `ty`, because `Evolution::to_type` makes schema and functions of
        // one layout; the pointer is aligned, and as many bytes as the type has are zero.
        unsafe { initialize(value) }
        Ok(())
    }

    /// Puts the entries of the map or set of type `ty` at `at` where the program's code wants them.
    pub(super) fn call_rebuild(&mut self, trail: Trail<'_>, ty: usize, at: usize) -> Result<(), Error> {
        let Some(rebuild) = self.origins.hooks(ty).rebuild else { return Err(changed()) };
        // Keys and values come from a file that any process may have written, and the code takes them for values.
        self.check_entries(ty, at).map_err(|e| invalid(&e))?;
        let value = self.value_mut(ty, at)?;
        // SAFETY: the function is that of the type of index `ty`, as above; the pointer is aligned, and leads to a container of
        // that type whose keys and values are values.
        let lost = unsafe { rebuild(value) };
        self.losses.add(&trail, lost, || "two keys are the same now".into());
        Ok(())
    }

    /// A pointer to a value of that type, to be changed by code of the program.
    fn value_mut(&mut self, ty: usize, at: usize) -> Result<*mut u8, Error> {
        let (size, align) = (self.new.get(ty).size, self.new.schema.types[ty].align as usize);
        let value = self.image.bytes_mut(at, size)?.as_mut_ptr();
        if value.addr().is_multiple_of(align) { Ok(value) } else { Err(changed()) }
    }

    /// Whether keys and values of a new map or set are values of their types.
    fn check_entries(&self, ty: usize, at: usize) -> Result<(), ValidityError> {
        let source = self.image.source();
        let check = |run: Run, count: usize| {
            (0..count).try_for_each(|index| {
                validate(self.new, run.item, source, at + run.offset(index)).map_err(|e| e.in_item(index))
            })
        };
        let count = |counted: Counted| live(counted, source, at).map_err(|e| ValidityError::new(e.to_string()));
        match self.new.get(ty).form {
            Form::Set(set) => check(set.keys.items, count(set.keys)?),
            Form::Map { set, values } => {
                check(set.keys.items, count(set.keys)?)?;
                check(values.items, count(values)?)
            }
            // Slots that are not in use are zeroes, or hold values as well.
            Form::Sorted(map) => {
                check(map.keys, map.keys.capacity)?;
                check(map.values, map.values.capacity)
            }
            _ => Ok(()),
        }
    }
}
