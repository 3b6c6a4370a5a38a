//! Counting instructions: what the benchmarks of that have in common.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{env, fs, thread};

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

/// Instructions of one operation, with the loop around it. One that is known to take many is done a tenth as often.
fn count(operation: &str, before: Option<f64>) -> f64 {
    let times = TIMES.map(|times| if before > Some(10_000.0) { times / 10 } else { times });
    let [few, many] = times.map(|times| instructions(operation, times));
    (many - few) / (times[1] - times[0]) as f64
}

/// The same for all of them, as many at a time as there are processors.
fn count_all(operations: &[(&str, Option<f64>)]) -> Vec<f64> {
    let (next, counts) = (AtomicUsize::new(0), operations.iter().map(|_| OnceLock::new()).collect::<Vec<_>>());
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Relaxed);
                    let Some(&(operation, before)) = operations.get(n) else { return };
                    counts[n].get_or_init(|| count(operation, before));
                }
            });
        }
    });
    counts.into_iter().map(|count| count.into_inner().expect("each is counted")).collect()
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
    let before = |operation| known.lines().find_map(|line| line.strip_prefix(operation)?.trim().parse().ok());
    let mut all = vec![(NOTHING, None)];
    all.extend(operations.iter().map(|operation| (*operation, before(operation))));
    let counts = count_all(&all);
    println!("instructions per operation (before)\n");
    for ((operation, before), count) in all.into_iter().zip(&counts).skip(1) {
        let count = (count - counts[0]).round();
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
