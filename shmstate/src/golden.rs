//! Golden files: a type's layout as it was agreed on, in the repository, and a test that holds it fast.

use crate::layout::{Schema, SharedLayout};
use std::io::ErrorKind;
use std::path::Path;

/// Fails a test when the layout of a type is no longer the one in a file beside the program's sources.
///
/// A region is opened only by programs that agree on its layout. When they are built and released apart, a layout that
/// changes unnoticed keeps the new one from opening what the old one has made. This test notices.
///
/// The first run writes the file, and says so; commit it. Later runs compare, and fail with the differences, field by field.
/// A change that is meant is written by a run with the environment variable `SHMSTATE_BLESS=1`. Where the variable `CI` is
/// set, a missing file is a failure.
///
/// The path is relative to the directory of the `Cargo.toml` of the package that the test is in. The file is the
/// document in which a region describes its type, as JSON with a line for each field (the [format](mod@crate::format) chapter
/// describes it); the documentation in it may differ.
///
/// ```
/// use shmstate::{SharedLayout, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board {
///     /// Since the start.
///     ticks: u64,
///     owner: Text<32>,
/// }
///
/// // in a function with `#[test]`:
/// shmstate::assert_layout!(Board, "layouts/board.json");
/// ```
///
/// # Panics
/// When the layout differs, when the file is damaged, when it cannot be read or written, and where `CI` is set also when
/// there is none.
#[macro_export]
macro_rules! assert_layout {
    ($ty:ty, $path:expr $(,)?) => {
        $crate::__private::assert_layout::<$ty>(
            $crate::__private::core::env!("CARGO_MANIFEST_DIR"),
            $crate::__private::core::convert::AsRef::as_ref(&$path),
        )
    };
}

/// What the environment wishes.
#[derive(Clone, Copy, Default)]
struct Wishes {
    /// The file is to be written anew.
    bless: bool,
    /// There is no one to commit a new file.
    ci: bool,
}

/// What [`assert_layout!`](crate::assert_layout) does: `path` is relative to `home`.
///
/// # Panics
/// See there.
#[track_caller]
pub fn assert_layout<T: SharedLayout>(home: &str, path: &Path) {
    let wishes = Wishes { bless: is_wanted("SHMSTATE_BLESS"), ci: is_wanted("CI") };
    match check(&Schema::of(T::LAYOUT), &Path::new(home).join(path), wishes) {
        Ok(Some(news)) => eprintln!("{news}"),
        Ok(None) => {}
        Err(why) => panic!("{why}"),
    }
}

/// Whether the environment variable of that name says yes: set, and neither empty, `0` nor `false`.
fn is_wanted(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Compares, or writes; something to say, or what is wrong.
fn check(schema: &Schema, path: &Path, wishes: Wishes) -> Result<Option<String>, String> {
    let (state, file) = (schema.root().map_or_else(String::new, |ty| schema.type_name(ty)), path.display());
    let write = || {
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folder.and_then(|()| std::fs::write(path, schema.pretty())).map_err(|e| format!("cannot write {file}: {e}"))
    };
    if wishes.bless {
        write()?;
        return Ok(Some(format!("the layout of `{state}` was written to {file} (SHMSTATE_BLESS)")));
    }
    let old = match std::fs::read_to_string(path) {
        Ok(text) => Schema::from_json(&text).map_err(|why| {
            format!("{file} does not describe a layout: {why}; a run with SHMSTATE_BLESS=1 writes it anew")
        })?,
        Err(e) if e.kind() == ErrorKind::NotFound && wishes.ci => {
            return Err(format!(
                "there is no {file}, with which the layout of `{state}` could be compared; run this test where `CI` is \
                 not set, and commit the file that it writes"
            ));
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            write()?;
            return Ok(Some(format!("the layout of `{state}` was written to {file}: commit this file")));
        }
        Err(e) => return Err(format!("cannot read {file}: {e}")),
    };
    if old.is_same(schema) {
        return Ok(None);
    }
    let mut differences = old.differences(schema);
    if differences.is_empty() {
        differences.push("the order or the use of types".into());
    }
    Err(format!(
        "the layout of `{state}` is not the one in {file}:\n  {}\nif that is meant, run this test with SHMSTATE_BLESS=1; \
         programs with the old layout will not open states of the new one",
        differences.join("\n  ")
    ))
}

#[cfg(test)]
mod tests {
    use super::{Wishes, check};
    use crate::layout::Schema;
    use crate::{List, SharedLayout, Text};

    /// The old one.
    mod old {
        use super::{SharedLayout, Text};

        #[derive(SharedLayout)]
        #[repr(C)]
        #[shared(crate = "crate")]
        pub(super) struct Board {
            ticks: u64,
            name: Text<8>,
        }
    }

    /// The new one.
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Board {
        /// Words make no difference.
        ticks: u64,
        name: Text<16>,
        more: List<u64, 2>,
    }

    #[test]
    fn the_first_run_writes_and_later_ones_compare() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/board.json");
        let (old, new) = (Schema::of(old::Board::LAYOUT), Schema::of(Board::LAYOUT));
        let plain = Wishes::default();

        let missing = check(&old, &path, Wishes { ci: true, ..plain }).unwrap_err();
        assert!(missing.contains("there is no ") && missing.contains("commit the file"), "{missing}");
        assert!(!path.exists());

        let news = check(&old, &path, plain).unwrap().expect("it says so");
        assert!(news.contains("the layout of `Board` was written to ") && news.contains("commit"), "{news}");
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(check(&old, &path, plain), Ok(None));
        assert_eq!(check(&old, &path, Wishes { ci: true, ..plain }), Ok(None));

        let different = check(&new, &path, plain).unwrap_err();
        for line in [
            "\n  Board.name: the file has capacity 8, the program has capacity 16\n",
            "\n  Board.more: the file has no such field, the program has `List<u64, 2>` at offset 32\n",
            "SHMSTATE_BLESS=1",
        ] {
            assert!(different.contains(line), "{different}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first, "a failure writes nothing");

        let news = check(&new, &path, Wishes { bless: true, ci: true }).unwrap();
        assert!(news.is_some());
        assert_eq!(check(&new, &path, plain), Ok(None));
        assert!(check(&old, &path, plain).is_err());

        std::fs::write(&path, "{}").unwrap();
        let damaged = check(&new, &path, plain).unwrap_err();
        assert!(damaged.contains("SHMSTATE_BLESS=1"), "{damaged}");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(check(&new, &path, plain).unwrap_err().starts_with("cannot read "));
        assert!(check(&new, &path, Wishes { bless: true, ..plain }).unwrap_err().starts_with("cannot write "));
    }
}
