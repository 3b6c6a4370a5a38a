//! [`TimeSpan`]: a length of time.

use super::{OVERFLOW, SECOND, TimeRangeError};
use crate::SharedLayout;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Div, DivAssign, Mul, MulAssign};
use std::time::Duration;

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
/// # Ok::<_, shmstate::TimeRangeError>(())
/// ```
///
/// It is added to and subtracted from a [`Timestamp`](crate::Timestamp), and compared with a [`Duration`]; a [`Duration`] can
/// be added and subtracted as well.
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

    /// The whole seconds.
    ///
    /// ```
    /// assert_eq!(shmstate::TimeSpan::from_millis(1500).as_secs(), 1);
    /// ```
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.nanos / SECOND
    }

    /// The whole milliseconds.
    ///
    /// ```
    /// assert_eq!(shmstate::TimeSpan::from_micros(1500).as_millis(), 1);
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.nanos / 1_000_000
    }

    /// The whole microseconds.
    ///
    /// ```
    /// assert_eq!(shmstate::TimeSpan::from_nanos(1500).as_micros(), 1);
    /// ```
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.nanos / 1000
    }

    /// The nanoseconds after the whole seconds.
    ///
    /// ```
    /// assert_eq!(shmstate::TimeSpan::from_millis(1500).subsec_nanos(), 500_000_000);
    /// ```
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        (self.nanos % SECOND) as u32
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

    /// So many times the time, if that has room.
    ///
    /// ```
    /// use shmstate::TimeSpan;
    ///
    /// assert_eq!(TimeSpan::from_secs(2).checked_mul(3), Some(TimeSpan::from_secs(6)));
    /// assert_eq!(TimeSpan::MAX.checked_mul(2), None);
    /// ```
    #[must_use]
    pub const fn checked_mul(self, times: u32) -> Option<Self> {
        match self.nanos.checked_mul(times as u64) {
            Some(nanos) => Some(TimeSpan { nanos }),
            None => None,
        }
    }

    /// One of so many parts of the time, unless there are none.
    ///
    /// ```
    /// use shmstate::TimeSpan;
    ///
    /// assert_eq!(TimeSpan::from_secs(6).checked_div(3), Some(TimeSpan::from_secs(2)));
    /// assert_eq!(TimeSpan::from_secs(6).checked_div(0), None);
    /// ```
    #[must_use]
    pub const fn checked_div(self, parts: u32) -> Option<Self> {
        match self.nanos.checked_div(parts as u64) {
            Some(nanos) => Some(TimeSpan { nanos }),
            None => None,
        }
    }

    /// How much longer the longer one is.
    ///
    /// ```
    /// use shmstate::TimeSpan;
    ///
    /// assert_eq!(TimeSpan::from_secs(2).abs_diff(TimeSpan::from_secs(5)), TimeSpan::from_secs(3));
    /// ```
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.abs_diff(other.nanos))
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

impl Mul<u32> for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn mul(self, times: u32) -> Self {
        self.checked_mul(times).expect(OVERFLOW)
    }
}

impl Mul<TimeSpan> for u32 {
    type Output = TimeSpan;

    #[track_caller]
    fn mul(self, span: TimeSpan) -> TimeSpan {
        span * self
    }
}

impl MulAssign<u32> for TimeSpan {
    #[track_caller]
    fn mul_assign(&mut self, times: u32) {
        *self = *self * times;
    }
}

impl Div<u32> for TimeSpan {
    type Output = Self;

    #[track_caller]
    fn div(self, parts: u32) -> Self {
        self.checked_div(parts).expect("division of a `TimeSpan` by zero")
    }
}

impl DivAssign<u32> for TimeSpan {
    #[track_caller]
    fn div_assign(&mut self, parts: u32) {
        *self = *self / parts;
    }
}

impl Sum for TimeSpan {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a TimeSpan> for TimeSpan {
    fn sum<I: Iterator<Item = &'a Self>>(spans: I) -> Self {
        spans.copied().sum()
    }
}

/// Fails beyond 584 years; [`TimeSpan::saturating_from`] does not.
impl TryFrom<Duration> for TimeSpan {
    type Error = TimeRangeError;

    fn try_from(duration: Duration) -> Result<Self, TimeRangeError> {
        u64::try_from(duration.as_nanos()).map(Self::from_nanos).map_err(|_| TimeRangeError(()))
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
