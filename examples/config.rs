//! A configuration that one process publishes and several use.
//!
//! The configuration is of plain Rust types: strings, vectors, a map, an enum that holds something. Readers look at it in
//! place, in the version that was committed last; none of them parses anything. What is too large or makes no sense is
//! refused, and the old one stays.
//!
//! `cargo run --release --example config -- --readers 3 --editions 20`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use rkyv::{Archive, Deserialize, Serialize};
use shmstate::{Archived, List, SharedLayout, State, Timestamp};
use shmstate_examples::{Parent, Process, Temporary, all_ended, this_program};
use std::collections::HashMap;
use std::time::Duration;

/// The most readers that a service can have.
const READERS: usize = 61;

/// What is published.
#[derive(Archive, Serialize, Deserialize, Debug)]
struct Config {
    edition: u64,
    name: String,
    routes: Vec<Route>,
    limits: HashMap<String, u32>,
    log: Log,
}

#[derive(Archive, Serialize, Deserialize, Debug)]
struct Route {
    path: String,
    workers: Vec<String>,
}

#[derive(Archive, Serialize, Deserialize, Debug)]
enum Log {
    Off,
    File { path: String },
    Remote(String, u16),
}

/// What the processes share.
#[derive(SharedLayout)]
#[repr(C)]
struct Service {
    edition: u64,
    published: Timestamp,
    /// Set by the parent when no more editions come. A `u64` and not a `bool`, so that nothing has to fill a gap.
    closed: u64,
    refused: u64,
    config: Archived<Config, { 64 << 10 }>,
    /// The edition that each reader has seen last.
    seen: List<u64, READERS>,
    _pad: [u8; 8],
}

/// Publishes editions of a configuration to several processes that use it in place.
#[derive(Parser)]
struct Args {
    /// Processes that use the configuration
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=READERS as u64))]
    readers: u64,
    /// Editions that are published
    #[arg(long, default_value_t = 20)]
    editions: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A process that uses the configuration
    #[command(hide = true)]
    Reader { state: String, number: usize },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => parent(&args),
        Some(Role::Reader { state, number }) => reader(&State::open(state)?, *number),
    }
}

impl Config {
    /// Some configuration, of which edition `edition` has that many routes.
    fn example(edition: u64) -> Self {
        let route = |n: u64| Route { path: format!("/v{edition}/{n}"), workers: vec![format!("worker {n}"); 2] };
        Config {
            edition,
            name: format!("edition {edition}"),
            routes: (0..edition).map(route).collect(),
            limits: HashMap::from([("requests".to_owned(), 100 * edition as u32), ("uploads".to_owned(), 7)]),
            log: match edition % 3 {
                0 => Log::Off,
                1 => Log::File { path: format!("/var/log/{edition}") },
                _ => Log::Remote("logs".to_owned(), 514),
            },
        }
    }

    /// What no type can say.
    fn make_sense(&self) -> Result<()> {
        ensure!(self.limits.values().all(|limit| *limit > 0), "a limit of 0 lets nothing through");
        ensure!(!self.routes.is_empty(), "there are no routes");
        Ok(())
    }
}

/// Publishes `config`, or leaves the old one in place.
fn publish(service: &State<Service>, config: &Config) -> Result<()> {
    service.try_update(|s| {
        s.config.set(config)?;
        s.edition = config.edition;
        s.published = Timestamp::now();
        // Whatever the closure has done before an error is undone, the `set` included.
        config.make_sense()
    })?
}

/// Tries to publish what has to be refused; why it was.
fn refused(service: &State<Service>, config: &Config) -> Result<String> {
    let before = service.read(|s| s.edition)?;
    let Err(why) = publish(service, config) else { anyhow::bail!("a configuration was not refused") };
    let now = service.read(|s| (s.edition, s.config.get().map(|config| config.edition.to_native())))?;
    ensure!(now == (before, Some(before)), "edition {before} was lost: {now:?}");
    service.update(|s| s.refused += 1)?;
    Ok(why.to_string())
}

/// Looks at every edition, in place, and says so.
fn reader(service: &State<Service>, number: usize) -> Result<()> {
    let parent = Parent::of_this_process();
    let mut known = 0;
    loop {
        let (edition, closed) = service.read(|s| -> Result<_> {
            if s.edition == known {
                return Ok((known, s.closed));
            }
            // The first look at an edition checks all of its bytes; from then on it costs a comparison.
            let config = s.config.try_get()?.context("an edition without a configuration")?;
            ensure!(config.edition == s.edition && config.routes.len() as u64 == s.edition, "parts of two editions");
            let last = config.routes.last().context("no routes")?;
            ensure!(last.path == format!("/v{}/{}", s.edition, s.edition - 1), "another route: {}", last.path);
            let limit = config.limits.get("requests").context("no limit")?.to_native();
            ensure!(u64::from(limit) == 100 * s.edition, "another limit: {limit}");
            match &config.log {
                ArchivedLog::Off => ensure!(s.edition % 3 == 0, "no log"),
                ArchivedLog::File { path } => ensure!(path.ends_with(&s.edition.to_string()), "another file: {path}"),
                ArchivedLog::Remote(host, port) => ensure!(host == "logs" && *port == 514, "another host: {host}"),
            }
            Ok((s.edition, s.closed))
        })??;
        if edition != known {
            ensure!(edition == known + 1, "an edition was missed");
            service.update(|s| s.seen[number] = edition)?;
            known = edition;
        } else if closed == 1 {
            return Ok(());
        } else {
            ensure!(parent.lives(), "the parent is gone");
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

fn parent(args: &Args) -> Result<()> {
    let name = Temporary::new("config")?;
    let readers = args.readers as usize;
    let service = State::<Service>::options()
        .handles(1 + readers)
        .init(|s| s.seen.resize(readers, 0).expect("the range of the option is that of the list"))
        .create(name.name())?;
    println!("the state is {}", service.path().expect("it has a name").display());

    let start = |number: usize| Process::spawn(this_program()?.args(["reader", name.name(), &number.to_string()]));
    let mut processes = (0..readers).map(start).collect::<Result<Vec<_>>>()?;
    for edition in 1..=args.editions {
        publish(&service, &Config::example(edition))?;
        while !service.read(|s| s.seen.iter().all(|seen| *seen == edition))? {
            ensure!(!all_ended(&mut processes)?, "the readers went home");
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    let next = args.editions + 1;
    let large = Config { name: "x".repeat(64 << 10), ..Config::example(next) };
    println!("refused: {}", refused(&service, &large)?);
    let senseless = Config { limits: HashMap::from([("requests".to_owned(), 0)]), ..Config::example(next) };
    println!("refused: {}", refused(&service, &senseless)?);

    service.update(|s| s.closed = 1)?;
    while !all_ended(&mut processes).context("a reader")? {
        std::thread::sleep(Duration::from_millis(1));
    }
    let end = service.snapshot()?;
    let config: Config = end.config.deserialize()?.context("no configuration")?;
    println!("{readers} readers saw each of {} editions, {} were refused", end.edition, end.refused);
    println!("the last one, in {} bytes: {}, {} routes", end.config.len(), config.name, config.routes.len());
    Ok(())
}
