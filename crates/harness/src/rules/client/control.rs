//! The control: without it no other row about a client says anything.

use super::traffic::{api_requests, token_requests};
use super::{absent, met, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("CLI-29", logs_in_and_calls)];

/// The client logs in and completes a call.
fn logs_in_and_calls(view: &View<'_>) -> Finding {
    let logins: Vec<_> = token_requests(view).collect();
    let calls: Vec<_> = api_requests(view).collect();
    let Some(arrived) = Proof::all(logins.iter().chain(&calls).copied()) else {
        return unobserved(view, "no login request arrived");
    };
    if logins.is_empty() {
        return unobserved(view, "no login request arrived");
    }
    let login = logins.iter().find(|arrival| arrival.is_served());
    let call = calls.iter().find(|arrival| arrival.is_served());
    if let (Some(login), Some(call)) = (login, call) {
        let proof = Proof::from(*login).and(*call);
        return met(view, "a login and a served call", proof);
    }
    let all = || logins.iter().chain(&calls);
    if !all().all(super::traffic::Arrival::was_looked_at) {
        return unobserved(view, "the vendor failed").seen_in(arrived);
    }
    let observed = match login {
        Some(_) => "the client logged in and no call was served",
        None => "no login of the client was accepted",
    };
    absent(
        view,
        "a login and one call answered with 2xx",
        observed,
        arrived,
    )
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
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

    /// A login that was refused counted as one.
    #[test]
    fn a_refused_login_is_none() {
        let log = Log::new()
            .refused_login()
            .api(1, Outcome::Denied)
            .api(1, Outcome::Admitted);
        check(&log, "CLI-29", Grade::Broken);
    }
}
