//! Reads and updates that last from call to call: what their guards promise, and what dropping, leaking and moving one means.

use shmstate::dynamic::{Data, DynState};
use shmstate::{Error, ErrorKind, List, Maybe, SharedLayout, State};
use shmstate_tests::scratch_dir;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    samples: List<u64, 64>,
}

struct Fixture {
    dir: tempfile::TempDir,
    typed: State<Board>,
    writer: DynState,
}

fn fixture() -> Fixture {
    let dir = scratch_dir();
    let name = dir.path().join("board");
    let typed = State::<Board>::options().timeout(Duration::ZERO).create(&name).unwrap();
    let writer = DynState::options().writable(true).timeout(Duration::ZERO).open(&name).unwrap();
    Fixture { dir, typed, writer }
}

impl Fixture {
    fn ticks(&self) -> u64 {
        self.typed.read(|s| s.ticks).unwrap()
    }
}

/// An update by another thread, which may be `Busy`.
fn elsewhere(fixture: &Fixture) -> Result<(), Error> {
    std::thread::scope(|s| s.spawn(|| fixture.typed.update(|s| s.ticks += 100)).join().unwrap())
}

#[test]
fn a_transaction_is_all_or_nothing() {
    let fixture = fixture();
    let mut update = fixture.writer.begin().unwrap();
    update.edit().unwrap().set("ticks", 1u64).unwrap();
    update.edit().unwrap().push("samples", 7u64).unwrap();
    assert_eq!(update.value().unwrap().to_json().unwrap(), r#"{"ticks":1,"samples":[7]}"#);
    assert_eq!((fixture.ticks(), update.version()), (0, 1));
    assert_eq!(update.commit().unwrap(), 1);
    assert_eq!(fixture.ticks(), 1);

    let mut update = fixture.writer.begin().unwrap();
    update.edit().unwrap().set("ticks", 9u64).unwrap();
    update.edit().unwrap().clear("samples").unwrap();
    drop(update);
    assert_eq!((fixture.ticks(), fixture.writer.version()), (1, 1));
    assert_eq!(fixture.typed.stats().unwrap().roll_backs, 1);
    // Each copy has forgotten what was rolled back.
    for n in 2..9 {
        let mut update = fixture.writer.begin().unwrap();
        update.edit().unwrap().set("ticks", n).unwrap();
        assert_eq!(update.value().unwrap().to_json().unwrap(), format!(r#"{{"ticks":{n},"samples":[7]}}"#));
        assert_eq!(update.commit().unwrap(), n);
    }
}

#[test]
fn one_update_runs_at_a_time() {
    let fixture = fixture();
    let update = fixture.writer.begin().unwrap();
    assert_eq!(elsewhere(&fixture).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(fixture.writer.begin().unwrap_err().kind(), ErrorKind::Reentrant);
    assert_eq!(fixture.typed.update(|s| s.ticks += 1).unwrap_err().kind(), ErrorKind::Reentrant);
    assert_eq!(fixture.writer.wait_newer(0, Duration::ZERO).unwrap_err().kind(), ErrorKind::Reentrant);
    drop(update);
    elsewhere(&fixture).unwrap();
    assert_eq!(fixture.typed.update(|s| s.ticks).unwrap(), 100);
}

#[test]
fn a_reading_holds_its_version() {
    let fixture = fixture();
    let first = fixture.writer.reading().unwrap();
    assert_eq!(fixture.writer.begin().unwrap_err().kind(), ErrorKind::Reentrant, "by the thread that reads");
    for _ in 0..10 {
        elsewhere(&fixture).unwrap();
    }
    let second = fixture.writer.reading().unwrap();
    let ticks = |reading: &shmstate::dynamic::Reading| reading.value().unwrap().get("ticks").unwrap().as_u64().unwrap();
    assert_eq!((ticks(&first), first.version().unwrap()), (0, 0));
    assert_eq!((ticks(&second), second.version().unwrap()), (1000, 10));
    assert_eq!(second.snapshot().unwrap().version(), 10);
    // All three copies are held.
    elsewhere(&fixture).unwrap();
    let third = fixture.writer.reading().unwrap();
    assert_eq!(elsewhere(&fixture).unwrap_err().kind(), ErrorKind::Busy);
    drop(first);
    elsewhere(&fixture).unwrap();
    assert_eq!((ticks(&second), ticks(&third)), (1000, 1100));
    drop((second, third));
    drop(fixture.writer.begin().unwrap());
}

#[test]
fn guards_outlive_their_handle() {
    let Fixture { dir, typed, writer } = fixture();
    let reading = writer.reading().unwrap();
    drop(writer);
    std::thread::scope(|s| s.spawn(|| typed.update(|s| s.ticks = 5)).join().unwrap()).unwrap();
    assert_eq!(reading.value().unwrap().get("ticks").unwrap().as_u64().unwrap(), 0);
    drop(reading);
    let writer = DynState::options().writable(true).open(dir.path().join("board")).unwrap();
    let mut update = writer.begin().unwrap();
    drop(writer);
    update.edit().unwrap().set("ticks", 6u64).unwrap();
    update.commit().unwrap();
    assert_eq!(typed.read(|s| s.ticks).unwrap(), 6);
}

#[test]
fn another_thread_may_end_a_guard() {
    let fixture = fixture();
    let mut update = fixture.writer.begin().unwrap();
    std::thread::scope(|s| {
        s.spawn(move || {
            update.edit().unwrap().set("ticks", 3u64).unwrap();
            update.commit().unwrap();
        });
    });
    assert_eq!(fixture.ticks(), 3);
    // This thread has no guard any more.
    let reading = fixture.writer.reading().unwrap();
    std::thread::scope(|s| s.spawn(move || drop(reading)).join().unwrap());
    let update = fixture.writer.begin().unwrap();
    std::thread::scope(|s| s.spawn(move || drop(update)).join().unwrap());
    fixture.typed.update(|s| s.ticks += 1).unwrap();
    assert_eq!(fixture.ticks(), 4);
}

#[test]
fn a_leaked_transaction_holds_the_lock() {
    let fixture = fixture();
    std::mem::forget(fixture.writer.begin().unwrap());
    assert_eq!(elsewhere(&fixture).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(fixture.ticks(), 0, "reads go on");
}

#[test]
fn an_abandoned_transaction_keeps_its_bytes_to_itself() {
    let fixture = fixture();
    fixture.typed.transact(|s| Ok(s.samples.extend_from_slice(&[1, 2, 3])?)).unwrap();
    let mut update = fixture.writer.begin().unwrap();
    let samples = update.value().unwrap().get("samples").unwrap().position();
    let mut edit = update.edit().unwrap();
    let mut part = edit.part(samples).unwrap();
    let bytes = part.bytes_mut().unwrap().unwrap();
    let pointer = bytes.as_mut_ptr();
    assert_eq!(bytes.len(), 24);
    bytes.fill(0xff);
    let abandoned = update.abandon().unwrap();
    let samples = || fixture.typed.read(|s| s.samples.to_vec()).unwrap();
    for n in 0..20 {
        // SAFETY: the bytes are in the mapping of `fixture.writer`, which lives, and no process uses them.
        unsafe { pointer.write(n) }
        assert_eq!(samples(), [1, 2, 3]);
        elsewhere(&fixture).unwrap();
    }
    drop(abandoned);
    for _ in 0..5 {
        elsewhere(&fixture).unwrap();
        assert_eq!(samples(), [1, 2, 3], "each copy has taken back what was written");
    }
    drop(fixture.writer.begin().unwrap());
}

#[test]
fn an_abandoned_transaction_is_rolled_back_once() {
    let fixture = fixture();
    let update = fixture.writer.begin().unwrap();
    let abandoned = update.abandon().unwrap();
    elsewhere(&fixture).unwrap();
    assert_eq!(fixture.typed.stats().unwrap().roll_backs, 1);
    drop(abandoned);
    elsewhere(&fixture).unwrap();
    assert_eq!((fixture.ticks(), fixture.typed.stats().unwrap().roll_backs), (200, 1));
}

#[test]
fn an_update_has_a_timeout_of_its_own() {
    let fixture = fixture();
    let wait = Duration::from_millis(50);
    let update = fixture.writer.begin().unwrap();
    std::thread::scope(|s| {
        // Its handle does not wait.
        let waits = s.spawn(|| fixture.writer.begin_within(wait).map(drop));
        assert_eq!(waits.join().unwrap().unwrap_err().kind(), ErrorKind::Busy);
    });
    drop(update);
    assert!(fixture.typed.stats().unwrap().longest_wait >= wait);
    fixture.writer.begin_within(wait).unwrap().commit().unwrap();
}

#[test]
fn parts_are_changed_by_their_positions() {
    let fixture = fixture();
    let mut update = fixture.writer.begin().unwrap();
    let root = update.value().unwrap();
    let (ticks, samples) = (root.field(0).unwrap().position(), root.field(1).unwrap().position());
    assert_eq!(root.field(2).unwrap_err().kind(), ErrorKind::InvalidPath);
    let mut edit = update.edit().unwrap();
    edit.part(ticks).unwrap().set(&5u64.into()).unwrap();
    let mut part = edit.part(samples).unwrap();
    let data = |numbers: &[u64]| numbers.iter().map(|n| Data::from(*n)).collect::<Vec<_>>();
    part.splice(0..0, &data(&[1, 2, 3, 4])).unwrap();
    part.splice(1..3, &data(&[7])).unwrap();
    part.insert(&0u8.into(), &9u64.into()).unwrap();
    assert!(part.remove(&1u8.into()).unwrap());
    assert!(!part.remove(&3u8.into()).unwrap());
    part.splice_bytes(3..3, &[8, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(part.splice_bytes(0..0, &[8]).unwrap_err().kind(), ErrorKind::InvalidValue);
    assert_eq!(part.splice(2..9, &[]).unwrap_err().kind(), ErrorKind::InvalidPath);
    assert_eq!(part.splice(0..0, &data(&[0; 61])).unwrap_err().kind(), ErrorKind::Full);
    let bad = part.splice(0..1, &[Data::from(1u64), Data::from("x")]).unwrap_err();
    assert_eq!(bad.to_string(), "`[1]`: a text is no value of type `u64`");
    assert_eq!(update.value().unwrap().to_json().unwrap(), r#"{"ticks":5,"samples":[9,7,4,8]}"#);
    assert_eq!(update.value().unwrap().part(samples).unwrap().item_bytes().unwrap().unwrap().len(), 32);
    update.commit().unwrap();
    let name = fixture.dir.path().join("other");
    let _other = State::<u64>::create(&name).unwrap();
    let other = DynState::options().writable(true).open(&name).unwrap();
    let refused = other.update(|v| v.part(ticks).map(drop)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidPath, "a position of another type of state");
}

#[test]
fn a_part_reaches_through_a_maybe() {
    let dir = scratch_dir();
    let state = State::<Maybe<Maybe<List<u32, 8>>>>::create(dir.path().join("maybe")).unwrap();
    let writer = DynState::options().writable(true).open(dir.path().join("maybe")).unwrap();
    let part = writer.read(|v| v.position()).unwrap();
    let splice = |bytes: &[u8]| writer.update(|v| v.part(part)?.splice_bytes(0..0, bytes));
    assert_eq!(splice(&[1, 0, 0, 0]).unwrap_err().kind(), ErrorKind::InvalidPath, "there is no list now");
    state.update(|m| _ = m.insert_default().insert_default()).unwrap();
    writer.update(|v| v.part(part)?.splice(0..0, &[7u32.into()])).unwrap();
    splice(&[1, 0, 0, 0]).unwrap();
    writer
        .update(|v| {
            let mut part = v.part(part)?;
            assert_eq!(part.item_bytes()?, Some(&[1, 0, 0, 0, 7, 0, 0, 0][..]));
            let bytes = part.bytes_mut()?.expect("in one piece");
            bytes[4] = 2;
            Ok(())
        })
        .unwrap();
    assert!(splice(&[8]).unwrap_err().to_string().contains("1 bytes are no items"), "as of a list itself");
    state.read(|m| assert_eq!(m.as_ref().and_then(|m| m.as_ref()).unwrap()[..], [1, 2])).unwrap();
}
