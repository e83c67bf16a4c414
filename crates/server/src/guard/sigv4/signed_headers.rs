//! The list of signed headers: what is wrong with it is judged before any signature is computed.
//!
//! "The header names must be in lowercase, sorted, and separated by semicolons" (AWS, "Create a signed
//! AWS API request").

use locum_core::{Denial, DenialKind};

use super::claim::Claim;
use super::{Policy, Signed};

/// The headers whose absence from the list a setting of their own allows.
const HAVE_A_SETTING: [&str; 2] = ["x-amz-security-token", "x-amz-content-sha256"];

/// `host` is among the signed headers; the service looks for it first.
pub(super) fn host(claim: &Claim) -> Option<Denial> {
    let is_signed = claim.signed_headers.iter().any(|name| name == "host");
    (!is_signed).then(|| not_signed(claim, "'Host' or ':authority'"))
}

/// The list is as AWS's page asks, where a fault of it has a refusal of its own.
pub(super) fn list(claim: &Claim, policy: &Policy) -> Option<Denial> {
    let sentence = list_fault(claim).filter(|_| policy.refuse_malformed_list)?;
    Some(
        Denial::new(DenialKind::Malformed, "incomplete_signature")
            .expected(claim.signed_headers.join(";"))
            .got(claim.signed_list.clone())
            .difference(sentence.clone())
            .param("message", sentence),
    )
}

/// Each header of the list exists, where the service looks before it computes a signature.
pub(super) fn absent(request: &Signed<'_>, claim: &Claim, policy: &Policy) -> Option<Denial> {
    // A session token that is missing has its own refusal, and a presigned URL that of a mismatch.
    let is_judged = policy.refuse_absent_header && claim.presigned.is_none();
    let name = absent_header(request, claim)
        .filter(|name| is_judged && *name != "x-amz-security-token")?;
    let message =
        format!("'{name}' is named as a SignedHeader, but it does not exist in the HTTP request.");
    Some(
        Denial::new(DenialKind::Malformed, "incomplete_signature")
            .expected("a request with each of its SignedHeaders")
            .got(claim.signed_headers.join(";"))
            .difference(absence(name))
            .param("message", message),
    )
}

/// The headers that have to be signed where they are present are signed: "the host header and any
/// x-amz-* header in the request" (AWS, "Create a signed AWS API request"). With `x-amz-target` left
/// out, one signature would fit another operation.
pub(super) fn coverage(request: &Signed<'_>, claim: &Claim, policy: &Policy) -> Option<Denial> {
    let is_signed = |name: &str| claim.signed_headers.iter().any(|have| have == name);
    let lacks = |name: &str| request.header(name).is_some() && !is_signed(name);
    if lacks("x-amz-security-token") && !policy.unsigned_token {
        Some(not_signed(claim, "'X-Amz-Security-Token'"))
    } else if lacks("x-amz-content-sha256") && !policy.unsigned_content_sha256 {
        Some(not_signed(claim, "'X-Amz-Content-SHA256'"))
    } else if policy.unsigned_amz_headers {
        None
    } else {
        let mut names = request
            .lines
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase());
        let stray = names.find(|name| {
            name.starts_with("x-amz-")
                && !HAVE_A_SETTING.contains(&name.as_str())
                && !is_signed(name)
        })?;
        Some(not_signed(claim, &format!("'{stray}'")))
    }
}

/// A sentence on the list, if no signature over it can count.
pub(super) fn fault(request: &Signed<'_>, claim: &Claim) -> Option<String> {
    list_fault(claim).or_else(|| absent_header(request, claim).map(absence))
}

fn not_signed(claim: &Claim, header: &str) -> Denial {
    Denial::new(DenialKind::BadSignature, "header_not_signed")
        .expected(format!("{header} among SignedHeaders"))
        .got(claim.signed_headers.join(";"))
        .param("header", header)
}

/// The first thing that is wrong with the list by itself.
fn list_fault(claim: &Claim) -> Option<String> {
    let names: Vec<&str> = claim.signed_list.split(';').collect();
    let is_upper = |name: &&&str| name.bytes().any(|byte| byte.is_ascii_uppercase());
    if claim.signed_list.is_empty() {
        None
    } else if names.contains(&"") {
        Some(format!(
            "SignedHeaders has an empty name: '{}'.",
            claim.signed_list
        ))
    } else if let Some(name) = names.iter().find(is_upper) {
        Some(format!("'{name}' in SignedHeaders is not in lower case."))
    } else if let Some(name) = repeated(&names) {
        Some(format!(
            "'{name}' is named as a SignedHeader more than once."
        ))
    } else {
        let pair = names.windows(2).find(|pair| pair[0] > pair[1])?;
        Some(format!(
            "SignedHeaders is not sorted: '{}' stands before '{}'.",
            pair[0], pair[1]
        ))
    }
}

fn repeated<'a>(names: &[&'a str]) -> Option<&'a str> {
    let again = |at: usize| names[..at].contains(&names[at]);
    (0..names.len()).find(|at| again(*at)).map(|at| names[at])
}

/// The first signed header that the request does not have.
fn absent_header<'a>(request: &Signed<'_>, claim: &'a Claim) -> Option<&'a str> {
    let is_absent = |name: &&String| {
        let mut lines = request.lines.iter();
        lines.all(|(have, _)| !have.eq_ignore_ascii_case(name))
    };
    let mut names = claim.signed_headers.iter();
    names.find(is_absent).map(String::as_str)
}

fn absence(name: &str) -> String {
    format!("the signed header `{name}` is not in the request")
}
