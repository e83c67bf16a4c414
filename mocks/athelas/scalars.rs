//! Numbers and dates as pydantic reads them from text.

use speedate::{
    DateTimeConfig, DateTimeConfigBuilder, MicrosecondsPrecisionOverflowBehavior, TimeConfigBuilder,
};
use strum::EnumMessage;

/// What a text is as a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integer {
    /// A number; what is too large for the server's ids saturates.
    Number(i64),
    /// No number.
    Malformed,
    /// More digits than Python converts.
    TooLong,
}

/// Python's own limit (`sys.int_info.default_max_str_digits`), which pydantic keeps.
const MAX_DIGITS: usize = 4300;

/// A whole number: blanks around it, a sign, `_` between digits and a fraction of zeros are taken.
pub(super) fn integer(text: &str) -> Integer {
    let text = text.trim();
    if text.len() > MAX_DIGITS {
        return Integer::TooLong;
    }
    parsed(text).map_or(Integer::Malformed, Integer::Number)
}

fn parsed(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return None,
        None => digits,
    };
    let groups_are_digits = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !groups_are_digits {
        return None;
    }
    let number = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
        });
    Some(if negative { -number } else { number })
}

/// Why a text is not a date and time, in pydantic's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DateFault {
    /// Neither a date and time nor a date.
    Parsing(String),
    /// A date that no calendar has.
    Range(String),
}

/// Reads a date and time, or a date alone, or seconds since 1970: with pydantic's own parser.
pub(super) fn check_date(text: &str) -> Result<(), DateFault> {
    let date = match speedate::DateTime::parse_bytes_with_config(text.as_bytes(), &truncating()) {
        Ok(moment) => moment.date,
        Err(_) => speedate::Date::parse_str(text).map_err(|fault| {
            DateFault::Parsing(fault.get_documentation().unwrap_or_default().to_owned())
        })?,
    };
    match date.year {
        0 => Err(DateFault::Range("year 0 is out of range".to_owned())),
        _ => Ok(()),
    }
}

/// Digits beyond microseconds are cut off.
fn truncating() -> DateTimeConfig {
    let overflow = MicrosecondsPrecisionOverflowBehavior::Truncate;
    let time = TimeConfigBuilder::new().microseconds_precision_overflow_behavior(overflow);
    DateTimeConfigBuilder::new()
        .time_config(time.build())
        .build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("1042", Some(1042)),
            (" 7 ", Some(7)),
            ("+7", Some(7)),
            ("-7", Some(-7)),
            ("1_000", Some(1000)),
            ("7.0", Some(7)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("-", None),
            ("7.5", None),
            ("7.", None),
            ("1__0", None),
            ("_1", None),
            ("1042,2056", None),
            ("[1042]", None),
            ("0x10", None),
            ("٣", None),
        ] {
            let expected = expected.map_or(Integer::Malformed, Integer::Number);
            assert_eq!(integer(text), expected, "{text:?}");
        }
        assert_eq!(integer(&"9".repeat(4300)), Integer::Number(i64::MAX));
        assert_eq!(integer(&"9".repeat(4301)), Integer::TooLong);
    }

    /// Each measured on pydantic 2.14.4.
    #[test]
    fn dates() {
        for text in [
            "2023-11-07T05:31:56Z",
            "2023-11-07T05:31:56+01:00",
            "2023-11-07T05:31:56",
            "2023-11-07 05:31:56Z",
            "2023-11-07_05:31:56",
            "2023-11-07T05:31:56.123456789Z",
            "2023-11-07",
            "1699335116",
            "-1",
        ] {
            assert_eq!(check_date(text), Ok(()), "{text}");
        }
        for (text, cause) in [
            ("x", "input is too short"),
            ("NaN", "input is too short"),
            (
                "2023-11-07T",
                "unexpected extra characters at the end of the input",
            ),
            (" 2023-11-07", "invalid character in year"),
            ("2023/11/07", "invalid date separator, expected `-`"),
        ] {
            assert_eq!(
                check_date(text),
                Err(DateFault::Parsing(cause.to_owned())),
                "{text}"
            );
        }
        let range = DateFault::Range("year 0 is out of range".to_owned());
        assert_eq!(check_date("0000-01-01"), Err(range));
    }

    proptest! {
        #[test]
        fn every_number_is_read_back(number in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(integer(&number.to_string()), Integer::Number(number));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = (integer(&text), check_date(&text));
        }
    }
}
