//! The clock and chance, handed in from the composition root, and the ids made of them.

use crate::content::id::Mint;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// Random bytes that nobody can guess.
pub trait Chance: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes UUIDv7 (RFC 9562, section 5.7): 48 bits of time, then chance.
pub struct TimedMint<'a> {
    clock: &'a dyn Clock,
    chance: &'a dyn Chance,
}

impl<'a> TimedMint<'a> {
    /// From a clock and chance.
    pub fn new(clock: &'a dyn Clock, chance: &'a dyn Chance) -> Self {
        TimedMint { clock, chance }
    }
}

impl Mint for TimedMint<'_> {
    fn mint(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.chance.fill(&mut bytes[6..]);
        bytes[..6].copy_from_slice(&self.clock.now_ms().to_be_bytes()[2..]);
        bytes[6] = 0x70 | bytes[6] & 0x0F;
        bytes[8] = 0x80 | bytes[8] & 0x3F;
        bytes
    }
}

/// A time as RFC 3339 in UTC, to the millisecond.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days to a date of the proleptic Gregorian calendar, years counted from March
    // (H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads what `rfc3339` writes, and nothing else.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (month_at, day_at) = (date.len().checked_sub(5)?, date.len() - 2);
    let number = |text: Option<&str>| text?.parse::<i64>().ok();
    let year = number(date.get(..month_at.checked_sub(1)?))?;
    let (month, day) = (number(date.get(month_at..day_at - 1))?, number(date.get(day_at..))?);
    let (hour, minute) = (number(time.get(..2))?, number(time.get(3..5))?);
    let (second, millis) = (number(time.get(6..8))?, number(time.get(9..))?);
    // A date to days, as civil_from_days back.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era.checked_mul(146_097)?.checked_add(day_of_era - 719_468)?;
    let ms =
        days.checked_mul(86_400_000)?.checked_add(((hour * 60 + minute) * 60 + second) * 1000 + millis)?;
    (rfc3339(ms) == text).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Clock for Fixed {
        fn now_ms(&self) -> i64 {
            1_700_000_000_000
        }
    }
    impl Chance for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xFF);
        }
    }

    #[test]
    fn ids_are_uuids_of_version_seven() {
        let id = TimedMint::new(&Fixed, &Fixed).mint();
        assert_eq!((id[6] >> 4, id[8] >> 6), (7, 2));
        assert_eq!(&id[..6], &1_700_000_000_000_i64.to_be_bytes()[2..]);
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400_123), "2000-02-29T00:00:00.123Z");
        assert_eq!(rfc3339(1_795_276_799_999), "2026-11-21T15:59:59.999Z");
    }
    #[test]
    fn a_time_reads_back_as_it_was_written() {
        for ms in [
            0,
            1,
            951_782_400_123,
            951_868_800_000,
            1_795_276_799_999,
            253_402_300_799_999,
            300_000_000_000_000,
        ] {
            assert_eq!(parse_rfc3339(&rfc3339(ms)), Some(ms));
        }
        for text in [
            "",
            "Z",
            "TZ",
            "2026-11-21",
            "2026-11-21T15:59:59Z",
            "2026-02-30T00:00:00.000Z",
            "é-é-éT00:00:00.000Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
