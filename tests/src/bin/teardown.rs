//! How long the death of a process that has a large region mapped keeps the others waiting: until the kernel has torn it
//! down, so that the byte that says that it lives is free.
//!
//! ```text
//! cargo run --release -p shmstate-tests --bin teardown -- --gib 2
//! ```

use clap::{Parser, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};
use shmstate::{List, SharedLayout, State};
use shmstate_tests::{Child, scratch_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Measures how long a handle stays taken after the process that holds it has died.
#[derive(Parser)]
struct Settings {
    /// Size of the region.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=4))]
    gib: u16,
    /// Deaths of each kind.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// 8 MiB for each GiB, for a test of this program.
    #[arg(long, hide = true)]
    small: bool,
    /// Be the process that dies: for this program alone.
    #[arg(long, hide = true, requires = "death")]
    victim: Option<PathBuf>,
    #[arg(long, hide = true)]
    death: Option<Death>,
}

/// How it dies, and with what.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Death {
    /// Of SIGKILL, with next to none of the region in its page table.
    Untouched,
    /// Of SIGKILL, with all of it.
    Killed,
    /// Of SIGABRT, without a core dump.
    Aborted,
    /// Of SIGABRT, with one.
    Dumped,
    /// Of SIGABRT, with one that has the region in it, as if the library did not leave it out.
    DumpedWhole,
}

impl Death {
    fn in_words(self) -> &'static str {
        match self {
            Death::Untouched => "SIGKILL, pages not touched",
            Death::Killed => "SIGKILL, all pages touched",
            Death::Aborted => "SIGABRT, no core dump",
            Death::Dumped => "SIGABRT, core dump without the region (as the library has it)",
            Death::DumpedWhole => "SIGABRT, core dump with the region in it",
        }
    }

    fn signal(self) -> libc::c_int {
        if matches!(self, Death::Untouched | Death::Killed) { libc::SIGKILL } else { libc::SIGABRT }
    }
}

/// Half a GiB: a region has two copies for each of its GiB.
type Large = List<u64, { 1 << 26 }>;

/// A hundredth of that.
type Small = List<u64, { 1 << 19 }>;

fn main() {
    let settings = Settings::parse();
    let run = if settings.small { run::<Small> } else { run::<Large> };
    run(&settings);
}

fn run<T: SharedLayout>(settings: &Settings) {
    match (&settings.victim, settings.death) {
        (Some(path), Some(death)) => victim::<T>(path, death),
        _ => measure::<T>(settings),
    }
}

fn open<T: SharedLayout>(path: &Path) -> State<T> {
    State::<T>::options().timeout(Duration::from_secs(120)).open(path).expect("the region")
}

/// Stays in an update until it is killed.
fn victim<T: SharedLayout>(path: &Path, death: Death) {
    let dumps = matches!(death, Death::Dumped | Death::DumpedWhole);
    let size = if dumps { libc::RLIM_INFINITY } else { 0 };
    let limit = libc::rlimit { rlim_cur: size, rlim_max: size };
    // SAFETY: an initialised struct.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) }, 0, "no core dumps here");
    // Where the core goes: it vanishes with the region.
    std::env::set_current_dir(path.parent().expect("a directory")).expect("a directory");
    let state = open::<T>(path);
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc");
    for line in maps.lines().filter(|line| line.ends_with(&path.display().to_string())) {
        let bounds = line.split(' ').next().and_then(|bounds| bounds.split_once('-')).expect("two addresses");
        let [from, to] = [bounds.0, bounds.1].map(|at| usize::from_str_radix(at, 16).expect("an address"));
        let advise = |advice| {
            // SAFETY: a mapping of this process, whose content no advice below changes.
            let failed = unsafe { libc::madvise(std::ptr::without_provenance_mut(from), to - from, advice) } != 0;
            assert!(!failed, "advice {advice}: {}", std::io::Error::last_os_error());
        };
        if death != Death::Untouched {
            advise(libc::MADV_POPULATE_READ);
        }
        if death == Death::DumpedWhole {
            advise(libc::MADV_DODUMP);
        }
    }
    // Private memory, and mapped files that are shared: without the advice, the region would be in every such core.
    fs::write("/proc/self/coredump_filter", "0x1b").expect("/proc");
    state
        .update(|_| {
            println!("in");
            let _ = std::io::stdin().read_line(&mut String::new());
        })
        .expect("an update");
}

fn measure<T: SharedLayout>(settings: &Settings) {
    let dir = scratch_dir();
    let path = dir.path().join("region");
    // One handle for this process, and one for the victim: an open of the region waits for that.
    let copies = 2 * usize::from(settings.gib);
    let state = State::<T>::options().copies(copies).handles(2).create(&path).expect("room for the region");
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    println!("core_pattern: {:?}{}", pattern.trim(), if pattern.starts_with('|') { ", a program" } else { "" });
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["death", "deaths", "median ms", "most ms", "MiB of core"]);
    for column in 1..5 {
        table.column_mut(column).expect("a column").set_cell_alignment(CellAlignment::Right);
    }
    for death in Death::value_variants() {
        let (mut waits, mut core) = (Vec::new(), 0);
        for _ in 0..settings.rounds {
            let (wait, bytes) = one_death(&state, *death, settings, &path);
            waits.push(wait);
            core = core.max(bytes);
        }
        waits.sort_unstable();
        let ms = |wait: Duration| format!("{:.1}", wait.as_secs_f64() * 1e3);
        let (median, most) = (ms(waits[waits.len() / 2]), ms(waits[waits.len() - 1]));
        table.add_row([
            death.in_words(),
            &waits.len().to_string(),
            &median,
            &most,
            &format!("{:.1}", core as f64 / 1048576.0),
        ]);
    }
    println!("{table}");
}

/// From the signal until another process has the handle; and the bytes of the core.
fn one_death<T: SharedLayout>(state: &State<T>, death: Death, settings: &Settings, path: &Path) -> (Duration, u64) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let name = death.to_possible_value().expect("a name").get_name().to_owned();
    command.arg("--victim").arg(path).args(["--death", &name]);
    if settings.small {
        command.arg("--small");
    }
    let mut victim = Child::start_command(&mut command);
    victim.expect("in");
    let (since, version) = (Instant::now(), state.version().expect("a version"));
    victim.signal(death.signal());
    let next = open::<T>(path);
    let wait = since.elapsed();
    drop(next);
    // It died in an update: no process has to wait for that any more.
    state.update(|_| ()).expect("an update");
    assert_eq!(state.version().expect("a version"), version + 1);
    victim.kill();
    let mut core = 0;
    for entry in fs::read_dir(path.parent().expect("a directory")).expect("a directory").flatten() {
        if entry.path() != path {
            core += entry.metadata().map_or(0, |file| file.len());
            fs::remove_file(entry.path()).expect("the core");
        }
    }
    (wait, core)
}
