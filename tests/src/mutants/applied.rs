//! Updates by bytes.

use super::Check::Process;
use super::weave::{left_out, value};
use super::{Check, Mutant};

const MIRROR: Check = Process("applied", "a_mirror_has_what_the_state_has");
const REFUSED: Check = Process("applied", "what_is_no_value_is_refused");

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "applied_bytes_are_not_marked",
        breaks: "other copies keep what was there before bytes were applied",
        patches: &[left_out("state/apply.rs", "running.touched.add_bytes(range.start as u64..range.end as u64);")],
        checks: &[MIRROR],
    },
    Mutant {
        name: "applied_bytes_are_not_checked",
        breaks: "bytes that are no value become a version",
        patches: &[value(
            "state/apply.rs",
            "«unsafe { T::validate_touched(running.copy, &touched) }».map_err(|invalid| invalid.to_string())",
            "{ let _ = &touched; Ok::<(), crate::ValidityError>(()) }",
        )],
        checks: &[REFUSED],
    },
    Mutant {
        name: "refused_bytes_stay",
        breaks: "a copy keeps bytes that are no value",
        patches: &[left_out("state/apply.rs", "unsafe { std::ptr::copy_nonoverlapping(from, to, range.len()) }")],
        checks: &[REFUSED],
    },
    Mutant {
        name: "applied_after_another_version",
        breaks: "bytes are applied to a version that they do not belong to",
        patches: &[value("state/apply.rs", "running.version != after + 1", "false")],
        checks: &[MIRROR],
    },
];
