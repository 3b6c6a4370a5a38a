//! Times for the crate `serde`: as their nanoseconds.

use super::{TimeSpan, Timestamp};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::time::{Duration, SystemTime};

/// A time: written as a number of nanoseconds; where people read it, also read as what std's type is written as.
macro_rules! times {
    ($($Time:ident as $Number:ty: $to:path, $from:path, $Std:ty, $visitor:ident, $form:literal;)*) => {$(
        #[doc = concat!("As ", $form, ".")]
        impl Serialize for $Time {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$Number>::serialize(&$to(*self), serializer)
            }
        }

        #[doc = concat!("From ", $form, "; where people read it, also from what a [`", stringify!($Std), "`] is written as.")]
        ///
        /// ```
        #[doc = concat!("use shmstate::", stringify!($Time), ";")]
        #[doc = concat!("use std::time::", stringify!($Std), ";")]
        ///
        #[doc = concat!("let time = ", stringify!($Time), "::default();")]
        #[doc = concat!("let json = serde_json::to_string(&", stringify!($Std), "::from(time))?;")]
        #[doc = concat!("assert_eq!(serde_json::from_str::<", stringify!($Time), ">(&json)?, time);")]
        /// # Ok::<_, serde_json::Error>(())
        /// ```
        impl<'de> Deserialize<'de> for $Time {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;

                impl<'de> Visitor<'de> for Either {
                    type Value = $Time;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($form, ", or a `", stringify!($Std), "`"))
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$Time, E> {
                        let number = number.try_into().map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self));
                        number.map($from)
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<$Time, E> {
                        let number = number.try_into().map_err(|_| E::invalid_value(Unexpected::Signed(number), &self));
                        number.map($from)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<$Time, A::Error> {
                        let time = <$Std>::deserialize(MapAccessDeserializer::new(fields))?;
                        time.try_into().map_err(A::Error::custom)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, fields: A) -> Result<$Time, A::Error> {
                        let time = <$Std>::deserialize(SeqAccessDeserializer::new(fields))?;
                        time.try_into().map_err(A::Error::custom)
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_any(Either)
                } else {
                    deserializer.$visitor(Either)
                }
            }
        }
    )*};
}

times! {
    TimeSpan as u64: TimeSpan::as_nanos, TimeSpan::from_nanos, Duration, deserialize_u64, "a number of nanoseconds";
    Timestamp as i64: Timestamp::as_unix_nanos, Timestamp::from_unix_nanos, SystemTime, deserialize_i64,
        "a number of nanoseconds since 1970";
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::plain::serde::tests::there_and_back;
    use serde::de::DeserializeOwned;

    fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_there_and_back() {
        there_and_back(TimeSpan::from_millis(3), "3000000");
        there_and_back(TimeSpan::MAX, "18446744073709551615");
        there_and_back(Timestamp::from_unix_nanos(-5), "-5");
        there_and_back(Timestamp::MAX, "9223372036854775807");
    }

    #[test]
    fn what_std_writes_is_read() {
        assert_eq!(read::<TimeSpan>(r#"{"secs":1,"nanos":500}"#), Ok(TimeSpan::from_nanos(1_000_000_500)));
        assert_eq!(read::<TimeSpan>(r#"{"nanos":500,"secs":1}"#), Ok(TimeSpan::from_nanos(1_000_000_500)));
        assert_eq!(read::<TimeSpan>("[1,500]"), Ok(TimeSpan::from_nanos(1_000_000_500)));
        let moment = r#"{"secs_since_epoch":1,"nanos_since_epoch":500}"#;
        assert_eq!(read::<Timestamp>(moment), Ok(Timestamp::from_unix_nanos(1_000_000_500)));
        let now = Timestamp::now();
        assert_eq!(read::<Timestamp>(&serde_json::to_string(&SystemTime::from(now)).unwrap()), Ok(now));
        let refused = |json: &str| read::<TimeSpan>(json).unwrap_err();
        assert!(
            refused("-1").starts_with("invalid value: integer `-1`, expected a number of nanoseconds, or a `Duration`")
        );
        assert!(
            refused(r#"{"secs":18446744073709551615,"nanos":0}"#).starts_with("the time does not fit into 64 bits")
        );
        assert!(refused(r#"{"secs":1}"#).starts_with("missing field `nanos`"));
        assert!(refused(r#""1s""#).starts_with("invalid type: string \"1s\", expected a number of nanoseconds"));
        assert!(read::<Timestamp>("9223372036854775808").unwrap_err().contains("since 1970, or a `SystemTime`"));
    }
}
