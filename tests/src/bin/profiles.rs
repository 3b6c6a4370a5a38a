//! What a read and an update cost in a debug build and in others, each as a multiple of a release build.
//!
//! `cargo run -p shmstate-tests --bin profiles`

use cargo_metadata::Message;
use comfy_table::Table;
use shmstate::{List, SharedLayout, State};
use std::error::Error;
use std::hint::black_box;
use std::io::BufReader;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Builds, as settings of cargo's; the last one is what the others are compared with.
const BUILDS: [(&str, &[&str]); 4] = [
    ("debug", &[]),
    ("debug, shmstate at 3", &["--config", "profile.dev.package.shmstate.opt-level=3"]),
    ("debug, all at 1", &["--config", "profile.dev.opt-level=1"]),
    ("release", &["--release"]),
];

#[derive(SharedLayout)]
#[repr(C)]
struct Plain {
    ticks: u64,
    more: [u64; 7],
}

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    items: List<u64, 1000>,
}

/// The least time that a call of `f` took, in nanoseconds, over several rounds.
fn time(f: impl Fn(usize)) -> f64 {
    let calls = 10_000;
    let round = |_| {
        let since = Instant::now();
        (0..calls).for_each(&f);
        since.elapsed().as_nanos() as f64 / calls as f64
    };
    (0..20).map(round).fold(f64::INFINITY, f64::min)
}

/// What this build takes: a line for each operation.
fn measure() -> Result<(), Box<dyn Error>> {
    let plain = State::<Plain>::anonymous()?;
    let board = State::<Board>::anonymous()?;
    board.update(|s| (0..1000).for_each(|i| s.items.push(i).expect("room")))?;
    let failed = "an operation that never waits";
    println!("{}", time(|_| plain.read(|s| _ = black_box(s.ticks)).expect(failed)));
    println!("{}", time(|i| board.read(|s| _ = black_box(s.items[i % 1000])).expect(failed)));
    println!("{}", time(|_| plain.update(|s| s.ticks += 1).expect(failed)));
    println!("{}", time(|i| board.update(|s| s.items[i % 1000] += 1).expect(failed)));
    Ok(())
}

/// Builds this program with these settings, and runs it.
fn measured(settings: &[&str]) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--message-format=json-render-diagnostics", "-p", "shmstate-tests"]);
    cargo.args(["--bin", "profiles"]).args(settings).current_dir(env!("CARGO_MANIFEST_DIR"));
    let mut cargo = cargo.stdout(Stdio::piped()).spawn()?;
    let said = cargo.stdout.take().ok_or("cargo has no output")?;
    let mut program = None;
    for message in Message::parse_stream(BufReader::new(said)) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.target.name == "profiles"
        {
            program = artifact.executable;
        }
    }
    if !cargo.wait()?.success() {
        return Err(format!("cannot build with {settings:?}").into());
    }
    let output = Command::new(program.ok_or("cargo has built no program")?).arg("--measure").output()?;
    let said = String::from_utf8(output.stdout)?;
    Ok(said.lines().map(str::parse).collect::<Result<_, _>>()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|arg| arg == "--measure") {
        return measure();
    }
    let times = BUILDS.iter().map(|(_, settings)| measured(settings)).collect::<Result<Vec<_>, _>>()?;
    let release = times.last().ok_or("there are builds")?;
    let mut table = Table::new();
    table.set_header(["build", "read a number", "read an item", "update a number", "update an item"]);
    for ((build, _), times) in BUILDS.iter().zip(&times) {
        let ratios = times.iter().zip(release).map(|(time, least)| format!("{time:.1} ns, {:.1}x", time / least));
        table.add_row([(*build).to_owned()].into_iter().chain(ratios));
    }
    println!("{table}");
    Ok(())
}
