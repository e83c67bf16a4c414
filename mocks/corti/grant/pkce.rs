//! Proof Key for Code Exchange (RFC 7636 §4.6).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Denial, DenialKind};

use super::code::Request;

/// Whether `verifier` fits the challenge of the authorization request.
///
/// # Errors
/// `no_verifier`, `stray_verifier`, `invalid_verifier`, `wrong_verifier`.
pub(super) fn check(request: &Request, verifier: Option<&str>) -> Result<(), Denial> {
    let (challenge, verifier) = match (&request.challenge, verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(Denial::new(DenialKind::Invalid, "stray_verifier")),
        (Some(_), None) => return Err(Denial::new(DenialKind::Missing, "no_verifier")),
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    if !is_verifier(verifier) {
        return Err(Denial::new(DenialKind::Malformed, "invalid_verifier")
            .expected("43 to 128 letters, digits, -, ., _ and ~")
            .got(format!("{} characters", verifier.chars().count())));
    }
    let made = match request.method.as_deref() {
        Some("S256") => URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
        _ => verifier.to_owned(),
    };
    if made == *challenge {
        return Ok(());
    }
    Err(Denial::new(DenialKind::BadSecret, "wrong_verifier")
        .expected("the verifier of the challenge"))
}

/// RFC 7636 §4.1: `43*128unreserved`; a challenge has the same shape (§4.2).
pub(in crate::corti) fn is_verifier(text: &str) -> bool {
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

    fn verdict(
        challenge: Option<&str>,
        method: Option<&str>,
        verifier: Option<&str>,
    ) -> Option<String> {
        let request = Request {
            redirect_uri: None,
            challenge: challenge.map(str::to_owned),
            method: method.map(str::to_owned),
        };
        check(&request, verifier).err().map(|denial| denial.reason)
    }

    #[test]
    fn a_verifier_fits_its_challenge() {
        let s256 = Some("S256");
        assert_eq!(verdict(Some(CHALLENGE), s256, Some(VERIFIER)), None);
        assert_eq!(verdict(Some(VERIFIER), None, Some(VERIFIER)), None);
        assert_eq!(verdict(None, None, None), None);
        assert_eq!(
            verdict(Some(CHALLENGE), s256, None).as_deref(),
            Some("no_verifier")
        );
        assert_eq!(
            verdict(None, None, Some("")).as_deref(),
            Some("stray_verifier")
        );
        assert_eq!(
            verdict(Some(CHALLENGE), s256, Some("")).as_deref(),
            Some("invalid_verifier")
        );
        assert_eq!(
            verdict(Some(CHALLENGE), s256, Some(&"a".repeat(129))).as_deref(),
            Some("invalid_verifier")
        );
        assert_eq!(
            verdict(Some(CHALLENGE), s256, Some(&"é".repeat(43))).as_deref(),
            Some("invalid_verifier")
        );
        assert_eq!(
            verdict(Some(CHALLENGE), s256, Some(CHALLENGE)).as_deref(),
            Some("wrong_verifier")
        );
    }
}
