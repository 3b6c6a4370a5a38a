//! The record in which a store describes itself. Each transaction writes it anew.

use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of the record; the last two are the number of the form.
const MAGIC: [u8; 8] = *b"shmdur01";

/// What a store says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// The lineage of the region that the store belongs to; 0 in a backup, which belongs to none.
    pub(crate) lineage: u128,
    /// The version that it has, or `None` before the first one.
    pub(crate) version: Option<u64>,
    /// Bytes of the state.
    pub(crate) size: u64,
    /// Bytes of a page.
    pub(crate) page: u32,
    /// XXH3-64 of the schema.
    pub(crate) schema: u64,
    /// The sum of the digests of all pages that are not zero.
    pub(crate) digest: u64,
}

/// Stands for no version: a version has 56 bits.
const NONE: u64 = u64::MAX;

impl Head {
    /// Of a store that has nothing yet.
    pub(crate) fn empty(lineage: u128, page: u32) -> Head {
        Head { lineage, version: None, size: 0, page, schema: 0, digest: 0 }
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.lineage.to_le_bytes());
        for word in [self.version.unwrap_or(NONE), self.size, self.page.into(), self.schema, self.digest] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a record that anything may have written.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Head, String> {
        let (bytes, sum) = bytes.split_last_chunk::<8>().ok_or("its record is cut off")?;
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or("its record is cut off")?;
        if *magic != MAGIC {
            return Err("its record is of another form than this version of shmstate-durable knows".into());
        }
        if xxh3_64(bytes).to_le_bytes() != *sum {
            return Err("the checksum of its record differs".into());
        }
        let (lineage, rest) = rest.split_first_chunk::<16>().ok_or("its record is cut off")?;
        let (words, []) = rest.as_chunks::<8>() else { return Err("its record is cut off".into()) };
        let &[version, size, page, schema, digest] = words else { return Err("its record has another length".into()) };
        let [version, size, page, schema, digest] = [version, size, page, schema, digest].map(u64::from_le_bytes);
        let page = u32::try_from(page).ok().filter(|page| *page > 0).ok_or("it has no pages of that size")?;
        let version = (version != NONE).then_some(version);
        Ok(Head { lineage: u128::from_le_bytes(*lineage), version, size, page, schema, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_not_otherwise() {
        let head = Head { lineage: 7 << 100, version: Some(3), size: 5, page: 4096, schema: 9, digest: 11 };
        for head in [head, Head::empty(1, 64)] {
            let bytes = head.to_bytes();
            assert_eq!(Head::from_bytes(&bytes), Ok(head));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert!(Head::from_bytes(&other).is_err(), "byte {at}");
                assert!(Head::from_bytes(&bytes[..at]).is_err(), "cut off at {at}");
            }
        }
    }
}
