//! How a revocation is answered (RFC 7009 §2.2).

use locum_core::profile::Grant;

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Message, Operation, Reaction, RevocationVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-03", |view| concluded(answers_200(view))),
    Rule::vendor("REV-08", |view| concluded(other_kinds_are_reported(view))),
];

const UNKNOWN: Variation = Variation::Revocation(RevocationVariation::UnknownToken);
const OTHER_KIND: Variation = Variation::Revocation(RevocationVariation::OtherKind);

/// How one revokes at this vendor.
fn revocation_of(view: &View<'_>) -> Operation {
    match view.profile.token.grant {
        Grant::Cognito => Operation::RevokeRefreshToken,
        _ => Operation::Revoke,
    }
}

/// An unknown token and one that is revoked already are answered with 200.
fn answers_200(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges_for(revocation_of(view));
    let asked: Vec<Exchange<'_>> = all
        .filter(|exchange| {
            matches!(exchange.variation, Variation::Again) || *exchange.variation == UNKNOWN
        })
        .collect();
    let is_200 = |exchange: &Exchange<'_>| {
        exchange.status() == 200 && !matches!(exchange.reaction(), Reaction::Failed(_))
    };
    let is_silent = |exchange: &Exchange<'_>| {
        matches!(exchange.reaction(), Reaction::Gone(_) | Reaction::Throttled)
    };
    let other = asked
        .iter()
        .filter(|exchange| !is_200(exchange) && !is_silent(exchange));
    if let Some(proof) = Proof::all(other.clone()) {
        let seen: Vec<String> = other.map(Exchange::sentence).collect();
        return Ok(Finding::broken("200", seen.join("; "), proof));
    }
    if let Some(gone) = asked.iter().find_map(gone) {
        return Ok(gone);
    }
    if let Some(throttled) = asked.iter().find(|exchange| is_silent(exchange)) {
        let what = throttled.sentence();
        return Err(Box::new(unobserved(view, &what).seen_in(throttled)));
    }
    for wanted in [&UNKNOWN, &Variation::Again] {
        if !asked.iter().any(|exchange| exchange.variation == wanted) {
            let what = format!("no {} {wanted} was made", revocation_of(view));
            return unseen(view, &what);
        }
    }
    match Proof::all(&asked) {
        Some(proof) => Ok(Finding::met(
            format!("{} answered with 200", asked.len()),
            proof,
        )),
        None => unseen(view, "no revocation was made"),
    }
}

/// How the revocation of a token of another kind is answered.
fn other_kinds_are_reported(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges_for(revocation_of(view));
    let asked: Vec<Exchange<'_>> = all
        .filter(|exchange| *exchange.variation == OTHER_KIND)
        .collect();
    if let Some(gone) = asked.iter().find_map(gone) {
        return Ok(gone);
    }
    let is_answered = |exchange: &&Exchange<'_>| {
        matches!(exchange.reaction(), Reaction::Served | Reaction::Refused)
    };
    let Some(answered) = asked.iter().find(is_answered) else {
        return unseen(view, "no token of another kind was revoked");
    };
    let error = answered.reply.and_then(Message::error).unwrap_or_default();
    let seen = format!("{} {error}", answered.sentence());
    Ok(Finding::fact(seen.trim_end(), answered))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const UNKNOWN: &str = "of a token that nobody issued";

    fn log(again: (u16, &str), unknown: (u16, &str)) -> Log {
        Log::new()
            .exchange("revoke", "", 200, "")
            .exchange("revoke", "again", again.0, again.1)
            .exchange("revoke", UNKNOWN, unknown.0, unknown.1)
    }

    #[test]
    fn what_is_unknown_or_revoked_is_answered_with_200() {
        let ok = (200, "");
        check(&log(ok, ok), "REV-03@corti", Grade::Met);
        check(
            &log(ok, (200, r#"{"error":"invalid_token"}"#)),
            "REV-03@corti",
            Grade::Met,
        );
        check(&log(ok, (400, "{}")), "REV-03@corti", Grade::Broken);
        check(&log((400, "{}"), ok), "REV-03@corti", Grade::Broken);
        check(&log(ok, (204, "")), "REV-03@corti", Grade::Broken);
        check(&log(ok, (500, "")), "REV-03@corti", Grade::Broken);
        check(&log(ok, (429, "")), "REV-03@corti", Grade::Unobserved);
        let half = Log::new().exchange("revoke", "again", 200, "");
        check(&half, "REV-03@corti", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("revoke", "again", 200, "")
                .failed("revoke", UNKNOWN, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "REV-03@corti", grade);
        }
    }

    #[test]
    fn a_user_pool_answers_the_same() {
        let log = |status| {
            Log::of_a_user_pool()
                .exchange("revoke refresh", "again", 200, "")
                .exchange("revoke refresh", UNKNOWN, status, "")
        };
        check(&log(200), "REV-03", Grade::Met);
        check(&log(400), "REV-03", Grade::Broken);
    }

    #[test]
    fn another_kind_is_reported() {
        let kind = "of a token of another kind";
        let body = r#"{"error":"unsupported_token_type"}"#;
        let log = |status, body| Log::new().exchange("revoke", kind, status, body);
        check(&log(400, body), "REV-08@corti", Grade::Fact);
        check(&log(200, ""), "REV-08@corti", Grade::Fact);
        check(&log(500, ""), "REV-08@corti", Grade::Unobserved);
    }
}
