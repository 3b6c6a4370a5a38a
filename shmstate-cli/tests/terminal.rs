//! `watch` on a terminal.

use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use shmstate::State;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};

/// Reads until `text` has come, and returns all that came.
fn until(terminal: &mut File, text: &str) -> String {
    let (mut all, mut some) = (String::new(), [0; 1024]);
    while !all.contains(text) {
        let count = terminal.read(&mut some).unwrap_or_else(|error| panic!("{error}; no {text:?} in {all:?}"));
        assert!(count > 0, "no {text:?} in {all:?}");
        all.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    all
}

/// `watch` of a counter on a terminal, which has drawn its first version.
struct Watch {
    dir: tempfile::TempDir,
    counter: State<u64>,
    pty: OpenptyResult,
    program: Child,
    terminal: File,
    before: Termios,
}

impl Watch {
    fn begin() -> Watch {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("counter");
        let counter = State::<u64>::create(&path).unwrap();
        let pty = openpty(None, None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let side = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
        let program = Command::new(env!("CARGO_BIN_EXE_shmstate"))
            .arg("watch")
            .arg(&path)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let mut terminal = File::from(pty.master.try_clone().unwrap());
        let start = until(&mut terminal, "version 0");
        assert!(start.contains("\u{1b}[?1049h"), "it draws on the second screen: {start:?}");
        Watch { dir, counter, pty, program, terminal, before }
    }

    /// Waits for the end of the program, which has to leave the terminal as it was. Returns its exit status.
    fn end(mut self) -> Option<i32> {
        until(&mut self.terminal, "\u{1b}[?1049l");
        let status = self.program.wait().unwrap();
        assert_eq!(tcgetattr(&self.pty.slave).unwrap(), self.before);
        status.code()
    }
}

#[test]
fn changes_are_drawn_until_a_key_ends_it() {
    let mut watch = Watch::begin();
    watch.counter.update(|n| *n = 7).unwrap();
    until(&mut watch.terminal, "version 1");
    watch.terminal.write_all(b"q").unwrap();
    assert_eq!(watch.end(), Some(0));
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let watch = Watch::begin();
        kill(Pid::from_raw(watch.program.id() as i32), signal).unwrap();
        assert_eq!(watch.end(), Some(0), "{signal}");
    }
}

#[test]
fn a_region_that_has_gone_is_not_watched_for_ever() {
    let watch = Watch::begin();
    shmstate::remove(watch.dir.path().join("counter")).unwrap();
    assert_eq!(watch.end(), Some(3));
    // One that another one replaces.
    let mut watch = Watch::begin();
    watch.counter.recreate(State::options().copies(4)).unwrap();
    assert_eq!(watch.end(), Some(4));
}
