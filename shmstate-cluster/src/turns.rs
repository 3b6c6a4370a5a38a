//! Turns: a machine that loses again and again asks the others to let it go first.
//!
//! A machine with a slow link may lose each time: before its entry arrives, another machine has appended one. When it has lost for a second, it
//! writes a *wish*: a content without bytes, whose name has the machine's number. A machine that commits looks for wishes with each look at
//! the engine. If it finds one of another machine, it appends nothing until an entry of that machine comes, or for a second.
//!
//! No promise depends on turns. A wish that is not seen, or whose machine has died, costs time, and nothing else.

use crate::contents::{self, Wish};
use crate::engine::{Engine, Failed};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a machine loses before it asks for a turn. Before it asks again, it loses twice as long each time, because a turn may be too short
/// for its link.
const LOSING: Duration = Duration::from_secs(1);

/// How long a machine waits for the entry of a machine that has asked for a turn.
const TURN: Duration = Duration::from_secs(1);

/// A turn of another machine.
struct Given {
    wish: Wish,
    until: Instant,
}

/// The turns of one connection.
pub(crate) struct Turns<E> {
    engine: E,
    /// The number of this machine.
    machine: u64,
    /// Since when this machine has lost each time, or when it has asked last.
    losing: Option<Instant>,
    /// How long it loses before it asks.
    patience: Duration,
    /// It has lost since the last look.
    has_lost: bool,
    /// It has committed since the last look.
    has_committed: bool,
    /// What this machine has asked by.
    own: Option<Wish>,
    /// The newest wish that was given a turn: older ones are not given another one.
    newest: Option<Wish>,
    given: Option<Given>,
    /// Looks for the wishes of other machines.
    looking: Option<JoinHandle<Result<Vec<Wish>, Failed>>>,
}

impl<E: Engine> Turns<E> {
    pub(crate) fn new(engine: E, machine: u128) -> Self {
        Turns {
            engine,
            machine: machine as u64,
            losing: None,
            patience: LOSING,
            has_lost: false,
            has_committed: false,
            own: None,
            newest: None,
            given: None,
            looking: None,
        }
    }

    /// Whether it is the turn of another machine.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// Notes that this machine has lost: another one has appended the entry that was to be its own.
    pub(crate) fn lost(&mut self) {
        self.losing.get_or_insert_with(Instant::now);
        self.has_lost = true;
    }

    /// Notes that this machine has committed.
    pub(crate) fn committed(&mut self) {
        self.has_committed = true;
        self.give_up();
    }

    /// Needs no turn any more.
    fn give_up(&mut self) {
        (self.losing, self.patience) = (None, LOSING);
        if let Some(own) = self.own.take() {
            self.remove(own);
        }
    }

    /// Notes an entry of a machine.
    pub(crate) fn came(&mut self, of: u128) {
        self.given.take_if(|given| given.wish.machine == of as u64);
    }

    /// Asks for a turn after the newest entry `applied`, if this machine has lost for long and still tries: it has a batch under way, or has
    /// lost one since the last look. Looks for wishes of other machines, if it commits.
    pub(crate) fn look(&mut self, applied: u64, is_under_way: bool) {
        if !std::mem::take(&mut self.has_lost) && !is_under_way {
            self.give_up();
        }
        if self.losing.is_some_and(|since| since.elapsed() >= self.patience) {
            (self.losing, self.patience) = (Some(Instant::now()), 2 * self.patience);
            let wish = Wish { after: applied, machine: self.machine };
            if let Some(earlier) = self.own.replace(wish).filter(|earlier| *earlier != wish) {
                self.remove(earlier);
            }
            let engine = self.engine.clone();
            tokio::spawn(async move { contents::write_wish(&engine, wish).await });
        }
        if std::mem::take(&mut self.has_committed) && self.given.is_none() && self.looking.is_none() {
            let engine = self.engine.clone();
            self.looking = Some(tokio::spawn(async move { contents::wishes(&engine).await }));
        }
    }

    /// Waits for the end of a turn, or for wishes, and handles them. The future can be dropped while it waits.
    pub(crate) async fn change(&mut self) {
        if let Some(given) = &self.given {
            tokio::time::sleep_until(given.until).await;
            // Its machine may be gone. If it is not, it asks again.
            if let Some(Given { wish, .. }) = self.given.take() {
                self.remove(wish);
            }
        } else if let Some(looking) = &mut self.looking {
            let wishes = looking.await;
            self.looking = None;
            // Without an answer, no machine has a turn.
            self.give(wishes.ok().and_then(Result::ok).unwrap_or_default());
        } else {
            std::future::pending().await
        }
    }

    /// Gives a turn to the oldest of these wishes that has had none, and removes those that get none any more.
    fn give(&mut self, wishes: Vec<Wish>) {
        let of_others = wishes.into_iter().filter(|wish| wish.machine != self.machine);
        let (new, late): (Vec<_>, Vec<_>) = of_others.partition(|wish| Some(*wish) > self.newest);
        late.into_iter().for_each(|wish| self.remove(wish));
        if let Some(wish) = new.into_iter().min() {
            self.newest = Some(wish);
            self.given = Some(Given { wish, until: Instant::now() + TURN });
        }
    }

    fn remove(&self, wish: Wish) {
        let engine = self.engine.clone();
        // If this fails, a machine that commits removes it after its turn.
        tokio::spawn(async move { contents::remove_wish(&engine, wish).await });
    }
}
