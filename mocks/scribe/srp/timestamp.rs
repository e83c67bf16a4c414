//! TIMESTAMP of a PASSWORD_VERIFIER: `EEE MMM d HH:mm:ss z yyyy` in English.

use locum_core::Timestamp;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The one spelling that the signature goes over; `None` for what is no such date. A day of two
/// digits and a wrong weekday are read, and come out otherwise than the client signed them.
pub(in crate::scribe) fn canonical(text: &str) -> Option<String> {
    let mut words = text.split(' ');
    let mut word = || words.next();
    let (weekday, month, day, time, zone, year) =
        (word()?, word()?, word()?, word()?, word()?, word()?);
    if word().is_some() || !named(&DAYS, weekday)? || !matches!(zone, "UTC" | "GMT") {
        return None;
    }
    let month = MONTHS
        .iter()
        .position(|name| month.eq_ignore_ascii_case(name))?
        + 1;
    let day = digits(day, 1..=2)?;
    let year = digits(year, 4..=4)?;
    let mut time = time.split(':').map(|part| digits(part, 1..=2));
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if time.next().is_some() {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    // `Sun, 22 Nov 2026 15:55:23 GMT`
    let date = Timestamp::parse_rfc3339(&date)?.http_date();
    let [weekday, _, month, _, time, _] = date.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let weekday = weekday.trim_end_matches(',');
    Some(format!("{weekday} {month} {day} {time} {zone} {year:04}"))
}

/// Whether a word is one of these names, in whatever case.
fn named(names: &[&str], word: &str) -> Option<bool> {
    let start = word.get(..3)?;
    Some(word.len() == 3 && names.iter().any(|name| start.eq_ignore_ascii_case(name)))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && length.contains(&text.len()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_spelling_stands_for_each_date() {
        let rows = [
            (
                "Sun Nov 22 15:55:23 UTC 2026",
                Some("Sun Nov 22 15:55:23 UTC 2026"),
            ),
            (
                "sun NOV 22 15:55:23 GMT 2026",
                Some("Sun Nov 22 15:55:23 GMT 2026"),
            ),
            (
                "Sat Sep 05 01:02:03 UTC 2026",
                Some("Sat Sep 5 01:02:03 UTC 2026"),
            ),
            (
                "Mon Sep 5 01:02:03 UTC 2026",
                Some("Sat Sep 5 01:02:03 UTC 2026"),
            ),
            ("Sa. Sep 5 01:02:03 UTC 2026", None),
            ("Sat Sept 5 01:02:03 UTC 2026", None),
            ("Sat Sep 31 01:02:03 UTC 2026", None),
            ("Sat Sep 5 01:02 UTC 2026", None),
            ("Sat Sep 5 01:02:03 utc 2026", None),
            ("Sat Sep 5 01:02:03 CET 2026", None),
            ("Sat Sep  5 01:02:03 UTC 2026", None),
            ("Sat Sep +5 01:02:03 UTC 2026", None),
            ("2026-09-05T01:02:03Z", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }
}
