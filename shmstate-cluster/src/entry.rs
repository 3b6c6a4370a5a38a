//! The entries of the log, each of which is a commit of the cluster. Everything is little-endian.
//!
//! ```text
//! magic u64 | cluster u128 | before u64 | machine u128 | upto u64 | schema u64 | kind u8 | kind's own bytes | XXH3-64 of all before u64
//! ```

use bytes::Bytes;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of an entry; the last two are the number of the form.
const MAGIC: [u8; 8] = *b"shmclu01";

/// The first bytes of a change that is a content.
const CHANGE: [u8; 8] = *b"shmpcs01";

/// The first bytes of a whole state.
const WHOLE: [u8; 8] = *b"shmall01";

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// A random number that no other state has.
    pub(crate) cluster: u128,
    /// The [`digest`] of the entry that it follows; 0 for the first one.
    pub(crate) before: u64,
    pub(crate) origin: Origin,
    /// A hash of the layout to which the change belongs.
    pub(crate) schema: u64,
    pub(crate) what: What,
}

/// The machine whose updates an entry has. After a lost answer, the machine finds its entry by this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) machine: u128,
    /// The version of the machine's state ahead up to which its updates are in the entry; 0 if there are none.
    pub(crate) upto: u64,
}

/// What an entry changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// Bytes of the state, and a snapshot that has been written since the last entry that names one.
    Change { pieces: Pieces, snapshot: Option<Named> },
    /// The same, for an entry that is too large for the log: the pieces are the content of that name.
    Large { content: String },
    /// All of the state, of that schema: the content of that name.
    Whole { content: String },
}

/// A snapshot: the state after that entry, as the content of that name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) seq: u64,
    pub(crate) content: String,
}

/// Bytes of a state, in pieces, each with its offset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pieces {
    places: Vec<(u64, u32)>,
    bytes: Bytes,
}

impl Pieces {
    /// The bytes of those ranges.
    pub(crate) fn of(ranges: &[Range<usize>], state: &[u8]) -> Pieces {
        let mut bytes = Vec::with_capacity(ranges.iter().map(Range::len).sum());
        let mut places = Vec::with_capacity(ranges.len());
        // The length of a piece has 32 bits.
        const MOST: usize = 1 << 30;
        for range in ranges {
            for part in (range.start..range.end).step_by(MOST).map(|start| start..(start + MOST).min(range.end)) {
                places.push((part.start as u64, part.len() as u32));
                bytes.extend_from_slice(&state[part]);
            }
        }
        Pieces { places, bytes: bytes.into() }
    }

    /// Each piece, with its offset.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> + Clone {
        let mut next = 0;
        self.places.iter().map(move |(start, len)| {
            let bytes = &self.bytes[next..next + *len as usize];
            next += *len as usize;
            (usize::try_from(*start).unwrap_or(usize::MAX), bytes)
        })
    }

    /// Writes the pieces into a state; an error if they do not lie in it.
    pub(crate) fn write_into(&self, state: &mut [u8]) -> Result<(), String> {
        for (start, piece) in self.iter() {
            let end = start.checked_add(piece.len());
            let part = end.and_then(|end| state.get_mut(start..end));
            part.ok_or("it changes bytes that the state does not have")?.copy_from_slice(piece);
        }
        Ok(())
    }

    /// Where the pieces lie.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.iter().map(|(start, bytes)| start..start.saturating_add(bytes.len()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many bytes of an entry the pieces take.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + 12 * self.places.len()
    }

    /// The content of a change that is too large for an entry.
    pub(crate) fn to_content(&self) -> Bytes {
        let mut bytes = CHANGE.to_vec();
        self.write(&mut bytes);
        sealed(bytes)
    }

    /// Reads what anything may have written.
    pub(crate) fn from_content(content: Bytes) -> Result<Pieces, String> {
        let what = "a large change";
        Pieces::read(opened(content, CHANGE, what)?).ok_or_else(|| format!("{what} is not what its form says"))
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend((self.places.len() as u64).to_le_bytes());
        for (start, len) in &self.places {
            to.extend(start.to_le_bytes());
            to.extend(len.to_le_bytes());
        }
        to.extend_from_slice(&self.bytes);
    }

    /// Reads what any program may have written; all of it must be pieces.
    fn read(mut reader: Reader) -> Option<Pieces> {
        let count = reader.u64()?;
        if count.checked_mul(12)? > reader.0.len() as u64 {
            return None;
        }
        let places: Vec<(u64, u32)> =
            (0..count).map(|_| Some((reader.u64()?, reader.u32()?))).collect::<Option<_>>()?;
        let len: u64 = places.iter().map(|(_, len)| u64::from(*len)).sum();
        (len == reader.0.len() as u64).then_some(Pieces { places, bytes: reader.0 })
    }
}

/// Bytes that any program may have written, read from the front.
struct Reader(Bytes);

impl Reader {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        (self.0.len() >= N).then(|| self.0.split_to(N))?.as_ref().try_into().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<Bytes> {
        let len = usize::try_from(self.u64()?).ok()?;
        (self.0.len() >= len).then(|| self.0.split_to(len))
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

/// A hash of an entry's bytes, by which the next entry names it.
pub(crate) fn digest(entry: &[u8]) -> u64 {
    xxh3_64(entry)
}

fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend((bytes.len() as u64).to_le_bytes());
    to.extend(bytes);
}

fn sealed(mut bytes: Vec<u8>) -> Bytes {
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    bytes.into()
}

/// A reader of what [`sealed`] has sealed, after its magic.
fn opened(mut bytes: Bytes, magic: [u8; 8], what: &str) -> Result<Reader, String> {
    if bytes.len() < 16 || bytes[..8] != magic {
        return Err(format!("{what} is of another form than this version of shmstate-cluster knows"));
    }
    let sum = bytes.split_off(bytes.len() - 8);
    if xxh3_64(&bytes).to_le_bytes()[..] != sum[..] {
        return Err(format!("the checksum of {what} differs"));
    }
    Ok(Reader(bytes.split_off(8)))
}

impl Entry {
    pub(crate) fn to_bytes(&self) -> Bytes {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.cluster.to_le_bytes());
        bytes.extend(self.before.to_le_bytes());
        bytes.extend(self.origin.machine.to_le_bytes());
        bytes.extend(self.origin.upto.to_le_bytes());
        bytes.extend(self.schema.to_le_bytes());
        match &self.what {
            What::Change { pieces, snapshot: None } => {
                bytes.push(0);
                pieces.write(&mut bytes);
            }
            What::Change { pieces, snapshot: Some(Named { seq, content }) } => {
                bytes.push(1);
                bytes.extend(seq.to_le_bytes());
                put(&mut bytes, content.as_bytes());
                pieces.write(&mut bytes);
            }
            What::Large { content } => {
                bytes.push(2);
                put(&mut bytes, content.as_bytes());
            }
            What::Whole { content } => {
                bytes.push(3);
                put(&mut bytes, content.as_bytes());
            }
        }
        sealed(bytes)
    }

    /// Reads what anything may have written.
    pub(crate) fn from_bytes(bytes: Bytes) -> Result<Entry, String> {
        let mut reader = opened(bytes, MAGIC, "an entry of the log")?;
        let mut read = || {
            let cluster = u128::from_le_bytes(reader.take()?);
            let before = reader.u64()?;
            let machine = u128::from_le_bytes(reader.take()?);
            let (upto, schema) = (reader.u64()?, reader.u64()?);
            let [kind] = reader.take()?;
            let what = match kind {
                0 => What::Change { pieces: Pieces::read(Reader(reader.0.split_off(0)))?, snapshot: None },
                1 => {
                    let snapshot = Some(Named { seq: reader.u64()?, content: reader.text()? });
                    What::Change { pieces: Pieces::read(Reader(reader.0.split_off(0)))?, snapshot }
                }
                2 => What::Large { content: reader.text()? },
                3 => What::Whole { content: reader.text()? },
                _ => return None,
            };
            reader.0.is_empty().then_some(Entry { cluster, before, origin: Origin { machine, upto }, schema, what })
        };
        read().ok_or_else(|| "an entry of the log is not what its form says".to_owned())
    }
}

/// A whole state: its schema, and its bytes, in which those of local fields are zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Whole {
    pub(crate) cluster: u128,
    /// A hash of the layout, including which fields are local.
    pub(crate) layout: u64,
    pub(crate) schema: String,
    pub(crate) bytes: Bytes,
}

impl Whole {
    pub(crate) fn to_bytes(cluster: u128, layout: u64, schema: &str, state: &[u8]) -> Bytes {
        let mut bytes = WHOLE.to_vec();
        bytes.extend(cluster.to_le_bytes());
        bytes.extend(layout.to_le_bytes());
        put(&mut bytes, schema.as_bytes());
        put(&mut bytes, state);
        sealed(bytes)
    }

    /// Reads what anything may have written.
    pub(crate) fn from_bytes(bytes: Bytes) -> Result<Whole, String> {
        let mut reader = opened(bytes, WHOLE, "a snapshot")?;
        let mut read = || {
            let cluster = u128::from_le_bytes(reader.take()?);
            let layout = reader.u64()?;
            let whole = Whole { cluster, layout, schema: reader.text()?, bytes: reader.bytes()? };
            reader.0.is_empty().then_some(whole)
        };
        read().ok_or_else(|| "a snapshot is not what its form says".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let pieces = Pieces::of(&[3..5, 7..7, 9..20], &(0..32).collect::<Vec<u8>>());
        let named = Named { seq: 7, content: "snapshot".into() };
        let whats = [
            What::Change { pieces: pieces.clone(), snapshot: None },
            What::Change { pieces: Pieces::default(), snapshot: Some(named) },
            What::Large { content: "large".into() },
            What::Whole { content: "whole".into() },
        ];
        let origin = Origin { machine: 5 << 100, upto: 9 };
        whats.map(|what| Entry { cluster: 3 << 90, before: 77, origin, schema: 11, what }).into()
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_not_otherwise() {
        for entry in entries() {
            let bytes = entry.to_bytes();
            assert_eq!(Entry::from_bytes(bytes.clone()), Ok(entry));
            for at in 0..bytes.len() {
                let mut other = bytes.to_vec();
                other[at] ^= 1;
                assert!(Entry::from_bytes(other.into()).is_err(), "byte {at}");
                assert!(Entry::from_bytes(bytes.slice(..at)).is_err(), "cut off at {at}");
            }
        }
    }

    /// The checksums are made right, as a faulty program would do.
    #[test]
    fn whatever_an_entry_says_it_is_read_or_refused() {
        for entry in entries() {
            let bytes = entry.to_bytes();
            for at in 8..bytes.len() - 8 {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut other = bytes[..bytes.len() - 8].to_vec();
                    other[at] = value;
                    if let Ok(Entry { what: What::Change { pieces, .. }, .. }) = Entry::from_bytes(sealed(other)) {
                        assert_eq!(pieces.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(), pieces.bytes.len());
                    }
                }
            }
        }
    }

    #[test]
    fn a_large_change_is_read_as_it_was_written_and_not_otherwise() {
        let pieces = Pieces::of(&[3..5, 9..20], &(0..32).collect::<Vec<u8>>());
        let bytes = pieces.to_content();
        assert_eq!(Pieces::from_content(bytes.clone()), Ok(pieces));
        for at in 0..bytes.len() {
            let mut other = bytes.to_vec();
            other[at] ^= 1;
            assert!(Pieces::from_content(other.into()).is_err(), "byte {at}");
            assert!(Pieces::from_content(bytes.slice(..at)).is_err(), "cut off at {at}");
        }
    }

    #[test]
    fn a_whole_state_is_read_as_it_was_written_and_not_otherwise() {
        let bytes = Whole::to_bytes(7, 8, "schema", &[1, 2, 3]);
        let whole = Whole { cluster: 7, layout: 8, schema: "schema".into(), bytes: vec![1, 2, 3].into() };
        assert_eq!(Whole::from_bytes(bytes.clone()), Ok(whole));
        for at in 0..bytes.len() {
            assert!(Whole::from_bytes(bytes.slice(..at)).is_err(), "cut off at {at}");
        }
    }
}
