//! Tokens that stand in the place of the one that a request needs: forged, minted with a fault, or of
//! another kind. Each is refused, beside the vendor's own that was served.

use locum_core::Timestamp;
use serde_json::Value;

use super::token_age::{AgedCall, aged_calls};
use crate::evidence::{
    Event, Exchange, FORGED, OWN_LISTENER, Operation, Reaction, RecordId, ShownToken, Variation,
};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("JWT-02", forged_ones_are_refused),
    Rule::vendor("JWT-03", minted_ones_are_refused),
    Rule::vendor("JWT-04", forged_ones_are_refused),
    Rule::vendor("JWT-05", forged_ones_are_refused),
    Rule::vendor("JWT-09", none_comes_before_its_time),
    Rule::vendor("JWT-10", ends_are_numbers),
    Rule::vendor("JWT-12", minted_ones_are_refused),
    Rule::vendor("JWT-13", minted_ones_are_refused),
    Rule::vendor("JWT-14", minted_ones_are_refused),
    Rule::vendor("JWT-15", minted_ones_are_refused),
    Rule::vendor("JWT-17", no_key_is_fetched),
    Rule::vendor("JWT-18", forged_ones_are_refused),
    Rule::vendor("JWT-19", the_last_claim_counts),
    Rule::vendor("JWT-28", forged_ones_are_refused),
];

/// Where tokens are shown.
const PLACES: [Operation; 4] = [
    Operation::Call,
    Operation::UseAccessToken,
    Operation::UseIdToken,
    Operation::GetCredentials,
];

/// Which token a request showed in the place of the caller's.
const fn shown(exchange: &Exchange<'_>) -> Option<ShownToken> {
    match exchange.variation {
        Variation::Shown(shown) => Some(*shown),
        _ => None,
    }
}

/// Each is refused beside the caller's own token.
fn forged_ones_are_refused(view: &View<'_>) -> Finding {
    refused(view, is_documented, |_| true)
}

const fn is_documented(exchange: &Exchange<'_>) -> bool {
    exchange.is_documented()
}

/// Each is refused beside one that the mock minted without a fault.
fn minted_ones_are_refused(view: &View<'_>) -> Finding {
    refused(view, is_minted_well, |_| true)
}

/// So far ahead of the vendor's own clock a token may say that its time comes.
const LEEWAY_S: f64 = 60.0;

/// A token whose `nbf` lies ahead is refused: one that the mock minted, or one that the vendor issued
/// like that.
fn none_comes_before_its_time(view: &View<'_>) -> Finding {
    if view
        .evidence
        .exchanges()
        .any(|exchange| shown(&exchange).is_some())
    {
        return minted_ones_are_refused(view);
    }
    let mut good = None;
    for aged in aged_calls(view)
        .into_iter()
        .filter(|aged| aged.call.is_served())
    {
        let Some(ahead) = seconds_to_its_time(view, &aged) else {
            continue;
        };
        if ahead > LEEWAY_S {
            let seen = format!(
                "{}: accepted {ahead} s before its nbf",
                aged.call.sentence()
            );
            return Finding::broken("a refusal before nbf", seen, aged.call);
        }
        good = Some(aged);
    }
    match good {
        Some(aged) => {
            Finding::fact("no token was used before its nbf", aged.call).beside(aged.login)
        }
        None => unobserved(view, "no token with an nbf was served beside a Date"),
    }
}

/// Seconds from a call to the `nbf` of its token, by the `Date` of the reply that issued it and the time
/// that has passed since.
fn seconds_to_its_time(view: &View<'_>, aged: &AgedCall<'_>) -> Option<f64> {
    let (_, claims) = view.evidence.jwt_of(aged.login.seq)?;
    let date = aged.login.reply?.header("date")?;
    let date = Timestamp::parse_http_date(date)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of any date fit")]
    let issued = date.as_seconds() as f64;
    Some(claims["nbf"].as_f64()? - issued - aged.age)
}

fn is_minted_well(exchange: &Exchange<'_>) -> bool {
    shown(exchange) == Some(ShownToken::Minted)
}

/// An `exp` with a fraction is honoured, and one that is text is refused.
fn ends_are_numbers(view: &View<'_>) -> Finding {
    let finding = refused(view, is_minted_well, |shown| shown == ShownToken::TextEnd);
    if finding.grade() != Grade::Met {
        return finding;
    }
    let fractions = || {
        let shown_ones = view.evidence.exchanges();
        shown_ones.filter(|exchange| shown(exchange) == Some(ShownToken::FractionalEnd))
    };
    if let Some(refused) = fractions().find(|exchange| !exchange.is_served()) {
        let expected = "a token with a fraction in its exp accepted";
        return crate::rules::not_served(&refused, expected);
    }
    match Proof::all(fractions()) {
        Some(_) => finding,
        None => unobserved(view, "no token with a fraction in its exp was shown"),
    }
}

/// Of two `exp`, the first does not count: where it alone lies ahead, the token is refused. Where the
/// last alone does, both answers are right.
fn the_last_claim_counts(view: &View<'_>) -> Finding {
    refused(view, is_minted_well, |shown| shown == ShownToken::EndsFirst)
}

/// Nobody comes to our listener, and each token is refused: an internal error over one is a finding.
fn no_key_is_fetched(view: &View<'_>) -> Finding {
    let Some((seq, listened)) = listened(view) else {
        return unobserved(view, "no listener of ours was at hand");
    };
    let visits = listened["visits"].as_array().map_or(0, Vec::len);
    if visits > 0 {
        let tokens = view.evidence.exchanges().filter(|e| shown(e).is_some());
        let proof = tokens.fold(Proof::from(seq), Proof::and);
        let what = format!("{visits} came to our listener: {}", listened["visits"]);
        return Finding::broken("no key fetched from where a token says", what, proof);
    }
    let failed = view.evidence.exchanges().find(|exchange| {
        let of_kid = matches!(
            shown(exchange),
            Some(ShownToken::KidPath | ShownToken::KidSql | ShownToken::KidAddress)
        );
        of_kid && exchange.status() >= 500
    });
    if let Some(failed) = failed {
        let what = format!("{} ({})", failed.sentence(), failed.reaction().words());
        return Finding::broken("a kid taken as a name only: a refusal", what, failed);
    }
    if listened["answers"] != true {
        return unobserved(view, "our listener did not answer ourselves").seen_in(seq);
    }
    forged_ones_are_refused(view)
}

/// What our listener saw.
fn listened<'a>(view: &View<'a>) -> Option<(RecordId, &'a Value)> {
    let mut controls = view.evidence.controls();
    let found = controls.find(|(_, call, _)| *call == OWN_LISTENER);
    found.map(|(seq, _, body)| (seq, body))
}

/// The tokens that are `bad` get nothing, wherever they are shown, beside a `good` one that was
/// served there.
fn refused(
    view: &View<'_>,
    good: impl Fn(&Exchange<'_>) -> bool,
    bad: impl Fn(ShownToken) -> bool,
) -> Finding {
    let is_bad = |exchange: &Exchange<'_>| !good(exchange) && shown(exchange).is_some_and(&bad);
    let all: Vec<Exchange<'_>> = view
        .evidence
        .exchanges()
        .filter(|exchange| PLACES.contains(&exchange.operation) && is_bad(exchange))
        .collect();
    let control = |operation| {
        let mut known = view.evidence.exchanges_for(operation);
        known.find(|exchange| good(exchange) && exchange.is_served())
    };
    let accepted: Vec<&Exchange<'_>> = all.iter().filter(|e| e.got_something()).collect();
    if let (Some(first), Some(proof)) = (accepted.first(), Proof::all(accepted.iter().copied())) {
        let seen: Vec<String> = accepted
            .iter()
            .map(|exchange| format!("{}: accepted", exchange.words()))
            .collect();
        let seen = format!("{}{}", seen.join("; "), said_of(view, first));
        let finding = Finding::broken("a refusal", seen, proof);
        return match control(first.operation) {
            Some(control) => finding.beside(control),
            None => finding,
        };
    }
    if let Some(gone) = all.iter().find_map(gone) {
        return gone;
    }
    if let Some(other) = all.iter().find(|e| e.reaction() != Reaction::Refused) {
        let what = format!(
            "not graded: {} ({})",
            other.sentence(),
            other.reaction().words()
        );
        return unobserved(view, &what).seen_in(other);
    }
    let Some(proof) = Proof::all(&all) else {
        return unobserved(view, "no such token was shown");
    };
    let mut controls: Option<Proof> = None;
    for operation in PLACES {
        if !all.iter().any(|exchange| exchange.operation == operation) {
            continue;
        }
        let Some(control) = control(operation) else {
            let what = format!("refused, but no good {operation} was served beside it");
            return unobserved(view, &what).seen_in(proof);
        };
        controls = Some(match controls {
            Some(known) => known.and(control),
            None => control.into(),
        });
    }
    let finding = Finding::met(format!("{} refused", all.len()), proof);
    match controls {
        Some(controls) => finding.beside(controls),
        None => finding,
    }
}

/// Header and payload of the token that a request showed, for a finding: never its signature.
fn said_of(view: &View<'_>, exchange: &Exchange<'_>) -> String {
    let said = view
        .evidence
        .records()
        .iter()
        .find_map(|record| match &record.event {
            Event::Jwt {
                request,
                member,
                header,
                claims,
            } if *request == exchange.seq && member == FORGED => Some((header, claims)),
            _ => None,
        });
    said.map_or_else(String::new, |(header, claims)| {
        format!("; its header is {header}, its payload {claims}")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const MINTED: &str = "minted without a fault";

    /// A token of each row that is refused, and what it is refused beside.
    const ROWS: &[(&str, &str, &str)] = &[
        ("JWT-02", "", "with alg nONE"),
        ("JWT-03", MINTED, "minted under another algorithm"),
        ("JWT-04", "", "signed with the modulus"),
        ("JWT-05", "", "with another subject"),
        ("JWT-09", MINTED, "minted for later"),
        ("JWT-12", MINTED, "minted without exp"),
        ("JWT-13", MINTED, "minted with an unknown crit"),
        ("JWT-14", MINTED, "minted by another issuer"),
        ("JWT-15", MINTED, "minted for another audience"),
        ("JWT-18", "", "with the id token"),
        ("JWT-19", MINTED, "minted with exp ahead and then exp past"),
        ("JWT-28", "", "with a key of ours in jwk"),
    ];

    fn rule(id: &str) -> &'static crate::rules::Rule {
        let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
        rule.expect("a rule")
    }

    #[test]
    fn another_token_is_refused_beside_a_good_one() {
        for (id, good, bad) in ROWS {
            let served = || Log::new().exchange("call", good, 200, "[]");
            let with = |status| served().exchange("call", bad, status, "[]");
            check(&served(), id, Grade::Unobserved);
            check(&with(401), id, Grade::Met);
            check(&with(400), id, Grade::Met);
            check(&with(200), id, Grade::Broken);
            check(&with(429), id, Grade::Unobserved);
            let alone = Log::new().exchange("call", bad, 401, "");
            check(&alone, id, Grade::Unobserved);
            let refused = Log::new().exchange("call", good, 401, "");
            check(
                &refused.exchange("call", bad, 401, ""),
                id,
                Grade::Unobserved,
            );
            for failure in FAILURES {
                let finding = served().failed("call", bad, failure).judge(rule(id));
                assert!(
                    matches!(finding.grade(), Grade::Unobserved | Grade::Gone),
                    "{id} {failure:?}: {finding:?}"
                );
            }
        }
    }

    /// A token that was issued for later and used once its time had come was told to be too early.
    #[test]
    fn an_issued_token_is_used_before_its_time_or_not() {
        let used = |nbf: u64, after_s: f64, status| {
            let claims = json!({"nbf": 1_795_514_400 + nbf});
            let date = "Tue, 24 Nov 2026 10:00:00 GMT";
            Log::new().jwt("", date, &claims).advance(after_s).sent(
                "call",
                "",
                "«access token 1»",
                status,
                "[]",
            )
        };
        check(&used(500, 0.0, 200), "JWT-09", Grade::Broken);
        check(&used(500, 400.0, 200), "JWT-09", Grade::Broken);
        check(&used(500, 450.0, 200), "JWT-09", Grade::Fact);
        check(&used(0, 0.0, 200), "JWT-09", Grade::Fact);
        check(&used(500, 0.0, 401), "JWT-09", Grade::Unobserved);
    }

    /// A pool takes tokens at several operations: each has its own control.
    #[test]
    fn each_operation_counts() {
        let user = r#"{"Username":"u"}"#;
        let identity = r#"{"IdentityId":"i"}"#;
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let log = |status, body: &str| {
            Log::of_a_user_pool()
                .exchange("use access", "", 200, user)
                .exchange("use id", "", 200, identity)
                .exchange("use access", "with alg none", 400, refused)
                .exchange("use id", "with alg none", status, body)
        };
        check(&log(400, refused), "JWT-02", Grade::Met);
        check(&log(200, identity), "JWT-02", Grade::Broken);
        let without = Log::of_a_user_pool()
            .exchange("use access", "", 200, user)
            .exchange("use id", "with alg none", 400, refused);
        check(&without, "JWT-02", Grade::Unobserved);
    }

    #[test]
    fn an_end_is_a_number_with_or_without_a_fraction() {
        let log = |text, fraction| {
            Log::new()
                .exchange("call", MINTED, 200, "[]")
                .exchange("call", "minted with an exp that is text", text, "[]")
                .exchange(
                    "call",
                    "minted with an exp that has a fraction",
                    fraction,
                    "[]",
                )
        };
        check(&log(401, 200), "JWT-10", Grade::Met);
        check(&log(200, 200), "JWT-10", Grade::Broken);
        check(&log(401, 401), "JWT-10", Grade::Broken);
        check(&log(401, 429), "JWT-10", Grade::Unobserved);
        let alone = Log::new().exchange("call", MINTED, 200, "[]").exchange(
            "call",
            "minted with an exp that is text",
            401,
            "",
        );
        check(&alone, "JWT-10", Grade::Unobserved);
    }

    #[test]
    fn the_first_of_two_ends_does_not_count() {
        let log = |last_ahead, first_ahead| {
            Log::new()
                .exchange("call", MINTED, 200, "[]")
                .exchange(
                    "call",
                    "minted with exp past and then exp ahead",
                    last_ahead,
                    "[]",
                )
                .exchange(
                    "call",
                    "minted with exp ahead and then exp past",
                    first_ahead,
                    "[]",
                )
        };
        check(&log(401, 401), "JWT-19", Grade::Met);
        check(&log(200, 401), "JWT-19", Grade::Met);
        check(&log(401, 200), "JWT-19", Grade::Broken);
    }

    #[test]
    fn a_listener_is_not_asked_by_the_vendor() {
        let log = |status, visits: &[&str], answers| {
            Log::new()
                .exchange("call", "", 200, "[]")
                .exchange("call", "with a jku of ours", 401, "")
                .exchange("call", "with a kid that is SQL", status, "")
                .control(
                    "own listener",
                    &json!({"answers": answers, "visits": visits}),
                )
        };
        check(&log(401, &[], true), "JWT-17", Grade::Met);
        check(
            &log(401, &["GET /locum.json"], true),
            "JWT-17",
            Grade::Broken,
        );
        check(&log(500, &[], true), "JWT-17", Grade::Broken);
        check(&log(200, &[], true), "JWT-17", Grade::Broken);
        check(&log(401, &[], false), "JWT-17", Grade::Unobserved);
        let silent = Log::new().exchange("call", "", 200, "[]").exchange(
            "call",
            "with a jku of ours",
            401,
            "",
        );
        check(&silent, "JWT-17", Grade::Unobserved);
    }

    /// The finding shows what was accepted, and never a whole token.
    #[test]
    fn what_was_accepted_is_shown_without_its_signature() {
        let log = Log::new()
            .exchange("call", "", 200, "[]")
            .exchange("call", "with alg none", 200, "[]")
            .holds_jwt("shown token", &json!({"sub": "somebody"}));
        let finding = log.judge(rule("JWT-02"));
        assert!(
            finding.reason().contains(r#"{"sub":"somebody"}"#),
            "{finding:?}"
        );
        assert!(!finding.reason().contains("c2ln"), "{finding:?}");
    }
}
