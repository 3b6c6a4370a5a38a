//! Bytes of a state on the heap, aligned as in a region.

use crate::dynamic::fault::no_memory;
use crate::error::Error;
use bytemuck::{Pod, Zeroable};

/// As much memory as the strictest alignment of a state.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(4096))]
struct Page([u8; Aligned::TO]);

/// The bytes of a state.
pub(crate) struct Aligned {
    pages: Vec<Page>,
    len: usize,
}

impl Aligned {
    /// What they are aligned to.
    pub(crate) const TO: usize = 4096;

    /// # Errors
    /// [`NoSpace`](crate::ErrorKind::NoSpace).
    pub(crate) fn zeroed(len: usize) -> Result<Aligned, Error> {
        let pages = bytemuck::allocation::try_zeroed_vec(len.div_ceil(Self::TO)).map_err(|()| no_memory(len))?;
        Ok(Aligned { pages, len })
    }

    /// A copy.
    ///
    /// # Errors
    /// [`NoSpace`](crate::ErrorKind::NoSpace).
    pub(crate) fn of(bytes: &[u8]) -> Result<Aligned, Error> {
        let mut aligned = Self::zeroed(bytes.len())?;
        aligned.bytes_mut().copy_from_slice(bytes);
        Ok(aligned)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.pages)[..self.len]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.pages)[..self.len]
    }
}
