//! Migrations from one schema to another, as a program asks for them that has neither type.

use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, SharedLayout, State};
use shmstate_tests::scratch_dir;

/// One old part becomes one new one, in whatever order they are named.
#[test]
fn nothing_is_renamed_to_two_parts() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct After {
        count: u64,
        steps: u64,
    }
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Before {
        ticks: u64,
    }
    let dir = scratch_dir();
    let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
    State::<Before>::create(&old).unwrap();
    State::<After>::create(&new).unwrap();
    let [old, new] = [old, new].map(|path| DynState::open(path).unwrap());
    for [first, second] in [["count", "steps"], ["steps", "count"]] {
        let migration = old.migration(&new.schema()).unwrap().renamed("ticks", first).unwrap();
        let error = migration.renamed("ticks", second).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidPath);
        let why = format!("`{second}`: `ticks` cannot become it, because `ticks` becomes `{first}`");
        assert_eq!(error.to_string(), why);
    }
}
