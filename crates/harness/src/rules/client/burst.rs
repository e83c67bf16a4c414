//! Calls at once, and how many token requests they take.

use locum_core::DenialKind;

use super::commands::{GivenCommand, calls, control, resends};
use super::next_token::parameter;
use super::refresh::shown_refresh_token;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{gone, met, unobserved};
use crate::evidence::Reaction;
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("SF-02", one_token_after_a_revocation),
    Rule::client("SF-05", each_refresh_token_once),
    Rule::client("SF-06", one_token_at_the_end),
    Rule::client("CLI-27", a_cancelled_call_harms_nobody),
];

/// Calls that were asked for before any of them was answered.
fn bursts<'a>(calls: &[GivenCommand<'a>]) -> Vec<Vec<GivenCommand<'a>>> {
    let mut bursts: Vec<Vec<GivenCommand<'a>>> = Vec::new();
    for call in calls {
        let belongs = bursts.last().is_some_and(|burst| {
            let answers = burst.iter().filter_map(|one| one.answer);
            answers
                .map(|(at, _)| at)
                .min()
                .is_none_or(|at| call.seq < at)
        });
        match bursts.last_mut() {
            Some(burst) if belongs => burst.push(*call),
            _ => bursts.push(vec![*call]),
        }
    }
    bursts.retain(|burst| burst.len() > 1);
    bursts
}

/// The grade of so many token requests where one is enough.
const fn grade(requests: usize) -> Grade {
    match requests {
        0 | 1 => Grade::Met,
        2 | 3 => Grade::Tolerated,
        _ => Grade::Broken,
    }
}

/// What a burst came to: its token requests, and the calls that failed although the client sends
/// refused calls again.
fn judged(
    view: &View<'_>,
    burst: &[GivenCommand<'_>],
    requests: &[Arrival<'_>],
    proof: Proof,
) -> Finding {
    if let Some(gone) = gone(view) {
        return gone;
    }
    let plural = if requests.len() == 1 { "" } else { "s" };
    let seen = format!(
        "{} token request{plural} for {} calls at once",
        requests.len(),
        burst.len()
    );
    let failed = burst
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| !reply.succeeded()))
        .count();
    let finding = match grade(requests.len()) {
        _ if failed > 0 && resends(view, burst) => Finding::broken(
            "all calls succeed",
            format!("{failed} of {} calls failed", burst.len()),
            proof,
        ),
        Grade::Met => met(view, seen, proof),
        grade => Finding::deviation(grade, "one token request", seen, proof),
    };
    finding
        .figure("token_requests", requests.len())
        .figure("failed_calls", failed)
}

/// Calls at once with a token that was revoked share one new token.
fn one_token_after_a_revocation(view: &View<'_>) -> Finding {
    let Some(revoked) = control(view, "tokens/revoke") else {
        return unobserved(view, "no token was revoked");
    };
    let mut later = calls(view);
    later.retain(|call| call.seq > revoked);
    let bursts = bursts(&later);
    let Some(first) = bursts.first() else {
        return unobserved(view, "no calls were asked for at once");
    };
    let refused: Vec<_> = api_requests(view)
        .filter(|call| call.seq > revoked && call.is_refused_token())
        .collect();
    if refused.len() < 2 {
        return unobserved(view, "fewer than two calls showed the revoked token");
    }
    let second = bursts.get(1).map(|burst| burst[0].seq);
    let asked: Vec<_> = token_requests(view)
        .filter(|request| request.seq > revoked)
        .collect();
    let (within, after): (Vec<_>, Vec<_>) = asked
        .into_iter()
        .partition(|request| second.is_none_or(|second| request.seq < second));
    let (burst, requests) = match within.is_empty() {
        false => (first, within),
        true => (bursts.get(1).unwrap_or(first), after),
    };
    let Some(proof) = Proof::all(requests.iter().copied()) else {
        return unobserved(view, "no token request followed the revocation");
    };
    if !requests.iter().any(Arrival::is_served) {
        return unobserved(view, "no new token was granted").seen_in(proof);
    }
    judged(view, burst, &requests, proof)
}

/// Calls at once when a token has come to its end, or is inside the margin, share one new token.
fn one_token_at_the_end(view: &View<'_>) -> Finding {
    let calls = calls(view);
    let bursts = bursts(&calls);
    let Some(burst) = bursts.last() else {
        return unobserved(view, "no calls were asked for at once");
    };
    let logins: Vec<_> = token_requests(view).collect();
    let Some(first) = logins.iter().find(|login| login.is_served()) else {
        return unobserved(view, "the client had no token before");
    };
    let start = burst[0].seq;
    if first.seq > start {
        return unobserved(view, "the client had no token before the calls");
    }
    // What a call before the burst took is no part of it: a token that is born inside the margin is
    // renewed by the next call already.
    let answers = calls.iter().filter_map(|call| call.answer);
    let before = answers.map(|(at, _)| at).filter(|at| *at < start).max();
    let before = before.map_or(first.seq, |at| at.max(first.seq));
    let later: Vec<_> = logins
        .iter()
        .copied()
        .filter(|login| login.seq > before && !is_of_another_flow(login))
        .collect();
    if !later.is_empty() && !later.iter().any(Arrival::is_served) {
        let proof = Proof::all(later.iter().copied()).unwrap_or_else(|| (*first).into());
        return unobserved(view, "no new token was granted").seen_in(proof);
    }
    let served = api_requests(view).find(|call| call.seq > start && call.is_served());
    let Some(served) = served else {
        return unobserved(view, "none of the calls at once was served");
    };
    let proof = Proof::all(later.iter().copied())
        .unwrap_or_else(|| (*first).into())
        .and(served);
    // A client that renews by itself may have done so before the calls, and its new token ended at the
    // vendor with the old one.
    let (before, within): (Vec<_>, Vec<_>) =
        later.into_iter().partition(|request| request.seq < start);
    let counted = if within.is_empty() { before } else { within };
    // A refresh that was refused and the login in its place are one renewal.
    let (refused, others): (Vec<_>, Vec<_>) = counted
        .into_iter()
        .partition(|request| is_refresh(request) && request.reaction() == Reaction::Refused);
    let requests = if refused.len() > others.len() {
        refused
    } else {
        others
    };
    judged(view, burst, &requests, proof)
}

/// Whether it asks by a refresh token, or says that it does.
fn is_refresh(request: &Arrival<'_>) -> bool {
    let grant = parameter(request, "grant_type");
    shown_refresh_token(request).is_some() || grant.as_deref() == Some("refresh_token")
}

/// Whether it was refused because the vendor refreshes by another operation: the token is not looked
/// at, and a client that knows no better asks again by that operation.
fn is_of_another_flow(request: &Arrival<'_>) -> bool {
    let denial = request.entry.denial.as_ref();
    denial.is_some_and(|denial| denial.kind == DenialKind::Unsupported)
}

/// Whether a refresh has spent its token by the time of another one: it was served, or is under way.
/// One that was refused has spent nothing.
fn is_spent_by(first: &Arrival<'_>, again: &Arrival<'_>) -> bool {
    let replied = first.entry.completed;
    first.is_served() || replied.is_none_or(|replied| replied > again.entry.arrived)
}

/// A rotating refresh token is presented once.
fn each_refresh_token_once(view: &View<'_>) -> Finding {
    let mut refreshes: Vec<(Arrival<'_>, String)> = token_requests(view)
        .filter_map(|request| Some((request, shown_refresh_token(&request)?)))
        .collect();
    let of_another_flow = refreshes
        .iter()
        .map(|(request, _)| *request)
        .find(is_of_another_flow);
    refreshes.retain(|(request, _)| !is_of_another_flow(request));
    if let (true, Some(other)) = (refreshes.is_empty(), of_another_flow) {
        let why =
            "the client refreshes by another operation than the vendor does where tokens rotate";
        return unobserved(view, why).seen_in(other);
    }
    let Some(proof) = Proof::all(refreshes.iter().map(|(request, _)| *request)) else {
        return unobserved(view, "the client refreshed no token");
    };
    let all = calls(view);
    if bursts(&all).is_empty() {
        return unobserved(view, "no calls were asked for at once");
    }
    let twice = refreshes
        .iter()
        .enumerate()
        .find_map(|(at, (again, shown))| {
            let mut earlier = refreshes[..at]
                .iter()
                .filter(|(_, earlier)| earlier == shown);
            let (first, _) = earlier.find(|(first, _)| is_spent_by(first, again))?;
            Some(Proof::from(*first).and(*again))
        });
    if let Some(proof) = twice {
        return Finding::broken(
            "each refresh token presented once",
            "a refresh token was presented twice",
            proof,
        );
    }
    if !refreshes.iter().any(|(request, _)| request.is_served()) {
        return unobserved(view, "no refresh was served").seen_in(proof);
    }
    met(view, "each refresh token was presented once", proof)
}

/// The other callers get their answers from the one login that a cancelled call had begun, or from
/// one more.
fn a_cancelled_call_harms_nobody(view: &View<'_>) -> Finding {
    let asked = super::commands::asked(view);
    let cancel = asked.iter().find_map(|asked| match asked.command {
        ClientCommand::Cancel { target } => Some((asked, *target)),
        _ => None,
    });
    let Some((cancel, target)) = cancel else {
        return unobserved(view, "no call was cancelled");
    };
    if !cancel.answer.is_some_and(|(_, reply)| reply.succeeded()) {
        return unobserved(view, "the call was over before it was cancelled");
    }
    let others: Vec<_> = calls(view)
        .into_iter()
        .filter(|call| call.id != target)
        .collect();
    if others.is_empty() {
        return unobserved(view, "no other calls were under way");
    }
    let requests: Vec<_> = token_requests(view).collect();
    let Some(proof) = Proof::all(requests.iter().copied()) else {
        return unobserved(view, "no token request arrived");
    };
    // A request that the client gave up itself has no reply: that is what is looked for.
    let failed = requests.iter().any(|request| {
        let is_answered = request.entry.reply.is_some();
        is_answered && !request.is_served()
    });
    if failed {
        return unobserved(view, "a token request was not served").seen_in(proof);
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let good = others
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| reply.succeeded()))
        .count();
    let seen = format!(
        "{good} of {} other calls succeeded, with {} token requests",
        others.len(),
        requests.len()
    );
    let is_good = good == others.len() && requests.len() <= 2;
    if is_good && !requests.iter().any(Arrival::is_served) {
        return unobserved(view, "no token request was served").seen_in(proof);
    }
    match is_good {
        true => met(view, seen, proof),
        false => Finding::broken(
            "the other calls succeed, with at most two token requests",
            seen,
            proof,
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;
    use serde_json::json;

    use crate::rules::client::testing::{check, tokens};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::{BadReply, Log};
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("SF-02", |log| after_revocation(log, 1, 2)),
        ("SF-05", |log| refreshed(log, &[1, 2])),
        ("SF-06", |log| at_the_end(log, 1, 3)),
        ("CLI-27", |log| cancelled(log, 1, 2)),
    ];

    fn served(log: Log) -> Log {
        log.api(1, Outcome::Admitted)
    }

    /// `calls` calls at once that show a revoked token, so many logins, and the calls again.
    fn after_revocation(log: Log, logins: u64, calls: usize) -> Log {
        let log = log
            .grant(1)
            .call(200, served)
            .control("tokens/revoke", &json!({"all": true}));
        log.calls_at_once(calls, |log| {
            let log = (0..calls).fold(log, |log, _| log.api(1, Outcome::Denied));
            let log = (0..logins).fold(log, |log, n| log.grant(2 + n));
            (0..calls).fold(log, |log, _| log.api(2, Outcome::Admitted))
        })
    }

    fn at_the_end(log: Log, logins: u64, calls: usize) -> Log {
        let log = log.grant(1).call(200, served);
        log.calls_at_once(calls, |log| {
            let log = (0..logins).fold(log, |log, n| log.grant(2 + n));
            (0..calls).fold(log, |log, _| log.api(2, Outcome::Admitted))
        })
    }

    fn refreshed(log: Log, shown: &[u64]) -> Log {
        let log = log.call(200, served);
        log.calls_at_once(2, |log| {
            shown.iter().fold(log, |log, n| {
                let sent = json!({"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters":
                    {"REFRESH_TOKEN": format!("«refresh token {n} of u»")}});
                log.operation("InitiateAuth", &sent, &tokens(n + 1))
            })
        })
    }

    fn cancelled(log: Log, logins: u64, good: usize) -> Log {
        log.cancelled_call(good, |log| (0..logins).fold(log, |log, n| log.grant(1 + n)))
    }

    #[test]
    fn token_requests_after_a_revocation_are_counted() {
        check(&after_revocation(Log::new(), 1, 20), "SF-02", Grade::Met);
        check(
            &after_revocation(Log::new(), 3, 20),
            "SF-02",
            Grade::Tolerated,
        );
        check(&after_revocation(Log::new(), 4, 20), "SF-02", Grade::Broken);
        check(
            &after_revocation(Log::new(), 0, 20),
            "SF-02",
            Grade::Unobserved,
        );
        check(&at_the_end(Log::new(), 1, 20), "SF-02", Grade::Unobserved);
    }

    #[test]
    fn token_requests_at_the_end_are_counted() {
        check(&at_the_end(Log::new(), 0, 20), "SF-06", Grade::Met);
        check(&at_the_end(Log::new(), 1, 20), "SF-06", Grade::Met);
        check(&at_the_end(Log::new(), 2, 20), "SF-06", Grade::Tolerated);
        check(&at_the_end(Log::new(), 20, 20), "SF-06", Grade::Broken);
        // A renewal of the client's own before the calls, whose token ended as well.
        let by_itself = |log: Log| log.grant(1).call(200, served).grant(2);
        let one = by_itself(Log::new()).calls_at_once(20, |log| served(log.grant(3)));
        check(&one, "SF-06", Grade::Met);
        let two = by_itself(Log::new()).calls_at_once(20, |log| served(log.grant(3).grant(4)));
        check(&two, "SF-06", Grade::Tolerated);
        // A refresh that comes to nothing and a login after it, once or by each caller.
        let renewed = |refreshes: usize, logins: u64| {
            let log = Log::new().grant(1).call(200, served);
            log.calls_at_once(20, |log| {
                let refresh = "grant_type=refresh_token&refresh_token=«r»";
                let log = (0..refreshes).fold(log, |log, _| log.refused_form(refresh));
                served((0..logins).fold(log, |log, n| log.grant(2 + n)))
            })
        };
        check(&renewed(1, 1), "SF-06", Grade::Met);
        check(&renewed(1, 2), "SF-06", Grade::Tolerated);
        check(&renewed(20, 20), "SF-06", Grade::Broken);
        check(&renewed(20, 1), "SF-06", Grade::Broken);
        let cold = Log::new().calls_at_once(2, |log| served(served(log.grant(1))));
        check(&cold, "SF-06", Grade::Unobserved);
        // It logs in when it is made, and the first call renews a token that is born in its margin.
        let eager = |count| at_the_end(Log::new().grant(8), count, 20);
        check(&eager(1), "SF-06", Grade::Met);
        check(&eager(20), "SF-06", Grade::Broken);
    }

    #[test]
    fn a_refresh_token_is_presented_once() {
        check(&refreshed(Log::new(), &[1]), "SF-05", Grade::Met);
        check(&refreshed(Log::new(), &[1, 1]), "SF-05", Grade::Broken);
        check(&refreshed(Log::new(), &[]), "SF-05", Grade::Unobserved);
        // Refused alike, one after the other: nothing was spent.
        let refused = Log::new().call(200, served).calls_at_once(2, |log| {
            let sent = json!({"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters":
                {"REFRESH_TOKEN": "«refresh token 1 of u»"}});
            let log = log.takes(0).failed_operation("InitiateAuth", &sent, 400);
            log.takes(0).failed_operation("InitiateAuth", &sent, 400)
        });
        check(&refused, "SF-05", Grade::Unobserved);
    }

    #[test]
    fn a_cancelled_call_takes_nobody_with_it() {
        check(&cancelled(Log::new(), 2, 2), "CLI-27", Grade::Met);
        check(&cancelled(Log::new(), 3, 2), "CLI-27", Grade::Broken);
        check(&cancelled(Log::new(), 1, 0), "CLI-27", Grade::Broken);
        check(&cancelled(Log::new(), 0, 2), "CLI-27", Grade::Unobserved);
        // The login that all wait for was given up with the first caller.
        let given_up = Log::new().cancelled_call(0, |log| log.failing(BadReply::Closed).grant(1));
        check(&given_up, "CLI-27", Grade::Broken);
    }
}
