//! What becomes of a state when its type changes, decided by the two schemas alone.
//!
//! * `plan`: the steps, for each old type and the new one that it becomes; `matcher`, `fields`: how they are found
//! * `losses`: what a plan does not carry over; `names`: types as the program writes them
//! * `table`: the plan as a table, for people

mod fields;
mod losses;
mod matcher;
mod names;
mod plan;
mod table;
#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests;

#[cfg(any(feature = "dynamic", test))]
pub(crate) use losses::Allowed;
#[cfg(feature = "dynamic")]
pub(crate) use losses::{inside, item, keys};
#[cfg(any(feature = "dynamic", test))]
pub(crate) use plan::Plan;
#[cfg(feature = "dynamic")]
pub(crate) use plan::{FieldsStep, Pair, Part, Step, VariantStep};
