//! Which layouts are taken for the same: regions of another layout, by all means that a file has.

#[cfg(feature = "archived")]
mod archives;

use super::Region;
use crate::commit::Clock;
use crate::layout::schema_tests::FORCED;
use crate::os;
use crate::{ErrorKind, SharedLayout, State};
use std::os::fd::OwnedFd;
use std::time::Duration;

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
            "  level  u8            -                lost: no such field",
            "  on     -             bool             new: as in a new state",
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
