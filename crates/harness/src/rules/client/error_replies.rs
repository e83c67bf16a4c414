//! How a client reads error replies, and what it tells its caller of them.

use locum_core::Outcome;

use super::attempts::{End, count};
use super::commands::{GivenCommand, calls};
use super::traffic::{Arrival, api_requests, api_requests_at, token_requests_at};
use super::{absent, gone, met, tls, unobserved};
use crate::rules::{Rule, View};
use crate::subject::{ClientCommand, Departure};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("ERR-15", reads_each_shape),
    Rule::client("ERR-17", does_not_repeat_what_cannot_be_processed),
    Rule::client("ERR-18", tells_faults_from_wrong_credentials),
];

/// The API requests of one call, and whether all were answered with `is`.
fn requests_of<'a>(
    view: &View<'a>,
    call: &GivenCommand<'a>,
    is: impl Fn(&Arrival<'a>) -> bool,
) -> Option<Vec<Arrival<'a>>> {
    let answered = call.answer.map(|(seq, _)| seq);
    let requests: Vec<Arrival<'a>> = api_requests(view)
        .filter(|one| one.seq > call.seq && answered.is_none_or(|answered| one.seq < answered))
        .collect();
    (!requests.is_empty() && requests.iter().all(is)).then_some(requests)
}

/// An error in any documented shape fails the call and nothing after it.
fn reads_each_shape(view: &View<'_>) -> Finding {
    let errors = &view.expected.errors;
    let has_shape = |one: &Arrival<'_>| {
        errors.iter().any(|error| {
            let is_status = one
                .status()
                .is_some_and(|status| error.statuses.contains(&status));
            let member = error.member.as_deref().unwrap_or_default();
            is_status && !one.answered()[member].is_null()
        })
    };
    let places = view.evidence.places();
    let is_beside = |call: &GivenCommand<'_>| matches!(call.command, ClientCommand::Call { client, .. } if places.contains(&**client));
    let (beside, calls): (Vec<_>, Vec<_>) = calls(view).into_iter().partition(is_beside);
    let found = calls.iter().enumerate().find_map(|(at, call)| {
        let requests = requests_of(view, call, has_shape)?;
        Some((call, Proof::all(requests)?, calls.get(at + 1)))
    });
    let told = |call: &GivenCommand<'_>| call.answer.and_then(|(_, reply)| reply.status);
    let Some((call, proof, next)) = found else {
        return unobserved(view, "no call was answered in a documented shape");
    };
    let expected = "the call reported as failed, and the next one served";
    let ends = (call.end(), next.map(GivenCommand::end));
    let is_good = matches!(ends, (End::Failed(_), Some(End::Succeeded(_))));
    if let Some((seq, gone)) = view.evidence.client_gone()
        && gone.kind == Departure::Crashed
        && !is_good
    {
        return Finding::broken(expected, "the client crashed on it", proof.and(seq));
    }
    match ends {
        (End::Succeeded(answer), _) => absent(
            view,
            expected,
            "the call was reported as a success",
            proof.and(answer),
        ),
        // Who fails on reading the error has no status to tell.
        (End::Failed(answer), Some(End::Succeeded(_)))
            if told(call).is_none() && beside.iter().any(|call| told(call) == Some(422)) =>
        {
            Finding::broken(
                "the failure told with its status, as that of another shape is",
                "told without its status, as if the client had failed on reading it",
                proof.and(answer),
            )
        }
        (End::Failed(answer), Some(End::Succeeded(next))) => met(
            view,
            "reported as failed, and the next call was served",
            proof.and(answer).and(next),
        ),
        (End::Failed(_), Some(End::Failed(_))) if is_refused_or_waits(view, next) => {
            unobserved(view, "the vendor did not serve the next call").seen_in(proof)
        }
        (End::Failed(_), Some(End::Failed(next))) => {
            absent(view, expected, "the next call failed, too", proof.and(next))
        }
        _ => unobserved(view, "the calls were not answered").seen_in(proof),
    }
}

/// Whether the failed call says nothing of the one before it: the vendor served none of its requests,
/// or the client still waits because it was told to slow down.
fn is_refused_or_waits(view: &View<'_>, call: Option<&GivenCommand<'_>>) -> bool {
    let Some(call) = call else { return false };
    let waits = call
        .answer
        .is_some_and(|(_, reply)| reply.error.as_deref() == Some("throttled"));
    waits || requests_of(view, call, |one| !one.is_served()).is_some()
}

/// A request that the vendor cannot process is not sent again.
fn does_not_repeat_what_cannot_be_processed(view: &View<'_>) -> Finding {
    let is_it = |one: &Arrival<'_>| one.status().is_some() && one.status() == view.expected.status;
    let found: Vec<_> = calls(view)
        .iter()
        .filter_map(|call| requests_of(view, call, is_it))
        .collect();
    let most = found.iter().map(Vec::len).max().unwrap_or_default();
    let Some(proof) = Proof::all(found.into_iter().flatten()) else {
        return unobserved(view, "no call was answered in that way");
    };
    let seen = format!("{} for one call", count(most, "API request"));
    let finding = match most {
        1 => met(view, seen, proof),
        _ => Finding::broken("one API request", seen, proof),
    };
    finding.figure("api_requests", most)
}

/// What the harness did to requests is not reported as wrong credentials.
fn tells_faults_from_wrong_credentials(view: &View<'_>) -> Finding {
    let places = view.evidence.places();
    // What the vendor refuses is about credentials.
    let is_hindered =
        |login: &Arrival<'_>| !login.is_served() && login.entry.outcome != Some(Outcome::Denied);
    let is_fault = |call: Arrival<'_>| call.status().is_some_and(|status| status >= 429);
    let met_a_fault = |client: &str| match places.iter().find(|place| **place == client) {
        Some(place) => {
            token_requests_at(view, place).any(|login| is_hindered(&login))
                || api_requests_at(view, place).any(is_fault)
        }
        None => tls::refused(view).is_some(),
    };
    let apart = calls(view).into_iter().filter(
        |call| matches!(call.command, ClientCommand::Call { client, .. } if met_a_fault(client)),
    );
    let mut kinds = Vec::new();
    for call in apart {
        match (call.end(), call.answer) {
            (End::Failed(seq), Some((_, reply))) => {
                kinds.push((seq, reply.error.clone().unwrap_or_default()));
            }
            (End::Unanswered, _) => {
                return gone(view).unwrap_or_else(|| unobserved(view, "a call was not answered"));
            }
            _ => {}
        }
    }
    let Some(proof) = Proof::all(kinds.iter().map(|(seq, _)| *seq)) else {
        return unobserved(view, "no call failed");
    };
    let words: Vec<&str> = kinds
        .iter()
        .map(|(_, kind)| match kind.as_str() {
            "" => "no kind",
            kind => kind,
        })
        .collect();
    let seen = format!("reported as {}", words.join(", "));
    match words.contains(&"auth") {
        false => met(view, seen, proof),
        true => Finding::broken("any kind but auth", seen, proof),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("ERR-15@athelas", |log| shaped(log, 422, DETAIL, 422, 200)),
        ("ERR-17@pattern", |log| unprocessable(log, 1)),
        ("ERR-18", |log| faults(log, &["network", "throttled"])),
    ];

    const DETAIL: &str = r#"{"detail":[{"msg":"no"}]}"#;

    /// A call that is answered so, and one that is served.
    fn shaped(log: Log, status: u16, body: &str, told: u16, next: u16) -> Log {
        let log = log
            .grant(1)
            .call(told, |log| log.api_answer(1, status, body));
        log.call(next, |log| log.api(1, Outcome::Admitted))
    }

    fn unprocessable(log: Log, n: usize) -> Log {
        log.grant(1).call(422, |log| {
            (0..n).fold(log, |log, _| log.api_status(1, Outcome::Faulted, 422))
        })
    }

    /// Calls at stages of their own, reported as failed in these ways; an empty one succeeds.
    fn faults(log: Log, kinds: &[&'static str]) -> Log {
        let names = ["side-1", "side-2", "side-3"];
        names.into_iter().zip(kinds).fold(log, |log, (name, kind)| {
            log.fails_at(name, kind, |log| log.at(name).failed_login(429).at(""))
        })
    }

    #[test]
    fn each_shape_is_read() {
        let id = "ERR-15@athelas";
        for (status, body) in [
            (422, DETAIL),
            (422, r#"{"detail":"no"}"#),
            (429, r#"{"details":"slow"}"#),
        ] {
            check(
                &shaped(Log::new(), status, body, status, 200),
                id,
                Grade::Met,
            );
        }
        check(
            &shaped(Log::new(), 422, DETAIL, 200, 200),
            id,
            Grade::Broken,
        );
        check(
            &shaped(Log::new(), 422, DETAIL, 422, 500),
            id,
            Grade::Broken,
        );
        check(
            &shaped(Log::new(), 422, "{}", 422, 200),
            id,
            Grade::Unobserved,
        );
        // The vendor refused the next call for another reason.
        let first = Log::new()
            .grant(1)
            .call(422, |log| log.api_answer(1, 422, DETAIL));
        let refused = first.call(401, |log| log.api(1, Outcome::Denied));
        check(&refused, id, Grade::Unobserved);
        check(
            &shaped(Log::new(), 500, DETAIL, 500, 200),
            id,
            Grade::Unobserved,
        );
        let open = || {
            Log::new()
                .grant(1)
                .asked_for_a_call()
                .api_answer(1, 422, DETAIL)
        };
        check(&open(), id, Grade::Unobserved);
        check(&open().client_gone(), id, Grade::Broken);
        check(&open().client_hangs(), id, Grade::Gone);
    }

    /// A client that fails on reading one shape has no status to tell of it.
    #[test]
    fn each_shape_is_told_with_its_status() {
        let id = "ERR-15@athelas";
        let refused = |log: Log| log.grant(1).api_answer(1, 422, DETAIL);
        let failing = || {
            let log = Log::new().failed_call(refused);
            log.call(200, |log| log.api(1, Outcome::Admitted))
        };
        let other = r#"{"detail":"no"}"#;
        let beside = |log: Log, told: Option<u16>| {
            log.answers_at("side-1", told, |log| {
                log.at("side-1").api_answer(1, 422, other).at("")
            })
        };
        check(&beside(failing(), Some(422)), id, Grade::Broken);
        check(&beside(failing(), None), id, Grade::Met);
        check(&failing(), id, Grade::Met);
        let told = shaped(Log::new(), 422, DETAIL, 422, 200);
        check(&beside(told, Some(422)), id, Grade::Met);
    }

    #[test]
    fn a_422_is_not_repeated() {
        let id = "ERR-17@pattern";
        check(&unprocessable(Log::new(), 1), id, Grade::Met);
        check(&unprocessable(Log::new(), 2), id, Grade::Broken);
        check(&unprocessable(Log::new(), 0), id, Grade::Unobserved);
        let served = Log::new().call(200, |log| log.api(1, Outcome::Admitted));
        check(&served, id, Grade::Unobserved);
    }

    #[test]
    fn a_fault_is_no_wrong_password() {
        let all = |kinds| faults(Log::new(), kinds);
        check(
            &all(&["network", "timeout", "throttled"]),
            "ERR-18",
            Grade::Met,
        );
        check(&all(&["network", "timeout", ""]), "ERR-18", Grade::Met);
        check(&all(&["other"]), "ERR-18", Grade::Met);
        check(
            &all(&["network", "auth", "throttled"]),
            "ERR-18",
            Grade::Broken,
        );
        check(&all(&["", "", ""]), "ERR-18", Grade::Unobserved);
        check(&Log::new(), "ERR-18", Grade::Unobserved);
        check(&all(&["network"]).client_gone(), "ERR-18", Grade::Gone);
        let api = |status: u16, kind: &str| {
            Log::new().fails_at("side-1", kind, |log| {
                let log = log.at("side-1").grant(1);
                log.api_status(1, Outcome::Faulted, status).at("")
            })
        };
        check(&api(503, "auth"), "ERR-18", Grade::Broken);
        check(&api(503, "other"), "ERR-18", Grade::Met);
        check(&api(401, "auth"), "ERR-18", Grade::Unobserved);
        // Wrong credentials, told as such.
        let refused = Log::new().fails_at("side-1", "auth", |log| {
            log.at("side-1").refused_form("grant_type=password").at("")
        });
        check(&refused, "ERR-18", Grade::Unobserved);
    }
}
