//! Which field of an old struct becomes which field of a new one.
//!
//! A field keeps its name, or had one of the names in `renamed_from`. A field that has moved into a neighbouring struct, or out of
//! one, is found by its name, if only one such struct has a field of that name.

use super::matcher::Matcher;
use super::plan::{FieldsStep, Member, Move};
use crate::layout::shapes::{FieldShape, Fields, Shapes};
use std::collections::{HashMap, HashSet};

/// A field, wherever it is inside of the struct.
#[derive(Clone)]
struct Found {
    path: String,
    ty: usize,
    at: usize,
}

/// The fields of the old struct, and which of them are taken.
struct Old<'a> {
    shapes: &'a Shapes,
    by_name: HashMap<&'a str, &'a FieldShape>,
    /// Paths of fields that have become new ones.
    taken: HashSet<String>,
    /// Paths of structs with a field that has become a new one.
    opened: HashSet<String>,
}

/// Matches the fields of two structs, or of two variants of the new enum `ty`.
pub(super) fn match_fields(
    matcher: &mut Matcher<'_>,
    ty: usize,
    variant: &str,
    old: &Fields,
    new: &Fields,
) -> FieldsStep {
    let (olds, news, origins) = (matcher.old, matcher.new, matcher.origins);
    let by_name: HashMap<&str, &FieldShape> = old.all.iter().map(|field| (&*field.name, field)).collect();
    // If the old struct has a field of that name, the new field was not renamed, whatever names it had earlier.
    let former = |field: &FieldShape| match by_name.contains_key(&*field.name) {
        true => None,
        false => origins.renamed(ty, variant, &field.name).iter().find(|name| by_name.contains_key(name.as_str())),
    };
    let renamed: HashMap<&str, &str> =
        new.all.iter().filter_map(|field| Some((field.name.as_str(), former(field)?.as_str()))).collect();
    let mut from = Old { shapes: olds, by_name, taken: HashSet::new(), opened: HashSet::new() };
    let mut step = FieldsStep::default();
    let mut rest = Vec::new();
    // Renamed fields come first: a field that now has the former name of another one is new. Then fields that keep their names.
    let (first, second): (Vec<_>, Vec<_>) = new.all.iter().partition(|field| renamed.contains_key(&*field.name));
    for field in first.into_iter().chain(second) {
        match from.take(renamed.get(&*field.name).copied().unwrap_or(&field.name)) {
            Some(found) => add(matcher, &mut step, &found, field.name.clone(), (field.shape, field.at)),
            None => rest.push(field),
        }
    }
    rest.retain(|field| {
        let found = origins.renamed(ty, variant, &field.name).iter().find_map(|name| from.take(name));
        let Some(found) = found else { return true };
        add(matcher, &mut step, &found, field.name.clone(), (field.shape, field.at));
        false
    });
    for field in rest {
        if let Some(found) = from.take_inner(&field.name) {
            add(matcher, &mut step, &found, field.name.clone(), (field.shape, field.at));
            continue;
        }
        let target = Found { path: field.name.clone(), ty: field.shape, at: field.at };
        if !gather(matcher, &mut step, &mut from, news, &target) {
            step.added.push(Member { path: field.name.clone(), ty: field.shape });
        }
    }
    for field in &old.all {
        from.leave(&mut step.removed, &Found { path: field.name.clone(), ty: field.shape, at: field.at });
    }
    step
}

fn add(matcher: &mut Matcher<'_>, step: &mut FieldsStep, from: &Found, to: String, target: (usize, usize)) {
    let part = matcher.part((from.ty, from.at), target);
    step.moves.push(Move { part, from: from.path.clone(), to });
}

/// Fills a new struct that no old field becomes with old fields of the struct around it. Returns whether there were any.
fn gather(matcher: &mut Matcher<'_>, step: &mut FieldsStep, from: &mut Old<'_>, news: &Shapes, target: &Found) -> bool {
    let Some((fields, at)) = Matcher::fields_of(news, target.ty).filter(|(fields, _)| !fields.numbered) else {
        return false;
    };
    let (mut any, mut added) = (false, Vec::new());
    for field in &fields.all {
        let inner =
            Found { path: format!("{}.{}", target.path, field.name), ty: field.shape, at: target.at + at + field.at };
        if let Some(found) = from.take(&field.name) {
            add(matcher, step, &found, inner.path, (inner.ty, inner.at));
            any = true;
        } else {
            added.push(Member { path: inner.path, ty: field.shape });
        }
    }
    if any {
        step.added.append(&mut added);
    }
    any
}

impl<'a> Old<'a> {
    /// The field at a path such as `position.x`, if it has not become a new field yet.
    fn take(&mut self, path: &str) -> Option<Found> {
        let mut names = path.split('.');
        let first = *self.by_name.get(names.next()?)?;
        let mut found = Found { path: first.name.clone(), ty: first.shape, at: first.at };
        for name in names {
            if self.taken.contains(&found.path) {
                return None;
            }
            let (fields, at) = Matcher::fields_of(self.shapes, found.ty)?;
            let field = fields.all.iter().find(|field| field.name == name)?;
            found = Found { path: format!("{}.{name}", found.path), ty: field.shape, at: found.at + at + field.at };
        }
        if self.opened.contains(&found.path) || !self.taken.insert(found.path.clone()) {
            return None;
        }
        self.opened.extend(found.path.match_indices('.').map(|(end, _)| found.path[..end].to_owned()));
        Some(found)
    }

    /// The field of that name in a struct that has become no new field, if only one such struct has a field of that name.
    fn take_inner(&mut self, name: &str) -> Option<Found> {
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut outer = self.by_name.values().filter(|field| !self.taken.contains(&field.name)).filter(|field| {
            Matcher::fields_of(self.shapes, field.shape)
                .is_some_and(|(fields, _)| fields.all.iter().any(|inner| inner.name == name))
        });
        let only = outer.next().filter(|_| outer.next().is_none())?.name.clone();
        self.take(&format!("{only}.{name}"))
    }

    /// Notes what of a field has not become a new field.
    fn leave(&self, removed: &mut Vec<Member>, field: &Found) {
        if self.taken.contains(&field.path) {
            return;
        }
        if !self.opened.contains(&field.path) {
            return removed.push(Member { path: field.path.clone(), ty: field.ty });
        }
        if let Some((fields, at)) = Matcher::fields_of(self.shapes, field.ty) {
            for inner in &fields.all {
                let path = format!("{}.{}", field.path, inner.name);
                self.leave(removed, &Found { path, ty: inner.shape, at: field.at + at + inner.at });
            }
        }
    }
}
