//! What an authorization response brings back to the client (RFC 6749 §4.1.2): the state of the
//! request, the issuer, or an error.

use std::borrow::Cow;

use super::authorize::good;
use super::deviation::Deviations;
use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{Exchange, Operation, PROMISES_ISSUER, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-15", |view| concluded(state_comes_back(view))),
    Rule::vendor("BCP-16", |view| concluded(issuer_is_named(view))),
    Rule::vendor("BCP-17", |view| concluded(errors_go_to_the_client(view))),
    Rule::vendor("BCP-18", |view| concluded(nonce_is_in_the_id_token(view))),
];

/// A redirect that leads back to the client.
struct Response<'a> {
    /// The authorization request that it answers.
    asked: Exchange<'a>,
    /// The reply that redirects: to the request itself, or to the form of the login page.
    answered: Exchange<'a>,
    /// Its parameters, as they stand behind the redirect URI.
    parameters: &'a str,
}

impl<'a> Response<'a> {
    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        parameter(self.parameters, name)
    }
}

/// The first parameter called `name` of a query, form-decoded.
fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    Some(match value.contains(['+', '%']) {
        true => {
            let spaced = value.replace('+', " ");
            let decoded = percent_encoding::percent_decode_str(&spaced);
            Cow::Owned(decoded.decode_utf8_lossy().into_owned())
        }
        false => Cow::Borrowed(value),
    })
}

/// The parameter called `name` of an authorization request.
fn asked_for<'a>(request: &Exchange<'a>, name: &str) -> Option<Cow<'a, str>> {
    let (_, query) = request.request.target.split_once('?')?;
    parameter(query, name)
}

/// Each redirect that leads back to the client, in order. One to an address that is not registered
/// is a row of its own.
fn responses<'a>(view: &View<'a>) -> Vec<Response<'a>> {
    let mut asked: Option<Exchange<'a>> = None;
    let mut found = Vec::new();
    for exchange in view.evidence.exchanges() {
        match exchange.operation {
            Operation::Authorize if asked_for(&exchange, "redirect_uri").is_some() => {
                asked = Some(exchange).filter(|request| !is_of_others(request));
            }
            Operation::Authorize | Operation::SubmitLogin => {}
            _ => continue,
        }
        let Some(asked) = asked else { continue };
        let location = exchange.reply.and_then(|reply| reply.header("location"));
        let named = asked_for(&asked, "redirect_uri").unwrap_or_default();
        let rest = location.and_then(|location| location.strip_prefix(&*named));
        if let Some(rest) = rest.filter(|_| exchange.reaction() == Reaction::Redirected) {
            found.push(Response {
                asked,
                answered: exchange,
                parameters: rest.trim_start_matches(['?', '#', '&']),
            });
        }
    }
    found
}

/// Whether a request is one that must lead nowhere.
fn is_of_others(request: &Exchange<'_>) -> bool {
    matches!(request.variation, Variation::Authorize(change) if change.leads_nowhere())
}

/// Each of `all` is as it should be, or deviates as `fault` says.
fn judged<'a>(
    view: &View<'a>,
    all: &[Response<'a>],
    fault: impl Fn(&Response<'a>) -> Option<(String, String)>,
) -> Step<Finding> {
    let mut wrong = Deviations::default();
    for response in all {
        if let Some((expected, seen)) = fault(response) {
            let seen = format!("{}: {seen}", response.answered.words());
            wrong.add(
                expected,
                seen,
                Proof::from(response.asked).and(response.answered),
            );
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    match Proof::all(all.iter().map(|response| response.answered)) {
        Some(proof) => Ok(Finding::met(format!("in each of {}", all.len()), proof)),
        None => unseen(view, "no redirect led back to the client"),
    }
}

/// RFC 6749 §4.1.2: "The exact value received from the client."
fn state_comes_back(view: &View<'_>) -> Step<Finding> {
    let all = responses(view);
    judged(view, &all, |response| {
        let asked = asked_for(&response.asked, "state")?;
        let seen = match response.get("state") {
            Some(state) if state == asked => return None,
            Some(state) => format!("state={state}"),
            None => "no state".to_owned(),
        };
        Some((format!("state={asked}, as it was sent"), seen))
    })
}

/// RFC 9207 §2: a response names the issuer of the metadata, where that promises it.
fn issuer_is_named(view: &View<'_>) -> Step<Finding> {
    let document = precondition(view, Operation::Metadata, &Variation::Documented)?;
    let metadata = document.json();
    let Some(issuer) = metadata["issuer"]
        .as_str()
        .filter(|_| metadata[PROMISES_ISSUER] == true)
    else {
        return unseen(view, "the metadata promises no iss");
    };
    let all = responses(view);
    let finding = judged(view, &all, |response| {
        let seen = match response.get("iss") {
            Some(iss) if iss == issuer => return None,
            Some(iss) => format!("iss={iss}"),
            None => "no iss".to_owned(),
        };
        Some((format!("iss={issuer}, as the metadata promises"), seen))
    })?;
    Ok(finding.beside(document))
}

/// RFC 6749 §4.1.2.1: the client is told by `error`, and never gets a code.
fn errors_go_to_the_client(view: &View<'_>) -> Step<Finding> {
    let is_faulty = |request: &Exchange<'_>| matches!(request.variation, Variation::Authorize(change) if change.is_faulty());
    let requests = view.evidence.exchanges_for(Operation::Authorize);
    let tried: Vec<Exchange<'_>> = requests.filter(is_faulty).collect();
    let all = responses(view);
    let mut wrong = Deviations::default();
    for request in &tried {
        if let Some(gone) = gone(request) {
            return Ok(gone);
        }
        if matches!(
            request.reaction(),
            Reaction::Failed(_) | Reaction::Throttled
        ) {
            return Ok(unobserved(view, &request.sentence()).seen_in(request));
        }
        let response = all.iter().find(|one| one.answered.seq == request.seq);
        let error = response.and_then(|response| response.get("error"));
        let code = response.and_then(|response| response.get("code"));
        if code.is_some() || error.is_none_or(|error| error.is_empty()) {
            let seen = match (code.is_some(), response.is_some()) {
                (true, _) => "a code",
                (false, true) => "a redirect to the client without an error",
                (false, false) => "no redirect to the client",
            };
            let seen = format!("{}: {seen}", request.sentence());
            wrong.add("a redirect to the client that says error", seen, request);
        }
    }
    let control = good(view, &Variation::Documented)?;
    if let Some(broken) = wrong.broken() {
        return Ok(broken.beside(control));
    }
    match Proof::all(&tried) {
        Some(proof) => Ok(Finding::met(format!("{} told", tried.len()), proof).beside(control)),
        None => unseen(view, "no faulty request was made"),
    }
}

/// The id token of a code has the nonce of the authorization request (OpenID Connect Core 1.0 §2).
fn nonce_is_in_the_id_token(view: &View<'_>) -> Step<Finding> {
    let mut requests = view.evidence.documented(Operation::Authorize);
    let asked = requests.find_map(|request| Some((request, asked_for(&request, "nonce")?)));
    let Some((request, nonce)) = asked else {
        return unseen(view, "no nonce was sent");
    };
    let redeemed = precondition(view, Operation::Redeem, &Variation::Documented)?;
    let mut tokens = view.evidence.jwts_of(redeemed.seq);
    let Some(token) = tokens.find(|jwt| jwt.member == "id_token") else {
        return unseen(view, "the code gave no id token");
    };
    let proof = Proof::from(request).and(&token);
    if token.claims["nonce"] == *nonce {
        return Ok(Finding::met(format!("nonce {nonce}"), proof));
    }
    let seen = match &token.claims["nonce"] {
        serde_json::Value::Null => "no nonce".to_owned(),
        other => format!("nonce {other}"),
    };
    Ok(Finding::broken(format!("nonce {nonce}"), seen, proof))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::PROMISES_ISSUER;
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const AT: &str =
        "/auth?redirect_uri=http%3A%2F%2Fh%2Fcb&state=a%2Bb+%3D%2541&nonce=n-1&client_id=c";
    const SILENT: &str = "without a page";
    const FAULTY: &str = "without response_type";

    /// A request that is answered with a redirect to this address.
    fn redirected(log: Log, phrase: &str, location: &str) -> Log {
        log.asked_at("authorize", phrase, AT, 302, &[("Location", location)], "")
    }

    fn back(log: Log, phrase: &str, parameters: &str) -> Log {
        redirected(log, phrase, &format!("http://h/cb?{parameters}"))
    }

    #[test]
    fn the_state_comes_back_as_it_was() {
        let log = |parameters| back(Log::new(), SILENT, parameters);
        check(&log("error=x&state=a%2Bb%20%3D%2541"), "BCP-15", Grade::Met);
        check(&log("error=x&state=a%2Bb+%3d%2541"), "BCP-15", Grade::Met);
        check(&log("error=x&state=a+b+%3D%2541"), "BCP-15", Grade::Broken);
        check(&log("error=x&state=a%2Bb+%3DA"), "BCP-15", Grade::Broken);
        check(&log("error=x"), "BCP-15", Grade::Broken);
        let both = back(log("state=a%2Bb+%3D%2541"), FAULTY, "error=x");
        check(&both, "BCP-15", Grade::Broken);
        // What leads elsewhere says nothing of it.
        let elsewhere = redirected(Log::new(), SILENT, "http://h/login?state=x");
        check(&elsewhere, "BCP-15", Grade::Unobserved);
        let bent = "with another host in the redirect URI";
        check(
            &back(Log::new(), bent, "error=x"),
            "BCP-15",
            Grade::Unobserved,
        );
        for failure in FAILURES {
            let log = Log::new().failed("authorize", SILENT, failure);
            check(&log, "BCP-15", Grade::Unobserved);
        }
    }

    #[test]
    fn the_issuer_is_named_where_that_is_promised() {
        let log = |promises: bool, parameters| {
            let metadata = json!({"issuer": "https://h/r", PROMISES_ISSUER: promises});
            let log = Log::new().exchange("metadata", "", 200, &metadata.to_string());
            back(log, SILENT, parameters)
        };
        let right = "error=x&iss=https%3A%2F%2Fh%2Fr";
        check(&log(true, right), "BCP-16", Grade::Met);
        check(
            &log(true, "error=x&iss=https%3A%2F%2Fh"),
            "BCP-16",
            Grade::Broken,
        );
        check(&log(true, "error=x"), "BCP-16", Grade::Broken);
        check(&log(false, "error=x"), "BCP-16", Grade::Unobserved);
        check(
            &back(Log::new(), SILENT, right),
            "BCP-16",
            Grade::Unobserved,
        );
    }

    #[test]
    fn the_client_is_told_of_a_fault() {
        let good = || Log::new().typed("authorize", "", 200, "text/html", "<html>");
        check(
            &back(good(), FAULTY, "error=x&state=s"),
            "BCP-17",
            Grade::Met,
        );
        check(&back(good(), FAULTY, "state=s"), "BCP-17", Grade::Broken);
        check(
            &back(good(), FAULTY, "error=x&code=c"),
            "BCP-17",
            Grade::Broken,
        );
        let refused = good().exchange("authorize", FAULTY, 400, "{}");
        check(&refused, "BCP-17", Grade::Broken);
        let page = good().typed("authorize", FAULTY, 200, "text/html", "<html>");
        check(&page, "BCP-17", Grade::Broken);
        check(
            &back(Log::new(), FAULTY, "error=x"),
            "BCP-17",
            Grade::Unobserved,
        );
        check(&good(), "BCP-17", Grade::Unobserved);
        for (failure, grade) in [
            (BadReply::ServerError, Grade::Unobserved),
            (BadReply::Closed, Grade::Gone),
        ] {
            check(
                &good().failed("authorize", FAULTY, failure),
                "BCP-17",
                grade,
            );
        }
    }

    #[test]
    fn the_nonce_stands_in_the_id_token() {
        let log = |claims: serde_json::Value| {
            let log = Log::new().asked_at("authorize", "", AT, 200, &[], "");
            log.exchange("redeem", "", 200, r#"{"access_token":"t-0123"}"#)
                .holds_jwt("id_token", &claims)
        };
        check(&log(json!({"nonce": "n-1"})), "BCP-18", Grade::Met);
        check(&log(json!({"nonce": "n-2"})), "BCP-18", Grade::Broken);
        check(&log(json!({"sub": "s"})), "BCP-18", Grade::Broken);
        let refused = Log::new().asked_at("authorize", "", AT, 200, &[], "");
        let refused = refused.exchange("redeem", "", 400, "{}");
        check(&refused, "BCP-18", Grade::Unobserved);
    }
}
