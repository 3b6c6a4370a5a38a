//! What a plan does not carry over, by path.

use super::plan::{FieldsStep, Part, Plan, Step, VariantStep};

/// The most losses that are listed; a schema can use one type in more places than there is memory for paths.
const MOST: usize = 100;

/// Which losses are accepted: paths of the old state, each with all that is inside of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed<'a> {
    Paths(&'a [String]),
    All,
}

impl Allowed<'_> {
    pub(crate) fn covers(self, path: &str) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Paths(paths) => paths.iter().any(|outer| {
                let rest = path.strip_prefix(outer.as_str());
                rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
            }),
        }
    }
}

/// The path of a field.
pub(crate) fn inside(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The path of all items or values of a container.
pub(crate) fn item(path: &str) -> String {
    format!("{path}[..]")
}

/// The path of all keys of a map.
pub(crate) fn keys(path: &str) -> String {
    format!("{path}[key]")
}

impl Plan {
    /// What is lost whatever the values are, and is not accepted: paths in the old state, at most about [`MOST`] of them.
    pub(crate) fn losses(&self, allowed: Allowed<'_>) -> Vec<String> {
        let mut losses = Vec::new();
        self.find(self.root, String::new(), allowed, &mut losses);
        losses
    }

    fn find(&self, part: Part, path: String, allowed: Allowed<'_>, losses: &mut Vec<String>) {
        let pair = self.get(part.step);
        if !pair.lossy || losses.len() >= MOST || allowed.covers(&path) {
            return;
        }
        match &pair.step {
            Step::Same(_) | Step::Number { .. } | Step::Bytes | Step::Archive => {}
            Step::Lost => losses.push(path),
            Step::Struct(fields) => self.find_in(fields, &path, allowed, losses),
            Step::Enum { variants, .. } => {
                for step in variants.values() {
                    if let VariantStep::Kept { from, fields, .. } = step {
                        self.find_in(fields, &inside(&path, from), allowed, losses);
                    }
                }
            }
            Step::Maybe(part) | Step::Some(part) => self.find(*part, path, allowed, losses),
            Step::Sequence(part) | Step::Slab(part) | Step::Set(part) => {
                self.find(*part, item(&path), allowed, losses);
            }
            Step::Map { key, value } => {
                self.find(*key, keys(&path), allowed, losses);
                self.find(*value, item(&path), allowed, losses);
            }
        }
    }

    fn find_in(&self, fields: &FieldsStep, path: &str, allowed: Allowed<'_>, losses: &mut Vec<String>) {
        for member in &fields.removed {
            let path = inside(path, &member.path);
            if losses.len() < MOST && !allowed.covers(&path) {
                losses.push(path);
            }
        }
        for m in &fields.moves {
            self.find(m.part, inside(path, &m.from), allowed, losses);
        }
    }
}
