//! What is on disk, and what is said of it.

use super::Check::Beside;
use super::weave::{before, instead, left_out, value};
use super::{Check, Mutant};

const PACKAGE: &str = "shmstate-durable";

/// A power cut at each write and sync.
const POWER: Check = Beside(PACKAGE, "shmstate_durable", "tests::power::at_every_write_and_sync_of_the_store");

const KEEPER: &str = "shmstate-durable/src/keeper.rs";
const OPTIONS: &str = "shmstate-durable/src/options.rs";
const STORE: &str = "shmstate-durable/src/store.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "store_of_another_image",
        breaks: "a process that goes on takes bytes that mean nothing for those that the store has",
        patches: &[value(
            KEEPER,
            "let mut durable = follower.version(); «store.write(durable, &schema, follower.bytes(), Differing::Any)?»;",
            "if !store.has(durable, &schema) { store.write(durable, &schema, follower.bytes(), Differing::Any)? }",
        )],
        checks: &[Beside(PACKAGE, "restart", "what_becomes_an_item_is_written_after_another_process_goes_on")],
    },
    Mutant {
        name: "wanted_before_it_is_made",
        breaks: "the process that writes is woken for a version that has not been made, and sleeps when it is",
        patches: &[value("shmstate-durable/src/state.rs", "if «self.state.version()? >= version» {", "true")],
        checks: &[Beside(PACKAGE, "restart", "a_version_that_is_waited_for_before_it_is_made_is_written")],
    },
    Mutant {
        name: "removed_region_is_kept",
        breaks: "the process that writes sleeps on when its region was removed",
        patches: &[value(KEEPER, "now < next && !is_last && «is_current»", "true")],
        checks: &[Beside(PACKAGE, "restart", "a_state_whose_region_is_removed_is_opened_at_once")],
    },
    Mutant {
        name: "out_of_office_for_good",
        breaks: "a process that met a region of another layout never stands for election again",
        patches: &[value(KEEPER, "Ok(Some(End::OtherLayout)) => «self.wait_for_another_region()»", "return")],
        checks: &[Beside(
            PACKAGE,
            "releases",
            "a_state_that_comes_back_to_an_earlier_release_is_written_by_its_processes",
        )],
    },
    Mutant {
        name: "silent_once",
        breaks: "a process that cannot say why nothing is on disk never writes again",
        patches: &[instead(
            KEEPER,
            "let _ = kept.control.fail(&e);",
            "if kept.control.fail(&e).is_err() { return End::Stopped; }",
        )],
        checks: &[Beside(
            PACKAGE,
            "shmstate_durable",
            "tests::obstacles::a_process_that_is_stopped_while_it_says_how_far_the_store_is",
        )],
    },
    Mutant {
        name: "closing_panics",
        breaks: "a panic of the engine while it closes a store goes on in the program",
        patches: &[value(
            STORE,
            "let _ = «catch_unwind(AssertUnwindSafe(|| drop(db)))»;",
            "Ok::<(), Box<dyn std::any::Any + Send>>(drop(db))",
        )],
        checks: &[Beside(
            PACKAGE,
            "shmstate_durable",
            "tests::damage::a_panic_of_the_engine_while_it_closes_goes_no_further",
        )],
    },
    Mutant {
        name: "verified_in_place",
        breaks: "a store that is verified is repaired",
        patches: &[value("shmstate-durable/src/backup.rs", "«Store::open_untouched(file)»?", "Store::open(file)")],
        checks: &[Beside(PACKAGE, "shmstate_durable", "tests::damage::what_is_verified_stays_as_it_is")],
    },
    Mutant {
        name: "verified_with_the_right_to_write",
        breaks: "a backup that may only be read is neither verified nor restored",
        patches: &[value(STORE, "Self::file(path, «false»)?", "true")],
        checks: &[Beside(PACKAGE, "rights", "a_backup_that_may_only_be_read_is_verified_and_restored")],
    },
    Mutant {
        name: "published_before_it_is_written",
        breaks: "a version is said to be on disk, then written",
        patches: &[before(
            KEEPER,
            "store.write(change.to(), &schema, follower.bytes(), Differing::Ranges(change.ranges()))?;",
            "kept.control.publish(kept.lineage, change.to())?;",
        )],
        checks: &[POWER],
    },
    Mutant {
        name: "transaction_is_not_synced",
        breaks: "a transaction is on disk some time after it has returned",
        patches: &[value(STORE, "redb::Durability::Immediate", "redb::Durability::Eventual")],
        checks: &[POWER],
    },
    Mutant {
        name: "growth_is_not_synced",
        breaks: "the header may say that the file is longer than it is",
        patches: &[left_out("shmstate-durable/src/grown.rs", "self.0.set_len(len)?; «self.0.sync_data(false)?;»")],
        checks: &[Beside(
            PACKAGE,
            "shmstate_durable",
            "tests::power::a_length_is_on_the_medium_before_anything_else_is_written",
        )],
    },
    Mutant {
        name: "last_page_of_a_range",
        breaks: "the last page that a change lies in is not written",
        patches: &[value(
            "shmstate-durable/src/pages.rs",
            "(first as u64).max(next)..=last as u64",
            "(first as u64).max(next)..=(last as u64).saturating_sub(1)",
        )],
        checks: &[POWER],
    },
    Mutant {
        name: "digest_of_all_pages",
        breaks: "a page that is missing or old is not noticed",
        patches: &[value(STORE, "sum != head.digest", "false")],
        checks: &[Beside(PACKAGE, "shmstate_durable", "tests::damage::a_page_that_is_missing_or_old_is_noticed")],
    },
    Mutant {
        name: "region_of_another_state",
        breaks: "a region is written to a store of another state",
        patches: &[value(OPTIONS, "lineage: found, .. }) if «found != lineage»", "false")],
        checks: &[Beside(PACKAGE, "identity", "a_region_that_was_created_by_other_means_does_not_overwrite_the_store")],
    },
    Mutant {
        name: "migrated_although_it_is_refused",
        breaks: "a region is migrated before it is known whether it belongs to the store",
        patches: &[value(
            OPTIONS,
            "open(«region.migrate_if(belongs)»)",
            "region.migrate_if(move |lineage| belongs(lineage) || true)",
        )],
        checks: &[Beside(PACKAGE, "releases", "what_does_not_belong_together_is_not_migrated")],
    },
    Mutant {
        name: "error_of_no_region",
        breaks: "the error for a store of another layout is about a region, which is not there",
        patches: &[value(OPTIONS, "if «is_restored.get()»", "false")],
        checks: &[Beside(PACKAGE, "restart", "a_changed_struct_is_carried_over_from_the_store_and_from_the_region")],
    },
    Mutant {
        name: "restored_under_the_old_lineage",
        breaks: "a process with a region that was removed may write to the store",
        patches: &[left_out(
            OPTIONS,
            "if store.head().lineage != lineage { «store.bind(lineage)?;» } Ok::<_, Error>(content)",
        )],
        checks: &[Beside(PACKAGE, "identity", "a_region_that_is_removed_while_it_is_used_is_written_no_more")],
    },
    Mutant {
        name: "store_without_a_name",
        breaks: "a store that was removed is written on, and a copy of it is written in its place",
        patches: &[value(KEEPER, "control.has_lost(*lineage, &paths.store)?", "false")],
        checks: &[Beside(PACKAGE, "identity", "a_store_that_is_removed_while_it_is_used_is_missed")],
    },
];
