//! Requests for an upgrade to a websocket: what is refused, what makes no difference, and what the
//! vendor may choose (RFC 6455 §4.2).

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Message, Operation, Reaction, UpgradeVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved, worst_not_served};
use crate::verdict::{Finding, Grade, Proof};

use UpgradeVariation as Up;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-01", |view| {
        let parts = [
            Up::NoUpgrade,
            Up::NoConnection,
            Up::NoKey,
            Up::NoVersion,
            Up::NoHost,
            Up::Post,
            Up::Http10,
        ];
        concluded(all_refused(view, &parts, &|_| Grade::Broken))
    }),
    Rule::vendor("WSS-02", |view| {
        let keys = [Up::ShortKey, Up::KeyNotBase64];
        concluded(all_refused(view, &keys, &|_| Grade::Tolerated))
    }),
    Rule::vendor("WSS-03", |view| concluded(other_version_is_told(view))),
    Rule::vendor("WSS-06", |view| {
        let places = [Up::UnknownPath, Up::UnknownInteraction];
        concluded(all_refused(view, &places, &|_| Grade::Broken))
    }),
    Rule::vendor("WSS-14", |view| concluded(selects_what_was_offered(view))).everywhere(),
    Rule::vendor("WSS-17", |view| concluded(spellings_are_taken(view))),
    Rule::vendor("WSS-18", |view| concluded(extends_as_was_offered(view))).everywhere(),
];

fn change_of(exchange: &Exchange<'_>) -> Option<UpgradeVariation> {
    match exchange.variation {
        Variation::Upgrade(change) => Some(*change),
        _ => None,
    }
}

/// The requests with one of these changes.
fn changed<'a>(view: &View<'a>, changes: &[UpgradeVariation]) -> Vec<Exchange<'a>> {
    let wanted = |exchange: &Exchange<'_>| {
        change_of(exchange).is_some_and(|change| changes.contains(&change))
    };
    let all = view.evidence.exchanges_for(Operation::Upgrade);
    all.filter(wanted).collect()
}

/// The documented request for an upgrade, agreed to.
fn control<'a>(view: &View<'a>) -> Step<Exchange<'a>> {
    let mut documented = view.evidence.documented(Operation::Upgrade);
    match documented.find(Exchange::is_served) {
        Some(control) => Ok(control),
        None => unseen(view, "no documented upgrade was agreed to beside it"),
    }
}

/// What leaves open how a request for an upgrade was taken.
fn left_open(view: &View<'_>, exchange: &Exchange<'_>) -> Option<Finding> {
    let words = || format!("not graded: {}", exchange.sentence());
    match exchange.reaction() {
        Reaction::Gone(_) if exchange.reply.is_none() => gone(exchange),
        Reaction::Throttled => Some(unobserved(view, &exchange.sentence()).seen_in(exchange)),
        _ if exchange.status() < 400 => Some(unobserved(view, &words()).seen_in(exchange)),
        // A gateway that found nobody, or whatever else is not about the request.
        _ if is_failure(exchange) => Some(unobserved(view, &words()).seen_in(exchange)),
        _ => None,
    }
}

/// A 5xx that is none of those which a request may deserve: 500, because the vendor stumbled over
/// it; 501 for its method and 505 for its version.
fn is_failure(exchange: &Exchange<'_>) -> bool {
    exchange.status() > 500 && !matches!(exchange.status(), 501 | 505)
}

/// None of the requests with one of these `changes` opens a websocket: each is answered with an HTTP
/// error. One that does is as bad as its `grade` says.
fn all_refused(
    view: &View<'_>,
    changes: &[UpgradeVariation],
    grade: &dyn Fn(UpgradeVariation) -> Grade,
) -> Step<Finding> {
    let sent = changed(view, changes);
    let opened: Vec<&Exchange<'_>> = sent.iter().filter(|sent| sent.status() == 101).collect();
    let grade_of = |open: &Exchange<'_>| change_of(open).map_or(Grade::Broken, grade);
    let worst = opened.iter().map(|open| grade_of(open)).max();
    if let (Some(worst), Some(proof)) = (worst, Proof::all(opened.iter().copied())) {
        let seen: Vec<String> = opened.iter().map(|open| open.sentence()).collect();
        let finding = Finding::deviation(worst, "an HTTP error", seen.join("; "), proof);
        return Ok(match control(view) {
            Ok(control) => finding.beside(control),
            Err(_) => finding,
        });
    }
    let mut stumbled = Deviations::default();
    for sent in sent.iter().filter(|sent| sent.status() == 500) {
        stumbled.add("an HTTP error of the 4xx", sent.sentence(), sent);
    }
    if let Some(finding) = stumbled.finding(Grade::Tolerated) {
        return Ok(finding.beside(control(view)?));
    }
    if let Some(open) = sent.iter().find_map(|sent| left_open(view, sent)) {
        return Ok(open);
    }
    let Some(proof) = Proof::all(&sent) else {
        return unseen(view, "no such upgrade was asked for");
    };
    let control = control(view)?;
    Ok(Finding::met(format!("{} refused", sent.len()), proof).beside(control))
}

/// Another version is refused with the one that the vendor speaks (§4.4); a 426 says `Upgrade`, too
/// (RFC 9110 §15.5.22).
fn other_version_is_told(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "4xx with Sec-WebSocket-Version: 13, and a 426 with Upgrade";
    let sent = changed(view, &[Up::OtherVersion, Up::LaterVersion]);
    let opened = sent.iter().filter(|asked| asked.status() == 101);
    if let Some(proof) = Proof::all(opened.clone()) {
        let seen: Vec<String> = opened.map(Exchange::sentence).collect();
        return Ok(Finding::broken(EXPECTED, seen.join("; "), proof));
    }
    if let Some(open) = sent.iter().find_map(|asked| left_open(view, asked)) {
        return Ok(open);
    }
    let mut silent = Deviations::default();
    for asked in &sent {
        if let Some(fault) = version_fault(asked) {
            let seen = format!("{} and {fault}", asked.sentence());
            silent.add(EXPECTED, seen, asked);
        }
    }
    if let Some(finding) = silent.finding(Grade::Tolerated) {
        return Ok(finding);
    }
    let Some(proof) = Proof::all(&sent) else {
        return unseen(view, "no other version was asked for");
    };
    let seen: Vec<String> = sent.iter().map(Exchange::sentence).collect();
    let control = control(view)?;
    Ok(Finding::met(seen.join("; "), proof).beside(control))
}

/// What the refusal of another version lacks.
fn version_fault(asked: &Exchange<'_>) -> Option<&'static str> {
    let has = |name: &str| asked.reply.and_then(|reply| reply.header(name));
    let versions = has("sec-websocket-version").unwrap_or_default();
    match () {
        () if !versions.split(',').any(|version| version.trim() == "13") => {
            Some("no Sec-WebSocket-Version: 13")
        }
        () if asked.status() == 426 && has("upgrade").is_none() => Some("no Upgrade"),
        () if asked.status() == 500 => Some("a failure in place of a refusal"),
        () => None,
    }
}

/// Every upgrade that was agreed to, whatever it was for.
fn agreed<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let upgrades = view.evidence.exchanges();
    upgrades
        .filter(|exchange| exchange.operation.upgrades() && exchange.status() == 101)
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .collect()
}

/// The values of a header of the request, a list in one text.
fn offered(exchange: &Exchange<'_>, name: &str) -> String {
    let headers = exchange.request.headers.iter();
    let values = headers.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
    values.join(",")
}

/// The names in a list of extensions or subprotocols, each with its parameters.
fn list(value: &str) -> Vec<(&str, Vec<&str>)> {
    let entries = value.split(',').map(str::trim);
    entries
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let parameters = parts.map(|part| part.split('=').next().unwrap_or_default().trim());
            (name, parameters.collect())
        })
        .collect()
}

/// What a vendor that agreed to `wrong` chose, against the law that `expected` says.
fn chosen(
    view: &View<'_>,
    expected: &str,
    wrong: &dyn Fn(&Exchange<'_>, &Message) -> Option<String>,
) -> Step<Finding> {
    let agreed = agreed(view);
    for (exchange, reply) in &agreed {
        if let Some(seen) = wrong(exchange, reply) {
            let seen = format!("{}, {seen}", exchange.sentence());
            return Ok(Finding::broken(expected, seen, exchange));
        }
    }
    match Proof::all(agreed.iter().map(|(exchange, _)| *exchange)) {
        Some(proof) => Ok(Finding::met(format!("{} agreed to", agreed.len()), proof)),
        None => unseen(view, "no upgrade was agreed to"),
    }
}

/// A 101 names no subprotocol, or one that was offered (§4.2.2).
fn selects_what_was_offered(view: &View<'_>) -> Step<Finding> {
    const NAME: &str = "sec-websocket-protocol";
    chosen(
        view,
        "no subprotocol that was not offered",
        &|exchange, reply| {
            let selected = reply.header(NAME)?;
            let offered = offered(exchange, NAME);
            let was_offered = list(&offered).iter().any(|(name, _)| *name == selected);
            (!was_offered).then(|| format!("with the subprotocol {selected}"))
        },
    )
}

/// A 101 names no extension that was not offered, and limits no window of the client's that it may
/// not (§9.1; RFC 7692 §7.1.2.2).
fn extends_as_was_offered(view: &View<'_>) -> Step<Finding> {
    const NAME: &str = "sec-websocket-extensions";
    const WINDOW: &str = "client_max_window_bits";
    chosen(
        view,
        "no extension that was not offered",
        &|exchange, reply| {
            let accepted = reply.header(NAME)?;
            let offered = offered(exchange, NAME);
            let offered = list(&offered);
            list(accepted).into_iter().find_map(|(name, parameters)| {
                let offer = offered.iter().find(|(known, _)| *known == name);
                let Some((_, may)) = offer else {
                    return Some(format!("with the extension {name}"));
                };
                let limits = parameters.contains(&WINDOW) && !may.contains(&WINDOW);
                limits.then(|| format!("with {WINDOW}, which was not offered"))
            })
        },
    )
}

/// `Upgrade` and `Connection` are read in any letter case, and `Connection` as a list (§4.2.1).
fn spellings_are_taken(view: &View<'_>) -> Step<Finding> {
    let spellings = [
        Up::UpgradeInOtherCase,
        Up::ConnectionInOtherCase,
        Up::ConnectionList,
    ];
    let sent = changed(view, &spellings);
    let control = control(view)?;
    if let Some(finding) = worst_not_served(&sent, "101") {
        return Ok(finding.beside(control));
    }
    match Proof::all(&sent) {
        Some(proof) => Ok(Finding::met(format!("{} agreed to", sent.len()), proof).beside(control)),
        None => unseen(view, "no other spelling was sent"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    fn log(phrase: &str, status: u16) -> Log {
        Log::new()
            .exchange("upgrade", "", 101, "")
            .exchange("upgrade", phrase, status, "")
    }

    #[test]
    fn what_lacks_a_part_is_refused_or_not() {
        for (id, phrase, opened) in [
            ("WSS-01", "without Connection", Grade::Broken),
            ("WSS-01", "over HTTP/1.0", Grade::Broken),
            ("WSS-02", "with a key of 10 bytes", Grade::Tolerated),
            ("WSS-06", "on a path that nobody knows", Grade::Broken),
            (
                "WSS-06",
                "for an interaction that does not exist",
                Grade::Broken,
            ),
        ] {
            check(&log(phrase, 400), id, Grade::Met);
            check(&log(phrase, 101), id, opened);
            check(&log(phrase, 200), id, Grade::Unobserved);
            check(&log(phrase, 429), id, Grade::Unobserved);
            check(&log(phrase, 500), id, Grade::Tolerated);
            check(&log(phrase, 503), id, Grade::Unobserved);
            check(&log(phrase, 501), id, Grade::Met);
            check(&log(phrase, 505), id, Grade::Met);
            let failed_alone = Log::new().exchange("upgrade", phrase, 500, "");
            check(&failed_alone, id, Grade::Unobserved);
            let alone = Log::new().exchange("upgrade", phrase, 400, "");
            check(&alone, id, Grade::Unobserved);
            check(
                &Log::new().exchange("upgrade", "", 101, ""),
                id,
                Grade::Unobserved,
            );
            let cut = Log::new()
                .exchange("upgrade", "", 101, "")
                .cut("upgrade", phrase);
            check(&cut, id, Grade::Gone);
        }
    }

    #[test]
    fn another_version_is_told_the_right_one_or_not() {
        let log = |status, headers: &[(&str, &str)]| {
            let log = Log::new().exchange("upgrade", "", 101, "");
            log.headed("upgrade", "with version 12", status, headers, "")
        };
        let version = ("Sec-WebSocket-Version", "13, 8");
        check(&log(400, &[version]), "WSS-03", Grade::Met);
        check(&log(426, &[version]), "WSS-03", Grade::Tolerated);
        check(
            &log(426, &[version, ("Upgrade", "websocket")]),
            "WSS-03",
            Grade::Met,
        );
        check(&log(400, &[]), "WSS-03", Grade::Tolerated);
        check(&log(500, &[version]), "WSS-03", Grade::Tolerated);
        check(&log(503, &[version]), "WSS-03", Grade::Unobserved);
        let later = log(400, &[version]).exchange("upgrade", "with version 14", 101, "");
        check(&later, "WSS-03", Grade::Broken);
        check(&log(101, &[version]), "WSS-03", Grade::Broken);
        check(&Log::new(), "WSS-03", Grade::Unobserved);
    }

    /// An upgrade that offers this and is answered with these headers.
    fn offering(phrase: &str, offer: (&str, &str), headers: &[(&str, &str)]) -> Log {
        Log::new().upgraded(phrase, offer, headers)
    }

    #[test]
    fn a_vendor_selects_what_was_offered() {
        let offer = ("Sec-WebSocket-Protocol", "x-locum");
        let phrase = "with a subprotocol offered";
        let name = "sec-websocket-protocol";
        let check = |headers: &[(&str, &str)], grade| {
            check(&offering(phrase, offer, headers), "WSS-14", grade);
        };
        check(&[], Grade::Met);
        check(&[(name, "x-locum")], Grade::Met);
        check(&[(name, "chat")], Grade::Broken);
    }

    #[test]
    fn a_vendor_extends_as_was_offered() {
        let name = "Sec-WebSocket-Extensions";
        let check = |phrase, offer: &str, accepted: &str, grade| {
            let log = offering(phrase, (name, offer), &[(name, accepted)]);
            check(&log, "WSS-18", grade);
        };
        let (deflate, window) = (
            "with permessage-deflate offered",
            "with permessage-deflate and client_max_window_bits offered",
        );
        let limited = "permessage-deflate; client_max_window_bits=12";
        let own = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
        check(
            deflate,
            "permessage-deflate",
            "permessage-deflate",
            Grade::Met,
        );
        check(deflate, "permessage-deflate", own, Grade::Met);
        check(deflate, "permessage-deflate", limited, Grade::Broken);
        let both = "permessage-deflate; client_max_window_bits";
        check(window, both, limited, Grade::Met);
        let unknown = "with an unknown extension offered";
        check(unknown, "x-locum", "permessage-deflate", Grade::Broken);
    }

    #[test]
    fn spellings_open_or_not() {
        let phrase = "with Connection: keep-alive, Upgrade";
        check(&log(phrase, 101), "WSS-17", Grade::Met);
        check(&log(phrase, 400), "WSS-17", Grade::Broken);
        check(&log(phrase, 429), "WSS-17", Grade::Unobserved);
        let alone = Log::new().exchange("upgrade", phrase, 400, "");
        check(&alone, "WSS-17", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("upgrade", "", failure);
            check(&log, "WSS-17", Grade::Unobserved);
        }
    }
}
