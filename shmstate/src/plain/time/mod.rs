//! Lengths of time and moments, in nanoseconds.
//!
//! * `span`: [`TimeSpan`]; `moment`: [`Timestamp`]; this file: what is calculated and compared with both

mod moment;
#[cfg(feature = "serde")]
mod serde;
mod span;

pub use moment::Timestamp;
pub use span::TimeSpan;
use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{Duration, SystemTime};

const SECOND: u64 = 1_000_000_000;

/// A time that has no room in 64 bits of nanoseconds: [`TimeSpan`] holds 584 years, [`Timestamp`] the years 1678 to 2261.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the time does not fit into 64 bits of nanoseconds")]
pub struct TimeRangeError(());

/// What an operator that cannot give a result says.
const OVERFLOW: &str = "overflow in a calculation with a `TimeSpan` or a `Timestamp`";

/// Sum and difference of a time and a length of time, which are those of `checked_add` and `checked_sub`.
macro_rules! add_and_sub {
    ($($Time:ty: $Span:ty, |$span:ident| $to_span:expr;)*) => {$(
        impl Add<$Span> for $Time {
            type Output = Self;

            #[track_caller]
            fn add(self, $span: $Span) -> Self {
                $to_span.and_then(|span| self.checked_add(span)).expect(OVERFLOW)
            }
        }

        impl Sub<$Span> for $Time {
            type Output = Self;

            #[track_caller]
            fn sub(self, $span: $Span) -> Self {
                $to_span.and_then(|span| self.checked_sub(span)).expect(OVERFLOW)
            }
        }

        impl AddAssign<$Span> for $Time {
            #[track_caller]
            fn add_assign(&mut self, span: $Span) {
                *self = *self + span;
            }
        }

        impl SubAssign<$Span> for $Time {
            #[track_caller]
            fn sub_assign(&mut self, span: $Span) {
                *self = *self - span;
            }
        }
    )*};
}

add_and_sub! {
    TimeSpan: TimeSpan, |span| Some(span);
    TimeSpan: Duration, |span| TimeSpan::try_from(span).ok();
    Timestamp: TimeSpan, |span| Some(span);
    Timestamp: Duration, |span| TimeSpan::try_from(span).ok();
}

/// Comparison with what std has for it, both ways.
macro_rules! compare {
    ($($Time:ty, $Std:ty;)*) => {$(
        impl PartialEq<$Std> for $Time {
            fn eq(&self, other: &$Std) -> bool {
                <$Std>::from(*self) == *other
            }
        }

        impl PartialEq<$Time> for $Std {
            fn eq(&self, other: &$Time) -> bool {
                *self == <$Std>::from(*other)
            }
        }

        impl PartialOrd<$Std> for $Time {
            fn partial_cmp(&self, other: &$Std) -> Option<Ordering> {
                <$Std>::from(*self).partial_cmp(other)
            }
        }

        impl PartialOrd<$Time> for $Std {
            fn partial_cmp(&self, other: &$Time) -> Option<Ordering> {
                self.partial_cmp(&<$Std>::from(*other))
            }
        }
    )*};
}

compare! {
    TimeSpan, Duration;
    Timestamp, SystemTime;
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
            let (d, e) = (Duration::from(a), Duration::from(b));
            prop_assert_eq!(a.partial_cmp(&e), Some(d.cmp(&e)));
            prop_assert_eq!(d.partial_cmp(&b), Some(d.cmp(&e)));
            prop_assert_eq!(a, d);
            prop_assert_eq!(e, b);
            prop_assert_eq!(a == e, d == e);
            prop_assert_eq!((a.as_secs(), a.subsec_nanos()), (d.as_secs(), d.subsec_nanos()));
            prop_assert_eq!((a.as_millis(), a.as_micros()), (d.as_millis() as u64, d.as_micros() as u64));
            let times = b.as_nanos() as u32;
            prop_assert_eq!(a.checked_mul(times), d.checked_mul(times).and_then(|d| TimeSpan::try_from(d).ok()));
            prop_assert_eq!(a.checked_div(times).map(Duration::from), d.checked_div(times));
            prop_assert_eq!(Duration::from(a.abs_diff(b)), d.abs_diff(e));
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
            if let Some(later) = moment.checked_add(span) {
                prop_assert_eq!((moment + span, moment + Duration::from(span)), (later, later));
                prop_assert_eq!((later - span, later - Duration::from(span)), (moment, moment));
                prop_assert!(later >= SystemTime::from(moment) && SystemTime::from(moment) <= later);
                prop_assert_eq!(SystemTime::from(later), later);
            }
            prop_assert_eq!(moment.saturating_add(span), moment.checked_add(span).unwrap_or(Timestamp::MAX));
            prop_assert_eq!(moment.saturating_sub(span), moment.checked_sub(span).unwrap_or(Timestamp::MIN));
            let since = Timestamp::MAX.duration_since(moment).map(Duration::from);
            prop_assert_eq!(since, SystemTime::from(Timestamp::MAX).duration_since(moment.into()).ok());
        }
    }

    #[test]
    fn operators_in_place_and_what_has_no_room() {
        let mut span = TimeSpan::from_secs(2);
        span += Duration::from_secs(1);
        span *= 4;
        span -= TimeSpan::from_secs(2);
        span /= 5;
        assert_eq!((span, 2 * span), (TimeSpan::from_secs(2), TimeSpan::from_secs(4)));
        let mut moment = Timestamp::UNIX_EPOCH;
        moment -= span;
        moment += Duration::from_secs(3);
        assert_eq!(moment, Timestamp::from_unix_nanos(SECOND as i64));
        let panics: [fn(); 5] = [
            || _ = TimeSpan::MAX + Duration::from_nanos(1),
            || _ = TimeSpan::ZERO - TimeSpan::from_nanos(1),
            || _ = Timestamp::MAX + TimeSpan::from_nanos(1),
            || _ = Timestamp::MIN - Duration::from_nanos(1),
            || _ = Timestamp::UNIX_EPOCH + Duration::MAX,
        ];
        for panics in panics {
            assert!(std::panic::catch_unwind(panics).is_err());
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!(Timestamp::try_from(SystemTime::from(Timestamp::MIN)), Ok(Timestamp::MIN));
        let beyond = SystemTime::from(Timestamp::MIN) - Duration::from_nanos(1);
        assert_eq!(Timestamp::try_from(beyond), Err(TimeRangeError(())));
        assert_eq!(Timestamp::MIN.duration_since(Timestamp::MAX), None);
        assert_eq!(Timestamp::MAX.duration_since(Timestamp::MIN), Some(TimeSpan::MAX));
        assert_eq!(TimeSpan::from_secs(u64::MAX), TimeSpan::MAX);
        assert_eq!([TimeSpan::from_micros(2), TimeSpan::from_nanos(1)].into_iter().sum::<TimeSpan>().as_nanos(), 2001);
        let around = SystemTime::now();
        let now = Timestamp::now();
        assert!(SystemTime::from(now) >= around || around > SystemTime::now(), "unless the clock was set");
    }
}
