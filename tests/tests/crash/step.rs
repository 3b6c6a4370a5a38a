//! A crash at every instruction, as far as a minute reaches: `step --help` tells of the rest.

use std::process::Command;

fn step(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_step")).arg("--quick").args(args).output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{}\n{said}\n{wrong}", output.status);
}

#[test]
fn the_living_recover_from_a_crash_at_sampled_instructions() {
    step(&["--copies", "3"]);
}

/// What takes no minute.
#[test]
fn with_fewer_copies_and_with_more() {
    let operations = "create,attach,claim,read,append,one-spot,many-spots,swap,nested,text,err,panic,close,remove";
    step(&["--copies", "2,4", "--only", operations]);
}
