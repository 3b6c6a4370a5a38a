//! Writing bytes to what holds bytes.

use super::{Blob, List};
use std::io;

/// `io::Write` of a container of bytes.
macro_rules! write_bytes {
    ($($Container:ty, $it:literal, $new:literal;)*) => {$(
        /// Writes what there is room for; nothing when it is full.
        ///
        /// ```
        /// use std::io::{ErrorKind, Write};
        ///
        #[doc = concat!("let mut ", $it, " = shmstate::", $new, "::new();")]
        #[doc = concat!("assert_eq!(", $it, ".write(b\"abcdef\")?, 4);")]
        #[doc = concat!("assert_eq!(", $it, ".write_all(b\"g\").unwrap_err().kind(), ErrorKind::WriteZero);")]
        /// # Ok::<_, std::io::Error>(())
        /// ```
        impl<const N: usize> io::Write for $Container {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let fitting = &bytes[..bytes.len().min(self.remaining())];
                self.extend_from_slice(fitting).map_err(io::Error::other)?;
                Ok(fitting.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    )*};
}

write_bytes! {
    List<u8, N>, "list", "List::<u8, 4>";
    Blob<N>, "blob", "Blob::<4>";
}
