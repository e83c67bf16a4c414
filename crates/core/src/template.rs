//! Text with `{name}` in it: what profiles write for values that only a request or a stage knows.

/// `text` with each `{name}` replaced by its value, in one pass: a value is never read as a
/// template. A placeholder without a value stays as it is.
pub fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        filled.push_str(before);
        match value(name) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[before.len()..rest.len() - after.len()]),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// [`fill`] with the values of a list.
pub fn fill_from(text: &str, values: &[(&str, &str)]) -> String {
    fill(text, |name| {
        let found = values.iter().find(|(have, _)| *have == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

/// The names of the placeholders in `text`, in order.
pub fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, name, after)) = next(rest) {
        names.push(name);
        rest = after;
    }
    names
}

/// What is before the first placeholder, its name, and what is after it. A brace with anything
/// but a name behind it is text: bodies are JSON.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let (name, after) = text[at + 1..].split_once('}')?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':'));
        is_name.then_some((&text[..at], name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let values = [("a", "1"), ("b", "{a}"), ("json:list", "[]")];
        assert_eq!(fill_from(text, &values), expected, "{text}");
    }

    #[test]
    fn names_in_braces_are_replaced_once() {
        check("", "");
        check("/{a}/{a}x", "/1/1x");
        check("{b}{a}", "{a}1");
        check("{c}/{a}", "{c}/1");
        check(
            r#"{"member":"{a}","list":{json:list}}"#,
            r#"{"member":"1","list":[]}"#,
        );
        check("{a", "{a");
        check("{{a}}", "{1}");
        check("{}{a b}{é}", "{}{a b}{é}");
    }

    #[test]
    fn names_are_listed_in_order() {
        assert_eq!(names("/{tenant}/x{id}{"), ["tenant", "id"]);
    }
}
