//! What traffic proves that nobody asked for anything, such as that of a project's own tests.
//!
//! Nobody knows there which requests belong to one call, how many clients there are and how many
//! processes: tests run side by side, each worker logs in once, and each test may make a client of
//! its own. So these judgements fail nobody. They warn where the traffic itself has hardly another
//! reason, and say figures where it may have one.

use std::collections::{BTreeMap, BTreeSet};

use locum_core::profile::ExpiresIn;
use locum_core::{Outcome, Timestamp, TokenId};

use super::commands::asked;
use super::lifetime::told_lifetime;
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::unobserved;
use crate::rules::View;
use crate::verdict::{Finding, Grade, Proof};

/// How many calls show whether a token is used again.
const MIN_CALLS: usize = 5;

/// From this number on a login for each call is hardly chance.
const MANY_CALLS: usize = 10;

/// So many refusals of the same request in a row are hardly as many calls.
const MANY_REFUSALS: usize = 10;

/// Calls of the control API after which a token's end is no longer what its reply told.
const TIME_TURNS: [&str; 4] = ["clock", "tokens", "state", "reset"];

/// Whether nobody asked the client for anything.
pub(super) fn is_plain(view: &View<'_>) -> bool {
    asked(view).iter().all(|asked| asked.command.op() == "new")
}

/// CACHE-01: whether calls share tokens, as far as the traffic tells.
pub(super) fn calls_share_tokens(view: &View<'_>) -> Finding {
    let calls: Vec<Arrival<'_>> = api_requests(view).filter(Arrival::is_served).collect();
    if calls.len() < MIN_CALLS {
        return unobserved(view, "fewer than five calls were served");
    }
    let logins: Vec<Arrival<'_>> = token_requests(view).filter(Arrival::is_served).collect();
    let Some(proof) = Proof::all(logins.iter().copied()) else {
        return unobserved(view, "no token request arrived");
    };
    let most = most_calls_with_one_token(&calls);
    let plural = if logins.len() == 1 { "" } else { "s" };
    let counts = format!("{} login{plural} for {} calls", logins.len(), calls.len());
    let finding = if most <= 1 && logins.len() >= calls.len() {
        let seen = format!("{counts}: a login for each call");
        let expected = "one login for all calls of a client";
        if calls.len() >= MANY_CALLS && !each_call_has_a_client_of_its_own(&logins, &calls) {
            Finding::tolerated(expected, seen, proof)
        } else {
            let seen = format!("{seen}, unless each was made by a client of its own");
            Finding::fact(seen, proof)
        }
    } else if most >= MIN_CALLS && logins.iter().all(|login| is_needed(view, login, &logins)) {
        super::met(
            view,
            format!("{counts}, up to {most} with one token"),
            proof,
        )
    } else if most >= MIN_CALLS || logins.len() > 1 {
        let seen = format!(
            "{counts}, up to {most} with one token; processes and clients that run side by side log in once each"
        );
        Finding::fact(seen, proof)
    } else {
        return unobserved(view, "no token was shown in five calls").seen_in(proof);
    };
    finding
        .figure("token_requests", logins.len())
        .figure("api_requests", calls.len())
}

fn most_calls_with_one_token(calls: &[Arrival<'_>]) -> usize {
    let mut uses: BTreeMap<TokenId, usize> = BTreeMap::new();
    for token in calls.iter().filter_map(|call| call.entry.presented) {
        *uses.entry(token).or_default() += 1;
    }
    uses.into_values().max().unwrap_or(0)
}

/// Whether the logins look like those of clients that were made for one call each: every login on a
/// connection of its own, and its call on the same one. A client that opens a connection for each
/// request shows nothing of the kind.
fn each_call_has_a_client_of_its_own(logins: &[Arrival<'_>], calls: &[Arrival<'_>]) -> bool {
    let of_logins: BTreeSet<u64> = logins.iter().map(|login| login.entry.connection).collect();
    let of_calls: BTreeSet<u64> = calls.iter().map(|call| call.entry.connection).collect();
    of_logins.len() == logins.len() && of_logins == of_calls
}

/// Whether no token was there that this login could have spared: the earlier ones of its account
/// had been refused, or half of their time was over.
fn is_needed(view: &View<'_>, login: &Arrival<'_>, logins: &[Arrival<'_>]) -> bool {
    let mut earlier = logins.iter().filter(|other| other.seq < login.seq);
    earlier.all(|other| {
        other.entry.principal != login.entry.principal
            || other
                .entry
                .issued
                .iter()
                .any(|token| is_refused(view, *token, login))
            || is_old(view, other, login.entry.arrived)
    })
}

fn is_refused(view: &View<'_>, token: TokenId, before: &Arrival<'_>) -> bool {
    let mut calls = api_requests(view).take_while(|call| call.seq < before.seq);
    calls.any(|call| call.presents(token) && is_denied(&call))
}

fn is_denied(call: &Arrival<'_>) -> bool {
    call.entry.outcome == Some(Outcome::Denied)
}

fn is_old(view: &View<'_>, login: &Arrival<'_>, now: Timestamp) -> bool {
    let lifetime = told_seconds(view, login);
    now.since(login.entry.arrived).as_secs_f64() >= lifetime / 2.0
}

/// RET-02: whether one request was refused again and again, with nothing but logins between.
pub(super) fn goes_on_after_refusals(view: &View<'_>) -> Finding {
    let mut run: Vec<Arrival<'_>> = Vec::new();
    let mut longest: Vec<Arrival<'_>> = Vec::new();
    let mut latest: Option<Arrival<'_>> = None;
    for arrival in arrivals(view) {
        if arrival.is_token_request() {
            latest = Some(arrival);
            continue;
        }
        let is_refused = arrival.status().is_some() && arrival.status() == view.expected.status;
        if !is_refused {
            run.clear();
            continue;
        }
        let is_same = run.last().is_none_or(|last| {
            last.entry.method == arrival.entry.method
                && last.entry.target == arrival.entry.target
                && (last.entry.presented == arrival.entry.presented
                    || latest.is_some_and(|login| is_of(&login, &arrival)))
        });
        if !is_same {
            run.clear();
        }
        run.push(arrival);
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
    }
    let count = longest.len();
    match Proof::all(longest) {
        Some(proof) if count >= MANY_REFUSALS => {
            let seen = format!(
                "the same request was refused {count} times in a row: a loop, unless as many calls were asked for"
            );
            let expected = "two requests for a call that stays refused";
            Finding::tolerated(expected, seen, proof).figure("api_requests", count)
        }
        _ => unobserved(view, "it is not known how many calls were refused"),
    }
}

/// Whether the call shows a token that this login got.
fn is_of(login: &Arrival<'_>, call: &Arrival<'_>) -> bool {
    login.entry.issued.iter().any(|token| call.presents(*token))
}

/// EXP-03 and its like: whether a client shows a token that has run out by its told lifetime, where
/// nobody ended tokens or turned clocks. One that recovers may do so by the 401 alone; one that
/// shows the token again does neither.
pub(super) fn goes_on_with_an_ended_token(view: &View<'_>) -> Finding {
    // Only whoever heard the client from its start knows of all turns of the mock.
    if !view.evidence.hears_output() {
        return unobserved(
            view,
            "a clock may have been turned, or tokens ended by hand",
        );
    }
    let is_undisturbed = |login: &Arrival<'_>, call: &Arrival<'_>| {
        let mut controls = view.evidence.controls();
        !controls.any(|(seq, name, _)| {
            login.seq < seq && seq < call.seq && TIME_TURNS.iter().any(|turn| name.contains(turn))
        })
    };
    let over = |call: &Arrival<'_>| {
        let login = token_requests(view).find(|login| is_of(login, call))?;
        let age = call.entry.arrived.since(login.entry.arrived).as_secs_f64();
        let lifetime = told_seconds(view, &login);
        let is_over = is_denied(call) && age >= lifetime && is_undisturbed(&login, call);
        is_over.then_some((login, age - lifetime))
    };
    let late: Vec<_> = api_requests(view)
        .filter_map(|call| over(&call).map(|(login, late_s)| (call, login, late_s)))
        .collect();
    let Some((call, login, late_s)) = late.first() else {
        return unobserved(view, "no token ran out in the client's hands");
    };
    let told = told_lifetime(login).map_or_else(|| "nothing".to_owned(), |told| told.to_string());
    let unit = unit_words(view.profile.token.expires_in);
    let seen = format!(
        "a token with expires_in {told} was shown {late_s:.1} s after its end: read in another unit than {unit}, or not at all"
    );
    let expected = format!("the lifetime read as {unit}, and a new token before it is over");
    let again = late.iter().filter(|(later, ..)| {
        let known_from = call.entry.completed.unwrap_or(call.entry.arrived);
        later.seq > call.seq
            && later.entry.presented == call.entry.presented
            && later.entry.arrived >= known_from
    });
    match Proof::all(again.map(|(later, ..)| *later)) {
        Some(again) => {
            let proof = Proof::from(*login).and(*call).and(again);
            Finding::tolerated(expected, seen, proof)
        }
        None => Finding::deviation(Grade::Fact, expected, seen, Proof::from(*login).and(*call)),
    }
}

const fn unit_words(unit: ExpiresIn) -> &'static str {
    match unit {
        ExpiresIn::Absent => "the token's own exp",
        ExpiresIn::Seconds => "seconds",
        ExpiresIn::Milliseconds => "milliseconds",
    }
}

/// The lifetime of the tokens of a login in seconds, as its reply tells it in the vendor's unit;
/// where it tells none, the documented one.
fn told_seconds(view: &View<'_>, login: &Arrival<'_>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let documented = view.profile.token.lifetime_s as f64;
    match (told_lifetime(login), view.profile.token.expires_in) {
        (Some(told), ExpiresIn::Milliseconds) => told / 1000.0,
        (Some(told), _) => told,
        (None, _) => documented,
    }
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    fn calls(log: Log, token: u64, count: usize) -> Log {
        (0..count).fold(log, |log, _| log.api(token, Outcome::Admitted))
    }

    /// So many logins with so many calls each.
    fn logins(count: u64, calls_each: usize) -> Log {
        (1..=count).fold(Log::new(), |log, id| calls(log.grant(id), id, calls_each))
    }

    #[test]
    fn one_login_for_many_calls_is_a_cache() {
        check(&logins(1, 5), "CACHE-01", Grade::Met);
        check(&logins(1, 4), "CACHE-01", Grade::Unobserved);
        check(&Log::new(), "CACHE-01", Grade::Unobserved);
    }

    #[test]
    fn a_login_for_each_call_is_a_warning_once_there_are_many() {
        let finding = check(&logins(12, 1), "CACHE-01", Grade::Tolerated);
        assert!(
            finding
                .reason()
                .starts_with("12 logins for 12 calls: a login for each call")
        );
        check(&logins(9, 1), "CACHE-01", Grade::Fact);
    }

    /// Workers that run side by side log in once each, and a test may make a client of its own.
    #[test]
    fn several_processes_and_clients_are_no_missing_cache() {
        check(&logins(4, 10), "CACHE-01", Grade::Fact);
        check(&logins(20, 2), "CACHE-01", Grade::Fact);
        let own = (1..=20).fold(Log::new(), |log, id| {
            calls(log.connection(id).grant(id), id, 1)
        });
        check(&own, "CACHE-01", Grade::Fact);
        let each_request = (1..=20).fold(Log::new(), |log, id| {
            calls(
                log.connection(2 * id).grant(id).connection(2 * id + 1),
                id,
                1,
            )
        });
        check(&each_request, "CACHE-01", Grade::Tolerated);
    }

    #[test]
    fn a_login_after_a_refusal_is_right() {
        let log = calls(Log::new().grant(1), 1, 5).api(1, Outcome::Denied);
        check(&calls(log.grant(2), 2, 1), "CACHE-01", Grade::Met);
        let early = calls(calls(Log::new().grant(1), 1, 5).grant(2), 2, 1);
        check(&early, "CACHE-01", Grade::Fact);
    }

    fn refusals(log: Log, count: usize) -> Log {
        (0..count).fold(log, |log, _| log.api(1, Outcome::Denied))
    }

    #[test]
    fn a_request_that_is_refused_for_ever_is_a_loop() {
        check(
            &refusals(Log::new().grant(1), 10),
            "RET-02",
            Grade::Tolerated,
        );
        check(
            &refusals(Log::new().grant(1), 9),
            "RET-02",
            Grade::Unobserved,
        );
        let broken_off = refusals(Log::new().grant(1), 6).api(1, Outcome::Admitted);
        check(&refusals(broken_off, 6), "RET-02", Grade::Unobserved);
        let renewed = (1..=10).fold(Log::new(), |log, id| log.grant(id).api(id, Outcome::Denied));
        check(&renewed, "RET-02", Grade::Tolerated);
        let of_several = (1..=10).fold(Log::new().grant(1), |log, id| log.api(id, Outcome::Denied));
        check(&of_several, "RET-02", Grade::Unobserved);
    }

    const TOLD: &str = r#"{"access_token":"«t»","expires_in":2}"#;

    fn late(log: Log, times: usize) -> Log {
        let log = calls(log.granted(1, TOLD), 1, 1).later(3000);
        (0..times).fold(log, |log, _| log.api(1, Outcome::Denied))
    }

    #[test]
    fn an_ended_token_that_is_shown_again_is_a_warning() {
        let heard = || Log::new().output_heard();
        check(&late(heard(), 2), "CLI-10", Grade::Tolerated);
        check(&late(heard(), 1), "CLI-10", Grade::Fact);
        check(&late(heard(), 0), "CLI-10", Grade::Unobserved);
        // Nobody knows who ended it.
        check(&late(Log::new(), 2), "CLI-10", Grade::Unobserved);
        let turned = calls(heard().granted(1, TOLD), 1, 1).advance(3.0);
        let turned = turned.later(3000);
        let shown = turned.api(1, Outcome::Denied).api(1, Outcome::Denied);
        check(&shown, "CLI-10", Grade::Unobserved);
        check(&late(heard().advance(3.0), 2), "CLI-10", Grade::Tolerated);
    }
}
