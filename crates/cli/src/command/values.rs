//! Values of flags and of their variables in the environment.

use std::time::Duration;

/// Reads the variable of a flag that takes no value, so that whatever comes here comes from there.
pub(super) fn switch(variable: &'static str) -> impl Fn(&str) -> Result<bool, String> + Clone {
    move |value| match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(format!(
            "{variable} is one of 1, true, yes, on, 0, false, no, off"
        )),
    }
}

/// Reads a span of time such as `250ms`, `30s`, `6m` or `48h`.
pub(super) fn duration(value: &str) -> Result<Duration, String> {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<u64> = value[..value.len() - unit.len()].parse().ok();
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let span = number.and_then(|number| number.checked_mul(millis));
    span.filter(|_| millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "a whole number with ms, s, m or h, such as 30s".to_owned())
}

/// Reads which of how many alike parts is meant, such as `1/3`.
pub(super) fn shard(value: &str) -> Result<(usize, usize), String> {
    let numbers = value.split_once('/');
    let numbers = numbers.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((index, of)) if (1..=of).contains(&index) => Ok((index, of)),
        Some((_, of @ 1..)) => Err(format!(
            "of {of} parts the first is 1/{of} and the last is {of}/{of}"
        )),
        _ => Err("which part of how many, such as 1/3".to_owned()),
    }
}

/// Reads the name of a host: no scheme, no port, no path.
pub(super) fn host_name(value: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(known)
    };
    if value.len() <= 253 && value.split('.').all(is_label) {
        return Ok(value.to_ascii_lowercase());
    }
    Err("a host name has no scheme, port or path, such as mocks.test".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_words_of_two_kinds() {
        let read = |value| switch("LOCUM_X")(value).ok();
        for (value, expected) in [
            ("1", Some(true)),
            ("TRUE", Some(true)),
            ("Yes", Some(true)),
            ("on", Some(true)),
            ("0", Some(false)),
            ("false", Some(false)),
            ("no", Some(false)),
            ("OFF", Some(false)),
            ("", None),
            ("2", None),
            ("maybe", None),
        ] {
            assert_eq!(read(value), expected, "{value:?}");
        }
        assert!(switch("LOCUM_X")("2").is_err_and(|error| error.contains("LOCUM_X")));
    }

    #[test]
    fn durations_have_a_unit() {
        for (value, expected) in [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("6m", Some(360_000)),
            ("48h", Some(172_800_000)),
            ("0s", Some(0)),
            ("30", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(duration(value).ok(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_shard_is_one_of_its_parts() {
        for (value, expected) in [
            ("1/3", Ok((1, 3))),
            ("4/4", Ok((4, 4))),
            ("5/4", Err("4/4")),
            ("0/4", Err("1/4")),
            ("1/0", Err("such as 1/3")),
            ("1/3 or must", Err("such as 1/3")),
            ("", Err("such as 1/3")),
        ] {
            match (shard(value), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{value}"),
                (Err(said), Err(part)) => assert!(said.contains(part), "{value}: {said}"),
                (found, _) => panic!("{value}: {found:?}"),
            }
        }
    }

    #[test]
    fn hosts_are_names_only() {
        for (value, good) in [
            ("mocks.test", true),
            ("locum", true),
            ("host_1.Internal", true),
            ("mocks.test:4700", false),
            ("http://mocks.test", false),
            ("mocks.test/", false),
            ("*.test", false),
            ("a..b", false),
            ("", false),
        ] {
            assert_eq!(host_name(value).is_ok(), good, "{value:?}");
        }
    }
}
