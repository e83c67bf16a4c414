//! What a client reports of a websocket that does not open.

use super::super::attempts::End;
use super::super::commands::{GivenCommand, asked};
use super::super::traffic::Arrival;
use super::super::{met, unobserved};
use super::{Session, control, openings, token_parameter, tokens, upgrades};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WS-04", keeps_the_url).everywhere(),
    Rule::client("WS-10", reports_each_refusal),
];

/// Each refusal ends the open with an error: one of the configuration, one of the upgrade.
fn reports_each_refusal(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "the open is reported as failed";
    let Some(control) = control(view) else {
        return unobserved(view, "no socket was opened with success");
    };
    let mut failed = Vec::new();
    for opening in openings(view) {
        let Some((refused, what)) = refused_under(view, &opening) else {
            continue;
        };
        let proof = Proof::from(refused);
        let broken = |seen: &str, proof| {
            let seen = format!("{seen} after {what}");
            Finding::broken(EXPECTED, seen, proof).beside(control.upgrade)
        };
        match opening.end() {
            End::Failed(seq) => failed.push(proof.and(seq)),
            End::Succeeded(seq) => return broken("reported as open", proof.and(seq)),
            End::Unanswered => match view.evidence.client_gone() {
                Some((seq, gone)) => return broken(gone.kind.words(), proof.and(seq)),
                None => return unobserved(view, "an opening got no answer").seen_in(proof),
            },
        }
    }
    match Proof::all(failed) {
        Some(proof) => met(view, EXPECTED, proof).beside(control.upgrade),
        None => unobserved(view, "no opening was refused"),
    }
}

/// The upgrade under an opening that came to nothing, and what refused it.
fn refused_under<'a>(view: &View<'a>, opening: &GivenCommand<'_>) -> Option<(Arrival<'a>, String)> {
    let next = openings(view)
        .into_iter()
        .find(|later| later.seq > opening.seq);
    let belongs = |upgrade: &Arrival<'_>| {
        upgrade.seq > opening.seq && next.as_ref().is_none_or(|next| upgrade.seq < next.seq)
    };
    let under: Vec<Arrival<'a>> = upgrades(view).filter(belongs).collect();
    if under.iter().any(|upgrade| {
        upgrade.is_served() && Session { upgrade: *upgrade }.accepted(view).is_some()
    }) {
        return None;
    }
    let last = *under.last()?;
    if last.is_served() {
        let said = Session { upgrade: last }
            .received()
            .find_map(|(_, frame)| super::kind(frame));
        return said.map(|said| (last, said));
    }
    let status = last.status().filter(|status| (400..500).contains(status))?;
    Some((last, format!("a {status}")))
}

/// The URL of a socket is neither printed nor told with its token.
fn keeps_the_url(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "no URL with a token in output and messages";
    let parameter = token_parameter(view);
    let shows = |text: &str| shows_url(text, parameter);
    let printed = view.evidence.output();
    let printed = printed
        .filter(|(_, _, text)| shows(text))
        .map(|(seq, ..)| seq);
    let answers = asked(view).into_iter().filter_map(|asked| asked.answer);
    let told = answers.filter(|(_, reply)| {
        let fields = [&reply.error, &reply.message, &reply.ws];
        fields.into_iter().flatten().any(|text| shows(text))
    });
    let told = told.map(|(seq, _)| seq);
    let told: Vec<RecordId> = printed.chain(told).collect();
    if let Some(proof) = Proof::all(told) {
        return Finding::broken(EXPECTED, "the URL was told with its token", proof);
    }
    let failed = tokens(view).map(|(upgrade, _)| upgrade).find(|upgrade| {
        let status = upgrade.status();
        status.is_some_and(|status| (400..500).contains(&status))
    });
    let Some(failed) = failed else {
        return unobserved(view, "no upgrade with a token was refused");
    };
    let reported = openings(view)
        .into_iter()
        .find_map(|opening| match opening.end() {
            End::Failed(seq) if seq > failed.seq => Some(seq),
            _ => None,
        });
    match reported {
        Some(seq) => met(view, EXPECTED, Proof::from(failed).and(seq)),
        None => unobserved(view, "no failed opening was reported").seen_in(failed),
    }
}

/// Whether a token's name stands behind the parameter in `text`, however the word before it is
/// spelled.
fn shows_url(text: &str, parameter: &str) -> bool {
    let needle = format!("{parameter}=");
    let mut rest = text;
    while let Some(at) = rest.find(&needle) {
        rest = &rest[at + needle.len()..];
        let value = rest.split(['&', '"', '\n']).next().unwrap_or_default();
        if value
            .split_once('«')
            .is_some_and(|(before, name)| before.len() <= 16 && !name.starts_with("unknown"))
        {
            return true;
        }
    }
    false
}
