//! What a region has to hold: a type of the program, or whatever its own schema describes.

use super::header::Header;
use crate::error::{Error, ErrorRepr};
use crate::layout::{Layout, Schema, ValidityError};
use std::path::Path;

/// What the region has to hold.
#[derive(Clone, Copy)]
pub(crate) enum StateType<'a> {
    /// A type of the program.
    Known {
        layout: &'static Layout,
        /// Whether aligned, initialised bytes that do not change are a value.
        validate: unsafe fn(*const u8) -> Result<(), ValidityError>,
    },
    /// Whatever the region's own schema describes.
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "the use of a region by its schema is a feature"))]
    Described(&'a dyn Described),
}

/// A use of a region by its schema alone.
#[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "the use of a region by its schema is a feature"))]
pub(crate) trait Described {
    /// Takes the schema of the region, before anything else of it is looked at; or says why it cannot be used.
    fn accept(&self, schema: &Schema) -> Result<(), String>;

    /// Whether these bytes are a value of the type that the schema describes.
    fn validate(&self, image: &[u8]) -> Result<(), ValidityError>;
}

impl StateType<'_> {
    /// Refuses a region of another type.
    pub(super) fn check(&self, path: &Path, header: &Header) -> Result<(), Error> {
        match self {
            StateType::Known { layout, .. } => header.check_type(path, layout),
            StateType::Described(described) => described
                .accept(&header.schema)
                .map_err(|why| ErrorRepr::Unsupported { path: path.to_owned(), why }.into()),
        }
    }

    /// Checks that the bytes at `image` are a value.
    ///
    /// # Safety
    /// As many initialised bytes as the state has, `size`, aligned to a page, which do not change.
    pub(super) unsafe fn validate(&self, image: *const u8, size: usize) -> Result<(), ValidityError> {
        match self {
            // SAFETY: the caller's promise.
            StateType::Known { validate, .. } => unsafe { validate(image) },
            // SAFETY: the caller's promise.
            StateType::Described(described) => described.validate(unsafe { std::slice::from_raw_parts(image, size) }),
        }
    }
}
