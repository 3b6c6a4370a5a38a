//! What a document keeps, what an identity covers, and which schemas are refused.

use super::*;
use crate::layout::{Hooks, SharedLayout};
use proptest::prelude::*;
use std::cell::Cell;

thread_local! {
    /// The fingerprint of every schema on this thread, as if layouts had been searched for until their fingerprints were equal.
    pub(crate) static FORCED: Cell<Option<u64>> = const { Cell::new(None) };
}

const PAIR: &Layout = &Layout {
    name: "Pair",
    size: 48,
    align: 8,
    version: 3,
    arguments: &[
        describe::Argument::Type(<[u64; 5]>::LAYOUT),
        describe::Argument::Const(7),
        describe::Argument::Opaque,
    ],
    docs: "Two of them.",
    hooks: Hooks::NONE,
    kind: describe::Kind::Struct(&[
        describe::Field {
            name: "left",
            offset: 0,
            docs: "The\n\tleft one.",
            renamed_from: &[],
            local: false,
            layout: u64::LAYOUT,
        },
        describe::Field {
            name: "right",
            offset: 8,
            docs: "",
            renamed_from: &[],
            local: false,
            layout: <[u64; 5]>::LAYOUT,
        },
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
    hooks: Hooks::NONE,
    kind: describe::Kind::Enum {
        repr: Scalar::U64,
        variants: &[
            describe::Variant { name: "Idle", value: 0, docs: "Nothing.", renamed_from: &[], fields: &[] },
            describe::Variant {
                name: "Move",
                value: 5,
                docs: "",
                renamed_from: &[],
                fields: &[
                    describe::Field {
                        name: "x",
                        offset: 8,
                        docs: "Right.",
                        renamed_from: &[],
                        local: false,
                        layout: f64::LAYOUT,
                    },
                    describe::Field {
                        name: "y",
                        offset: 16,
                        docs: "",
                        renamed_from: &[],
                        local: false,
                        layout: i64::LAYOUT,
                    },
                ],
            },
        ],
    },
};

#[test]
fn the_document_gives_back_the_schema() {
    let schema = Schema::of(PAIR);
    assert_eq!(schema.types.len(), 3, "u64 stands there once");
    assert_eq!(schema.docs.len(), 2);
    assert_eq!(Schema::from_document(schema.document().as_bytes()), Ok(schema));
    let schema = Schema::of(EVENT);
    let docs: Vec<_> = schema.docs.iter().map(|doc| (doc.part.as_str(), doc.text.as_str())).collect();
    assert_eq!(docs, [("Idle", "Nothing."), ("Move.x", "Right.")]);
    assert_eq!(Schema::from_document(schema.document().as_bytes()), Ok(schema));
}

#[test]
fn the_identity_covers_every_part() {
    let base = Schema::of(PAIR);
    let change = |f: &dyn Fn(&mut Schema)| {
        let mut schema = base.clone();
        f(&mut schema);
        schema.identity()
    };
    let fields = |s: &mut Schema, f: &dyn Fn(&mut Vec<Field>)| {
        let Kind::Struct(fields) = &mut s.types[2].kind else { unreachable!() };
        f(fields);
    };
    let all = [
        base.identity(),
        change(&|s| s.types[2].name = "Couple".into()),
        change(&|s| s.types[2].size += 8),
        change(&|s| s.types[2].align = 16),
        change(&|s| s.types[2].version = 4),
        change(&|s| s.types[0].kind = Kind::Scalar(Scalar::I64)),
        change(&|s| s.types[1].kind = Kind::Array { item: 0, len: 4 }),
        change(&|s| fields(s, &|m| m[1].name = "wrong".into())),
        change(&|s| fields(s, &|m| m[1].offset = 16)),
        change(&|s| fields(s, &|m| m[1].ty = 0)),
        change(&|s| fields(s, &|m| m.swap(0, 1))),
        change(&|s| s.types[2].arguments[0] = Argument::Type(0)),
        change(&|s| s.types[2].arguments[1] = Argument::Const(8)),
        change(&|s| s.types[2].arguments[2] = Argument::Const(0)),
        change(&|s| s.types[2].arguments.truncate(2)),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|b| a != b), "change {i} goes unnoticed");
    }
}

#[test]
fn the_identity_covers_payloads() {
    let base = Schema::of(EVENT);
    let change = |f: &dyn Fn(&mut Vec<Variant>)| {
        let mut schema = base.clone();
        let Some(Kind::Enum { variants, .. }) = schema.types.last_mut().map(|ty| &mut ty.kind) else { unreachable!() };
        f(variants);
        schema.identity()
    };
    let all = [
        base.identity(),
        change(&|v| v[1].value = 6),
        change(&|v| v[1].name = "Moved".into()),
        change(&|v| v.truncate(1)),
        change(&|v| v[1].fields.clear()),
        change(&|v| v[1].fields[1].name = "z".into()),
        change(&|v| v[1].fields[1].offset = 24),
        change(&|v| v[1].fields[1].ty = v[1].fields[0].ty),
        change(&|v| v[0].fields = v[1].fields.clone()),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|b| a != b), "change {i} goes unnoticed");
    }
}

#[test]
fn documentation_makes_no_two_types_different() {
    const OTHER: &Layout = &Layout { docs: "Others.", ..*PAIR };
    assert_eq!(Schema::of(OTHER).identity(), Schema::of(PAIR).identity());
    const BOTH: &Layout = &Layout {
        name: "Both",
        size: 96,
        align: 8,
        version: 0,
        arguments: &[],
        docs: "",
        hooks: Hooks::NONE,
        kind: describe::Kind::Struct(&[
            describe::Field { name: "a", offset: 0, docs: "", renamed_from: &[], local: false, layout: PAIR },
            describe::Field {
                name: "b",
                offset: 48,
                docs: "",
                renamed_from: &[],
                local: false,
                layout: &Layout { docs: "Others.", ..*PAIR },
            },
        ]),
    };
    let schema = Schema::of(BOTH);
    assert_eq!(schema.types.len(), 4, "one pair");
    assert_eq!(schema.docs[0].text, "Two of them.");
}

#[test]
fn types_are_named_as_in_rust() {
    let schema = Schema::of(PAIR);
    assert_eq!(schema.type_name(schema.root().unwrap()), "Pair<[u64; 5], 7, _>");
    // Each type has the one before it as two arguments, so that the whole name would have 2^60 parts.
    let mut schema = Schema::of(u64::LAYOUT);
    for index in 0..60 {
        let arguments = vec![Argument::Type(index); 2];
        schema.types.push(Type { name: "P".into(), arguments, ..schema.types[0].clone() });
    }
    schema.validate().unwrap();
    let name = schema.type_name(schema.root().unwrap());
    assert!(name.starts_with("P<P<P<") && name.len() < 2000, "{name}");
}

#[test]
fn a_schema_that_makes_no_sense_is_refused() {
    let refused = |f: &dyn Fn(&mut Schema)| {
        let mut schema = Schema::of(PAIR);
        f(&mut schema);
        let why = schema.validate().unwrap_err();
        let read = Schema::from_document(schema.document().as_bytes()).unwrap_err();
        // A document has no escapes for characters that no name may have.
        assert!(read == why || read.contains("an escape that a schema has"), "{read}");
        why
    };
    assert_eq!(refused(&|s| s.types.clear()), "it describes no type");
    assert_eq!(refused(&|s| s.types.swap(0, 2)), "`Pair` uses a type that is not named before it");
    assert_eq!(
        refused(&|s| s.types[1].kind = Kind::Array { item: 1, len: 5 }),
        "`array` uses a type that is not named before it"
    );
    assert_eq!(
        refused(&|s| s.types[1].kind = Kind::Array { item: 0, len: u64::MAX }),
        "a part of `array` lies outside of it"
    );
    assert_eq!(refused(&|s| s.types[2].size = 40), "a part of `Pair` lies outside of it");
    assert_eq!(refused(&|s| s.types[0].kind = Kind::Scalar(Scalar::U128)), "a part of `u64` lies outside of it");
    let fields = |s: &mut Schema, f: &dyn Fn(&mut Vec<Field>)| {
        let Kind::Struct(fields) = &mut s.types[2].kind else { unreachable!() };
        f(fields);
    };
    let twice = "`Pair` has two parts in one place, or of one name";
    assert_eq!(refused(&|s| fields(s, &|m| m[1].offset = 0)), twice);
    assert_eq!(refused(&|s| fields(s, &|m| m[1].name = "left".into())), twice);
    let nested = |s: &mut Schema| {
        for item in 2..100 {
            let kind = Kind::Array { item, len: 1 };
            let (name, arguments) = ("array".into(), vec![]);
            s.types.push(Type { name, size: 48, align: 8, version: 0, arguments, kind });
        }
    };
    assert_eq!(refused(&nested), "`array` is nested more than 64 deep");
    assert_eq!(refused(&|s| s.types[0].name.push('\x1b')), "it has a name that no program gives");
    assert_eq!(refused(&|s| fields(s, &|m| m[0].name.push('\n'))), "it has a name that no program gives");
    assert_eq!(refused(&|s| s.types[0].align = 0), "`u64` has size 8 and alignment 0");
    let unknown = "`Pair` uses a type that is not named before it";
    assert_eq!(refused(&|s| s.types[2].arguments[0] = Argument::Type(2)), unknown);
    assert_eq!(refused(&|s| s.docs[0].ty = 3), "it documents a type that it does not describe");
    assert_eq!(refused(&|s| s.docs[0].text.push('\t')), "it has documentation that no program gives");
    assert_eq!(refused(&|s| s.docs[1].part.push('\r')), "it has documentation that no program gives");
}

#[test]
fn an_enum_that_makes_no_sense_is_refused() {
    let refused = |f: &dyn Fn(&mut Vec<Variant>)| {
        let mut schema = Schema::of(EVENT);
        let Some(Kind::Enum { variants, .. }) = schema.types.last_mut().map(|ty| &mut ty.kind) else { unreachable!() };
        f(variants);
        Schema::from_document(schema.document().as_bytes()).unwrap_err()
    };
    let twice = "`Event` has two variants of one name, or of one value";
    assert_eq!(refused(&|v| v[1].value = 0), twice);
    assert_eq!(refused(&|v| v[1].name = "Idle".into()), twice);
    let places = "`Event` has two parts in one place, or of one name";
    assert_eq!(refused(&|v| v[1].fields[0].offset = 0), places);
    assert_eq!(refused(&|v| v[1].fields[1].offset = 8), places);
    assert_eq!(refused(&|v| v[1].fields[1].name = "x".into()), places);
    assert_eq!(refused(&|v| v[1].fields[1].offset = 32), "a part of `Event` lies outside of it");
    let unknown = "`Event` uses a type that is not named before it";
    assert_eq!(refused(&|v| v[1].fields[1].ty = 2), unknown);
    assert_eq!(refused(&|v| v[1].fields[1].name.push('\n')), "it has a name that no program gives");
}

#[test]
fn a_discriminant_that_its_type_does_not_hold_is_refused() {
    for (scalar, bits) in [(Scalar::U8, 8), (Scalar::U16, 16), (Scalar::U32, 32)] {
        let with = |number: u64| {
            let mut schema = Schema::of(EVENT);
            let Some(Kind::Enum { repr, variants }) = schema.types.last_mut().map(|ty| &mut ty.kind) else { panic!() };
            (*repr, variants[1].value) = (scalar, number);
            Schema::from_document(schema.document().as_bytes()).map(drop)
        };
        assert_eq!(with((1 << bits) - 1), Ok(()));
        // If they were truncated, they would be the value of another variant, or of none.
        for value in [1 << bits, 300 << bits >> 8, u64::MAX] {
            let why = format!("`Event` has a variant of value {value}, which no `{}` holds", scalar.name());
            assert_eq!(with(value), Err(why));
        }
    }
}

/// Two layouts with the same fingerprint.
#[test]
fn equality_does_not_rest_on_the_fingerprint() {
    let (one, other) = (Schema::of(PAIR), Schema::of(EVENT));
    FORCED.set(Some(7));
    assert_eq!(one.fingerprint(), other.fingerprint());
    assert!(!one.is_same(&other) && one.is_same(&one.clone()));
    FORCED.set(None);
    assert_ne!(one.fingerprint(), other.fingerprint());
}

/// Each level uses the one below twice: without a record of the known types, that would be 2^40 visits.
#[test]
fn a_type_is_described_once() {
    let mut layout: &'static Layout = u64::LAYOUT;
    for level in 0..40 {
        let field = |name, offset| describe::Field { name, offset, docs: "", renamed_from: &[], local: false, layout };
        let fields = Box::leak(Box::new([field("a", 0), field("b", layout.size)]));
        let (name, size) = (["A", "B"][level % 2], 2 * layout.size);
        let kind = describe::Kind::Struct(fields);
        layout = Box::leak(Box::new(Layout {
            name,
            size,
            align: 8,
            version: 0,
            arguments: &[],
            docs: "",
            hooks: Hooks::NONE,
            kind,
        }));
    }
    assert_eq!(Schema::of(layout).types.len(), 41);
}

proptest! {
    /// Any bytes, close to a document or not, give an error at worst; a text that is accepted is the canonical one.
    #[test]
    fn any_bytes_are_read_without_harm(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in 0usize..64) {
        let mut bytes = Schema::of(PAIR).document().into_bytes();
        for (index, value) in flips { let i = index.index(bytes.len()); bytes[i] = value; }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        if let Ok(schema) = Schema::from_document(&bytes) {
            prop_assert_eq!(schema.document().into_bytes(), bytes);
        }
    }
}
