//! The operations that are measured one at a time.

/// One operation. Each update counts the counter up by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Reads the counter.
    Load,
    ReadOne,
    ReadAll,
    UpdateOne,
    Transfer,
    Batch,
    RollBack,
    Snapshot,
    InsertFront,
    Append,
    /// Looks one key of a map up.
    LookUp,
    /// Counts the value of one key up.
    UpdateKey,
    /// Reads the counter and the last item; torn, if they are not of one version.
    ReadLast,
    /// Counts the last item up.
    UpdateLast,
    /// Counts a random item up, and the last one.
    UpdateFar,
}

/// What a state is made of, beside the counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    List,
    Map,
}

/// How many items a batch changes.
pub const BATCH: u64 = 1000;

impl Op {
    /// Those of the tables, in the order in which they are measured. The last two of a list leave items that are no longer
    /// known, and the very last its length.
    pub fn measured(shape: Shape) -> &'static [Op] {
        match shape {
            Shape::Map => &[Op::LookUp, Op::UpdateKey],
            Shape::List => &[
                Op::Load,
                Op::ReadOne,
                Op::ReadAll,
                Op::UpdateOne,
                Op::Transfer,
                Op::Batch,
                Op::RollBack,
                Op::Snapshot,
                Op::InsertFront,
                Op::Append,
            ],
        }
    }

    pub fn shape(self) -> Shape {
        if Op::measured(Shape::Map).contains(&self) { Shape::Map } else { Shape::List }
    }

    pub fn title(self) -> &'static str {
        match self {
            Op::Load => "read the counter alone",
            Op::ReadOne => "read one element and the counter",
            Op::ReadAll => "read all",
            Op::UpdateOne => "update one element and the counter",
            Op::Transfer => "update two elements (a transfer)",
            Op::Batch => "update a batch of 1000 random elements",
            Op::RollBack => "roll back an update of one element",
            Op::Snapshot => "snapshot (a private copy of all)",
            Op::InsertFront => "insert at the front of a full list",
            Op::Append => "append to a list",
            Op::LookUp => "look a key of a map up",
            Op::UpdateKey => "update the value of a key of a map, and the counter",
            Op::ReadLast => "read the last element and the counter",
            Op::UpdateLast => "update the last element and the counter",
            Op::UpdateFar => "update a random element, the last one and the counter",
        }
    }

    /// By how much it raises the counter.
    pub fn counts(self) -> u64 {
        match self {
            Op::Load | Op::ReadOne | Op::ReadAll | Op::RollBack | Op::Snapshot | Op::LookUp | Op::ReadLast => 0,
            Op::UpdateOne | Op::Transfer | Op::Batch | Op::InsertFront | Op::Append => 1,
            Op::UpdateKey | Op::UpdateLast | Op::UpdateFar => 1,
        }
    }

    /// By how much it raises the sum of all items, if that is known.
    pub fn adds(self) -> Option<u64> {
        match self {
            Op::UpdateOne | Op::UpdateLast | Op::UpdateKey => Some(1),
            Op::UpdateFar => Some(2),
            Op::Batch => Some(BATCH),
            Op::InsertFront | Op::Append => None,
            _ => Some(0),
        }
    }
}
