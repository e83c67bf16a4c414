//! The filter of ListUsers: `attribute = "value"`, or `^=` for a beginning.

use locum_core::Denial;

use super::super::invalid;
use crate::scribe::State;
use crate::scribe::attributes;
use crate::scribe::users::{User, UserState};

/// What may be searched for ("You can only search for the following standard attributes").
const SEARCHABLE: &[&str] = &[
    "cognito:user_status",
    "email",
    "family_name",
    "given_name",
    "name",
    "phone_number",
    "preferred_username",
    "status",
    "sub",
    "username",
];

/// A filter that could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    attribute: String,
    is_prefix: bool,
    value: String,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub(super) fn read(text: &str) -> Result<Self, Denial> {
        let broken = || invalid("Error while parsing filter.");
        let (left, right) = text.split_once('=').ok_or_else(broken)?;
        let (name, is_prefix) = match left.trim_end().strip_suffix('^') {
            Some(name) => (name, true),
            None => (left, false),
        };
        let name = name.trim().trim_matches('"');
        let value = right.trim().strip_prefix('"');
        let value = value.and_then(|value| value.strip_suffix('"'));
        let value = value.ok_or_else(broken)?;
        if !SEARCHABLE.contains(&name) {
            return Err(invalid(format!("Invalid search attribute: {name}")));
        }
        Ok(Self {
            attribute: name.to_owned(),
            is_prefix,
            value: value.replace("\\\"", "\""),
        })
    }

    /// Whether `user` is one of those asked for.
    pub(super) fn matches(&self, state: &State, user: &User) -> bool {
        let fits = |have: &str| match self.is_prefix {
            true => have.starts_with(&self.value),
            false => have == self.value,
        };
        match self.attribute.as_str() {
            "username" => fits(&user.username),
            "status" if user.state == UserState::Disabled => fits("Disabled"),
            "status" => fits("Enabled"),
            // "cognito:user_status … (case-insensitive)"
            "cognito:user_status" => self.value.eq_ignore_ascii_case(state.status(user)),
            name => attributes::of(state, user)
                .iter()
                .any(|(have, value)| have == name && fits(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn filters_are_read_as_the_reference_writes_them() {
        let read = |text: &str| {
            let filter = Filter::read(text).map_err(|denial| denial.got.unwrap_or_default());
            filter.map(|filter| (filter.attribute, filter.is_prefix, filter.value))
        };
        let good =
            |name: &str, prefix, value: &str| Ok((name.to_owned(), prefix, value.to_owned()));
        let bad = |message: &str| Err(message.to_owned());
        let rows = [
            (r#"email = "a@b.c""#, good("email", false, "a@b.c")),
            (r#"email="a@b.c""#, good("email", false, "a@b.c")),
            (r#""name" ^= "Jo""#, good("name", true, "Jo")),
            (
                r#"name = "a \"b\" = c""#,
                good("name", false, "a \"b\" = c"),
            ),
            ("name = Jo", bad("Error while parsing filter.")),
            ("name", bad("Error while parsing filter.")),
            (
                r#"custom:x = "y""#,
                bad("Invalid search attribute: custom:x"),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
