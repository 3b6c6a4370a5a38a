//! Whatever makes or maps a value of a generic type evaluates the type's proofs.

#[test]
fn every_way_to_make_a_value_evaluates_the_proofs() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    // A package that is built of few others.
    command.args(["rustc", "--quiet", "--locked", "-p", "shmstate-tests-renamed", "--lib"]);
    let output = command.args(["--", "--cfg", "unproved", "--cap-lints", "allow"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the program compiles");
    let uses = include_str!("../../renamed/unproved.rs").split("fn uses()").nth(1).unwrap();
    let numbers: Vec<_> = uses.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 3).collect();
    assert_eq!(numbers.len(), 31);
    let silent: Vec<_> = numbers.into_iter().filter(|number| !said.contains(&format!("Mode<{number}>>::"))).collect();
    assert!(silent.is_empty(), "uses without an error: {silent:?}\n{said}");
}
