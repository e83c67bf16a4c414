//! A refusal that comes late, for a token that was already replaced.

use locum_core::{Timestamp, TokenId};

use super::traffic::{Arrival, api_requests, credential_fetches, token_requests};
use super::{met, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("SF-04", keeps_the_newer_token),
    Rule::client("SIG-19", keeps_the_newer_credentials),
];

/// A late 401 for the old token causes no other token request.
fn keeps_the_newer_token(view: &View<'_>) -> Finding {
    keeps_the_newer(
        view,
        &token_requests(view).collect::<Vec<_>>(),
        "token request",
    )
}

/// A late 403 for the old AWS credentials causes no other fetch of credentials.
fn keeps_the_newer_credentials(view: &View<'_>) -> Finding {
    keeps_the_newer(view, &credential_fetches(view).collect::<Vec<_>>(), "fetch")
}

/// A late refusal of what the first of these got causes no third of them.
fn keeps_the_newer(view: &View<'_>, logins: &[Arrival<'_>], what: &str) -> Finding {
    let granted = |number: usize| {
        let mut granted = logins.iter().filter(|login| login.is_served());
        granted.nth(number).copied()
    };
    let (Some(first), Some(second)) = (granted(0), granted(1)) else {
        return unobserved(view, &format!("the client got nothing by a second {what}"));
    };
    let Some(late) = late_refusal(view, &first, &second) else {
        let seen = format!("no refusal of what the first {what} got came after the second");
        return unobserved(view, &seen);
    };
    let at = answered(&late);
    let proof = Proof::from(second).and(late);
    let after = logins
        .iter()
        .filter(|login| login.seq != second.seq && at.is_some_and(|at| login.entry.arrived >= at));
    match Proof::all(after.copied()) {
        None => met(view, format!("the late refusal led to no {what}"), proof),
        Some(third) => {
            let seen = format!("a third {what} after the late refusal");
            Finding::broken(format!("no {what}"), seen, proof.and(third))
        }
    }
}

/// The API request that showed the token of `first` and was refused once that of `second` was there.
fn late_refusal<'a>(
    view: &View<'a>,
    first: &Arrival<'a>,
    second: &Arrival<'a>,
) -> Option<Arrival<'a>> {
    let issued = answered(second)?;
    let is_old = |id: &TokenId| first.entry.issued.contains(id);
    let refused = |call: &Arrival<'_>| {
        call.entry.presented.as_ref().is_some_and(is_old)
            && call.status().is_some()
            && call.status() == view.expected.status
    };
    let mut refusals = api_requests(view).filter(refused);
    refusals.find(|call| answered(call).is_some_and(|at| at > issued))
}

fn answered(arrival: &Arrival<'_>) -> Option<Timestamp> {
    arrival.entry.completed
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::{Outcome, TokenId};

    use crate::rules::client::testing::{check, reply};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("SF-04", |log| late(log, 1000, Log::asked_for_a_call)),
        ("SIG-19", |log| late_key(log, |log| log)),
    ];

    /// Credentials `id`, fetched.
    fn keys(log: Log, id: u64) -> Log {
        log.entered("pool", |entry| {
            let target = ("X-Amz-Target", "Service.GetCredentialsForIdentity");
            entry.headers = vec![(target.0.to_owned(), target.1.to_owned())];
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, r#"{"Credentials":{}}"#));
        })
    }

    /// Two calls with one key; the second refusal leaves a second after the first.
    fn late_key(log: Log, then: fn(Log) -> Log) -> Log {
        let refused = |log: Log| log.api_status(1, Outcome::Denied, 403);
        let log = keys(log, 1).call(200, |log| log.api(1, Outcome::Admitted));
        let log = refused(log.asked_for_a_call().takes(1000)).takes(0);
        let log = keys(refused(log.later(10)).later(10), 2).api(2, Outcome::Admitted);
        then(log.later(2000))
    }

    #[test]
    fn a_late_refusal_of_old_credentials_is_passed_over() {
        check(&late_key(Log::new(), |log| log), "SIG-19", Grade::Met);
        let third = late_key(Log::new(), |log| keys(log, 3));
        check(&third, "SIG-19", Grade::Broken);
        check(&keys(Log::new(), 1), "SIG-19", Grade::Unobserved);
    }

    /// Two calls with one token; the second refusal leaves so many milliseconds after the first.
    fn late(log: Log, delay: i64, then: fn(Log) -> Log) -> Log {
        let log = log.grant(1).call(200, |log| log.api(1, Outcome::Admitted));
        let log = log.asked_for_a_call().takes(delay).api(1, Outcome::Denied);
        let log = log.takes(0).later(10).api(1, Outcome::Denied);
        let log = log.later(10).grant(2).api(2, Outcome::Admitted);
        then(log.later(2000))
    }

    #[test]
    fn a_late_refusal_of_an_old_token_is_passed_over() {
        let end = |log: Log| log.api(2, Outcome::Admitted);
        check(&late(Log::new(), 1000, end), "SF-04", Grade::Met);
        check(
            &late(Log::new(), 1000, |log| log.grant(3)),
            "SF-04",
            Grade::Broken,
        );
        let failed = late(Log::new(), 1000, |log| log.failed_login(500));
        check(&failed, "SF-04", Grade::Broken);
        check(&late(Log::new(), 5, end), "SF-04", Grade::Unobserved);
        check(
            &late(Log::new(), 5, |log| log.grant(3)),
            "SF-04",
            Grade::Unobserved,
        );
        check(&Log::new().grant(1), "SF-04", Grade::Unobserved);
        let gone = late(Log::new(), 1000, end).client_gone();
        check(&gone, "SF-04", Grade::Gone);
    }
}
