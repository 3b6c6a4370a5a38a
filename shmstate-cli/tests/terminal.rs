//! `watch` on a terminal.

use nix::pty::openpty;
use nix::sys::termios::tcgetattr;
use shmstate::State;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;

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

#[test]
fn changes_are_drawn_and_the_terminal_is_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("counter");
    let counter = State::<u64>::create(&path).unwrap();
    let pty = openpty(None, None).unwrap();
    let before = tcgetattr(&pty.slave).unwrap();
    let side = || std::process::Stdio::from(pty.slave.try_clone().unwrap());
    let mut watch = Command::new(env!("CARGO_BIN_EXE_shmstate"))
        .arg("watch")
        .arg(&path)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    let mut terminal = File::from(pty.master);
    let start = until(&mut terminal, "version 0");
    assert!(start.contains("\u{1b}[?1049h"), "it draws on the second screen: {start:?}");
    counter.update(|n| *n = 7).unwrap();
    until(&mut terminal, "version 1");
    terminal.write_all(b"q").unwrap();
    until(&mut terminal, "\u{1b}[?1049l");
    assert!(watch.wait().unwrap().success());
    assert_eq!(tcgetattr(&pty.slave).unwrap(), before);
}
