//! Every example runs to its end, finds nothing wrong, and leaves nothing behind.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The program that Cargo builds for an example, beside the directory of this test.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("this test is a file");
    let program = test.ancestors().nth(2).expect("target/debug/deps/run").join("examples").join(name);
    assert!(program.exists(), "{} is missing: `cargo build -p shmstate-examples --examples` first", program.display());
    Command::new(program)
}

/// Runs an example that has to succeed; what it printed.
fn succeed(name: &str, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = example(name).args(args).output().expect("the example can be started");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{name} {args:?}: {status}\n{stdout}\n{stderr}");
    assert!(stderr.is_empty(), "{stderr}");
    let state = state_in(&stdout);
    assert!(!state.exists(), "{} is left behind", state.display());
    stdout
}

/// The state's file, as the first line says.
fn state_in(stdout: &str) -> PathBuf {
    let line = stdout.lines().next().expect("a first line");
    Path::new(line.strip_prefix("the state is ").expect("the state's place")).to_owned()
}

#[test]
fn mutable_list() {
    let stdout = succeed("mutable_list", &["--rounds", "20", "--pause", "0"]);
    assert!(stdout.contains("updates: 20 by function_a, 20 by function_b, "), "{stdout}");
    assert!(stdout.contains("replayed on a plain Vec: equal"), "{stdout}");
}

#[test]
fn mutable_list_fills_the_list_and_the_journal_and_survives_kills() {
    let stdout = succeed("mutable_list", &["--rounds", "130", "--pause", "2"]);
    assert_eq!(stdout.matches("the list was full, shortened").count(), 2, "{stdout}");
    let kills = stdout.matches("function_c: killed").count();
    assert!(kills > 1, "{stdout}");
    assert!(stdout.contains(&format!("was killed {kills} times")), "{stdout}");
}

#[test]
fn bank() {
    let stdout = succeed("bank", &["--clerks", "2", "--transfers", "5000", "--accounts", "10"]);
    assert!(stdout.contains("the sum is 1000, and was in each version seen"), "{stdout}");
}

#[test]
fn counters() {
    let stdout = succeed("counters", &["--seconds", "1.2", "--kill-every", "0.3"]);
    assert!(!stdout.contains(" 0 workers died"), "{stdout}");
    assert!(stdout.contains("by route and by worker alike"), "{stdout}");
}

#[test]
fn config() {
    let stdout = succeed("config", &["--readers", "2", "--editions", "7"]);
    assert!(stdout.contains("2 readers saw each of 7 editions, 2 were refused"), "{stdout}");
    assert!(stdout.contains("refused: the archive is full: it holds at most 65536, and "), "{stdout}");
    assert!(stdout.contains("refused: a limit of 0 lets nothing through"), "{stdout}");
    assert!(stdout.contains("edition 7, 7 routes"), "{stdout}");
}

#[test]
fn anonymous() {
    let Output { status, stdout, stderr } = example("anonymous").args(["--jobs", "9"]).output().unwrap();
    let stdout = String::from_utf8_lossy(&stdout);
    assert!(status.success(), "{status}\n{stdout}\n{}", String::from_utf8_lossy(&stderr));
    assert!(stdout.contains(" updates, 1 recovery from a death"), "{stdout}");
}

#[test]
fn no_process_outlives_its_parent() {
    let calls: [(&str, &[&str]); 4] = [
        ("mutable_list", &["--pause", "100"]),
        ("bank", &["--transfers", "1000000000"]),
        ("counters", &[]),
        ("config", &["--editions", "1000000000"]),
    ];
    for (name, args) in calls {
        let mut parent = example(name).args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(parent.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        std::thread::sleep(Duration::from_millis(200)); // the children have started
        parent.kill().unwrap();
        parent.wait().unwrap();
        // The children have the pipe as well: its end comes when the last of them is gone.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(stdout.read_to_end(&mut Vec::new()).is_ok()));
        let ended = receiver.recv_timeout(Duration::from_secs(5));
        shmstate::remove(state_in(&line)).unwrap();
        assert!(ended.unwrap_or(false), "{name}: a child still runs");
    }
}
