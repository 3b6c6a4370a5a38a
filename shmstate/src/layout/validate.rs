//! Whether a schema that any process may have written makes sense.

use super::Scalar;
use super::schema::{Argument, Field, Kind, Schema, Type};
use std::collections::HashSet;

/// How deep types may be nested.
const DEEPEST: u32 = 64;

impl Schema {
    /// Types are named before they are used (so there is no cycle) and are not nested without end; parts lie inside the
    /// whole, one after the other; names are not used twice.
    pub(crate) fn validate(&self) -> Result<(), String> {
        if self.types.is_empty() {
            return Err("it describes no type".into());
        }
        let mut depths: Vec<u32> = Vec::new();
        for (i, ty) in self.types.iter().enumerate() {
            let known = Known { types: &self.types[..i], ty };
            known.check()?;
            let depth = ty.depth(&depths);
            ty.check_depth(depth)?;
            depths.push(depth);
        }
        if self.docs.iter().any(|doc| self.get(doc.ty).is_none()) {
            return Err("it documents a type that it does not describe".into());
        }
        let words = self.docs.iter().flat_map(|doc| [&doc.part, &doc.text]);
        if words.flat_map(|text| text.chars()).any(|c| c.is_control() && c != '\n') {
            return Err("it has documentation that no program gives".into());
        }
        Ok(())
    }
}

impl Type {
    /// How deep types are nested in this one, given the `depth` of each type `before` it.
    pub(crate) fn depth(&self, before: &[u32]) -> u32 {
        let parts = parts(self).into_iter();
        1 + parts.map(|part| before[part as usize]).max().unwrap_or(0)
    }

    /// Whether a type of that [`depth`](Self::depth) can be used, or why not.
    pub(crate) fn check_depth(&self, depth: u32) -> Result<(), String> {
        if depth <= DEEPEST { Ok(()) } else { Err(format!("`{}` is nested more than {DEEPEST} deep", self.name)) }
    }
}

/// The types that `ty` names, by their indices.
fn parts(ty: &Type) -> Vec<u32> {
    let mut parts: Vec<u32> = match &ty.kind {
        Kind::Struct(fields) => fields.iter().map(|f| f.ty).collect(),
        Kind::Enum { variants, .. } => variants.iter().flat_map(|v| &v.fields).map(|f| f.ty).collect(),
        Kind::Array { item, .. } | Kind::List { item, .. } => vec![*item],
        _ => Vec::new(),
    };
    parts.extend(ty.arguments.iter().filter_map(|argument| match argument {
        Argument::Type(index) => Some(*index),
        _ => None,
    }));
    parts
}

/// The names that `ty` gives.
fn names(ty: &Type) -> Vec<&String> {
    let mut names = vec![&ty.name];
    match &ty.kind {
        Kind::Struct(fields) => names.extend(fields.iter().map(|f| &f.name)),
        Kind::Enum { variants, .. } => {
            for variant in variants {
                names.push(&variant.name);
                names.extend(variant.fields.iter().map(|f| &f.name));
            }
        }
        _ => {}
    }
    names
}

/// A type that is being checked, and those that stand before it.
struct Known<'a> {
    types: &'a [Type],
    ty: &'a Type,
}

impl Known<'_> {
    fn check(&self) -> Result<(), String> {
        let ty = self.ty;
        if names(ty).into_iter().flat_map(|name| name.chars()).any(char::is_control) {
            return Err("it has a name that no program gives".into());
        }
        if !ty.align.is_power_of_two() || !ty.size.is_multiple_of(u64::from(ty.align)) {
            return Err(format!("`{}` has size {} and alignment {}", ty.name, ty.size, ty.align));
        }
        parts(ty).into_iter().try_for_each(|part| self.part(part).map(drop))?;
        match &ty.kind {
            Kind::Scalar(scalar) => self.fits(0, Some(scalar.size() as u64)),
            Kind::Struct(fields) => self.fields(0, fields),
            Kind::Enum { repr, variants } => {
                if !matches!(repr, Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64) {
                    return Err(format!("`{}` has a discriminant of type `{}`", ty.name, repr.name()));
                }
                let tag = repr.size() as u64;
                self.fits(0, Some(tag))?;
                let (mut names, mut values) = (HashSet::new(), HashSet::new());
                for variant in variants {
                    if !repr.holds(variant.value) {
                        let (value, repr) = (variant.value, repr.name());
                        return Err(format!("`{}` has a variant of value {value}, which no `{repr}` holds", ty.name));
                    }
                    if !names.insert(&variant.name) || !values.insert(variant.value) {
                        return Err(format!("`{}` has two variants of one name, or of one value", ty.name));
                    }
                    self.fields(tag, &variant.fields)?;
                }
                Ok(())
            }
            Kind::Array { item, len } => self.fits(0, self.part(*item)?.size.checked_mul(*len)),
            Kind::List { item, capacity, items } => self.fits(*items, self.part(*item)?.size.checked_mul(*capacity)),
            Kind::Text { capacity, bytes } => self.fits(*bytes, Some(*capacity)),
            Kind::Pod | Kind::Archive(_) => Ok(()),
        }
    }

    /// The type of that index, which stands before this one.
    fn part(&self, index: u32) -> Result<&Type, String> {
        let found = self.types.get(index as usize);
        found.ok_or_else(|| format!("`{}` uses a type that is not named before it", self.ty.name))
    }

    fn fits(&self, start: u64, bytes: Option<u64>) -> Result<(), String> {
        let end = bytes.and_then(|b| start.checked_add(b));
        let fits = end.is_some_and(|end| end <= self.ty.size);
        fits.then_some(()).ok_or_else(|| format!("a part of `{}` lies outside of it", self.ty.name))
    }

    /// Checks that the fields lie at `end` or after it, one after the other.
    fn fields(&self, mut end: u64, fields: &[Field]) -> Result<(), String> {
        let mut names = HashSet::new();
        for field in fields {
            let size = self.part(field.ty)?.size;
            self.fits(field.offset, Some(size))?;
            if field.offset < end || !names.insert(&field.name) {
                return Err(format!("`{}` has two parts in one place, or of one name", self.ty.name));
            }
            end = field.offset + size;
        }
        Ok(())
    }
}
