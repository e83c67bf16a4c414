//! How long a client waits between attempts when nobody names a time.

use std::collections::BTreeSet;

use locum_core::Timestamp;

use super::attempts::{End, count, gaps_ms};
use super::commands::{GivenCommand, calls};
use super::traffic::{Arrival, api_requests, api_requests_at, arrivals_at, token_requests_at};
use super::{gone, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-09", overcomes_an_outage_of_logins),
    Rule::client("RET-13", waits_longer_each_time),
    Rule::client("CLI-15", waits_after_429),
];

/// From here on the second gaps are longer than the first.
const GROWTH: f64 = 1.15;

/// From here on they are too much longer to be chance.
const GROWN: f64 = 1.5;

/// Gaps that differ by more than this are drawn by chance.
const SPREAD: i64 = 2;

/// Gaps below this are the time that a request takes, not a pause.
const SHORTEST_PAUSE_MS: i64 = 75;

/// From here on the time that passes without a wait hides what a client waits for, in milliseconds.
const BUSY_MS: i64 = 50;

/// What is said then: whether the machine was busy or the client slow is not known.
const TOO_BUSY: &str =
    "replies, or calls behind a new token, took too long to tell one gap from another";

/// A gap of so many times that is still a pause.
const CLEAR: i64 = 4;

/// What an instance with a stage of its own did.
struct Apart<'a> {
    attempts: Vec<Arrival<'a>>,
    /// The longest time that passed where nobody waited, in milliseconds.
    idle_ms: i64,
    /// What the client itself takes from a reply to the next request, in milliseconds.
    turn_ms: i64,
    /// What passed from the question to the first request, in milliseconds.
    start_ms: Option<i64>,
    end: End,
}

/// The instances that were asked for a call at stages of their own.
fn apart<'a>(
    view: &View<'a>,
    attempts: impl Fn(&'a str) -> Vec<Arrival<'a>>,
) -> Result<Vec<Apart<'a>>, Finding> {
    let mut found = Vec::new();
    let places: BTreeSet<&'a str> = view.evidence.places();
    for place in places {
        let is_its = |command: &ClientCommand| matches!(command, ClientCommand::Call { client, .. } if client == place);
        let Some(call) = calls(view).into_iter().find(|call| is_its(call.command)) else {
            continue;
        };
        found.push(Apart {
            attempts: attempts(place),
            idle_ms: idle_ms(view, place),
            turn_ms: turn_ms(view, place).unwrap_or_default(),
            start_ms: start_ms(view, &call, place),
            end: call.end(),
        });
    }
    match gone(view) {
        Some(gone) => Err(gone),
        None if found.is_empty() => Err(unobserved(view, "no call was asked for at a stage apart")),
        None if found.iter().any(|one| one.end == End::Unanswered) => {
            Err(unobserved(view, "a call was not answered"))
        }
        None => Ok(found),
    }
}

/// The longest time that a reply took, and that the client took from a token to the call that it was
/// for: on a busy machine they grow, and with them each gap.
fn idle_ms(view: &View<'_>, place: &str) -> i64 {
    let logins: Vec<Arrival<'_>> = token_requests_at(view, place).collect();
    let calls: Vec<Arrival<'_>> = api_requests_at(view, place).collect();
    let left = |one: &Arrival<'_>| one.entry.completed.map(Timestamp::as_millis);
    let replies = logins.iter().chain(&calls).filter_map(|one| {
        let left = left(one)?;
        Some(left - one.entry.arrived.as_millis())
    });
    let used = turn_ms(view, place);
    replies.chain(used).max().unwrap_or_default()
}

/// The time from a token to the call that it was for.
fn turn_ms(view: &View<'_>, place: &str) -> Option<i64> {
    let login = token_requests_at(view, place)
        .filter(Arrival::is_served)
        .last()?;
    let call = api_requests_at(view, place).find(|call| call.seq > login.seq)?;
    let left = login.entry.completed.map(Timestamp::as_millis)?;
    Some((call.entry.arrived.as_millis() - left).max(0))
}

/// The time from a question to the first request that came of it. The stage's clock runs with the
/// harness's own. A client that takes longer does one thing at a time, and had not ended the one before.
fn start_ms(view: &View<'_>, call: &GivenCommand<'_>, place: &str) -> Option<i64> {
    const MOST_MS: i64 = 500;
    let first = arrivals_at(view, place).next()?;
    let records = view.evidence.records();
    let asked = records.iter().find(|record| record.seq == call.seq)?;
    let began = records.first()?;
    let since = i64::try_from(asked.t_ms.checked_sub(began.t_ms)?).ok()?;
    let asked = view.evidence.started()?.as_millis() + since;
    let took = first.entry.arrived.as_millis() - asked;
    (0..MOST_MS).contains(&took).then_some(took)
}

/// By how much a later instance began more slowly than the quickest. A client that begins slowly does
/// so the first time, or each time alike: what differs is the machine.
fn held_up_ms(instances: &[Apart<'_>]) -> i64 {
    let began = || instances.iter().filter_map(|one| one.start_ms);
    let slowest = began().skip(1).max();
    let quickest = began().min();
    slowest
        .zip(quickest)
        .map_or(0, |(slowest, quickest)| slowest - quickest)
}

/// How the gaps of several instances go on.
struct Gaps {
    first_ms: f64,
    second_ms: f64,
    grow: bool,
    /// Whether the machine was too busy to tell gaps that do not grow.
    hidden: bool,
}

impl Gaps {
    /// Of those instances that made three attempts at least; `None` when there are none.
    fn of(instances: &[Apart<'_>]) -> Option<Self> {
        let all: Vec<Vec<i64>> = instances
            .iter()
            .map(|one| gaps_ms(&one.attempts))
            .filter(|gaps| gaps.len() >= 2)
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "gaps are small")]
        let mean = |at: usize| {
            let sum: i64 = all.iter().map(|gaps| gaps[at]).sum();
            sum as f64 / all.len() as f64
        };
        // A busy machine makes gaps longer, never shorter: the shortest tell what was meant.
        #[expect(clippy::cast_precision_loss, reason = "gaps are small")]
        let shortest_at = |at: usize| {
            let shortest = all.iter().map(|gaps| gaps[at]).min();
            shortest.unwrap_or_default() as f64
        };
        let longest = *all.iter().flatten().max()?;
        let shortest = *all.iter().flatten().min()?;
        let (first_ms, second_ms) = (mean(0), mean(1));
        let grows = |first: f64, second: f64| second >= GROWTH * first;
        let idle_ms = instances.iter().map(|one| one.idle_ms).max();
        let idle_ms = idle_ms.max(Some(held_up_ms(instances)));
        let idle_ms = idle_ms.unwrap_or_default();
        let turn_ms = instances.iter().map(|one| one.turn_ms).min();
        let turn_ms = turn_ms.unwrap_or_default();
        let is_busy = idle_ms >= BUSY_MS && idle_ms > SPREAD * turn_ms;
        let all_grow = grows(shortest_at(0), shortest_at(1));
        // Gaps that differ much are drawn by chance, unless the machine drew them.
        let are_drawn = longest > SPREAD * shortest;
        // What the client needs for each request is no pause.
        let pauses = longest - turn_ms >= SHORTEST_PAUSE_MS;
        let is_slow = !pauses && idle_ms <= SPREAD * turn_ms;
        Some(Self {
            first_ms,
            second_ms,
            // Gaps that grow within the client's own time are neither pauses nor none.
            hidden: idle_ms >= BUSY_MS && shortest < CLEAR * idle_ms && !is_slow
                || is_busy && are_drawn
                || pauses && grows(first_ms, second_ms)
                || !pauses && second_ms >= GROWN * first_ms,
            grow: pauses && (all_grow || are_drawn && !is_busy),
        })
    }

    fn words(&self) -> String {
        let (first, second) = (self.first_ms / 1000.0, self.second_ms / 1000.0);
        format!("gaps of {first:.2} s and {second:.2} s")
    }

    fn figures(&self, finding: Finding) -> Finding {
        finding
            .figure("first_gap_ms", self.first_ms)
            .figure("second_gap_ms", self.second_ms)
    }
}

fn proof(instances: &[Apart<'_>]) -> Option<Proof> {
    Proof::all(
        instances
            .iter()
            .flat_map(|one| one.attempts.iter().copied()),
    )
}

/// A few 5xx of the token endpoint are overcome by a few attempts with growing gaps.
fn overcomes_an_outage_of_logins(view: &View<'_>) -> Finding {
    let instances = match apart(view, |place| token_requests_at(view, place).collect()) {
        Ok(instances) => instances,
        Err(finding) => return finding,
    };
    let failed = |login: &Arrival<'_>| login.status() == view.expected.status;
    // The first answers are failures, those after them the vendor's own.
    let is_outage = |one: &Apart<'_>| {
        let failures = one
            .attempts
            .iter()
            .take_while(|login| failed(login))
            .count();
        failures > 0 && one.attempts[failures..].iter().all(Arrival::is_served)
    };
    let Some(proof) = proof(&instances).filter(|_| instances.iter().all(is_outage)) else {
        return unobserved(view, "the token endpoint did not fail and then serve");
    };
    let most = view.expected.max_requests.unwrap_or(usize::MAX);
    let attempts = instances.iter().map(|one| one.attempts.len()).max();
    let attempts = attempts.unwrap_or_default();
    let expected = format!("at most {most} token requests with growing gaps");
    let succeeded = |one: &&Apart<'_>| matches!(one.end, End::Succeeded(_));
    let all = instances.iter().all(|one| succeeded(&one));
    let gaps = Gaps::of(&instances);
    let finding = match &gaps {
        _ if attempts > most => Finding::broken(expected, count(attempts, "token request"), proof),
        Some(gaps) if all && gaps.grow => met(view, gaps.words(), proof),
        Some(gaps) if all && gaps.hidden => unobserved(view, TOO_BUSY).seen_in(proof),
        Some(gaps) if all => Finding::broken(expected, gaps.words(), proof),
        _ if instances
            .iter()
            .all(|one| !succeeded(&one) && one.attempts.len() <= 2) =>
        {
            let seen = format!("{} and an error", count(attempts, "token request"));
            Finding::fact(format!("{seen}: left to the caller"), proof)
        }
        _ => unobserved(view, "not graded: some calls failed, some did not").seen_in(proof),
    };
    let finding = finding.figure("token_requests", attempts);
    gaps.map_or(finding.clone(), |gaps| gaps.figures(finding))
}

/// The gaps between attempts on 5xx grow.
fn waits_longer_each_time(view: &View<'_>) -> Finding {
    let instances = match apart(view, |place| api_requests_at(view, place).collect()) {
        Ok(instances) => instances,
        Err(finding) => return finding,
    };
    let failed = |call: &Arrival<'_>| {
        call.status() == view.expected.status && call.header_of_reply("retry-after").is_none()
    };
    let is_outage = |one: &Apart<'_>| !one.attempts.is_empty() && one.attempts.iter().all(failed);
    let Some(proof) = proof(&instances).filter(|_| instances.iter().all(is_outage)) else {
        return unobserved(view, "the API did not fail each time");
    };
    let fewest = instances.iter().map(|one| one.attempts.len()).min();
    let fewest = fewest.unwrap_or_default();
    let finding = match Gaps::of(&instances) {
        Some(gaps) if fewest >= 3 => {
            let finding = match gaps.grow {
                true => met(view, gaps.words(), proof),
                false if gaps.hidden => unobserved(view, TOO_BUSY).seen_in(proof),
                false => Finding::broken("gaps that grow", gaps.words(), proof),
            };
            gaps.figures(finding)
        }
        _ => {
            let seen = format!("{}: left to the caller", count(fewest, "attempt"));
            Finding::fact(seen, proof)
        }
    };
    finding.figure("attempts", fewest)
}

/// After a 429 that names no time the client waits all the same, and gives up some day.
fn waits_after_429(view: &View<'_>) -> Finding {
    let attempts: Vec<Arrival<'_>> = api_requests(view).collect();
    let throttled = |call: &Arrival<'_>| {
        call.status() == view.expected.status && call.header_of_reply("retry-after").is_none()
    };
    let Some(proof) =
        Proof::all(attempts.iter().copied()).filter(|_| attempts.iter().all(throttled))
    else {
        return unobserved(
            view,
            "the API did not answer 429 without Retry-After each time",
        );
    };
    if let Some(gone) = gone(view) {
        return gone;
    }
    let Some(first) = gaps_ms(&attempts).first().copied() else {
        return Finding::fact("no further request: left to the caller", proof);
    };
    let (least, most) = (
        view.expected.min_gap_ms.unwrap_or_default(),
        view.expected.max_requests.unwrap_or(usize::MAX),
    );
    let seen = format!(
        "{}, the second {first} ms after the first",
        count(attempts.len(), "attempt")
    );
    let finding = if first >= least && attempts.len() <= most {
        met(view, seen, proof)
    } else {
        let expected = format!("at least {least} ms, and at most {most} attempts");
        Finding::broken(expected, seen, proof)
    };
    finding
        .figure("first_gap_ms", first)
        .figure("attempts", attempts.len())
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("RET-09", |log| logins(log, [&[500, 1000]; 3], true)),
        ("RET-13", |log| outage(log, [&[1000, 2000]; 3])),
        ("CLI-15@pattern", |log| throttled(log, &[1000, 2000])),
    ];

    /// At each stage two failed logins and one that is served, with these gaps between them.
    fn logins(log: Log, gaps: [&[i64]; 3], succeeds: bool) -> Log {
        apart(log, gaps, succeeds, |log, at| match at {
            0 | 1 => log.failed_login(503),
            n => log.grant(n as u64),
        })
    }

    /// At each stage API requests that are answered with 503.
    fn outage(log: Log, gaps: [&[i64]; 3]) -> Log {
        apart(log, gaps, false, |log, _| {
            log.api_status(1, Outcome::Faulted, 503)
        })
    }

    fn apart(log: Log, gaps: [&[i64]; 3], succeeds: bool, attempt: fn(Log, usize) -> Log) -> Log {
        apart_from(log, 0, gaps, succeeds, attempt)
    }

    /// The same where the second instance begins so much later than the others.
    fn apart_from(
        log: Log,
        late_ms: i64,
        gaps: [&[i64]; 3],
        succeeds: bool,
        attempt: fn(Log, usize) -> Log,
    ) -> Log {
        let names = [("side-1", 0), ("side-2", late_ms), ("side-3", 0)];
        names
            .into_iter()
            .zip(gaps)
            .fold(log, |mut log, ((name, late_ms), gaps)| {
                log.later_ms = late_ms;
                log.call_by(name, succeeds, |log| {
                    let log = attempt(log.at(name), 0);
                    let log = (1..)
                        .zip(gaps)
                        .fold(log, |log, (at, gap)| attempt(log.later(*gap), at));
                    log.at("")
                })
            })
    }

    const TOLD: &str = r#"{"access_token":"«t»"}"#;

    fn throttled(log: Log, gaps: &[i64]) -> Log {
        log.call(429, |log| {
            let log = log.grant(1).api_status(1, Outcome::Faulted, 429);
            gaps.iter().fold(log, |log, gap| {
                log.later(*gap).api_status(1, Outcome::Faulted, 429)
            })
        })
    }

    #[test]
    fn gaps_between_logins_grow_or_are_drawn_by_chance() {
        let check_gaps = |gaps, grade| {
            check(&logins(Log::new(), gaps, true), "RET-09", grade);
        };
        check_gaps([&[500, 1000]; 3], Grade::Met);
        check_gaps([&[1000, 1150]; 3], Grade::Met);
        check_gaps([&[1000, 1100]; 3], Grade::Broken);
        check_gaps([&[1000, 1000]; 3], Grade::Broken);
        check_gaps([&[100, 900], &[900, 100], &[500, 400]], Grade::Met);
        check_gaps([&[500, 1000, 2000, 3000]; 3], Grade::Met);
        // Two of the first attempts came late.
        check_gaps([&[330, 660], &[700, 650], &[690, 640]], Grade::Met);
        check_gaps([&[500, 1000, 2000, 3000, 4000]; 3], Grade::Broken);
    }

    /// Gaps of what each request takes of the client or the machine are no pauses, however they vary.
    #[test]
    fn the_time_of_a_request_is_no_pause() {
        let slow = |gaps: [&[i64]; 3]| {
            apart(Log::new(), gaps, true, |log, at| match at {
                0 | 1 => log.failed_login(503),
                n => log
                    .granted_late(n as u64, TOLD, 1)
                    .later(80)
                    .api(2, Outcome::Admitted),
            })
        };
        check(
            &slow([&[100, 80], &[45, 130], &[100, 80]]),
            "RET-09",
            Grade::Broken,
        );
        check(&slow([&[90, 110]; 3]), "RET-09", Grade::Broken);
        check(&slow([&[180, 280]; 3]), "RET-09", Grade::Met);
        check(
            &slow([&[90, 170], &[150, 100], &[100, 260]]),
            "RET-09",
            Grade::Met,
        );
    }

    /// On a machine where a reply takes half a second the pauses behind it cannot be told.
    #[test]
    fn a_busy_machine_hides_the_gaps() {
        let busy = |ms| logins(Log::new().takes(ms), [&[1000, 1000]; 3], true);
        check(&busy(400), "RET-09", Grade::Unobserved);
        check(&busy(200), "RET-09", Grade::Broken);
        let grown = logins(Log::new().takes(400), [&[500, 1000]; 3], true);
        check(&grown, "RET-09", Grade::Met);
        let calls = outage(Log::new().takes(400), [&[1000, 1000]; 3]);
        check(&calls, "RET-13", Grade::Unobserved);
        // A later instance was held up when it began.
        let late = |late_ms, gaps| {
            apart_from(Log::new(), late_ms, gaps, true, |log, at| match at {
                0 | 1 => log.failed_login(503),
                n => log.grant(n as u64),
            })
        };
        check(&late(400, [&[1000, 1000]; 3]), "RET-09", Grade::Unobserved);
        check(&late(200, [&[1000, 1000]; 3]), "RET-09", Grade::Broken);
        // One gap of six came late: that is neither growth nor none, nor is it chance where the machine
        // is busy.
        let one = |ms| {
            logins(
                Log::new(),
                [&[1000, 1000], &[1000, ms], &[1000, 1000]],
                true,
            )
        };
        check(&one(1900), "RET-09", Grade::Unobserved);
        check(&one(2100), "RET-09", Grade::Met);
        let drawn: [&[i64]; 3] = [&[1000, 1000], &[1000, 2100], &[1000, 1000]];
        check(&late(60, drawn), "RET-09", Grade::Unobserved);
    }

    #[test]
    fn a_client_may_leave_an_outage_to_its_caller() {
        check(&logins(Log::new(), [&[]; 3], false), "RET-09", Grade::Fact);
        check(
            &logins(Log::new(), [&[500]; 3], false),
            "RET-09",
            Grade::Fact,
        );
        let mixed = logins(Log::new(), [&[500, 1000]; 3], false);
        check(&mixed, "RET-09", Grade::Unobserved);
        check(&Log::new(), "RET-09", Grade::Unobserved);
        let gone = logins(Log::new(), [&[500, 1000]; 3], true).client_gone();
        check(&gone, "RET-09", Grade::Gone);
    }

    #[test]
    fn gaps_between_calls_grow() {
        check(
            &outage(Log::new(), [&[1000, 2000]; 3]),
            "RET-13",
            Grade::Met,
        );
        check(
            &outage(Log::new(), [&[200, 200]; 3]),
            "RET-13",
            Grade::Broken,
        );
        check(
            &outage(Log::new(), [&[200, 210, 190]; 3]),
            "RET-13",
            Grade::Broken,
        );
        let some = outage(Log::new(), [&[200, 400], &[200], &[200, 400]]);
        check(&some, "RET-13", Grade::Fact);
        check(&outage(Log::new(), [&[]; 3]), "RET-13", Grade::Fact);
        check(&Log::new(), "RET-13", Grade::Unobserved);
        let served = Log::new().call_by("side-1", true, |log| {
            log.at("side-1").grant(1).api(1, Outcome::Admitted).at("")
        });
        check(&served, "RET-13", Grade::Unobserved);
    }

    #[test]
    fn a_429_is_waited_for() {
        let id = "CLI-15@pattern";
        check(&throttled(Log::new(), &[950]), id, Grade::Met);
        check(&throttled(Log::new(), &[949]), id, Grade::Broken);
        check(&throttled(Log::new(), &[1000, 10, 10, 10]), id, Grade::Met);
        check(&throttled(Log::new(), &[1000; 5]), id, Grade::Broken);
        check(&throttled(Log::new(), &[]), id, Grade::Fact);
        check(&Log::new(), id, Grade::Unobserved);
        let told = Log::new().call(429, |log| log.grant(1).throttled("1").throttled("1"));
        check(&told, id, Grade::Unobserved);
        check(&throttled(Log::new(), &[]).client_gone(), id, Grade::Gone);
    }
}
