//! How many instructions an operation takes, counted by valgrind, against the numbers in `counts.txt`: what a busy machine
//! does to a clock it does not do to them.
//!
//! A count is what one call of `load`, `read`, `update` or `try_update` takes on average, with its closure: a process that
//! does it 12 000 times, less one that does it 2 000 times, divided by the difference, less the same for a loop that does
//! nothing but choose the spot. Nothing of opening, of the first updates, or of valgrind is in it; single-stepping the
//! process counts the same.
//!
//! `cargo bench -p shmstate --bench counts` fails if one has grown by more than 5 %; `SHMSTATE_BLESS=1` writes what is
//! counted into the file. The numbers are those of one compiler and of x86-64; without valgrind nothing is counted.

use shmstate::{List, SharedLayout, State};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

/// The state: 64 KiB of items.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    counter: u64,
    items: List<u64, N>,
}

const N: usize = 8192;

/// Growth that fails, in parts of the number.
const MOST: f64 = 0.05;

/// How often each is done in the two runs of which the difference counts.
const TIMES: [u64; 2] = [2_000, 12_000];

const OPERATIONS: [&str; 7] = ["load", "read one", "update one", "update two", "update eight", "append", "roll back"];

/// What is around each operation, and taken off.
const NOTHING: &str = "nothing";

/// The random spot of operation `i`.
fn spot(i: u64) -> usize {
    (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % N
}

/// Does it.
fn run(operation: &str, times: u64) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let init = |s: &mut Board| s.items.resize(N, 1).expect("N items fit");
    let state = State::<Board>::options().init(init).create(dir.path().join("state")).expect("a state");
    let counter = state.project(|s| &s.counter).expect("a plain field");
    let add = |s: &mut Board, i: u64, spots: u64| {
        (0..spots).for_each(|k| s.items[spot(8 * i + k)] += 1);
        s.counter += 1;
    };
    let each: &dyn Fn(u64) = match operation {
        NOTHING => &|i| _ = black_box(spot(i)),
        "load" => &|_| _ = black_box(state.load(&counter).expect("a number")),
        "read one" => &|i| _ = black_box(state.read(|s| s.items[spot(i)] + s.counter).expect("a number")),
        "update one" => &|i| state.update(|s| add(s, i, 1)).expect("an update"),
        "update two" => &|i| state.update(|s| add(s, i, 2)).expect("an update"),
        "update eight" => &|i| state.update(|s| add(s, i, 8)).expect("an update"),
        "append" => &|i| {
            let push = |s: &mut Board| {
                if s.items.is_full() {
                    s.items.clear();
                }
                s.items.push(i).expect("there is room");
                s.counter += 1;
            };
            state.update(push).expect("an update");
        },
        "roll back" => &|i| {
            let fail = |s: &mut Board| {
                s.items[spot(i)] = i;
                s.counter = i;
                Err::<(), ()>(())
            };
            assert_eq!(state.try_update(fail).expect("an update"), Err(()));
        },
        other => panic!("no such operation: {other}"),
    };
    (0..times).for_each(each);
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

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, flag, operation, times] = &arguments[..]
        && flag == "--run"
    {
        run(operation, times.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        // A test asks whether it runs, in a build whose instructions are not to be counted.
        OPERATIONS.iter().for_each(|operation| run(operation, 10));
        return ExitCode::SUCCESS;
    }
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        println!("valgrind is not there: nothing is counted");
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/counts.txt");
    let bless = env::var("SHMSTATE_BLESS").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()));
    let known = fs::read_to_string(&file).unwrap_or_default();
    let (mut now, mut grown) = (String::new(), false);
    let around = count(NOTHING);
    println!("instructions per operation (before)\n");
    for operation in OPERATIONS {
        let count = (count(operation) - around).round();
        let before = known.lines().find_map(|line| line.strip_prefix(operation)?.trim().parse::<f64>().ok());
        let more = before.is_none_or(|before| count > before * (1.0 + MOST));
        let (before, mark) =
            (before.map_or_else(String::new, |b| format!("({b})")), if more { "  TOO MANY" } else { "" });
        println!("{operation:<14}{count:>6} {before:>8}{mark}");
        writeln!(now, "{operation:<14}{count:>6}").expect("memory");
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
