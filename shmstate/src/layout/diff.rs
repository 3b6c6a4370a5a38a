//! The differences of two schemas, field by field.

use super::describe::{ArchiveForm, Scalar};
use super::schema::{Argument, Field, Kind, Schema, Type, Variant};
use std::collections::HashSet;
use std::fmt::Write;

/// The most bytes of all lines together, unless the first line alone is longer.
const MOST: usize = 1 << 16;

/// The two sides of a comparison.
struct Sides<'a> {
    file: &'a Schema,
    program: &'a Schema,
    lines: Vec<String>,
    /// Bytes that are left for lines; `None` after a line that did not fit, from which on no line is added.
    room: Option<usize>,
    /// Pairs of types that were compared: a difference inside of a type that is used often is reported once.
    compared: HashSet<(u32, u32)>,
}

/// The discriminant of an enum, as a message names it.
fn discriminant(repr: Scalar) -> String {
    format!("a discriminant of type `{}`", repr.name())
}

/// A build of the crate `rkyv`, by the features that make the difference.
fn build(form: ArchiveForm) -> String {
    let ArchiveForm { big_endian, pointer_width, unaligned } = form;
    let width = match pointer_width {
        16 => Some("pointer_width_16"),
        64 => Some("pointer_width_64"),
        _ => None,
    };
    let features = [big_endian.then_some("big_endian"), width, unaligned.then_some("unaligned")];
    let names: Vec<String> = features.into_iter().flatten().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "archives of rkyv without its format features".into(),
        [one] => format!("archives of rkyv with its feature {one}"),
        more => format!("archives of rkyv with its features {}", more.join(", ")),
    }
}

impl Schema {
    /// One line for each difference between this schema (the file's) and the program's, up to about [`MOST`] bytes: a file
    /// can use one long name in thousands of places.
    pub(crate) fn differences(&self, program: &Schema) -> Vec<String> {
        let mut sides = Sides { file: self, program, lines: Vec::new(), room: Some(MOST), compared: HashSet::new() };
        if let (Some(a), Some(b)) = (self.root(), program.root()) {
            sides.types(&b.name.clone(), a, b);
        }
        sides.lines
    }
}

impl Sides<'_> {
    fn say(&mut self, path: &str, file: impl std::fmt::Display, program: impl std::fmt::Display) {
        let Some(room) = self.room else { return };
        let line = format!("{path}: the file has {file}, the program has {program}");
        self.room = room.checked_sub(line.len());
        if self.room.is_some() || self.lines.is_empty() {
            self.lines.push(line);
        }
        if self.room.is_none() {
            self.lines.push("and more".into());
        }
    }

    fn types(&mut self, path: &str, a: &Type, b: &Type) {
        let known = self.lines.len();
        if a.name != b.name {
            self.say(
                path,
                format_args!("`{}`", self.file.type_name(a)),
                format_args!("`{}`", self.program.type_name(b)),
            );
        }
        if a.version != b.version {
            self.say(path, format_args!("version {}", a.version), format_args!("version {}", b.version));
        }
        match (&a.kind, &b.kind) {
            (Kind::Struct(old), Kind::Struct(new)) => self.fields(path, old, new),
            (Kind::Enum { repr: x, variants: old }, Kind::Enum { repr: y, variants: new }) => {
                if x != y {
                    self.say(path, discriminant(*x), discriminant(*y));
                }
                self.enums(path, old, new);
            }
            (Kind::Array { item: x, len: m }, Kind::Array { item: y, len: n }) => {
                if m != n {
                    self.say(path, format_args!("length {m}"), format_args!("length {n}"));
                }
                self.items(path, *x, *y);
            }
            (Kind::List { item: x, capacity: m, .. }, Kind::List { item: y, capacity: n, .. }) => {
                if m != n {
                    self.say(path, format_args!("capacity {m}"), format_args!("capacity {n}"));
                }
                self.items(path, *x, *y);
            }
            (Kind::Text { capacity: m, .. }, Kind::Text { capacity: n, .. }) if m != n => {
                self.say(path, format_args!("capacity {m}"), format_args!("capacity {n}"));
            }
            (x, y) if x != y && self.lines.len() == known => {
                self.say(
                    path,
                    format_args!("`{}`", self.file.type_name(a)),
                    format_args!("`{}`", self.program.type_name(b)),
                );
            }
            _ => {}
        }
        for (x, y) in a.arguments.iter().zip(&b.arguments) {
            if let (Argument::Type(x), Argument::Type(y)) = (x, y) {
                self.archives(path, *x, *y);
            }
        }
        // Arguments that show in no field.
        let (old, new) = (self.file.type_name(a), self.program.type_name(b));
        if self.lines.len() == known && old != new {
            self.say(path, format_args!("`{old}`"), format_args!("`{new}`"));
        }
        // Any other difference shows in the size or the alignment of the whole.
        if self.lines.len() == known && (a.size, a.align) != (b.size, b.align) {
            let numbers = |t: &Type| format!("size {} and alignment {}", t.size, t.align);
            self.say(path, numbers(a), numbers(b));
        }
    }

    /// Compares what is archived, if both arguments are archives: no field shows it.
    fn archives(&mut self, path: &str, x: u32, y: u32) {
        let (Some(a), Some(b)) = (self.file.get(x), self.program.get(y)) else { return };
        let (Kind::Archive(old), Kind::Archive(new)) = (&a.kind, &b.kind) else { return };
        if old != new {
            let advice = "; a dependency that turns such a feature on does so for the whole program: build both alike";
            self.say(path, build(*old), format_args!("{}{advice}", build(*new)));
        } else if a != b {
            let root = |t: &Type| format!("an archive of `{}` (size {}, alignment {})", t.name, t.size, t.align);
            self.say(path, root(a), root(b));
        }
    }

    fn items(&mut self, path: &str, x: u32, y: u32) {
        self.parts(&format!("{path}[..]"), x, y);
    }

    /// Compares type `x` of the file with type `y` of the program, once.
    fn parts(&mut self, path: &str, x: u32, y: u32) {
        if let (Some(a), Some(b), true) = (self.file.get(x), self.program.get(y), self.compared.insert((x, y))) {
            self.types(path, a, b);
        }
    }

    /// Compares the fields of two structs, or of two variants.
    fn fields(&mut self, path: &str, old: &[Field], new: &[Field]) {
        for field in old {
            if self.room.is_none() {
                return;
            }
            let path = format!("{path}.{}", field.name);
            let Some(ty) = self.file.get(field.ty) else { continue };
            match new.iter().find(|m| m.name == field.name) {
                None => {
                    let has = format!("`{}` at offset {}", self.file.type_name(ty), field.offset);
                    self.say(&path, has, "no such field");
                }
                Some(other) => {
                    if field.offset != other.offset {
                        self.say(
                            &path,
                            format_args!("offset {}", field.offset),
                            format_args!("offset {}", other.offset),
                        );
                    }
                    self.parts(&path, field.ty, other.ty);
                }
            }
        }
        for field in new.iter().filter(|m| old.iter().all(|o| o.name != m.name)) {
            if let Some(ty) = self.program.get(field.ty) {
                let has = format!("`{}` at offset {}", self.program.type_name(ty), field.offset);
                self.say(&format!("{path}.{}", field.name), "no such field", has);
            }
        }
    }

    fn enums(&mut self, path: &str, old: &[Variant], new: &[Variant]) {
        let list = |variants: &[Variant]| {
            variants.iter().fold(String::from("variants"), |mut text, variant| {
                let _ = write!(text, " {} = {}", variant.name, variant.value);
                text
            })
        };
        let heads = |variants: &[Variant]| variants.iter().map(|v| (v.name.clone(), v.value)).collect::<Vec<_>>();
        if heads(old) != heads(new) {
            self.say(path, list(old), list(new));
        }
        for variant in old {
            if let Some(other) = new.iter().find(|v| v.name == variant.name) {
                self.fields(&format!("{path}.{}", variant.name), &variant.fields, &other.fields);
            }
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::layout::schema;
    use crate::layout::{Argument, Field, Hooks, Kind, Layout, SharedLayout, TypeName, Variant};

    const fn board(name: &'static str, version: u32, size: usize, fields: &'static [Field]) -> Layout {
        Layout {
            name,
            size,
            align: 8,
            version,
            arguments: &[],
            docs: "",
            hooks: Hooks::NONE,
            kind: Kind::Struct(fields),
        }
    }

    fn differences(a: &'static Layout, b: &'static Layout) -> Vec<String> {
        Schema::of(a).differences(&Schema::of(b))
    }

    #[test]
    fn each_difference_is_named() {
        const OLD: Layout = board(
            "Board",
            1,
            40,
            &[
                Field { name: "ticks", offset: 0, docs: "", renamed_from: &[], local: false, layout: u64::LAYOUT },
                Field { name: "gone", offset: 8, docs: "", renamed_from: &[], local: false, layout: u64::LAYOUT },
                Field {
                    name: "table",
                    offset: 16,
                    docs: "",
                    renamed_from: &[],
                    local: false,
                    layout: <[u64; 3]>::LAYOUT,
                },
            ],
        );
        const NEW: Layout = board(
            "Board",
            2,
            48,
            &[
                Field { name: "ticks", offset: 0, docs: "", renamed_from: &[], local: false, layout: i64::LAYOUT },
                Field {
                    name: "table",
                    offset: 8,
                    docs: "",
                    renamed_from: &[],
                    local: false,
                    layout: <[u64; 4]>::LAYOUT,
                },
                Field { name: "extra", offset: 40, docs: "", renamed_from: &[], local: false, layout: f64::LAYOUT },
            ],
        );
        assert_eq!(
            differences(&OLD, &NEW),
            [
                "Board: the file has version 1, the program has version 2",
                "Board.ticks: the file has `u64`, the program has `i64`",
                "Board.gone: the file has `u64` at offset 8, the program has no such field",
                "Board.table: the file has offset 16, the program has offset 8",
                "Board.table: the file has length 3, the program has length 4",
                "Board.extra: the file has no such field, the program has `f64` at offset 40",
            ]
        );
        assert!(differences(&OLD, &OLD).is_empty());
    }

    #[test]
    fn differences_of_payloads_are_named() {
        const fn event(variants: &'static [Variant]) -> Layout {
            let kind = Kind::Enum { repr: Scalar::U64, variants };
            Layout { name: "Event", size: 24, align: 8, version: 0, arguments: &[], docs: "", hooks: Hooks::NONE, kind }
        }
        const IDLE: Variant = Variant { name: "Idle", value: 0, docs: "", renamed_from: &[], fields: &[] };
        const X: Field =
            Field { name: "x", offset: 8, docs: "Old words.", renamed_from: &[], local: false, layout: f64::LAYOUT };
        const OLD: Layout = event(&[
            IDLE,
            Variant {
                name: "Move",
                value: 1,
                docs: "",
                renamed_from: &[],
                fields: &[X, Field { name: "y", offset: 16, ..X }],
            },
        ]);
        const NEW: Layout = event(&[
            IDLE,
            Variant {
                name: "Move",
                value: 1,
                docs: "New words.",
                renamed_from: &[],
                fields: &[Field { layout: i64::LAYOUT, ..X }],
            },
            Variant { name: "Stop", value: 2, docs: "", renamed_from: &[], fields: &[] },
        ]);
        assert_eq!(
            differences(&OLD, &NEW),
            [
                "Event: the file has variants Idle = 0 Move = 1, the program has variants Idle = 0 Move = 1 Stop = 2",
                "Event.Move.x: the file has `f64`, the program has `i64`",
                "Event.Move.y: the file has `f64` at offset 16, the program has no such field",
            ]
        );
    }

    /// The file has a long name once, however many fields use it. The name must not be in each line.
    #[test]
    fn a_file_does_not_make_a_message_of_gigabytes() {
        let ty = |name: &str, kind| {
            let arguments = vec![];
            schema::Type { name: name.into(), size: 0, align: 1, version: 0, arguments, kind }
        };
        let members = (0..8000).map(|i| schema::Field { name: format!("f{i}"), offset: 0, ty: 0 }).collect();
        const BOARD: &Layout = &board("Board", 0, 0, &[]);
        for len in [1, 1000, 300_000] {
            let members: Vec<schema::Field> = Vec::clone(&members);
            let types = vec![ty(&"x".repeat(len), schema::Kind::Pod), ty("Board", schema::Kind::Struct(members))];
            let differences = Schema { types, docs: vec![] }.differences(&Schema::of(BOARD));
            assert!(differences.len() > 1 && differences.iter().map(String::len).sum::<usize>() < MOST + len + 100);
            assert_eq!(differences.last().unwrap(), "and more");
        }
    }

    /// What a program reports if its `rkyv` was built differently, or if it archives something else.
    #[test]
    fn differences_of_archives_are_named() {
        const fn kept(root: &'static [Argument]) -> Layout {
            Layout { arguments: root, ..board("Archived", 0, 16, &[]) }
        }
        const fn root<A>(form: ArchiveForm) -> Layout {
            Layout::of::<u64>("root", Kind::Archive { of: TypeName::of::<A>(), form })
        }
        const PLAIN: ArchiveForm = ArchiveForm { big_endian: false, pointer_width: 32, unaligned: false };
        const ALL: ArchiveForm = ArchiveForm { big_endian: true, pointer_width: 64, unaligned: true };
        const WIDE: ArchiveForm = ArchiveForm { pointer_width: 64, ..PLAIN };
        const WIDER: Layout = kept(&[Argument::Type(&root::<String>(WIDE))]);
        const OTHER: Layout = kept(&[Argument::Type(&root::<u64>(ALL))]);
        const NESTED: Layout = kept(&[Argument::Type(&root::<Vec<Option<String>>>(PLAIN))]);
        const TEXT: Layout = kept(&[Argument::Type(&root::<String>(PLAIN))]);
        assert_eq!(
            differences(&TEXT, &WIDER),
            [
                "Archived: the file has archives of rkyv without its format features, the program has archives of rkyv with its \
              feature `pointer_width_64`; a dependency that turns such a feature on does so for the whole program: build \
              both alike"
            ]
        );
        let lines = differences(&OTHER, &TEXT);
        let all = "the file has archives of rkyv with its features `big_endian`, `pointer_width_64`, `unaligned`, the program";
        assert!(lines.len() == 1 && lines[0].contains(all), "{lines:?}");
        assert_eq!(
            differences(&TEXT, &NESTED),
            ["Archived: the file has an archive of `String` (size 8, alignment 8), the program has an archive of \
              `Vec<Option<String>>` (size 8, alignment 8)"]
        );
    }

    #[test]
    fn whatever_the_identity_covers_is_named() {
        const fn archive(big_endian: bool, pointer_width: u8, unaligned: bool) -> Layout {
            let form = ArchiveForm { big_endian, pointer_width, unaligned };
            of(Kind::Archive { of: TypeName::of::<u64>(), form }, 8)
        }
        const fn of(kind: Kind, size: usize) -> Layout {
            Layout { name: "T", size, align: 8, version: 0, arguments: &[], docs: "", hooks: Hooks::NONE, kind }
        }
        const fn variant(name: &'static str, value: u64, fields: &'static [Field]) -> Variant {
            Variant { name, value, docs: "", renamed_from: &[], fields }
        }
        const ON: &[Variant] = &[variant("Off", 0, &[]), variant("On", 1, &[])];
        const OFF: &[Variant] = &[variant("Off", 0, &[])];
        const LEVEL: Field =
            Field { name: "level", offset: 1, docs: "", renamed_from: &[], local: false, layout: u8::LAYOUT };
        const LEVELS: &[Variant] = &[variant("Off", 0, &[]), variant("On", 1, &[LEVEL])];
        const SIGNED: &[Variant] =
            &[variant("Off", 0, &[]), variant("On", 1, &[Field { layout: i8::LAYOUT, ..LEVEL }])];
        const GIVEN: [Layout; 4] = [
            Layout { arguments: &[Argument::Const(1)], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Const(2)], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Opaque], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Type(u8::LAYOUT)], ..of(Kind::Pod, 8) },
        ];
        const KINDS: &[Layout] = &[
            of(Kind::Pod, 8),
            of(Kind::Pod, 16),
            of(Kind::Scalar(Scalar::U64), 8),
            of(Kind::Array { item: u64::LAYOUT, len: 2 }, 16),
            of(Kind::Array { item: i64::LAYOUT, len: 2 }, 16),
            of(Kind::List { item: u64::LAYOUT, capacity: 2, items: 64 }, 80),
            of(Kind::List { item: u64::LAYOUT, capacity: 3, items: 64 }, 88),
            of(Kind::Text { capacity: 8, bytes: 8 }, 16),
            of(Kind::Text { capacity: 7, bytes: 8 }, 16),
            of(Kind::Enum { repr: Scalar::U8, variants: ON }, 8),
            of(Kind::Enum { repr: Scalar::U8, variants: OFF }, 8),
            of(Kind::Enum { repr: Scalar::U16, variants: ON }, 8),
            of(Kind::Enum { repr: Scalar::U8, variants: LEVELS }, 8),
            of(Kind::Enum { repr: Scalar::U8, variants: SIGNED }, 8),
            of(Kind::Struct(&[]), 8),
            GIVEN[0],
            GIVEN[1],
            GIVEN[2],
            GIVEN[3],
            archive(false, 32, false),
            archive(true, 32, false),
            archive(false, 64, false),
            archive(false, 32, true),
        ];
        for (i, a) in KINDS.iter().enumerate() {
            for (j, b) in KINDS.iter().enumerate() {
                assert_eq!(differences(a, b).is_empty(), i == j, "{a:?} {b:?}");
            }
        }
    }
}
