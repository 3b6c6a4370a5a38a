//! One check of a program that has one fault.

use crate::build::Builds;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use shmstate_tests::mutants::Check;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// A check that takes longer to find a fault has no end. The longest one takes 25 s on a processor of its own.
const PATIENCE: Duration = Duration::from_secs(900);

/// Without a fault, there is more to explore.
const PATIENCE_WITHOUT: Duration = Duration::from_secs(1200);

/// Updates of each mix of random moves in which a fault has to be found, where the variable does not say how many.
const STEPS: (&str, &str) = ("SHMSTATE_STEPS", "4000");

/// What a check came to.
pub struct Outcome {
    pub verdict: Verdict,
    /// What the check said.
    pub said: String,
    pub time: Duration,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It failed, as it should.
    Found,
    /// It succeeded.
    NotFound,
    /// Neither is known.
    Broken(&'static str),
}

impl Outcome {
    /// Whether the check has found the fault.
    pub fn found(&self) -> bool {
        self.verdict == Verdict::Found
    }

    /// How much it took to find it, in the check's own unit.
    pub fn after(&self) -> String {
        let words: Vec<&str> = self.said.split_whitespace().collect();
        let printed = words.windows(3).find_map(|words| match words {
            ["after", n, unit @ ("executions" | "schedules" | "updates" | "updates:" | "states")]
                if n.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Some(format!("{n} {}", unit.trim_end_matches(':')))
            }
            _ => None,
        });
        printed.unwrap_or_else(|| format!("{:.1} s", self.time.as_secs_f64()))
    }
}

/// Runs the check with that fault planted, or with none.
pub fn run(fault: Option<&str>, check: Check, builds: &Builds) -> Outcome {
    let mut command = Command::new(builds.program(check));
    let (test, symptom) = match check {
        Check::Loom(test, symptom) => (format!("commit::model::{test}"), symptom),
        Check::Shuttle(test) => (format!("commit::model::{test}"), ""),
        Check::Unit(test) | Check::Process(_, test) | Check::Beside(_, _, test) => (test.to_owned(), ""),
        Check::Step(operation) => {
            command.args(["--until-violation", "--copies", "3,2", "--only", operation]);
            (String::new(), "caught")
        }
    };
    if !test.is_empty() {
        command.args(["--exact", &test, "--nocapture"]);
    }
    match fault {
        Some(fault) => command.env("SHMSTATE_MUTANT", fault),
        None => command.env_remove("SHMSTATE_MUTANT"),
    };
    if fault.is_some() && std::env::var_os(STEPS.0).is_none() {
        command.env(STEPS.0, STEPS.1);
    }
    command.env("RUST_BACKTRACE", "0").current_dir(builds.package()).process_group(0);
    let begun = Instant::now();
    let patience = if fault.is_some() { PATIENCE } else { PATIENCE_WITHOUT };
    let (status, said) = output(&mut command, patience).unwrap_or_default();
    let ran = test.is_empty() || said.contains("running 1 test");
    let verdict = match status {
        _ if !ran => Verdict::Broken("there is no such check"),
        _ if said.contains("skipped:") && matches!(check, Check::Step(_)) => {
            Verdict::Broken("processes cannot be traced here")
        }
        None => Verdict::Broken("no end, however long one waits"),
        Some(status) if status.success() => Verdict::NotFound,
        Some(_) if said.contains(symptom) => Verdict::Found,
        Some(_) => Verdict::Broken("it failed, but did not say what it should"),
    };
    Outcome { verdict, said, time: begun.elapsed() }
}

/// Runs a program to its end, or to that of the patience: then there is no status.
fn output(command: &mut Command, patience: Duration) -> std::io::Result<(Option<ExitStatus>, String)> {
    // A file, and no pipe: what the program leaves running may keep it.
    let mut file = tempfile::tempfile()?;
    let mut child =
        command.stdin(std::process::Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?).spawn()?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait()? {
            None if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(5)),
            status => break status,
        }
    };
    // Itself, or what it left behind; both are of the group that was made for it.
    let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    if status.is_none() {
        child.wait()?;
    }
    let mut said = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut said)?;
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}
