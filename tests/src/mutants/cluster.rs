//! What the cluster has, and what is said of it.

use super::Check::Beside;
use super::weave::{left_out, value};
use super::{Check, Mutant};

const PACKAGE: &str = "shmstate-cluster";

/// Machines on an engine that loses, repeats and delays.
const ONCE: Check = Beside(PACKAGE, "shmstate_cluster", "tests::lost::updates_happen_once_and_as_a_whole");

/// The same, with links that end all the time.
const HANDED: Check = Beside(PACKAGE, "shmstate_cluster", "tests::lost::links_that_end_lose_nothing");

/// A machine that comes back after its entries were forgotten.
const AWAY: Check = Beside(PACKAGE, "shmstate_cluster", "tests::lost::a_machine_that_was_away_takes_a_snapshot");

/// Servers some of which have another entry than the others.
const DISAGREEING: Check =
    Beside(PACKAGE, "shmstate_cluster", "tests::disagreeing::machines_agree_though_servers_do_not");

/// Entries that make no sense for the state.
const REFUSED: Check =
    Beside(PACKAGE, "shmstate_cluster", "tests::refused::an_entry_without_sense_is_refused_and_can_be_passed_over");

/// An update that was under way when an entry came that makes no sense.
const TAKEN: Check =
    Beside(PACKAGE, "shmstate_cluster", "tests::refused::an_update_whose_place_is_taken_is_not_in_doubt");

/// A machine whose entries arrive late.
const SLOW: Check = Beside(PACKAGE, "shmstate_cluster", "tests::losing::a_machine_with_a_slow_link_gets_its_turn");

/// A machine whose updates have run out of time.
const IDLE: Check = Beside(PACKAGE, "shmstate_cluster", "tests::losing::a_machine_that_gives_up_asks_no_more");

/// A wish whose time is forgotten.
const OUTLIVES: Check = Beside(PACKAGE, "shmstate_cluster", "tests::losing::a_wish_outlives_the_entries_of_its_time");

/// A wish that is older than the last turn.
const LATE: Check = Beside(PACKAGE, "shmstate_cluster", "tests::losing::a_wish_that_gets_no_turn_any_more_is_removed");

/// A machine that has asked for a turn and is gone.
const GONE: Check = Beside(PACKAGE, "shmstate_cluster", "tests::losing::a_turn_of_a_machine_that_is_gone_ends");

/// Contents that were begun and never finished, on a server.
const BEGUN: Check = Beside(PACKAGE, "shmstate_cluster", "tests::engines::what_was_begun_goes_from_nats");

const CONNECT: &str = "shmstate-cluster/src/connect.rs";
const CONTENTS: &str = "shmstate-cluster/src/contents.rs";
const CONTROL: &str = "shmstate-cluster/src/control.rs";
const ENTRY: &str = "shmstate-cluster/src/entry.rs";
const REPLICA: &str = "shmstate-cluster/src/replica.rs";
const SESSION: &str = "shmstate-cluster/src/session.rs";
const SETUP: &str = "shmstate-cluster/src/setup.rs";
const TURNS: &str = "shmstate-cluster/src/turns.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "turn_is_not_given",
        breaks: "a machine goes on though it is the turn of another one, which never gets an update through",
        patches: &[value(SESSION, "self.refused.is_none() && «!self.turns.is_given()»", "true")],
        checks: &[SLOW],
    },
    Mutant {
        name: "wish_is_forgotten_with_its_time",
        breaks: "a fast log removes what a machine asks for a turn by before another one has seen it",
        patches: &[value(CONTENTS, "«kind != Kind::Wish» && of < seq", "{ let _ = kind; true }")],
        checks: &[OUTLIVES],
    },
    Mutant {
        name: "late_wish_stays",
        breaks: "the wish of a machine that is gone after its turn stays for ever",
        patches: &[value(TURNS, "late.into_iter().for_each(|wish| «self.remove(wish)»);", "drop(wish)")],
        checks: &[LATE],
    },
    Mutant {
        name: "turn_is_asked_for_without_need",
        breaks: "a machine that has lost and has nothing to send any more asks for turns for ever",
        patches: &[value(TURNS, "if «!std::mem::take(&mut self.has_lost) && !is_under_way» {", "false")],
        checks: &[IDLE],
    },
    Mutant {
        name: "turn_does_not_end",
        breaks: "a machine waits for ever for one that has asked for a turn and is gone",
        patches: &[value(TURNS, "until: «Instant::now() + TURN» }", "Instant::now() + 3600 * TURN")],
        checks: &[GONE],
    },
    Mutant {
        name: "refused_entry_leaves_doubt",
        breaks: "an update stays in doubt after an entry that cannot be taken has got its place",
        patches: &[value(
            CONNECT,
            "let Err(e) = «replica.stop_before(entry, &seen.entries, seen.committed_before(entry))» {",
            "Ok::<(), crate::error::Error>(())",
        )],
        checks: &[TAKEN],
    },
    Mutant {
        name: "first_of_two_refused_is_not_named",
        breaks: "an entry that makes no value, before one that cannot be read, ends the link without a word",
        patches: &[value(CONNECT, "=> «(entry, why) = (first, of_first)»", "{ let _ = (first, of_first); }")],
        checks: &[TAKEN],
    },
    Mutant {
        name: "refused_entry_takes_its_own_in",
        breaks: "an update that comes before an entry that cannot be taken is said to be committed, and is not there",
        patches: &[value(
            REPLICA,
            "match «entries.before(entry)» { Some(entries)",
            "Some(NewEntries::after(entries.seq, entries.digest))",
        )],
        checks: &[TAKEN],
    },
    Mutant {
        name: "join_blames_the_newest_entry",
        breaks: "a new machine names the newest entry as the one that makes no sense",
        patches: &[value(SETUP, "while «right + 1 < wrong»", "false")],
        checks: &[REFUSED],
    },
    Mutant {
        name: "own_entry_is_not_recognised",
        breaks: "an update whose answer was lost happens a second time",
        patches: &[value(
            CONNECT,
            "entry.origin.machine == identity.machine && entry.origin.upto == replica.sent()",
            "entry.origin.machine == identity.machine && false",
        )],
        checks: &[ONCE, HANDED],
    },
    Mutant {
        name: "batch_is_not_written_down",
        breaks: "the next link does not know what was under way",
        patches: &[left_out(REPLICA, "self.control.update(|c| (c.sent_after, c.sent_upto) = (after, upto))?;")],
        checks: &[HANDED],
    },
    Mutant {
        name: "undone_updates_are_said_to_be_committed",
        breaks: "an update that was undone is acknowledged",
        patches: &[left_out(CONTROL, "self.undo(settled.max(sent) + 1, last.saturating_sub(1), false);")],
        checks: &[ONCE, Beside(PACKAGE, "shmstate_cluster", "control::tests::what_was_undone_before_is_undone_after")],
    },
    Mutant {
        name: "rewind_undoes_itself",
        breaks: "a closure that decides to do nothing runs again for ever",
        patches: &[value(CONTROL, "settled.max(sent) + 1, «last.saturating_sub(1)»", "last")],
        checks: &[Beside(PACKAGE, "shmstate_cluster", "tests::joining::a_refusal_is_not_undone_for_ever")],
    },
    Mutant {
        name: "entries_are_known_by_their_number",
        breaks: "a machine keeps what the servers have lost",
        patches: &[value(CONNECT, "seq == entries.seq && digest == entries.digest", "seq == entries.seq")],
        checks: &[Beside(PACKAGE, "shmstate_cluster", "tests::joining::machines_give_up_what_the_servers_have_lost")],
    },
    Mutant {
        name: "what_came_is_not_ahead",
        breaks: "the state ahead lacks what other machines have changed",
        patches: &[left_out(REPLICA, "self.touched = union(&self.touched, touched);")],
        checks: &[ONCE],
    },
    Mutant {
        name: "what_differs_is_sent",
        breaks: "machines are not sent what was written and is as it was where the update ran",
        patches: &[value(REPLICA, "union(&self.touched, «change.written()».iter().cloned())", "change.ranges()")],
        checks: &[Beside(
            PACKAGE,
            "shmstate_cluster",
            "tests::taken_back::what_was_taken_back_is_no_part_of_a_later_version",
        )],
    },
    Mutant {
        name: "local_fields_are_sent",
        breaks: "a machine overwrites what belongs to each alone",
        patches: &[value(REPLICA, "joined_outside(&self.touched, «self.local»)", "&[]")],
        checks: &[ONCE],
    },
    Mutant {
        name: "version_of_another_range",
        breaks: "an update gets the outcome of another one",
        patches: &[value(CONTROL, "undone.first <= version", "undone.first < version")],
        checks: &[Beside(
            PACKAGE,
            "shmstate_cluster",
            "control::tests::each_update_has_the_outcome_of_its_own_version",
        )],
    },
    Mutant {
        name: "forgotten_outcome_is_committed",
        breaks: "an update whose outcome is not known any more is acknowledged",
        patches: &[value(
            CONTROL,
            "if is_known { Outcome::Committed } else { «Outcome::InDoubt» }",
            "Outcome::Committed",
        )],
        checks: &[Beside(PACKAGE, "shmstate_cluster", "control::tests::what_is_not_known_any_more_is_in_doubt")],
    },
    Mutant {
        name: "entries_without_a_checksum",
        breaks: "a damaged entry is applied",
        patches: &[value(ENTRY, "xxh3_64(&bytes).to_le_bytes()[..] != sum[..]", "false")],
        checks: &[Beside(
            PACKAGE,
            "shmstate_cluster",
            "entry::tests::an_entry_is_read_as_it_was_written_and_not_otherwise",
        )],
    },
    Mutant {
        name: "founding_is_not_written_down",
        breaks: "a machine that did not learn that it has founded a state does not know it",
        patches: &[left_out(
            "shmstate-cluster/src/setup.rs",
            "self.control.update(|c| c.cluster = identity.cluster)?;",
        )],
        checks: &[Beside(PACKAGE, "shmstate_cluster", "tests::joining::a_state_that_was_founded_unseen_is_known")],
    },
    Mutant {
        name: "nothing_is_forgotten",
        breaks: "the log grows for ever",
        patches: &[value(SESSION, "is_own && before > 0", "false")],
        checks: &[AWAY],
    },
    Mutant {
        name: "snapshot_without_its_bytes",
        breaks: "a machine that was away goes on without what was forgotten",
        patches: &[value(
            CONNECT,
            "vec![Step { seq, digest, pieces: incoming.pieces_of(&whole)? }]",
            "{ let _ = &whole; Vec::new() }",
        )],
        checks: &[AWAY],
    },
    Mutant {
        name: "one_server_is_believed",
        breaks: "a machine goes on with what one server alone has",
        patches: &[value(CONTENTS, "agreed.is_none_or(|entry| entry::digest(&entry) != digest)", "agreed.is_none()")],
        checks: &[DISAGREEING],
    },
    Mutant {
        name: "update_on_what_one_server_has",
        breaks: "an update that was acknowledged follows what the servers do not agree on",
        patches: &[value(SESSION, "(!self.is_agreed).then_some(batch.before)", "None")],
        checks: &[DISAGREEING],
    },
    Mutant {
        name: "unfinished_content_is_a_snapshot",
        breaks: "a machine waits for the rest of a snapshot that no process writes any more",
        patches: &[value(CONTENTS, "is_whole.then_some(name)", "{ let _ = is_whole; Some(name) }")],
        checks: &[BEGUN],
    },
    Mutant {
        name: "unfinished_content_stays",
        breaks: "what a process has not finished to write is kept for ever",
        patches: &[value(
            "shmstate-cluster/src/engine/nats_contents.rs",
            "*names.entry(name.to_owned()).or_default() |= end == END",
            "{ if end == END { names.insert(name.to_owned(), true); } }",
        )],
        checks: &[BEGUN],
    },
    Mutant {
        name: "passed_over_in_silence",
        breaks: "the other machines stay before an entry that one has passed over",
        patches: &[value(CONNECT, "let what = if «pass_over > 0» {", "false")],
        checks: &[REFUSED],
    },
    Mutant {
        name: "refused_entry_is_anywhere",
        breaks: "an error names another entry than the one that makes no sense",
        patches: &[value(
            "shmstate-cluster/src/incoming.rs",
            "entries.steps.get(right).map_or(entries.seq, |step| step.seq)",
            "entries.seq + 1",
        )],
        checks: &[REFUSED],
    },
];
