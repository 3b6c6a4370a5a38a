//! What a program says of its types besides their layout: the names that parts had in earlier layouts, and code that a
//! migration needs.
//!
//! The program has this, and no region does: whether two layouts are the same does not depend on it.

use super::Schema;
use super::describe::{Kind, Layout};
use super::hooks::Hooks;
use std::collections::HashMap;

/// What a program says of all types of its schema; empty for a schema that is not a program's.
#[derive(Default)]
pub(crate) struct Origins {
    /// By the index of the type.
    hooks: HashMap<usize, Hooks>,
    /// Earlier names of a part, by the index of the type, the variant (`""` for a field of a struct) and the field (`""` for
    /// the variant itself).
    renamed: HashMap<(usize, String, String), Vec<String>>,
}

impl Schema {
    /// The schema of a type, and what the program says of its parts.
    pub(crate) fn with_origins(layout: &'static Layout) -> (Schema, Origins) {
        let (schema, layouts) = Schema::with_layouts(layout);
        let mut origins = Origins::default();
        for (layout, index) in layouts {
            origins.add(layout, index as usize);
        }
        (schema, origins)
    }
}

impl Origins {
    fn add(&mut self, layout: &Layout, index: usize) {
        if layout.hooks.initialize.is_some() || layout.hooks.rebuild.is_some() {
            self.hooks.insert(index, layout.hooks);
        }
        let mut note = |variant: &str, field: &str, names: &[&str]| {
            if !names.is_empty() {
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                self.renamed.insert((index, variant.to_owned(), field.to_owned()), names);
            }
        };
        match layout.kind {
            Kind::Struct(fields) => fields.iter().for_each(|field| note("", field.name, field.renamed_from)),
            Kind::Enum { variants, .. } => {
                for variant in variants {
                    note(variant.name, "", variant.renamed_from);
                    variant.fields.iter().for_each(|field| note(variant.name, field.name, field.renamed_from));
                }
            }
            _ => {}
        }
    }

    /// Notes one more earlier name of a part: see the field `renamed`.
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "migrations without the program are a feature"))]
    pub(crate) fn rename(&mut self, index: usize, variant: &str, field: &str, earlier: &str) {
        let names = self.renamed.entry((index, variant.to_owned(), field.to_owned())).or_default();
        names.push(earlier.to_owned());
    }

    /// The code of the type of that index.
    pub(crate) fn hooks(&self, index: usize) -> Hooks {
        self.hooks.get(&index).copied().unwrap_or(Hooks::NONE)
    }

    /// The earlier names of a part: see the field `renamed`.
    pub(super) fn renamed(&self, index: usize, variant: &str, field: &str) -> &[String] {
        self.renamed.get(&(index, variant.to_owned(), field.to_owned())).map_or(&[], Vec::as_slice)
    }
}
