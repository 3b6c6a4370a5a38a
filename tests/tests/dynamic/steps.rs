//! Random changes by the dynamic view.

use shmstate::dynamic::{Data, Edit, EntryKey};
use shmstate::{Error, ErrorKind};
use shmstate_tests::Rng;
use shmstate_tests::all::word;

fn node(rng: &mut Rng) -> Data {
    let weights = Data::items((0..rng.below(5)).map(|_| rng.any() as u32).collect::<Vec<_>>());
    Data::fields([("name", Data::from(word(rng))), ("weights", weights)])
}

fn job(rng: &mut Rng) -> Data {
    match rng.below(4) {
        0 => "Idle".into(),
        1 => Data::variant("Run", Data::fields([("pid", Data::from(rng.any() as u32)), ("nice", (-3i32).into())])),
        2 => Data::variant("Held", Data::items((0..rng.below(3)).map(|_| node(rng)).collect::<Vec<_>>())),
        _ => Data::variant("Named", word(rng)),
    }
}

/// What may be refused: no room, or nothing there.
fn maybe<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(e) if !matches!(e.kind(), ErrorKind::Full | ErrorKind::InvalidPath) => Err(e),
        _ => Ok(()),
    }
}

/// One random change by the view.
pub fn dynamic_step(v: &mut Edit<'_>, rng: &mut Rng) -> Result<(), Error> {
    match rng.below(46) {
        0 => {
            v.set("wide", u128::MAX - u128::from(rng.any()))?;
            v.set("signed_wide", -i128::from(rng.any()))
        }
        1 => {
            v.set("a", rng.any())?;
            v.set("b", rng.any() as i64)?;
            v.set("e", rng.any() as u16)?;
            v.set("h", rng.any() as i8)
        }
        2 => {
            v.set("double", rng.below(1000) as f64 / 3.0)?;
            v.set("single", rng.below(1000) as f32 / 3.0)
        }
        3 => {
            v.set("letter", ['a', 'ß', '🦀'][rng.below(3)])?;
            v.set("on", rng.below(2) == 0)
        }
        4 => v.set("colour", ["Red", "Green"][rng.below(2)]),
        5 => v.set(&format!("numbers[{}]", rng.below(4)), rng.any() as u16),
        6 => v.set("pair", [rng.any() as u16, 3]),
        7 => v.set("metres", rng.below(50) as f64 / 7.0),
        8 => v.set(&format!("points[{}].x", rng.below(2)), rng.any() as i32),
        9 => v.set("name", word(rng)),
        10 => v.set("blob", Data::Bytes(rng.any().to_ne_bytes()[..rng.below(9)].to_vec())),
        11 => v.set("maybe", (rng.below(2) == 0).then(|| rng.any())),
        12 => v.set("maybe_node", (rng.below(2) == 0).then(|| node(rng))),
        13 => v.set("job", job(rng)),
        14 => v.set(&format!("jobs[{}]", rng.below(2)), job(rng)),
        15 => maybe(v.set("job.Run.pid", rng.any() as u32)),
        16 => maybe(v.push("job.Held.0", node(rng))),
        17 => maybe(v.push("jobs[1].Held.0[0].weights", 9u32)),
        18 => v.set("non_zero", Some(rng.below(5) as u64).filter(|n| *n > 0)),
        19 => {
            v.set("wrapping", rng.any())?;
            v.set("saturating", rng.any() as i64)
        }
        20 => {
            v.set("span", rng.any())?;
            v.set("time", rng.any() as i64)
        }
        21 => v.set("uuid", shmstate::Uuid::from(std::array::from_fn(|_| rng.any() as u8))),
        22 => v.set("ip", ["::1", "10.1.2.3"][rng.below(2)]),
        23 => v.set("socket", ["[::1]:7", "10.1.2.3:80"][rng.below(2)]),
        24 => v.set("tracked.x", rng.any() as i32),
        25 => v.set(&format!("array[{}].x", rng.below(5)), rng.any() as i32),
        26 => maybe(v.push("list", rng.any())),
        27 => maybe(v.remove(&format!("list[{}]", rng.below(6)))),
        28 => maybe(v.insert("list", rng.below(7) as u64, rng.any())),
        29 => maybe(v.push("nodes", node(rng))),
        30 => maybe(v.push("nodes[0].weights", rng.any() as u32)),
        31 => {
            if v.get("work")?.len()? == 3 {
                v.remove("work[0]")?;
            }
            v.push("work", job(rng))
        }
        32 => v.push("ring", rng.any()),
        33 => maybe(v.remove(&format!("ring[{}]", rng.below(4)))),
        34 => match rng.below(4) {
            0 => maybe(v.remove(&format!("queue[{}]", rng.below(4)))),
            1 => maybe(v.insert("queue", rng.below(4) as u64, node(rng))),
            2 => maybe(v.remove("queue[0]")),
            _ => maybe(v.push("queue", node(rng))),
        },
        35 => match v.add("slab", node(rng)) {
            Ok(key) => v.set("key", key),
            Err(e) => maybe(Err::<(), _>(e)),
        },
        36 => {
            let nth = rng.below(4);
            let keys: Vec<_> = v.get("slab")?.entries()?.map(|entry| entry.unwrap().0).collect();
            match keys.get(nth) {
                Some(EntryKey::Slab(key)) => v.remove(&format!("slab[{key}]")),
                _ => Ok(()),
            }
        }
        37 => maybe(v.push("set", rng.below(12) as u64)),
        38 => maybe(v.remove(&format!("set[{}]", rng.below(12)))),
        39 => {
            let name = word(rng);
            if rng.below(2) == 0 { maybe(v.remove(&format!("words[{name:?}]"))) } else { maybe(v.push("words", name)) }
        }
        40 => {
            let name = word(rng);
            match rng.below(3) {
                0 => maybe(v.remove(&format!("map[{name:?}]"))),
                1 => maybe(v.push(&format!("map[{name:?}]"), 8u32)),
                _ => maybe(v.insert("map", name, vec![1u32, 2])),
            }
        }
        41 => {
            let key = rng.below(20) as i64 - 10;
            if rng.below(3) == 0 {
                maybe(v.remove(&format!("ports[{key}]")))
            } else {
                maybe(v.insert("ports", key, 6u64))
            }
        }
        42 => {
            for _ in 0..rng.below(80) {
                let key = rng.below(300) as i32 - 150;
                if rng.below(3) == 0 {
                    maybe(v.remove(&format!("sorted[{key}]")))?;
                } else {
                    maybe(v.insert("sorted", key, rng.any() as u32))?;
                }
            }
            Ok(())
        }
        43 => {
            let name = word(rng);
            if rng.below(3) == 0 {
                maybe(v.remove(&format!("titles[{name:?}]")))
            } else {
                maybe(v.insert("titles", name, node(rng)))
            }
        }
        44 => {
            v.set("pod", Data::Bytes(vec![7; 16]))?;
            v.clear("archived")
        }
        _ if rng.below(3) == 0 => {
            let all =
                ["list", "nodes", "ring", "queue", "slab", "set", "words", "map", "ports", "sorted", "titles", "name"];
            v.clear(all[rng.below(all.len())])
        }
        _ => v.set("fill", 1u8),
    }
}
