#!/bin/sh
# An error of tempfile has the kind of what the operating system said, and neither its number nor its text alone.
#
# Expected: `Builder::tempfile_in` returns a `std::io::Error`, of which `raw_os_error` is `Some(ENOENT)` if the directory is not there, as
#   `std::fs::File::create` returns it.
# True: the error is made anew around a private type with the path, so that `raw_os_error` is `None`. `get_ref` gives that type, of which
#   `source` is `None` as well, because it hands on the source of the error inside, and not that error. The text ends with the name of the
#   temporary file, which the user of a program has never given.
# Seen on: tempfile 3.27.0 (src/error.rs).
# Why it matters: a program that writes a file by way of a temporary one tells its user a name that the user does not know, and cannot tell
#   `ENOSPC` from `EDQUOT`. What is left is the kind, and to cut the text at " at path ".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'T'
[package]
name = "errno"
version = "0.0.0"
edition = "2021"

[dependencies]
tempfile = "=3.27.0"
T
cat > "$dir/src/main.rs" <<'R'
fn main() {
    let std = std::fs::File::create("/no-such-directory/file").unwrap_err();
    let temporary = tempfile::Builder::new().tempfile_in("/no-such-directory").unwrap_err();
    for (of, error) in [("std", &std), ("tempfile", &temporary)] {
        let inside = error.get_ref().map(|inner| inner.source().is_some());
        println!("{of}: {:?}, number {:?}, a source inside: {inside:?}, {error}", error.kind(), error.raw_os_error());
    }
}
R
cargo run --quiet --manifest-path "$dir/Cargo.toml" | tee "$dir/said"
grep -q '^std: NotFound, number Some(2), a source inside: None, No such file or directory (os error 2)$' "$dir/said"
grep -q '^tempfile: NotFound, number None, a source inside: Some(false), .* at path "/no-such-directory/' "$dir/said"
echo "as described"
