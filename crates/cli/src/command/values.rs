//! Values of flags and of their variables in the environment.

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
