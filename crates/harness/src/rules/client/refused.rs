//! What a client does with a token that the API refused.

use std::time::Duration;

use locum_core::{Timestamp, TokenId};

use super::commands::{GivenCommand, asked, call_follows, calls};
use super::traffic::{Arrival, api_requests, token_requests};
use super::{absent, met, plain, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CLI-05", drops_a_refused_token),
    Rule::client("RET-01", resends_once),
];

/// For each token that had served the first API request in which it was refused, as the requirement
/// says.
fn all_refused<'a>(view: &View<'a>) -> Vec<(Arrival<'a>, TokenId)> {
    let refused = |call: &Arrival<'_>| {
        let status = call.entry.reply.as_ref().map(|reply| reply.status);
        status.is_some() && status == view.expected.status
    };
    let mut all: Vec<(Arrival<'a>, TokenId)> = Vec::new();
    for call in api_requests(view) {
        let Some(token) = call.entry.presented.filter(|_| refused(&call)) else {
            continue;
        };
        let served_before = api_requests(view)
            .take_while(|earlier| earlier.seq < call.seq)
            .any(|earlier| earlier.presents(token) && earlier.is_served());
        if served_before && !all.iter().any(|(_, known)| *known == token) {
            all.push((call, token));
        }
    }
    all
}

fn first_refused<'a>(view: &View<'a>) -> Option<(Arrival<'a>, TokenId)> {
    all_refused(view).into_iter().next()
}

/// How long a thread may take from a look at the shared token to its request.
const THREAD_DELAY: Duration = Duration::from_secs(1);

const NOT_REFUSED: &str = "the API refused no token that had served the client";

/// After a 401 to a cached token the client fetches a new one and never shows the old one again.
/// Requests that were under way when the refusal was made are excepted.
fn drops_a_refused_token(view: &View<'_>) -> Finding {
    let all = all_refused(view);
    let Some((refused, token)) = all.first().copied() else {
        return unobserved(view, NOT_REFUSED);
    };
    let shown_again = all
        .iter()
        .find_map(|(refused, token)| shown_again(view, refused, *token));
    if let Some(finding) = shown_again {
        return finding;
    }
    let before = token_requests(view).filter(|login| login.seq < refused.seq && login.is_served());
    if plain::is_plain(view) && before.count() > 1 {
        let what = "several logins came before the refusal: a later one may be another client's";
        return unobserved(view, what).seen_in(refused);
    }
    let later = || api_requests(view).filter(move |call| call.seq > refused.seq);
    let renewals: Vec<_> = token_requests(view)
        .filter(|request| request.seq > refused.seq)
        .collect();
    let Some(renewal) = renewals.first() else {
        return if call_follows(view, refused.seq) {
            let seen = "no token request followed the refusal";
            absent(view, "a token request", seen, refused)
        } else {
            unobserved(view, "no more call was asked for after the refusal")
        };
    };
    let shown = later().find(|call| call.seq > renewal.seq && !call.presents(token));
    match (renewals.iter().find(|request| request.is_served()), shown) {
        (Some(renewal), Some(call)) => {
            let proof = Proof::from(refused).and(*renewal).and(call);
            met(view, "a new token was fetched and shown", proof)
        }
        (None, _) => unobserved(view, "no new token was granted").seen_in(*renewal),
        (Some(_), None) => unobserved(view, "no call followed the new token").seen_in(*renewal),
    }
}

/// That a token was shown again once the client knew that it is refused.
fn shown_again(view: &View<'_>, refused: &Arrival<'_>, token: TokenId) -> Option<Finding> {
    let known_from = known_from(view, refused);
    let again = api_requests(view)
        .filter(|call| call.seq > refused.seq)
        .filter(|call| call.presents(token) && call.entry.arrived >= known_from);
    let again = Proof::all(again)?;
    let grade = match view.expected.deviation_tolerated {
        true => Grade::Tolerated,
        false => Grade::Broken,
    };
    let seen = "the refused token was shown again";
    let proof = Proof::from(*refused).and(again);
    let finding = Finding::deviation(grade, "a new token", seen, proof);
    // The same token served before: that it is kept needs no other proof.
    let served = api_requests(view).find(|call| call.presents(token) && call.is_served());
    Some(match served {
        Some(served) => finding.beside(served),
        None => finding,
    })
}

/// From when on the client knows that its token was refused. In traffic that nobody asked for,
/// threads may have taken the token by then that send it a moment later.
fn known_from(view: &View<'_>, refused: &Arrival<'_>) -> Timestamp {
    let replied = refused.entry.completed.unwrap_or(refused.entry.arrived);
    let ends = |call: &Arrival<'_>| call.entry.completed.unwrap_or(call.entry.arrived);
    let mut latest = Timestamp::from_millis(i64::MIN);
    let overlaps = api_requests(view).any(|call| {
        let overlaps = call.entry.arrived < latest;
        latest = latest.max(ends(&call));
        overlaps
    });
    match overlaps && plain::is_plain(view) {
        true => replied.plus(THREAD_DELAY),
        false => replied,
    }
}

/// A call refused with 401 is sent again once, with a new token, before the caller has its answer.
fn resends_once(view: &View<'_>) -> Finding {
    let Some((refused, token)) = first_refused(view) else {
        return unobserved(view, NOT_REFUSED);
    };
    let is_its_call = |seq| {
        let commands = asked(view);
        let command = commands
            .iter()
            .rev()
            .find(|asked| asked.seq < refused.seq)?;
        let (answered, _) = command.answer?;
        (refused.seq < answered).then_some(seq < answered)
    };
    if is_its_call(refused.seq).is_none() {
        return unobserved(view, "it is not known which call was refused");
    }
    let within = |seq| seq > refused.seq && is_its_call(seq) == Some(true);
    let granted =
        token_requests(view).find(|request| request.seq > refused.seq && request.is_served());
    let Some(renewal) = granted else {
        return unobserved(view, "the client got no new token").seen_in(refused);
    };
    let resent: Vec<Arrival<'_>> = api_requests(view)
        .filter(|call| within(call.seq) && call.entry.presented.is_some_and(|id| id != token))
        .filter(|call| call.path() == refused.path())
        .filter(|call| call.entry.method == refused.entry.method)
        .collect();
    let further = further_calls(view, &refused);
    let resent = &resent[..resent.len().saturating_sub(further)];
    let proof = Proof::from(refused).and(renewal);
    match resent {
        [call] if call.is_served() => met(view, "sent again once", proof.and(*call)),
        [call] => unobserved(view, "the resend was not served").seen_in(*call),
        [] => absent(view, "one resend with a new token", "no resend", proof),
        [first, ..] if !first.was_looked_at() => {
            unobserved(view, "the resend got no reply of the vendor").seen_in(*first)
        }
        many => {
            let seen = format!("sent again {} times", many.len());
            let proof = many.iter().fold(proof, |proof, call| proof.and(*call));
            Finding::broken("one resend with a new token", seen, proof)
        }
    }
}

/// How many calls besides the refused one are in what was sent before its answer. A program that
/// makes all its calls in one life does not say when one ends and the next begins: they were asked
/// at once, or a later one sends nothing when it is its turn.
fn further_calls(view: &View<'_>, refused: &Arrival<'_>) -> usize {
    let calls = calls(view);
    let is_open = |call: &&GivenCommand<'_>| {
        call.seq < refused.seq && call.answer.is_some_and(|(at, _)| at > refused.seq)
    };
    let is_silent = |call: &&GivenCommand<'_>| {
        let Some((answered, _)) = call.answer else {
            return false;
        };
        call.seq > refused.seq
            && !api_requests(view).any(|sent| (call.seq..answered).contains(&sent.seq))
    };
    let open = calls.iter().filter(is_open).count();
    open.saturating_sub(1) + calls.iter().filter(is_silent).count()
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    fn served(log: Log, token: u64) -> Log {
        log.api(token, Outcome::Admitted)
    }

    fn refused(log: Log) -> Log {
        log.api(1, Outcome::Denied)
    }

    /// A client with a token that has served.
    fn start() -> Log {
        Log::new().grant(1).call(200, |log| served(log, 1))
    }

    #[test]
    fn a_refused_token_is_dropped_and_the_call_sent_again() {
        let good = start().call(200, |log| served(refused(log).grant(2), 2));
        check(&good, "CLI-05@pattern", Grade::Met);
        check(&good, "RET-01", Grade::Met);
        let surfaced = start()
            .call(401, refused)
            .call(200, |log| served(log.grant(2), 2));
        check(&surfaced, "CLI-05@pattern", Grade::Met);
        check(&surfaced, "RET-01", Grade::Broken);
        let kept = start().call(401, |log| refused(refused(log)));
        check(&kept, "CLI-05@pattern", Grade::Broken);
        check(&kept, "RET-01", Grade::Unobserved);
        let twice = start().call(200, |log| served(served(refused(log).grant(2), 2), 2));
        check(&twice, "RET-01", Grade::Broken);
        check(&start(), "CLI-05@pattern", Grade::Unobserved);
        check(&start(), "RET-01", Grade::Unobserved);
    }

    /// A program that makes all its calls in one life does not say where one ends.
    #[test]
    fn a_further_call_is_no_resend() {
        let both = |resends: usize| {
            start().calls_at_once(2, |log| {
                let log = refused(log).grant(2);
                (0..=resends).fold(log, |log, _| served(log, 2))
            })
        };
        check(&both(1), "RET-01", Grade::Met);
        check(&both(0), "RET-01", Grade::Broken);
        check(&both(2), "RET-01", Grade::Broken);
        let in_turn = |resends: usize| {
            let first = start().call(200, |log| {
                let log = refused(log).grant(2);
                (0..=resends).fold(log, |log, _| served(log, 2))
            });
            first.call(200, |log| log)
        };
        check(&in_turn(1), "RET-01", Grade::Met);
        check(&in_turn(0), "RET-01", Grade::Broken);
        check(&in_turn(2), "RET-01", Grade::Broken);
    }

    /// A later login of another client was taken for the renewal, and only the first refused token
    /// was looked at.
    #[test]
    fn of_several_clients_each_refused_token_is_looked_at() {
        let two = || served(served(Log::new().grant(1), 1).grant(2), 2);
        let another = served(refused(two()).grant(3), 3);
        check(&another, "CLI-05@pattern", Grade::Unobserved);
        let second = |log: Log| log.api(2, Outcome::Denied);
        let kept = second(second(refused(two())));
        check(&kept, "CLI-05@pattern", Grade::Broken);
    }

    /// The row tolerates it at Corti, whose published client does it.
    #[test]
    fn a_kept_token_is_tolerated_where_the_row_says_so() {
        let kept = start().call(401, |log| refused(refused(log)));
        check(&kept, "CLI-05@corti", Grade::Tolerated);
    }

    /// A token that never served is a wrong one, not a cached one; and a 404 refuses no token.
    #[test]
    fn only_a_401_to_a_token_that_served_counts() {
        let fresh = Log::new()
            .grant(1)
            .call(200, |log| served(refused(log).grant(2), 2));
        check(&fresh, "CLI-05@pattern", Grade::Unobserved);
        check(&fresh, "RET-01", Grade::Unobserved);
        let absent = start().call(404, |log| log.api_status(1, Outcome::Denied, 404));
        check(
            &absent.call(200, |log| served(log, 1)),
            "CLI-05@pattern",
            Grade::Unobserved,
        );
    }

    /// A renewal that the vendor failed to serve made the row green.
    #[test]
    fn a_renewal_that_failed_says_nothing() {
        let failed = start().call(401, |log| refused(log).failed_login(500));
        check(&failed, "CLI-05@pattern", Grade::Unobserved);
        check(&failed, "RET-01", Grade::Unobserved);
        let resend_failed = start().call(500, |log| refused(log).grant(2).api(2, Outcome::Faulted));
        check(&resend_failed, "RET-01", Grade::Unobserved);
    }

    #[test]
    fn without_commands_a_resend_is_not_told_from_another_call() {
        let log = served(refused(served(Log::new().grant(1), 1)).grant(2), 2);
        check(&log, "CLI-05@pattern", Grade::Met);
        check(&log, "RET-01", Grade::Unobserved);
        let ended = refused(served(Log::new().grant(1), 1));
        check(&ended, "CLI-05@pattern", Grade::Unobserved);
    }

    #[test]
    fn a_client_that_crashed_on_a_refusal_is_gone() {
        let crashed = start().call(401, refused).asked_for_a_call().client_gone();
        check(&crashed, "CLI-05@pattern", Grade::Gone);
        check(&crashed, "RET-01", Grade::Gone);
    }
}
