//! A list that several processes change at the same time.
//!
//! `function_a` appends 0 to 9 over and over, `function_b` doubles the first five elements, and `function_c` adds one to
//! them, slowly, and is killed by the parent at random moments, often in the middle of it. The parent reads meanwhile.
//!
//! Every update also writes into a journal, in the same state, what it has done. Both happen or neither: so in every
//! version that any process ever sees, the journal replayed on a plain `Vec` gives the list. The parent checks that with each
//! read; a lost update, a torn read or a trace of a killed process would show.
//!
//! `cargo run --release --example mutable_list -- --rounds 200 --pause 5`
//!
//! With `--keep`, it goes on until Ctrl-C, so that another terminal can look into it:
//! `cargo run -p shmstate-cli -- watch mutable-list`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use shmstate::{ErrorKind, List, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, all_ended, this_program};
use std::io::{Read, Write, stdout};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// The list starts with this many zeros.
const START: usize = 50;

/// Elements wrap here. At a power of two, doubling would shift every trace of what was before out; at a prime, none is lost.
const WRAP: u32 = 999_983;

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
    /// Go on until Ctrl-C, under the name `mutable-list`
    #[arg(long, conflicts_with = "rounds")]
    keep: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// One of the child processes
    #[command(hide = true)]
    Child { function: Function, state: String },
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Function {
    FunctionA,
    FunctionB,
    FunctionC,
}
use Function::{FunctionA, FunctionB, FunctionC};

fn main() -> Result<()> {
    let mut args = Args::parse();
    if args.keep {
        args.rounds = u64::MAX;
    }
    let pause = Duration::from_millis(args.pause);
    // function_c holds the lock for long, so it lets the others have it for a while in any case.
    let breath = pause.max(Duration::from_millis(1));
    let Some(Role::Child { function, state }) = &args.role else { return parent(&args, breath) };
    let child = Child { state: State::open(state)?, parent: Parent::of_this_process() };
    match function {
        FunctionA => child.function_a(args.rounds, pause),
        FunctionB => child.function_b(args.rounds, pause),
        FunctionC => child.function_c(breath),
    }
}

struct Child {
    state: State<Shared>,
    parent: Parent,
}

impl Child {
    /// Updates the state; when the journal has no room, waits until the parent has emptied it.
    ///
    /// `try_update` takes back what `f` has done when it returns an error: a change that could not be recorded has not
    /// happened.
    fn update<R>(&self, f: impl Fn(&mut Shared) -> Result<R, shmstate::Error>) -> Result<R> {
        loop {
            ensure!(self.parent.lives(), "the parent is gone");
            match self.state.try_update(&f)? {
                Err(e) if e.kind() == ErrorKind::Full => sleep(Duration::from_millis(1)),
                verdict => return Ok(verdict?),
            }
        }
    }

    /// Appends 0 to 9 over and over. When the list is full, it first takes all appended elements away, in the same update.
    fn function_a(&self, rounds: u64, pause: Duration) -> Result<()> {
        for round in 0..rounds {
            let digit = (round % 10) as u8;
            let (was_full, len) = self.update(|s| {
                let full = s.numbers.is_full();
                if full {
                    s.numbers.truncate(START);
                    s.journal.push(Entry { what: What::Shorten, digit: 0 })?;
                }
                s.numbers.push(digit.into())?;
                s.journal.push(Entry { what: What::Append, digit })?;
                s.done[FunctionA as usize] += 1;
                Ok((full, s.numbers.len()))
            })?;
            if was_full {
                println!("function_a: the list was full, shortened it to the first {START}");
            }
            println!("function_a: appended {digit}, {len} elements");
            sleep(pause);
        }
        Ok(())
    }

    /// Doubles the first five elements.
    fn function_b(&self, rounds: u64, pause: Duration) -> Result<()> {
        for _ in 0..rounds {
            let five = self.update(|s| {
                for index in 0..5 {
                    s.numbers[index] = s.numbers[index] * 2 % WRAP;
                }
                s.journal.push(Entry { what: What::Double, digit: 0 })?;
                s.done[FunctionB as usize] += 1;
                Ok(s.numbers[..5].to_vec())
            })?;
            println!("function_b: doubled the first five: {five:?}");
            sleep(pause);
        }
        Ok(())
    }

    /// Adds one to each of the first five elements, with work between the steps, until it is killed.
    ///
    /// It tells the parent how far it is: `(` and `)` around the steps, `.` when the update has returned. Killed after
    /// `(`, it leaves a half-changed list, which no process ever sees.
    fn function_c(&self, breath: Duration) -> Result<()> {
        let say = |word: &[u8; 1]| stdout().write_all(word).and_then(|()| stdout().flush()).is_ok();
        loop {
            self.update(|s| {
                s.journal.push(Entry { what: What::AddOne, digit: 0 })?;
                say(b"(");
                for index in 0..5 {
                    s.numbers[index] = (s.numbers[index] + 1) % WRAP;
                    sleep(breath / 8);
                }
                s.done[FunctionC as usize] += 1;
                say(b")");
                Ok(())
            })?;
            ensure!(say(b"."), "the parent is gone");
            sleep(breath);
        }
    }
}

/// What the state has to be: its journal replayed, without any shared memory.
#[derive(Clone, PartialEq, Debug)]
struct Replay {
    numbers: Vec<u32>,
    done: [u64; 3],
}

impl Replay {
    fn replay(&mut self, journal: &[Entry]) {
        for Entry { what, digit } in journal {
            let five = &mut self.numbers[..5];
            let function = match what {
                What::Shorten => {
                    self.numbers.truncate(START);
                    continue; // a part of the update that appends
                }
                What::Append => {
                    self.numbers.push((*digit).into());
                    FunctionA
                }
                What::Double => {
                    five.iter_mut().for_each(|n| *n = *n * 2 % WRAP);
                    FunctionB
                }
                What::AddOne => {
                    five.iter_mut().for_each(|n| *n = (*n + 1) % WRAP);
                    FunctionC
                }
            };
            self.done[function as usize] += 1;
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
    fn start(state: &State<Shared>, command: &mut Command, breath: Duration) -> Result<Victim> {
        // Before the process starts: from then on the number may grow at any time.
        let before = state.read(|s| s.done[FunctionC as usize])?;
        let mut process = Process::spawn(command.stdout(Stdio::piped()))?;
        let stdout = process.child().stdout.take();
        let words = thread::spawn(|| stdout.into_iter().flat_map(Read::bytes).map_while(Result::ok).collect());
        let dies = Instant::now() + Duration::from_millis(10) + breath.mul_f64(12.0 * fastrand::f64());
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
        let done = state.read(|s| s.done[FunctionC as usize])?;
        ensure!(expected.contains(&done), "function_c said it has made {expected:?} updates, the state has {done}");
        Ok(words.last() == Some(&b'('))
    }
}

fn parent(args: &Args, breath: Duration) -> Result<()> {
    let name = if args.keep { Temporary::called("mutable-list".into())? } else { Temporary::new("mutable-list")? };
    let state = State::<Shared>::options()
        .init(|s| s.numbers.resize(START, 0).expect("the list has room for its start"))
        .create(name.name())?;
    println!("the state is {}", state.path().expect("it has a name").display());

    let options = [format!("--rounds={}", args.rounds), format!("--pause={}", args.pause)];
    let command = |function: &str| -> Result<Command> {
        let mut command = this_program()?;
        command.args(&options).args(["child", function, name.name()]);
        Ok(command)
    };
    let victim = || Victim::start(&state, &mut command("function_c")?, breath);
    let mut writers = [Process::spawn(&mut command("function_a")?)?, Process::spawn(&mut command("function_b")?)?];
    let mut replay = Replay { numbers: vec![0; START], done: [0; 3] };
    let (mut function_c, mut reads, mut kills, mut within) = (victim()?, 0, 0, 0);
    loop {
        let ended = all_ended(&mut writers)?;
        // In place, on one version, while the others go on.
        state.read(|s| replay.check(s))?.context("a read saw something impossible")?;
        reads += 1;

        if ended || Instant::now() >= function_c.dies {
            let landed = function_c.kill(&state)?;
            kills += 1;
            within += u32::from(landed);
            println!("function_c: killed {}", if landed { "within an update" } else { "between two updates" });
            if ended {
                break;
            }
            function_c = victim()?;
        }
        if state.read(|s| s.journal.len() >= s.journal.capacity() / 2)? {
            replay.replay(&take_journal(&state)?);
        }
        sleep(Duration::from_micros(fastrand::u64(0..1000)));
    }

    replay.replay(&take_journal(&state)?);
    state.read(|s| replay.check(s))?.context("the replay differs")?;
    let [a, b, c] = replay.done;
    ensure!([a, b] == [args.rounds; 2], "{a} and {b} updates are recorded, {} were made by each", args.rounds);
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
