//! A crash at every instruction, as far as a minute reaches: `step --help` tells of the rest.

use std::process::Command;

#[test]
fn the_living_recover_from_a_crash_at_sampled_instructions() {
    let output = Command::new(env!("CARGO_BIN_EXE_step")).args(["--quick", "--copies", "3"]).output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{}\n{said}\n{wrong}", output.status);
}
