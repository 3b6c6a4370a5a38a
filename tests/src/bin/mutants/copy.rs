//! The copy of the tree that has all faults.

use shmstate_tests::mutants::{SOURCES, all_patches, catalogued, in_tree, patches, weave};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How the copy chooses a fault.
const PLANTED: &str = "//! One fault of all that are woven into this copy.

/// Whether this process has the fault of that name.
pub(crate) fn planted(name: &str) -> bool {
    static FAULT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    FAULT.get_or_init(|| std::env::var(\"SHMSTATE_MUTANT\").unwrap_or_default()) == name
}
";

/// Brings the copy of `tree` at `copy` up to date. What has not changed keeps its time, so that cargo builds no more than it
/// has to.
pub fn update(tree: &Path, copy: &Path) -> Result<(), Box<dyn Error>> {
    let mut known = BTreeSet::new();
    for entry in fs::read_dir(tree)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_hidden = name.to_string_lossy().starts_with('.');
        if !is_hidden {
            files(&entry.path(), &mut known)?;
        }
    }
    let mut there = BTreeSet::new();
    if copy.exists() {
        files(copy, &mut there)?;
    }
    let missing = all_patches().map(|(_, patch)| tree.join(in_tree(patch.file))).find(|file| !known.contains(file));
    if let Some(file) = missing {
        return Err(format!("the catalogue of faults names {}, which does not exist", file.display()).into());
    }
    let mut wanted = BTreeSet::new();
    for sources in SOURCES {
        let planted = copy.join(sources).join("mutant.rs");
        write(&planted, PLANTED.as_bytes())?;
        wanted.insert(planted);
    }
    for file in &known {
        let inside = file.strip_prefix(tree)?;
        let to = copy.join(inside);
        let mut content = fs::read(file)?;
        if let Some(inside) = inside.to_str().and_then(catalogued).filter(|name| name.ends_with(".rs")) {
            content = with_faults(inside, String::from_utf8(content)?)
                .map_err(|e| format!("cannot weave the faults into {}:\n{e}", file.display()))?
                .into();
        }
        write(&to, &content)?;
        wanted.insert(to);
    }
    there.difference(&wanted).try_for_each(fs::remove_file)?;
    Ok(())
}

/// A source of the library as it is in the copy.
fn with_faults(file: &str, text: String) -> Result<String, String> {
    let text = weave(&text, patches(file))?;
    if !SOURCES.iter().any(|sources| in_tree(file) == format!("{sources}lib.rs")) {
        return Ok(text);
    }
    // Before the first of the attributes and modules that there are in any case.
    let first =
        if text.starts_with("#![") { 0 } else { text.find("\n#![").ok_or("it has no attribute of the crate")? };
    let module = text.find("\nmod ").ok_or("it has no module")?;
    let (docs, attributes, modules) = (&text[..first], &text[first..module], &text[module..]);
    Ok(format!("{docs}\n#![allow(warnings)]\n{attributes}\nmod mutant;{modules}"))
}

/// The files below a file or folder; what cargo has built is left out.
fn files(path: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        let is_built = path.file_name().is_some_and(|name| name == "target") || path.join("CACHEDIR.TAG").exists();
        for entry in fs::read_dir(path)?.filter(|_| !is_built) {
            files(&entry?.path(), found)?;
        }
    } else {
        found.insert(path.to_owned());
    }
    Ok(())
}

/// Writes a file unless it is so already. Another hunt may be reading it: it sees the old content or the new one.
fn write(path: &Path, content: &[u8]) -> Result<(), Box<dyn Error>> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    let dir = path.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(dir)?;
    let mut new = tempfile::NamedTempFile::new_in(dir)?;
    new.write_all(content)?;
    new.persist(path)?;
    Ok(())
}
