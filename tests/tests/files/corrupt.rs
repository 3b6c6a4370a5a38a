//! Files that are no sound region: refused with the right kind, and left as they are.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Fixture, child, scratch_dir};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A small region with some history.
fn region() -> (TempDir, PathBuf) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().handles(2).create(&path).unwrap();
    (0..40).for_each(|_| fixture.update(Fixture::step).unwrap());
    (dir, path)
}

/// Writes these bytes and opens them: the error's kind and message. The file is as it was afterwards.
fn refused(path: &Path, bytes: &[u8]) -> (ErrorKind, String) {
    fs::write(path, bytes).unwrap();
    let error = State::<Fixture>::open(path).unwrap_err();
    assert!(fs::read(path).unwrap() == bytes, "a refused file was written");
    let message = error.to_string();
    assert!(message.contains(&path.display().to_string()), "{message}");
    // Nor is it created anew.
    assert_eq!(State::<Fixture>::open_or_create(path).unwrap_err().kind(), error.kind());
    assert_eq!(State::<Fixture>::create(path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(fs::read(path).unwrap() == bytes, "a refused file was written");
    (error.kind(), message)
}

/// [`refused`], and removed if the message says so.
fn no_region(path: &Path, bytes: &[u8]) -> (ErrorKind, String) {
    let mode = fs::metadata(path).unwrap().permissions();
    let error = refused(path, bytes);
    let removed = shmstate::remove(path);
    if bytes.is_empty() || error.1.contains("removes it") {
        removed.unwrap();
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, mode).unwrap();
    } else {
        assert_eq!(removed.unwrap_err().kind(), error.0);
        assert!(fs::read(path).unwrap() == bytes, "a refused file was written");
    }
    error
}

fn images_at(bytes: &[u8]) -> usize {
    u64::from_ne_bytes(bytes[160..168].try_into().unwrap()) as usize
}

#[test]
fn cut_off() {
    let (_dir, path) = region();
    let bytes = fs::read(&path).unwrap();
    let lengths = (0..300).step_by(7).chain([8, 16, 24, 255, 256]).chain((300..bytes.len()).step_by(509));
    for len in lengths.chain([bytes.len() - 1]) {
        let (kind, message) = no_region(&path, &bytes[..len]);
        assert_eq!(kind, ErrorKind::Corrupt, "{len}: {message}");
        let advice = if len < 8 { "delete the file" } else { "`remove` removes it" };
        assert!(message.contains(advice), "{message}");
        assert!(len < 256 || message.contains(&format!("cut off: {len} bytes are there")), "{message}");
    }
    // More than belongs to it does no harm.
    fs::write(&path, [&bytes[..], &[7; 5000]].concat()).unwrap();
    assert!(State::<Fixture>::open(&path).unwrap().read(|s| *s == *Fixture::at(40)).unwrap());
}

#[test]
fn something_else() {
    let (_dir, path) = region();
    let good = fs::read(&path).unwrap();
    for bytes in [&b""[..], b"x", b"a text file\n", &[0; 4096], &[0xff; 100_000]] {
        let (kind, message) = no_region(&path, bytes);
        assert_eq!(kind, ErrorKind::Corrupt);
        assert!(message.contains("does not begin like a region"), "{message}");
    }
    for format in [0u32, 2, u32::MAX] {
        let mut bytes = good.clone();
        bytes[8..12].copy_from_slice(&format.to_ne_bytes());
        let (kind, message) = no_region(&path, &bytes);
        assert_eq!(kind, ErrorKind::UnknownFormat);
        assert!(message.contains(&format!("has format {format}")), "{message}");
    }
    let mut bytes = good.clone();
    bytes[12..16].reverse();
    let (kind, message) = no_region(&path, &bytes);
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("other byte order"), "{message}");
}

/// Content that is no value of its type. The message says where.
#[test]
fn invalid_content() {
    let (_dir, path) = region();
    let fixture = State::<Fixture>::open(&path).unwrap();
    // By the last update, all copies but one hold the same: damage all of them, wherever the marker is.
    let marker = *b"unmistakable marker text";
    fixture
        .update(|s| {
            s.people.clear();
            s.people
                .push(shmstate_tests::Person {
                    id: 0x1122_3344_5566_7788,
                    name: std::str::from_utf8(&marker).unwrap().parse().unwrap(),
                    marks: [1, 2, 3].into(),
                    mood: [shmstate_tests::Mood::Merry; 8],
                })
                .unwrap();
        })
        .unwrap();
    drop(fixture);
    let good = fs::read(&path).unwrap();
    let at: Vec<usize> = (images_at(&good)..good.len()).filter(|&i| good[i..].starts_with(&marker)).collect();
    assert!(!at.is_empty());
    let damage = |offset: isize, value: u8, was: u8| {
        let mut bytes = good.clone();
        for at in &at {
            let byte = &mut bytes[at.checked_add_signed(offset).unwrap()];
            assert_eq!(*byte, was);
            *byte = value;
        }
        refused(&path, &bytes)
    };
    let (kind, message) = damage(3, 0xff, b'i');
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("people[0].name"), "{message}");
    let mood = {
        let person = std::mem::offset_of!(shmstate_tests::Person, mood);
        let name = std::mem::offset_of!(shmstate_tests::Person, name);
        // The text starts somewhere in `name`: find the moods after it.
        let from = at[0];
        (0..person - name + 8).find(|i| good[from + i..].starts_with(&[7; 8])).unwrap()
    };
    let (kind, message) = damage(mood.cast_signed() + 2, 99, 7);
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("people[0].mood[2]") && message.contains("99"), "{message}");
    // It can be removed all the same: whose state it holds does not matter to that.
    shmstate::remove(&path).unwrap();
}

#[test]
fn all_handles_dead_and_everything_volatile_is_noise() {
    let (_dir, path) = region();
    assert_eq!(child!["garble", path, "200"].succeed().last().unwrap(), "done");
}

/// In processes of their own: a signal is a failed test then, and the last line says where.
fn in_child(children: Vec<Child>) {
    for child in children {
        let fate = child.fate();
        let last = fate.lines.last().cloned().unwrap_or_default();
        assert!(fate.status.success(), "{} {last}", fate.status);
        println!("{last}");
    }
}

#[test]
fn every_byte_but_the_content_is_flipped() {
    let (_dir, path) = region();
    let end = images_at(&fs::read(&path).unwrap());
    let half = (end / 2).to_string();
    in_child(vec![child!["flip", path, "0", half], child!["flip", path, half, end.to_string()]]);
}

#[test]
fn every_byte_of_header_and_schema_is_forged() {
    let (_dir, path) = region();
    in_child(vec![child!["forge", path]]);
}

#[test]
fn no_plain_file() {
    let (dir, path) = region();
    let elsewhere = dir.path().join("elsewhere");
    let check = |name: &str, what: &str| {
        let path = dir.path().join(name);
        for result in [State::<Fixture>::open(&path).map(drop), shmstate::remove(&path)] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotAFile, "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
        assert!(path.symlink_metadata().is_ok(), "it is still there");
        assert_eq!(State::<Fixture>::open_or_create(&path).unwrap_err().kind(), ErrorKind::NotAFile);
        assert_eq!(State::<Fixture>::create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    };
    fs::create_dir(dir.path().join("directory")).unwrap();
    check("directory", "a directory");
    std::os::unix::fs::symlink(&path, dir.path().join("link")).unwrap();
    check("link", "a symbolic link");
    std::os::unix::fs::symlink(&elsewhere, dir.path().join("dangling")).unwrap();
    check("dangling", "a symbolic link");
    assert!(!elsewhere.exists(), "nothing is made through a dangling link");
    let fifo = std::ffi::CString::new(dir.path().join("fifo").to_str().unwrap()).unwrap();
    // SAFETY: a string that ends in a zero.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    check("fifo", "a FIFO");
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    check("socket", "a socket");
    let error = State::<Fixture>::open("/dev/null").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAFile);
    assert!(error.to_string().contains("a device"), "{error}");
    // The one after the link is as it was.
    assert!(State::<Fixture>::open(&path).unwrap().read(|s| *s == *Fixture::at(40)).unwrap());
}

#[test]
fn no_right_to_write() {
    let (_dir, path) = region();
    let bytes = fs::read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o602)).unwrap();
    let error = State::<Fixture>::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
    assert!(fs::read(&path).unwrap() == bytes);
}
