//! TLS: certificates, versions and suites, and logins without it.

use super::effect::{Step, concluded, unseen};
use super::refusal::login_of;
use crate::evidence::{Cut, Exchange, Message, Operation, Reaction, RecordId, TlsAnswer, TlsOffer};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("TLS-07", |view| concluded(certificates_are_accepted(view))),
    Rule::vendor("TLS-08", |view| concluded(takes_what_is_good(view))),
    Rule::vendor("TOK-17", |view| {
        concluded(gives_no_token_in_the_clear(view))
    }),
];

/// One hello: its record, the host, what was offered and what became of it.
type Hello<'a> = (RecordId, &'a str, TlsOffer, &'a TlsAnswer);

fn hellos<'a>(view: &View<'a>, wanted: impl Fn(TlsOffer) -> bool) -> Vec<Hello<'a>> {
    let all = view.evidence.tls_hellos();
    all.filter(|(_, _, offer, _)| wanted(*offer)).collect()
}

fn proof(hellos: &[&Hello<'_>]) -> Option<Proof> {
    Proof::all(hellos.iter().map(|hello| hello.0))
}

/// Each host shows a certificate that is accepted.
fn certificates_are_accepted(view: &View<'_>) -> Step<Finding> {
    let modern = hellos(view, |offer| offer == TlsOffer::Modern);
    for (seq, host, _, answer) in &modern {
        match answer {
            TlsAnswer::Certificate(reason) => {
                let expected =
                    "a certificate that is valid for its host and leads to a trusted authority";
                return Ok(Finding::broken(expected, format!("{host}: {reason}"), *seq));
            }
            TlsAnswer::Taken => {}
            TlsAnswer::Refused(why) | TlsAnswer::Unknown(why) => {
                let what = format!("no certificate of {host} was seen: {why}");
                return Err(Box::new(unobserved(view, &what).seen_in(*seq)));
            }
        }
    }
    match proof(&modern.iter().collect::<Vec<_>>()) {
        Some(proof) => {
            let hosts: Vec<&str> = modern.iter().map(|hello| hello.1).collect();
            Ok(Finding::met(
                format!("{} accepted", hosts.join(", ")),
                proof,
            ))
        }
        None => unseen(view, "no handshake was made"),
    }
}

/// Old versions and broken suites are refused, beside TLS 1.2 or 1.3 that is taken.
fn takes_what_is_good(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "an alert or the end of the connection";
    let old = hellos(view, |offer| offer != TlsOffer::Modern);
    let taken: Vec<&Hello<'_>> = old
        .iter()
        .filter(|hello| *hello.3 == TlsAnswer::Taken)
        .collect();
    let words = |hellos: &[&Hello<'_>]| {
        let words = hellos
            .iter()
            .map(|hello| format!("{} at {}", hello.2.words(), hello.1));
        words.collect::<Vec<_>>().join("; ")
    };
    let is_broken = |hello: &&&Hello<'_>| hello.2 != TlsOffer::StaticRsa;
    let broken: Vec<&Hello<'_>> = taken.iter().filter(is_broken).copied().collect();
    for (taken, grade) in [(&broken, Grade::Broken), (&taken, Grade::Tolerated)] {
        if let Some(proof) = proof(taken) {
            let seen = format!("takes {}", words(taken));
            return Ok(Finding::deviation(grade, EXPECTED, seen, proof));
        }
    }
    if let Some((seq, host, offer, TlsAnswer::Unknown(why))) = old
        .iter()
        .find(|hello| matches!(hello.3, TlsAnswer::Unknown(_)))
    {
        let what = format!("{} at {host}: {why}", offer.words());
        return Err(Box::new(unobserved(view, &what).seen_in(*seq)));
    }
    let Some(refused) = proof(&old.iter().collect::<Vec<_>>()) else {
        return unseen(view, "nothing old was offered");
    };
    let modern = hellos(view, |offer| offer == TlsOffer::Modern);
    let is_taken = |host: &str| {
        let mut mine = modern.iter().filter(|hello| hello.1 == host);
        mine.any(|hello| *hello.3 == TlsAnswer::Taken)
    };
    if let Some((seq, host, ..)) = old.iter().find(|hello| !is_taken(hello.1)) {
        let what = format!("{host} took nothing else either");
        return Err(Box::new(unobserved(view, &what).seen_in(*seq)));
    }
    let good: Vec<&Hello<'_>> = modern.iter().collect();
    let met = Finding::met(format!("{} refused", old.len()), refused);
    Ok(match proof(&good) {
        Some(control) => met.beside(control),
        None => met,
    })
}

fn gives_a_token(reply: &Message) -> bool {
    let body = reply.json();
    let has = |pointer: &str| body.pointer(pointer).is_some_and(|value| !value.is_null());
    has("/access_token") || has("/AuthenticationResult") || has("/ChallengeName")
}

/// The token endpoint gives no token without TLS, beside a login over it that is served.
fn gives_no_token_in_the_clear(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "no token over plain http";
    let mut sent = view.evidence.exchanges_for(Operation::PlainLogin);
    let Some(plain) = sent.next() else {
        return unseen(view, "no login was sent in the clear");
    };
    let mut logins = view.evidence.documented(login_of(view));
    let control = logins.find(Exchange::is_served);
    if plain.reply.is_some_and(gives_a_token) {
        let broken = Finding::broken(EXPECTED, plain.sentence(), plain);
        return Ok(match control {
            Some(control) => broken.beside(control),
            None => broken,
        });
    }
    let Some(control) = control else {
        return unseen(view, "no login over TLS was served beside it");
    };
    let same_host = |exchange: &Exchange<'_>| {
        let headers = exchange.request.headers.iter();
        let mut hosts = headers.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        hosts.next().map(|(_, host)| host.clone())
    };
    let is_made_up = plain.texts().any(|text| text.contains("locum-made-up"));
    let open = match plain.reaction() {
        // Made-up credentials are refused by who would take others, too.
        Reaction::Refused if is_made_up && !matches!(plain.status(), 403 | 404 | 426) => true,
        Reaction::Throttled | Reaction::Failed(_) => true,
        Reaction::Gone(cut) => matches!(cut, Cut::Timeout | Cut::NotSent),
        _ => false,
    };
    // What is no HTTP may be TLS that was not understood.
    let is_tls = matches!(plain.cut, Some((Cut::NotHttp, _)));
    if open && !is_tls {
        let host = same_host(&plain).unwrap_or_default();
        let what = format!("not graded: {} at {host}", plain.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(plain)));
    }
    Ok(Finding::met(plain.sentence(), plain).beside(control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn log(hellos: &[(TlsOffer, TlsAnswer)]) -> Log {
        let start = Log::new();
        let all = hellos.iter().cloned();
        all.fold(start, |log, (offer, answer)| log.hello(offer, answer))
    }

    fn refused() -> TlsAnswer {
        TlsAnswer::Refused("alert 70".to_owned())
    }

    #[test]
    fn a_certificate_is_accepted_or_not() {
        let modern = |answer| log(&[(TlsOffer::Modern, answer)]);
        check(&modern(TlsAnswer::Taken), "TLS-07", Grade::Met);
        let expired = TlsAnswer::Certificate("certificate expired".to_owned());
        check(&modern(expired.clone()), "TLS-07", Grade::Broken);
        check(&modern(refused()), "TLS-07", Grade::Unobserved);
        let both = [
            (TlsOffer::Modern, TlsAnswer::Taken),
            (TlsOffer::Modern, expired),
        ];
        check(&log(&both), "TLS-07", Grade::Broken);
        check(&log(&[]), "TLS-07", Grade::Unobserved);
    }

    #[test]
    fn what_is_old_is_taken_or_not() {
        let beside = |offer, answer| log(&[(TlsOffer::Modern, TlsAnswer::Taken), (offer, answer)]);
        check(&beside(TlsOffer::Tls10, refused()), "TLS-08", Grade::Met);
        check(
            &beside(TlsOffer::Tls10, TlsAnswer::Taken),
            "TLS-08",
            Grade::Broken,
        );
        check(
            &beside(TlsOffer::BrokenSuites, TlsAnswer::Taken),
            "TLS-08",
            Grade::Broken,
        );
        check(
            &beside(TlsOffer::StaticRsa, TlsAnswer::Taken),
            "TLS-08",
            Grade::Tolerated,
        );
        let unknown = TlsAnswer::Unknown("no answer".to_owned());
        check(
            &beside(TlsOffer::Tls11, unknown),
            "TLS-08",
            Grade::Unobserved,
        );
        check(
            &log(&[(TlsOffer::Tls10, refused())]),
            "TLS-08",
            Grade::Unobserved,
        );
        check(
            &beside(TlsOffer::Modern, TlsAnswer::Taken),
            "TLS-08",
            Grade::Unobserved,
        );
    }

    #[test]
    fn a_login_in_the_clear_gives_a_token_or_not() {
        const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
        let plain = |status, body: &str| {
            let log = Log::new().exchange("login", "", 200, TOKEN);
            log.exchange("plain login", "", status, body)
        };
        check(&plain(200, TOKEN), "TOK-17", Grade::Broken);
        check(&plain(403, "{}"), "TOK-17", Grade::Met);
        check(&plain(301, ""), "TOK-17", Grade::Met);
        check(&plain(400, "{}"), "TOK-17", Grade::Met);
        check(&plain(503, "{}"), "TOK-17", Grade::Unobserved);
        let closed = Log::new()
            .exchange("login", "", 200, TOKEN)
            .cut("plain login", "");
        check(&closed, "TOK-17", Grade::Met);
        let alone = Log::new().exchange("plain login", "", 403, "{}");
        check(&alone, "TOK-17", Grade::Unobserved);
    }

    /// On another machine nobody's credentials are shown in the clear, so that a refusal of others
    /// says little.
    #[test]
    fn made_up_credentials_leave_it_open() {
        let log = |status| {
            let log = Log::new().exchange("login", "", 200, r#"{"access_token":"t-0123"}"#);
            log.sent("plain login", "", "locum-made-up", status, "{}")
        };
        check(&log(401), "TOK-17", Grade::Unobserved);
        check(&log(403), "TOK-17", Grade::Met);
        check(&log(301), "TOK-17", Grade::Met);
    }
}
