//! The operations that die.

use crate::fixture::{Edit, FREE};
use crate::scene::Scene;

/// One operation under test.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Op {
    /// A region is created, by the first handle.
    Create,
    /// A handle attaches beside others.
    Attach,
    /// A handle attaches alone, to what a dead population left, and cleans it.
    AttachFirst,
    /// A handle claims the slot of one that died with the lock and with pins.
    Claim,
    Read,
    ReadTwice,
    Snapshot,
    Append,
    OneSpot,
    /// More spots than a list has exact ranges.
    ManySpots,
    /// A commit overwrites log entries that a copy still needs, because a reader has kept that copy for long: they go to its
    /// page bits.
    LongReader,
    WholeList,
    Shift,
    Swap,
    Nested,
    Text,
    /// Rolled back by `Err`.
    Err,
    /// Rolled back by a panic.
    Panic,
    /// An update that takes the lock over from a dead writer: a crash in a recovery.
    TakeOver,
    /// The same where a process died that was at it: a crash in the recovery from a crash in a recovery.
    TakeOverAgain,
    /// A handle waits for a version that does not come.
    Wait,
    /// An update that another handle waits for: it wakes.
    Wake,
    /// The elected handle is dead, and another one takes its place.
    Elect,
    Close,
    /// The region is removed, while others are attached.
    Remove,
    /// It is removed, and no handle is attached.
    RemoveLonely,
    /// The state is moved to a new region of the same name, while others are attached.
    Recreate,
    /// It is moved to a new region of another type, while others are attached: opened, refused, attached to, filled anew, checked,
    /// and given the name.
    Migrate,
}

impl Op {
    pub(crate) const ALL: [Op; 28] = [
        Op::Create,
        Op::Attach,
        Op::AttachFirst,
        Op::Claim,
        Op::Read,
        Op::ReadTwice,
        Op::Snapshot,
        Op::Append,
        Op::OneSpot,
        Op::ManySpots,
        Op::LongReader,
        Op::WholeList,
        Op::Shift,
        Op::Swap,
        Op::Nested,
        Op::Text,
        Op::Err,
        Op::Panic,
        Op::TakeOver,
        Op::TakeOverAgain,
        Op::Wait,
        Op::Wake,
        Op::Elect,
        Op::Close,
        Op::Remove,
        Op::RemoveLonely,
        Op::Recreate,
        Op::Migrate,
    ];

    /// What the operation changes, or would change if it were not rolled back.
    pub(crate) fn edits(self, seed: u64) -> Vec<Edit> {
        let spots = |n: u64| (0..n).map(move |i| Edit::Set((seed as usize * 31 + i as usize * 83) % FREE, seed + i));
        let nested = || {
            vec![
                Edit::Tag(1, seed as u32),
                Edit::AddGroup(seed),
                Edit::Retag(0, 0, seed as u32),
                Edit::SwapTags(0, 2),
                Edit::Tag(3, seed as u32 + 1),
            ]
        };
        match self {
            Op::Append | Op::Wake => vec![Edit::Push(seed)],
            Op::OneSpot => spots(1).collect(),
            Op::ManySpots => spots(12).collect(),
            Op::LongReader => spots(3).chain([Edit::PushLeft(seed as u32)]).collect(),
            Op::WholeList => vec![Edit::AddToEach(seed)],
            Op::Shift => vec![Edit::Remove(400), Edit::Insert(900, seed)],
            Op::Swap => vec![Edit::SwapSides, Edit::PushLeft(seed as u32)],
            Op::Nested => nested(),
            Op::Text => vec![Edit::Name(format!("früher {seed}"))],
            Op::Err | Op::Panic => {
                let mut edits: Vec<Edit> = spots(6).chain(nested()).collect();
                edits.extend([Edit::SwapSides, Edit::Push(seed), Edit::Name("no reader sees this".into())]);
                edits
            }
            Op::TakeOver | Op::TakeOverAgain => {
                let mut edits = nested();
                edits.extend([Edit::SwapSides, Edit::Push(seed)]);
                edits
            }
            _ => vec![],
        }
    }

    /// Whether the operation, once it is through, has made a new version.
    pub(crate) fn commits(self) -> bool {
        !matches!(self, Op::Err | Op::Panic) && !self.edits(1).is_empty()
    }

    /// How many deaths, one in the recovery from the other, have left what the operation begins in.
    pub(crate) fn deaths_before(self) -> u64 {
        match self {
            Op::AttachFirst | Op::Claim | Op::TakeOver => 1,
            Op::TakeOverAgain => 2,
            _ => 0,
        }
    }

    /// Whether the operation takes the region's name away, or gives it to another one.
    pub(crate) fn removes(self) -> bool {
        matches!(self, Op::Remove | Op::RemoveLonely) || self.moves()
    }

    /// Whether the operation gives the name to another region.
    pub(crate) fn moves(self) -> bool {
        matches!(self, Op::Recreate | Op::Migrate)
    }

    /// Which other processes are attached.
    pub(crate) fn scene(self) -> Scene {
        match self {
            Op::Create | Op::AttachFirst | Op::RemoveLonely => Scene::Lonely,
            _ => Scene::Shared,
        }
    }

    /// The first system call of an operation that is preceded by many instructions, none of which changes what others can
    /// see: the first lock of one that attaches, the naming of one that creates, the temporary name of one that moves.
    pub(crate) fn first_call(self) -> Option<fn(&libc::user_regs_struct) -> bool> {
        match self {
            Op::Create | Op::Recreate | Op::Migrate => Some(|registers| registers.orig_rax == libc::SYS_linkat as u64),
            Op::Attach | Op::AttachFirst | Op::Claim | Op::Remove | Op::RemoveLonely => Some(|registers| {
                registers.orig_rax == libc::SYS_fcntl as u64 && registers.rsi == libc::F_OFD_SETLK as u64
            }),
            _ => None,
        }
    }

    /// As on the command line.
    pub(crate) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Changes of an update that runs before an operation under test.
pub(crate) fn before(round: u64) -> Vec<Edit> {
    let at = round as usize * 131 % FREE;
    let mut edits: Vec<Edit> = (0..4).map(|i| Edit::Set((at + i * 250) % FREE, round * 10 + i as u64)).collect();
    if round.is_multiple_of(3) {
        edits.push(Edit::Retag(round as usize % 3, 0, round as u32));
    }
    edits
}

/// Changes of an update that runs after a recovery: places that no operation under test has touched, so that nothing
/// the dead one left is overwritten.
pub(crate) fn after(round: u64) -> Vec<Edit> {
    vec![Edit::Set(FREE + round as usize * 7 % 80, 0xf000_0000 + round)]
}

/// Changes that are rolled back after a recovery.
pub(crate) fn rolled_back() -> Vec<Edit> {
    vec![Edit::Set(FREE + 1, 1), Edit::PushLeft(9), Edit::Retag(1, 0, 9)]
}
