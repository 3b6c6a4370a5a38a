//! In what two schemas differ, field by field.

use super::schema::{Schema, Shape, Type};
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
            (Shape::Struct(_), Shape::Struct(_)) => self.structs(path, a, b),
            (Shape::Enum { .. }, Shape::Enum { .. }) => self.enums(path, a, b),
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

    fn structs(&mut self, path: &str, a: &Type, b: &Type) {
        let (Shape::Struct(old), Shape::Struct(new)) = (&a.shape, &b.shape) else { return };
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

    fn enums(&mut self, path: &str, a: &Type, b: &Type) {
        let (Shape::Enum { variants: old, .. }, Shape::Enum { variants: new, .. }) = (&a.shape, &b.shape) else {
            return;
        };
        let list = |variants: &[(String, u32)]| {
            variants.iter().fold(String::from("variants"), |mut text, (name, value)| {
                let _ = write!(text, " {name} = {value}");
                text
            })
        };
        if old != new {
            self.say(path, list(old), list(new));
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::layout::schema::Member;
    use crate::layout::{Field, Kind, Layout, Scalar, SharedLayout, Variant};

    const fn board(name: &'static str, version: u32, size: usize, fields: &'static [Field]) -> Layout {
        Layout { name, size, align: 8, version, kind: Kind::Struct(fields) }
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
                Field { name: "ticks", offset: 0, layout: u64::LAYOUT },
                Field { name: "gone", offset: 8, layout: u64::LAYOUT },
                Field { name: "table", offset: 16, layout: <[u64; 3]>::LAYOUT },
            ],
        );
        const NEW: Layout = board(
            "Board",
            2,
            48,
            &[
                Field { name: "ticks", offset: 0, layout: i64::LAYOUT },
                Field { name: "table", offset: 8, layout: <[u64; 4]>::LAYOUT },
                Field { name: "extra", offset: 40, layout: f64::LAYOUT },
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

    /// A long name that many fields name is written out once in the file, and must not be in each line.
    #[test]
    fn a_file_does_not_make_a_message_of_gigabytes() {
        let ty = |name: &str, shape| Type { name: name.into(), size: 0, align: 1, version: 0, shape };
        let members = (0..8000).map(|i| Member { name: format!("f{i}"), offset: 0, ty: 0 }).collect();
        for len in [1, 1000, 300_000] {
            let members: Vec<Member> = Vec::clone(&members);
            let types = vec![ty(&"x".repeat(len), Shape::Pod), ty("Board", Shape::Struct(members))];
            let differences = Schema { types }.differences(&Schema::of(&board("Board", 0, 0, &[])));
            assert!(differences.len() > 1 && differences.iter().map(String::len).sum::<usize>() < MOST + len + 100);
            assert_eq!(differences.last().unwrap(), "and more");
        }
    }

    #[test]
    fn whatever_the_fingerprint_sees_is_named() {
        const fn of(kind: Kind, size: usize) -> Layout {
            Layout { name: "T", size, align: 8, version: 0, kind }
        }
        const ON: &[Variant] = &[Variant { name: "Off", value: 0 }, Variant { name: "On", value: 1 }];
        const OFF: &[Variant] = &[Variant { name: "Off", value: 0 }];
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
            of(Kind::Struct(&[]), 8),
        ];
        for (i, a) in kinds.iter().enumerate() {
            for (j, b) in kinds.iter().enumerate() {
                assert_eq!(differences(a, b).is_empty(), i == j, "{a:?} {b:?}");
            }
        }
    }
}
