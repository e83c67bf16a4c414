//! What stands around the body of a token reply: status, media type, caching.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::deviation::Deviations;
use super::refusal::login_of;
use crate::evidence::{Content, Exchange, LoginVariation, Message, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("RSP-01", is_json_with_200).everywhere(),
    Rule::vendor("RSP-14", is_not_stored).everywhere(),
    Rule::vendor("RSP-15", has_pragma).everywhere(),
    Rule::vendor("ERR-11", refusals_are_not_stored).everywhere(),
];

/// The token requests that gave a token, varied or not, with their replies.
pub(super) fn grants<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    view.evidence
        .exchanges_for(login_of(view))
        .filter(Exchange::is_served)
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .collect()
}

/// The token requests that were refused, with their replies, where a documented one was served. A
/// throttled one says nothing.
pub(super) fn refusals<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let mut documented = view.evidence.documented(login_of(view));
    if !documented.any(|login| login.is_served()) {
        return Vec::new();
    }
    view.evidence
        .exchanges_for(login_of(view))
        .filter(|exchange| exchange.is_refused() && !exchange.got_something())
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .filter(|(_, reply)| reply.is_class(4))
        .collect()
}

/// Each reply is looked at; what is wrong with one is told, and broken unless it is tolerated.
pub(super) fn each<'a>(
    view: &View<'a>,
    replies: &[(Exchange<'a>, &'a Message)],
    words: (&str, &str),
    fault: impl Fn(&Message) -> Option<(String, String)>,
) -> Finding {
    let grade = match view.expected.deviation_tolerated {
        _ if view.expected.deviation_documented => Grade::Fact,
        true => Grade::Tolerated,
        false => Grade::Broken,
    };
    graded(view, replies, words, grade, fault)
}

/// The same, where what is wrong has this grade.
pub(super) fn graded<'a>(
    view: &View<'a>,
    replies: &[(Exchange<'a>, &'a Message)],
    (none, good): (&str, &str),
    grade: Grade,
    fault: impl Fn(&Message) -> Option<(String, String)>,
) -> Finding {
    let mut wrong = Deviations::default();
    // The first reply of each fault stands for all; the others are in the evidence.
    let mut told: Vec<String> = Vec::new();
    for (exchange, reply) in replies {
        if let Some((expected, observed)) = fault(reply) {
            if told.contains(&observed) {
                wrong.add_proof(*exchange);
                continue;
            }
            wrong.add(
                expected,
                format!("{}: {observed}", exchange.sentence()),
                *exchange,
            );
            told.push(observed);
        }
    }
    let seen: Vec<_> = replies.iter().map(|(exchange, _)| *exchange).collect();
    match (wrong.finding(grade), Proof::all(&seen)) {
        (Some(finding), _) => finding,
        (None, Some(proof)) => Finding::met(good, proof),
        (None, None) => unobserved(view, none),
    }
}

/// What a documented login was answered with: the token replies, and each other reply of 2xx, which
/// should have been one.
fn answered<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let is_meant = |exchange: &Exchange<'_>, reply: &Message| {
        exchange.is_served() || exchange.is_documented() && reply.is_class(2)
    };
    view.evidence
        .exchanges_for(login_of(view))
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .filter(|(exchange, reply)| is_meant(exchange, reply))
        .collect()
}

/// A member that occurs twice in the object that `body` is (RFC 6749 §3.2: "Request and response
/// parameters MUST NOT be included more than once").
fn repeated_member(body: &str) -> Option<String> {
    serde_json::from_str::<Repeated>(body).ok()?.0
}

/// The first name that an object has twice.
struct Repeated(Option<String>);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

/// Reads the names of an object.
struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Repeated;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
        let (mut known, mut repeated) = (BTreeSet::new(), None);
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if !known.insert(name.clone()) {
                repeated = repeated.or(Some(name));
            }
        }
        Ok(Repeated(repeated))
    }
}

const NO_TOKEN: &str = "no token reply was received";

/// 200, `application/json`, and a JSON object without a byte order mark (RFC 6749 §5.1, RFC 8259
/// §8.1).
fn is_json_with_200(view: &View<'_>) -> Finding {
    let good = "200 with a JSON object";
    each(view, &answered(view), (NO_TOKEN, good), |reply| {
        let kind = reply.header("content-type").unwrap_or_default();
        let media_type = kind.split(';').next().unwrap_or_default().trim();
        let observed = match reply.status {
            200 if !media_type.eq_ignore_ascii_case("application/json") => match kind {
                "" => "no Content-Type".to_owned(),
                kind => format!("Content-Type: {kind}"),
            },
            200 if reply.body.starts_with('\u{feff}') => "a byte order mark".to_owned(),
            200 if !reply.json().is_object() => "no JSON object".to_owned(),
            200 => format!("{} twice", repeated_member(&reply.body)?),
            status => format!("status {status}"),
        };
        Some((good.to_owned(), observed))
    })
}

/// The directives of all `Cache-Control` lines, in lower case.
pub(super) fn directives(reply: &Message) -> Vec<String> {
    let lines = reply.headers.iter();
    let values = lines.filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
    values
        .flat_map(|(_, value)| value.split(','))
        .map(|one| one.trim().to_ascii_lowercase())
        .collect()
}

fn lacks_no_store(reply: &Message) -> Option<(String, String)> {
    let directives = directives(reply);
    let observed = match directives.is_empty() {
        true => "no Cache-Control".to_owned(),
        false => format!("Cache-Control: {}", directives.join(", ")),
    };
    (!directives.iter().any(|one| one == "no-store"))
        .then(|| ("Cache-Control: no-store".to_owned(), observed))
}

fn lacks_pragma(reply: &Message) -> Option<(String, String)> {
    let pragma = reply.header("pragma").unwrap_or_default();
    let has = pragma
        .split(',')
        .any(|one| one.trim().eq_ignore_ascii_case("no-cache"));
    (!has).then(|| ("Pragma: no-cache".to_owned(), "it is missing".to_owned()))
}

/// `Cache-Control: no-store` (RFC 6749 §5.1).
fn is_not_stored(view: &View<'_>) -> Finding {
    let words = (NO_TOKEN, "Cache-Control: no-store");
    each(view, &grants(view), words, lacks_no_store)
}

/// `Pragma: no-cache` (RFC 6749 §5.1).
fn has_pragma(view: &View<'_>) -> Finding {
    let words = (NO_TOKEN, "Pragma: no-cache");
    each(view, &grants(view), words, lacks_pragma)
}

/// Requests that are of the form of RFC 6749 §4: refusals of others are HTTP's own matter.
pub(super) fn is_a_token_request(exchange: &Exchange<'_>) -> bool {
    match exchange.variation {
        Variation::Login(change) => is_of_its_form(change),
        _ => true,
    }
}

fn is_of_its_form(change: &LoginVariation) -> bool {
    match change {
        LoginVariation::Method(_)
        | LoginVariation::As(Content::Json | Content::Query)
        | LoginVariation::ContentType(_)
        | LoginVariation::UnknownTenant
        | LoginVariation::TenantInOtherCase
        | LoginVariation::Raw(_) => false,
        LoginVariation::Both(one, other) => is_of_its_form(one) && is_of_its_form(other),
        _ => true,
    }
}

/// Both stand on refusals, too (RFC 6749 §5.2).
fn refusals_are_not_stored(view: &View<'_>) -> Finding {
    let words = (
        "no token request was refused",
        "no-store and no-cache on each refusal",
    );
    let mut all = refusals(view);
    all.retain(|(exchange, _)| is_a_token_request(exchange));
    each(view, &all, words, |reply| {
        lacks_no_store(reply).or_else(|| lacks_pragma(reply))
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const BOTH: [(&str, &str); 3] = [
        ("Content-Type", "application/json"),
        ("cache-control", "private, No-Store"),
        ("Pragma", "no-cache"),
    ];

    fn headed(status: u16, headers: &[(&str, &str)], body: &str) -> Log {
        Log::new().headed("login", "", status, headers, body)
    }

    #[test]
    fn a_token_reply_has_its_head_or_not() {
        for id in ["RSP-01", "RSP-14", "RSP-15"] {
            check(&headed(200, &BOTH, TOKEN), id, Grade::Met);
            check(&headed(401, &BOTH, "{}"), id, Grade::Unobserved);
        }
        check(&headed(201, &BOTH, TOKEN), "RSP-01", Grade::Broken);
        let plain = [("Content-Type", "text/plain")];
        check(&headed(200, &plain, TOKEN), "RSP-01", Grade::Broken);
        check(&headed(200, &plain, TOKEN), "RSP-14@pattern", Grade::Broken);
        check(
            &headed(200, &plain, TOKEN),
            "RSP-14@athelas",
            Grade::Tolerated,
        );
        check(&headed(200, &plain, TOKEN), "RSP-15", Grade::Tolerated);
        for odd in [
            r#"{"access_token":"t-0123","access_token":"t-4567"}"#,
            "\u{feff}{\"access_token\":\"t-0123\"}",
            r#"{"access_token":"t-0123",}"#,
            r#"[{"access_token":"t-0123"}]"#,
            "access_token=t-0123",
            "",
        ] {
            check(&headed(200, &BOTH, odd), "RSP-01", Grade::Broken);
        }
        let page = [("Content-Type", "text/html")];
        check(&headed(200, &page, "<html>"), "RSP-01", Grade::Broken);
        let charset = [("Content-Type", "application/json; charset=utf-8")];
        check(&headed(200, &charset, TOKEN), "RSP-01", Grade::Met);
        let public = [BOTH[0], ("Cache-Control", "public")];
        check(
            &headed(200, &public, TOKEN),
            "RSP-14@pattern",
            Grade::Broken,
        );
    }

    #[test]
    fn a_refusal_is_stored_or_not() {
        let refused = |status, headers: &[(&str, &str)]| {
            let phrase = "with grant_type locum";
            let log = Log::new().exchange("login", "", 200, TOKEN);
            log.headed("login", phrase, status, headers, "{}")
        };
        check(&refused(401, &BOTH), "ERR-11", Grade::Met);
        check(&refused(401, &BOTH[..2]), "ERR-11", Grade::Broken);
        check(&refused(500, &[]), "ERR-11", Grade::Unobserved);
        check(&headed(401, &BOTH, "{}"), "ERR-11", Grade::Unobserved);
        check(&headed(200, &[], TOKEN), "ERR-11", Grade::Unobserved);
    }
}
