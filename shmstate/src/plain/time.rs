//! Lengths of time and moments, in nanoseconds.

use crate::SharedLayout;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};
use std::time::{Duration, SystemTime};

const SECOND: u64 = 1_000_000_000;

/// A time that has no room in 64 bits of nanoseconds: [`TimeSpan`] holds 584 years, [`Timestamp`] the years 1678 to 2261.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the time does not fit into 64 bits of nanoseconds")]
pub struct OutOfRange(());

/// A length of time, for a state: what [`Duration`] is in a program.
///
/// It has nanoseconds, as a `u64`, so that it ends after 584 years; in a new state it is zero.
///
/// ```
/// use shmstate::TimeSpan;
/// use std::time::Duration;
///
/// let timeout = TimeSpan::try_from(Duration::from_millis(1500))?;
/// assert_eq!(Duration::from(timeout * 2), Duration::from_secs(3));
/// assert_eq!(timeout.to_string(), "1.5s");
/// # Ok::<_, shmstate::OutOfRange>(())
/// ```
///
/// # Panics
/// As with [`Duration`], operators panic when the result has no room, or when one divides by zero; `checked_` and
/// `saturating_` methods do not.
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[shared(crate = "crate")]
#[repr(C)]
pub struct TimeSpan {
    nanos: u64,
}

impl TimeSpan {
    /// No time.
    pub const ZERO: Self = Self::from_nanos(0);
    /// 584 years and a half.
    pub const MAX: Self = Self::from_nanos(u64::MAX);

    /// So many nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        TimeSpan { nanos }
    }

    /// So many microseconds, [`MAX`](Self::MAX) at most.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self::from_nanos(micros.saturating_mul(1000))
    }

    /// So many milliseconds, [`MAX`](Self::MAX) at most.
    ///
    /// ```
    /// assert_eq!(shmstate::TimeSpan::from_millis(3).as_nanos(), 3_000_000);
    /// ```
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self::from_nanos(millis.saturating_mul(1_000_000))
    }

    /// So many seconds, [`MAX`](Self::MAX) at most.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_nanos(secs.saturating_mul(SECOND))
    }

    /// The nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// The seconds, as nearly as an `f64` has them.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        Duration::from(self).as_secs_f64()
    }

    /// Whether it is no time.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// `duration`, or [`MAX`](Self::MAX) if it is longer.
    ///
    /// ```
    /// use shmstate::TimeSpan;
    /// use std::time::Duration;
    ///
    /// assert_eq!(TimeSpan::saturating_from(Duration::MAX), TimeSpan::MAX);
    /// ```
    #[must_use]
    pub fn saturating_from(duration: Duration) -> Self {
        Self::try_from(duration).unwrap_or(Self::MAX)
    }

    /// The sum, if it has room.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.nanos.checked_add(other.nanos) {
            Some(nanos) => Some(TimeSpan { nanos }),
            None => None,
        }
    }

    /// The difference, unless `other` is longer.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.nanos.checked_sub(other.nanos) {
            Some(nanos) => Some(TimeSpan { nanos }),
            None => None,
        }
    }

    /// The sum, [`MAX`](Self::MAX) at most.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_add(other.nanos))
    }

    /// The difference, zero at least.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_sub(other.nanos))
    }
}

/// What an operator that cannot give a result says.
const OVERFLOW: &str = "overflow in a calculation with a `TimeSpan`";

impl Add for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect(OVERFLOW)
    }
}

impl Sub for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect(OVERFLOW)
    }
}

impl AddAssign for TimeSpan {
    #[track_caller]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for TimeSpan {
    #[track_caller]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u32> for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn mul(self, times: u32) -> Self {
        Self::from_nanos(self.nanos.checked_mul(times.into()).expect(OVERFLOW))
    }
}

impl Div<u32> for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn div(self, parts: u32) -> Self {
        Self::from_nanos(self.nanos / u64::from(parts))
    }
}

impl Sum for TimeSpan {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// Fails beyond 584 years; [`TimeSpan::saturating_from`] does not.
impl TryFrom<Duration> for TimeSpan {
    type Error = OutOfRange;

    fn try_from(duration: Duration) -> Result<Self, OutOfRange> {
        u64::try_from(duration.as_nanos()).map(Self::from_nanos).map_err(|_| OutOfRange(()))
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Duration {
        Duration::from_nanos(span.nanos)
    }
}

/// As a [`Duration`] in `{:?}`: `1.5s`, with a width and a precision if the format has them.
impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Duration::from(*self), f)
    }
}

/// As a [`Duration`]: `1.5s`.
impl fmt::Debug for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Duration::from(*self), f)
    }
}

/// A moment, for a state: what [`SystemTime`] is in a program.
///
/// It has the nanoseconds since 1970 (UTC, without leap seconds) as an `i64`, so that it reaches from 1678 to 2261; in a
/// new state it is the beginning of 1970. It is of the clock that somebody sets: between two moments there may be less
/// time, or more, than the clock says.
///
/// ```
/// use shmstate::{TimeSpan, Timestamp};
/// use std::time::{Duration, SystemTime};
///
/// let start = Timestamp::now();
/// let end = start.checked_add(TimeSpan::from_secs(60)).unwrap();
/// assert_eq!(end.duration_since(start), Some(TimeSpan::from_secs(60)));
/// assert_eq!(SystemTime::from(end), SystemTime::from(start) + Duration::from_secs(60));
/// assert_eq!(Timestamp::try_from(SystemTime::UNIX_EPOCH)?, Timestamp::default());
/// # Ok::<_, shmstate::OutOfRange>(())
/// ```
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
        match self.nanos.checked_add_unsigned(span.nanos) {
            Some(nanos) => Some(Timestamp { nanos }),
            None => None,
        }
    }

    /// The moment `span` earlier, if it has room.
    #[must_use]
    pub const fn checked_sub(self, span: TimeSpan) -> Option<Self> {
        match self.nanos.checked_sub_unsigned(span.nanos) {
            Some(nanos) => Some(Timestamp { nanos }),
            None => None,
        }
    }

    /// The moment `span` later, [`MAX`](Self::MAX) at most.
    #[must_use]
    pub const fn saturating_add(self, span: TimeSpan) -> Self {
        Self::from_unix_nanos(self.nanos.saturating_add_unsigned(span.nanos))
    }

    /// The moment `span` earlier, [`MIN`](Self::MIN) at least.
    #[must_use]
    pub const fn saturating_sub(self, span: TimeSpan) -> Self {
        Self::from_unix_nanos(self.nanos.saturating_sub_unsigned(span.nanos))
    }
}

/// Fails before 1678 and after 2261.
impl TryFrom<SystemTime> for Timestamp {
    type Error = OutOfRange;

    fn try_from(time: SystemTime) -> Result<Self, OutOfRange> {
        let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            Err(before) => i128::try_from(before.duration().as_nanos()).ok().and_then(|n| i64::try_from(-n).ok()),
        };
        nanos.map(Self::from_unix_nanos).ok_or(OutOfRange(()))
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

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_span_there_and_back(nanos: u64, other: u64) {
            let (a, b) = (TimeSpan::from_nanos(nanos), TimeSpan::from_nanos(other));
            prop_assert_eq!(TimeSpan::try_from(Duration::from(a)), Ok(a));
            prop_assert_eq!(a.cmp(&b), Duration::from(a).cmp(&b.into()));
            let sum = Duration::from(a) + Duration::from(b);
            prop_assert_eq!(a.checked_add(b), TimeSpan::try_from(sum).ok());
            prop_assert_eq!(a.saturating_add(b), TimeSpan::saturating_from(sum));
            prop_assert_eq!(a.checked_sub(b).map(Duration::from), Duration::from(a).checked_sub(b.into()));
            prop_assert_eq!(format!("{a} {a:?} {a:>20.1}"), format!("{d:?} {d:?} {d:>20.1?}", d = Duration::from(a)));
        }

        #[test]
        fn a_moment_there_and_back(nanos: i64, span: u64) {
            let (moment, span) = (Timestamp::from_unix_nanos(nanos), TimeSpan::from_nanos(span));
            prop_assert_eq!(Timestamp::try_from(SystemTime::from(moment)), Ok(moment));
            let later = SystemTime::from(moment) + Duration::from(span);
            let earlier = SystemTime::from(moment) - Duration::from(span);
            prop_assert_eq!(moment.checked_add(span), Timestamp::try_from(later).ok());
            prop_assert_eq!(moment.checked_sub(span), Timestamp::try_from(earlier).ok());
            prop_assert_eq!(moment.saturating_add(span), moment.checked_add(span).unwrap_or(Timestamp::MAX));
            prop_assert_eq!(moment.saturating_sub(span), moment.checked_sub(span).unwrap_or(Timestamp::MIN));
            let since = Timestamp::MAX.duration_since(moment).map(Duration::from);
            prop_assert_eq!(since, SystemTime::from(Timestamp::MAX).duration_since(moment.into()).ok());
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!(Timestamp::try_from(SystemTime::from(Timestamp::MIN)), Ok(Timestamp::MIN));
        let beyond = SystemTime::from(Timestamp::MIN) - Duration::from_nanos(1);
        assert_eq!(Timestamp::try_from(beyond), Err(OutOfRange(())));
        assert_eq!(Timestamp::MIN.duration_since(Timestamp::MAX), None);
        assert_eq!(Timestamp::MAX.duration_since(Timestamp::MIN), Some(TimeSpan::MAX));
        assert_eq!(TimeSpan::from_secs(u64::MAX), TimeSpan::MAX);
        assert_eq!([TimeSpan::from_micros(2), TimeSpan::from_nanos(1)].into_iter().sum::<TimeSpan>().as_nanos(), 2001);
        let around = SystemTime::now();
        let now = Timestamp::now();
        assert!(SystemTime::from(now) >= around || around > SystemTime::now(), "unless the clock was set");
    }
}
