//! How a client protects a login by an authorization code (RFC 6749 §4.1.1, RFC 7636).

use std::ops::RangeInclusive;

use percent_encoding::percent_decode_str;

use super::spelled::length;
use super::traffic::{Arrival, arrivals, token_requests};
use super::{Fault, each_has_the_form, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[Rule::client("TOK-27", is_bound_to_its_beginning).everywhere()];

/// RFC 7636 §4.1: "with a minimum length of 43 characters and a maximum length of 128 characters".
const VERIFIER: RangeInclusive<usize> = 43..=128;

/// Each exchange of a code has a verifier, and each authorization request an S256 challenge and a
/// state. Of a client that exchanged no code there is nothing to say, and little of one whose
/// authorization requests went elsewhere.
fn is_bound_to_its_beginning(view: &View<'_>) -> Finding {
    let is_exchange = |request: &Arrival<'_>| {
        request.parameter("grant_type").as_deref() == Some("authorization_code")
    };
    let exchanges: Vec<_> = token_requests(view)
        .filter(is_exchange)
        .map(|request| (request, exchange(&request)))
        .collect();
    let begins: Vec<_> = match exchanges.is_empty() {
        true => Vec::new(),
        false => arrivals(view)
            .filter_map(|request| beginning(&request))
            .collect(),
    };
    let is_half_seen = begins.is_empty() && exchanges.iter().any(|(_, fault)| fault.is_none());
    let logs_in_otherwise = || {
        let login = token_requests(view).find(Arrival::is_served)?;
        let why = "the client exchanged no code";
        Some(Finding::not_applicable(why, login))
    };
    let finding = each_has_the_form(
        view,
        "code_challenge_method=S256, a code_verifier of 43 to 128 characters, a state",
        "no code was exchanged",
        exchanges.into_iter().chain(begins),
    );
    match finding.grade() {
        Grade::Met if is_half_seen => {
            unobserved(view, "no authorization request of the code login was seen")
        }
        Grade::Unobserved if is_half_seen => finding,
        _ => finding.or_not_applicable(logs_in_otherwise),
    }
}

/// What is wrong with the verifier of a token request that exchanges a code.
fn exchange<'a>(request: &Arrival<'a>) -> Option<Fault<'a>> {
    let verifier = request.parameter("code_verifier").unwrap_or_default();
    let seen = match length(&verifier) {
        Some(0) => "no code_verifier".to_owned(),
        Some(length) if VERIFIER.contains(&length) => return None,
        Some(length) => format!("a code_verifier of {length} characters"),
        None => format!("{verifier} as code_verifier"),
    };
    Some(Fault::broken(*request, seen))
}

/// What is wrong with an authorization request, pushed or not; `None` of any other, and of one that
/// names what was pushed.
fn beginning<'a>(request: &Arrival<'a>) -> Option<(Arrival<'a>, Option<Fault<'a>>)> {
    if !matches!(request.entry.endpoint.as_str(), "authorize" | "pushed") {
        return None;
    }
    let query = request.entry.target.split_once('?');
    let in_query = |name: &str| {
        let mut pairs = query?.1.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(known, _)| *known == name)?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let value = |name: &str| {
        let found = in_query(name).or_else(|| request.parameter(name));
        found.unwrap_or_default()
    };
    if value("response_type") != "code" || !value("request_uri").is_empty() {
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

    /// As the journal keeps it: by its length, since whoever has the verifier has the code.
    #[test]
    fn a_verifier_that_is_masked_is_read_by_its_length() {
        for (masked, grade) in [
            ("«unknown, 43 bytes»", Grade::Met),
            ("«unknown, 128 bytes»", Grade::Met),
            ("«unknown, 42 bytes»", Grade::Broken),
            ("«unknown, 129 bytes»", Grade::Broken),
            ("«unknown, 1 byte»", Grade::Broken),
            ("«secret of client-a»", Grade::Broken),
        ] {
            check(&exchanged(begun(BEGINNING), masked), grade);
        }
    }

    #[test]
    fn a_pushed_request_is_a_beginning() {
        let pushed = |form: &str| {
            let form = format!("response_type=code&{form}");
            Log::new().arrival("pushed", "/par", &[], &form)
        };
        let refers = |log: Log| begins(log, "client_id=c&request_uri=urn:x");
        check(&exchanged(refers(pushed(BEGINNING)), VERIFIER), Grade::Met);
        check(
            &exchanged(refers(pushed("state=s")), VERIFIER),
            Grade::Broken,
        );
    }

    /// The person's browser may have asked another server.
    #[test]
    fn without_an_authorization_request_only_a_fault_is_told() {
        check(&exchanged(Log::new(), VERIFIER), Grade::Unobserved);
        check(&exchanged(Log::new(), ""), Grade::Broken);
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
