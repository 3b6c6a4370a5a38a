//! Which layouts are taken for the same: regions of another layout, by all means that a file has.

use super::Region;
use super::header::RawHeader;
use crate::commit::Clock;
use crate::layout::Schema;
use crate::layout::schema_tests::FORCED;
use crate::os;
use crate::{Archived, ErrorKind, SharedLayout, State};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// The state of one program, and of another one: a byte that is no `bool` lies in the one, and would be undefined behaviour
/// in the other.
#[derive(SharedLayout)]
#[repr(C)]
struct Lamp {
    level: u8,
}

mod other {
    use crate::SharedLayout;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub(super) struct Lamp {
        pub(super) on: bool,
    }
}

/// A hash of 64 bits without a key, and names that any user may choose: two layouts of one fingerprint can be found. The
/// text decides.
#[test]
fn two_layouts_of_one_fingerprint_are_two_layouts() {
    FORCED.set(Some(0x5eed));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lamp");
    let lamp = State::<Lamp>::create(&path).unwrap();
    lamp.update(|lamp| lamp.level = 2).unwrap();
    let check = || {
        let error = State::<other::Lamp>::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LayoutMismatch);
        for line in [
            "Lamp.level: the file has `u8` at offset 0, the program has no such field",
            "Lamp.on: the file has no such field, the program has `bool` at offset 0",
        ] {
            assert!(error.to_string().contains(line), "{error}");
        }
        assert_eq!(State::<other::Lamp>::open_read_only(&path).unwrap_err().kind(), ErrorKind::LayoutMismatch);
    };
    check();
    drop(lamp);
    check();
    assert_eq!(State::<Lamp>::open(&path).unwrap().read(|lamp| lamp.level).unwrap(), 2);
    FORCED.set(None);
}

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

/// What another thread of the program does to the descriptor of a file that is being opened says nothing about the file.
#[test]
fn a_file_of_the_programs_is_no_damaged_region() {
    struct Never;
    impl Clock for Never {
        fn remaining(&mut self) -> Option<Duration> {
            None
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let [lamp, other] = ["lamp", "other"].map(|name| {
        let path = dir.path().join(name);
        drop(State::<Lamp>::create(&path).unwrap());
        OwnedFd::from(std::fs::File::options().read(true).write(true).open(path).unwrap())
    });
    let key = os::key(dir.path(), &lamp).unwrap();
    let own = OwnedFd::from(tempfile::tempfile().unwrap());
    for replaced in [own, other] {
        let error = Region::attach_anywhere(None, &replaced, key, None, &mut Never).err().expect("another file");
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains("has replaced or closed the library's descriptor"), "{error}");
    }
    assert!(Region::attach_anywhere(None, &lamp, key, None, &mut Never).is_ok());
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
