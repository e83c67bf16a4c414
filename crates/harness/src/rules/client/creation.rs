//! What a client does when it creates something: it does so once, and waits for it with measure.

use super::attempts::gaps_ms;
use super::commands::{GivenCommand, asked};
use super::traffic::{Arrival, api_requests};
use super::{gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::{ClientCommand, Departure};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CLI-16", creates_once),
    Rule::client("CLI-17", polls_with_measure),
];

/// The first creation that was asked for, and the requests that create.
fn creation<'a>(view: &View<'a>) -> Option<(GivenCommand<'a>, Vec<Arrival<'a>>)> {
    let mut asked = asked(view).into_iter();
    let create = asked.find(|asked| matches!(asked.command, ClientCommand::Create { .. }))?;
    let ClientCommand::Create { path, .. } = create.command else {
        return None;
    };
    let posts = api_requests(view)
        .filter(|one| one.entry.method == "POST" && one.seq > create.seq)
        .filter(|one| {
            let target = one.path().trim_end_matches('/');
            target.ends_with(path.trim_end_matches('/'))
        });
    let posts = posts.collect();
    Some((create, posts))
}

/// The header by which a vendor knows a repetition.
fn key_of<'a>(one: &Arrival<'a>) -> Option<&'a str> {
    let mut headers = one.entry.headers.iter();
    let is_key = |name: &str| name.to_ascii_lowercase().contains("idempotency");
    headers
        .find(|(name, value)| is_key(name) && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

/// A creation whose outcome is not known is not repeated, unless it is marked as a repetition.
fn creates_once(view: &View<'_>) -> Finding {
    let found = creation(view);
    let Some((first, later)) = found.as_ref().and_then(|(_, posts)| posts.split_first()) else {
        return unobserved(view, "nothing was created");
    };
    // The journal has the reply that was lost, too.
    let is_unknown = first.status() == view.expected.status || first.is_served();
    if first.entry.fault.is_none() || !is_unknown {
        return unobserved(view, "the creation neither failed nor lost its reply").seen_in(*first);
    }
    let is_marked = |one: &&Arrival<'_>| key_of(one).is_some() && key_of(one) == key_of(first);
    let proof = later
        .iter()
        .fold(Proof::from(*first), |proof, one| proof.and(*one));
    match later.iter().find(|one| !is_marked(one)) {
        Some(_) => {
            let seen = format!("{} create requests for one object", later.len() + 1);
            let expected = "one create request, or an idempotency key on each";
            Finding::broken(expected, seen, proof)
        }
        None if later.is_empty() => met(view, "one create request", proof),
        None => met(view, "repeated with its idempotency key", proof),
    }
}

/// What a reply says of a job.
fn state(one: &Arrival<'_>) -> Option<String> {
    let reply = one.answered();
    let mut members = ["status", "task_status"].into_iter();
    let state = members.find_map(|name| reply[name].as_str().map(str::to_owned));
    state.filter(|_| one.is_served())
}

/// A job is asked about at a bounded rate, until it has ended.
fn polls_with_measure(view: &View<'_>) -> Finding {
    let Some((_, posts)) = creation(view) else {
        return unobserved(view, "nothing was created");
    };
    let Some(begun) = posts.iter().find(|post| post.status() == Some(202)) else {
        return unobserved(view, "no job was begun");
    };
    let polls: Vec<Arrival<'_>> = api_requests(view)
        .filter(|one| one.seq > begun.seq && one.entry.method == "GET")
        .collect();
    if polls.len() < 2 {
        return unobserved(view, "the job was not asked about twice").seen_in(*begun);
    }
    let states: Vec<Option<String>> = polls.iter().map(state).collect();
    let is_end = |state: &Option<String>| {
        let state = state.as_deref().unwrap_or_default();
        view.expected.end_states.iter().any(|end| end == state)
    };
    let ended = states.iter().position(is_end);
    let (least, most) = (
        view.expected.min_gap_ms.unwrap_or_default(),
        view.expected.max_requests.unwrap_or(usize::MAX),
    );
    let shortest = gaps_ms(&polls).into_iter().min().unwrap_or_default();
    let proof = polls
        .iter()
        .fold(Proof::from(*begun), |proof, one| proof.and(*one));
    let expected =
        format!("at most {most} status requests, at least {least} ms apart, none after the end");
    let wrong = match ended {
        _ if shortest < least => Some(format!("two status requests {shortest} ms apart")),
        _ if polls.len() > most => Some(format!("{} status requests", polls.len())),
        Some(at) if at + 1 < polls.len() => Some("a status request after the end".to_owned()),
        _ => None,
    };
    if let Some(seen) = wrong {
        return Finding::broken(expected, seen, proof).figure("status_requests", polls.len());
    }
    let knows = |word: &str| states.iter().flatten().any(|state| state == word);
    let unknown = view.expected.unknown_state.as_deref().unwrap_or_default();
    if let Some((seq, gone)) = view.evidence.client_gone()
        && gone.kind == Departure::Crashed
        && ended.is_none()
        && knows(unknown)
    {
        return Finding::broken(expected, "the client crashed", proof.and(seq));
    }
    match (gone(view), ended) {
        (Some(gone), _) => gone,
        (None, Some(_)) if knows(unknown) => {
            let seen = format!("{} status requests, the last at the end", polls.len());
            met(view, seen, proof).figure("status_requests", polls.len())
        }
        (None, Some(_)) => unobserved(view, "no unknown state was told").seen_in(proof),
        (None, None) => {
            unobserved(view, "not graded: the client stopped before an end state").seen_in(proof)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("CLI-16", |log| {
            log.creates(|log| log.create_request(Some(503), &[]))
        }),
        ("CLI-17@athelas", |log| job(log, &STATES, 500)),
    ];

    const STATES: [&str; 4] = ["IN_PROGRESS", "IN_PROGRESS", "PONDERING", "FAILED"];

    /// A job with a status request for each of these states.
    fn job(log: Log, states: &[&str], gap: i64) -> Log {
        log.creates(|log| {
            let log = log.create_request(None, &[]);
            states.iter().fold(log, |log, state| {
                let body = serde_json::json!({"status": state}).to_string();
                log.later(gap).api_reply(1, &body)
            })
        })
    }

    #[test]
    fn a_creation_is_not_repeated_blindly() {
        let key = [("Idempotency-Key", "k-1")];
        let all = |requests: &[&[(&str, &str)]]| {
            Log::new().creates(|log| {
                requests
                    .iter()
                    .fold(log, |log, headers| log.create_request(Some(503), headers))
            })
        };
        check(&all(&[&[]]), "CLI-16", Grade::Met);
        check(&all(&[&[], &[]]), "CLI-16", Grade::Broken);
        check(&all(&[&key, &key]), "CLI-16", Grade::Met);
        check(
            &all(&[&key, &[("Idempotency-Key", "k-2")]]),
            "CLI-16",
            Grade::Broken,
        );
        check(&all(&[&[], &key]), "CLI-16", Grade::Broken);
        check(&all(&[]), "CLI-16", Grade::Unobserved);
        let served = Log::new().creates(|log| log.create_request(None, &[]));
        check(&served, "CLI-16", Grade::Unobserved);
        check(&all(&[&[]]).client_gone(), "CLI-16", Grade::Gone);
    }

    #[test]
    fn a_job_is_asked_about_until_its_end() {
        let id = "CLI-17@athelas";
        let all = |states: &[&str], gap| job(Log::new(), states, gap);
        check(&all(&STATES, 500), id, Grade::Met);
        check(&all(&STATES, 499), id, Grade::Broken);
        check(
            &all(&["PONDERING", "FAILED", "FAILED"], 500),
            id,
            Grade::Broken,
        );
        check(&all(&["PONDERING"; 13], 500), id, Grade::Broken);
        check(&all(&STATES[..3], 500), id, Grade::Unobserved);
        check(&all(&STATES[..3], 500).client_gone(), id, Grade::Broken);
        check(&all(&STATES[..2], 500).client_gone(), id, Grade::Gone);
        check(&all(&["IN_PROGRESS", "FAILED"], 500), id, Grade::Unobserved);
        check(&all(&["FAILED"], 500), id, Grade::Unobserved);
        check(&Log::new(), id, Grade::Unobserved);
    }
}
