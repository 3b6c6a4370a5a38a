//! What loom and the model say of a fault.

/// What loom says of an image that is read and written at once.
pub(super) const RACE: &str = "Causality violation: Concurrent";

/// What a writer says that finds another content than the version promises.
pub(super) const LOST: &str = "a commit got lost";

/// What loom says when a thread waits for ever: for a lock or a copy that never comes back.
pub(super) const STUCK: &str = "Model exceeded maximum number of branches";

/// What loom says when all threads sleep.
pub(super) const DEADLOCK: &str = "deadlock";

/// What a writer says that finds the newest version marked as unknown content.
pub(super) const HALF: &str = "the active copy is marked as half-written";

/// What is said of an optimistic read.
pub(super) const TORN: &str = "an optimistic read took two versions for one";

/// What is said when neither the replaced region nor the new one may be used.
pub(super) const UNSERVED: &str = "no region is in service";

/// What is said of an update that stays in a region that was replaced.
pub(super) const LEFT_BEHIND: &str = "an acknowledged commit is lost";
