//! When a token ends, as an operator writes it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Ends;

impl Ends {
    /// The end, if one was asked for.
    pub(super) fn moment(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.expires_at
            .or_else(|| self.expires_in.and_then(|span| now.checked_add_signed(span)))
    }
}

/// `{n}d|h|m`, at least one.
pub(super) fn span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "a number and d, h or m, such as 90d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: i64 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    let span = match unit {
        'd' => TimeDelta::try_days(number),
        'h' => TimeDelta::try_hours(number),
        'm' => TimeDelta::try_minutes(number),
        _ => None,
    };
    // A thousand years is more than any calendar of ours holds.
    span.filter(|span| span.num_days() <= 365_000).ok_or_else(wrong)
}

/// A time with its zone, or a day, which ends it at its beginning.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z")));
    time.map(|time| time.to_utc())
        .map_err(|_| "a time such as 2027-02-18T09:00:00Z, or a day".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_days_hours_and_minutes() {
        assert_eq!(span("90d"), Ok(TimeDelta::days(90)));
        assert_eq!(span("12h"), Ok(TimeDelta::hours(12)));
        assert_eq!(span("30m"), Ok(TimeDelta::minutes(30)));
        for wrong in ["", "d", "0d", "-1d", "90", "90s", "1.5d", "9999999999d", "90€"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert!(moment("2027-02-18T09:00:00Z").is_ok() && moment("2027-02-18").is_ok());
        assert!(moment("tomorrow").is_err());
    }
}
