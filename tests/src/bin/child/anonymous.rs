//! A child that was given the descriptor of an anonymous state as its error output.

use crate::{die, say, wait_for_go};
use shmstate::State;
use shmstate_tests::{Fixture, PATIENCE};
use std::process::{Command, Stdio};

pub fn run(what: &str) {
    if what == "of-another-user" {
        return of_another_user();
    }
    let fixture = State::<Fixture>::options().timeout(PATIENCE).from_fd(std::io::stderr()).expect("the fixture");
    match what {
        "update" => {
            fixture.update(Fixture::step).expect("an update");
            say(&fixture.version().expect("a version").to_string());
            wait_for_go();
            say(&fixture.read(|s| s.steps).expect("a read").to_string());
        }
        "stay" => {
            say("in");
            wait_for_go();
        }
        "die-in-update" => fixture
            .update(|s| {
                s.step();
                die()
            })
            .expect("it never gets here"),
        "die-with-an-heir" => {
            // It ends with this child's input, which the test holds open.
            let descriptor = fixture.share().expect("a descriptor");
            #[expect(clippy::zombie_processes, reason = "it outlives this child, which is what is tried")]
            let _heir = Command::new("cat").stdout(Stdio::null()).stderr(descriptor).spawn().expect("an heir");
            fixture
                .update(|s| {
                    s.step();
                    die()
                })
                .expect("it never gets here");
        }
        "die-in-read" => fixture.read(|_| die()).expect("it never gets here"),
        _ => panic!("no such deed: {what}"),
    }
}

/// Says what comes of the descriptor of another user's state, without a word about the mode, and with one.
fn of_another_user() {
    for mode in [0o600, 0o666] {
        match State::<Fixture>::options().mode(mode).from_fd(std::io::stderr()) {
            Ok(fixture) => {
                fixture.update(Fixture::step).expect("an update");
                say("Ok");
            }
            Err(e) => say(&format!("{:?}: {e}", e.kind())),
        }
    }
}
