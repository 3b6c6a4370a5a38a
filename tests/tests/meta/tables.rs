//! Each container has a table that lays it beside the type it stands in for, and each method of that type is in it: either
//! the container has it, or the table says why not and what to use.
//!
//! The lists have the stable methods of std as of Rust 1.88, and those of slotmap 1.0.

use std::fs;
use std::path::{Path, PathBuf};

const RESERVES: &str = "with_capacity reserve reserve_exact try_reserve try_reserve_exact shrink_to shrink_to_fit";

const VEC: &str = "new capacity into_boxed_slice truncate as_slice as_mut_slice as_ptr as_mut_ptr swap_remove insert \
    remove retain retain_mut dedup dedup_by dedup_by_key push pop pop_if append drain clear len is_empty split_off resize \
    resize_with leak spare_capacity_mut set_len extend_from_slice extend_from_within splice extract_if into_flattened \
    from_raw_parts into_iter extend";

const SLICE_MUT: &str = "iter_mut get_mut first_mut last_mut split_first_mut split_last_mut split_at_mut chunks_mut \
    chunks_exact_mut rchunks_mut chunk_by_mut split_mut splitn_mut swap reverse rotate_left rotate_right fill fill_with \
    copy_from_slice clone_from_slice copy_within swap_with_slice sort sort_by sort_by_key sort_by_cached_key sort_unstable \
    sort_unstable_by sort_unstable_by_key select_nth_unstable get_disjoint_mut";

const ARRAY: &str = "as_slice as_mut_slice each_ref each_mut map into_iter";

const DEQUE: &str = "new capacity get get_mut swap truncate iter iter_mut as_slices as_mut_slices len is_empty range \
    range_mut drain clear contains front front_mut back back_mut pop_front pop_back pop_front_if pop_back_if push_front \
    push_back swap_remove_front swap_remove_back insert remove split_off append retain retain_mut resize resize_with \
    make_contiguous rotate_left rotate_right binary_search binary_search_by binary_search_by_key partition_point \
    into_iter extend";

const HASH_MAP: &str = "new capacity keys values values_mut into_keys into_values iter iter_mut len is_empty drain \
    extract_if retain clear hasher with_hasher with_capacity_and_hasher entry get get_key_value get_mut get_disjoint_mut \
    contains_key insert remove remove_entry into_iter extend";

const HASH_SET: &str = "new capacity iter len is_empty drain extract_if retain clear hasher with_hasher \
    with_capacity_and_hasher difference symmetric_difference intersection union contains get insert replace is_disjoint \
    is_subset is_superset remove take into_iter extend";

const BTREE_MAP: &str = "new clear get get_key_value get_mut first_key_value first_entry pop_first last_key_value \
    last_entry pop_last contains_key insert remove remove_entry retain append range range_mut entry split_off extract_if \
    into_keys into_values iter iter_mut keys values values_mut len is_empty into_iter extend";

const SLOT_MAP: &str = "new with_capacity with_key with_capacity_and_key len is_empty capacity reserve try_reserve \
    contains_key insert insert_with_key try_insert_with_key remove retain clear drain get get_mut get_unchecked \
    get_unchecked_mut get_disjoint_mut get_disjoint_unchecked_mut iter iter_mut keys values values_mut into_iter";

const OPTION: &str = "is_some is_some_and is_none is_none_or as_ref as_mut as_pin_ref as_pin_mut as_slice as_mut_slice \
    expect unwrap unwrap_or unwrap_or_else unwrap_or_default unwrap_unchecked map inspect map_or map_or_else ok_or ok_or_else \
    as_deref as_deref_mut iter iter_mut and and_then filter or or_else xor insert get_or_insert get_or_insert_default \
    get_or_insert_with take take_if replace zip unzip copied cloned transpose flatten";

const STRING: &str = "new from_utf8 from_utf8_lossy from_utf16 into_bytes as_str as_mut_str push_str extend_from_within \
    capacity push as_bytes truncate pop remove retain insert insert_str len is_empty split_off clear drain replace_range \
    into_boxed_str leak as_mut_vec extend make_ascii_uppercase make_ascii_lowercase";

const BOX: &str = "new pin leak into_raw from_raw into_pin new_uninit downcast";

/// The rows of the table under the heading `# Beside …` in the documentation of one file: the names before the bar, which are
/// the code in backticks, and what stands after it.
fn rows(file: &str) -> Vec<(Vec<String>, String)> {
    let text = fs::read_to_string(source(file)).unwrap();
    let docs = text.lines().filter_map(|line| line.strip_prefix("///")).map(str::trim);
    let beside = docs.skip_while(|line| !line.starts_with("# Beside")).skip(1);
    let rows = beside.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows = rows.filter(|row| !row.starts_with("|---")).map(|row| {
        let (names, here) = row.trim_start_matches('|').split_once(" | ").unwrap();
        (names.split('`').skip(1).step_by(2).map(str::to_owned).collect(), here.to_owned())
    });
    rows.collect()
}

fn source(file: &str) -> PathBuf {
    Path::new("../shmstate/src/containers").join(file)
}

/// Whether a name in a table means `method`: as it stands, or with a star for the rest, or with arguments.
fn means(name: &str, method: &str) -> bool {
    let word = name.split(['(', ' ', ';']).next().unwrap();
    match word.strip_suffix('*') {
        Some(start) => method.starts_with(start),
        None => word == method,
    }
}

/// The file with each container's table, what its source consists of besides, and the methods of its model.
fn tables() -> [(&'static str, &'static [&'static str], Vec<&'static str>); 12] {
    let of = |lists: &[&'static str]| lists.iter().flat_map(|list| list.split_whitespace()).collect::<Vec<_>>();
    let map: &[&str] = &["keyed/methods.rs", "capacity.rs", "collect.rs"];
    [
        ("list/mod.rs", &["list", "slice", "capacity.rs", "collect.rs", "edits.rs"], of(&[VEC, SLICE_MUT, RESERVES])),
        ("blob/mod.rs", &["blob", "capacity.rs", "collect.rs"], of(&[VEC, RESERVES])),
        ("array.rs", &["slice"], of(&[ARRAY, SLICE_MUT])),
        ("ring/mod.rs", &["ring", "deque_iter.rs", "capacity.rs"], of(&[DEQUE, RESERVES])),
        ("queue/mod.rs", &["queue", "deque_iter.rs", "capacity.rs", "collect.rs", "edits.rs"], of(&[DEQUE, RESERVES])),
        ("keyed/map.rs", map, of(&[HASH_MAP, RESERVES])),
        ("keyed/set/mod.rs", &["keyed/set", "capacity.rs", "collect.rs"], of(&[HASH_SET, RESERVES])),
        ("keyed/sorted/mod.rs", &["keyed/methods.rs", "keyed/sorted", "capacity.rs", "collect.rs"], of(&[BTREE_MAP])),
        ("slab/mod.rs", &["slab", "capacity.rs"], of(&[SLOT_MAP])),
        ("maybe/mod.rs", &["maybe"], of(&[OPTION])),
        ("text/mod.rs", &["text", "capacity.rs"], of(&[STRING, RESERVES])),
        ("tracked.rs", &[], of(&[BOX])),
    ]
}

#[test]
fn each_method_of_the_models_is_in_the_table() {
    let mut missing = vec![];
    for (file, _, methods) in tables() {
        let named: Vec<String> = rows(file).into_iter().flat_map(|(names, _)| names).collect();
        assert!(named.len() > 5, "{file}: {named:?}");
        let left_out = methods.into_iter().filter(|method| !named.iter().any(|name| means(name, method)));
        missing.extend(left_out.map(|method| format!("{file}: {method}")));
    }
    assert!(missing.is_empty(), "not in a table:\n{}", missing.join("\n"));
}

/// All Rust files of a folder, or the file itself.
fn code(path: PathBuf, found: &mut String) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| code(entry.unwrap().path(), found));
    } else {
        found.push_str(&fs::read_to_string(path).unwrap());
    }
}

#[test]
fn what_is_said_to_be_the_same_is_there() {
    let (mut checked, mut missing) = (0, vec![]);
    for (file, others, methods) in tables() {
        let mut text = String::new();
        [file].iter().chain(others).for_each(|path| code(source(path), &mut text));
        for (names, here) in rows(file) {
            // What derefs has the methods of a slice or a `str` by itself.
            if !here.starts_with("the same") || here.starts_with("the same: those of") {
                continue;
            }
            for method in methods.iter().filter(|method| names.iter().any(|name| means(name, method))) {
                checked += 1;
                let there = ["(", "<"].iter().any(|next| text.contains(&format!("fn {method}{next}")));
                if !there {
                    missing.push(format!("{file}: {method}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
    assert!(checked > 200, "{checked}");
}
