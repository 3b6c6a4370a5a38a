//! Migrations by code of the program: one, chains of them, and what happens when one fails.

use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, List, Migrate, SharedLayout, State};
use shmstate_tests::{PATIENCE, scratch_dir};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

mod v1 {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Account {
        pub euros: u64,
        pub bookings: u64,
    }
}

mod v2 {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Account {
        pub cents: u64,
        pub bookings: u64,
    }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Account {
    cents: u64,
    #[shared(init = 3)]
    limit: u64,
    booked: List<u64, 8>,
}

fn in_cents(old: &v1::Account, new: &mut v2::Account) -> Result<(), String> {
    assert_eq!((new.cents, new.bookings), (0, old.bookings), "what can be carried over is there");
    new.cents = old.euros.checked_mul(100).ok_or("too many euros")?;
    Ok(())
}

fn listed(old: &v2::Account, new: &mut Account) -> Result<(), shmstate::Error> {
    assert_eq!((new.cents, new.limit), (old.cents, 3));
    new.booked.try_extend(std::iter::repeat_n(0, old.bookings as usize))?;
    Ok(())
}

fn read(account: &State<Account>) -> (u64, u64, usize) {
    account.read(|a| (a.cents, a.limit, a.booked.len())).unwrap()
}

#[test]
fn each_version_leads_to_the_next_one() {
    let dir = scratch_dir();
    let name = dir.path().join("account");
    let options = || State::<Account>::options().migrate(Migrate::with(listed)).migrate(Migrate::with(in_cents));
    State::<v1::Account>::create(&name).unwrap().update(|a| (a.euros, a.bookings) = (7, 2)).unwrap();
    let account = options().open(&name).unwrap();
    assert_eq!(read(&account), (700, 3, 2));
    assert_eq!(account.version().unwrap(), 2, "the version counts on");
    account.remove().unwrap();
    State::<v2::Account>::create(&name).unwrap().update(|a| (a.cents, a.bookings) = (7, 1)).unwrap();
    assert_eq!(read(&options().open_or_create(&name).unwrap()), (7, 3, 1));
    assert_eq!(read(&options().open_or_replace(&name).unwrap()), (7, 3, 1), "of this type already");
    shmstate::remove(&name).unwrap();
    assert_eq!(read(&options().open_or_create(&name).unwrap()), (0, 3, 0), "created");
}

/// A step of a route: what it is called, and what it does with the names of the steps before.
mod route {
    use super::*;
    use shmstate::Text;

    /// Layouts whose values say which steps made them. The name of a number tells one from the others.
    macro_rules! layouts {
        ($($Layout:ident $number:ident)*) => {$(
            #[derive(SharedLayout)]
            #[repr(C)]
            pub struct $Layout {
                pub way: Text<28>,
                pub $number: u64,
            }
        )*};
    }

    layouts!(V1 first V2 second V3 third V4 fourth Dead last);

    /// A migration that appends a word.
    macro_rules! step {
        ($Old:ident $word:literal $New:ident) => {
            Migrate::with(|old: &$Old, new: &mut $New| {
                new.way.set(&old.way)?;
                new.way.push_str($word)
            })
        };
    }

    /// The steps from a region of `V1` to `T`.
    pub fn taken<T: SharedLayout>(options: shmstate::Options<'_, T>, way: impl Fn(&T) -> String) -> String {
        let dir = scratch_dir();
        let name = dir.path().join("state");
        drop(State::<V1>::create(&name).unwrap());
        options.open(&name).unwrap().read(way).unwrap()
    }

    #[test]
    fn the_shortest_way_is_taken_and_of_two_the_first_that_was_given() {
        let to_v3 = |options| taken::<V3>(options, |s| s.way.to_string());
        let to_v4 = |options| taken::<V4>(options, |s| s.way.to_string());
        let options = || State::<V3>::options();
        // A step that leads elsewhere is not in the way.
        assert_eq!(to_v3(options().migrate(step!(V1 "a" V2)).migrate(step!(V1 "b" V3))), "b");
        assert_eq!(
            to_v3(options().migrate(step!(V1 "a" Dead)).migrate(step!(V2 "c" V3)).migrate(step!(V1 "b" V2))),
            "bc"
        );
        assert_eq!(to_v3(options().migrate(step!(V1 "a" V2)).migrate(step!(V2 "b" V3)).migrate(step!(V1 "c" V3))), "c");
        let options = || State::<V4>::options().migrate(step!(V2 "x" V4)).migrate(step!(V3 "y" V4));
        assert_eq!(to_v4(options().migrate(step!(V1 "a" V2)).migrate(step!(V1 "b" V3))), "ax");
        assert_eq!(to_v4(options().migrate(step!(V1 "b" V3)).migrate(step!(V1 "a" V2))), "by");
        assert_eq!(
            to_v4(options().migrate(step!(V1 "c" V1)).migrate(step!(V1 "a" V2)).migrate(step!(V2 "d" V1))),
            "ax"
        );
        // Code goes before the rules, and the rules begin where no code leads on.
        assert_eq!(to_v4(options().migrate(Migrate::Auto).migrate(step!(V1 "a" V2))), "ax");
        let rules = Migrate::AllowLoss(&["first", "second", "last"]);
        let options = State::<V3>::options().migrate(rules).migrate(step!(V1 "a" V2)).migrate(step!(V2 "b" Dead));
        assert_eq!(to_v3(options), "ab");
        let circle = State::<V3>::options().migrate(Migrate::AllowLoss(&["first"]));
        assert_eq!(to_v3(circle.migrate(step!(V1 "a" V2)).migrate(step!(V2 "b" V1))), "");
    }
}

#[test]
fn what_leads_nowhere_is_refused() {
    let dir = scratch_dir();
    let name = dir.path().join("account");
    State::<v1::Account>::create(&name).unwrap().update(|a| (a.euros, a.bookings) = (7, 2)).unwrap();
    let refused = State::<Account>::options().migrate(Migrate::with(listed)).open(&name).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch, "{refused}");
    let half = State::<Account>::options().migrate(Migrate::with(in_cents)).open(&name).unwrap_err();
    assert_eq!(half.kind(), ErrorKind::LayoutMismatch, "{half}");
    // What is left is done by the rules.
    let options = || State::<Account>::options().migrate(Migrate::with(in_cents));
    let error = options().migrate(Migrate::Auto).open(&name).unwrap_err();
    assert!(error.to_string().contains("\n  bookings: "), "{error}");
    assert_eq!(read(&options().migrate(Migrate::AllowLoss(&["bookings"])).open(&name).unwrap()), (700, 3, 0));
}

#[test]
fn a_migration_that_fails_leaves_everything_as_it_was() {
    let dir = scratch_dir();
    let name = dir.path().join("account");
    let old = State::<v1::Account>::create(&name).unwrap();
    old.update(|a| (a.euros, a.bookings) = (u64::MAX, 20)).unwrap();
    let error = State::<v2::Account>::options().migrate(Migrate::with(in_cents)).open_or_create(&name).unwrap_err();
    let text = format!(
        "the state in `{}` was not migrated from `{}` to `{}`, and is as it was: too many euros",
        name.display(),
        std::any::type_name::<v1::Account>(),
        std::any::type_name::<v2::Account>()
    );
    assert_eq!((error.kind(), error.to_string(), error.path()), (ErrorKind::InvalidValue, text, Some(&*name)));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "too many euros");
    let panics = |_: &v1::Account, _: &mut v2::Account| -> Result<(), String> { panic!("by the program") };
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        State::<v2::Account>::options().migrate(Migrate::with(panics)).open(&name).map(drop)
    }));
    assert!(panicked.is_err());
    old.update(|a| a.euros = 1).unwrap();
    let options = State::<Account>::options().migrate(Migrate::with(in_cents)).migrate(Migrate::with(listed));
    let error = options.open(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full, "an error of this library is itself: {error}");
    assert_eq!(old.read(|a| (a.euros, a.bookings)).unwrap(), (1, 20));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no file is left");
    old.update(|a| a.bookings = 8).unwrap();
    let options = State::<Account>::options().migrate(Migrate::with(in_cents)).migrate(Migrate::with(listed));
    assert_eq!(read(&options.open(&name).unwrap()), (100, 3, 8));
    assert_eq!(old.read(|a| a.euros).unwrap_err().kind(), ErrorKind::Retired);
}

/// Programs that open a state at the same time move it once: the handles of all of them stay in service.
#[test]
fn programs_that_migrate_at_the_same_time_move_the_state_once() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Before {
        count: u32,
    }
    #[derive(SharedLayout)]
    #[repr(C)]
    struct After {
        count: u64,
        opened: u64,
    }
    let dir = scratch_dir();
    for round in 0..if cfg!(debug_assertions) { 60 } else { 300 } {
        let name = dir.path().join("state");
        State::<Before>::create(&name).unwrap().update(|s| s.count = round).unwrap();
        let begin = std::sync::Barrier::new(4);
        let handles: Vec<State<After>> = std::thread::scope(|threads| {
            let open = || {
                begin.wait();
                State::<After>::options().migrate(Migrate::Auto).timeout(PATIENCE).open(&name).unwrap()
            };
            let opening: Vec<_> = (0..4).map(|_| threads.spawn(open)).collect();
            opening.into_iter().map(|opening| opening.join().unwrap()).collect()
        });
        handles.iter().for_each(|state| state.update(|s| s.opened += 1).unwrap());
        assert_eq!(handles[0].read(|s| (s.count, s.opened)).unwrap(), (u64::from(round), 4));
        shmstate::remove(&name).unwrap();
    }
}

/// No call in a migration waits for its own thread, and no error blames another process.
#[test]
fn a_migration_that_would_wait_for_itself_is_told_so() {
    let dir = scratch_dir();
    let name = dir.path().join("account");
    State::<v1::Account>::create(&name).unwrap();
    let is_refused = |call: &str, error: shmstate::Error| {
        assert_eq!((error.kind(), error.path()), (ErrorKind::Reentrant, Some(&*name)), "{call}: {error}");
        assert!(!error.to_string().contains("another process"), "{call}: {error}");
        assert!(error.to_string().contains("migration"), "{call}: {error}");
    };
    let nested = |_: &v1::Account, _: &mut v2::Account| -> Result<(), String> {
        is_refused("migrate", State::<v2::Account>::options().migrate(Migrate::Auto).open(&name).unwrap_err());
        is_refused("replace", State::<v2::Account>::open_or_replace(&name).unwrap_err());
        is_refused("remove", shmstate::remove(&name).unwrap_err());
        let mut old = State::<v1::Account>::open(&name).unwrap();
        is_refused("update", old.update(|_| ()).unwrap_err());
        is_refused("wait", old.wait_newer(0, Duration::from_millis(10)).unwrap_err());
        is_refused("recreate", old.recreate(State::options()).unwrap_err());
        let mut view = DynState::options().writable(true).open(&name).unwrap();
        is_refused("resize", view.recreate(&DynState::options().copies(4)).unwrap_err());
        is_refused("edit", view.update(|_| Ok(())).unwrap_err());
        is_refused("remove this", old.remove().unwrap_err());
        Ok(())
    };
    let began = Instant::now();
    State::<v2::Account>::options().migrate(Migrate::with(nested)).open(&name).unwrap();
    assert!(began.elapsed() < PATIENCE);
    shmstate::remove(&name).unwrap();
}
