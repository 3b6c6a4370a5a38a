//! Each event that the library tells `tracing`, in the situation that it is about.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Fixture, PATIENCE, child, scratch_dir};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// One event, with its fields as text.
#[derive(Clone, Debug)]
struct Recorded {
    level: Level,
    target: String,
    fields: BTreeMap<&'static str, String>,
}

#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<Recorded>>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Fields(BTreeMap<&'static str, String>);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0.insert(field.name(), format!("{value:?}"));
            }
        }
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
        self.0.lock().unwrap().push(Recorded { level, target, fields: fields.0 });
    }
}

impl Recorded {
    /// The event's name, which is its message.
    fn name(&self) -> &str {
        &self.fields["message"]
    }
}

/// A listener that fails, as one does that writes to a pipe without a reader.
struct Failing;

impl<S: Subscriber> Layer<S> for Failing {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        panic!("no listener");
    }
}

/// The events that this thread gets while it does that.
fn heard<R>(f: impl FnOnce() -> R) -> (R, Vec<Recorded>) {
    let listener = Listener::default();
    let result = with_default(tracing_subscriber::registry().with(listener.clone()), f);
    let events = std::mem::take(&mut *listener.0.lock().unwrap());
    (result, events)
}

/// The one event of that name, with the level it has to have and exactly these fields besides its message.
fn only(events: &[Recorded], name: &str, level: Level, fields: &[&str]) -> Recorded {
    let mut of_that_name = events.iter().filter(|event| event.name() == name);
    let event = of_that_name.next().unwrap_or_else(|| panic!("no `{name}` in {events:?}"));
    assert!(of_that_name.next().is_none(), "`{name}` twice in {events:?}");
    assert_eq!((event.level, event.target.as_str()), (level, "shmstate"));
    let has: Vec<_> = event.fields.keys().copied().filter(|field| *field != "message").collect();
    assert_eq!(has, fields, "`{name}`");
    event.clone()
}

fn names(events: &[Recorded]) -> Vec<&str> {
    events.iter().map(Recorded::name).collect()
}

fn fixture(dir: &Path) -> (State<Fixture>, PathBuf) {
    let path = dir.join("fixture");
    (State::<Fixture>::options().timeout(PATIENCE).create(&path).unwrap(), path)
}

/// Readers that stay, in the newest version and the two before it: no copy of three is free.
fn readers_in_all_copies(fixture: &State<Fixture>, path: &Path) -> Vec<Child> {
    let readers = (0..3).map(|version| {
        let reader = child!["hold-read", path];
        reader.expect("in");
        if version < 2 {
            fixture.update(Fixture::step).unwrap();
        }
        reader
    });
    readers.collect()
}

#[test]
fn creation_and_a_new_population() {
    let dir = scratch_dir();
    let ((first, path), events) = heard(|| fixture(dir.path()));
    assert_eq!(names(&events), ["created"]);
    let created = only(&events, "created", Level::INFO, &["bytes", "copies", "handles", "path"]);
    assert_eq!(created.fields["path"], path.display().to_string());
    assert_eq!((&*created.fields["copies"], &*created.fields["handles"]), ("3", "64"));
    assert_eq!(created.fields["bytes"], path.metadata().unwrap().len().to_string());

    let (second, events) = heard(|| State::<Fixture>::open(&path).unwrap());
    assert!(events.is_empty(), "one more handle: {events:?}");
    let ((), events) = heard(|| {
        for handle in [&first, &second] {
            handle.update(Fixture::step).unwrap();
            handle.read(|s| assert!(s.steps > 0)).unwrap();
            handle.try_update(|_| Err::<(), _>(())).unwrap().unwrap_err();
        }
    });
    assert!(events.is_empty(), "no process is in the way: {events:?}");

    drop((first, second));
    let (_third, events) = heard(|| State::<Fixture>::open(&path).unwrap());
    assert_eq!(names(&events), ["reset"]);
    assert_eq!(only(&events, "reset", Level::INFO, &["path", "version"]).fields["version"], "2");
}

#[test]
fn a_dead_writer_whose_lock_is_taken_over() {
    let dir = scratch_dir();
    let (fixture, path) = fixture(dir.path());
    fixture.update(Fixture::step).unwrap();
    let mut writer = child!["hold-update", path];
    writer.expect("in");
    let pid = writer.pid();
    writer.kill();
    let (_, events) = heard(|| fixture.update(Fixture::step).unwrap());
    let recovered = only(&events, "recovered", Level::WARN, &["path", "pid", "slot", "version"]);
    assert_eq!(recovered.fields["path"], path.display().to_string());
    assert_eq!((recovered.fields["pid"].as_str(), recovered.fields["slot"].as_str()), (&*pid.to_string(), "1"));
    assert_eq!(recovered.fields["version"], "1");
}

#[test]
fn a_dead_writer_whose_slot_is_claimed() {
    let dir = scratch_dir();
    let (_world, path) = fixture(dir.path());
    let mut writer = child!["hold-update", path];
    writer.expect("in");
    let pid = writer.pid();
    writer.kill();
    let (_new, events) = heard(|| State::<Fixture>::open(&path).unwrap());
    assert_eq!(names(&events), ["recovered"]);
    let recovered = only(&events, "recovered", Level::WARN, &["path", "pid", "slot", "version"]);
    assert_eq!((recovered.fields["pid"].as_str(), recovered.fields["slot"].as_str()), (&*pid.to_string(), "1"));
}

#[test]
fn dead_readers_that_are_in_the_way() {
    let dir = scratch_dir();
    let (fixture, path) = fixture(dir.path());
    let mut readers = readers_in_all_copies(&fixture, &path);
    let pids: Vec<String> = readers.iter().map(|reader| reader.pid().to_string()).collect();
    readers.iter_mut().for_each(Child::kill);
    let (_, events) = heard(|| fixture.update(Fixture::step).unwrap());
    let reclaimed = only(&events, "reclaimed", Level::INFO, &["path", "pid", "slot"]);
    assert!(pids.contains(&reclaimed.fields["pid"]), "{reclaimed:?}");
    assert!(["1", "2", "3"].contains(&&*reclaimed.fields["slot"]), "{reclaimed:?}");
}

#[test]
fn a_stopped_writer() {
    let dir = scratch_dir();
    let (_first, path) = fixture(dir.path());
    let writer = child!["hold-update", path];
    writer.expect("in");
    writer.stop();
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(50)).open(&path).unwrap();
    let (result, events) = heard(|| hasty.update(Fixture::step));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(only(&events, "busy", Level::WARN, &["error"]).fields["error"], error.to_string());
    only(&events, "waited", Level::DEBUG, &["path", "time"]);
    assert_eq!(events.len(), 2, "{events:?}");
    writer.signal(libc::SIGCONT);
}

#[test]
fn stopped_readers_in_every_copy() {
    let dir = scratch_dir();
    let (fixture, path) = fixture(dir.path());
    let readers = readers_in_all_copies(&fixture, &path);
    readers.iter().for_each(Child::stop);
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(50)).open(&path).unwrap();
    let (result, events) = heard(|| hasty.update(Fixture::step));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Busy);
    // Of the slots 1, 2 and 3, those of the first two: the third reads the active copy.
    assert_eq!(only(&events, "pinned", Level::DEBUG, &["path", "slots"]).fields["slots"], "0b110");
    only(&events, "waited", Level::DEBUG, &["path", "time"]);
    only(&events, "busy", Level::WARN, &["error"]);
    readers.iter().for_each(|reader| reader.signal(libc::SIGCONT));
}

/// It panics where the library tells something with the lock held.
#[test]
fn a_listener_that_panics() {
    let dir = scratch_dir();
    let (fixture, path) = fixture(dir.path());
    let failing = |update: &dyn Fn()| {
        with_default(tracing_subscriber::registry().with(Failing), || {
            catch_unwind(AssertUnwindSafe(update)).unwrap_err();
        });
    };
    let mut writer = child!["hold-update", path];
    writer.expect("in");
    writer.kill();
    failing(&|| fixture.update(Fixture::step).unwrap());
    // A handle that never waits finds the lock free, and the recovery done.
    let impatient = State::<Fixture>::options().timeout(Duration::ZERO).open(&path).unwrap();
    let ((), events) = heard(|| impatient.update(Fixture::step).unwrap());
    assert!(events.is_empty(), "{events:?}");

    let mut readers = readers_in_all_copies(&fixture, &path);
    readers.iter_mut().for_each(Child::kill);
    failing(&|| fixture.update(Fixture::step).unwrap());
    impatient.update(Fixture::step).unwrap();
    assert!(impatient.read(|s| *s == *Fixture::at(4)).unwrap());
}
