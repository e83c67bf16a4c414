//! What the vendor publishes about its tokens: key set and metadata.

use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, precondition};
use super::issued_jwt::{examined, met_or};
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-05", metadata_is_published),
    Rule::vendor("BCP-07", |view| {
        concluded(issuer_is_that_of_the_tokens(view))
    }),
    Rule::vendor("JWT-24", |view| concluded(keys_are_public(view))),
    Rule::vendor("JWT-25", each_token_has_its_key),
    Rule::vendor("JWT-26", |view| concluded(keys_are_long(view))),
];

/// RFC 7518 §6: what only the owner of a key knows.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// RFC 7518 §3.3, in bits.
const SHORTEST: usize = 2048;

/// The key set, with its keys.
pub(super) fn keys<'a>(view: &View<'a>) -> Step<(Exchange<'a>, Vec<Value>)> {
    let set = precondition(view, Operation::KeySet, &Variation::Documented)?;
    let keys = set.json()["keys"].as_array().cloned().unwrap_or_default();
    match set.status() == 200 && !keys.is_empty() {
        true => Ok((set, keys)),
        false => Err(Box::new(
            unobserved(view, "no key set with a key was read").seen_in(set),
        )),
    }
}

fn named(key: &Value) -> String {
    key["kid"].as_str().unwrap_or("without a kid").to_owned()
}

/// No key of the set shows what only its owner knows.
fn keys_are_public(view: &View<'_>) -> Step<Finding> {
    let (set, keys) = keys(view)?;
    let mut wrong = Deviations::default();
    for key in &keys {
        for name in PRIVATE.iter().filter(|name| !key[**name].is_null()) {
            let seen = format!("the key {} has {name}", named(key));
            wrong.add("public members alone", seen, set);
        }
    }
    let met = || Finding::met(format!("{} public keys", keys.len()), set);
    Ok(wrong.broken().unwrap_or_else(met))
}

/// Each RSA key that signs has a modulus of 2048 bits or more.
fn keys_are_long(view: &View<'_>) -> Step<Finding> {
    let (set, keys) = keys(view)?;
    let (mut wrong, mut shortest) = (Deviations::default(), usize::MAX);
    let signs = |key: &&Value| key["use"].is_null() || key["use"] == "sig";
    for key in keys.iter().filter(signs).filter(|key| key["kty"] == "RSA") {
        let Some(bits) = modulus_bits(key) else {
            continue;
        };
        shortest = shortest.min(bits);
        if bits < SHORTEST {
            let seen = format!("the key {} has {bits} bits", named(key));
            wrong.add("2048 bits or more", seen, set);
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    match shortest {
        usize::MAX => Err(Box::new(
            unobserved(view, "no RSA key that signs is in the key set").seen_in(set),
        )),
        bits => Ok(Finding::met(format!("{bits} bits or more"), set)),
    }
}

/// The length of a modulus in bits (RFC 7518 §6.3.1.1).
fn modulus_bits(key: &Value) -> Option<usize> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let modulus = engine
        .decode(key["n"].as_str()?.trim_end_matches('='))
        .ok()?;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    let zeros = modulus[first].leading_zeros() as usize;
    Some((modulus.len() - first) * 8 - zeros)
}

/// Each issued token is verified by a key of the set that has its `kid`.
fn each_token_has_its_key(view: &View<'_>) -> Finding {
    let tokens: Vec<_> = examined(view)
        .into_iter()
        .filter(|token| token.facts["is_jwt"] == true && token.facts["keys"].is_object())
        .collect();
    let (mut wrong, mut twice, mut good) =
        (Deviations::default(), Deviations::default(), Vec::new());
    for token in tokens {
        let keys = &token.facts["keys"];
        let proof = || Proof::from(token.login).and(token.seq);
        let member = token.member;
        let several = keys["signing"].as_u64().unwrap_or(0) > 1;
        let fault = match () {
            () if keys["kid"].is_null() && several => Some("no kid beside several keys".to_owned()),
            () if keys["named"] == 0 => Some(format!("no key with the kid {}", keys["kid"])),
            () if keys["verified"] != true => {
                Some("a signature that its key does not verify".to_owned())
            }
            () => None,
        };
        match fault {
            Some(fault) => wrong.add(
                "the key that verifies it, under its kid",
                format!("{member}: {fault}"),
                proof(),
            ),
            None if keys["same_kid"] == true => {
                let seen = format!("{member}: a second key has its kid");
                twice.add("one key of its kid", seen, proof());
            }
            None => good.push(token),
        }
    }
    let wrong = wrong.broken().or_else(|| twice.finding(Grade::Tolerated));
    met_or(
        view,
        wrong,
        &good,
        "no token was seen beside the key set",
        |token| format!("{} verified", token.member),
    )
}

/// The metadata is there with the members that lead on, and so is the key set that it names.
fn metadata_is_published(view: &View<'_>) -> Finding {
    let Some(document) = view.evidence.documented(Operation::Metadata).next() else {
        return unobserved(view, "no metadata document was asked for");
    };
    if let Some(gone) = gone(&document) {
        return gone;
    }
    let expected = "200 with issuer and jwks_uri, and 200 there";
    if !document.is_served() || document.status() != 200 {
        return crate::rules::not_served(&document, expected);
    }
    let body = document.json();
    let wanted = view.expected.members.keys();
    let missing: Vec<&str> = wanted
        .filter(|name| !body[name.as_str()].is_string())
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let seen = format!("no {}", missing.join(", no "));
        return Finding::broken(expected, seen, document);
    }
    match view.evidence.documented(Operation::KeySet).last() {
        Some(set) if set.status() == 200 && set.is_served() => Finding::met(
            "200 with its members, and 200 at the jwks_uri",
            Proof::from(document).and(set),
        ),
        Some(set) => crate::rules::not_served(&set, expected),
        None => unobserved(view, "the key set of the metadata was not read").seen_in(document),
    }
}

/// The issuer of the metadata is that of the tokens, byte for byte, and of the address at which it
/// was read where the issuer is on that host.
fn issuer_is_that_of_the_tokens(view: &View<'_>) -> Step<Finding> {
    let document = precondition(view, Operation::Metadata, &Variation::Documented)?;
    let Some(issuer) = document.json()["issuer"].as_str().map(str::to_owned) else {
        return Err(Box::new(
            unobserved(view, "the metadata names no issuer").seen_in(document),
        ));
    };
    let (mut wrong, mut good) = (Deviations::default(), None);
    for login in super::login::issued(view) {
        for jwt in view.evidence.jwts_of(login.seq) {
            match jwt.claims["iss"].as_str() {
                Some(iss) if iss == issuer => good = Some(Proof::from(document).and(jwt.seq)),
                Some(iss) => {
                    let seen = format!("iss {iss} of the {}", jwt.member);
                    wrong.add(
                        format!("iss {issuer}"),
                        seen,
                        Proof::from(document).and(jwt.seq),
                    );
                }
                None => {}
            }
        }
    }
    let host = document.request.headers.iter();
    let mut host = host.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = host
        .next()
        .map(|(_, value)| value.as_str())
        .unwrap_or_default();
    let read_at = document
        .request
        .target
        .split("/.well-known/")
        .next()
        .unwrap_or_default();
    let rest = issuer.split_once("://").map_or("", |(_, rest)| rest);
    if let Some(path) = rest.strip_prefix(host)
        && !host.is_empty()
        && (path.is_empty() || path.starts_with('/'))
        && path != read_at
    {
        let seen = format!("the issuer {issuer}, read below {read_at}");
        wrong.add("the address before /.well-known/", seen, document);
    }
    match (wrong.broken(), good) {
        (Some(broken), _) => Ok(broken),
        (None, Some(proof)) => Ok(Finding::met(format!("both say {issuer}"), proof)),
        (None, None) => Err(Box::new(
            unobserved(view, "no token with an iss was issued").seen_in(document),
        )),
    }
}

#[cfg(test)]
#[path = "key_set_tests.rs"]
mod tests;
