//! The checks, in API Gateway's order: header present, parse, scope, access key id, session token,
//! end of the credentials, date window, signature.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp};

use super::canonical::{Parts, sha256_hex, string_to_sign};
use super::claim::Claim;
use super::explain::{Attempt, explain};
use super::signed_headers;
use super::{Credentials, Payload, Policy, Signed, Unsigned};

/// What a good signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who signed.
    pub access_key_id: String,
    /// The headers that are covered, in lower case.
    pub signed_headers: Vec<String>,
    /// Whether the signature stands in the query.
    pub presigned: bool,
}

/// Verifies a request's signature; `lookup` knows the credentials of an access key id, and each
/// refusal goes through `refuse`, which returns it or pardons it.
///
/// # Errors
/// `no_signature`, `incomplete_signature`, `not_a_pair`, `wrong_scope`, `unknown_access_key`,
/// `wrong_session_token`, `ended_credentials`, `signature_expired`, `presigned_expired`,
/// `signature_not_yet_current`, `header_not_signed`, `wrong_signature`, `wrong_signature_echoed`.
pub fn verify(
    request: &Signed<'_>,
    lookup: impl FnOnce(&str) -> Option<Credentials>,
    now: Timestamp,
    policy: &Policy,
    refuse: &dyn Fn(Denial) -> Result<(), Denial>,
) -> Result<Verified, Denial> {
    let claim = Claim::read(request)?;
    signed_headers::host(&claim).map_or(Ok(()), refuse)?;
    signed_headers::list(&claim, policy).map_or(Ok(()), refuse)?;
    signed_headers::absent(request, &claim, policy).map_or(Ok(()), refuse)?;
    scope(&claim, policy).map_or(Ok(()), refuse)?;
    let credentials = lookup(&claim.access_key_id).ok_or_else(|| unknown(&claim))?;
    session(&claim, &credentials).map_or(Ok(()), refuse)?;
    ended(&credentials, now).map_or(Ok(()), refuse)?;
    window(&claim, now, policy).map_or(Ok(()), refuse)?;
    signed_headers::coverage(request, &claim, policy).map_or(Ok(()), refuse)?;
    wrong(request, &claim, &credentials, policy).map_or(Ok(()), refuse)?;
    Ok(Verified {
        access_key_id: claim.access_key_id,
        signed_headers: claim.signed_headers,
        presigned: claim.presigned.is_some(),
    })
}

/// The credential scope names the day of the date, this region, this service, `aws4_request`.
fn scope(claim: &Claim, policy: &Policy) -> Option<Denial> {
    let day = claim.date.get(..8).unwrap_or_default();
    let expected = format!("{day}/{}/{}/aws4_request", policy.region, policy.service);
    let faults = [
        (claim.region != policy.region).then(|| {
            format!("Credential should be scoped to a valid region, not '{}'. ", claim.region)
        }),
        (claim.service != policy.service).then(|| {
            format!("Credential should be scoped to correct service: '{}'. ", policy.service)
        }),
        (claim.terminator != "aws4_request").then(|| {
            format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
                claim.terminator
            )
        }),
        (claim.day != day).then(|| {
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{day}', from '{}'. ",
                claim.day, claim.date
            )
        }),
    ];
    let message: String = faults.into_iter().flatten().collect();
    (!message.is_empty()).then(|| {
        Denial::new(DenialKind::BadSignature, "wrong_scope")
            .expected(expected)
            .got(claim.scope())
            .difference(message.trim_end())
            .param("message", message)
    })
}

fn unknown(claim: &Claim) -> Denial {
    Denial::new(DenialKind::UnknownToken, "unknown_access_key")
        .expected("an access key id issued on this stage")
        .got(claim.access_key_id.clone())
}

/// The session token is the one that was issued with the key.
fn session(claim: &Claim, credentials: &Credentials) -> Option<Denial> {
    let wrong = |expected: &str, got: &str| {
        Some(
            Denial::new(DenialKind::WrongToken, "wrong_session_token")
                .expected(expected)
                .got(got),
        )
    };
    match (&credentials.session_token, &claim.session_token) {
        (None, None) => None,
        (Some(have), Some(shown)) if have.matches(shown.as_bytes()) => None,
        (None, Some(_)) => wrong("no session token: this key has none", "a session token"),
        (Some(_), None) => wrong(
            "X-Amz-Security-Token with the session token",
            "no session token",
        ),
        (Some(_), Some(shown)) if shown == "undefined" || shown == "null" => wrong(
            "the session token that came with the key",
            "the word of an unset variable",
        ),
        (Some(_), Some(_)) => wrong(
            "the session token that came with the key",
            "another session token",
        ),
    }
}

fn ended(credentials: &Credentials, now: Timestamp) -> Option<Denial> {
    let over = credentials.expires.filter(|end| now >= *end);
    let got = match over {
        Some(end) => format!("credentials that ended {end}; it is {now}"),
        None if credentials.revoked => "credentials that the vendor ended".to_owned(),
        None => return None,
    };
    Some(
        Denial::new(DenialKind::Expired, "ended_credentials")
            .expected("live credentials")
            .got(got),
    )
}

/// The date lies within the window; a presigned URL within its own time.
fn window(claim: &Claim, now: Timestamp, policy: &Policy) -> Option<Denial> {
    let now = Timestamp::from_seconds(now.as_seconds());
    let (earliest, latest) = (now.minus(policy.skew), now.plus(policy.skew));
    let minutes = span(policy.skew);
    let say = |kind, reason: &str, message: String| {
        Some(
            Denial::new(kind, reason)
                .expected(format!("a date within {minutes} of {}", now.amz_date()))
                .got(claim.date.clone())
                .param("message", message),
        )
    };
    if claim.at > latest {
        let (latest, now) = (latest.amz_date(), now.amz_date());
        let message = format!(
            "Signature not yet current: {} is still later than {latest} ({now} + {minutes})",
            claim.date
        );
        return say(
            DenialKind::NotYetValid,
            "signature_not_yet_current",
            message,
        );
    }
    if let Some(seconds) = claim.presigned {
        let end = claim.at.plus(Duration::from_secs(seconds));
        return (now >= end).then(|| {
            Denial::new(DenialKind::Expired, "presigned_expired")
                .expected(format!("a request before {end}"))
                .got(format!("it is {now}"))
                .param("expires", seconds.to_string())
                .param("end", end.rfc3339())
                .param("now", now.rfc3339())
        });
    }
    if claim.at < earliest {
        let (earliest, now) = (earliest.amz_date(), now.amz_date());
        let message = format!(
            "Signature expired: {} is now earlier than {earliest} ({now} - {minutes})",
            claim.date
        );
        return say(DenialKind::Expired, "signature_expired", message);
    }
    None
}

fn span(skew: Duration) -> String {
    match skew.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} min.", seconds / 60),
        seconds => format!("{seconds} sec."),
    }
}

/// The signature fits what came.
fn wrong(
    request: &Signed<'_>,
    claim: &Claim,
    credentials: &Credentials,
    policy: &Policy,
) -> Option<Denial> {
    let payload = payload(request, claim, policy);
    let parts = Parts::of(
        request,
        claim,
        policy.spelling,
        payload.clone(),
        &["X-Amz-Signature"],
    );
    let attempt = Attempt {
        request,
        claim,
        ours: &parts,
        policy,
        secret: &credentials.secret,
    };
    let fault = signed_headers::fault(request, claim);
    if fault.is_none() {
        if attempt.fits(&parts) {
            return None;
        }
        // A signer may add the session token to the query after it has signed.
        let later = ["X-Amz-Signature", "X-Amz-Security-Token"];
        let after = || Parts::of(request, claim, policy.spelling, payload.clone(), &later);
        if claim.presigned.is_some() && policy.unsigned_token && attempt.fits(&after()) {
            return None;
        }
    }
    let difference = fault.unwrap_or_else(|| explain(&attempt));
    let canonical = parts.canonical();
    let string = string_to_sign(&canonical, claim);
    let denial = if policy.echo_canonical {
        Denial::new(DenialKind::BadSignature, "wrong_signature_echoed")
    } else {
        Denial::new(DenialKind::BadSignature, "wrong_signature")
    };
    Some(
        denial
            .expected(format!(
                "a signature over the canonical request with SHA-256 {}",
                sha256_hex(canonical.as_bytes())
            ))
            .got("a signature over something else, or with another secret")
            .difference(difference)
            .param("canonical", canonical)
            .param("string_to_sign", string),
    )
}

/// The payload hash that the signature has to cover.
fn payload(request: &Signed<'_>, claim: &Claim, policy: &Policy) -> String {
    const LITERAL: &str = "UNSIGNED-PAYLOAD";
    let shown = request.header("x-amz-content-sha256");
    let is_signed = claim
        .signed_headers
        .iter()
        .any(|name| name == "x-amz-content-sha256");
    match (policy.payload, shown) {
        (Payload::Claimed, Some(shown)) => shown.to_owned(),
        (Payload::Never, _) => LITERAL.to_owned(),
        (Payload::Body(taken), Some(LITERAL))
            if taken == Unsigned::Accept || (taken == Unsigned::IfSigned && is_signed) =>
        {
            LITERAL.to_owned()
        }
        _ => sha256_hex(request.body),
    }
}
