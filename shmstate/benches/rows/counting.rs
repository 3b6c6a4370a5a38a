//! Counting instructions: what the benchmarks of that have in common.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

/// Growth that fails, in parts of the number.
const MOST: f64 = 0.05;

/// How often each is done in the two runs of which the difference counts.
const TIMES: [u64; 2] = [2_000, 12_000];

/// What is around each operation, and taken off.
pub const NOTHING: &str = "nothing";

/// A random number below `end`, for operation `i`.
#[allow(dead_code, reason = "not every benchmark chooses a spot")]
pub fn spot(i: u64, end: usize) -> usize {
    (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % end
}

/// Instructions of one operation, with the loop around it.
fn count(operation: &str) -> f64 {
    let [few, many] = TIMES.map(|times| instructions(operation, times));
    (many - few) / (TIMES[1] - TIMES[0]) as f64
}

/// Instructions of a process that does it.
fn instructions(operation: &str, times: u64) -> f64 {
    let me = env::current_exe().expect("a program");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(me);
    let output = valgrind.args(["--run", operation, &times.to_string()]).output().expect("valgrind");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let count = text.lines().find_map(|line| line.split_once("Collected : ")).expect("a count").1;
    count.trim().parse().expect("a number")
}

/// Runs the benchmark: `run` does one of the `operations` so many times; `file` has their counts.
pub fn bench(file: &str, operations: &[&str], run: fn(&str, u64)) -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, flag, operation, times] = &arguments[..]
        && flag == "--run"
    {
        run(operation, times.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // A test asks whether it runs, in a build whose instructions are not to be counted.
        operations.iter().for_each(|operation| run(operation, 10));
        return ExitCode::SUCCESS;
    }
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        println!("valgrind is not there: nothing is counted");
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let bless = env::var("SHMSTATE_BLESS").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()));
    let known = fs::read_to_string(&file).unwrap_or_default();
    let (mut now, mut grown) = (String::new(), false);
    let around = count(NOTHING);
    println!("instructions per operation (before)\n");
    for operation in operations {
        let count = (count(operation) - around).round();
        let before = known.lines().find_map(|line| line.strip_prefix(operation)?.trim().parse::<f64>().ok());
        let more = before.is_none_or(|before| count > before * (1.0 + MOST));
        let (before, mark) =
            (before.map_or_else(String::new, |b| format!("({b})")), if more { "  TOO MANY" } else { "" });
        println!("{operation:<16}{count:>6} {before:>8}{mark}");
        writeln!(now, "{operation:<16}{count:>6}").expect("memory");
        grown |= more;
    }
    if bless {
        fs::write(&file, now).expect("the file is written");
    } else if grown {
        println!("\nmore than {} says, by over 5 %: if that is meant, run this with SHMSTATE_BLESS=1", file.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
