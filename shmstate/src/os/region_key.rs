//! What identifies a region to this process.

/// A region's identity on this machine: device and inode, whatever handle, path or mapping leads to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct RegionKey {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl RegionKey {
    /// The numbers by which a thread's open closures know the region.
    #[inline]
    pub(crate) fn numbers(self) -> [u64; 2] {
        [self.device, self.inode]
    }
}
