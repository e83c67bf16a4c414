//! For how long a client takes a token to live.

use serde_json::Value;

use super::commands::{calls, clock_turns, is_asked};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{absent, met, unobserved};
use crate::evidence::RecordId;
use crate::measurement::Unit;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CLI-08", takes_the_documented_lifetime),
    Rule::client("EXP-04", uses_a_token_without_lifetime),
];

/// The lifetime that a token reply tells, as it is written there.
pub(super) fn told_lifetime(login: &Arrival<'_>) -> Option<f64> {
    let reply = login.answered();
    let members = [
        &reply["expires_in"],
        &reply["AuthenticationResult"]["ExpiresIn"],
    ];
    members.into_iter().find_map(Value::as_f64)
}

/// Where no member tells a lifetime the client reuses its token, and renews it once its clock has
/// passed the documented lifetime.
fn takes_the_documented_lifetime(view: &View<'_>) -> Finding {
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let lifetime = view.profile.token.lifetime_s as f64;
    let turn = clock_turns(view)
        .into_iter()
        .find(|(_, offset)| *offset > lifetime);
    let Some((turn, _)) = turn else {
        let what = "the client's clock was not turned past the documented lifetime";
        return unobserved(view, what);
    };
    // What follows tells whether the client waits for a 401.
    let end = controls(view, "tokens/expire").map(|(seq, _)| seq).next();
    let is_before = |arrival: &Arrival<'_>| end.is_none_or(|end| arrival.seq < end);
    if !arrivals(view)
        .filter(is_before)
        .all(|arrival| arrival.is_served())
    {
        return unobserved(view, "a request of the client was not served");
    }
    let (logins, renewals): (Vec<_>, Vec<_>) = token_requests(view)
        .filter(is_before)
        .partition(|request| request.seq < turn);
    let (calls, later): (Vec<_>, Vec<_>) = api_requests(view)
        .filter(is_before)
        .partition(|call| call.seq < turn);
    let ([login, ..], [_, _, ..], [call, ..]) = (&logins[..], &calls[..], &later[..]) else {
        return unobserved(view, "no two calls and one more were served");
    };
    if told_lifetime(login).is_some() {
        return unobserved(view, "the token reply tells a lifetime");
    }
    let expected = "one token for the documented lifetime";
    if logins.len() > 1 {
        let proof = Proof::all(logins.iter().copied()).unwrap_or_else(|| (*login).into());
        return Finding::broken(expected, "a token for each call", proof);
    }
    match renewals.first() {
        Some(renewal) if renewal.seq < call.seq => {
            let proof = Proof::from(*login).and(*renewal);
            met(view, "renewed after the documented lifetime", proof)
        }
        _ => {
            let observed = "the old token shown after the documented lifetime";
            if let Some(proof) = end.and_then(|end| waits_for_a_refusal(view, end)) {
                let proof = Proof::from(*login).and(*call).and(proof);
                return Finding::fact(format!("{observed}: it waits for the 401"), proof);
            }
            Finding::broken(expected, observed, Proof::from(*login).and(*call))
        }
    }
}

/// Whether a client that takes time from no field replaces a token once it is refused, within the
/// call: what proves it.
fn waits_for_a_refusal(view: &View<'_>, end: RecordId) -> Option<Proof> {
    let measurement = view.evidence.measurement();
    let knows_time = measurement.is_some_and(|(_, found)| found.unit != Unit::None);
    let call = calls(view).into_iter().find(|call| call.seq > end)?;
    let (answer, reply) = call.answer?;
    let later = |arrival: &Arrival<'_>| arrival.seq > end;
    let refused = api_requests(view).find(|call| later(call) && call.is_refused_token())?;
    let login = token_requests(view).find(|login| login.seq > refused.seq && login.is_served())?;
    let again = api_requests(view).find(|call| call.seq > login.seq && call.is_served())?;
    (reply.succeeded() && again.seq < answer && !knows_time)
        .then(|| Proof::from(refused).and(login).and(again))
}

/// A token whose reply tells no lifetime is used all the same. The row forbids a crash, so that one
/// is no excuse.
fn uses_a_token_without_lifetime(view: &View<'_>) -> Finding {
    let login = token_requests(view)
        .find(|request| request.is_served() && told_lifetime(request).is_none());
    let Some(login) = login else {
        return unobserved(view, "no token reply was without expires_in");
    };
    let uses: Vec<Arrival<'_>> = api_requests(view)
        .filter(|call| login.entry.issued.iter().any(|id| call.presents(*id)))
        .collect();
    if let Some(call) = uses.iter().find(|call| call.is_served()) {
        return met(view, "the token was used", Proof::from(login).and(*call));
    }
    // The form in which it is shown is another row's matter.
    let shown = api_requests(view).any(|call| {
        let mut values = call.headers("authorization");
        values.any(|value| value.contains('«'))
    });
    if shown || !uses.is_empty() {
        return unobserved(view, "no call with the token was served");
    }
    if !is_asked(view, "call") {
        return unobserved(view, "no call was asked for");
    }
    let expected = "an API request with the token";
    match view.evidence.client_gone() {
        Some((seq, gone)) => {
            Finding::broken(expected, gone.to_string(), Proof::from(login).and(seq))
        }
        None => absent(view, expected, "the token was not used", login),
    }
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;
    use serde_json::json;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const TOLD: &str = r#"{"access_token":"«token 1»","expires_in":600000}"#;
    const UNTOLD: &str = r#"{"access_token":"«token 1»"}"#;

    fn served(log: Log) -> Log {
        log.api(1, Outcome::Admitted)
    }

    #[test]
    fn no_told_lifetime_means_the_documented_one() {
        let two_calls = |log: Log| served(served(log));
        let start = || two_calls(Log::new().granted(1, UNTOLD)).client_clock(3601.0);
        check(
            &start().grant(2).api(2, Outcome::Admitted),
            "CLI-08",
            Grade::Met,
        );
        check(&served(start()), "CLI-08", Grade::Broken);
        let each = two_calls(Log::new().granted(1, UNTOLD).grant(2)).client_clock(3601.0);
        check(&served(each.grant(3)), "CLI-08", Grade::Broken);
        check(&start(), "CLI-08", Grade::Unobserved);
        // What becomes of a refused token tells a client that waits for the 401.
        let end = |log: Log| log.control("tokens/expire", &json!({"kind": "access"}));
        let waits = end(served(start())).call(200, |log| {
            log.api(1, Outcome::Denied)
                .grant(2)
                .api(2, Outcome::Admitted)
        });
        check(&waits, "CLI-08", Grade::Fact);
        let passes_on = end(served(start())).call(401, |log| log.api(1, Outcome::Denied));
        check(&passes_on, "CLI-08", Grade::Broken);
        let failed = start().grant(2).api(2, Outcome::Faulted);
        check(&failed, "CLI-08", Grade::Unobserved);
        let told = two_calls(Log::new().granted(1, TOLD)).client_clock(3601.0);
        check(&served(told.grant(2)), "CLI-08", Grade::Unobserved);
        let short = two_calls(Log::new().granted(1, UNTOLD)).client_clock(3599.0);
        check(&served(short), "CLI-08", Grade::Unobserved);
    }

    #[test]
    fn a_token_without_lifetime_is_used() {
        let login = || Log::new().granted(1, UNTOLD);
        let used = login().call(200, served);
        check(&used, "EXP-04", Grade::Met);
        check(&login().call(500, |log| log), "EXP-04", Grade::Broken);
        check(&served(login()), "EXP-04", Grade::Met);
        check(&login(), "EXP-04", Grade::Unobserved);
        let other = login().call(200, |log| log.api(9, Outcome::Admitted));
        check(&other, "EXP-04", Grade::Broken);
        let told = Log::new().granted(1, TOLD).call(200, served);
        check(&told, "EXP-04", Grade::Unobserved);
        let failed = login().call(500, |log| log.api(1, Outcome::Faulted));
        check(&failed, "EXP-04", Grade::Unobserved);
    }

    #[test]
    fn a_crash_on_such_a_token_breaks_the_row() {
        let crashed = Log::new().granted(1, UNTOLD).call(500, |log| log);
        check(&crashed.client_gone(), "EXP-04", Grade::Broken);
        check(&Log::new().client_gone(), "EXP-04", Grade::Gone);
    }
}
