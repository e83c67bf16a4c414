//! What is shown in the place of a refresh token.

use super::cognito::swapped;
use super::forge::{Material, Template, altered};
use crate::evidence::RefreshVariation;

/// `token` with the one thing changed that `change` names; `None` where it has nothing of the kind.
/// `access` is the access token of the same login.
pub(super) fn near_miss(change: RefreshVariation, token: &str, access: &str) -> Option<String> {
    use RefreshVariation as R;
    if let Some((forgery, jwt)) = change.forgery().zip(Template::of(token)) {
        return jwt.forged(forgery, Material::default());
    }
    let last = token.len().checked_sub(1)?;
    match change {
        R::CutToken => Some(beginning(token)),
        R::LongerToken => Some(format!("{token}A")),
        R::OtherCase => Some(swapped(token)),
        R::AccessToken => Some(access.to_owned()),
        R::OtherFlowName => Some(token.to_owned()),
        R::FirstLetter => altered_from(token, 0),
        R::MiddleLetter => altered_from(token, token.len() / 2),
        R::LastLetter => altered(token, last),
        R::HalfSignature | R::NoSignature | R::MoreClaims | R::LaterEnd | R::Unsecured => None,
    }
}

/// With another letter at the first place from `at` on that has one.
fn altered_from(text: &str, at: usize) -> Option<String> {
    (at..text.len()).find_map(|at| altered(text, at))
}

/// Two thirds of `text`.
pub(super) fn beginning(text: &str) -> String {
    let length = text.chars().count();
    text.chars().take(length - length / 3).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn check(change: RefreshVariation, token: &str, expected: Option<&str>) {
        let seen = near_miss(change, token, "access");
        assert_eq!(seen.as_deref(), expected, "{change:?}");
    }

    #[test]
    fn near_misses_of_a_refresh_token() {
        use RefreshVariation as R;
        let opaque = |change, expected| check(change, "Abcdef", expected);
        opaque(R::CutToken, Some("Abcd"));
        opaque(R::LongerToken, Some("AbcdefA"));
        opaque(R::OtherCase, Some("aBCDEF"));
        opaque(R::AccessToken, Some("access"));
        opaque(R::FirstLetter, Some("gbcdef"));
        opaque(R::MiddleLetter, Some("Abc9ef"));
        opaque(R::LastLetter, Some("Abcde_"));
        opaque(R::NoSignature, None);
        check(R::FirstLetter, "", None);
    }

    #[test]
    fn a_jwt_is_changed_in_one_part() {
        use RefreshVariation as R;
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let (head, claims) = (encode(r#"{"alg":"HS512"}"#), encode(r#"{"exp":1}"#));
        let token = format!("{head}.{claims}.AbcdefAb");
        let signed = |signature: &str| format!("{head}.{claims}.{signature}");
        check(R::FirstLetter, &token, Some(&signed("gbcdefAb")));
        check(R::LastLetter, &token, Some(&signed("AbcdefA7")));
        check(R::HalfSignature, &token, Some(&signed("Abcd")));
        check(R::NoSignature, &token, Some(&format!("{head}.{claims}")));
        let more = encode(r#"{"exp":1,"locum":"1"}"#);
        let more = format!("{head}.{more}.AbcdefAb");
        check(R::MoreClaims, &token, Some(&more));
        let unsecured = format!("{}.{claims}.", encode(r#"{"alg":"none"}"#));
        check(R::Unsecured, &token, Some(&unsecured));
    }
}
