//! What an archive keeps, what a fingerprint covers, and which schemas are refused.

use super::*;
use crate::layout::{Scalar, SharedLayout};
use proptest::prelude::*;

const PAIR: &Layout = &Layout {
    name: "Pair",
    size: 48,
    align: 8,
    version: 3,
    arguments: &[Argument::Type(<[u64; 5]>::LAYOUT), Argument::Const(7), Argument::Opaque],
    docs: "Two of them.",
    kind: Kind::Struct(&[
        Field { name: "left", offset: 0, docs: "The\n\tleft one.", layout: u64::LAYOUT },
        Field { name: "right", offset: 8, docs: "", layout: <[u64; 5]>::LAYOUT },
    ]),
};

/// With a payload of two fields.
const EVENT: &Layout = &Layout {
    name: "Event",
    size: 32,
    align: 8,
    version: 0,
    arguments: &[],
    docs: "",
    kind: Kind::Enum {
        repr: Scalar::U64,
        variants: &[
            Variant { name: "Idle", value: 0, docs: "Nothing.", fields: &[] },
            Variant {
                name: "Move",
                value: 5,
                docs: "",
                fields: &[
                    Field { name: "x", offset: 8, docs: "Right.", layout: f64::LAYOUT },
                    Field { name: "y", offset: 16, docs: "", layout: i64::LAYOUT },
                ],
            },
        ],
    },
};

#[test]
fn the_archive_gives_back_the_schema() {
    let schema = Schema::of(PAIR);
    assert_eq!(schema.types.len(), 3, "u64 stands there once");
    assert_eq!(schema.docs.len(), 2);
    assert_eq!(Schema::from_bytes(&schema.to_bytes().unwrap()), Ok(schema));
    let schema = Schema::of(EVENT);
    let docs: Vec<_> = schema.docs.iter().map(|doc| (doc.part.as_str(), doc.text.as_str())).collect();
    assert_eq!(docs, [("Idle", "Nothing."), ("Move.x", "Right.")]);
    assert_eq!(Schema::from_bytes(&schema.to_bytes().unwrap()), Ok(schema));
}

#[test]
fn the_fingerprint_covers_every_part() {
    let base = Schema::of(PAIR);
    let change = |f: &dyn Fn(&mut Schema)| {
        let mut schema = base.clone();
        f(&mut schema);
        schema.fingerprint()
    };
    let members = |s: &mut Schema, f: &dyn Fn(&mut Vec<Member>)| {
        let Shape::Struct(members) = &mut s.types[2].shape else { unreachable!() };
        f(members);
    };
    let all = [
        base.fingerprint(),
        change(&|s| s.types[2].name = "Couple".into()),
        change(&|s| s.types[2].size += 8),
        change(&|s| s.types[2].align = 16),
        change(&|s| s.types[2].version = 4),
        change(&|s| s.types[0].shape = Shape::Scalar(Scalar::I64 as u8)),
        change(&|s| s.types[1].shape = Shape::Array { item: 0, len: 4 }),
        change(&|s| members(s, &|m| m[1].name = "wrong".into())),
        change(&|s| members(s, &|m| m[1].offset = 16)),
        change(&|s| members(s, &|m| m[1].ty = 0)),
        change(&|s| members(s, &|m| m.swap(0, 1))),
        change(&|s| s.types[2].arguments[0] = Given::Type(0)),
        change(&|s| s.types[2].arguments[1] = Given::Const(8)),
        change(&|s| s.types[2].arguments[2] = Given::Const(0)),
        change(&|s| s.types[2].arguments.truncate(2)),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|b| a != b), "change {i} goes unnoticed");
    }
}

#[test]
fn the_fingerprint_covers_payloads() {
    let base = Schema::of(EVENT);
    let change = |f: &dyn Fn(&mut Vec<Choice>)| {
        let mut schema = base.clone();
        let Some(Shape::Enum { variants, .. }) = schema.types.last_mut().map(|ty| &mut ty.shape) else {
            unreachable!()
        };
        f(variants);
        schema.fingerprint()
    };
    let all = [
        base.fingerprint(),
        change(&|v| v[1].value = 6),
        change(&|v| v[1].name = "Moved".into()),
        change(&|v| v.truncate(1)),
        change(&|v| v[1].members.clear()),
        change(&|v| v[1].members[1].name = "z".into()),
        change(&|v| v[1].members[1].offset = 24),
        change(&|v| v[1].members[1].ty = v[1].members[0].ty),
        change(&|v| v[0].members = v[1].members.clone()),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|b| a != b), "change {i} goes unnoticed");
    }
}

#[test]
fn documentation_makes_no_two_types_different() {
    let other = Layout { docs: "Others.", ..*PAIR };
    assert_eq!(Schema::of(&other).fingerprint(), Schema::of(PAIR).fingerprint());
    const BOTH: Layout = Layout {
        name: "Both",
        size: 96,
        align: 8,
        version: 0,
        arguments: &[],
        docs: "",
        kind: Kind::Struct(&[
            Field { name: "a", offset: 0, docs: "", layout: PAIR },
            Field { name: "b", offset: 48, docs: "", layout: &Layout { docs: "Others.", ..*PAIR } },
        ]),
    };
    let schema = Schema::of(&BOTH);
    assert_eq!(schema.types.len(), 4, "one pair");
    assert_eq!(schema.docs[0].text, "Two of them.");
}

#[test]
fn types_are_named_as_in_rust() {
    let schema = Schema::of(PAIR);
    assert_eq!(schema.type_name(schema.root().unwrap()), "Pair<[u64; 5], 7, _>");
    // Each type is given the one before it twice, so that the whole name would have 2^60 parts.
    let mut schema = Schema::of(u64::LAYOUT);
    for index in 0..60 {
        let arguments = vec![Given::Type(index); 2];
        schema.types.push(Type { name: "P".into(), arguments, ..schema.types[0].clone() });
    }
    schema.check().unwrap();
    let name = schema.type_name(schema.root().unwrap());
    assert!(name.starts_with("P<P<P<") && name.len() < 2000, "{name}");
}

#[test]
fn a_schema_that_makes_no_sense_is_refused() {
    let refused = |f: &dyn Fn(&mut Schema)| {
        let mut schema = Schema::of(PAIR);
        f(&mut schema);
        Schema::from_bytes(&schema.to_bytes().unwrap()).unwrap_err()
    };
    assert_eq!(refused(&|s| s.types.clear()), "it describes no type");
    assert_eq!(refused(&|s| s.types.swap(0, 2)), "`Pair` uses a type that is not named before it");
    assert_eq!(
        refused(&|s| s.types[1].shape = Shape::Array { item: 1, len: 5 }),
        "`array` uses a type that is not named before it"
    );
    assert_eq!(
        refused(&|s| s.types[1].shape = Shape::Array { item: 0, len: u64::MAX }),
        "a part of `array` lies outside of it"
    );
    assert_eq!(refused(&|s| s.types[2].size = 40), "a part of `Pair` lies outside of it");
    assert_eq!(refused(&|s| s.types[0].shape = Shape::Scalar(99)), "`u64` has the unknown scalar type 99");
    let members = |s: &mut Schema, f: &dyn Fn(&mut Vec<Member>)| {
        let Shape::Struct(members) = &mut s.types[2].shape else { unreachable!() };
        f(members);
    };
    let twice = "`Pair` has two parts in one place, or of one name";
    assert_eq!(refused(&|s| members(s, &|m| m[1].offset = 0)), twice);
    assert_eq!(refused(&|s| members(s, &|m| m[1].name = "left".into())), twice);
    let nested = |s: &mut Schema| {
        for item in 2..100 {
            let shape = Shape::Array { item, len: 1 };
            let (name, arguments) = ("array".into(), vec![]);
            s.types.push(Type { name, size: 48, align: 8, version: 0, arguments, shape });
        }
    };
    assert_eq!(refused(&nested), "`array` is nested more than 64 deep");
    assert_eq!(refused(&|s| s.types[0].name.push('\x1b')), "it has a name that no program gives");
    assert_eq!(refused(&|s| members(s, &|m| m[0].name.push('\n'))), "it has a name that no program gives");
    assert_eq!(refused(&|s| s.types[0].align = 0), "`u64` has size 8 and alignment 0");
    let unknown = "`Pair` uses a type that is not named before it";
    assert_eq!(refused(&|s| s.types[2].arguments[0] = Given::Type(2)), unknown);
    assert_eq!(refused(&|s| s.docs[0].ty = 3), "it documents a type that it does not describe");
    assert_eq!(refused(&|s| s.docs[0].text.push('\t')), "it has documentation that no program gives");
    assert_eq!(refused(&|s| s.docs[1].part.push('\r')), "it has documentation that no program gives");
}

#[test]
fn an_enum_that_makes_no_sense_is_refused() {
    let refused = |f: &dyn Fn(&mut Vec<Choice>)| {
        let mut schema = Schema::of(EVENT);
        let Some(Shape::Enum { variants, .. }) = schema.types.last_mut().map(|ty| &mut ty.shape) else {
            unreachable!()
        };
        f(variants);
        Schema::from_bytes(&schema.to_bytes().unwrap()).unwrap_err()
    };
    let twice = "`Event` has two variants of one name, or of one value";
    assert_eq!(refused(&|v| v[1].value = 0), twice);
    assert_eq!(refused(&|v| v[1].name = "Idle".into()), twice);
    let places = "`Event` has two parts in one place, or of one name";
    assert_eq!(refused(&|v| v[1].members[0].offset = 0), places);
    assert_eq!(refused(&|v| v[1].members[1].offset = 8), places);
    assert_eq!(refused(&|v| v[1].members[1].name = "x".into()), places);
    assert_eq!(refused(&|v| v[1].members[1].offset = 32), "a part of `Event` lies outside of it");
    let unknown = "`Event` uses a type that is not named before it";
    assert_eq!(refused(&|v| v[1].members[1].ty = 2), unknown);
    assert_eq!(refused(&|v| v[1].members[1].name.push('\n')), "it has a name that no program gives");
}

proptest! {
    /// No bytes, near a schema or far from it, do more than give an error.
    #[test]
    fn any_bytes_are_read_without_harm(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in 0usize..64) {
        let mut bytes = Schema::of(PAIR).to_bytes().unwrap();
        for (index, value) in flips { let i = index.index(bytes.len()); bytes[i] = value; }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        let _ = Schema::from_bytes(&bytes);
    }
}
