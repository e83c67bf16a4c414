//! Tokens that are kept for the next process, as several processes show them.

use std::collections::BTreeMap;

use super::commands::asked;
use super::refresh::shown_refresh_token;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{met, unobserved};
use crate::evidence::RecordId;
use crate::measurement::Unit;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CACHE-06", counts_the_life_that_is_left),
    Rule::client("SF-07", shows_each_refresh_token_once),
];

/// Where each process begins: with an instance.
fn processes(view: &View<'_>) -> Vec<RecordId> {
    let made = asked(view)
        .into_iter()
        .filter(|asked| asked.command.op() == "new");
    made.map(|asked| asked.seq).collect()
}

/// The third process shows no token that has ended meanwhile.
fn counts_the_life_that_is_left(view: &View<'_>) -> Finding {
    let [_, second, third] = processes(view)[..] else {
        return unobserved(view, "the client was not started three times");
    };
    let of_second = |one: &Arrival<'_>| one.seq > second && one.seq < third;
    if token_requests(view).any(|one| of_second(&one)) {
        return unobserved(
            view,
            "the second process asked for a token: nothing is stored",
        );
    }
    let Some(reused) = api_requests(view).find(|one| of_second(one) && one.is_served()) else {
        return unobserved(view, "no call of the second process was served");
    };
    let Some(first) = api_requests(view).find(|one| one.seq > third) else {
        return unobserved(view, "the third process made no call").seen_in(reused);
    };
    let proof = Proof::from(reused).and(first);
    if first.is_refused_token() {
        let seen = "the token that had ended was shown";
        // One that renews on a 401 alone reads no lifetime; where that was not measured, as of a
        // program that makes calls and ends, it may be one.
        let measured = view.evidence.measurement();
        let may_read_no_time = measured.is_none_or(|(_, known)| known.unit == Unit::None);
        if measured.is_some_and(|(_, known)| known.unit == Unit::Unknown) {
            let why = format!("{seen}, and the client's margin is not known");
            return unobserved(view, &why).seen_in(proof);
        }
        return match may_read_no_time {
            true => Finding::fact(format!("{seen}, as by a client that renews on 401"), proof),
            false => Finding::broken("a living token", seen, proof),
        };
    }
    match first.is_served() {
        true => met(view, "a living token was shown", proof),
        false => unobserved(view, "the call of the third process was not served").seen_in(proof),
    }
}

/// Of two processes that renew at once one uses the refresh token.
fn shows_each_refresh_token_once(view: &View<'_>) -> Finding {
    let Some(began) = processes(view).get(1).copied() else {
        return unobserved(view, "the client was not started again");
    };
    let requests: Vec<_> = token_requests(view).filter(|one| one.seq > began).collect();
    let is_login = |one: &Arrival<'_>| shown_refresh_token(one).is_none();
    if requests.first().is_some_and(is_login) {
        return unobserved(
            view,
            "a further process began with a login: nothing is stored",
        );
    }
    // A client may try one operation first, and another where that is switched off.
    let mut shown: BTreeMap<(String, Option<&str>), Vec<Arrival<'_>>> = BTreeMap::new();
    for request in &requests {
        if let Some(token) = shown_refresh_token(request) {
            let key = (token, request.operation());
            shown.entry(key).or_default().push(*request);
        }
    }
    let most = shown.values().max_by_key(|requests| requests.len());
    let Some(most) = most else {
        return unobserved(view, "no refresh request arrived");
    };
    let calls = api_requests(view).filter(|one| one.seq > began && one.is_served());
    match (Proof::all(most.iter().copied()), Proof::all(calls)) {
        (Some(proof), _) if most.len() > 1 => {
            let seen = format!("a refresh token was shown {} times", most.len());
            Finding::broken("each refresh token once", seen, proof)
        }
        (Some(proof), Some(calls)) if requests.iter().any(Arrival::is_served) => {
            met(view, "each refresh token was shown once", proof.and(calls))
        }
        _ => unobserved(view, "no renewal or no call was served"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;

    use crate::measurement::Unit;
    use crate::rules::client::testing::{check, measurement};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("CACHE-06", |log| restarted(log, 2)),
        ("SF-07", |log| raced(log, 1)),
    ];

    const TOKEN: &str = "grant_type=refresh_token&refresh_token=«refresh token 2 of a»";
    const TOKENS: &str = r#"{"access_token":"«access token 3 of a»"}"#;

    fn begun(log: Log) -> Log {
        log.configured()
    }

    /// Three processes, of which the third shows the token of this number; 1 has ended.
    fn restarted(log: Log, shown: u64) -> Log {
        let served = |log: Log| log.api(1, Outcome::Admitted);
        let log = begun(begun(log).grant(1).call(200, served));
        let log = begun(log.call(200, served));
        match shown {
            1 => log.call(401, |log| log.api(1, Outcome::Denied)),
            n => log.grant(n).call(200, |log| log.api(n, Outcome::Admitted)),
        }
    }

    #[test]
    fn a_stored_token_ends_when_it_ends() {
        check(&restarted(Log::new(), 2), "CACHE-06", Grade::Met);
        let reads = |unit| Log::new().measured(&measurement(unit, 0, 0));
        check(&restarted(reads(Unit::S), 1), "CACHE-06", Grade::Broken);
        check(&restarted(reads(Unit::None), 1), "CACHE-06", Grade::Fact);
        check(
            &restarted(reads(Unit::Unknown), 1),
            "CACHE-06",
            Grade::Unobserved,
        );
        check(&restarted(Log::new(), 1), "CACHE-06", Grade::Fact);
        let forgets = begun(begun(begun(Log::new()).grant(1)).grant(2)).grant(3);
        check(&forgets, "CACHE-06", Grade::Unobserved);
        check(&begun(Log::new()).grant(1), "CACHE-06", Grade::Unobserved);
        check(
            &restarted(Log::new(), 2).client_gone(),
            "CACHE-06",
            Grade::Gone,
        );
    }

    /// A process that stores, and two that renew with so many refreshes.
    fn raced(log: Log, refreshes: usize) -> Log {
        let log = begun(begun(begun(log).grant(1)));
        let log = (0..refreshes).fold(log, |log, _| log.token_request(TOKEN, 200, TOKENS));
        log.call(200, |log| log.api(3, Outcome::Admitted))
    }

    #[test]
    fn one_of_two_processes_refreshes() {
        check(&raced(Log::new(), 1), "SF-07", Grade::Met);
        check(&raced(Log::new(), 2), "SF-07", Grade::Broken);
        check(&raced(Log::new(), 0), "SF-07", Grade::Unobserved);
        let logs_in = begun(begun(Log::new()).grant(1)).grant(2);
        check(&logs_in, "SF-07", Grade::Unobserved);
        check(&raced(Log::new(), 1).client_gone(), "SF-07", Grade::Gone);
    }
}
