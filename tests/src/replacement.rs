//! A region of one release that another one replaces, and what its handles can be asked meanwhile.

use crate::{PATIENCE, Release, Release1, Release2, has_proc, scratch_dir};
use shmstate::{ErrorKind, ReadOnly, SharedLayout, State};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A region of the first release, after five updates, in a directory of its own.
pub fn old() -> (TempDir, PathBuf, State<Release1>) {
    let dir = scratch_dir();
    let path = dir.path().join("board");
    let state = State::<Release1>::options().init(Release::begin).create(&path).unwrap();
    (0..5).for_each(|_| state.update(Release::step).unwrap());
    (dir, path, state)
}

/// Puts a region of the second release in its place, or opens that one.
pub fn newer(path: &Path) -> Result<State<Release2>, shmstate::Error> {
    State::<Release2>::options().timeout(PATIENCE).init(Release::begin).open_or_replace(path)
}

/// The number of the file that the name leads to.
pub fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

/// How many names there are in a directory.
pub fn names(dir: &TempDir) -> usize {
    fs::read_dir(dir.path()).unwrap().count()
}

/// What a handle can be asked, beginning with the `first` of it: whether all of it goes through, or all of it is refused because
/// the region was replaced.
pub fn in_service<T: SharedLayout + Release>(state: &State<T>, view: Option<&ReadOnly<T>>, first: usize) -> bool {
    let ticks = state.project(T::ticks).unwrap();
    type Ask<'a> = Box<dyn Fn() -> Result<(), shmstate::Error> + 'a>;
    let mut asked: Vec<(&str, Ask<'_>)> = vec![
        ("read", Box::new(|| state.read(|s| assert!(s.is_whole())))),
        ("update", Box::new(|| state.update(Release::step))),
        ("try_update", Box::new(|| state.try_update(|_| Err::<(), _>(())).map(|verdict| verdict.unwrap_err()))),
        ("transact", Box::new(|| state.transact(|s| (s.step(), Ok(())).1))),
        ("snapshot", Box::new(|| state.snapshot().map(|s| assert!(s.is_whole())))),
        ("try_clone", Box::new(|| state.try_clone().map(drop))),
        ("load", Box::new(|| state.load(&ticks).map(drop))),
    ];
    if !has_proc() {
        // To open a file without a name a second time takes /proc, so that this is another error.
        asked.retain(|(what, _)| *what != "try_clone");
    }
    if let Some(view) = view {
        asked.push(("snapshot of a view", Box::new(|| view.snapshot().map(|s| assert!(s.is_whole())))));
    }
    let len = asked.len();
    asked.rotate_left(first % len);
    let answers: Vec<_> = asked
        .iter()
        .map(|(what, ask)| match ask() {
            Ok(()) => true,
            Err(e) if e.kind() == ErrorKind::Retired => false,
            Err(e) => panic!("{what}: {e}"),
        })
        .collect();
    assert!(
        answers.iter().all(|a| *a == answers[0]),
        "{:?}: {answers:?}",
        asked.iter().map(|a| a.0).collect::<Vec<_>>()
    );
    answers[0]
}
