//! A cache of sessions that the processes of a web server share: looked up by token, dropped when they expire.
//!
//! A hit is a read, which takes no lock. A miss is an update: it drops what has expired (a few, so that no update takes
//! long), makes room if there is none, and puts the new session in. The parent looks on, and checks in each version it
//! sees that the sessions, their tokens, their order and the counts agree.
//!
//! `cargo run --release --example token_cache -- --frontends 4 --users 3000 --life-ms 100`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use shmstate::{Key, Map, Queue, SharedLayout, Slab, State, TimeSpan, Timestamp, Uuid};
use shmstate_examples::{Parent, Process, Temporary, all_ended, this_program};
use std::time::{Duration, Instant};

/// The most sessions at a time.
const SESSIONS: usize = 1024;
/// The most sessions that one update drops because they have expired.
const EXPIRED_AT_ONCE: usize = 8;

/// What the processes share: each session once, found by its token and by its age.
#[derive(SharedLayout)]
#[repr(C)]
struct Cache {
    sessions: Slab<Session, SESSIONS>,
    by_token: Map<Uuid, Key<Session>, SESSIONS>,
    /// The oldest first. It expires first, because all sessions live equally long.
    by_age: Queue<Key<Session>, SESSIONS>,
    counts: Counts,
}

#[derive(SharedLayout, Clone)]
#[repr(C)]
struct Session {
    token: Uuid,
    user: u64,
    expires: Timestamp,
}

#[derive(SharedLayout, Clone)]
#[repr(C)]
struct Counts {
    hits: u64,
    /// Sessions that were made, because there was none.
    misses: u64,
    /// Sessions that were dropped: too old, and to make room.
    expired: u64,
    evicted: u64,
}

impl Cache {
    /// The session of `token`, unless there is none or it has expired.
    fn get(&self, token: Uuid, now: Timestamp) -> Option<&Session> {
        let &key = self.by_token.get(&token)?;
        self.sessions.get(key).filter(|session| session.expires > now)
    }

    /// Puts a session in, of a token that has none or one that has expired.
    fn put(&mut self, session: Session) -> Result<()> {
        let token = session.token;
        self.remove(token);
        let key = match self.sessions.insert(session) {
            Ok(key) => key,
            Err(full) => {
                self.pop_oldest().context("a full cache has an oldest session")?;
                self.counts.evicted += 1;
                self.sessions.insert(full.into_inner())? // the session, which has come back
            }
        };
        self.by_token.insert(token, key)?;
        self.by_age.push_back(key)?;
        self.counts.misses += 1;
        Ok(())
    }

    /// Drops sessions that have expired; a few, so that no update takes long.
    fn expire(&mut self, now: Timestamp) {
        for _ in 0..EXPIRED_AT_ONCE {
            let oldest = self.by_age.front().and_then(|&key| self.sessions.get(key));
            if oldest.is_none_or(|session| session.expires > now) {
                return;
            }
            self.pop_oldest();
            self.counts.expired += 1;
        }
    }

    fn pop_oldest(&mut self) -> Option<Session> {
        let session = self.sessions.remove(self.by_age.pop_front()?)?;
        self.by_token.remove(&session.token);
        Some(session)
    }

    /// Drops the session of `token`, if there is one: it has expired, but not been dropped.
    fn remove(&mut self, token: Uuid) {
        if let Some(key) = self.by_token.remove(&token) {
            self.sessions.remove(key);
            self.by_age.retain(|&other| other != key);
            self.counts.expired += 1;
        }
    }

    /// Whether the parts agree, as they do in each version.
    fn check(&self) -> Result<()> {
        let live = self.sessions.len();
        ensure!(self.by_token.len() == live, "{} tokens of {live} sessions", self.by_token.len());
        ensure!(self.by_age.len() == live, "{} by age of {live} sessions", self.by_age.len());
        for (token, &key) in &self.by_token {
            let session = self.sessions.get(key).context("a token of no session")?;
            ensure!(session.token == *token, "the session of {token} says {}", session.token);
        }
        ensure!(self.by_age.iter().all(|&key| self.sessions.contains_key(key)), "what is to expire is not there");
        let Counts { misses, expired, evicted, .. } = self.counts;
        ensure!(
            misses == live as u64 + expired + evicted,
            "{misses} made, {live} live, {expired} and {evicted} dropped"
        );
        Ok(())
    }
}

/// Frontend processes share a cache of sessions that expire.
#[derive(Parser)]
struct Args {
    /// Frontend processes
    #[arg(long, default_value_t = 3)]
    frontends: u64,
    /// Lookups that each frontend makes
    #[arg(long, default_value_t = 300_000)]
    lookups: u64,
    /// Users, each with a token; the cache has room for 1024
    #[arg(long, default_value_t = 1100, value_parser = clap::value_parser!(u64).range(1..))]
    users: u64,
    /// How long a session lives, in milliseconds
    #[arg(long, default_value_t = 20)]
    life_ms: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A frontend process
    #[command(hide = true)]
    Frontend { state: String },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => parent(&args),
        Some(Role::Frontend { state }) => frontend(&State::open(state)?, &args),
    }
}

/// Looks tokens up, and makes the sessions that are not there.
fn frontend(cache: &State<Cache>, args: &Args) -> Result<()> {
    let parent = Parent::of_this_process();
    let life = TimeSpan::from_millis(args.life_ms);
    let mut hits = 0; // that are not in the state yet
    for _ in 0..args.lookups {
        let user = fastrand::u64(..args.users).min(fastrand::u64(..args.users)); // some come more often
        let token = Uuid::from(u128::from(user).to_be_bytes());
        let now = Timestamp::now();
        let found = cache.read(|c| c.get(token, now).map(|session| session.user))?;
        if let Some(found) = found {
            ensure!(found == user, "the session of user {user} is that of {found}");
            hits += 1;
            continue;
        }
        ensure!(parent.lives(), "the parent is gone");
        let counted = std::mem::take(&mut hits);
        cache.try_update(|c| -> Result<()> {
            c.counts.hits += counted;
            c.expire(now);
            if c.get(token, now).is_some() {
                c.counts.hits += 1; // another frontend was faster
                return Ok(());
            }
            c.put(Session { token, user, expires: now.saturating_add(life) })
        })??;
    }
    Ok(cache.update(|c| c.counts.hits += hits)?)
}

fn parent(args: &Args) -> Result<()> {
    let name = Temporary::new("token_cache")?;
    let cache = State::<Cache>::options().handles(1 + args.frontends as usize).create(name.name())?;
    println!("the state is {}", cache.path().expect("it has a name").display());

    let options = [("lookups", args.lookups), ("users", args.users), ("life-ms", args.life_ms)];
    let options = options.map(|(option, value)| format!("--{option}={value}"));
    let start = |_| Process::spawn(this_program()?.args(&options).args(["frontend", name.name()]));
    let (since, mut shown, mut checks) = (Instant::now(), Instant::now(), 0u64);
    let mut frontends = (0..args.frontends).map(start).collect::<Result<Vec<_>>>()?;
    loop {
        // Asked first, so that the last look is at the end.
        let ended = all_ended(&mut frontends).context("a frontend")?;
        cache.read(Cache::check)??;
        checks += 1;
        if ended || shown.elapsed() >= Duration::from_secs(1) {
            shown = Instant::now();
            let (Counts { hits, misses, expired, evicted }, live) =
                cache.read(|c| (c.counts.clone(), c.sessions.len()))?;
            println!("{hits} hits, {misses} misses, {expired} expired, {evicted} evicted, {live} live");
        }
        if ended {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = since.elapsed().as_secs_f64();
    let (lookups, Counts { hits, misses, .. }) = (args.frontends * args.lookups, cache.read(|c| c.counts.clone())?);
    ensure!(hits + misses == lookups, "{lookups} lookups, {hits} hits and {misses} misses");
    println!("{lookups} lookups in {took:.2} s; sessions, tokens and counts agreed in each of {checks} looks");
    Ok(())
}
