//! When a client gives up: a vendor that refuses every token, or every login.

use super::attempts::{End, count, first_call};
use super::commands::calls;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{met, plain, unobserved};
use crate::evidence::Reaction;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-02", gives_up_when_each_token_is_refused),
    Rule::client("RET-03", gives_up_when_the_login_is_refused),
    Rule::client("RET-04", remembers_a_refused_login),
];

/// A call that keeps getting refusals of its tokens ends after a second one, as failed.
fn gives_up_when_each_token_is_refused(view: &View<'_>) -> Finding {
    if plain::is_plain(view) {
        return plain::goes_on_after_refusals(view);
    }
    let calls: Vec<Arrival<'_>> = api_requests(view).collect();
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    let refused =
        |call: &Arrival<'_>| call.status().is_some() && call.status() == view.expected.status;
    if calls.is_empty() || !calls.iter().all(refused) {
        return unobserved(view, "the API did not refuse each request of the client");
    }
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let seen = format!(
        "{} and {} for one call",
        count(calls.len(), "API request"),
        count(logins.len(), "token request")
    );
    let expected = format!("at most {most} API requests and {most} token requests, then an error");
    let proof = Proof::all(calls.iter().chain(&logins).copied());
    // Some clients ask without any proof first, and log in when they are told to (RFC 9110 §11.1):
    // that is no refusal of a token.
    let is_bare = |call: &Arrival<'_>| {
        call.header("authorization").is_empty() && call.entry.presented.is_none()
    };
    let with_proof = calls.len() - usize::from(calls.len() > 1 && is_bare(&calls[0]));
    let finding = ends_as_failed(
        view,
        with_proof.max(logins.len()) <= most,
        expected,
        seen,
        proof,
    );
    finding
        .figure("api_requests", calls.len())
        .figure("token_requests", logins.len())
}

/// A refused login is not repeated in a loop.
fn gives_up_when_the_login_is_refused(view: &View<'_>) -> Finding {
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    if let Some(finding) = not_all_refused(view, &logins) {
        return finding;
    }
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let seen = format!("{} for one call", count(logins.len(), "token request"));
    let expected = format!("at most {most} token requests, then an error");
    let is_few = logins.len() <= most;
    let proof = Proof::all(logins.iter().copied());
    ends_as_failed(view, is_few, expected, seen, proof).figure("token_requests", logins.len())
}

/// Many calls with credentials that are known to be refused are not as many logins.
fn remembers_a_refused_login(view: &View<'_>) -> Finding {
    let logins: Vec<Arrival<'_>> = token_requests(view).collect();
    if let Some(finding) = not_all_refused(view, &logins) {
        return finding;
    }
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let calls = calls(view);
    if calls.len() <= most || calls.iter().any(|call| call.answer.is_none()) {
        let what = format!("the client did not answer more than {most} calls");
        return unobserved(view, &what);
    }
    let Some(proof) = Proof::all(logins.iter().copied()) else {
        return unobserved(view, "no token request arrived");
    };
    let seen = format!(
        "{} for {} calls",
        count(logins.len(), "token request"),
        calls.len()
    );
    let finding = match logins.len() <= most {
        true => met(view, seen, proof),
        false => Finding::broken(format!("at most {most} token requests"), seen, proof),
    };
    finding.figure("token_requests", logins.len())
}

/// The finding where the vendor did not refuse each of `logins`.
fn not_all_refused(view: &View<'_>, logins: &[Arrival<'_>]) -> Option<Finding> {
    let refused = |login: &&Arrival<'_>| login.reaction() == Reaction::Refused;
    match Proof::all(logins.iter().filter(|login| !refused(login)).copied()) {
        _ if logins.is_empty() => Some(unobserved(view, "no token request arrived")),
        Some(other) => Some(unobserved(view, "the vendor refused not each login").seen_in(other)),
        None => None,
    }
}

/// Few requests, and the one call was reported as failed.
fn ends_as_failed(
    view: &View<'_>,
    is_few: bool,
    expected: String,
    seen: String,
    proof: Option<Proof>,
) -> Finding {
    let (Some(proof), Some(call)) = (proof, first_call(view)) else {
        return unobserved(view, "no call was asked for");
    };
    match call.end() {
        _ if !is_few => Finding::broken(expected, seen, proof),
        End::Failed(answer) => met(view, format!("{seen}, then an error"), proof.and(answer)),
        End::Succeeded(answer) => {
            let seen = format!("{seen}, and the call was reported as a success");
            Finding::broken(expected, seen, proof.and(answer))
        }
        End::Unanswered => unobserved(view, "the call was not answered").seen_in(proof),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("RET-02", |log| log.call(401, |log| refused(log, 2))),
        ("RET-03", |log| log.call(401, Log::refused_login)),
        ("RET-04", |log| calls(log.refused_login(), 50)),
    ];

    /// So many refused API requests, each with a new token.
    fn refused(log: Log, n: u64) -> Log {
        (1..=n).fold(log, |log, id| log.grant(id).api(id, Outcome::Denied))
    }

    fn calls(log: Log, n: usize) -> Log {
        (0..n).fold(log, |log, _| log.call(401, |log| log))
    }

    fn logins(n: usize) -> impl FnOnce(Log) -> Log {
        move |log| (0..n).fold(log, |log, _| log.refused_login())
    }

    #[test]
    fn a_second_refusal_of_a_new_token_ends_the_call() {
        let one = |n| Log::new().call(401, |log| refused(log, n));
        check(&one(1), "RET-02", Grade::Met);
        check(&one(2), "RET-02", Grade::Met);
        check(&one(3), "RET-02", Grade::Broken);
        let same = Log::new().call(401, |log| {
            let log = log.grant(1).api(1, Outcome::Denied);
            log.grant(2).grant(3).api(3, Outcome::Denied)
        });
        check(&same, "RET-02", Grade::Broken);
        let bare = |n| {
            let asks = |log: Log, _| log.refused_without_proof();
            Log::new().call(401, |log| refused((0..n).fold(log, asks), 2))
        };
        check(&bare(1), "RET-02", Grade::Met);
        check(&bare(2), "RET-02", Grade::Broken);
        let hidden = Log::new().call(200, |log| refused(log, 2));
        check(&hidden, "RET-02", Grade::Broken);
        let signed = |n| {
            Log::new().call(403, |log| {
                (0..n).fold(log.grant(1), |log, _| {
                    log.api_status(1, Outcome::Denied, 403)
                })
            })
        };
        check(&signed(2), "RET-02@scribe", Grade::Met);
        check(&signed(3), "RET-02@scribe", Grade::Broken);
    }

    #[test]
    fn without_refusals_nothing_is_known() {
        let served = Log::new().call(200, |log| log.grant(1).api(1, Outcome::Admitted));
        check(&served, "RET-02", Grade::Unobserved);
        let then_served = Log::new().call(200, |log| refused(log, 1).api(1, Outcome::Admitted));
        check(&then_served, "RET-02", Grade::Unobserved);
        let none = Log::new().call(401, |log| log.grant(1));
        check(&none, "RET-02", Grade::Unobserved);
        check(&refused(Log::new(), 1), "RET-02", Grade::Unobserved);
        let open = refused(Log::new().asked_for_a_call(), 2);
        check(&open, "RET-02", Grade::Unobserved);
        check(&open.client_gone(), "RET-02", Grade::Gone);
    }

    #[test]
    fn a_refused_login_is_tried_twice_at_most() {
        let one = |n| Log::new().call(401, logins(n));
        check(&one(1), "RET-03", Grade::Met);
        check(&one(2), "RET-03", Grade::Met);
        check(&one(3), "RET-03", Grade::Broken);
        check(&one(0), "RET-03", Grade::Unobserved);
        let hidden = Log::new().call(200, logins(1));
        check(&hidden, "RET-03", Grade::Broken);
        let granted = Log::new().call(401, |log| log.refused_login().grant(1));
        check(&granted, "RET-03", Grade::Unobserved);
        let failed = Log::new().call(401, |log| log.failed_login(503));
        check(&failed, "RET-03", Grade::Unobserved);
    }

    #[test]
    fn a_refusal_is_remembered_for_some_calls() {
        let each = |n| {
            (0..50).fold(Log::new(), |log, at| {
                log.call(401, logins(usize::from(at < n)))
            })
        };
        check(&each(1), "RET-04", Grade::Met);
        check(&each(49), "RET-04", Grade::Met);
        check(&each(50), "RET-04", Grade::Broken);
        let few = calls(Log::new().refused_login(), 49);
        check(&few, "RET-04", Grade::Unobserved);
        check(&calls(Log::new(), 50), "RET-04", Grade::Unobserved);
        let open = each(1).asked_for_a_call();
        check(&open, "RET-04", Grade::Unobserved);
    }
}
