//! A new release with another struct takes over from the old one, under load and without a pause: every visit that either of them has
//! counted is in the state at the end.
//!
//! Release 1 counts in a `u32` and keeps the latest 8 visitors. Release 2 counts in a `u64`, keeps 64, and knows a limit. The first
//! of its processes that opens the state carries it over; those of release 1 find out at their next update, and end.
//!
//! `cargo run --release --example rolling_deploy -- --workers 3 --seconds 2`

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use shmstate::{ErrorKind, Migrate, Ring, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, this_program};
use std::io::Read;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

mod v1 {
    use shmstate::{Ring, SharedLayout};

    /// What release 1 shares.
    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub visits: u32,
        pub _reserved: u32,
        pub latest: Ring<u32, 8>,
    }
}

/// What release 2 shares.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    visits: u64,
    #[shared(init = 1000)]
    limit: u64,
    /// Whether the workers are to end.
    closed: u64,
    #[shared(renamed_from = "latest")]
    visitors: Ring<u64, 64>,
}

/// Workers of two releases count visits; the second release takes over from the first one while both run.
#[derive(Parser)]
struct Args {
    /// Worker processes of each release
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// How long to run
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A worker process of release 1
    #[command(hide = true)]
    Old { state: String },
    /// A worker process of release 2
    #[command(hide = true)]
    New { state: String },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => deploy(&args),
        Some(Role::Old { state }) => old_release(state),
        Some(Role::New { state }) => new_release(state),
    }
}

/// Counts until the region is out of service. Prints how many visits were counted.
fn old_release(name: &str) -> Result<()> {
    let (mut board, parent) = (State::<v1::Board>::open(name)?, Parent::of_this_process());
    let mut counted = 0u64;
    while parent.lives() {
        let counts = board.update(|b| {
            b.visits += 1;
            b.latest.push(b.visits);
        });
        match counts {
            Ok(_) => counted += 1,
            Err(e) if e.kind() == ErrorKind::Retired => match board.reopen() {
                // The name leads to another region of this release.
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::LayoutMismatch => break,
                Err(e) => return Err(e.into()),
            },
            Err(e) => return Err(e.into()),
        }
    }
    print!("{counted}");
    Ok(())
}

/// Counts until the board is closed. Prints how many visits were counted.
fn new_release(name: &str) -> Result<()> {
    let allowed = ["_reserved"];
    let board = State::<Board>::options().migrate(Migrate::AllowLoss(&allowed)).open_or_create(name)?;
    let parent = Parent::of_this_process();
    let (mut counted, mut closed) = (0u64, false);
    while !closed && parent.lives() {
        closed = board.update(|b| {
            b.visits += 1;
            b.visitors.push(b.visits);
            b.closed != 0
        })?;
        counted += 1;
    }
    print!("{counted}");
    Ok(())
}

fn deploy(args: &Args) -> Result<()> {
    let name = Temporary::new("rolling-deploy")?;
    let board = State::<v1::Board>::create(name.name())?;
    println!("the state is {}", board.path().context("it has a name")?.display());
    let half = Duration::try_from_secs_f64(args.seconds / 2.0).context("neither negative nor endless")?;
    let start = |role: &str| {
        let spawn = |_| Process::spawn(this_program()?.args([role, name.name()]).stdout(Stdio::piped()));
        (0..args.workers).map(spawn).collect::<Result<Vec<_>>>()
    };

    let mut old = start("old")?;
    sleep(half);
    let mut new = start("new")?;
    let by_old = counted(&mut old)?;
    ensure!(
        board.read(|b| b.visits).is_err_and(|e| e.kind() == ErrorKind::Retired),
        "the old region is still in service"
    );
    drop(board);
    sleep(half);

    let board = State::<Board>::open(name.name())?;
    board.update(|b| b.closed = 1)?;
    let by_new = counted(&mut new)?;
    let (visits, limit, latest) = board.read(|b| (b.visits, b.limit, b.visitors.iter().next_back().copied()))?;
    println!("{by_old} visits were counted by release 1, {by_new} by release 2");
    if visits != by_old + by_new {
        bail!("the state has {visits}");
    }
    ensure!(limit == 1000 && latest == Some(visits), "limit {limit}, latest visitor {latest:?}");
    println!("the state has {visits}: equal");
    Ok(())
}

/// What the workers have counted, together, once they have ended.
fn counted(workers: &mut [Process]) -> Result<u64> {
    let mut sum = 0;
    for worker in workers {
        let mut text = String::new();
        worker.child().stdout.take().context("it is piped")?.read_to_string(&mut text)?;
        let status = worker.child().wait()?;
        ensure!(status.success(), "a worker failed: {status}");
        sum += text.trim().parse::<u64>().with_context(|| format!("a worker printed {text:?}"))?;
    }
    Ok(sum)
}
