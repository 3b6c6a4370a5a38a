//! The commit protocol: which handle may write, which copy is written, what readers hold, and what a death leaves.
//!
//! This module borrows atomics and calls [`Os`] and [`Images`]; it knows neither files nor the user's type, so that
//! loom runs this very code. The design chapter gives the reasoning, and draws the way of an update through these files.
//!
//! Each file calls only those above it:
//!
//! | file | its one job |
//! |---|---|
//! | `words` | the words that processes share |
//! | `outside` | what the protocol needs from outside, as traits |
//! | `listed` | a set of slots, in two levels of bits |
//! | `shared` | the words of one region, borrowed |
//! | `lock` | the writer's lock |
//! | `readers` | which slots a writer looks at |
//! | `pins` | how a reader keeps a copy, and how a writer looks for pins: [`Shared::enter`] |
//! | `turns` | which copies have their turn, and which rest |
//! | `entries` | the entries of the log, and copying what they name |
//! | `log` | what the copies still have to take over |
//! | `election` | which handle is the elected one: [`Shared::try_elect`] |
//! | `recovery` | what deaths leave: the lock of the dead, a claimed slot, a first handle |
//! | `spare`, `choice` | which copy an update writes |
//! | `catch_up` | how that copy becomes equal to the active one |
//! | `optimistic` | reading without a pin: [`Shared::load`] |
//! | `followers` | how a private image catches up: [`Shared::entries_between`] |
//! | `service` | a region that another one replaces |
//! | `waiting` | how a handle sleeps until there is a new version: [`Shared::wait_newer`] |
//! | `tasks` | how one thread sleeps for many tasks: [`Shared::serve`] |
//! | `transaction` | one update: [`Shared::begin`], [`Shared::commit`], [`Shared::roll_back`] |
//!
//! The orderings:
//!
//! | label | access | pairs with | why |
//! |---|---|---|---|
//! | R1 | reader: pin count += 1 (the owner thread: exchange of its word), SeqCst | W2 | either the writer's scan sees the pin, or R2 sees what was published before W2 |
//! | R2 | reader: re-check of `active`, SeqCst | W2, W4 | the pinned copy is still the active one; and its bytes are visible |
//! | R3 | reader: leave, Release | W3 | all reads of the copy come before the writer's next use of it |
//! | W1 | writer: lock, Acquire | W6 | the last writer's bytes and log entries are visible |
//! | W2 | writer: fence, SeqCst, between lock and scan | R1, R2, P2, P3 | see R1; it is a Release fence as well |
//! | W3 | writer: scan of the pins, Acquire | R3 | see R3 |
//! | W4 | writer: `active`, Release | R2 | the new copy's bytes come before its publication |
//! | W5 | writer: `sequence` even again, Release | – | after W4 in program order, for a death between the two |
//! | W6 | writer: unlock, Release swap | W1 | see W1 |
//! | W7 | writer: `sequence` odd, then a Release fence; for a large `T` one for streaming stores too | P1, P4 | an optimistic read that has a byte of the new content sees the odd number |
//! | P1 | optimistic read: Acquire fence, then `sequence` again | W7, W2 | see W7; a `published` that is unchanged will do as well, by W2 |
//! | P2 | follower: Acquire fence between the active copy's position and a second look at `active` | W2 | a position that was moved past the next commit's entries comes with the publication of that commit |
//! | P3 | follower: Acquire fence between the log's entries and its end, and before the page bits of a copy | W2, W8 | an entry that was overwritten comes with the log's end at which its writer began; see W8 |
//! | P4 | follower: Acquire fence between the page bits of a copy and a second look at its `sequence` | W7 | a bit that was taken away comes with the odd number |
//! | W8 | writer: position of a copy whose entries went to its page bits, or are left out, Release | P3 | a follower that sees the position sees the bits, or the log's end |
//! | F1 | waiter: its flag in the lock word, after its look at the bell, AcqRel | W6, F2 | the waiter sees the version of an unlock before the flag; one after it sees the flag |
//! | F2 | unlock that found the flag: Acquire fence before the bell's number grows | F1 | the waiter's look at the bell came before that ring |
//! | N1 | reader: its bits in the list of readers, SeqCst | W2 | a writer whose scan misses the bit is seen by R2, as in R1 |
//! | N2 | reader: `listed` of its slot, after R1, SeqCst; it becomes 1 by a Release store, after N1 | N3, that store | it sees what a sweep has taken back, or the sweep sees its pin; and what another thread has listed is listed |
//! | N3 | sweep: fence, SeqCst, between `listed` = 0 and the second look at the pins | R1, N2 | see N2 |
//! | N4 | sweep: takes a word out of the summary, AcqRel | N1 | a reader's bit that came before is seen by the look after it |
//!
//! W7 and P1 order what is not atomic: the stores of a closure, and the volatile loads of an optimistic read. The design chapter says
//! why that holds, under "Reading without a pin".
//!
//! The tests weaken each row under loom, which then must fail. (In row N2 they weaken the load: under loom, the fence that is a part
//! of N1 makes the store a releasing one in any case. F2 keeps a load from seeing a later store. loom never shows such a load, so the
//! tests move the load instead.) W5 is about deaths, which see the program's order and not the memory's. The tests move it, leave it
//! out, and try a death before every write.

mod catch_up;
mod choice;
mod election;
mod entries;
mod followers;
mod listed;
mod lock;
mod log;
mod optimistic;
mod outside;
mod pins;
mod readers;
mod recovery;
mod service;
mod shared;
mod spare;
mod tasks;
mod transaction;
mod turns;
mod waiting;
mod words;

pub(crate) use followers::Position;
pub(crate) use listed::Listed;
pub(crate) use lock::LockError;
pub(crate) use outside::{Clock, Event, Images, Os};
pub(crate) use pins::{Pin, Reader};
pub(crate) use service::Service;
pub(crate) use shared::Shared;
pub(crate) use tasks::{Call, Tasks, Ticket};
#[cfg(any(shmstate_loom, feature = "dynamic"))]
pub(crate) use transaction::Suspended;
pub(crate) use transaction::{BeginError, Transaction};
pub(crate) use words::{Control, CopyLine, MAX_COPIES, MAX_SLOTS, NEVER, Published, SlotLine};

#[cfg(all(test, any(shmstate_loom, shmstate_shuttle)))]
mod model;
