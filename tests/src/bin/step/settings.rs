//! What the command line says.

use crate::ops::Op;
use clap::Parser;

/// Kills one process of a region at every instruction of an operation, and looks at what the others make of it.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Check every crash state in every way (by default some of them with new handles; all of them with old ones), kill a
    /// process for real at every change that an operation makes to what others see, and step moves of a region from their
    /// first instruction on
    #[arg(long, conflicts_with = "quick")]
    all: bool,
    /// A minute at most, also without optimisation
    #[arg(long)]
    quick: bool,
    /// Kill so many processes for real, per operation and number of copies
    #[arg(long)]
    kills: Option<usize>,
    /// Numbers of copies
    #[arg(long, value_delimiter = ',', default_value = "2,3,4", value_parser = clap::value_parser!(u8).range(2..=8))]
    copies: Vec<u8>,
    /// These operations only
    #[arg(long, value_delimiter = ',')]
    only: Vec<Op>,
    /// What the operations write
    #[arg(long, default_value_t = 77)]
    seed: u64,
    /// End at the first violation
    #[arg(long)]
    until_violation: bool,
}

/// What a campaign does.
pub(crate) struct Settings {
    pub(crate) operations: Vec<Op>,
    pub(crate) copies: Vec<usize>,
    pub(crate) seed: u64,
    /// Every so many-th crash state of a kind is checked with a population that lives.
    pub(crate) alive: u64,
    /// Every so many-th crash state of a kind is checked with new handles.
    pub(crate) others: u64,
    /// Real deaths per operation.
    pub(crate) kills: usize,
    /// Updates whose deaths the operations begin in that begin in one.
    pub(crate) first_deaths: usize,
    /// So many deaths of each of these, and one of each kind.
    pub(crate) deaths: usize,
    /// Of these, in so many the process that takes over dies as well.
    pub(crate) second_deaths: usize,
    pub(crate) until_violation: bool,
    /// Whether an operation that moves a region is stepped from its first instruction on, and not from where it first shows.
    pub(crate) whole: bool,
    /// Whether such an operation is killed at its system calls only.
    pub(crate) only_calls: bool,
}

impl From<&Args> for Settings {
    fn from(args: &Args) -> Settings {
        let (alive, others, kills, first_deaths, deaths, second_deaths) = match (args.all, args.quick) {
            (true, _) => (1, 1, 10_000, 2, usize::MAX, 8),
            (_, true) => (40, 400, 2, 1, 1, 1),
            _ => (1, 16, 20, 2, 12, 4),
        };
        let mut operations = if args.only.is_empty() { Op::ALL.to_vec() } else { args.only.clone() };
        // Without optimisation, half a million instructions, which are a read to the others.
        operations.retain(|op| !args.quick || !matches!(op, Op::Snapshot));
        Settings {
            operations,
            copies: args.copies.iter().copied().map(usize::from).collect(),
            seed: args.seed,
            alive,
            others,
            kills: args.kills.unwrap_or(kills),
            first_deaths,
            deaths,
            second_deaths,
            until_violation: args.until_violation,
            whole: args.all,
            only_calls: args.quick,
        }
    }
}
