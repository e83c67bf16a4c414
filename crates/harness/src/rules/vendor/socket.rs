//! Websockets that the harness opened.

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use super::ended_token::has_ended;
use crate::evidence::{
    Exchange, Opcode, Operation, Reaction, Side, SocketVariation, Variation, message_type,
};
use crate::rules::{Rule, View, gone, unobserved, worst_not_served};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-05", |view| concluded(bad_tokens_get_no_service(view))),
    Rule::vendor("WSS-12", |view| concluded(accept_key_is_right(view))),
    Rule::vendor("WSS-22", |view| concluded(good_token_is_served(view))),
];

/// The answer to an upgrade holds the value that RFC 6455 §4.2.2 item 5.4 computes of its key, and
/// says `Upgrade` and `Connection` (items 5.2 and 5.3).
fn accept_key_is_right(view: &View<'_>) -> Step<Finding> {
    let opened: Vec<Exchange<'_>> = view.evidence.documented(Operation::OpenSocket).collect();
    if let Some(gone) = opened
        .iter()
        .filter(|open| open.reply.is_none())
        .find_map(gone)
    {
        return Ok(gone);
    }
    // A vendor that serves something else there knows no upgrade.
    let ignored = opened
        .iter()
        .find(|open| open.reply.is_some_and(|reply| reply.is_class(2)) && open.is_refused());
    if let Some(open) = ignored {
        let seen = format!("{}: no upgrade", open.sentence());
        return Ok(Finding::broken("101", seen, open));
    }
    let agreed = |open: &&Exchange<'_>| open.status() == 101;
    let (right, wrong): (Vec<&Exchange<'_>>, Vec<&Exchange<'_>>) = opened
        .iter()
        .filter(agreed)
        .partition(|open| accept_key(open).0 == accept_key(open).1);
    if let Some(proof) = Proof::all(wrong.iter().copied()) {
        let (expected, seen) = accept_key(wrong[0]);
        let seen = seen.unwrap_or_else(|| "no Sec-WebSocket-Accept".to_owned());
        return Ok(Finding::broken(expected.unwrap_or_default(), seen, proof));
    }
    let lacking = right.iter().find_map(|open| Some((open, lacks(open)?)));
    if let Some((open, expected)) = lacking {
        let seen = format!("101 without {expected}");
        return Ok(Finding::broken(expected, seen, Proof::from(*open)));
    }
    match Proof::all(right) {
        Some(proof) => Ok(Finding::met("the answer to the key is right", proof)),
        None => unseen(view, "no upgrade was agreed to"),
    }
}

/// What a 101 has to say and does not.
fn lacks(open: &Exchange<'_>) -> Option<&'static str> {
    let reply = open.reply?;
    let says = |name: &str, word: &str| {
        let mut values = reply.header(name).unwrap_or_default().split(',');
        values.any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    match () {
        () if !says("upgrade", "websocket") => Some("Upgrade: websocket"),
        () if !says("connection", "upgrade") => Some("Connection: Upgrade"),
        () => None,
    }
}

/// The value that the key of the request demands, and the one that came.
fn accept_key(open: &Exchange<'_>) -> (Option<String>, Option<String>) {
    let mut headers = open.request.headers.iter();
    let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let expected = key.map(|(_, key)| derive_accept_key(key.as_bytes()));
    let seen = open
        .reply
        .and_then(|reply| reply.header("sec-websocket-accept"));
    (expected, seen.map(|value| value.trim().to_owned()))
}

/// Each socket opened as documented stays open and accepts its configuration.
fn good_token_is_served(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "CONFIG_ACCEPTED";
    let opened: Vec<Exchange<'_>> = view.evidence.documented(Operation::OpenSocket).collect();
    let (served, others): (Vec<&Exchange<'_>>, Vec<&Exchange<'_>>) =
        opened.iter().partition(|open| open.is_served());
    let (answered, unanswered): (Vec<&Exchange<'_>>, Vec<&Exchange<'_>>) = others
        .into_iter()
        .partition(|open| open.status() == 101 && status_word(open).is_some());
    let not_opened = unanswered.iter().copied();
    let not_opened = not_opened.filter(|open| open.status() != 101);
    // An address that the vendor itself handed out opens for whom it was given to.
    let is_handed_out = |open: &Exchange<'_>| {
        let mut created = view.evidence.exchanges_for(Operation::Create);
        created.any(|created| {
            let reply = created.reply.filter(|_| created.is_served());
            reply.is_some_and(|reply| reply.body.contains(open.path()))
        })
    };
    let elsewhere = |open: &&Exchange<'_>| {
        matches!(open.status(), 403 | 404 | 410 | 421) && !is_handed_out(open)
    };
    if let Some(refused) = not_opened.clone().find(elsewhere) {
        let why = match refused.status() {
            403 => "the account may have no leave for it",
            _ => "nothing opens there, check the address of the websockets",
        };
        let what = format!("{}: {why}", refused.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(refused)));
    }
    if let Some(finding) = worst_not_served(not_opened, EXPECTED) {
        return Ok(finding);
    }
    if let Some(proof) = Proof::all(unanswered.iter().copied()) {
        let seen = format!("a good token got {}", words(unanswered[0]));
        return Ok(Finding::broken(EXPECTED, seen, proof));
    }
    if let Some(proof) = Proof::all(answered.iter().copied()) {
        let seen = format!("a good token was answered with {}", words(answered[0]));
        return Ok(Finding::tolerated(EXPECTED, seen, proof));
    }
    let mut respelled = Deviations::default();
    for open in &served {
        if let Some(word) = accepting_word(open).filter(|word| word != EXPECTED) {
            respelled.add(
                EXPECTED,
                format!("a good token was answered with {word}"),
                *open,
            );
        }
    }
    if let Some(finding) = respelled.finding(Grade::Tolerated) {
        return Ok(finding);
    }
    match Proof::all(served) {
        Some(proof) => Ok(Finding::met(EXPECTED, proof)),
        None => unseen(view, "no socket was opened"),
    }
}

/// The word that accepted the configuration, in the vendor's own letters.
fn accepting_word(open: &Exchange<'_>) -> Option<String> {
    let frames = open.received_frames();
    let mut words = frames
        .filter(|frame| frame.opcode == Opcode::Text)
        .filter_map(|frame| serde_json::from_str::<Value>(frame.text).ok())
        .filter_map(|message| message["type"].as_str().map(str::to_owned));
    words.find(|word| word.eq_ignore_ascii_case("CONFIG_ACCEPTED"))
}

/// The status word that answered the configuration, or that spoke of an error in its place.
fn status_word(open: &Exchange<'_>) -> Option<String> {
    open.received_frames()
        .filter(|frame| frame.opcode == Opcode::Text)
        .filter_map(|frame| message_type(frame.text))
        .find(|word| word.starts_with("CONFIG") || word.contains("ERROR"))
}

/// How a socket was answered, in words.
fn words(open: &Exchange<'_>) -> String {
    if open.status() != 101 {
        return format!("{} before the upgrade", open.status());
    }
    if let Some(word) = status_word(open) {
        return word;
    }
    let closed = open
        .received_frames()
        .find(|frame| frame.opcode == Opcode::Close);
    match closed {
        Some(frame) => format!("a close {}", frame.text).trim_end().to_owned(),
        None => "no answer to the configuration".to_owned(),
    }
}

/// None of the varied openings is served, beside one of the same socket with a good token that is.
/// How they are refused is a fact of the vendor. A token that cannot be shown to have ended is no
/// bad one.
fn bad_tokens_get_no_service(view: &View<'_>) -> Step<Finding> {
    const ENDED: Variation = Variation::Socket(SocketVariation::EndedToken);
    const ID_TOKEN: Variation = Variation::Socket(SocketVariation::IdToken);
    let bad: Vec<Exchange<'_>> = view
        .evidence
        .varied(Operation::OpenSocket)
        .filter(|open| *open.variation != ENDED || has_ended(view, open))
        .collect();
    let served = bad.iter().filter(|open| open.got_something());
    if let Some(proof) = Proof::all(served.clone()) {
        // The caller's own id token is the wrong one; with the others anybody is served.
        let grade = match served.clone().all(|open| *open.variation == ID_TOKEN) {
            true => Grade::Broken,
            false => Grade::Severe,
        };
        let seen: Vec<String> = served
            .map(|open| format!("{}, then CONFIG_ACCEPTED", open.sentence()))
            .collect();
        let seen = seen.join("; ");
        return Ok(Finding::deviation(grade, "no service", seen, proof));
    }
    if let Some(finding) = failed_over(view, &bad) {
        return Ok(finding);
    }
    let mut controls = Vec::new();
    let mut ways: Vec<String> = Vec::new();
    for open in &bad {
        controls.push(refused_beside(view, open, |_| true)?);
        let way = words(open);
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    match (Proof::all(&bad), Proof::all(&controls)) {
        (Some(proof), Some(control)) => Ok(Finding::met(ways.join(", "), proof).beside(control)),
        _ => unseen(view, "no socket was opened with a bad token"),
    }
}

/// A failure or a redirect in place of a refusal, beside a good token that is served on the same
/// socket.
fn failed_over(view: &View<'_>, bad: &[Exchange<'_>]) -> Option<Finding> {
    let is_odd = |open: &&Exchange<'_>| open.status() == 500 || (300..400).contains(&open.status());
    let (mut wrong, mut controls) = (Deviations::default(), Vec::new());
    for open in bad.iter().filter(is_odd) {
        let mut good = view.evidence.documented(Operation::OpenSocket);
        let good = good.find(|good| good.is_served() && is_same_socket(view, good, open));
        let Some(good) = good else { continue };
        controls.push(good);
        wrong.add("401, 403 or a close", open.sentence(), open);
    }
    Some(wrong.broken()?.beside(Proof::all(&controls)?))
}

/// The positive control of a refused opening: a documented opening of the same socket with the same
/// configuration, one that `is_good`, was served.
pub(super) fn refused_beside<'a>(
    view: &View<'a>,
    open: &Exchange<'_>,
    is_good: impl Fn(&Exchange<'_>) -> bool,
) -> Step<Exchange<'a>> {
    if !matches!(open.reaction(), Reaction::Refused) {
        let what = format!("not graded: {} ({})", open.sentence(), words(open));
        let unseen = || unobserved(view, &what).seen_in(open);
        return Err(Box::new(gone(open).unwrap_or_else(unseen)));
    }
    let control = view
        .evidence
        .documented(Operation::OpenSocket)
        .find(|good| good.is_served() && is_same_socket(view, good, open) && is_good(good));
    if let Some(control) = control {
        Ok(control)
    } else {
        let what = format!(
            "{}, but the same socket with the same configuration was never served to a good token",
            open.sentence()
        );
        Err(Box::new(unobserved(view, &what).seen_in(open)))
    }
}

/// Whether two openings differ in their tokens only: the address without the token, and what was
/// sent first, as far as one came to that.
fn is_same_socket(view: &View<'_>, one: &Exchange<'_>, other: &Exchange<'_>) -> bool {
    let sent = |open: &Exchange<'_>| -> Vec<String> {
        open.frames()
            .filter(|frame| frame.from == Side::Harness)
            .map(|frame| frame.text.to_owned())
            .collect()
    };
    let (first, second) = (sent(one), sent(other));
    let same_frames = first.is_empty() || second.is_empty() || first == second;
    same_frames && address(view, one) == address(view, other)
}

/// The target of an upgrade without its token parameter.
fn address(view: &View<'_>, open: &Exchange<'_>) -> String {
    let name = view
        .profile
        .socket
        .as_ref()
        .map_or("token", |facts| facts.token_parameter.as_str());
    let (path, query) = match open.request.target.split_once('?') {
        Some((path, query)) => (path, query),
        None => (open.request.target.as_str(), ""),
    };
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            !pair.is_empty() && pair.split_once('=').map_or(*pair, |(key, _)| key) != name
        })
        .collect();
    format!("{path}?{}", rest.join("&"))
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
