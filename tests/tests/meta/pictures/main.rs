//! The pictures of the documentation, drawn from the code and from real regions: each is what the program of today makes.
//!
//! `SHMSTATE_BLESS=1 cargo test -p shmstate-tests --test pictures` draws them anew; look at them before you commit them.

mod canvas;
mod copies;
mod deaths;
mod floors;
mod region;

use canvas::Canvas;
use std::fs;
use std::path::Path;

/// A file of the project.
fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the first table after `heading`, without its head.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let after = text.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}")).1;
    let lines = after.lines().map(|line| line.trim_start_matches("//!").trim());
    let rows = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace(['`', '[', ']'], "").replace("Shared::", ""))
            .collect()
    })
    .collect()
}

#[track_caller]
fn is_drawn(name: &str, canvas: Canvas) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shmstate/docs/pictures");
    let (path, drawn) = (folder.join(name), canvas.finish());
    assert!(!drawn.contains("\n\n"), "documentation ends a picture at an empty line");
    if std::env::var_os("SHMSTATE_BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, &drawn).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == drawn, "{name} is not what is drawn today: see the top of this test's source");
}

#[test]
fn the_map_of_a_region() {
    is_drawn("region.svg", region::draw());
}

#[test]
fn three_copies_over_five_updates() {
    is_drawn("copies.svg", copies::draw());
}

#[test]
fn what_a_death_leaves() {
    is_drawn("deaths.svg", deaths::draw());
}

#[test]
fn the_floors() {
    is_drawn("floors.svg", floors::draw());
}
