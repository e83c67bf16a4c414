//! A client's upgrade, and what it makes of the answer (RFC 6455 §4.1).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::attempts::{End, count};
use super::super::redirect;
use super::super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::super::{Fault, each_has_the_form, met, unobserved};
use super::{control, faulty_sessions, opening_of, tokens, upgrades};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};
use locum_core::fault::SocketAnswer;
use locum_core::journal::EntryFrame;

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WSS-01", sends_all_parts).everywhere(),
    Rule::client("WSS-07", tries_once_more),
    Rule::client("WSS-12", checks_the_accept),
    Rule::client("WSS-16", draws_keys).everywhere(),
    Rule::client("WSS-20", checks_the_answer),
    Rule::client("WSS-21", shows_no_token_elsewhere),
];

/// How many bytes the key is made of.
const KEY_BYTES: usize = 16;

/// The requests for a websocket, also those that lack the header that says so.
fn handshakes<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    arrivals(view).filter(|arrival| {
        let own = ["sec-websocket-key", "sec-websocket-version"];
        arrival.is_upgrade() || own.iter().any(|name| !arrival.header(name).is_empty())
    })
}

/// An upgrade is a GET over HTTP/1.1 with all its parts.
fn sends_all_parts(view: &View<'_>) -> Finding {
    let judged = handshakes(view).map(|upgrade| {
        let missing = missing_parts(&upgrade);
        let seen = missing.join(", ");
        let fault = (!missing.is_empty()).then(|| Fault::broken(upgrade, seen));
        (upgrade, fault)
    });
    let expected = "a GET with Host, Upgrade, Connection, a key of 16 bytes and version 13";
    each_has_the_form(view, expected, "no upgrade was looked at", judged)
}

fn missing_parts(upgrade: &Arrival<'_>) -> Vec<String> {
    let lists = |name: &'static str, word: &str| {
        let values = upgrade.headers(name).flat_map(|value| value.split(','));
        values
            .map(str::trim)
            .any(|item| item.eq_ignore_ascii_case(word))
    };
    let key = upgrade.header("sec-websocket-key");
    let key_fits = STANDARD
        .decode(key)
        .is_ok_and(|bytes| bytes.len() == KEY_BYTES);
    let version: Vec<&str> = upgrade.headers("sec-websocket-version").collect();
    let denial = upgrade.entry.denial.as_ref();
    let is_old = denial.is_some_and(|denial| {
        denial.reason == "not_an_upgrade" && denial.expected.as_deref() == Some("HTTP/1.1")
    });
    let parts = [
        (
            upgrade.entry.method == "GET",
            format!("method {}", upgrade.entry.method),
        ),
        (!is_old, "HTTP/1.0".to_owned()),
        (
            upgrade.headers("host").count() == 1,
            "not one Host".to_owned(),
        ),
        (
            lists("upgrade", "websocket"),
            "no Upgrade: websocket".to_owned(),
        ),
        (
            lists("connection", "upgrade"),
            "no Connection: Upgrade".to_owned(),
        ),
        (key_fits, "no key of 16 bytes".to_owned()),
        (
            version == ["13"],
            format!("version `{}`", version.join(", ")),
        ),
    ];
    let missing = parts.into_iter().filter(|(is_there, _)| !is_there);
    missing.map(|(_, seen)| seen).collect()
}

/// Each connection has a key of its own. Upgrades on one connection may share theirs.
fn draws_keys(view: &View<'_>) -> Finding {
    let mut seen: BTreeMap<&str, Vec<Arrival<'_>>> = BTreeMap::new();
    for upgrade in upgrades(view) {
        let key = upgrade.header("sec-websocket-key");
        let same = seen.entry(key).or_default();
        let is_known = |known: &Arrival<'_>| known.entry.connection == upgrade.entry.connection;
        if !key.is_empty() && !same.iter().any(is_known) {
            same.push(upgrade);
        }
    }
    let mut repeated = seen.values().filter(|same| same.len() > 1);
    if let Some(proof) = repeated
        .next()
        .and_then(|same| Proof::all(same.iter().copied()))
    {
        return Finding::broken("a key for each connection", "the same key again", proof);
    }
    let all: Vec<Arrival<'_>> = seen.values().flatten().copied().collect();
    let looked_at = all.iter().filter(|upgrade| upgrade.was_looked_at());
    match Proof::all(looked_at.copied()) {
        Some(proof) if proof.records().len() > 1 => met(view, "each key is another", proof),
        _ => unobserved(view, "the vendor looked at no two upgrades"),
    }
}

/// A wrong `Sec-WebSocket-Accept` fails the connection.
fn checks_the_accept(view: &View<'_>) -> Finding {
    let wrong = |answer| matches!(answer, SocketAnswer::WrongAccept | SocketAnswer::NoAccept);
    answers_fail(view, wrong)
}

/// A 101 without the right `Upgrade` or `Connection`, or with an extension or subprotocol that
/// nobody offered, fails the connection.
fn checks_the_answer(view: &View<'_>) -> Finding {
    let wrong = |answer| {
        !matches!(
            answer,
            SocketAnswer::WrongAccept | SocketAnswer::NoAccept | SocketAnswer::Status200
        )
    };
    answers_fail(view, wrong)
}

/// What was wrong with a 101, in words.
const fn words(answer: SocketAnswer) -> &'static str {
    match answer {
        SocketAnswer::WrongAccept => "Sec-WebSocket-Accept of another key",
        SocketAnswer::NoAccept => "no Sec-WebSocket-Accept",
        SocketAnswer::NoUpgrade => "no Upgrade",
        SocketAnswer::WrongUpgrade => "Upgrade to another protocol",
        SocketAnswer::NoConnection => "no Connection",
        SocketAnswer::WrongConnection => "Connection without Upgrade",
        SocketAnswer::Extension => "an extension that nobody offered",
        SocketAnswer::Protocol => "a subprotocol that nobody offered",
        SocketAnswer::Status200 => "200",
    }
}

/// After each 101 of this kind the client sends nothing and reports a failure.
fn answers_fail(view: &View<'_>, is_of_this_kind: impl Fn(SocketAnswer) -> bool) -> Finding {
    const EXPECTED: &str = "no frame and a failed open after a wrong 101";
    let twisted = faulty_sessions(view)
        .into_iter()
        .filter_map(|(session, bent)| {
            let answer = bent
                .action
                .answer
                .filter(|answer| is_of_this_kind(*answer))?;
            Some((session, answer))
        });
    let (mut taken, mut failed, mut unanswered) = (Vec::new(), Vec::new(), false);
    for (session, answer) in twisted {
        // What is no masked frame may be the next request of a client that knows of no websocket.
        let is_frame = |frame: &EntryFrame| {
            frame.masked == Some(true)
                && ["text", "binary", "ping", "pong"].contains(&frame.opcode.as_str())
        };
        let spoke = session.sent().any(|(_, frame)| is_frame(frame));
        match opening_of(view, session.upgrade.seq).map(|opening| opening.end()) {
            Some(End::Succeeded(seq)) => {
                let proof = Proof::from(session.upgrade).and(seq);
                taken.push((answer, proof));
            }
            _ if spoke => taken.push((answer, session.upgrade.into())),
            Some(End::Failed(seq)) => failed.push(Proof::from(session.upgrade).and(seq)),
            _ => unanswered = true,
        }
    }
    if !taken.is_empty() {
        return taken_for_good(taken, EXPECTED);
    }
    let Some(proof) = Proof::all(failed) else {
        return unobserved(view, "the client met no such answer");
    };
    match control(view) {
        _ if unanswered => unobserved(view, "an opening got no answer").seen_in(proof),
        Some(control) => met(view, EXPECTED, proof).beside(control.upgrade),
        None => unobserved(view, "no right 101 led to an open websocket").seen_in(proof),
    }
}

/// What was taken for a good answer. Most published libraries let names pass that nobody offered, and
/// nothing comes of it.
fn taken_for_good(taken: Vec<(SocketAnswer, Proof)>, expected: &str) -> Finding {
    let is_a_name =
        |answer: SocketAnswer| matches!(answer, SocketAnswer::Extension | SocketAnswer::Protocol);
    let grade = match taken.iter().all(|(answer, _)| is_a_name(*answer)) {
        true => Grade::Fact,
        false => Grade::Broken,
    };
    let seen: Vec<&str> = taken.iter().map(|(answer, _)| words(*answer)).collect();
    let seen = format!("taken for good: {}", seen.join(", "));
    match Proof::all(taken.into_iter().map(|(_, proof)| proof)) {
        Some(proof) => Finding::deviation(grade, expected, seen, proof),
        None => Finding::unobserved(seen),
    }
}

/// A 401 to the first upgrade leads to one new token and one more upgrade with it.
fn tries_once_more(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "one token request, then one more upgrade with the new token";
    let all: Vec<(Arrival<'_>, &str)> = tokens(view).collect();
    let is_401 = |(upgrade, _): &&(Arrival<'_>, &str)| {
        upgrade.status() == Some(401) && upgrade.entry.fault.is_some()
    };
    let Some((refused, old)) = all.iter().find(is_401).copied() else {
        return unobserved(view, "no upgrade was answered with 401");
    };
    let mut calls = api_requests(view).filter(|call| call.seq < refused.seq);
    let Some(call) = calls.find(Arrival::is_served) else {
        return unobserved(view, "no call had filled the cache").seen_in(refused);
    };
    let logins: Vec<Arrival<'_>> = token_requests(view)
        .filter(|login| login.seq > refused.seq)
        .collect();
    let later: Vec<(Arrival<'_>, &str)> = all
        .iter()
        .filter(|(upgrade, _)| upgrade.seq > refused.seq)
        .copied()
        .collect();
    let proof = Proof::from(call).and(refused);
    let proof = logins.iter().fold(proof, |proof, login| proof.and(*login));
    let proof = later
        .iter()
        .fold(proof, |proof, (upgrade, _)| proof.and(*upgrade));
    match (logins.as_slice(), later.as_slice()) {
        ([login], [(again, new)]) if login.seq < again.seq && *new != old => {
            match login.is_served() && again.was_looked_at() {
                true => met(view, EXPECTED, proof),
                false => unobserved(view, "the vendor did not answer").seen_in(proof),
            }
        }
        _ => {
            let gone = super::super::gone(view);
            let seen = format!(
                "{} and {} after the 401",
                count(logins.len(), "token request"),
                count(later.len(), "more upgrade"),
            );
            gone.unwrap_or_else(|| Finding::broken(EXPECTED, seen, proof))
        }
    }
}

/// A redirect of the upgrade is not followed with the token.
fn shows_no_token_elsewhere(view: &View<'_>) -> Finding {
    let Some(control) = control(view) else {
        return unobserved(view, "no right 101 led to an open websocket");
    };
    let redirected = upgrades(view).collect();
    redirect::shown(
        view,
        redirected,
        "the upgrade",
        "no token",
        redirect::names_a_token,
    )
    .beside(control.upgrade)
}
