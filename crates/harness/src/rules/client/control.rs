//! The control: without it no other row about a client says anything.

use super::attempts::End;
use super::commands::{GivenCommand, last_words};
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{absent, met, unobserved};
use crate::evidence::Reaction;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("CLI-29", logs_in_and_calls)];

/// The client logs in and completes a call.
fn logs_in_and_calls(view: &View<'_>) -> Finding {
    let logins: Vec<_> = token_requests(view).collect();
    let calls: Vec<_> = api_requests(view).collect();
    let arrived = Proof::all(logins.iter().chain(&calls).copied());
    let Some(arrived) = arrived.filter(|_| !logins.is_empty()) else {
        return asks_for_nothing_known(view);
    };
    let login = logins.iter().find(|arrival| arrival.is_served());
    let call = calls.iter().find(|arrival| arrival.is_served());
    if let (Some(login), Some(call)) = (login, call) {
        let proof = Proof::from(*login).and(*call);
        return met(view, "a login and a served call", proof);
    }
    let all = || logins.iter().chain(&calls);
    // Some vendors answer with 500 what they cannot read; the mock knows why.
    let was_judged =
        |arrival: &Arrival<'_>| arrival.was_looked_at() || arrival.entry.denial.is_some();
    if !all().all(was_judged) {
        return unobserved(view, "the vendor failed").seen_in(arrived);
    }
    let observed = match login {
        Some(_) => "the client logged in and no call was served",
        None => "no login of the client was accepted",
    };
    let observed = match last_words(view) {
        Some(words) => format!("{observed}; the client says: {words}"),
        None => observed.to_owned(),
    };
    let expected = "a login and one call answered with 2xx";
    absent(view, expected, &observed, arrived)
}

fn no_login(view: &View<'_>) -> String {
    let none = "no login request arrived";
    match last_words(view) {
        Some(words) => format!("{none}; the client says: {words}"),
        None => none.to_owned(),
    }
}

/// Without a login: a client whose calls failed, and whose requests were refused because they are none
/// that the vendor has, such as operations without a name, can't log in.
fn asks_for_nothing_known(view: &View<'_>) -> Finding {
    let nothing = || unobserved(view, &no_login(view));
    let called = super::commands::calls(view);
    let failed = |call: &GivenCommand<'_>| matches!(call.end(), End::Failed(_));
    if called.is_empty() || !called.iter().all(failed) {
        return nothing();
    }
    let others: Vec<_> = arrivals(view).collect();
    let is_unknown = |arrival: &Arrival<'_>| {
        !arrival.is_api_request(view) && arrival.reaction() == Reaction::Refused
    };
    match Proof::all(others.iter().copied()).filter(|_| others.iter().all(is_unknown)) {
        Some(proof) => {
            let expected = "a login and one call answered with 2xx";
            let seen = "requests that the vendor does not know, and no login";
            absent(view, expected, seen, proof)
        }
        None => nothing(),
    }
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::{check, reply};
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    #[test]
    fn the_control_wants_a_login_and_a_served_call() {
        let served = |log: Log| log.api(1, Outcome::Admitted);
        check(&served(Log::new().grant(1)), "CLI-29", Grade::Met);
        check(&Log::new().grant(1), "CLI-29", Grade::Broken);
        check(&Log::new(), "CLI-29", Grade::Unobserved);
        check(&served(Log::new()), "CLI-29", Grade::Unobserved);
        let refused = Log::new().grant(1).api(1, Outcome::Denied);
        check(&refused, "CLI-29", Grade::Broken);
    }

    /// Operations without a name were no logins, and nothing was said of a client that sends no others.
    #[test]
    fn a_client_that_sends_nothing_known_cannot_log_in() {
        let unknown = |log: Log| {
            log.entered("", |entry| {
                entry.reply = Some(reply(400, "{}"));
                entry.outcome = Some(Outcome::Unrouted);
            })
        };
        check(&Log::new().failed_call(unknown), "CLI-29", Grade::Broken);
        check(&unknown(Log::new()), "CLI-29", Grade::Unobserved);
        check(&Log::new().call(200, unknown), "CLI-29", Grade::Unobserved);
        check(
            &Log::new().failed_call(|log| log),
            "CLI-29",
            Grade::Unobserved,
        );
        let ends = Log::new().failed_call(unknown).client_gone();
        check(&ends, "CLI-29", Grade::Gone);
    }

    /// A login that was refused counted as one.
    #[test]
    fn a_refused_login_is_none() {
        let log = Log::new()
            .refused_login()
            .api(1, Outcome::Denied)
            .api(1, Outcome::Admitted);
        check(&log, "CLI-29", Grade::Broken);
    }

    /// Keycloak answers 500 to a form that it cannot read: the client was let off.
    #[test]
    fn a_login_that_the_vendor_cannot_read_is_the_clients_fault() {
        let log = Log::new().unreadable_login();
        check(&log, "CLI-29", Grade::Broken);
        let failed = Log::new().failed_login(500);
        check(&failed, "CLI-29", Grade::Unobserved);
    }
}
