//! Writing bytes to a list of them.

use super::List;
use std::io;

/// Writes what there is room for; nothing when it is full.
///
/// ```
/// use std::io::{ErrorKind, Write};
///
/// let mut list = shmstate::List::<u8, 4>::new();
/// assert_eq!(list.write(b"abcdef")?, 4);
/// assert_eq!(list.write_all(b"g").unwrap_err().kind(), ErrorKind::WriteZero);
/// # Ok::<_, std::io::Error>(())
/// ```
impl<const N: usize> io::Write for List<u8, N> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = &bytes[..bytes.len().min(self.remaining())];
        self.extend_from_slice(fitting).map_err(io::Error::other)?;
        Ok(fitting.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
