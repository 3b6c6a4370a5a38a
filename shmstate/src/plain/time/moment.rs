//! [`Timestamp`]: a moment.

use super::{SECOND, TimeRangeError, TimeSpan};
use crate::SharedLayout;
use std::fmt;
use std::time::{Duration, SystemTime};

/// A moment, for a state: what [`SystemTime`] is in a program.
///
/// It has the nanoseconds since 1970 (UTC, without leap seconds) as an `i64`, so that it reaches from 1678 to 2261; in a
/// new state it is the beginning of 1970. It is of the clock that can be set: between two moments there may be less
/// time, or more, than the clock says.
///
/// ```
/// use shmstate::{TimeSpan, Timestamp};
/// use std::time::{Duration, SystemTime};
///
/// let start = Timestamp::now();
/// let end = start.checked_add(TimeSpan::from_secs(60)).unwrap();
/// assert_eq!(end, start + TimeSpan::from_secs(60));
/// assert_eq!(end - Duration::from_secs(60), start);
/// assert_eq!(end.duration_since(start), Some(TimeSpan::from_secs(60)));
/// assert_eq!(SystemTime::from(end), SystemTime::from(start) + Duration::from_secs(60));
/// assert_eq!(Timestamp::try_from(SystemTime::UNIX_EPOCH)?, Timestamp::default());
/// assert!(start > SystemTime::UNIX_EPOCH);
/// # Ok::<_, shmstate::TimeRangeError>(())
/// ```
///
/// # Panics
/// As with [`SystemTime`], `+` and `-` panic when the result has no room; `checked_` and `saturating_` methods do not. The
/// difference of two moments is [`duration_since`](Self::duration_since), because the clock may have gone back between them.
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[shared(crate = "crate")]
#[repr(C)]
pub struct Timestamp {
    nanos: i64,
}

impl Timestamp {
    /// The beginning of 1970.
    pub const UNIX_EPOCH: Self = Self::from_unix_nanos(0);
    /// In 1677.
    pub const MIN: Self = Self::from_unix_nanos(i64::MIN);
    /// In 2262.
    pub const MAX: Self = Self::from_unix_nanos(i64::MAX);

    /// Now, by the system's clock; [`MAX`](Self::MAX) or [`MIN`](Self::MIN) if that is set to what has no room.
    #[must_use]
    pub fn now() -> Self {
        let now = SystemTime::now();
        let end = if now > SystemTime::UNIX_EPOCH { Self::MAX } else { Self::MIN };
        Self::try_from(now).unwrap_or(end)
    }

    /// So many nanoseconds after the beginning of 1970.
    #[must_use]
    pub const fn from_unix_nanos(nanos: i64) -> Self {
        Timestamp { nanos }
    }

    /// Nanoseconds since the beginning of 1970.
    #[must_use]
    pub const fn as_unix_nanos(self) -> i64 {
        self.nanos
    }

    /// The time since `earlier`, unless it is later.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Option<TimeSpan> {
        if self.nanos < earlier.nanos {
            return None;
        }
        Some(TimeSpan::from_nanos(self.nanos.abs_diff(earlier.nanos)))
    }

    /// The time since then, unless it is still to come.
    ///
    /// ```
    /// use shmstate::{TimeSpan, Timestamp};
    ///
    /// assert!(Timestamp::UNIX_EPOCH.elapsed().unwrap() > TimeSpan::from_secs(1_700_000_000));
    /// assert_eq!(Timestamp::MAX.elapsed(), None);
    /// ```
    #[must_use]
    pub fn elapsed(self) -> Option<TimeSpan> {
        Self::now().duration_since(self)
    }

    /// The moment `span` later, if it has room.
    #[must_use]
    pub const fn checked_add(self, span: TimeSpan) -> Option<Self> {
        match self.nanos.checked_add_unsigned(span.as_nanos()) {
            Some(nanos) => Some(Timestamp { nanos }),
            None => None,
        }
    }

    /// The moment `span` earlier, if it has room.
    #[must_use]
    pub const fn checked_sub(self, span: TimeSpan) -> Option<Self> {
        match self.nanos.checked_sub_unsigned(span.as_nanos()) {
            Some(nanos) => Some(Timestamp { nanos }),
            None => None,
        }
    }

    /// The moment `span` later, [`MAX`](Self::MAX) at most.
    #[must_use]
    pub const fn saturating_add(self, span: TimeSpan) -> Self {
        Self::from_unix_nanos(self.nanos.saturating_add_unsigned(span.as_nanos()))
    }

    /// The moment `span` earlier, [`MIN`](Self::MIN) at least.
    #[must_use]
    pub const fn saturating_sub(self, span: TimeSpan) -> Self {
        Self::from_unix_nanos(self.nanos.saturating_sub_unsigned(span.as_nanos()))
    }
}

/// Fails before 1678 and after 2261.
impl TryFrom<SystemTime> for Timestamp {
    type Error = TimeRangeError;

    fn try_from(time: SystemTime) -> Result<Self, TimeRangeError> {
        let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            Err(before) => i128::try_from(before.duration().as_nanos()).ok().and_then(|n| i64::try_from(-n).ok()),
        };
        nanos.map(Self::from_unix_nanos).ok_or(TimeRangeError(()))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> SystemTime {
        let span = Duration::from_nanos(timestamp.nanos.unsigned_abs());
        if timestamp.nanos < 0 { SystemTime::UNIX_EPOCH - span } else { SystemTime::UNIX_EPOCH + span }
    }
}

/// The seconds since 1970, with nine decimals.
///
/// ```
/// use shmstate::Timestamp;
///
/// assert_eq!(Timestamp::from_unix_nanos(1_700_000_000_250_000_000).to_string(), "1700000000.250000000");
/// assert_eq!(Timestamp::from_unix_nanos(-1).to_string(), "-0.000000001");
/// ```
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        f.pad_integral(self.nanos >= 0, "", &format!("{}.{:09}", nanos / SECOND, nanos % SECOND))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}
