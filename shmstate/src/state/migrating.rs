//! Opening a region of an earlier layout: its state is carried over to a new region, which takes the old region's place while other
//! processes use it.

use super::handle::{State, Terms};
use super::migrate::{Migrate, Typed, value};
use super::options::Options;
use super::txn_buffer::reset_tags;
use crate::commit::Clock;
use crate::dynamic::evolve::{Aligned, Allowed, Evolution, attach};
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::{Schema, SharedLayout};
use crate::os::{Deadline, Making, RegionPath};
use crate::region::{Plan, Successor};
use std::path::Path;

/// One step from a layout to another one.
pub(super) struct Hop<'m> {
    evolution: Evolution,
    /// The program's code, after what is carried over by itself.
    typed: Option<&'m Typed<'m>>,
    /// Paths that may be lost. If the step runs code of the program, everything may.
    allowed: Vec<String>,
}

impl Hop<'_> {
    fn run(&self, path: &Path, old: &[u8], new: &mut [u8]) -> Result<(), Error> {
        let Some(typed) = self.typed else { return self.evolution.apply(old, new, Allowed::Paths(&self.allowed)) };
        self.evolution.apply(old, new, Allowed::All)?;
        typed.run(path, old, new)
    }
}

/// Whether a region of that lineage is migrated.
pub(super) type Migrates<'a> = Box<dyn Fn(u128) -> bool + 'a>;

impl<'a, T: SharedLayout> Options<'a, T> {
    /// What to do with a region of another layout than `T`; by default, opening it returns the error
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch).
    ///
    /// [`open`](Self::open), [`open_or_create`](Self::open_or_create) and [`open_or_replace`](Self::open_or_replace) carry the
    /// state over to a new region, which takes the place of the old one while other processes use it. Updates wait meanwhile, and
    /// none is lost. Handles of the old program are out of service then: their next call returns the error
    /// [`Retired`](ErrorKind::Retired).
    ///
    /// It can be called several times, for migrations from several earlier layouts, each to a later one. They are followed from the
    /// one whose old type the region has, on the shortest way to `T`; of two such ways, the one whose migrations were given first. Of [`Migrate::Auto`] and [`Migrate::AllowLoss`] the last one counts: it leads to `T` from
    /// any layout from which no other migration leads.
    ///
    /// ```
    /// use shmstate::{Migrate, SharedLayout, State};
    /// # mod v1 {
    /// #     #[derive(shmstate::SharedLayout)]
    /// #     #[repr(C)]
    /// #     pub struct Board { pub ticks: u32 }
    /// # }
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board {
    ///     ticks: u64, // was a `u32`
    ///     #[shared(init = 100)]
    ///     limit: u64, // is new
    /// }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// # let old = State::<v1::Board>::create(&name)?;
    /// # old.update(|b| b.ticks = 7)?;
    /// let board = State::<Board>::options().migrate(Migrate::Auto).open(&name)?;
    /// assert_eq!(board.read(|b| (b.ticks, b.limit))?, (7, 100));
    /// # assert_eq!(old.read(|b| b.ticks).unwrap_err().kind(), shmstate::ErrorKind::Retired);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrate(mut self, migrate: Migrate<'a>) -> Self {
        self.migrations.push(migrate);
        self
    }

    /// Migrates a region only if `migrates` returns `true` for its lineage. It is called for each region that is about to be
    /// migrated. If it returns `false`, the region is left alone, and opening it fails as it does without
    /// [`migrate`](Self::migrate). `shmstate-durable` asks whether the region belongs to its store.
    #[doc(hidden)]
    pub fn migrate_if(mut self, migrates: impl Fn(u128) -> bool + 'a) -> Self {
        self.migrates = Some(Box::new(migrates));
        self
    }
}

/// Opens the region of that name, if there is one, and if the options say what to do with other layouts.
pub(super) fn migrated<T: SharedLayout>(options: &Options<'_, T>, name: &Path) -> Result<Option<State<T>>, Error> {
    if options.migrations.is_empty() {
        return Ok(None);
    }
    let (region_path, terms) = (RegionPath::find(name)?, options.terms()?);
    Making::check(&region_path)?;
    let clock = &mut Deadline::new(terms.timeout);
    loop {
        let refused = match Options::<T>::open_if_there(&region_path, terms, clock) {
            Err(e) if e.kind() == ErrorKind::LayoutMismatch => e,
            // Whatever else it is, is found again.
            Err(_) => return Ok(None),
            opened => return opened,
        };
        if let Some(state) = carry_over(options, &region_path, refused, terms, clock)? {
            return Ok(Some(state));
        }
        if clock.remaining().is_none() {
            return Err(ErrorRepr::Opening { path: region_path.path().to_owned() }.into());
        }
    }
}

/// Puts a region of `T` under the name of the one that was `refused`. `None`: the name leads elsewhere by now.
fn carry_over<T: SharedLayout>(
    options: &Options<'_, T>,
    region_path: &RegionPath,
    refused: Error,
    terms: Terms,
    clock: &mut Deadline,
) -> Result<Option<State<T>>, Error> {
    let Some((mut region, mut old)) = attach(region_path, terms.access, clock)? else { return Ok(None) };
    if old.is_same(&Schema::of(T::LAYOUT)) {
        // Another process was first, and its region is not to be replaced once more; or keys lie in other places than the program's code
        // says. The first handle of a region finds out which of both it is, so that this handle must not be in the way.
        let key = region.key();
        drop(region);
        match Options::<T>::open_if_there(region_path, terms, clock) {
            Err(e) if e.kind() == ErrorKind::LayoutMismatch => {}
            Err(_) => return Ok(None),
            opened => return opened,
        }
        let Some(again) = attach(region_path, terms.access, clock)? else { return Ok(None) };
        (region, old) = again;
        if region.key() != key {
            return Ok(None);
        }
    }
    // Of this very region: what follows replaces no other one.
    if options.migrates.as_ref().is_some_and(|migrates| !migrates(region.lineage())) {
        return Err(refused);
    }
    let route = route(options, old, refused)?;
    let plan = Plan::new(Schema::of(T::LAYOUT), options.sizes_or(region.sizes()))?;
    let successor = Successor { plan: &plan, mode: options.asked_mode(), limits: options.limits() };
    let next = region.succeed(
        &successor,
        clock,
        |current, state| {
            let making = Making::begin(region_path)?;
            follow(region_path.path(), &route, current.bytes, state)?;
            drop(making);
            let state = value::<T>(region_path.path(), state)?.cast_mut();
            // SAFETY: a value, in memory that is borrowed for this call.
            reset_tags(unsafe { &mut *state });
            Ok(())
        },
        |region_path, new| State::attach_new(Some(region_path), new.file(), terms),
    )?;
    let Some(next) = next else { return Ok(None) };
    next.region().tell_created();
    Ok(Some(next))
}

/// A layout to which migrations lead.
struct Reached<'m> {
    layout: Schema,
    /// The last step of the shortest way to it, and where in the list that step begins. `None`: the way begins here.
    by: Option<(&'m Typed<'m>, usize)>,
}

/// The steps from a layout to `T`; the error with which it was refused if there are none.
///
/// The fewest steps that run code of the program, and lead to `T`; of ways of the same length, the one whose steps were given first.
/// If there is no such way, a step without code ends the shortest way to a layout from which no code leads on.
pub(super) fn route<'m, T: SharedLayout>(
    options: &'m Options<'_, T>,
    from: Schema,
    refused: Error,
) -> Result<Vec<Hop<'m>>, Error> {
    let target = Schema::of(T::LAYOUT);
    let steps = options.migrations.iter().filter_map(|migrate| match migrate {
        Migrate::With(typed) => Some((Schema::of(typed.old), typed, Schema::of(typed.new))),
        _ => None,
    });
    let steps: Vec<_> = steps.collect();
    let mut last = from.is_same(&target).then_some(0);
    let mut reached = vec![Reached { layout: from, by: None }];
    let mut at = 0;
    while let Some(here) = reached.get(at) {
        let leads_on: Vec<_> = steps.iter().filter(|(old, ..)| old.is_same(&here.layout)).collect();
        if leads_on.is_empty() {
            last.get_or_insert(at);
        }
        for (_, typed, new) in leads_on {
            let by = Some((*typed, at));
            if new.is_same(&target) {
                return way(&reached, by);
            }
            if !reached.iter().any(|known| known.layout.is_same(new)) {
                reached.push(Reached { layout: Schema::of(typed.new), by });
            }
        }
        at += 1;
    }
    let Some(allowed) = allowed(&options.migrations) else { return Err(refused) };
    // In a circle, code leads on from everywhere.
    let last = &reached[last.unwrap_or(0)];
    let mut hops = way(&reached, last.by)?;
    hops.push(Hop { evolution: Evolution::to_type(&last.layout, T::LAYOUT)?, typed: None, allowed });
    Ok(hops)
}

/// The steps that end with this one, in order.
fn way<'m>(reached: &[Reached<'m>], mut by: Option<(&'m Typed<'m>, usize)>) -> Result<Vec<Hop<'m>>, Error> {
    let mut hops = Vec::new();
    while let Some((typed, before)) = by {
        let evolution = Evolution::to_type(&reached[before].layout, typed.new)?;
        hops.push(Hop { evolution, typed: Some(typed), allowed: vec![] });
        by = reached[before].by;
    }
    hops.reverse();
    Ok(hops)
}

/// The paths that may be lost in a step without code of the program; `None` if the options allow no such step.
fn allowed(migrations: &[Migrate<'_>]) -> Option<Vec<String>> {
    migrations.iter().rev().find_map(|migrate| match migrate {
        Migrate::Auto => Some(Vec::new()),
        Migrate::AllowLoss(paths) => Some(paths.iter().map(|path| (*path).to_owned()).collect()),
        Migrate::With(_) => None,
    })
}

/// Makes the bytes of the new state out of those of the old one, which is at `path`.
pub(super) fn follow(path: &Path, route: &[Hop<'_>], old: &[u8], new: &mut [u8]) -> Result<(), Error> {
    let Some((last, before)) = route.split_last() else { return Ok(()) };
    let mut here: Option<Aligned> = None;
    for hop in before {
        let mut next = Aligned::zeroed(hop.evolution.sizes()[1])?;
        hop.run(path, here.as_ref().map_or(old, Aligned::bytes), next.bytes_mut())?;
        here = Some(next);
    }
    last.run(path, here.as_ref().map_or(old, Aligned::bytes), new)
}
