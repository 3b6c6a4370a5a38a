//! The operations that are measured one at a time.

/// One operation. Each update counts the counter up by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    ReadOne,
    ReadAll,
    UpdateOne,
    Transfer,
    Batch,
    RollBack,
    Snapshot,
    InsertFront,
    Append,
    /// Reads the counter and the last item; torn, if they are not of one version.
    ReadLast,
    /// Counts the last item up.
    UpdateLast,
}

/// How many items a batch changes.
pub const BATCH: u64 = 1000;

impl Op {
    /// Those of the tables. The last two leave a list whose items are no longer known, and the very last its length.
    pub const MEASURED: [Op; 9] = [
        Op::ReadOne,
        Op::ReadAll,
        Op::UpdateOne,
        Op::Transfer,
        Op::Batch,
        Op::RollBack,
        Op::Snapshot,
        Op::InsertFront,
        Op::Append,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Op::ReadOne => "read one element and the counter",
            Op::ReadAll => "read all",
            Op::UpdateOne => "update one element and the counter",
            Op::Transfer => "update two elements (a transfer)",
            Op::Batch => "update a batch of 1000 random elements",
            Op::RollBack => "roll back an update of one element",
            Op::Snapshot => "snapshot (a private copy of all)",
            Op::InsertFront => "insert at the front of a full list",
            Op::Append => "append to a list",
            Op::ReadLast => "read the last element and the counter",
            Op::UpdateLast => "update the last element and the counter",
        }
    }

    /// By how much it raises the counter.
    pub fn counts(self) -> u64 {
        u64::from(!matches!(self, Op::ReadOne | Op::ReadAll | Op::RollBack | Op::Snapshot | Op::ReadLast))
    }

    /// By how much it raises the sum of all items, if that is known.
    pub fn adds(self) -> Option<u64> {
        match self {
            Op::UpdateOne | Op::UpdateLast => Some(1),
            Op::Batch => Some(BATCH),
            Op::InsertFront | Op::Append => None,
            _ => Some(0),
        }
    }
}
