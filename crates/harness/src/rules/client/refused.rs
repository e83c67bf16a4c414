//! What a client does with a token that the API refused.

use std::time::Duration;

use locum_core::{Timestamp, TokenId};

use super::commands::{asked, call_follows};
use super::traffic::{Arrival, api_requests, token_requests};
use super::{absent, met, plain, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CLI-05", drops_a_refused_token),
    Rule::client("RET-01", resends_once),
];

/// The first API request whose token was refused, as the requirement says, after it had served.
fn first_refused<'a>(view: &View<'a>) -> Option<(Arrival<'a>, TokenId)> {
    let refused = |call: &Arrival<'_>| {
        let status = call.entry.reply.as_ref().map(|reply| reply.status);
        status.is_some() && status == view.expected.status
    };
    api_requests(view).find_map(|call| {
        let token = call.entry.presented.filter(|_| refused(&call))?;
        let served_before = api_requests(view)
            .take_while(|earlier| earlier.seq < call.seq)
            .any(|earlier| earlier.presents(token) && earlier.is_served());
        served_before.then_some((call, token))
    })
}

/// How long a thread may take from a look at the shared token to its request.
const THREAD_DELAY: Duration = Duration::from_secs(1);

const NOT_REFUSED: &str = "the API refused no token that had served the client";

/// After a 401 to a cached token the client fetches a new one and never shows the old one again.
/// Requests that were under way when the refusal was made are excepted.
fn drops_a_refused_token(view: &View<'_>) -> Finding {
    let Some((refused, token)) = first_refused(view) else {
        return unobserved(view, NOT_REFUSED);
    };
    let known_from = known_from(view, &refused);
    let later = || api_requests(view).filter(move |call| call.seq > refused.seq);
    let again = later().filter(|call| call.presents(token) && call.entry.arrived >= known_from);
    if let Some(again) = Proof::all(again) {
        let grade = if view.expected.deviation_tolerated {
            Grade::Tolerated
        } else {
            Grade::Broken
        };
        let seen = "the refused token was shown again";
        let proof = Proof::from(refused).and(again);
        let finding = Finding::deviation(grade, "a new token", seen, proof);
        // The same token served before: that it is kept needs no other proof.
        let mut calls = api_requests(view);
        let served = calls.find(|call| call.presents(token) && call.is_served());
        return match served {
            Some(served) => finding.beside(served),
            None => finding,
        };
    }
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
        .filter(|call| call.entry.target == refused.entry.target)
        .filter(|call| call.entry.method == refused.entry.method)
        .collect();
    let proof = Proof::from(refused).and(renewal);
    match &resent[..] {
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
