//! What identifies a region to this process.

/// A region's identity on this machine: device and inode, whatever handle, path or mapping leads to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct RegionKey {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl RegionKey {
    /// Both as one number.
    #[inline]
    pub(crate) fn number(self) -> u128 {
        u128::from(self.device) << 64 | u128::from(self.inode)
    }
}
