//! In what two schemas differ, field by field.

use super::Scalar;
use super::schema::{Choice, Member, Schema, Shape, Type};
use std::collections::HashSet;
use std::fmt::Write;

/// Bytes of all lines together, unless the first one alone is longer.
const MOST: usize = 1 << 16;

/// The two sides of a comparison.
struct Sides<'a> {
    file: &'a Schema,
    program: &'a Schema,
    lines: Vec<String>,
    /// Bytes that the lines may still take; `None` once they would not do, and nothing is said any more.
    room: Option<usize>,
    /// Parts that were compared: what differs inside of a type that is used often is said once.
    compared: HashSet<(u32, u32)>,
}

/// What an enum's discriminant is.
fn discriminant(code: u8) -> String {
    format!("a discriminant of type `{}`", Scalar::from_code(code).map_or("?", Scalar::name))
}

impl Schema {
    /// One line for each difference between this schema (the file's) and the program's, as far as they are bearable: a
    /// file can name one long name in thousands of places.
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
        match (&a.shape, &b.shape) {
            (Shape::Struct(old), Shape::Struct(new)) => self.members(path, old, new),
            (Shape::Enum { repr: x, variants: old }, Shape::Enum { repr: y, variants: new }) => {
                if x != y {
                    self.say(path, discriminant(*x), discriminant(*y));
                }
                self.enums(path, old, new);
            }
            (Shape::Array { item: x, len: m }, Shape::Array { item: y, len: n }) => {
                if m != n {
                    self.say(path, format_args!("length {m}"), format_args!("length {n}"));
                }
                self.items(path, *x, *y);
            }
            (Shape::List { item: x, capacity: m, .. }, Shape::List { item: y, capacity: n, .. }) => {
                if m != n {
                    self.say(path, format_args!("capacity {m}"), format_args!("capacity {n}"));
                }
                self.items(path, *x, *y);
            }
            (Shape::Text { capacity: m, .. }, Shape::Text { capacity: n, .. }) if m != n => {
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
        // Arguments that no field shows.
        let (old, new) = (self.file.type_name(a), self.program.type_name(b));
        if self.lines.len() == known && old != new {
            self.say(path, format_args!("`{old}`"), format_args!("`{new}`"));
        }
        // Whatever else differs shows in the numbers of the whole.
        if self.lines.len() == known && (a.size, a.align) != (b.size, b.align) {
            let numbers = |t: &Type| format!("size {} and alignment {}", t.size, t.align);
            self.say(path, numbers(a), numbers(b));
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

    /// The fields of two structs, or of two variants.
    fn members(&mut self, path: &str, old: &[Member], new: &[Member]) {
        for member in old {
            if self.room.is_none() {
                return;
            }
            let path = format!("{path}.{}", member.name);
            let Some(ty) = self.file.get(member.ty) else { continue };
            match new.iter().find(|m| m.name == member.name) {
                None => {
                    let has = format!("`{}` at offset {}", self.file.type_name(ty), member.offset);
                    self.say(&path, has, "no such field");
                }
                Some(other) => {
                    if member.offset != other.offset {
                        self.say(
                            &path,
                            format_args!("offset {}", member.offset),
                            format_args!("offset {}", other.offset),
                        );
                    }
                    self.parts(&path, member.ty, other.ty);
                }
            }
        }
        for member in new.iter().filter(|m| old.iter().all(|o| o.name != m.name)) {
            if let Some(ty) = self.program.get(member.ty) {
                let has = format!("`{}` at offset {}", self.program.type_name(ty), member.offset);
                self.say(&format!("{path}.{}", member.name), "no such field", has);
            }
        }
    }

    fn enums(&mut self, path: &str, old: &[Choice], new: &[Choice]) {
        let list = |variants: &[Choice]| {
            variants.iter().fold(String::from("variants"), |mut text, variant| {
                let _ = write!(text, " {} = {}", variant.name, variant.value);
                text
            })
        };
        let heads = |variants: &[Choice]| variants.iter().map(|v| (v.name.clone(), v.value)).collect::<Vec<_>>();
        if heads(old) != heads(new) {
            self.say(path, list(old), list(new));
        }
        for variant in old {
            if let Some(other) = new.iter().find(|v| v.name == variant.name) {
                self.members(&format!("{path}.{}", variant.name), &variant.members, &other.members);
            }
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::layout::schema::Member;
    use crate::layout::{Argument, Field, Kind, Layout, SharedLayout, Variant};

    const fn board(name: &'static str, version: u32, size: usize, fields: &'static [Field]) -> Layout {
        Layout { name, size, align: 8, version, arguments: &[], docs: "", kind: Kind::Struct(fields) }
    }

    fn differences(a: &Layout, b: &Layout) -> Vec<String> {
        Schema::of(a).differences(&Schema::of(b))
    }

    #[test]
    fn each_difference_is_named() {
        const OLD: Layout = board(
            "Board",
            1,
            40,
            &[
                Field { name: "ticks", offset: 0, docs: "", layout: u64::LAYOUT },
                Field { name: "gone", offset: 8, docs: "", layout: u64::LAYOUT },
                Field { name: "table", offset: 16, docs: "", layout: <[u64; 3]>::LAYOUT },
            ],
        );
        const NEW: Layout = board(
            "Board",
            2,
            48,
            &[
                Field { name: "ticks", offset: 0, docs: "", layout: i64::LAYOUT },
                Field { name: "table", offset: 8, docs: "", layout: <[u64; 4]>::LAYOUT },
                Field { name: "extra", offset: 40, docs: "", layout: f64::LAYOUT },
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
            Layout { name: "Event", size: 24, align: 8, version: 0, arguments: &[], docs: "", kind }
        }
        const IDLE: Variant = Variant { name: "Idle", value: 0, docs: "", fields: &[] };
        const X: Field = Field { name: "x", offset: 8, docs: "Old words.", layout: f64::LAYOUT };
        const OLD: Layout = event(&[
            IDLE,
            Variant { name: "Move", value: 1, docs: "", fields: &[X, Field { name: "y", offset: 16, ..X }] },
        ]);
        const NEW: Layout = event(&[
            IDLE,
            Variant { name: "Move", value: 1, docs: "New words.", fields: &[Field { layout: i64::LAYOUT, ..X }] },
            Variant { name: "Stop", value: 2, docs: "", fields: &[] },
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

    /// A long name that many fields name is written out once in the file, and must not be in each line.
    #[test]
    fn a_file_does_not_make_a_message_of_gigabytes() {
        let ty = |name: &str, shape| {
            let arguments = vec![];
            Type { name: name.into(), size: 0, align: 1, version: 0, arguments, shape }
        };
        let members = (0..8000).map(|i| Member { name: format!("f{i}"), offset: 0, ty: 0 }).collect();
        for len in [1, 1000, 300_000] {
            let members: Vec<Member> = Vec::clone(&members);
            let types = vec![ty(&"x".repeat(len), Shape::Pod), ty("Board", Shape::Struct(members))];
            let differences = Schema { types, docs: vec![] }.differences(&Schema::of(&board("Board", 0, 0, &[])));
            assert!(differences.len() > 1 && differences.iter().map(String::len).sum::<usize>() < MOST + len + 100);
            assert_eq!(differences.last().unwrap(), "and more");
        }
    }

    #[test]
    fn whatever_the_fingerprint_sees_is_named() {
        const fn of(kind: Kind, size: usize) -> Layout {
            Layout { name: "T", size, align: 8, version: 0, arguments: &[], docs: "", kind }
        }
        const fn variant(name: &'static str, value: u64, fields: &'static [Field]) -> Variant {
            Variant { name, value, docs: "", fields }
        }
        const ON: &[Variant] = &[variant("Off", 0, &[]), variant("On", 1, &[])];
        const OFF: &[Variant] = &[variant("Off", 0, &[])];
        const LEVEL: Field = Field { name: "level", offset: 1, docs: "", layout: u8::LAYOUT };
        const LEVELS: &[Variant] = &[variant("Off", 0, &[]), variant("On", 1, &[LEVEL])];
        const SIGNED: &[Variant] =
            &[variant("Off", 0, &[]), variant("On", 1, &[Field { layout: i8::LAYOUT, ..LEVEL }])];
        const GIVEN: [Layout; 4] = [
            Layout { arguments: &[Argument::Const(1)], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Const(2)], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Opaque], ..of(Kind::Pod, 8) },
            Layout { arguments: &[Argument::Type(u8::LAYOUT)], ..of(Kind::Pod, 8) },
        ];
        let kinds = [
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
        ];
        for (i, a) in kinds.iter().enumerate() {
            for (j, b) in kinds.iter().enumerate() {
                assert_eq!(differences(a, b).is_empty(), i == j, "{a:?} {b:?}");
            }
        }
    }
}
