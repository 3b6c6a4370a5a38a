#!/bin/sh
# With the feature `arbitrary_precision` of serde_json, an object with one certain key is read as a number.
#
# Expected: an object whose only member is named `$serde_json::private::Number` is an object like any other, as it is without the feature.
# True: with the feature, numbers go from the parser to a visitor as a map of that key and the digits. `Value`, and any visitor of another crate
#   that supports the feature, cannot tell such a map from an object of the document: it becomes a number, or an error if the text is none.
#   A feature is for the whole program: any crate of it may have turned it on.
# Seen on: serde_json 1.0.145 (src/number.rs, src/value/de.rs).
# Why it matters: a map from texts to texts whose keys users choose does not come back from JSON as it was written. A visitor that knows the
#   type it reads has to look for the key where a number can be, and nowhere else.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'T'
[package]
name = "number"
version = "0.0.0"
edition = "2021"

[dependencies]
serde_json = "=1.0.145"

[features]
precise = ["serde_json/arbitrary_precision"]
T
cat > "$dir/src/main.rs" <<'R'
use std::collections::BTreeMap;

fn main() {
    let map = BTreeMap::from([("$serde_json::private::Number", "7")]);
    let text = serde_json::to_string(&map).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    println!("{text} is an object: {}, a number: {}", value.is_object(), value.is_number());
}
R
cargo run --quiet --manifest-path "$dir/Cargo.toml" | tee "$dir/plain"
cargo run --quiet --manifest-path "$dir/Cargo.toml" --features precise | tee "$dir/precise"
grep -q 'is an object: true, a number: false$' "$dir/plain"
grep -q 'is an object: false, a number: true$' "$dir/precise"
echo "as described"
