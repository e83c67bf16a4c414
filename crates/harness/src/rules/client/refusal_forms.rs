//! A refusal of a token in another form than the documented one is handled like any.

use super::traffic::{Arrival, arrivals};
use super::{gone, met, unobserved};
use crate::evidence::{Event, Message, Reaction, RecordId, is_html};
use crate::rules::{Rule, View};
use crate::subject::Departure;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("RET-05", handles_each_form_alike)];

/// What a client did after its token was revoked, up to the next time.
struct Round<'a> {
    requests: Vec<Arrival<'a>>,
    /// The first request that was refused.
    refused: Arrival<'a>,
}

/// One request: for a token or not, and what it came to.
type Step = (bool, Reaction);

impl<'a> Round<'a> {
    fn of(view: &View<'a>, from: RecordId, to: Option<RecordId>) -> Option<Self> {
        let is_within = |seq: RecordId| seq > from && to.is_none_or(|to| seq < to);
        let is_either = |one: &Arrival<'_>| one.is_token_request() || one.is_api_request(view);
        let requests: Vec<_> = arrivals(view)
            .filter(|one| is_within(one.seq) && is_either(one))
            .collect();
        let refused = requests.iter().copied().find(|one| {
            !one.is_token_request()
                && one.status().is_some()
                && one.status() == view.expected.status
        })?;
        Some(Self { requests, refused })
    }

    fn path(&self) -> Vec<Step> {
        let step = |one: &Arrival<'_>| (one.is_token_request(), one.reaction());
        self.requests.iter().map(step).collect()
    }

    fn form(&self) -> &'static str {
        let reply = self.refused.entry.reply.as_ref();
        let reply = reply.map(|reply| Message {
            status: reply.status,
            headers: reply.headers.clone(),
            body: reply.body.clone().unwrap_or_default(),
        });
        match reply {
            _ if self.refused.entry.fault.is_none() => PLAIN,
            Some(reply) if is_html(&reply) => "a web page",
            _ => "an empty body",
        }
    }
}

/// What the vendor itself says.
const PLAIN: &str = "the documented body";

/// The same requests follow whatever a 401 looks like.
fn handles_each_form_alike(view: &View<'_>) -> Finding {
    let revoked =
        |event: &Event| matches!(event, Event::Control { call, .. } if call == "tokens/revoke");
    let turns: Vec<RecordId> = view
        .evidence
        .records()
        .iter()
        .filter(|record| revoked(&record.event))
        .map(|record| record.seq)
        .collect();
    let rounds: Vec<Round<'_>> = turns
        .iter()
        .enumerate()
        .filter_map(|(at, from)| Round::of(view, *from, turns.get(at + 1).copied()))
        .collect();
    let (plain, others): (Vec<_>, Vec<_>) = rounds.iter().partition(|one| one.form() == PLAIN);
    let (Some(plain), Some(other)) = (plain.first(), others.first()) else {
        return unobserved(view, "the API did not refuse tokens in several forms");
    };
    let proof = Proof::from(plain.refused).and(other.refused);
    if let Some((seq, gone)) = view.evidence.client_gone()
        && gone.kind == Departure::Crashed
        && let Some(last) = rounds
            .last()
            .filter(|last| last.form() != PLAIN && last.path() != plain.path())
    {
        let seen = format!("the client crashed on a 401 with {}", last.form());
        return Finding::broken(
            "the same requests",
            seen,
            Proof::from(last.refused).and(seq),
        );
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    if others.len() < 2 {
        return unobserved(view, "the API did not refuse tokens in each form").seen_in(proof);
    }
    match others.iter().find(|round| round.path() != plain.path()) {
        None => {
            let all = others
                .iter()
                .fold(proof, |proof, round| proof.and(round.refused));
            met(view, "the same requests after each form of a 401", all)
        }
        Some(round) => {
            let words = |round: &Round<'_>| {
                let word = |one: &Step| match one {
                    (true, reaction) => format!("token request {}", reaction.words()),
                    (false, reaction) => format!("call {}", reaction.words()),
                };
                round.path().iter().map(word).collect::<Vec<_>>().join(", ")
            };
            let expected = format!("as after {PLAIN}: {}", words(plain));
            let seen = format!("after {}: {}", round.form(), words(round));
            Finding::broken(
                expected,
                seen,
                Proof::from(plain.refused).and(round.refused),
            )
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::Outcome;
    use serde_json::json;

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[("RET-05", |log| {
        FORMS
            .iter()
            .fold(start(log), |log, form| renewed(log, form))
    })];

    const FORMS: [&str; 3] = [r#"{"error":"invalid_token"}"#, "", "<html>no</html>"];

    fn start(log: Log) -> Log {
        log.grant(1).call(200, |log| log.api(1, Outcome::Admitted))
    }

    fn revoke(log: Log) -> Log {
        log.control("tokens/revoke", &json!({"all": true}))
    }

    /// The token is refused in this form, renewed and shown.
    fn renewed(log: Log, form: &str) -> Log {
        revoke(log).call(200, |log| {
            let log = log.refused_with(1, form).grant(2);
            log.api(2, Outcome::Admitted)
        })
    }

    /// The refusal goes to the caller.
    fn surfaced(log: Log, form: &str) -> Log {
        revoke(log).call(401, |log| log.refused_with(1, form))
    }

    #[test]
    fn each_form_leads_to_the_same_requests() {
        let all = |last: fn(Log, &str) -> Log| {
            let log = FORMS[..2]
                .iter()
                .fold(start(Log::new()), |log, form| renewed(log, form));
            last(log, FORMS[2])
        };
        check(&all(renewed), "RET-05", Grade::Met);
        check(&all(surfaced), "RET-05", Grade::Broken);
        let each = FORMS
            .iter()
            .fold(start(Log::new()), |log, form| surfaced(log, form));
        check(&each, "RET-05", Grade::Met);
    }

    #[test]
    fn without_the_documented_form_and_the_others_nothing_is_known() {
        check(&start(Log::new()), "RET-05", Grade::Unobserved);
        check(
            &renewed(start(Log::new()), FORMS[0]),
            "RET-05",
            Grade::Unobserved,
        );
        let two = renewed(renewed(start(Log::new()), FORMS[0]), FORMS[1]);
        check(&two, "RET-05", Grade::Unobserved);
        let others = renewed(renewed(start(Log::new()), FORMS[1]), FORMS[2]);
        check(&others, "RET-05", Grade::Unobserved);
    }

    #[test]
    fn a_crash_on_another_form_breaks_the_row() {
        let crashed = |form| {
            let log = renewed(start(Log::new()), FORMS[0]);
            let log = revoke(log).asked_for_a_call().refused_with(1, form);
            log.client_gone()
        };
        check(&crashed(FORMS[1]), "RET-05", Grade::Broken);
        check(&start(Log::new()).client_gone(), "RET-05", Grade::Gone);
        let hangs = renewed(start(Log::new()), FORMS[0]);
        let hangs = renewed(hangs, FORMS[1]).client_hangs();
        check(&hangs, "RET-05", Grade::Gone);
    }
}
