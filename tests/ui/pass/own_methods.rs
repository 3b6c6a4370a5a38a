// Rule: methods of the program's own traits do not get between the derive and its proofs

#![forbid(unsafe_code)]

use shmstate::{Kind, SharedLayout};

/// Every name that the generated code calls, for every type.
#[allow(dead_code)]
trait Hijack: Sized {
    fn place(self) {}
    fn part(self) {}
    fn parts(self) {}
    fn plain(self) {}
    fn plain_in(self) {}
    fn data(self) {}
    fn structure(self) {}
    fn visit(self) {}
    fn visit_in(self) {}
    fn is_shared(&self) {}
    fn facts(self) {}
    fn finder(self) {}
    fn goes_on(self) {}
    fn look(self) {}
    fn choices(self) {}
    fn enumeration(self) {}
    fn unit(self) {}
    fn units(self) {}
    fn renamed(self) {}
    fn docs(self) {}
    fn given(self) {}
    fn version(self) {}
    fn arguments(self) {}
    fn follows(self) {}
    fn follows_in(self) {}
    fn holds_bytes(self) {}
    fn payload_follows(self) {}
    fn finish(self) {}
    fn no_drop(self) {}
    fn has(&self) {}
    fn of(&self) {}
    fn at(&self) {}
    fn initializes(&self) {}
}

impl<T> Hijack for T {}

#[derive(SharedLayout)]
#[repr(C)]
/// Documented.
#[shared(version = 1, rename = "Renamed")]
struct State {
    /// Documented.
    #[shared(rename = "renamed", init = 3)]
    ticks: u64,
    on: bool,
    #[shared(pod)]
    raw: [u8; 7],
    task: Task,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Task {
    Idle,
    /// Documented.
    #[shared(rename = "Renamed")]
    Run(u64, bool, #[shared(pod)] [u8; 7]),
}

fn main() {
    let Kind::Struct(fields) = State::LAYOUT.kind else { panic!("no struct") };
    assert_eq!(fields.iter().map(|field| field.offset).collect::<Vec<_>>(), [0, 8, 9, 16]);
    let Kind::Enum { variants, .. } = Task::LAYOUT.kind else { panic!("no enum") };
    assert_eq!(variants[1].fields.iter().map(|field| field.offset).collect::<Vec<_>>(), [8, 16, 17]);
    assert!(matches!(State::new_box_zeroed().task, Task::Idle));
    let _ = Task::Run(0, true, [0; 7]);
}
