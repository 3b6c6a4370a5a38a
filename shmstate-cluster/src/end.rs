//! Why a connection or the link ends.

use crate::contents::ContentsError;
use crate::engine::Failed;
use crate::error::Error;

#[derive(Debug)]
pub(crate) enum End {
    /// It was asked to end.
    Stopped,
    /// The state has another layout by now.
    Replaced,
    /// The connection is lost.
    Lost(String),
    /// The state cannot take that entry.
    Refused { entry: u64, why: String },
    /// The regions of this machine cannot be used.
    Unable(Error),
}

impl From<Error> for End {
    fn from(e: Error) -> Self {
        End::Unable(e)
    }
}

impl From<shmstate::Error> for End {
    fn from(e: shmstate::Error) -> Self {
        End::Unable(e.into())
    }
}

impl From<ContentsError> for End {
    fn from(e: ContentsError) -> Self {
        match e {
            ContentsError::Lost(failed) => failed.into(),
            ContentsError::Refused { entry, why } => End::Refused { entry, why },
            ContentsError::Damaged(why) => End::Lost(format!("what the cluster has is damaged: {why}")),
        }
    }
}

impl From<Failed> for End {
    fn from(failed: Failed) -> Self {
        End::Lost(failed.0)
    }
}
