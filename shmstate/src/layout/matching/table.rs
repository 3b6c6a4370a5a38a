//! The differences of two layouts as a table: the field, what the file has, what the program has, and what a migration makes of it.

use super::losses::{Allowed, inside, item, keys};
use super::names::name;
use super::plan::{FieldsStep, Member, Part, Plan, Step, VariantStep};
use crate::layout::origins::Origins;
use crate::layout::schema::Schema;
use crate::layout::shapes::Shapes;
use std::collections::HashSet;
use std::fmt::Write;

/// The most bytes of all rows together: a file can use one long name in thousands of places.
const MOST: usize = 1 << 16;

/// Columns are filled up with blanks to at most this many characters.
const WIDEST: usize = 40;

/// What becomes of an archive that looks the same.
const ARCHIVE: &str = "lost: archived otherwise";

/// What stands for nothing.
const NOTHING: &str = "-";

/// The differences of two layouts.
pub(crate) struct Table {
    /// The path, what the file has, what the program has, and what becomes of it.
    rows: Vec<[String; 4]>,
    /// Differences that the names of the types do not show.
    details: Vec<String>,
    /// What is lost.
    pub(crate) losses: Vec<String>,
}

impl Schema {
    /// How this layout, a file's, differs from the program's. `None` if one of them cannot be used at all.
    pub(crate) fn compare(&self, program: &Schema, origins: &Origins) -> Option<Table> {
        let (old, new) = (Shapes::new(self).ok()?, Shapes::new(program).ok()?);
        Some(Plan::new(&old, &new, origins).table(&old, &new))
    }
}

impl Plan {
    /// The plan as a table.
    pub(crate) fn table(&self, old: &Shapes, new: &Shapes) -> Table {
        let mut rows = Rows { plan: self, old, new, rows: Vec::new(), room: Some(MOST), seen: HashSet::new() };
        rows.walk(self.root, String::new());
        // No field shows what is archived, nor what makes no difference to a value: names, versions, offsets.
        let details = if rows.rows.is_empty() {
            rows.row("", name(old, old.root()), name(new, new.root()), "kept: every part is what it was");
            old.schema.differences(&new.schema)
        } else if rows.rows.iter().any(|[.., verdict]| verdict == ARCHIVE) {
            old.schema.differences(&new.schema).into_iter().filter(|line| line.contains("archive")).collect()
        } else {
            Vec::new()
        };
        Table { rows: rows.rows, details, losses: self.losses(Allowed::Paths(&[])) }
    }
}

/// The rows so far, and what they are made from.
struct Rows<'a> {
    plan: &'a Plan,
    old: &'a Shapes,
    new: &'a Shapes,
    rows: Vec<[String; 4]>,
    /// Bytes that are left for rows; `None` after a row that did not fit.
    room: Option<usize>,
    /// Steps that have their rows: a difference inside of a type that is used often is reported once.
    seen: HashSet<usize>,
}

impl Rows<'_> {
    fn row(&mut self, path: &str, file: impl Into<String>, program: impl Into<String>, verdict: &str) {
        let Some(room) = self.room else { return };
        let path = if path.is_empty() { "(the state)" } else { path };
        let row = [path.to_owned(), file.into(), program.into(), verdict.to_owned()];
        self.room = room.checked_sub(row.iter().map(String::len).sum());
        if self.room.is_some() || self.rows.is_empty() {
            self.rows.push(row);
        }
        if self.room.is_none() {
            self.rows.push(["and more".into(), String::new(), String::new(), String::new()]);
        }
    }

    fn walk(&mut self, part: Part, path: String) {
        if self.room.is_none() || !self.seen.insert(part.step) {
            return;
        }
        let pair = self.plan.get(part.step);
        let (file, program) = (name(self.old, pair.old), name(self.new, pair.new));
        let versions = [&self.old.schema.types[pair.old], &self.new.schema.types[pair.new]].map(|ty| ty.version);
        if versions[0] != versions[1] {
            let [old, new] = versions.map(|version| format!("version {version}"));
            self.row(&path, old, new, "kept: look whether its values mean the same");
        }
        match &pair.step {
            Step::Same(_) => {}
            Step::Number { .. } if file == program => {}
            Step::Number { .. } => self.row(&path, file, program, "kept: widened"),
            Step::Struct(fields) => self.fields(fields, &path),
            Step::Enum { variants, added, .. } => {
                let mut steps: Vec<_> = variants.iter().collect();
                steps.sort_by_key(|(value, _)| **value);
                for (_, step) in steps {
                    match step {
                        VariantStep::Removed(name) => {
                            self.row(
                                &inside(&path, name),
                                "a variant",
                                NOTHING,
                                "kept unless a value is of this variant",
                            );
                        }
                        VariantStep::Kept { from, to, fields, .. } => {
                            let path = inside(&path, from);
                            if from != to {
                                self.row(&path, "a variant", format!("`{to}`"), "kept: renamed");
                            }
                            self.fields(fields, &path);
                        }
                    }
                }
                for name in added {
                    self.row(&inside(&path, name), NOTHING, "a variant", "new");
                }
            }
            Step::Sequence(part) | Step::Slab(part) | Step::Set(part) => {
                self.container(&path, pair.old, pair.new);
                self.walk(*part, item(&path));
            }
            Step::Map { key, value } => {
                self.container(&path, pair.old, pair.new);
                self.walk(*key, keys(&path));
                self.walk(*value, item(&path));
            }
            Step::Bytes | Step::Archive => self.container(&path, pair.old, pair.new),
            Step::Maybe(part) => self.walk(*part, path),
            Step::Some(part) => {
                self.row(&path, file, program, "kept: in a `Maybe`");
                self.walk(*part, path);
            }
            Step::Lost if file == program => {
                self.row(&path, file, program, ARCHIVE);
            }
            Step::Lost => self.row(&path, file, program, "lost: another type"),
        }
    }

    fn container(&mut self, path: &str, old: usize, new: usize) {
        let (from, to) = (self.old.get(old).capacity(), self.new.get(new).capacity());
        let (file, program) = (name(self.old, old), name(self.new, new));
        let kind = |name: &str| name.split(['<', ';']).next().unwrap_or_default().to_owned();
        if from > to {
            self.row(path, file, program, "kept if it fits");
        } else if from < to {
            self.row(path, file, program, "kept: has more room");
        } else if kind(&file) != kind(&program) {
            self.row(path, file, program, "kept");
        }
    }

    fn fields(&mut self, fields: &FieldsStep, path: &str) {
        for m in &fields.moves {
            let from = inside(path, &m.from);
            if m.from != m.to {
                let verdict = if m.from.contains('.') || m.to.contains('.') { "kept: moved" } else { "kept: renamed" };
                let ty = name(self.old, self.plan.get(m.part.step).old);
                self.row(&from, ty, format!("`{}`", inside(path, &m.to)), verdict);
            }
            self.walk(m.part, from);
        }
        let path_of = |member: &Member| inside(path, &member.path);
        for member in &fields.removed {
            self.row(&path_of(member), name(self.old, member.ty), NOTHING, "lost: no such field");
        }
        for member in &fields.added {
            self.row(&path_of(member), NOTHING, name(self.new, member.ty), "new: as in a new state");
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head = ["field", "the file has", "the program has", "a migration"].map(str::to_owned);
        let rows: Vec<&[String; 4]> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count()).filter(|width| *width <= WIDEST);
            widths.max().unwrap_or(0)
        };
        let widths: [usize; 3] = std::array::from_fn(width);
        for (i, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths.into_iter().chain([0])) {
                let _ = write!(line, "{cell:width$}  ");
            }
            let line = line.trim_end();
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "  {line}")?;
        }
        self.details.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
