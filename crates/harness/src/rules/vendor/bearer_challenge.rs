//! How the API asks for a token (RFC 6750 §3), and what it lets caches keep.

use super::refusal::each_is_refused;
use super::token_head::{directives, each, graded};
use crate::evidence::challenge::{challenge_of, challenges};
use crate::evidence::{CallVariation, Exchange, Message, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BRR-10", has_a_challenge).everywhere(),
    Rule::vendor("BRR-11", is_bearer_with_a_parameter).everywhere(),
    Rule::vendor("BRR-12", says_invalid_token),
    Rule::vendor("BRR-13", names_no_error_without_a_token).everywhere(),
    Rule::vendor("BRR-16", repeats_no_parameter).everywhere(),
    Rule::vendor("BRR-22", is_not_public).everywhere(),
];

const BEARER: &str = "bearer";

const NONE: &str = "no 401 of the API was received";
const NO_CHALLENGE: &str = "no 401 of the API had a challenge";

/// The calls with their replies, where a documented one was served.
fn calls<'a>(view: &View<'a>) -> impl Iterator<Item = (Exchange<'a>, &'a Message)> + use<'a> {
    let mut documented = view.evidence.documented(Operation::Call);
    let served = documented.any(|call| call.is_served());
    view.evidence
        .exchanges_for(Operation::Call)
        .filter(move |_| served)
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
}

fn refused<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    calls(view)
        .filter(|(_, reply)| reply.status == 401)
        .collect()
}

fn challenged<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let mut refused = refused(view);
    refused.retain(|(_, reply)| reply.header("www-authenticate").is_some());
    refused
}

/// `WWW-Authenticate` on each 401 (RFC 9110 §11.6.1).
fn has_a_challenge(view: &View<'_>) -> Finding {
    let words = (NONE, "WWW-Authenticate on each 401");
    each(view, &refused(view), words, |reply| {
        let missing = reply.header("www-authenticate").is_none();
        missing.then(|| {
            (
                "WWW-Authenticate".to_owned(),
                "no WWW-Authenticate".to_owned(),
            )
        })
    })
}

/// The scheme Bearer and at least one parameter (RFC 6750 §3). A bare word is tolerated.
fn is_bearer_with_a_parameter(view: &View<'_>) -> Finding {
    let all = challenged(view);
    let other = graded(view, &all, (NO_CHALLENGE, ""), Grade::Broken, |reply| {
        let observed = match challenges(reply) {
            None => "a field that is no list of challenges by RFC 9110 §11.6.1".to_owned(),
            Some(all) if all.iter().any(|one| one.scheme == BEARER) => return None,
            Some(all) => {
                let schemes: Vec<&str> = all.iter().map(|one| one.scheme.as_str()).collect();
                format!("the scheme {}", schemes.join(" and "))
            }
        };
        Some(("the scheme Bearer".to_owned(), observed))
    });
    if other.grade() != Grade::Met {
        return other;
    }
    let words = (NO_CHALLENGE, "Bearer with a parameter");
    graded(view, &all, words, Grade::Tolerated, |reply| {
        let bearer = challenge_of(reply, BEARER)?;
        bearer.parameters.is_empty().then(|| {
            (
                "a parameter such as realm".to_owned(),
                "Bearer alone".to_owned(),
            )
        })
    })
}

/// A bad token is refused with 401, and a challenge that names an error says `invalid_token` (RFC 6750
/// §3.1). One that names none is the matter of other rows.
fn says_invalid_token(view: &View<'_>) -> Finding {
    let refused = each_is_refused(view, Operation::Call);
    if refused.grade() != Grade::Met {
        return refused;
    }
    let mut bad = challenged(view);
    bad.retain(|(call, _)| !call.is_documented());
    let words = (NO_CHALLENGE, "invalid_token");
    let named = graded(view, &bad, words, Grade::Broken, |reply| {
        let bearer = challenge_of(reply, BEARER)?;
        let observed = match bearer.parameter("error") {
            Some("invalid_token") => return None,
            Some(error) => format!("the error {error}"),
            // Another row has what a bare one lacks, and one of its own where the vendor says more.
            None if bearer.parameters.is_empty() || view.expected.parameter.is_none() => {
                return None;
            }
            None => "no error".to_owned(),
        };
        Some(("the error invalid_token".to_owned(), observed))
    });
    match named.grade() {
        Grade::Broken => named,
        _ => refused,
    }
}

/// A request without credentials gets 401 without an error code (RFC 6750 §3.1).
fn names_no_error_without_a_token(view: &View<'_>) -> Finding {
    let without: Vec<_> = calls(view)
        .filter(|(exchange, reply)| {
            // A server that fails or is busy says nothing of the token.
            let is_told = reply.status != 429 && !reply.is_class(5);
            *exchange.variation == Variation::Call(CallVariation::NoToken) && is_told
        })
        .collect();
    let none = "no call without a token was answered";
    each(
        view,
        &without,
        (none, "401 without an error code"),
        |reply| {
            let names_an_error =
                || challenge_of(reply, BEARER).is_some_and(|one| one.parameter("error").is_some());
            let observed = match reply.status {
                401 if names_an_error() => "an error code in the challenge".to_owned(),
                401 => return None,
                status => format!("status {status}"),
            };
            Some(("401 without an error code".to_owned(), observed))
        },
    )
}

/// No parameter occurs twice.
fn repeats_no_parameter(view: &View<'_>) -> Finding {
    let words = (NO_CHALLENGE, "each parameter once");
    each(view, &challenged(view), words, |reply| {
        let bearer = challenge_of(reply, BEARER)?;
        let mut names: Vec<&str> = bearer.parameters.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
        Some((
            "each parameter once".to_owned(),
            format!("{} twice", twice[0]),
        ))
    })
}

/// A served reply is not marked for shared caches (RFC 6750 §5.3, RFC 9111 §3.5).
fn is_not_public(view: &View<'_>) -> Finding {
    let served: Vec<_> = calls(view)
        .filter(|(exchange, _)| exchange.is_documented() && exchange.is_served())
        .collect();
    let words = ("no call was served", "nothing for shared caches");
    each(view, &served, words, |reply| {
        let all = directives(reply);
        let has = |name: &str| all.iter().any(|one| one.split('=').next() == Some(name));
        if has("no-store") || has("private") {
            return None;
        }
        let public = ["public", "s-maxage", "must-revalidate"]
            .into_iter()
            .find(|name| has(name))?;
        Some((
            "private or no-store".to_owned(),
            format!("Cache-Control: {public}"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    fn call(status: u16, challenge: &str) -> Log {
        let log = Log::new().exchange("call", "", 200, "{}");
        log.replied("call", "without a token", status, challenge, "{}")
    }

    #[test]
    fn a_challenge_is_right_or_not() {
        for id in ["BRR-10", "BRR-11", "BRR-13", "BRR-16"] {
            check(&call(401, "Bearer realm=\"a, b=c\""), id, Grade::Met);
            check(&Log::new(), id, Grade::Unobserved);
        }
        let none = Log::new().exchange("call", "", 200, "{}").exchange(
            "call",
            "without a token",
            401,
            "{}",
        );
        check(&none, "BRR-10", Grade::Tolerated);
        check(&call(401, "Bearer"), "BRR-11", Grade::Tolerated);
        check(&call(401, "Basic realm=\"a\""), "BRR-11", Grade::Broken);
        check(&call(401, "Bearer realm='a b'"), "BRR-11", Grade::Broken);
        let two = call(401, "Negotiate, Bearer realm=\"a\"");
        check(&two, "BRR-11", Grade::Met);
        let named = call(401, "Bearer error=\"invalid_token\"");
        check(&named, "BRR-13", Grade::Broken);
        check(&call(403, "Bearer realm=\"a\""), "BRR-13", Grade::Broken);
        check(&call(200, ""), "BRR-13", Grade::Broken);
        check(&call(302, ""), "BRR-13", Grade::Broken);
        check(&call(429, ""), "BRR-13", Grade::Unobserved);
        check(&call(503, ""), "BRR-13", Grade::Unobserved);
        let twice = call(401, "Bearer realm=\"a\", realm=\"b\"");
        check(&twice, "BRR-16", Grade::Broken);
        check(&call(500, "Bearer"), "BRR-10", Grade::Unobserved);
    }

    #[test]
    fn a_reply_is_for_shared_caches_or_not() {
        let served =
            |control: &str| Log::new().headed("call", "", 200, &[("Cache-Control", control)], "{}");
        check(&served("public, max-age=60"), "BRR-22", Grade::Broken);
        check(&served("private, must-revalidate"), "BRR-22", Grade::Met);
        check(&served("s-maxage=9"), "BRR-22", Grade::Broken);
        check(
            &Log::new().exchange("call", "", 200, "{}"),
            "BRR-22",
            Grade::Met,
        );
        check(
            &Log::new().exchange("call", "", 500, "{}"),
            "BRR-22",
            Grade::Unobserved,
        );
    }
}
