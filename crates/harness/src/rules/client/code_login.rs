//! How a client protects a login by an authorization code (RFC 6749 §4.1.1, RFC 7636).

use std::ops::RangeInclusive;

use percent_encoding::percent_decode_str;

use super::traffic::{Arrival, arrivals, token_requests};
use super::{Fault, each_has_the_form};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::client("TOK-27", is_bound_to_its_beginning).everywhere()];

/// RFC 7636 §4.1: "with a minimum length of 43 characters and a maximum length of 128 characters".
const VERIFIER: RangeInclusive<usize> = 43..=128;

/// Each exchange of a code has a verifier, and each authorization request an S256 challenge and a
/// state. Of a client that exchanged no code there is nothing to say.
fn is_bound_to_its_beginning(view: &View<'_>) -> Finding {
    let is_exchange = |request: &Arrival<'_>| {
        request.parameter("grant_type").as_deref() == Some("authorization_code")
    };
    let exchanges = token_requests(view).filter(is_exchange).map(|request| {
        let verifier = request.parameter("code_verifier").unwrap_or_default();
        let length = verifier.chars().count();
        let seen = match length {
            0 => Some("no code_verifier".to_owned()),
            _ if VERIFIER.contains(&length) => None,
            _ => Some(format!("a code_verifier of {length} characters")),
        };
        (request, seen.map(|seen| Fault::broken(request, seen)))
    });
    let exchanges: Vec<_> = exchanges.collect();
    let begins: Vec<_> = match exchanges.is_empty() {
        true => Vec::new(),
        false => arrivals(view)
            .filter_map(|request| beginning(&request))
            .collect(),
    };
    let logs_in_otherwise = || {
        let login = token_requests(view).find(Arrival::is_served)?;
        let why = "the client exchanged no code";
        Some(Finding::not_applicable(why, login))
    };
    each_has_the_form(
        view,
        "code_challenge_method=S256, a code_verifier of 43 to 128 characters, a state",
        "no code was exchanged",
        exchanges.into_iter().chain(begins),
    )
    .or_not_applicable(logs_in_otherwise)
}

/// What is wrong with an authorization request; `None` of any other.
fn beginning<'a>(request: &Arrival<'a>) -> Option<(Arrival<'a>, Option<Fault<'a>>)> {
    let (_, query) = request.entry.target.split_once('?')?;
    if request.entry.endpoint != "authorize" {
        return None;
    }
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        let text = found.map_or("", |(_, value)| value);
        percent_decode_str(text).decode_utf8_lossy().into_owned()
    };
    if value("response_type") != "code" {
        return None;
    }
    let mut faults = Vec::new();
    if value("code_challenge").is_empty() {
        faults.push("no code_challenge".to_owned());
    } else if value("code_challenge_method") != "S256" {
        faults.push(format!(
            "code_challenge_method={}",
            value("code_challenge_method")
        ));
    }
    if value("state").is_empty() {
        faults.push("no state".to_owned());
    }
    let fault = (!faults.is_empty()).then(|| Fault::broken(*request, faults.join(", ")));
    Some((*request, fault))
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;
    use locum_core::requirement::Judge;

    use crate::rules::client::testing::reply;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::{Log, check_side};
    use crate::verdict::Grade;

    const VERIFIER: &str = "0123456789012345678901234567890123456789012";

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] =
        &[("TOK-27", |log| exchanged(begins(log, BEGINNING), VERIFIER))];

    const BEGINNING: &str = "code_challenge=c&code_challenge_method=S256&state=s";

    fn begun(query: &str) -> Log {
        begins(Log::new(), query)
    }

    fn begins(log: Log, query: &str) -> Log {
        log.entered("authorize", |entry| {
            entry.target = format!("/authorize?response_type=code&{query}");
            entry.outcome = Some(Outcome::Served);
            entry.reply = Some(reply(302, ""));
        })
    }

    fn exchanged(log: Log, verifier: &str) -> Log {
        let form = format!("grant_type=authorization_code&code=c&code_verifier={verifier}");
        log.arrival("token", "/token", &[], &form)
    }

    fn check(log: &Log, expected: Grade) {
        check_side(log, "TOK-27", Judge::Client, expected);
    }

    #[test]
    fn a_code_login_is_protected_or_not() {
        let good = BEGINNING;
        check(&exchanged(begun(good), VERIFIER), Grade::Met);
        for query in [
            "code_challenge=c&code_challenge_method=plain&state=s",
            "code_challenge=c&state=s",
            "code_challenge=c&code_challenge_method=S256",
            "code_challenge=c&code_challenge_method=S256&state=",
            "state=s",
        ] {
            check(&exchanged(begun(query), VERIFIER), Grade::Broken);
        }
        check(&exchanged(begun(good), ""), Grade::Broken);
        check(&exchanged(begun(good), &VERIFIER[1..]), Grade::Broken);
        check(&exchanged(begun(good), &VERIFIER.repeat(3)), Grade::Broken);
    }

    /// The harness's own way to a page, or a login of another kind, is no login by a code.
    #[test]
    fn without_an_exchange_nothing_is_said() {
        check(&begun("state="), Grade::Unobserved);
        let other = Log::new().arrival("token", "/token", &[], "grant_type=client_credentials");
        check(&other, Grade::NotApplicable);
        check(&Log::new(), Grade::Unobserved);
    }
}
