//! Which token a client opens a websocket with later, or anew, and how soon it comes back.

use std::time::Duration;

use locum_core::DenialKind;

use super::super::attempts::{count, gaps_ms};
use super::super::commands::control as control_call;
use super::super::traffic::{Arrival, api_requests};
use super::super::{met, unobserved};
use super::{Session, faulty_sessions, upgrades};
use crate::evidence::RecordId;
use crate::measurement::Unit;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WS-02", opens_with_a_live_token),
    Rule::client("WS-03", comes_back_with_a_live_token),
    Rule::client("WS-11", spaces_its_attempts),
];

/// Whether the upgrade was refused for a token that is over.
fn is_dead(upgrade: &Arrival<'_>) -> bool {
    let denial = upgrade.entry.denial.as_ref();
    denial.is_some_and(|denial| {
        matches!(
            denial.kind,
            DenialKind::Expired | DenialKind::Revoked | DenialKind::UnknownToken
        )
    })
}

/// The first upgrade after the end of the token shows another one.
fn opens_with_a_live_token(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "a live token at the first upgrade";
    let Some(end) = control_call(view, "tokens/expire") else {
        return unobserved(view, "no token was brought to its end");
    };
    let calls = api_requests(view).filter(|call| call.seq < end);
    let Some(call) = calls.filter(Arrival::is_served).last() else {
        return unobserved(view, "no call had filled the cache");
    };
    let Some(first) = upgrades(view).find(|upgrade| upgrade.seq > end) else {
        return unobserved(view, "no upgrade followed the end of the token").seen_in(call);
    };
    let proof = Proof::from(call).and(first);
    // A renewal of the client's own may be written down late: the token that it shows tells of it.
    let shown = first.entry.presented;
    let had_renewed = shown.is_some() && shown != call.entry.presented;
    let knows_no_time = view
        .evidence
        .measurement()
        .is_some_and(|(_, measurement)| measurement.unit == Unit::None);
    match () {
        () if first.is_served() => met(view, EXPECTED, proof),
        () if had_renewed => {
            let what = "the client had renewed its token before that was brought to its end";
            unobserved(view, what).seen_in(proof)
        }
        () if is_dead(&first) && knows_no_time => Finding::fact(
            "the ended token: the client takes time from no field",
            proof,
        ),
        () if is_dead(&first) => Finding::broken(EXPECTED, "the ended token", proof),
        () => unobserved(view, "the first upgrade failed for another reason").seen_in(proof),
    }
}

/// After the drop of a socket whose token was revoked, an upgrade with a live one arrives.
fn comes_back_with_a_live_token(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "an upgrade with a live token";
    let Some(revoked) = control_call(view, "tokens/revoke") else {
        return unobserved(view, "no token was revoked");
    };
    let dropped = faulty_sessions(view)
        .into_iter()
        .find(|(session, bent)| bent.action.drop_ws && was_dropped(*session));
    let Some((dropped, _)) = dropped.filter(|(session, _)| session.upgrade.seq < revoked) else {
        return unobserved(view, "no socket was dropped after its token was revoked");
    };
    let later = back(view, dropped.upgrade.seq, revoked);
    if later.is_empty() {
        let what = "no reconnect arrived within 8 s";
        let leaves_it = || {
            let comes_back = upgrades(view).any(|upgrade| upgrade.seq > dropped.upgrade.seq);
            let what = format!("{what}: a client may leave it to its caller");
            (!comes_back).then(|| Finding::not_applicable(what, dropped.upgrade))
        };
        return unobserved(view, what)
            .seen_in(dropped.upgrade)
            .or_not_applicable(leaves_it);
    }
    let proof = later
        .iter()
        .fold(Proof::from(dropped.upgrade), |proof, one| proof.and(*one));
    match () {
        () if later.iter().any(Arrival::is_served) => met(view, EXPECTED, proof),
        () if later.iter().all(is_dead) => {
            let seen = count(later.len(), "upgrade") + " with the dead token";
            Finding::broken(EXPECTED, seen, proof)
        }
        () => unobserved(view, "a reconnect failed for another reason").seen_in(proof),
    }
}

fn was_dropped(session: Session<'_>) -> bool {
    session.received().any(|(_, frame)| frame.opcode == "fault")
}

/// The upgrades after this one.
fn back<'a>(view: &View<'a>, first: RecordId, after: RecordId) -> Vec<Arrival<'a>> {
    upgrades(view)
        .filter(|upgrade| upgrade.seq > first && upgrade.seq > after)
        .collect()
}

/// The shortest gap between two upgrades, in milliseconds.
const MIN_GAP_MS: i64 = 250;

/// The shortest mean of all gaps, in milliseconds.
const MIN_MEAN_MS: i64 = 500;

/// How long attempts are counted: three reconnects after one, two and four seconds come in that time.
const WINDOW: Duration = Duration::from_millis(8500);

/// The most upgrades in that time.
const MAX_UPGRADES: usize = 10;

/// How many reconnects tell something.
const MIN_RECONNECTS: usize = 3;

/// Sockets that are dropped one after the other are opened anew with gaps, and not for ever.
fn spaces_its_attempts(view: &View<'_>) -> Finding {
    let dropped: Vec<Arrival<'_>> = faulty_sessions(view)
        .into_iter()
        .filter(|(session, bent)| {
            bent.action.drop_ws && bent.action.unprompted && was_dropped(*session)
        })
        .map(|(session, _)| session.upgrade)
        .collect();
    let Some(first) = dropped.first() else {
        return unobserved(view, "no socket was dropped");
    };
    let is_in_time =
        |upgrade: &Arrival<'_>| upgrade.entry.arrived.since(first.entry.arrived) <= WINDOW;
    let attempts: Vec<Arrival<'_>> = upgrades(view)
        .filter(|upgrade| upgrade.seq >= first.seq && is_in_time(upgrade))
        .collect();
    let Some(proof) = Proof::all(attempts.iter().copied()) else {
        return unobserved(view, "no socket was dropped");
    };
    if attempts.len() <= MIN_RECONNECTS {
        let what = format!("only {} arrived", count(attempts.len() - 1, "reconnect"));
        let leaves_it = || {
            let what = "no reconnect arrived in 8.5 s: a client may leave it to its caller";
            (attempts.len() == 1).then(|| Finding::not_applicable(what, *first))
        };
        return unobserved(view, &what)
            .seen_in(proof)
            .or_not_applicable(leaves_it);
    }
    let gaps = gaps_ms(&attempts);
    let shortest = gaps.iter().copied().min().unwrap_or_default();
    let mean = gaps.iter().sum::<i64>() / i64::try_from(gaps.len()).unwrap_or(1);
    let figures = |finding: Finding| {
        finding
            .figure("upgrades", attempts.len())
            .figure("shortest_gap_ms", shortest)
            .figure("mean_gap_ms", mean)
    };
    let seen = format!(
        "{} in 8.5 s, {} ms apart at least and {} ms in the mean",
        count(attempts.len(), "upgrade"),
        shortest,
        mean
    );
    let expected = "gaps of 0.25 s at least and 0.5 s in the mean, and at most 10 upgrades";
    let is_calm = shortest >= MIN_GAP_MS && mean >= MIN_MEAN_MS && attempts.len() <= MAX_UPGRADES;
    figures(match is_calm {
        true => met(view, seen, proof),
        false => Finding::broken(expected, seen, proof),
    })
}
