//! A list that several processes change at the same time.
//!
//! `function_a` appends 0 to 9 over and over, `function_b` doubles the first five elements, and `function_c` adds one to
//! them, slowly, and is killed by the parent at random moments, often in the middle of it. The parent reads meanwhile.
//!
//! Every update also writes into a journal, in the same state, what it has done. Both happen or neither: so in every
//! version that anybody ever sees, the journal replayed on a plain `Vec` gives the list. The parent checks that with each
//! read; a lost update, a torn read or a trace of a killed process would show.
//!
//! `cargo run --release --example mutable_list -- --rounds 200 --pause 5`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use shmstate::{ErrorKind, List, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, this_program};
use std::io::{Read, Write};
use std::process::{ChildStdout, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// The list starts with this many zeros.
const START: usize = 50;

/// What the processes share. It lies in shared memory as it is: no pointers, everything of bounded size.
#[derive(SharedLayout)]
#[repr(C)]
struct Shared {
    /// Updates by `function_a`, `function_b`, `function_c`.
    done: [u64; 3],
    numbers: List<u32, 100>,
    /// What has been done to `numbers` since the parent last emptied this.
    journal: List<Entry, 64>,
}

#[derive(SharedLayout, Clone, Copy)]
#[repr(C)]
struct Entry {
    what: What,
    digit: u8,
}

#[derive(SharedLayout, Clone, Copy)]
#[repr(u8)]
enum What {
    Append,
    Shorten,
    Double,
    AddOne,
}

/// Several processes change one list; the parent proves that nothing is lost, torn or half done.
#[derive(Parser)]
struct Args {
    /// Updates by each of function_a and function_b
    #[arg(long, default_value_t = 100)]
    rounds: u64,
    /// Milliseconds between the updates of a process
    #[arg(long, default_value_t = 20)]
    pause: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// One of the child processes
    #[command(hide = true)]
    Child { function: Function, state: String },
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Function {
    FunctionA,
    FunctionB,
    FunctionC,
}

impl Args {
    fn pause(&self) -> Duration {
        Duration::from_millis(self.pause)
    }

    /// `function_c` holds the lock for long, so it lets the others have it for a while in any case.
    fn breath(&self) -> Duration {
        self.pause().max(Duration::from_millis(1))
    }

    fn start(&self, function: &str, state: &str, stdout: Stdio) -> Result<Process> {
        let options = [format!("--rounds={}", self.rounds), format!("--pause={}", self.pause)];
        Process::spawn(this_program()?.args(options).args(["child", function, state]).stdout(stdout))
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => parent(&args),
        Some(Role::Child { function, state }) => {
            let state = State::<Shared>::open(state)?;
            match function {
                Function::FunctionA => function_a(&state, &args),
                Function::FunctionB => function_b(&state, &args),
                Function::FunctionC => function_c(&state, &args),
            }
        }
    }
}

/// Updates the state; when the journal has no room, waits until the parent has emptied it.
///
/// `try_update` takes back what `f` has done when it returns an error: a change that could not be recorded has not
/// happened.
fn update<R>(state: &State<Shared>, f: impl Fn(&mut Shared) -> Result<R, shmstate::Error>) -> Result<R> {
    let parent = Parent::of_this_process();
    loop {
        match state.try_update(&f)? {
            Err(e) if e.kind() == ErrorKind::Full && parent.lives() => sleep(Duration::from_millis(1)),
            verdict => return Ok(verdict?),
        }
    }
}

/// Appends 0 to 9 over and over. When the list is full, it first takes all appended elements away, in the same update.
fn function_a(state: &State<Shared>, args: &Args) -> Result<()> {
    for digit in (0..=9).cycle().take(args.rounds as usize) {
        let (was_full, len) = update(state, |s| {
            let full = s.numbers.is_full();
            if full {
                s.numbers.truncate(START);
                s.journal.push(Entry { what: What::Shorten, digit: 0 })?;
            }
            s.numbers.push(digit.into())?;
            s.journal.push(Entry { what: What::Append, digit })?;
            s.done[Function::FunctionA as usize] += 1;
            Ok((full, s.numbers.len()))
        })?;
        if was_full {
            println!("function_a: the list was full, shortened it to the first {START}");
        }
        println!("function_a: appended {digit}, {len} elements");
        sleep(args.pause());
    }
    Ok(())
}

/// Doubles the first five elements.
fn function_b(state: &State<Shared>, args: &Args) -> Result<()> {
    for _ in 0..args.rounds {
        let five = update(state, |s| {
            for index in 0..5 {
                s.numbers[index] = s.numbers[index].wrapping_mul(2);
            }
            s.journal.push(Entry { what: What::Double, digit: 0 })?;
            s.done[Function::FunctionB as usize] += 1;
            Ok([0, 1, 2, 3, 4].map(|index| s.numbers[index]))
        })?;
        println!("function_b: doubled the first five: {five:?}");
        sleep(args.pause());
    }
    Ok(())
}

/// Adds one to each of the first five elements, with work between the steps, until it is killed.
///
/// It tells the parent how far it is: `(` and `)` around the steps, `.` when the update has returned. Killed after `(`, it
/// leaves a half-changed list behind, which nobody ever sees.
fn function_c(state: &State<Shared>, args: &Args) -> Result<()> {
    let parent = Parent::of_this_process();
    let say = |word: &[u8; 1]| {
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(word).and_then(|()| stdout.flush());
    };
    while parent.lives() {
        update(state, |s| {
            s.journal.push(Entry { what: What::AddOne, digit: 0 })?;
            say(b"(");
            for index in 0..5 {
                s.numbers[index] = s.numbers[index].wrapping_add(1);
                sleep(args.breath() / 8);
            }
            s.done[Function::FunctionC as usize] += 1;
            say(b")");
            Ok(())
        })?;
        say(b".");
        sleep(args.breath());
    }
    Ok(())
}

/// What the state has to be: its journal replayed, without any shared memory.
#[derive(Clone, PartialEq, Debug)]
struct Replay {
    numbers: Vec<u32>,
    done: [u64; 3],
}

impl Replay {
    fn replay(&mut self, journal: &[Entry]) {
        for entry in journal {
            match entry.what {
                What::Append => self.numbers.push(entry.digit.into()),
                What::Shorten => self.numbers.truncate(START),
                What::Double => self.numbers[..5].iter_mut().for_each(|n| *n = n.wrapping_mul(2)),
                What::AddOne => self.numbers[..5].iter_mut().for_each(|n| *n = n.wrapping_add(1)),
            }
            match entry.what {
                What::Append => self.done[Function::FunctionA as usize] += 1,
                What::Shorten => {} // part of the update that appends
                What::Double => self.done[Function::FunctionB as usize] += 1,
                What::AddOne => self.done[Function::FunctionC as usize] += 1,
            }
        }
    }

    /// Compares with a version of the state, whose journal goes on from here.
    fn check(&self, s: &Shared) -> Result<()> {
        let mut expected = self.clone();
        expected.replay(&s.journal);
        let found = Replay { numbers: s.numbers.to_vec(), done: s.done };
        ensure!(found == expected, "the state is not what its journal says:\n  {found:?}\n  {expected:?}");
        Ok(())
    }
}

/// A running `function_c`.
struct Victim {
    process: Process,
    words: JoinHandle<Vec<u8>>,
    /// Updates by its predecessors.
    before: u64,
    dies: Instant,
}

impl Victim {
    fn start(state: &State<Shared>, name: &str, args: &Args) -> Result<Victim> {
        let before = state.read(|s| s.done[Function::FunctionC as usize])?;
        let mut process = args.start("function_c", name, Stdio::piped())?;
        let stdout: Option<ChildStdout> = process.child().stdout.take();
        let words = thread::spawn(|| stdout.into_iter().flat_map(Read::bytes).map_while(Result::ok).collect());
        let dies = Instant::now() + Duration::from_millis(10) + args.breath().mul_f64(12.0 * fastrand::f64());
        Ok(Victim { process, words, before, dies })
    }

    /// Kills it; whether that was within an update.
    fn kill(mut self, state: &State<Shared>) -> Result<bool> {
        ensure!(self.process.ended()?.is_none(), "function_c has ended by itself");
        self.process.kill()?;
        let words = self.words.join().expect("the thread only reads");
        let count = |word| words.iter().filter(|&&w| w == word).count() as u64;
        // Between `)` and `.` the update may have become a version or not; otherwise the two are equal.
        let expected = self.before + count(b'.')..=self.before + count(b')');
        let done = state.read(|s| s.done[Function::FunctionC as usize])?;
        ensure!(expected.contains(&done), "function_c said it has made {expected:?} updates, the state has {done}");
        Ok(words.last() == Some(&b'('))
    }
}

fn parent(args: &Args) -> Result<()> {
    let name = Temporary::new("mutable-list")?;
    let state = State::<Shared>::options()
        .init(|s| s.numbers.resize(START, 0).expect("the list has room for its start"))
        .create(name.name())?;
    println!("the state is {}", state.path().display());

    let mut replay = Replay { numbers: vec![0; START], done: [0; 3] };
    let (mut reads, mut kills, mut within) = (0u64, 0, 0);
    let mut writers = ["function_a", "function_b"]
        .into_iter()
        .map(|function| Ok((function, args.start(function, name.name(), Stdio::inherit())?)))
        .collect::<Result<Vec<_>>>()?;
    let mut victim = Victim::start(&state, name.name(), args)?;
    loop {
        let mut ended = true;
        for (function, process) in &mut writers {
            match process.ended()? {
                None => ended = false,
                Some(status) => ensure!(status.success(), "{function} failed: {status}"),
            }
        }

        // In place, on one version, while the others go on.
        state.read(|s| replay.check(s))?.context("a read saw something impossible")?;
        reads += 1;

        if ended || Instant::now() >= victim.dies {
            let landed = victim.kill(&state)?;
            kills += 1;
            within += u32::from(landed);
            println!("function_c: killed {}", if landed { "within an update" } else { "between two updates" });
            if ended {
                break;
            }
            victim = Victim::start(&state, name.name(), args)?;
        }
        if state.read(|s| s.journal.len() >= s.journal.capacity() / 2)? {
            replay.replay(&take_journal(&state)?);
        }
        sleep(Duration::from_micros(fastrand::u64(0..1000)));
    }

    replay.replay(&take_journal(&state)?);
    state.read(|s| replay.check(s))?.context("the replay differs")?;
    let [a, b, c] = replay.done;
    ensure!((a, b) == (args.rounds, args.rounds), "{a} and {b} updates are recorded, {} were made", args.rounds);
    println!("updates: {a} by function_a, {b} by function_b, {c} by function_c");
    println!("function_c was killed {kills} times, {within} times within an update");
    println!("{reads} reads, each of one whole version");
    println!(
        "all updates replayed on a plain Vec: equal, {} elements, {:?}…",
        replay.numbers.len(),
        &replay.numbers[..5]
    );
    Ok(())
}

/// Empties the journal; it is moved out and emptied in one update, so that no entry is lost or seen twice.
fn take_journal(state: &State<Shared>) -> Result<Vec<Entry>> {
    Ok(state.update(|s| {
        let entries = s.journal.to_vec();
        s.journal.clear();
        entries
    })?)
}
