//! A child that was given the descriptor of an anonymous state as its error output.

use crate::{die, say, wait_for_go};
use shmstate::State;
use shmstate_tests::{PATIENCE, World};
use std::process::{Command, Stdio};

pub fn run(what: &str) {
    if what == "of-another-user" {
        return of_another_user();
    }
    let world = State::<World>::options().timeout(PATIENCE).from_fd(std::io::stderr()).expect("the world");
    match what {
        "update" => {
            world.update(World::step).expect("an update");
            say(&world.version().expect("a version").to_string());
            wait_for_go();
            say(&world.read(|s| s.steps).expect("a read").to_string());
        }
        "stay" => {
            say("in");
            wait_for_go();
        }
        "die-in-update" => world
            .update(|s| {
                s.step();
                die()
            })
            .expect("it never gets here"),
        "die-with-an-heir" => {
            // It ends with this actor's input, which the test holds open.
            let descriptor = world.share().expect("a descriptor");
            #[expect(clippy::zombie_processes, reason = "it outlives this actor, which is what is tried")]
            let _heir = Command::new("cat").stdout(Stdio::null()).stderr(descriptor).spawn().expect("an heir");
            world
                .update(|s| {
                    s.step();
                    die()
                })
                .expect("it never gets here");
        }
        "die-in-read" => world.read(|_| die()).expect("it never gets here"),
        _ => panic!("no such deed: {what}"),
    }
}

/// Says what comes of the descriptor of another user's state, without a word about the mode, and with one.
fn of_another_user() {
    for mode in [0o600, 0o666] {
        match State::<World>::options().mode(mode).from_fd(std::io::stderr()) {
            Ok(world) => {
                world.update(World::step).expect("an update");
                say("Ok");
            }
            Err(e) => say(&format!("{:?}: {e}", e.kind())),
        }
    }
}
