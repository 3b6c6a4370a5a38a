//! Inputs for the targets where no fuzzer makes them: sound ones, spoilt.

use super::document::{self, Argument, Doc, Field, Kind, Schema, Type, Variant};
use super::file::Sketch;
use crate::Rng;

/// Input `seed` of a target; the same every time, but for what is random in a region's identity.
///
/// # Panics
/// If there is no such target.
#[must_use]
pub fn input(target: &str, seed: u64) -> Vec<u8> {
    let rng = &mut Rng::new(seed);
    match target {
        "attach" => {
            let mut sketch = Sketch::sound(2 + rng.below(3), 1 + rng.below(4));
            if rng.below(2) == 0 {
                damage(&mut sketch.bytes, 0, rng);
                return sketch.bytes;
            }
            // By an attacker that knows the checksums.
            for _ in 0..1 + rng.below(3) {
                match rng.below(4) {
                    0 => sketch.set(24 + 8 * rng.below(29), number(rng)),
                    1 => damage(&mut sketch.bytes[24..256], 0, rng),
                    _ => {
                        let (at, len) = (sketch.word(152), sketch.word(104));
                        if let Some(schema) = sketch.bytes.get_mut(at..at.saturating_add(len)) {
                            damage(schema, 0, rng);
                        }
                    }
                }
            }
            sketch.sealed()
        }
        "dynamic" => {
            if rng.below(2) == 0 {
                // A document, spoilt; as often as not one that is sound but for a number.
                let mut bytes = vec![1];
                bytes.extend(input("schema", rng.any()));
                return bytes;
            }
            // Few and small numbers, so that as often as not one of them is all that is wrong.
            let mut bytes = vec![0];
            for _ in 0..1 + rng.below(3) {
                let at = (rng.any() as u32) & 0xff_fffc;
                bytes.extend_from_slice(&at.to_le_bytes()[..3]);
                bytes.push(1);
                bytes.push([0, 1, 2, 3, 4, 5, 7, 200][rng.below(8)]);
            }
            bytes
        }
        "evolve" => {
            if rng.below(4) == 0 {
                let mut bytes = vec![1 | (rng.any() as u8) << 3];
                for _ in 0..2 {
                    let document = input("schema", rng.any());
                    bytes.extend(document.into_iter().filter(|byte| *byte != b'\n'));
                    bytes.push(b'\n');
                }
                return bytes;
            }
            let mut bytes = vec![rng.any() as u8 & !1];
            bytes.extend((0..16).map(|_| rng.any() as u8));
            for _ in 0..rng.below(6) {
                bytes.extend([rng.any() as u8, rng.below(8) as u8, 0, 1 + rng.below(8) as u8]);
                bytes.extend((0..8).map(|_| [0, 1, 2, 3, 7, 200, 255, rng.any() as u8][rng.below(8)]));
            }
            bytes
        }
        "attach_sealed" => {
            let (copies, slots) = (rng.below(7), rng.below(4));
            let sketch = Sketch::sound(2 + copies, 1 + slots);
            let schema = sketch.word(152)..sketch.word(152) + sketch.word(104);
            let mut bytes = vec![copies as u8, slots as u8];
            bytes.extend((256..sketch.bytes.len()).filter(|at| !schema.contains(at)).map(|at| sketch.bytes[at]));
            // The images are most of it; half of the time only what stands before them is spoilt.
            let end = if rng.below(2) == 0 { bytes.len() } else { schema.start - 254 };
            damage(&mut bytes[..end], 2, rng);
            bytes
        }
        "schema" => {
            let mut bytes = document::sound();
            if rng.below(3) == 0 {
                damage(&mut bytes, 0, rng);
                return bytes;
            }
            let mut schema = Schema::from_bytes(&bytes).expect("a sound one");
            if rng.below(3) == 0 {
                schema.types.clear();
            }
            for _ in 0..rng.below(12) {
                twist(&mut schema, rng);
            }
            let mut bytes = schema.to_bytes();
            if rng.below(4) == 0 {
                damage(&mut bytes, 0, rng);
            }
            bytes
        }
        "snapshot" => {
            let mut bytes = vec![0; 2 + rng.below(1200)];
            bytes.iter_mut().for_each(|byte| *byte = rng.any() as u8);
            if rng.below(2) == 0 {
                // Small numbers, which are more often sensible where they end up.
                let mask = [1, 3, 7, 0x83][rng.below(4)];
                bytes[2..].chunks_mut(16).step_by(2).for_each(|chunk| chunk.iter_mut().for_each(|byte| *byte &= mask));
            }
            bytes
        }
        _ => panic!("no such target: {target}"),
    }
}

/// A number at which code often fails.
fn number(rng: &mut Rng) -> u64 {
    match rng.below(6) {
        0 => rng.any(),
        1 => rng.any() % 16,
        2 => 1 << rng.below(64),
        3 => (1u64 << rng.below(64)).wrapping_sub(1),
        4 => u64::MAX - rng.any() % 16,
        _ => rng.any() % 100_000,
    }
}

/// Changes some of the bytes from `from` on.
fn damage(bytes: &mut [u8], from: usize, rng: &mut Rng) {
    if bytes.len() <= from + 8 {
        return;
    }
    for _ in 0..1 + rng.below(6) {
        let at = from + rng.below(bytes.len() - from - 8);
        let most = [2, 8, 64, 2000][rng.below(4)];
        let len = 1 + rng.below(most).min(bytes.len() - at - 2).min(bytes.len() - from - 2);
        match rng.below(6) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at / 8 * 8..][..8].copy_from_slice(&number(rng).to_ne_bytes()),
            2 => bytes[at..at + len].fill([0, 0xff, 1, 0x80][rng.below(4)]),
            3 => bytes[at..at + len].iter_mut().for_each(|byte| *byte = rng.any() as u8),
            4 => bytes[at / 4 * 4..][..4].copy_from_slice(&(number(rng) as u32).to_ne_bytes()),
            _ => {
                let start = from + rng.below(bytes.len() - from - len);
                bytes.copy_within(start..start + len, at);
            }
        }
    }
}

/// Changes a type, or puts one in.
fn twist(schema: &mut Schema, rng: &mut Rng) {
    let name = |rng: &mut Rng| match rng.below(5) {
        0 => String::new(),
        1 => "x".repeat(rng.below(5000)),
        2 => ["plain", "table", "flags", "Mixed", "u64"][rng.below(5)].to_owned(),
        3 => "\u{1b}[2J\n\0".to_owned(),
        _ => format!("n{}", rng.below(4)),
    };
    let scalar = |rng: &mut Rng| {
        let names = ["u8", "u16", "u32", "u64", "u128", "i8", "i64", "f64", "bool", "char", "u65", ""];
        names[rng.below(names.len())].to_owned()
    };
    let count = schema.types.len();
    let index = |rng: &mut Rng| if rng.below(8) == 0 { rng.any() as u32 } else { rng.below(count + 1) as u32 };
    let size = schema.types.first().map_or(0, |ty| ty.size);
    let fields = |rng: &mut Rng, most: usize| {
        let count = rng.below(most);
        let field = |i| Field {
            name: if rng.below(9) == 0 { name(rng) } else { format!("m{i}") },
            offset: if rng.below(20) == 0 { number(rng) } else { size.wrapping_mul(i as u64) },
            ty: if rng.below(4) == 0 { index(rng) } else { 0 },
        };
        (0..count).map(field).collect()
    };
    let kind = match rng.below(8) {
        0 => Kind::Scalar { scalar: scalar(rng) },
        1 => Kind::Struct { fields: fields(rng, 40) },
        2 => Kind::Enum {
            repr: scalar(rng),
            variants: (0..rng.below(20))
                .map(|i| Variant {
                    name: if rng.below(9) == 0 { name(rng) } else { format!("v{i}") },
                    value: if rng.below(9) == 0 { rng.any() } else { i as u64 },
                    fields: fields(rng, 3),
                })
                .collect(),
        },
        3 => Kind::Array { item: index(rng), len: number(rng) },
        4 => Kind::List { item: index(rng), capacity: number(rng), items: number(rng) },
        5 => Kind::Text { capacity: number(rng), bytes: number(rng) },
        6 => Kind::Archive {
            rkyv: if rng.below(8) == 0 { name(rng) } else { "0.8".into() },
            byte_order: ["little", "big", "middle"][rng.below(3)].into(),
            pointer_width: [16, 32, 64, rng.any() as u8][rng.below(4)],
            aligned: rng.below(2) == 0,
        },
        _ => Kind::Pod,
    };
    let size = if rng.below(2) == 0 { 64 << rng.below(12) } else { number(rng) };
    let align = if rng.below(8) == 0 { number(rng) as u32 } else { 1 << rng.below(5) };
    let arguments = (0..rng.below(3)).map(|_| match rng.below(3) {
        0 => Argument::Type(index(rng)),
        1 => Argument::Const(rng.any().to_string()),
        _ => Argument::Opaque(rng.below(8) != 0),
    });
    let arguments: Vec<_> = arguments.collect();
    let arguments = if rng.below(4) == 0 { arguments } else { Vec::new() };
    if rng.below(4) == 0 {
        schema.docs.push(Doc { ty: index(rng), part: name(rng), text: name(rng) });
    }
    let new = Type { name: name(rng), size, align, version: rng.below(3) as u32, arguments, kind };
    match (rng.below(4), count) {
        (0, 1..) => schema.types[rng.below(count)] = new,
        (1, 1..) => _ = schema.types.remove(rng.below(count)),
        (2, 1..) => {
            let at = rng.below(count);
            match rng.below(3) {
                0 => schema.types[at].kind = new.kind,
                1 => schema.types[at].name = new.name,
                _ => schema.types[at].size = new.size,
            }
        }
        _ => schema.types.push(new),
    }
}
