//! Accounts that several processes move money between.
//!
//! A clerk pays in first and withdraws afterwards; when there is not enough to withdraw, `try_update` takes the payment
//! back. Auditors read meanwhile, without being in the way, and add up all accounts: no version has another sum.
//!
//! `cargo run --release --example bank -- --clerks 4 --transfers 100000`

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use shmstate::{List, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, all_ended, this_program};
use std::time::{Duration, Instant};

/// The most accounts that a bank can have.
const ACCOUNTS: usize = 4096;

/// What the processes share.
#[derive(SharedLayout)]
#[repr(C)]
struct Bank {
    transfers: u64,
    refusals: u64,
    audits: u64,
    /// What all accounts together hold, once and for all.
    total: u64,
    /// Set by the parent when no more transfers come. A `u64` and not a `bool`, so that nothing has to fill a gap.
    closed: u64,
    accounts: List<u64, ACCOUNTS>,
}

/// Random transfers between accounts, from several processes, under the eyes of auditors.
#[derive(Parser)]
struct Args {
    /// Processes that transfer
    #[arg(long, default_value_t = 3)]
    clerks: usize,
    /// Processes that add up
    #[arg(long, default_value_t = 1)]
    auditors: usize,
    /// Transfers that each clerk tries
    #[arg(long, default_value_t = 2_000_000)]
    transfers: u64,
    /// Accounts; each starts with 100
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(2..=ACCOUNTS as u64))]
    accounts: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A process that transfers
    #[command(hide = true)]
    Clerk { state: String },
    /// A process that adds up
    #[command(hide = true)]
    Auditor { state: String },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => parent(&args),
        Some(Role::Clerk { state }) => clerk(&State::open(state)?, args.transfers),
        Some(Role::Auditor { state }) => auditor(&State::open(state)?),
    }
}

/// Why a transfer was not made: the account has less than that.
struct Refused;

fn transfer(bank: &mut Bank, from: usize, to: usize, amount: u64) -> Result<(), Refused> {
    bank.accounts[to] += amount;
    bank.accounts[from] = bank.accounts[from].checked_sub(amount).ok_or(Refused)?;
    bank.transfers += 1;
    Ok(())
}

/// Tries `transfers` transfers. The outer error of `try_update` is the state's, the inner one the closure's own.
fn clerk(bank: &State<Bank>, transfers: u64) -> Result<()> {
    let accounts = bank.read(|b| b.accounts.len())?;
    let parent = Parent::of_this_process();
    for _ in 0..transfers {
        let (from, to) = (fastrand::usize(..accounts), fastrand::usize(..accounts));
        match bank.try_update(|b| transfer(b, from, to, fastrand::u64(1..=100)))? {
            Ok(()) => {}
            // What the refused update has done is undone, so the refusal is noted by one of its own.
            Err(Refused) if parent.lives() => bank.update(|b| b.refusals += 1)?,
            Err(Refused) => bail!("the parent is gone"),
        }
    }
    Ok(())
}

/// Adds up all accounts until the bank closes.
fn auditor(bank: &State<Bank>) -> Result<()> {
    let parent = Parent::of_this_process();
    let mut audits = 0;
    loop {
        // One version, in place, for as long as it takes; the clerks go on with the next versions.
        let (sum, total, transfers, closed) =
            bank.read(|b| (b.accounts.iter().sum::<u64>(), b.total, b.transfers, b.closed))?;
        ensure!(sum == total, "after {transfers} transfers the accounts hold {sum} instead of {total}");
        audits += 1;
        if closed == 1 {
            return Ok(bank.update(|b| b.audits += audits)?);
        }
        ensure!(parent.lives(), "the parent is gone");
    }
}

fn parent(args: &Args) -> Result<()> {
    let name = Temporary::new("bank")?;
    let bank = State::<Bank>::options()
        .handles(1 + args.clerks + args.auditors)
        .init(|b| {
            b.accounts.resize(args.accounts as usize, 100).expect("the range of the option is that of the list");
            b.total = b.accounts.iter().sum();
        })
        .create(name.name())?;
    println!("the state is {}", bank.path().expect("it has a name").display());

    let transfers = format!("--transfers={}", args.transfers);
    let start = |role: &str| Process::spawn(this_program()?.args([&transfers, role, name.name()]));
    let mut auditors = (0..args.auditors).map(|_| start("auditor")).collect::<Result<Vec<_>>>()?;
    let since = Instant::now();
    let mut clerks = (0..args.clerks).map(|_| start("clerk")).collect::<Result<Vec<_>>>()?;
    let mut reported = Instant::now();
    while !all_ended(&mut clerks).context("a clerk")? {
        // An auditor ends before the bank closes only if it has found something.
        ensure!(auditors.is_empty() || !all_ended(&mut auditors).context("an auditor")?, "the auditors went home");
        if reported.elapsed() >= Duration::from_secs(1) {
            reported = Instant::now();
            bank.read(|b| println!("{} transfers, {} refused", b.transfers, b.refusals))?;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = since.elapsed();
    bank.update(|b| b.closed = 1)?;
    while !all_ended(&mut auditors).context("an auditor")? {
        std::thread::sleep(Duration::from_millis(1));
    }

    let end = bank.snapshot()?;
    let (sum, tried) = (end.accounts.iter().sum::<u64>(), args.clerks as u64 * args.transfers);
    println!("{} transfers, {} refused, in {:.2} s", end.transfers, end.refusals, took.as_secs_f64());
    println!("{} audits while they were made", end.audits);
    ensure!(end.transfers + end.refusals == tried, "{tried} transfers were tried: updates are lost");
    ensure!(sum == end.total, "the accounts hold {sum} instead of {}", end.total);
    println!("the sum is {sum}, and was in each version seen");
    Ok(())
}
