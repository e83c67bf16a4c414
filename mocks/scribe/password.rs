//! Cognito's default password policy.

/// The first rule that `password` breaks, in Cognito's words; it has at least `least` characters.
pub(super) fn broken_rule(password: &str, least: u64) -> Option<&'static str> {
    // The symbols of Amazon Cognito's page on password policies.
    const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";
    let has = |test: fn(char) -> bool| password.chars().any(test);
    if (password.chars().count() as u64) < least {
        Some("Password not long enough")
    } else if !has(|letter| letter.is_ascii_uppercase()) {
        Some("Password must have uppercase characters")
    } else if !has(|letter| letter.is_ascii_lowercase()) {
        Some("Password must have lowercase characters")
    } else if !has(|letter| letter.is_ascii_digit()) {
        Some("Password must have numeric characters")
    } else if !has(|letter| SYMBOLS.contains(letter)) {
        Some("Password must have symbol characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::broken_rule;

    #[test]
    fn the_first_broken_rule_is_named() {
        let cases = [
            ("Aa1!aaa", Some("Password not long enough")),
            ("aaaa1!aa", Some("Password must have uppercase characters")),
            ("AAAA1!AA", Some("Password must have lowercase characters")),
            ("Aaaaaa!a", Some("Password must have numeric characters")),
            ("Aaaaaa1a", Some("Password must have symbol characters")),
            ("Vector1!pass", None),
        ];
        for (password, rule) in cases {
            assert_eq!(broken_rule(password, 8), rule, "{password}");
        }
    }
}
