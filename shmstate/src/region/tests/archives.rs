//! Regions with archives in them.

use super::Lamp;
use crate::layout::Schema;
use crate::region::header::RawHeader;
use crate::{Archived, ErrorKind, SharedLayout, State};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Changes the document of a region, of which the length stays, and puts its checksums right.
fn edit(path: &Path, from: &str, to: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    let mut raw: RawHeader = bytemuck::pod_read_unaligned(&bytes[..size_of::<RawHeader>()]);
    let document = raw.schema_at as usize..(raw.schema_at + raw.schema_len) as usize;
    let text = std::str::from_utf8(&bytes[document.clone()]).unwrap();
    assert!(text.contains(from) && from.len() == to.len(), "{from} in {text}");
    let text = text.replace(from, to);
    let schema = Schema::from_document(text.as_bytes()).unwrap();
    bytes[document].copy_from_slice(text.as_bytes());
    (raw.fingerprint, raw.schema_checksum) = (schema.fingerprint(), xxh3_64(text.as_bytes()));
    raw.checksum = raw.sum();
    bytes[..size_of::<RawHeader>()].copy_from_slice(bytemuck::bytes_of(&raw));
    std::fs::write(path, bytes).unwrap();
}

/// A program with another feature of `rkyv` gets an error that names the feature, where archives are concerned.
#[test]
fn the_features_of_rkyv_are_named() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Service {
        config: Archived<Vec<String>, 64>,
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("service");
    drop(State::<Service>::create(&path).unwrap());
    edit(&path, "\"pointer_width\":32", "\"pointer_width\":64");
    let error = State::<Service>::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LayoutMismatch);
    let line = "Service.config: the file has archives of rkyv with its feature `pointer_width_64`, the program has archives of \
                rkyv without its format features";
    assert!(error.to_string().contains(line), "{error}");
    let document = Schema::of(Lamp::LAYOUT).document();
    assert!(!document.contains("rkyv"), "a state without an archive has nothing to do with it: {document}");
}
