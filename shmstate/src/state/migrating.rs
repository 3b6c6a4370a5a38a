//! Opening a region of an earlier layout: its state is carried over to a new region, which takes the old region's place while other
//! processes use it.

use super::handle::{State, Terms};
use super::making::Making;
use super::migrate::{Migrate, Typed, value};
use super::options::Options;
use super::txn_buffer::reset_tags;
use crate::commit::Clock;
use crate::dynamic::evolve::{Aligned, Allowed, Evolution, attach};
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::{Layout, Schema, SharedLayout};
use crate::os::{Deadline, RegionPath};
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
    fn run(&self, old: &[u8], new: &mut [u8]) -> Result<(), Error> {
        let Some(typed) = self.typed else { return self.evolution.apply(old, new, Allowed::Paths(&self.allowed)) };
        self.evolution.apply(old, new, Allowed::All)?;
        typed.run(old, new)
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
    /// one whose old type the region has. Of [`Migrate::Auto`] and [`Migrate::AllowLoss`] the last one counts: it leads to `T` from
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
            follow(&route, current.bytes, state)?;
            let state = value::<T>(state)?.cast_mut();
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

/// The steps from a layout to `T`; the error with which it was refused if there are none.
pub(super) fn route<'m, T: SharedLayout>(
    options: &'m Options<'_, T>,
    from: Schema,
    refused: Error,
) -> Result<Vec<Hop<'m>>, Error> {
    let (target, mut here, mut hops) = (Schema::of(T::LAYOUT), from, Vec::new());
    let mut left: Vec<&Typed<'_>> = Vec::new();
    left.extend(options.migrations.iter().filter_map(|migrate| match migrate {
        Migrate::With(typed) => Some(typed),
        _ => None,
    }));
    loop {
        if !hops.is_empty() && here.is_same(&target) {
            return Ok(hops);
        }
        let leads_on = |typed: &&Typed<'_>| Schema::of(typed.old).is_same(&here);
        if let Some(index) = left.iter().position(leads_on) {
            // Each of them once, so that this ends.
            let typed = left.swap_remove(index);
            hops.push(Hop { evolution: Evolution::to_type(&here, typed.new)?, typed: Some(typed), allowed: vec![] });
            here = Schema::of(typed.new);
            continue;
        }
        let Some(allowed) = allowed(&options.migrations) else { return Err(refused) };
        let layout: &'static Layout = T::LAYOUT;
        hops.push(Hop { evolution: Evolution::to_type(&here, layout)?, typed: None, allowed });
        return Ok(hops);
    }
}

/// The paths that may be lost in a step without code of the program; `None` if the options allow no such step.
fn allowed(migrations: &[Migrate<'_>]) -> Option<Vec<String>> {
    migrations.iter().rev().find_map(|migrate| match migrate {
        Migrate::Auto => Some(Vec::new()),
        Migrate::AllowLoss(paths) => Some(paths.iter().map(|path| (*path).to_owned()).collect()),
        Migrate::With(_) => None,
    })
}

/// Makes the bytes of the new state out of those of the old one.
pub(super) fn follow(route: &[Hop<'_>], old: &[u8], new: &mut [u8]) -> Result<(), Error> {
    let Some((last, before)) = route.split_last() else { return Ok(()) };
    let mut here: Option<Aligned> = None;
    for hop in before {
        let mut next = Aligned::zeroed(hop.evolution.sizes()[1])?;
        hop.run(here.as_ref().map_or(old, Aligned::bytes), next.bytes_mut())?;
        here = Some(next);
    }
    last.run(here.as_ref().map_or(old, Aligned::bytes), new)
}
