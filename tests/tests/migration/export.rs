//! States in files: what is exported comes back, in its own layout and in another one; and what is damaged is refused.

use shmstate::dynamic::DynState;
use shmstate::{
    ErrorKind, Key, List, Map, Maybe, Migrate, Ring, Set, SharedLayout, Slab, SocketAddress, SortedMap, State, Text,
    TimeSpan, Timestamp, Uuid,
};
use shmstate_tests::scratch_dir;
use std::fs;
use std::num::{NonZero, Wrapping};
use std::path::Path;

/// Some of each kind of what a file can hold.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    id: Uuid,
    ticks: u64,
    /// Never less than a second.
    every: TimeSpan,
    mean: f64,
    owner: Text<16>,
    last: Maybe<u64>,
    samples: List<f64, 8>,
    latest: Ring<u64, 3>,
    ports: Map<Text<8>, u64, 4>,
    seen: Set<u64, 4>,
    scores: SortedMap<i64, u64, 4>,
    jobs: Slab<u64, 4>,
}

/// The next release.
#[derive(SharedLayout)]
#[repr(C)]
struct Next {
    ticks: u64,
    owner: Text<32>,
    #[shared(renamed_from = "samples")]
    values: List<f64, 100>,
    ports: SortedMap<Text<8>, u64, 4>,
    #[shared(init = 7)]
    limit: u64,
}

const LOST: [&str; 8] = ["id", "every", "mean", "last", "latest", "seen", "scores", "jobs"];

fn fill(b: &mut Board) -> Result<(), shmstate::Error> {
    b.id = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?;
    (b.ticks, b.every, b.mean) = (7, TimeSpan::from_nanos(1_500_000_000), -0.1);
    b.owner.set("Zoë \"q\"")?;
    b.last.insert(3);
    b.samples.try_extend([0.1, 2.0])?;
    b.latest.extend([1, 2, 3, 4]);
    b.ports.try_extend([("http".parse()?, 80), ("ssh".parse()?, 22)])?;
    b.seen.try_extend([5, 6])?;
    b.scores.try_extend([(-1, 1), (2, 4)])?;
    let first = b.jobs.insert(10)?;
    b.jobs.insert(11)?;
    b.jobs.remove(first);
    Ok(())
}

/// A board, and the file that it was exported to.
fn exported(dir: &Path) -> std::path::PathBuf {
    let (name, file) = (dir.join("board"), dir.join("board.json"));
    State::<Board>::create(&name).unwrap().transact(fill).unwrap();
    DynState::open(&name).unwrap().export(&file).unwrap();
    file
}

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/export-1.json")
}

/// A file of form 1 is read by every later version: this one stays as it is.
#[test]
fn the_golden_file_is_what_is_written_and_can_be_read() {
    let dir = scratch_dir();
    let file = exported(dir.path());
    let text = fs::read_to_string(&file).unwrap();
    if std::env::var_os("SHMSTATE_BLESS").is_some() && !golden().exists() {
        fs::write(golden(), &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(golden()).unwrap());
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["version"], &document["value"]["ticks"]), (&1.into(), &7.into()), "it is JSON for others");
    let board = State::<Board>::options().import(golden(), dir.path().join("golden")).unwrap();
    let view = |name: &str| DynState::open(dir.path().join(name)).unwrap().to_json("").unwrap();
    assert_eq!(view("golden"), view("board"));
    drop(board);
    drop(State::<Board>::open(dir.path().join("golden")).expect("checked by the first handle"));
    drop(DynState::options().import(golden(), dir.path().join("view")).unwrap());
    assert_eq!(view("view"), view("board"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4, "no other file is left");
}

#[test]
fn another_layout_goes_through_the_same_rules() {
    let (dir, name) = (scratch_dir(), "next");
    let name = dir.path().join(name);
    let error = State::<Next>::options().import(golden(), &name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LayoutMismatch, "{error}");
    assert!(LOST.iter().all(|path| error.to_string().contains(&format!("\n  {path}: "))), "{error}");
    assert!(!name.exists());
    let next = State::<Next>::options().migrate(Migrate::AllowLoss(&LOST)).import(golden(), &name).unwrap();
    next.read(|n| {
        assert_eq!((n.ticks, n.owner.as_str(), &n.values[..], n.limit), (7, "Zoë \"q\"", &[0.1, 2.0][..], 7));
        assert!(n.ports.values().copied().eq([80, 22]));
    })
    .unwrap();
    let again = State::<Next>::options().migrate(Migrate::AllowLoss(&LOST)).import(golden(), &name);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let with = Migrate::with(|_: &Next, _: &mut Board| Ok::<_, String>(()));
    let error = State::<Next>::options().migrate(with).import(golden(), dir.path().join("no")).unwrap_err();
    assert!(error.to_string().contains("no migration leads there"), "{error}");
    let error = State::<Next>::options().init(|_| ()).import(golden(), dir.path().join("no")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
}

#[test]
fn each_f32_is_read_as_it_was() {
    // By way of an `f64`, the digits of the first one become another number.
    let numbers = || (0..1000u32).map(|i| f32::from_bits(0x15AE_43FD + i * 0x1_0001)).filter(|n| n.is_finite());
    comes_back::<f32>(|n| *n = numbers().next().unwrap());
    comes_back::<Maybe<f32>>(|n| *n = numbers().next().into());
    comes_back::<Wrap>(|wrap| wrap.0 = numbers().next().into());
    comes_back::<List<f32, 1000>>(|list| list.try_extend(numbers()).unwrap());
}

/// Written as what is in it.
#[derive(SharedLayout)]
#[repr(C)]
struct Wrap(Maybe<f32>);

/// A state of that content comes back from its file and from its JSON, as the type and without it.
#[track_caller]
fn comes_back<T: SharedLayout>(fill: impl Fn(&mut T)) {
    let dir = scratch_dir();
    let [name, file, typed, view] = ["state", "file", "typed", "view"].map(|name| dir.path().join(name));
    let state = State::<T>::create(&name).unwrap();
    state.update(fill).unwrap();
    let writer = DynState::options().writable(true).open(&name).unwrap();
    let data = |state: &DynState| state.snapshot().unwrap().value().to_data().unwrap();
    let (json, before) = (writer.to_json("").unwrap(), data(&writer));
    writer.export(&file).unwrap_or_else(|e| panic!("{json}: {e}"));
    drop(State::<T>::options().import(&file, &typed).unwrap_or_else(|e| panic!("{json}: {e}")));
    drop(DynState::options().import(&file, &view).unwrap());
    for name in [typed, view] {
        let other = DynState::open(&name).unwrap();
        assert_eq!(other.to_json("").unwrap(), json);
        assert_eq!(data(&other), before);
        drop(State::<T>::open(&name).expect("checked by the first handle"));
    }
    writer.from_json("", &json).unwrap();
    assert_eq!(data(&writer), before);
    writer.update(|v| v.set("", before.clone())).unwrap();
    assert_eq!(data(&writer), before);
}

#[test]
fn what_is_exported_can_be_imported() {
    const LONG: u128 = 1 << 100;
    comes_back::<Maybe<u128>>(|_| {});
    comes_back::<Maybe<u128>>(|n| *n = Some(LONG).into());
    comes_back::<Maybe<Wrapping<i128>>>(|_| {});
    comes_back::<List<Maybe<i128>, 4>>(|l| l.extend_from_slice(&[None.into(), Some(-1 << 100).into()]).unwrap());
    comes_back::<Map<u8, Maybe<f32>, 4>>(|m| m.try_extend([(1, None.into()), (2, Some(0.1).into())]).unwrap());
    comes_back::<Slab<u128, 4>>(|slab| {
        let first = slab.insert(LONG).unwrap();
        slab.insert(7).unwrap();
        slab.remove(first);
    });
    comes_back::<Slab<Maybe<f32>, 4>>(|slab| {
        for value in [None, Some(0.5), Some(1.5)] {
            slab.insert(value.into()).unwrap();
        }
        let last = slab.keys().last().unwrap();
        slab.remove(last);
    });
    comes_back::<Slab<Wrap, 4>>(|slab| {
        for number in [None, Some(0.5)] {
            slab.insert(Wrap(number.into())).unwrap();
        }
    });
    comes_back::<Option<NonZero<u128>>>(|_| {});
    comes_back::<Option<NonZero<u128>>>(|n| *n = NonZero::new(LONG));
    comes_back::<Option<NonZero<i128>>>(|n| *n = NonZero::new(-1 << 100));
    comes_back::<Map<Option<NonZero<u128>>, u8, 4>>(|m| {
        m.try_extend([(None, 1), (NonZero::new(LONG), 2), (NonZero::new(3), 3)]).unwrap();
    });
    comes_back::<Set<Option<NonZero<i128>>, 4>>(|s| s.try_extend([None, NonZero::new(-1 << 100)]).unwrap());
    // A key that is printed as `5v3`, and the greatest one.
    let keys = [Key::<()>::from_bits(3 << 32 | 5), Key::from_bits(u64::MAX), Key::NULL];
    comes_back::<Map<Key<()>, u64, 4>>(|m| m.try_extend(keys.map(|key| (key, 1))).unwrap());
    comes_back::<SortedMap<Key<()>, Key<()>, 4>>(|m| m.try_extend(keys.map(|key| (key, key))).unwrap());
    comes_back::<Set<Key<()>, 4>>(|s| s.try_extend(keys).unwrap());
    comes_back::<Map<i128, u128, 4>>(|m| m.try_extend([(i128::MIN, u128::MAX), (0, 0)]).unwrap());
    comes_back::<Map<Timestamp, TimeSpan, 4>>(|m| {
        m.try_extend([(Timestamp::from_unix_nanos(-1), TimeSpan::from_nanos(u64::MAX))]).unwrap();
    });
    comes_back::<Map<SocketAddress, u64, 4>>(|m| {
        let scoped = |scope| std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, scope);
        m.try_extend([0, 1, u32::MAX].map(|scope| (std::net::SocketAddr::from(scoped(scope)).into(), 1))).unwrap();
    });
    // How the crate `serde_json` may hand out a number.
    let number = "$serde_json::private::Number";
    comes_back::<Map<Text<64>, Text<8>, 4>>(|m| {
        m.try_extend([(number.parse().unwrap(), "7".parse().unwrap())]).unwrap()
    });
    comes_back::<SortedMap<Text<64>, u64, 4>>(|m| m.try_extend([(number.parse().unwrap(), 7)]).unwrap());
}

#[test]
fn what_is_damaged_is_refused() {
    let (dir, text) = (scratch_dir(), fs::read(golden()).unwrap());
    let (file, name) = (dir.path().join("file"), dir.path().join("name"));
    let refused = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let error = State::<Board>::options().import(&file, &name).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(!name.exists());
        error.to_string()
    };
    for at in (0..text.len()).step_by(7) {
        let mut damaged = text.clone();
        damaged[at] ^= 1;
        refused(&damaged);
        refused(&text[..at]);
    }
    let text = String::from_utf8(text).unwrap();
    let error = refused(text.replace("\"shmstate_export\":1", "\"shmstate_export\":2").as_bytes());
    assert!(error.contains("it has form 2, and this version of shmstate knows form 1"), "{error}");
    let error = refused(text.replace("\"ticks\":7", "\"ticks\":8").as_bytes());
    assert!(error.contains("it is damaged, or was edited"), "{error}");
    let missing = State::<Board>::options().import(dir.path().join("nothing"), &name).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io, "{missing}");
}

#[test]
fn what_json_cannot_hold_is_refused_when_it_is_exported() {
    let dir = scratch_dir();
    let (name, file) = (dir.path().join("board"), dir.path().join("file"));
    let board = State::<Board>::create(&name).unwrap();
    board.transact(|b| Ok(b.samples.try_extend([1.0, f64::NAN])?)).unwrap();
    fs::write(&file, "what was there").unwrap();
    let error = DynState::open(&name).unwrap().export(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let why = "a number that is not finite has no form in JSON: change it, or keep the bytes of a `Snapshot` instead";
    assert_eq!(error.to_string(), format!("`samples[1]`: {why}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "what was there");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no other file is left");
}

#[test]
fn an_export_replaces_no_region_and_nothing_but_a_plain_file() {
    let dir = scratch_dir();
    let path = |name: &str| dir.path().join(name);
    let board = State::<Board>::create(path("board")).unwrap();
    board.update(|b| b.ticks = 7).unwrap();
    let view = DynState::open(path("board")).unwrap();
    let _other = State::<u64>::create(path("other")).unwrap();
    let _part = State::<u64>::create(path("file.part")).unwrap();
    std::os::unix::fs::symlink(path("other"), path("link")).unwrap();
    // What lost its first bytes is not lost as a whole.
    let mut damaged = fs::read(path("other")).unwrap();
    damaged[..16].fill(0);
    fs::write(path("damaged"), &damaged).unwrap();
    fs::write(path("store"), b"redb\x1a\x0a\xa9\x0d\x0a").unwrap();
    fs::create_dir(path("dir")).unwrap();
    let (region, store) = ("is a region, which", "is a store of a durable state, which");
    for (file, what) in [
        ("board", region),
        ("other", region),
        ("link", region),
        ("damaged", region),
        ("file", region),
        ("store", store),
        ("dir", "is no plain file, which"),
    ] {
        let error = view.export(path(file)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{file}: {error}");
        assert!(error.to_string().contains(what), "{file}: {error}");
    }
    assert_eq!(fs::read(path("damaged")).unwrap(), damaged);
    assert!(
        board.is_current().unwrap()
            && State::<u64>::open(path("file.part")).is_ok()
            && State::<u64>::open(path("other")).is_ok()
    );
    fs::write(path("text"), "what was there").unwrap();
    for _ in 0..2 {
        view.export(path("text")).unwrap();
    }
}

/// A state of that content is not exported, because of the part `at`; as `Data` it is what it was.
#[track_caller]
fn is_not_exported<T: SharedLayout>(fill: impl Fn(&mut T), at: &str, what: &str) {
    let dir = scratch_dir();
    let name = dir.path().join("state");
    State::<T>::create(&name).unwrap().update(fill).unwrap();
    let writer = DynState::options().writable(true).open(&name).unwrap();
    let error = writer.export(dir.path().join("file")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().starts_with(&format!("{at}{what} has no form in JSON: change it, or ")), "{error}");
    let data = || writer.read(|v| v.to_data()).unwrap().unwrap();
    let before = data();
    writer.update(|v| v.set("", before.clone())).unwrap();
    assert_eq!(data(), before);
}

#[test]
fn what_would_become_another_value_is_not_exported() {
    let what = "a `Maybe` whose value is none";
    is_not_exported::<Maybe<Maybe<u64>>>(|m| *m = Some(Maybe::none()).into(), "", what);
    is_not_exported::<Maybe<Option<NonZero<u8>>>>(|m| *m = Some(None).into(), "", what);
    is_not_exported::<Maybe<Wrap>>(|m| *m = Some(Wrap(None.into())).into(), "", what);
    is_not_exported::<List<Maybe<Maybe<Maybe<u8>>>, 4>>(
        |list| {
            list.push(None.into()).unwrap();
            list.push(Some(Some(Maybe::none()).into()).into()).unwrap();
        },
        "`[1]`: ",
        what,
    );
    is_not_exported::<Slab<Maybe<Maybe<u8>>, 4>>(
        |slab| drop(slab.insert(Some(Maybe::none()).into())),
        "`[..]`: ",
        what,
    );
    comes_back::<Maybe<Maybe<u64>>>(|_| {});
    comes_back::<Maybe<Maybe<u64>>>(|m| *m = Some(Some(7).into()).into());

    let flow = |flow| std::net::SocketAddr::V6(std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 80, flow, 5));
    let what = "an address with flow information";
    is_not_exported::<SocketAddress>(|a| *a = flow(7).into(), "", what);
    is_not_exported::<Map<SocketAddress, u8, 4>>(
        |m| m.try_extend([0, 1].map(|label| (flow(label).into(), 1))).unwrap(),
        "`[key]`: ",
        what,
    );
    comes_back::<SocketAddress>(|a| *a = flow(0).into());
}

#[test]
fn options_in_each_other_are_told_apart() {
    let dir = scratch_dir();
    let state = State::<Maybe<Maybe<u64>>>::create(dir.path().join("state")).unwrap();
    let writer = DynState::options().writable(true).open(dir.path().join("state")).unwrap();
    for value in [None, Some(None), Some(Some(7u64))] {
        writer.update(|v| v.set("", value)).unwrap();
        assert_eq!(state.read(|m| m.as_ref().map(|m| m.as_ref().copied())).unwrap(), value);
    }
    let number = State::<u64>::create(dir.path().join("number")).unwrap();
    let writer = DynState::options().writable(true).open(dir.path().join("number")).unwrap();
    let error = writer.update(|v| v.set("", Some(None::<u64>))).unwrap_err();
    assert_eq!(error.to_string(), "a `Maybe` whose value is none is no value of type `u64`");
    drop(number);
}
