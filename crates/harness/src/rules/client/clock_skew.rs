//! What a client makes of a signature that is refused for its date.

use locum_core::Timestamp;

use super::commands::{GivenCommand, calls};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{absent, met, unobserved};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("SIG-04", corrects_the_date),
    Rule::client("SIG-05", drops_the_correction),
];

/// The records at which the vendor's clock was set.
fn turns(view: &View<'_>) -> Vec<RecordId> {
    controls(view, "clock").map(|(seq, _)| seq).collect()
}

/// What arrived for a call, up to its answer.
fn sent_for<'a>(view: &View<'a>, call: &GivenCommand<'_>) -> Vec<Arrival<'a>> {
    let (begin, answer) = (call.seq, call.answer.map(|(at, _)| at));
    api_requests(view)
        .filter(|request| request.seq > begin && answer.is_none_or(|at| request.seq < at))
        .collect()
}

/// Whether it was refused for its date alone.
fn is_misdated(request: &Arrival<'_>) -> bool {
    let denial = request.entry.denial.as_ref();
    denial.is_some_and(|denial| {
        matches!(
            denial.reason.as_str(),
            "signature_expired" | "signature_not_yet_current"
        )
    })
}

/// How far its date is from the vendor's clock.
fn skew_s(request: &Arrival<'_>) -> Option<u64> {
    let date = Timestamp::parse_amz_date(request.header("x-amz-date"))?;
    let arrived = request.entry.arrived.as_millis();
    Some(date.as_millis().abs_diff(arrived) / 1000)
}

fn is_dated_well(view: &View<'_>, request: &Arrival<'_>) -> bool {
    let max = view.expected.max_clock_skew_s.unwrap_or_default();
    skew_s(request).is_some_and(|skew| skew <= max)
}

/// A refusal for the date leads to one repeat with a corrected date, and to no login.
fn corrects_the_date(view: &View<'_>) -> Finding {
    let turns = turns(view);
    let is_between = |seq: RecordId| {
        turns.first().is_some_and(|turn| seq > *turn) && turns.get(1).is_none_or(|turn| seq < *turn)
    };
    let call = calls(view).into_iter().find(|call| is_between(call.seq));
    let Some(call) = call else {
        return unobserved(view, "no call was asked for with the vendor's clock apart");
    };
    let sent = sent_for(view, &call);
    let Some(at) = sent.iter().position(is_misdated) else {
        return unobserved(view, "no signature was refused for its date");
    };
    let (refused, repeats) = (sent[at], &sent[at + 1..]);
    let Some(proof) = Proof::all(sent.iter().copied()) else {
        return unobserved(view, "no signature was refused for its date");
    };
    let expected = "one repeat with a corrected date and no token request";
    let answer = call.answer.map(|(answer, _)| answer);
    let logins: Vec<_> = token_requests(view)
        .filter(|login| login.seq > refused.seq && answer.is_none_or(|at| login.seq < at))
        .collect();
    if let Some(logins) = Proof::all(logins) {
        return Finding::broken(expected, "a token request", proof.and(logins));
    }
    match repeats {
        [] => absent(view, expected, "no repeat", proof),
        [repeat] if is_dated_well(view, repeat) => {
            met(view, "one repeat with a corrected date", proof)
        }
        [repeat] => {
            let skew = skew_s(repeat).map_or("no date".to_owned(), |skew| format!("{skew} s off"));
            Finding::broken(expected, format!("a repeat that is {skew}"), proof)
        }
        _ => Finding::broken(expected, format!("{} repeats", repeats.len()), proof),
    }
}

/// When the clocks agree again the correction goes.
fn drops_the_correction(view: &View<'_>) -> Finding {
    let Some(back) = turns(view).get(1).copied() else {
        return unobserved(view, "the vendor's clock was not set back");
    };
    let later: Vec<_> = calls(view)
        .into_iter()
        .filter(|call| call.seq > back)
        .collect();
    let sent: Vec<_> = later.iter().flat_map(|call| sent_for(view, call)).collect();
    let (Some(last), Some(call)) = (sent.last(), later.last()) else {
        return unobserved(
            view,
            "no call was signed after the vendor's clock was set back",
        );
    };
    let Some(proof) = Proof::all(sent.iter().copied()) else {
        return unobserved(
            view,
            "no call was signed after the vendor's clock was set back",
        );
    };
    let expected = "at most one refusal, then dates by the vendor's clock";
    let refusals = sent.iter().filter(|request| is_misdated(request)).count();
    if refusals > 1 {
        let seen = format!("{refusals} refusals for the date");
        return Finding::broken(expected, seen, proof);
    }
    if !last.was_looked_at() {
        return unobserved(view, "the last call was not looked at").seen_in(proof);
    }
    let succeeded = call.answer.is_some_and(|(_, reply)| reply.succeeded());
    match (is_dated_well(view, last), last.is_served() && succeeded) {
        (true, true) => met(view, "dated by the vendor's clock again", proof),
        (false, _) => Finding::broken(expected, "a date that is still corrected", proof),
        (true, false) => absent(view, expected, "the last call did not succeed", proof),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("SIG-04", |log| {
            apart(log, |log| sign(refused(log), LATE, None))
        }),
        ("SIG-05", |log| {
            back(apart(log, corrected), |log| {
                sign(refused_late(log), TIME, None)
            })
        }),
    ];

    /// The entries of a test log arrive at 10:00, or 20 minutes later.
    const TIME: &str = "20261124T100000Z";
    const LATE: &str = "20261124T102001Z";

    fn sign(log: Log, date: &str, refused: Option<&str>) -> Log {
        let headers = [
            ("authorization", "AWS4-HMAC-SHA256 x"),
            ("x-amz-date", date),
            ("x-amz-security-token", "«t»"),
        ];
        log.signed("GET", &headers, refused)
    }

    fn refused(log: Log) -> Log {
        sign(log, TIME, Some("signature_expired"))
    }

    fn refused_late(log: Log) -> Log {
        sign(log, LATE, Some("signature_not_yet_current"))
    }

    fn corrected(log: Log) -> Log {
        sign(refused(log), LATE, None)
    }

    fn apart(log: Log, seen: fn(Log) -> Log) -> Log {
        log.advance(1200.0).later(1_200_000).call(200, seen)
    }

    fn back(log: Log, seen: fn(Log) -> Log) -> Log {
        log.advance(-1200.0)
            .later(-1_200_000)
            .call(200, seen)
            .call(200, |log| sign(log, TIME, None))
    }

    #[test]
    fn a_refused_date_is_corrected_once() {
        check(&apart(Log::new(), refused), "SIG-04", Grade::Broken);
        let again = |log| refused(refused(log));
        check(&apart(Log::new(), again), "SIG-04", Grade::Broken);
        let thrice = |log| sign(corrected(log), LATE, None);
        check(&apart(Log::new(), thrice), "SIG-04", Grade::Broken);
        let login = |log| sign(refused(log).grant(2), LATE, None);
        check(&apart(Log::new(), login), "SIG-04", Grade::Broken);
        let in_time = |log| sign(log, LATE, None);
        check(&apart(Log::new(), in_time), "SIG-04", Grade::Unobserved);
        check(&Log::new().advance(1200.0), "SIG-04", Grade::Unobserved);
    }

    #[test]
    fn a_correction_is_dropped_again() {
        let log = || apart(Log::new(), corrected);
        let forever = |log| refused_late(refused_late(log));
        check(&back(log(), forever), "SIG-05", Grade::Broken);
        let never = |log| sign(log, LATE, None);
        let last = back(log(), never).call(200, |log| sign(log, LATE, None));
        check(&last, "SIG-05", Grade::Broken);
        check(&log(), "SIG-05", Grade::Unobserved);
    }
}
