//! Proof Key for Code Exchange (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Denial, DenialKind, Secret};
use serde::{Deserialize, Serialize};

/// How a challenge is made from its verifier (RFC 7636 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The base64url SHA-256 of the verifier.
    S256,
    /// The verifier itself.
    #[serde(rename = "plain")]
    Plain,
}

/// The challenge of an authorization request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// `code_challenge`.
    pub value: String,
    /// `code_challenge_method`.
    pub method: Method,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method` of an authorization request; a method that
    /// is left out means `plain` (RFC 7636 §4.3), which is refused unless `plain` is allowed.
    ///
    /// # Errors
    /// `malformed_challenge`, `wrong_challenge_method`.
    pub fn read(
        value: Option<&str>,
        method: Option<&str>,
        plain: bool,
    ) -> Result<Option<Self>, Denial> {
        let Some(value) = value else {
            return match method {
                None => Ok(None),
                Some(_) => Err(Denial::new(DenialKind::Missing, "malformed_challenge")
                    .expected("code_challenge beside code_challenge_method")
                    .got("code_challenge_method alone")),
            };
        };
        let wrong_method = |got: &str| {
            Denial::new(DenialKind::Unsupported, "wrong_challenge_method")
                .expected(if plain {
                    "code_challenge_method=S256 or plain"
                } else {
                    "code_challenge_method=S256"
                })
                .got(got)
        };
        let method = match method {
            Some("S256") => Method::S256,
            Some("plain") if plain => Method::Plain,
            None if plain => Method::Plain,
            None => return Err(wrong_method("none, which means plain")),
            Some(other) => return Err(wrong_method(other)),
        };
        if !is_verifier(value) {
            return Err(Denial::new(DenialKind::Malformed, "malformed_challenge")
                .expected("43 to 128 letters, digits, -, ., _ and ~")
                .got(format!("{} characters", value.chars().count())));
        }
        Ok(Some(Self {
            value: value.to_owned(),
            method,
        }))
    }

    /// Whether `verifier` is that of this challenge.
    pub fn fits(&self, verifier: &str) -> bool {
        let made = match self.method {
            Method::S256 => URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
            Method::Plain => verifier.to_owned(),
        };
        Secret::new(self.value.clone()).matches(made.as_bytes())
    }
}

/// Checks the `code_verifier` of a token request against the challenge of its authorization request
/// (RFC 7636 §4.6); a verifier without a challenge is refused too (RFC 9700 §4.8.2).
///
/// # Errors
/// `missing_verifier`, `stray_verifier`, `malformed_verifier`, `wrong_verifier`.
pub fn check(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), Denial> {
    let (challenge, verifier) = match (challenge, verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            return Err(Denial::new(DenialKind::Invalid, "stray_verifier")
                .expected("no code_verifier: the authorization request had no code_challenge")
                .got("a code_verifier"));
        }
        (Some(_), None) => {
            return Err(Denial::new(DenialKind::Missing, "missing_verifier")
                .expected("the code_verifier of the code_challenge")
                .got("none"));
        }
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    if !is_verifier(verifier) {
        return Err(Denial::new(DenialKind::Malformed, "malformed_verifier")
            .expected("43 to 128 letters, digits, -, ., _ and ~")
            .got(format!("{} characters", verifier.chars().count())));
    }
    if challenge.fits(verifier) {
        return Ok(());
    }
    Err(Denial::new(DenialKind::BadSecret, "wrong_verifier")
        .expected("the code_verifier of the code_challenge")
        .got(if verifier == challenge.value {
            "the challenge itself"
        } else {
            "another"
        }))
}

/// RFC 7636 §4.1: `43*128unreserved`; a challenge has the same shape (§4.2).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verifier and challenge of RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(method: Option<&str>, plain: bool) -> Result<Option<Challenge>, String> {
        Challenge::read(Some(CHALLENGE), method, plain).map_err(|denial| denial.reason)
    }

    fn checked(verifier: Option<&str>) -> Result<(), String> {
        let challenge = read(Some("S256"), false).expect("a challenge");
        check(challenge.as_ref(), verifier).map_err(|denial| denial.reason)
    }

    #[test]
    fn plain_is_refused_unless_it_is_allowed() {
        let wrong = Err("wrong_challenge_method".to_owned());
        assert_eq!(read(None, false), wrong);
        assert_eq!(read(Some("plain"), false), wrong);
        assert_eq!(read(Some("s256"), true), wrong);
        for method in [None, Some("plain")] {
            let challenge = read(method, true).expect("allowed").expect("a challenge");
            assert!(challenge.fits(CHALLENGE) && !challenge.fits(VERIFIER));
        }
        let alone = Challenge::read(None, Some("S256"), true).map_err(|denial| denial.reason);
        assert_eq!(alone, Err("malformed_challenge".to_owned()));
    }

    #[test]
    fn only_the_verifier_of_the_challenge_passes() {
        let refused = |reason: &str| Err(reason.to_owned());
        assert_eq!(checked(Some(VERIFIER)), Ok(()));
        assert_eq!(checked(None), refused("missing_verifier"));
        assert_eq!(checked(Some("short")), refused("malformed_verifier"));
        assert_eq!(checked(Some(CHALLENGE)), refused("wrong_verifier"));
        assert_eq!(
            checked(Some(&"é".repeat(43))),
            refused("malformed_verifier")
        );
        assert_eq!(check(None, None), Ok(()));
        let stray = check(None, Some(VERIFIER)).map_err(|denial| denial.reason);
        assert_eq!(stray, refused("stray_verifier"));
    }
}
