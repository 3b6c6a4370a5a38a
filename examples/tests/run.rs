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
fn rolling_deploy() {
    let stdout = succeed("rolling_deploy", &["--workers", "3", "--seconds", "0.6"]);
    assert!(stdout.contains("by release 2\nthe state has "), "{stdout}");
    assert!(!stdout.contains("\n0 visits were counted by release 1"), "{stdout}");
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
fn leaderboard() {
    let stdout = succeed("leaderboard", &["--seconds", "1", "--every", "0.2"]);
    assert!(stdout.contains(" points, and were about to report "), "{stdout}");
    assert!(stdout.contains("1 server killed\n"), "{stdout}");
    // The viewer has seen reports, and none that is not there at the end.
    let shown = stdout.lines().filter_map(|line| line.strip_prefix("report ")?.split_once(',')?.0.parse().ok());
    let reports = stdout.lines().find_map(|line| line.split_once(" reports of ")?.0.parse::<u64>().ok());
    assert!(shown.max().is_some_and(|shown| shown > 0 && Some(shown) <= reports), "{stdout}");
    assert!(stdout.ends_with("no report is lost, and none is there by half\n"), "{stdout}");
}

/// Runs the cache with 6000 lookups, from so many frontends, that life of a session, and so many users; its last counts.
fn token_cache_counts(frontends: u64, life_ms: &str, users: &str) -> [u64; 5] {
    let (processes, lookups) = (frontends.to_string(), (6000 / frontends).to_string());
    let args = ["--frontends", &processes, "--lookups", &lookups, "--life-ms", life_ms, "--users", users];
    let stdout = succeed("token_cache", &args);
    assert!(stdout.contains("6000 lookups in "), "{stdout}");
    let counts = stdout.lines().rfind(|line| line.contains(" hits, ")).expect("a line of counts");
    let numbers: Vec<u64> = counts.split(' ').filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().expect("hits, misses, expired, evicted, live")
}

#[test]
fn token_cache() {
    // An hour: nothing expires. All users have room, so that each is a miss once at most.
    let [hits, misses, expired, evicted, live] = token_cache_counts(3, "3600000", "1000");
    assert_eq!((hits + misses, expired, evicted, live), (6000, 0, 0, misses));
    assert!(misses <= 1000);
    // There are more users than room.
    let [hits, misses, expired, evicted, live] = token_cache_counts(3, "3600000", "100000");
    assert_eq!((hits + misses, expired, evicted, live), (6000, 0, misses - 1024, 1024));
    // Every session is too old as soon as it is there.
    let [hits, misses, expired, evicted, live] = token_cache_counts(1, "0", "1000");
    assert_eq!((hits, misses, expired + live, evicted), (0, 6000, 6000, 0));
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
    let calls: [(&str, &[&str]); 6] = [
        ("mutable_list", &["--pause", "100"]),
        ("bank", &["--transfers", "1000000000"]),
        ("counters", &[]),
        ("leaderboard", &["--seconds", "1000"]),
        ("token_cache", &["--lookups", "1000000000000"]),
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
