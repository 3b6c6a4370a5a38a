//! Collects what is lost, so that one error names all of it.

use super::path::Trail;
use crate::error::{Error, ErrorRepr};
use crate::layout::matching::Allowed;
use std::collections::BTreeMap;

/// Paths that are listed.
const MOST: usize = 100;

pub(super) struct Losses<'a> {
    allowed: Allowed<'a>,
    /// By path: why, and how many values.
    found: BTreeMap<String, (String, usize)>,
    /// How many there were so far, allowed ones included.
    count: usize,
    /// Whether what is lost now has been listed before.
    again: bool,
    /// Paths of what is allowed that lead nowhere.
    unknown: Vec<String>,
}

impl<'a> Losses<'a> {
    pub(super) fn new(allowed: Allowed<'a>, unknown: Vec<String>) -> Self {
        Losses { allowed, found: BTreeMap::new(), count: 0, again: false, unknown }
    }

    /// Paths that are lost whatever the values are.
    pub(super) fn add_planned(&mut self, paths: Vec<String>) {
        self.found.extend(paths.into_iter().map(|path| (path, ("the program has nothing that it becomes".into(), 1))));
    }

    /// `count` values at `trail` are lost, unless that is allowed.
    pub(super) fn add(&mut self, trail: &Trail<'_>, count: usize, why: impl FnOnce() -> String) {
        self.count += count;
        if count == 0 || self.again {
            return;
        }
        let path = trail.text();
        if self.allowed.covers(&path) {
            return;
        }
        if let Some((_, known)) = self.found.get_mut(&path) {
            *known += count;
        } else if self.found.len() < MOST {
            self.found.insert(path, (why(), count));
        }
    }

    /// A value is lost that is listed with the plan.
    pub(super) fn add_listed(&mut self) {
        self.count += 1;
    }

    /// How many values were lost so far, whether or not that is allowed.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether what is lost from now on has been listed before, because it is converted once more.
    pub(super) fn set_again(&mut self, again: bool) {
        self.again = again;
    }

    /// # Errors
    /// The list of what is lost.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.found.is_empty() {
            return Ok(());
        }
        // With those that are allowed already, so that the line which the error names can be taken as it is.
        let allowed = if let Allowed::Paths(paths) = self.allowed { paths } else { &[] };
        let known = allowed.iter().filter(|path| !self.unknown.contains(path));
        let paths: Vec<String> = known.chain(self.found.keys()).cloned().collect();
        let line = |(path, (why, count)): (&String, &(String, usize))| {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            let path = if path.is_empty() { "(the state)" } else { path };
            format!("{path}: {why}{times}")
        };
        Err(ErrorRepr::WouldLose {
            losses: self.found.iter().map(line).collect(),
            paths,
            unknown: self.unknown.clone(),
        }
        .into())
    }
}
