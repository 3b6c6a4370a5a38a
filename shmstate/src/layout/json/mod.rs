//! The document in which a region describes its type: JSON in one canonical form.
//!
//! A schema has one canonical text: members in the order in which they are written here, numbers in decimal, no white space, and in
//! strings only those escapes that JSON demands. The reader takes white space between the parts as well, as golden files have it,
//! but no other order, no other members and no other spelling. Where the text has to be canonical, the reader writes what it has read
//! once more, and compares the texts. So no two texts mean the same.
//!
//! The code is our own because it must do less than a JSON library: what a library accepts, and in which order it keeps the members
//! of an object, may depend on features that any other crate of the program turns on. The format chapter describes the document;
//! the tests read it with `serde_json`.
//!
//! * this file: the forms of the document; `write`, `read`: one for each direction

mod read;
#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests;
mod write;

use super::schema::Schema;
use read::Reader;
use write::Writer;
use xxhash_rust::xxh3::xxh3_64;

/// The number of this form of the document.
const FORM: u64 = 1;

/// The largest document that goes into a region, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

impl Schema {
    /// The part of the document that identifies a layout: all of it but the documentation, as a document of its own.
    pub(crate) fn identity(&self) -> String {
        let mut writer = Writer::new(false);
        writer.types(self);
        writer.end()
    }

    /// The hash of the [`identity`](Self::identity). It differs when names, kinds, offsets, sizes, alignments, capacities or
    /// versions differ, unless two layouts were chosen so that their hashes are equal. Two schemas of different fingerprints
    /// differ; only their identities decide whether two schemas are the same.
    pub(crate) fn fingerprint(&self) -> u64 {
        #[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
        if let Some(forced) = super::schema::tests::FORCED.get() {
            return forced;
        }
        xxh3_64(self.identity().as_bytes())
    }

    /// Whether two schemas describe the same layout: all that identifies it is compared.
    pub(crate) fn is_same(&self, other: &Schema) -> bool {
        self.identity() == other.identity()
    }

    /// The document that goes into the region: canonical. Documentation for which there is no room is left out.
    pub(crate) fn document(&self) -> String {
        let document = self.write(false);
        if document.len() <= LONGEST || self.docs.is_empty() {
            return document;
        }
        Schema { types: self.types.clone(), docs: Vec::new() }.write(false)
    }

    /// The same document for people, each field in a line of its own.
    pub(crate) fn pretty(&self) -> String {
        let mut document = self.write(true);
        document.push('\n');
        document
    }

    fn write(&self, pretty: bool) -> String {
        let mut writer = Writer::new(pretty);
        writer.types(self);
        writer.docs(self);
        writer.end()
    }

    /// Reads a document that any process may have written, in the canonical form only.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not repeat the document.
    pub(crate) fn from_document(bytes: &[u8]) -> Result<Schema, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
        let schema = Self::from_json(text)?;
        if schema.write(false) != text {
            return Err("it is not in its canonical form".into());
        }
        Ok(schema)
    }

    /// Reads a document that may have white space between its parts.
    ///
    /// # Errors
    /// As [`Self::from_document`].
    pub(crate) fn from_json(text: &str) -> Result<Schema, String> {
        let schema = Reader::new(text).schema()?;
        schema.validate()?;
        Ok(schema)
    }
}
