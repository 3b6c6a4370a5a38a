//! Faults of where marks count.

use super::Check::Unit;
use super::Mutant;
use super::weave::{after, instead, item, value};

/// For what no container does.
const KEEP_HEAD: &str = "pub(super) fn keep_head(&mut self, of: &Self) { self.head = of.head.clone(); }";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "no_stamp",
        breaks: "marks count wherever they are",
        patches: &[value("containers/marks.rs", "self.stamp == stamp", "true")],
        checks: &[Unit("state::relocation::swap"), Unit("state::relocation::threads")],
    },
    Mutant {
        name: "stamp_place_only",
        breaks: "marks count in every update",
        patches: &[value("containers/marks.rs", "self.stamp == stamp", "self.stamp.offset() == stamp.offset()")],
        checks: &[Unit("state::relocation::parked"), Unit("state::relocation::later")],
    },
    Mutant {
        name: "stamp_transaction_only",
        breaks: "marks count at every place",
        patches: &[value("containers/marks.rs", "self.stamp == stamp", "self.stamp.tx() == stamp.tx()")],
        checks: &[Unit("state::relocation::swap")],
    },
    Mutant {
        name: "stamp_always",
        breaks: "an item is stamped whenever it is handed out",
        patches: &[
            value(
                "containers/marks.rs",
                "self.mark(range.clone(), items) != Marking::New",
                "self.mark(range.clone(), items); false",
            ),
            value("containers/marks.rs", "!before.is_exact(index)", "true"),
        ],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "stamp_known_items",
        breaks: "an item that is marked is stamped again",
        patches: &[value("containers/marks.rs", "!before.is_exact(index)", "true")],
        checks: &[Unit("state::relocation::shift")],
    },
    Mutant {
        name: "clone_keeps_stamp",
        breaks: "a clone has the marks of its original",
        patches: &[
            item("containers/slots.rs", "#[inline] pub(super) const fn as_slice", KEEP_HEAD),
            value(
                "containers/array.rs",
                "Self::from(self.as_array().clone())",
                "let mut clone = Self::from(self.as_array().clone()); clone.slots.keep_head(&self.slots); clone",
            ),
            after(
                "containers/list/traits.rs",
                "unsafe { clone.slots.fill(0..items.len(), items, clone_into) }",
                "clone.slots.keep_head(&self.slots);",
            ),
        ],
        checks: &[Unit("state::relocation::cloned_short_and_rolled_back")],
    },
    Mutant {
        name: "clearing_keeps_stamp",
        breaks: "what was cleared is still stamped",
        patches: &[instead("containers/marks.rs", "head.put_stamp(Stamp::VOID);", "head.count = 0;")],
        checks: &[Unit("state::relocation::parked_where_it_was_before")],
    },
    Mutant {
        name: "transaction_ids_from_the_file",
        breaks: "two handles count from the same number",
        patches: &[value("state/txn_buffer.rs", "let tx = «os::random_u64()»;", "1")],
        checks: &[Unit("state::relocation::all")],
    },
];
