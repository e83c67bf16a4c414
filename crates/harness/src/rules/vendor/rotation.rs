//! Refresh tokens that are replaced when they are used (RFC 9700 §4.14.2).

use super::effect::{Step, concluded, every, settled, unseen};
use crate::evidence::{Exchange, Moment, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REF-14", |view| concluded(replay_ends_the_newest(view))),
    Rule::vendor("REF-15", |view| concluded(one_of_many_is_served(view))),
];

/// The replay of a replaced refresh token is refused, and the newest one from then on.
fn replay_ends_the_newest(view: &View<'_>) -> Step<Finding> {
    let replays = every(view, Operation::Renew, &Variation::Again);
    let newest = every(view, Operation::Renew, &Variation::WithReplacement);
    // Those before it may have come within a time of grace.
    let Some(first) = replays.last() else {
        return unseen(view, "no replaced refresh token was shown again");
    };
    if first.got_something() {
        return unseen(
            view,
            "the replay was accepted: refresh tokens do not rotate",
        );
    }
    let (before, after): (Vec<Exchange<'_>>, Vec<Exchange<'_>>) =
        newest.into_iter().partition(|one| one.seq < first.seq);
    let control = before.iter().find(|one| one.is_served());
    if let Some(proof) = Proof::all(after.iter().filter(|one| one.got_something())) {
        let expected = "an end of the newest refresh token, too";
        let seen = "the newest refresh token works after the replay of an older one";
        let finding = Finding::broken(expected, seen, proof.and(first));
        return Ok(match control {
            Some(control) => finding.beside(control),
            None => finding,
        });
    }
    settled(view, &replays)?;
    settled(view, &after)?;
    match (Proof::all(&after), control) {
        (Some(proof), Some(control)) => {
            let seen = "the replay ended the newest refresh token";
            Ok(Finding::met(seen, proof.and(first)).beside(control))
        }
        (_, None) => unseen(
            view,
            "the newest refresh token did not work before the replay",
        ),
        (None, _) => unseen(
            view,
            "the newest refresh token was not shown after the replay",
        ),
    }
}

/// Of refreshes with one token that arrive together at most one refresh token works afterwards.
fn one_of_many_is_served(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges_for(Operation::Renew);
    let at_once: Vec<Exchange<'_>> = all
        .filter(|one| matches!(one.variation, Variation::AtOnce(_)))
        .collect();
    let all = view.evidence.exchanges_for(Operation::Renew);
    let tried: Vec<Exchange<'_>> = all
        .filter(|one| matches!(one.variation, Variation::Token(_, Moment::After)))
        .collect();
    let mut working: Vec<&Variation> = tried
        .iter()
        .filter(|one| one.got_something())
        .map(|one| one.variation)
        .collect();
    working.sort_by_key(ToString::to_string);
    working.dedup();
    let served = Proof::all(at_once.iter().filter(|one| one.got_something()));
    if let (2.., Some(proof)) = (working.len(), Proof::all(&tried)) {
        let seen = format!(
            "{} refresh tokens of {} simultaneous refreshes work",
            working.len(),
            at_once.len()
        );
        let finding = Finding::broken("one refresh token at most", seen, proof)
            .figure("working", working.len());
        return Ok(match served {
            Some(served) => finding.beside(served),
            None => finding,
        });
    }
    settled(view, &at_once)?;
    settled(view, &tried)?;
    let Some(served) = served else {
        return unseen(view, "none of the simultaneous refreshes was served");
    };
    if tried.is_empty() {
        return unseen(view, "no refresh token of the replies was shown");
    }
    match Proof::all(&at_once) {
        Some(proof) => {
            let seen = format!("{} works afterwards", working.len());
            Ok(Finding::met(seen, proof).beside(served))
        }
        None => unseen(view, "no simultaneous refreshes were made"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const GONE: &str = r#"{"error":"invalid_grant"}"#;
    const NEWEST: &str = "with the token of the reply";

    fn renewed(log: Log, phrase: &str, works: bool) -> Log {
        match works {
            true => log.exchange("renew", phrase, 200, TOKEN),
            false => log.exchange("renew", phrase, 400, GONE),
        }
    }

    fn replayed(before: bool, replay: bool, after: bool) -> Log {
        let log = renewed(Log::new(), NEWEST, before);
        renewed(renewed(log, "again", replay), NEWEST, after)
    }

    #[test]
    fn a_replay_ends_the_newest_token() {
        check(&replayed(true, false, false), "REF-14", Grade::Met);
        check(&replayed(true, false, true), "REF-14", Grade::Broken);
        check(&replayed(false, false, false), "REF-14", Grade::Unobserved);
        check(&replayed(true, true, true), "REF-14", Grade::Unobserved);
        // In a time of grace it is taken, and later it is not.
        let graced = |after| {
            let log = renewed(renewed(Log::new(), NEWEST, true), "again", true);
            renewed(renewed(log, "again", false), NEWEST, after)
        };
        check(&graced(false), "REF-14", Grade::Met);
        check(&graced(true), "REF-14", Grade::Broken);
        check(
            &renewed(Log::new(), "again", false),
            "REF-14",
            Grade::Unobserved,
        );
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = replayed(true, false, false).failed("renew", NEWEST, failure);
            check(&log, "REF-14", grade);
        }
    }

    fn at_once(served: usize, working: usize) -> Log {
        let phrase = |number| format!("at once, number {number}");
        let log = (1..=8).fold(Log::new(), |log, number| {
            renewed(log, &phrase(number), number <= served)
        });
        (1..=served).fold(log, |log, number| {
            renewed(log, &format!("token {number} after"), number <= working)
        })
    }

    #[test]
    fn one_token_leaves_one_successor() {
        check(&at_once(1, 0), "REF-15", Grade::Met);
        check(&at_once(1, 1), "REF-15", Grade::Met);
        check(&at_once(3, 1), "REF-15", Grade::Met);
        check(&at_once(3, 2), "REF-15", Grade::Broken);
        check(&at_once(8, 8), "REF-15", Grade::Broken);
        check(&at_once(0, 0), "REF-15", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = at_once(1, 1).failed("renew", "at once, number 2", failure);
            check(&log, "REF-15", grade);
        }
    }
}
