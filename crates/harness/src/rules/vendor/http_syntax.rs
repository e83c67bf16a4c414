//! Requests that are no HTTP/1.1 as RFC 9112 has it: a server answers them with 400, and reads no
//! sense into them.

use super::refusal::login_of;
use crate::evidence::{
    CallVariation, Cut, Exchange, Message, Operation, Reaction, SignInVariation, Variation,
};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("HTT-04", |view| {
        answered_with_400(view, &[Fault::SpaceBeforeColon])
    }),
    Rule::vendor("HTT-05", refuses_a_raw_space),
    Rule::vendor("HTT-06", |view| {
        answered_with_400(view, &[Fault::NoHost, Fault::TwoHosts])
    }),
];

/// What is wrong with a request: with an API call, or with a sign-in where API calls are signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    SpaceBeforeColon,
    NoHost,
    TwoHosts,
}

impl Fault {
    fn of(exchange: &Exchange<'_>) -> Option<Self> {
        match exchange.variation {
            Variation::Call(CallVariation::SpaceBeforeColon)
            | Variation::SignIn(SignInVariation::SpaceBeforeColon) => Some(Self::SpaceBeforeColon),
            Variation::Call(CallVariation::NoHost) | Variation::SignIn(SignInVariation::NoHost) => {
                Some(Self::NoHost)
            }
            Variation::Call(CallVariation::TwoHosts)
            | Variation::SignIn(SignInVariation::TwoHosts) => Some(Self::TwoHosts),
            _ => None,
        }
    }
}

/// The operation that malformed requests are made of.
fn bent_operation(view: &View<'_>) -> Operation {
    match login_of(view) {
        Operation::SignIn => Operation::SignIn,
        _ => Operation::Call,
    }
}

/// Servers that stand in front of others, by a word of their `Server`: they repair requests, or drop
/// what they cannot read, before the vendor sees it.
const PROXIES: [&str; 9] = [
    "nginx",
    "cloudflare",
    "cloudfront",
    "akamai",
    "envoy",
    "awselb",
    "varnish",
    "haproxy",
    "gws",
];

/// The proxy that answered in the vendor's place, as far as the reply tells.
fn proxy(reply: &Message) -> Option<String> {
    if let Some(via) = reply.header("via") {
        return Some(format!("Via: {via}"));
    }
    let server = reply.header("server")?;
    let lower = server.to_ascii_lowercase();
    let known = PROXIES.iter().any(|name| lower.contains(name));
    known.then(|| format!("Server: {server}"))
}

fn calls<'a>(view: &View<'a>, wanted: &[CallVariation]) -> Vec<Exchange<'a>> {
    let is_wanted = |call: &Exchange<'_>| match call.variation {
        Variation::Call(change) => wanted.contains(change),
        _ => false,
    };
    let all = view.evidence.exchanges_for(Operation::Call);
    all.filter(is_wanted).collect()
}

/// A connection that ended where a reply was due.
fn was_closed(call: &Exchange<'_>) -> bool {
    matches!(call.reaction(), Reaction::Gone(Cut::Closed))
}

/// What leaves open how a request was taken.
fn left_open(view: &View<'_>, call: &Exchange<'_>) -> Option<Finding> {
    match call.reaction() {
        Reaction::Gone(Cut::Closed) => None,
        Reaction::Gone(Cut::NotSent) | Reaction::Throttled => {
            Some(unobserved(view, &call.sentence()).seen_in(call))
        }
        Reaction::Gone(_) => Some(Finding::gone(call.sentence(), call)),
        _ => None,
    }
}

/// Each of the `malformed` requests is answered with 400, beside the documented one that is served.
fn answered_with_400(view: &View<'_>, malformed: &[Fault]) -> Finding {
    const EXPECTED: &str = "400";
    let operation = bent_operation(view);
    let all = view.evidence.exchanges_for(operation);
    let is_meant =
        |call: &Exchange<'_>| Fault::of(call).is_some_and(|fault| malformed.contains(&fault));
    let sent: Vec<Exchange<'_>> = all.filter(is_meant).collect();
    let mut worst: Option<Finding> = None;
    let control = view.evidence.documented(operation);
    let control = control.filter(Exchange::is_served).last();
    // What was served needs no other beside it; a 404 may be this server's answer to any call.
    let tells = |call: &&Exchange<'_>| {
        control.is_some() || call.is_served() || left_open(view, call).is_some()
    };
    for call in sent
        .iter()
        .filter(|call| call.status() != 400)
        .filter(tells)
    {
        let repaired = call.reply.and_then(proxy).filter(|_| {
            // No proxy makes up a host.
            Fault::of(call) == Some(Fault::SpaceBeforeColon)
        });
        let is_tolerated =
            view.expected.deviation_tolerated && Fault::of(call) == Some(Fault::NoHost);
        let finding = if let Some(open) = left_open(view, call) {
            open
        } else if let Some(proxy) = repaired {
            let what = format!(
                "{}, by a proxy that may repair it ({proxy})",
                call.sentence()
            );
            unobserved(view, &what).seen_in(call)
        } else {
            let grade = match is_tolerated {
                true => Grade::Tolerated,
                false => Grade::Broken,
            };
            Finding::deviation(grade, EXPECTED, call.sentence(), call)
        };
        if worst
            .as_ref()
            .is_none_or(|known| finding.grade() > known.grade())
        {
            worst = Some(finding);
        }
    }
    match (worst, Proof::all(&sent), control) {
        (Some(worst), _, Some(control)) => worst.beside(control),
        (Some(worst), _, None) => worst,
        (None, Some(proof), None) => {
            unobserved(view, "no documented call was served beside it").seen_in(proof)
        }
        (None, None, _) => unobserved(view, "no malformed request was sent"),
        (None, Some(proof), Some(control)) => {
            Finding::met(format!("{} answered with 400", sent.len()), proof).beside(control)
        }
    }
}

/// A raw space in the target is answered with 400 or closed, beside the same target with `%20` that
/// is answered otherwise.
fn refuses_a_raw_space(view: &View<'_>) -> Finding {
    let sent = calls(view, &[CallVariation::RawSpace]);
    let Some(call) = sent.first() else {
        return unobserved(view, "no raw space was sent");
    };
    if let Some(open) = left_open(view, call) {
        return open;
    }
    if call.status() != 400 && !was_closed(call) {
        return Finding::broken("400, or the end of the connection", call.sentence(), call);
    }
    let encoded = CallVariation::Query("x".to_owned(), "a b".to_owned());
    let others = calls(view, &[encoded]);
    let differs = |other: &&Exchange<'_>| other.reply.is_some() && other.status() != 400;
    match others.iter().find(differs) {
        Some(other) => Finding::met(call.sentence(), call).beside(other),
        None => unobserved(view, "the same request with %20 got no other answer").seen_in(call),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const COLON: &str = "with a space before a colon";

    fn log(phrase: &str, status: u16) -> Log {
        let log = Log::new().exchange("call", "", 200, "[]");
        log.exchange("call", phrase, status, "{}")
    }

    #[test]
    fn malformed_requests_are_answered_with_400_or_not() {
        for (id, phrase) in [
            ("HTT-04", COLON),
            ("HTT-06", "with Host twice"),
            ("HTT-06", "without Host"),
        ] {
            check(&log(phrase, 400), id, Grade::Met);
            check(&log(phrase, 429), id, Grade::Unobserved);
            check(
                &Log::new().exchange("call", "", 200, "[]"),
                id,
                Grade::Unobserved,
            );
            let alone = Log::new().exchange("call", phrase, 400, "{}");
            check(&alone, id, Grade::Unobserved);
            // Whoever has no such path answers each call with 404.
            let nowhere = Log::new().exchange("call", phrase, 404, "{}");
            check(&nowhere, id, Grade::Unobserved);
        }
        check(&log(COLON, 200), "HTT-04", Grade::Broken);
        check(&log(COLON, 401), "HTT-04", Grade::Broken);
        check(&log("with Host twice", 200), "HTT-06", Grade::Broken);
        // A server framework in use does it.
        check(&log("without Host", 200), "HTT-06", Grade::Tolerated);
        let both = log("without Host", 200).exchange("call", "with Host twice", 200, "[]");
        check(&both, "HTT-06", Grade::Broken);
        // The 404 of one is no worse for what another was served with.
        let mixed = Log::new()
            .exchange("call", "without Host", 200, "[]")
            .exchange("call", "with Host twice", 404, "{}");
        check(&mixed, "HTT-06", Grade::Tolerated);
        let failed = Log::new().exchange("call", "without Host", 500, "{}");
        check(&failed, "HTT-06", Grade::Unobserved);
    }

    /// Where API calls are signed, it is a sign-in.
    #[test]
    fn a_malformed_sign_in_is_answered_with_400_or_not() {
        const TOKENS: &str = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
        for (id, phrase) in [("HTT-04", COLON), ("HTT-06", "with Host twice")] {
            let log = |status, body| {
                Log::of_a_user_pool()
                    .exchange("sign-in", "", 200, TOKENS)
                    .exchange("sign-in", phrase, status, body)
            };
            check(&log(400, ""), id, Grade::Met);
            check(&log(200, TOKENS), id, Grade::Broken);
            check(&log(403, "{}"), id, Grade::Broken);
        }
    }

    #[test]
    fn a_proxy_may_have_repaired_it() {
        let log = Log::new().exchange("call", "", 200, "[]").headed(
            "call",
            COLON,
            200,
            &[("Server", "nginx/1.29")],
            "[]",
        );
        check(&log, "HTT-04", Grade::Unobserved);
        let log = Log::new().exchange("call", "", 200, "[]").headed(
            "call",
            COLON,
            200,
            &[("Server", "uvicorn")],
            "[]",
        );
        check(&log, "HTT-04", Grade::Broken);
    }

    #[test]
    fn a_raw_space_is_refused_beside_an_encoded_one() {
        let pair = |raw: u16, encoded: u16| {
            log("with x=a b", encoded).exchange("call", "with a raw space in the target", raw, "")
        };
        check(&pair(400, 200), "HTT-05", Grade::Met);
        check(&pair(400, 404), "HTT-05", Grade::Met);
        check(&pair(400, 400), "HTT-05", Grade::Unobserved);
        check(&pair(200, 200), "HTT-05", Grade::Broken);
        let closed = log("with x=a b", 200).cut("call", "with a raw space in the target");
        check(&closed, "HTT-05", Grade::Met);
        check(
            &log("with a raw space in the target", 400),
            "HTT-05",
            Grade::Unobserved,
        );
    }

    /// A failure is no 400.
    #[test]
    fn failures_are_deviations_of_a_vendor_that_serves() {
        for failure in FAILURES {
            let log = Log::new().exchange("call", "", 200, "[]");
            let log = log.failed("call", COLON, failure);
            check(&log, "HTT-04", Grade::Broken);
        }
        let silent = Log::new().failed("call", COLON, BadReply::Redirect);
        check(&silent, "HTT-05", Grade::Unobserved);
    }
}
