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
    let place = line.strip_prefix("the state is ").expect("the state's place");
    Path::new(place.split_once(',').map_or(place, |(place, _)| place)).to_owned()
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
fn durable_counter() {
    let stdout = succeed("durable_counter", &["--rounds", "2", "--workers", "2", "--counts", "20"]);
    assert!(stdout.contains("round 2: one worker killed, the regions removed; restored at version "), "{stdout}");
    assert!(stdout.ends_with("no count is missing that a worker was assured of\n"), "{stdout}");
}

#[test]
fn cluster() {
    if Command::new("nats-server").arg("--version").output().is_err() {
        assert!(std::env::var_os("SHMSTATE_SERVERS_REQUIRED").is_none(), "nats-server is not installed");
        return println!("skipped: nats-server is not installed");
    }
    let stdout = succeed("cluster", &["--workers", "1", "--seconds", "3", "--directories"]);
    assert!(stdout.contains("; the server of machine 0 is killed\n"), "{stdout}");
    assert!(stdout.ends_with("and none is missing that a worker was assured of\n"), "{stdout}");
}

#[test]
fn cluster_without_a_server_says_what_to_do() {
    let said = example("cluster").args(["--server", "/nowhere/nats-server"]).output().expect("it starts");
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && stderr.contains("apt install nats-server"), "{stderr}");
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
    let calls: [(&str, &[&str]); 8] = [
        ("mutable_list", &["--pause", "100"]),
        ("bank", &["--transfers", "1000000000"]),
        ("counters", &[]),
        ("leaderboard", &["--seconds", "1000"]),
        ("token_cache", &["--lookups", "1000000000000"]),
        ("config", &["--editions", "1000000000"]),
        ("recorder", &["--changes", "1000000000"]),
        ("live_page", &["--listen", "127.0.0.1:0"]),
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

#[test]
fn recorder() {
    let Output { status, stdout, stderr } = example("recorder").args(["--changes", "400"]).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    assert!(!state_in(&stdout).exists(), "the state is left behind");
    let (mut last, mut skipped, mut lines) = (None, 0, 0);
    for line in stdout.lines().skip(1) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let [version, missed] = ["version", "skipped"].map(|name| line[name].as_u64().unwrap());
        assert_eq!(line["state"]["measured"], version, "each change makes a version");
        assert!(last.is_none_or(|last| version == last + missed + 1), "{line}");
        (last, skipped, lines) = (Some(version), skipped + missed, lines + 1);
    }
    assert_eq!(last, Some(400));
    assert_eq!(stderr, format!("{lines} versions recorded, {skipped} skipped\n"));
}

/// A program that runs until it is dropped, and the first lines that it prints.
struct Running(std::process::Child, Vec<String>);

impl Running {
    fn new(name: &str, args: &[&str], lines: usize) -> Running {
        let mut child = example(name).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = (0..lines).map(|_| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        });
        let lines = lines.collect();
        std::thread::spawn(move || stdout.read_to_end(&mut Vec::new()));
        Running(child, lines)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = shmstate::remove(state_in(&self.1[0]));
    }
}

#[test]
fn dashboard() {
    let counters = Running::new("counters", &["--seconds", "1000", "--kill-every", "0"], 1);
    let state = state_in(&counters.1[0]);
    let Output { status, stdout, stderr } =
        example("dashboard").arg(&state).args(["--drawings", "3"]).output().unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{status}\n{stdout}\n{}", String::from_utf8_lossy(&stderr));
    assert_eq!(stdout.matches("/search").count(), 3, "{stdout}");
    let versions: Vec<u64> =
        stdout.lines().filter_map(|line| line.split_once(", version ")?.1.split_once(';')?.0.parse().ok()).collect();
    assert!(versions.len() == 3 && versions.is_sorted_by(|a, b| a < b), "drawn on change only: {stdout}");
}

/// The address in what `live_page` prints.
fn address(page: &Running) -> String {
    page.1[1].strip_prefix("the page is http://").unwrap().trim_end_matches('/').to_owned()
}

#[test]
fn live_page_sends_versions() {
    use std::io::Write;
    let page = Running::new("live_page", &["--listen", "127.0.0.1:0"], 2);
    let mut server = std::net::TcpStream::connect(address(&page)).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    server.write_all(b"GET /versions HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let events = BufReader::new(server).lines().map(Result::unwrap).filter_map(|line| {
        let data = line.strip_prefix("data: ")?;
        Some(serde_json::from_str::<serde_json::Value>(data).unwrap())
    });
    let versions: Vec<u64> = events.take(5).map(|event| event["version"].as_u64().unwrap()).collect();
    assert!(versions.is_sorted() && versions[4] > versions[0], "{versions:?}");
}

#[test]
fn live_page_in_a_browser() {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let is_there = |browser: &&&str| Command::new(browser).arg("--version").stdout(Stdio::null()).status().is_ok();
    let Some(browser) = browsers.iter().find(is_there) else {
        return println!("skipped: there is no Chromium");
    };
    let page = Running::new("live_page", &["--listen", "127.0.0.1:0"], 2);
    let profile = tempfile::tempdir().unwrap();
    let mut chromium = Command::new(browser);
    // The page says on its console what it shows. With a port for debuggers, the browser does not end when the page has loaded.
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
    ]);
    chromium.args(["--remote-debugging-port=0", &format!("--user-data-dir={}", profile.path().display())]);
    let mut chromium = chromium
        .arg(format!("http://{}/", address(&page)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(chromium.stderr.take().unwrap()).lines().map_while(Result::ok);
    let shown = lines.filter_map(|line| line.split_once("shown: Version ")?.1.split_once(',')?.0.parse::<u64>().ok());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(shown.take(5).collect::<Vec<_>>()));
    let versions = receiver.recv_timeout(Duration::from_secs(120));
    chromium.kill().unwrap();
    chromium.wait().unwrap();
    let versions = versions.expect("five versions are shown");
    assert!(versions.len() == 5 && versions.is_sorted() && versions[4] > versions[0], "{versions:?}");
}
