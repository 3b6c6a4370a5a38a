//! Whether the package knows shmstate by another name.
//!
//! A derive cannot ask the compiler which crates there are. `Cargo.toml` says what they are called. It is read only for a better
//! message, and not at all with `#[shared(crate = "…")]`.

use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "shmstate";

/// The name by which the package under compilation knows shmstate, if that is not `shmstate`.
pub(crate) fn renamed() -> Option<String> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let found = Found::in_manifest(&manifest, false);
    if found.plain {
        return None;
    }
    let inherited = || {
        let above = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml")).ok();
        let workspace = folder.ancestors().filter_map(above).find(|text| text.contains("[workspace"))?;
        Found::in_manifest(&workspace, true).renamed.into_iter().find(|name| found.others.contains(name))
    };
    let name = found.renamed.first().cloned().or_else(inherited)?;
    Some(name.replace('-', "_"))
}

/// What a manifest says of its dependencies.
#[derive(Default)]
struct Found {
    /// Whether a dependency is called `shmstate`.
    plain: bool,
    /// The other names under which shmstate is a dependency.
    renamed: Vec<String>,
    /// The names of all other dependencies.
    others: Vec<String>,
}

impl Found {
    /// The dependencies of the package, or those that the members of a workspace inherit.
    fn in_manifest(text: &str, of_workspace: bool) -> Found {
        let mut found = Found::default();
        let mut table = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            if let Some(header) = line.strip_prefix('[') {
                table = header.split(']').next().unwrap_or_default().trim().to_owned();
                if let Some(name) = dependency(&table, of_workspace) {
                    found.note(name, "");
                }
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let key = key.trim();
            if let Some(name) = dependency(&table, of_workspace) {
                if key == "package" && is_name(value) {
                    found.note(name, "package = \"shmstate\"");
                }
            } else if is_dependencies(&table, of_workspace) {
                found.note(key.split('.').next().unwrap_or(key), value);
            }
        }
        found
    }

    /// Notes a dependency `name`, of which `value` says more.
    fn note(&mut self, name: &str, value: &str) {
        let name = name.trim_matches(['"', '\'']).to_owned();
        let package = value.split("package").nth(1).and_then(|rest| rest.trim_start().strip_prefix('='));
        match package {
            Some(package) if name != NAME && is_name(package) => self.renamed.push(name),
            _ if name == NAME => self.plain = true,
            _ => self.others.push(name),
        }
    }
}

/// Whether `value` begins with the name as a string.
fn is_name(value: &str) -> bool {
    let value = value.trim_start();
    value.strip_prefix(['"', '\'']).is_some_and(|value| value.split(['"', '\'']).next() == Some(NAME))
}

/// Whether the entries of `table` are dependencies.
fn is_dependencies(table: &str, of_workspace: bool) -> bool {
    table.starts_with("workspace.") == of_workspace && table.ends_with("dependencies")
}

/// The name of the dependency that `table` describes.
fn dependency(table: &str, of_workspace: bool) -> Option<&str> {
    let (dependencies, name) = table.rsplit_once('.')?;
    is_dependencies(dependencies, of_workspace).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::Found;

    fn names(text: &str, of_workspace: bool) -> (bool, Vec<String>) {
        let found = Found::in_manifest(text, of_workspace);
        (found.plain, found.renamed)
    }

    #[test]
    fn names_are_found_wherever_they_may_stand() {
        for text in [
            "[dependencies]\nshared-state = { package = \"shmstate\", path = \"x\" }",
            "[dependencies]\nserde = \"1\"\nshared-state = { version = \"1\", package = 'shmstate' }",
            "[dependencies.shared-state]\nversion = \"1\"\npackage = \"shmstate\"",
            "[target.'cfg(unix)'.dependencies]\nshared-state = { package=\"shmstate\" }",
            "[dev-dependencies]\nshared-state = {package = \"shmstate\"} # not shmstate",
        ] {
            assert_eq!(names(text, false), (false, vec!["shared-state".to_owned()]), "{text}");
        }
        let workspace = "[workspace.dependencies]\nshared = { package = \"shmstate\" }";
        assert_eq!(names(workspace, true).1, ["shared"]);
        assert_eq!(names(workspace, false).1, [""; 0]);
        for text in [
            "[dependencies]\nshmstate = \"1\"",
            "[dependencies]\nshmstate.workspace = true",
            "[dependencies.shmstate]\npath = \"x\"",
            "[dependencies]\n\"shmstate\" = { package = \"my-fork\" }",
        ] {
            assert!(names(text, false).0, "{text}");
        }
        let others =
            "[package]\nname = \"shmstate\"\n[dependencies]\nx = { package = \"shmstate-derive\" }\n# shmstate = 1";
        assert_eq!(names(others, false), (false, Vec::new()));
    }
}
