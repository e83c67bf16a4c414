//! What HTTP asks of every reply (RFC 9110).

use locum_core::Timestamp;

use super::deviation::Deviations;
use super::token_head::each;
use crate::evidence::{
    CallVariation, Exchange, Jwt, LoginVariation, Message, Operation, Reaction, Variation,
};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("HTT-02", allows_on_405).everywhere(),
    Rule::vendor("HTT-10", bears_broken_escapes),
    Rule::vendor("HTT-12", has_a_date).everywhere(),
    Rule::vendor("HTT-13", fails_on_no_wrong_request).everywhere(),
];

fn replies<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let exchanges = view.evidence.exchanges();
    exchanges
        .filter(|exchange| !is_no_http(exchange))
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .collect()
}

/// Whether the request is none that a server of the vendor need see: what stands in front of it may
/// answer, without its headers.
pub(super) fn is_no_http(exchange: &Exchange<'_>) -> bool {
    match exchange.variation {
        Variation::Call(change) => matches!(
            change,
            CallVariation::SpaceBeforeColon
                | CallVariation::NoHost
                | CallVariation::TwoHosts
                | CallVariation::RawSpace
        ),
        Variation::SignIn(change) => change.is_no_http(),
        _ => false,
    }
}

/// Whether a request was made by a method that the vendor's pages do not have there.
fn is_by_another_method(exchange: &Exchange<'_>) -> bool {
    match exchange.variation {
        Variation::Login(LoginVariation::Both(one, _)) => {
            matches!(**one, LoginVariation::Method(_))
        }
        Variation::Login(change) => matches!(change, LoginVariation::Method(_)),
        Variation::Call(change) => matches!(change, CallVariation::Method(_)),
        _ => false,
    }
}

/// A 405 lists the methods that there are (§15.5.6). A vendor that refuses other methods in another
/// way has no such list to give.
fn allows_on_405(view: &View<'_>) -> Finding {
    let mut all = replies(view);
    let refused = all.iter().map(|(exchange, _)| *exchange);
    let refused =
        refused.filter(|exchange| is_by_another_method(exchange) && exchange.is_refused());
    let refused = Proof::all(refused);
    all.retain(|(_, reply)| reply.status == 405);
    if let (Some(refused), true) = (refused, all.is_empty()) {
        return Finding::fact("other methods are refused, and none with 405", refused);
    }
    each(
        view,
        &all,
        ("no 405 was received", "Allow on each 405"),
        |reply| {
            reply
                .header("allow")
                .is_none()
                .then(|| ("Allow".to_owned(), "no Allow".to_owned()))
        },
    )
}

/// A changed request gets no 500, where the documented one of its operation is served: the request
/// alone made the difference (§15.6.1). Broken escapes are a row of their own.
fn fails_on_no_wrong_request(view: &View<'_>) -> Finding {
    let control = |operation| {
        view.evidence
            .documented(operation)
            .find(Exchange::is_served)
    };
    let mut answered: Vec<Exchange<'_>> = Vec::new();
    let mut failed = Deviations::default();
    let mut served = None;
    for exchange in view.evidence.exchanges() {
        if exchange.is_documented() || has_a_broken_escape(&exchange) {
            continue;
        }
        let Some(good) = control(exchange.operation) else {
            continue;
        };
        match exchange.reaction() {
            Reaction::Failed(_) if exchange.status() == 500 => {
                failed.add("a 4xx", exchange.sentence(), exchange);
            }
            Reaction::Served | Reaction::Refused => answered.push(exchange),
            _ => continue,
        }
        served = Some(good);
    }
    let finding = failed.broken();
    let met = || {
        Proof::all(&answered)
            .map(|proof| Finding::met(format!("{} answered", answered.len()), proof))
    };
    match (finding.or_else(met), served) {
        (Some(finding), Some(control)) => finding.beside(control),
        _ => unobserved(view, "no changed request was answered beside a good one"),
    }
}

fn has_a_broken_escape(exchange: &Exchange<'_>) -> bool {
    matches!(
        exchange.variation,
        Variation::Call(CallVariation::RawQuery(_)) | Variation::Login(LoginVariation::Raw(_))
    )
}

/// A broken escape is answered, and never with a 5xx.
fn bears_broken_escapes(view: &View<'_>) -> Finding {
    let all = view.evidence.exchanges();
    let bent: Vec<Exchange<'_>> = all.filter(has_a_broken_escape).collect();
    let Some(proof) = Proof::all(&bent) else {
        return unobserved(view, "no broken escape was sent");
    };
    let first = |wanted: &dyn Fn(Reaction) -> bool| {
        let mut bent = bent.iter().copied();
        bent.find(|exchange| wanted(exchange.reaction()))
    };
    if let Some(failed) = first(&|reaction| matches!(reaction, Reaction::Failed(_))) {
        let grade = match view.expected.deviation_tolerated {
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        return Finding::deviation(grade, "2xx or 4xx", failed.sentence(), failed);
    }
    if let Some(gone) = first(&|reaction| matches!(reaction, Reaction::Gone(_))) {
        return Finding::gone(gone.sentence(), gone);
    }
    if let Some(throttled) = first(&|reaction| reaction == Reaction::Throttled) {
        return unobserved(view, &throttled.sentence()).seen_in(throttled);
    }
    let control = view
        .evidence
        .exchanges()
        .find(|exchange| exchange.is_documented() && exchange.is_served());
    match control {
        Some(control) => Finding::met(format!("{} answered", bent.len()), proof).beside(control),
        None => unobserved(view, "no documented request was served beside it").seen_in(proof),
    }
}

/// So far may a `Date` be from the issue of a token in the same reply.
const FARTHEST_S: i64 = 60;

/// What is not told in another unit of time, which is a fault of its own.
const SAME_UNIT_S: i64 = 10 * 365 * 86_400;

/// Each reply of status 2xx, 3xx and 4xx has one `Date` in the fixed form (§6.6.1), of the time at
/// which a token in it was issued.
fn has_a_date(view: &View<'_>) -> Finding {
    let mut all = replies(view);
    all.retain(|(_, reply)| matches!(reply.status, 200..=499));
    // Whoever answers beside TLS need not be the vendor.
    all.retain(|(exchange, _)| exchange.operation != Operation::PlainLogin);
    for (exchange, reply) in &all {
        let date = reply.header("date").and_then(Timestamp::parse_http_date);
        // A token that an earlier reply gave already is as old as that one.
        let is_new = |jwt: &Jwt<'_>| {
            let earlier = all.iter().take_while(|(one, _)| one.seq < exchange.seq);
            let mut known = earlier.flat_map(|(one, _)| view.evidence.jwts_of(one.seq));
            known.all(|known| known.claims != jwt.claims)
        };
        let mut jwts = view.evidence.jwts_of(exchange.seq).filter(is_new);
        let issued = jwts.find_map(|jwt| jwt.claims["iat"].as_i64());
        if let (Some(date), Some(issued)) = (date, issued) {
            let off = date.as_seconds() - issued;
            if (FARTHEST_S..SAME_UNIT_S).contains(&off.abs()) {
                let way = if off < 0 { "behind" } else { "ahead of" };
                let observed = format!(
                    "{}: Date is {} s {way} the iat of its token",
                    exchange.sentence(),
                    off.abs()
                );
                let expected = "a Date within 60 s of the iat of a token in the same reply";
                return Finding::broken(expected, observed, Proof::from(exchange));
            }
        }
    }
    each(
        view,
        &all,
        ("no reply was received", "one Date in each reply"),
        |reply| {
            let dates: Vec<&str> = reply
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("date"))
                .map(|(_, value)| value.as_str())
                .collect();
            let observed = match dates.as_slice() {
                [] => "no Date".to_owned(),
                [one] if httpdate(one) => return None,
                [one] => format!("Date: {one}"),
                many => format!("{} Date lines", many.len()),
            };
            Some((
                "one Date such as Tue, 15 Nov 1994 08:12:31 GMT".to_owned(),
                observed,
            ))
        },
    )
}

/// Whether it is an IMF-fixdate (RFC 9110 §5.6.7).
fn httpdate(text: &str) -> bool {
    Timestamp::parse_http_date(text).is_some()
}

#[cfg(test)]
mod tests {
    use crate::evidence::FORGED;
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    #[test]
    fn a_405_lists_the_methods_or_not() {
        let log = |headers: &[(&str, &str)]| Log::new().headed("login", "by GET", 405, headers, "");
        check(&log(&[("Allow", "POST")]), "HTT-02", Grade::Met);
        check(&log(&[]), "HTT-02", Grade::Broken);
        check(&log(&[]), "HTT-02@corti", Grade::Tolerated);
        let hidden = Log::new().exchange("call", "by PROPFIND", 404, "{}");
        check(&hidden, "HTT-02", Grade::Fact);
        let failed = Log::new().exchange("call", "by PROPFIND", 501, "{}");
        check(&failed, "HTT-02", Grade::Unobserved);
        check(&Log::new(), "HTT-02", Grade::Unobserved);
    }

    #[test]
    fn a_reply_has_its_date_or_not() {
        let log = |headers: &[(&str, &str)]| Log::new().headed("call", "", 200, headers, "{}");
        let good = ("Date", "Tue, 15 Nov 1994 08:12:31 GMT");
        check(&log(&[good]), "HTT-12", Grade::Met);
        check(&log(&[]), "HTT-12", Grade::Broken);
        check(&log(&[good, good]), "HTT-12", Grade::Broken);
        check(
            &log(&[("Date", "1994-11-15T08:12:31Z")]),
            "HTT-12",
            Grade::Broken,
        );
        check(
            &Log::new().headed("call", "", 500, &[], ""),
            "HTT-12",
            Grade::Unobserved,
        );
        let claims = serde_json::json!({"iat": 784_887_151});
        let at = |date: &str| Log::new().jwt("", date, &claims);
        check(&at("Tue, 15 Nov 1994 08:12:31 GMT"), "HTT-12", Grade::Met);
        let late = at("Tue, 15 Nov 1994 10:12:31 GMT");
        check(&late, "HTT-12", Grade::Broken);
        check(&late, "HTT-12@corti", Grade::Broken);
        let token = serde_json::json!({"access_token": "t"}).to_string();
        let dated = |log: Log, date| {
            let headers = [("Date", date)];
            log.headed("login", "", 200, &headers, &token)
                .holds_jwt("access_token", &claims)
        };
        let first = || dated(Log::new(), "Tue, 15 Nov 1994 08:12:31 GMT");
        let again = dated(first(), "Tue, 15 Nov 1994 10:12:31 GMT");
        check(&again, "HTT-12", Grade::Met);
        // An ended token that a person gave was issued long ago.
        let shown = Log::new()
            .headed(
                "call",
                "",
                401,
                &[("Date", "Tue, 15 Nov 1994 10:12:31 GMT")],
                "{}",
            )
            .holds_jwt(FORGED, &claims);
        check(&shown, "HTT-12", Grade::Met);
    }

    #[test]
    fn a_wrong_request_is_no_fault_of_the_server() {
        const WRONG: &str = "with another client secret";
        const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
        let log = |good, bad| {
            Log::new()
                .exchange("login", "", good, TOKEN)
                .exchange("login", WRONG, bad, "{}")
        };
        check(&log(200, 401), "HTT-13", Grade::Met);
        check(&log(200, 500), "HTT-13", Grade::Broken);
        // A gateway or an outage says nothing of the request, nor does a server that always fails.
        check(&log(200, 503), "HTT-13", Grade::Unobserved);
        check(&log(500, 500), "HTT-13", Grade::Unobserved);
        check(&Log::new(), "HTT-13", Grade::Unobserved);
        let escape = Log::new().exchange("call", "", 200, "{}").exchange(
            "call",
            "with the raw query x=%zz",
            500,
            "{}",
        );
        check(&escape, "HTT-13", Grade::Unobserved);
    }

    #[test]
    fn a_broken_escape_is_borne_or_not() {
        let log = |status| {
            Log::new().exchange("call", "", 200, "{}").exchange(
                "call",
                "with the raw query x=%zz",
                status,
                "{}",
            )
        };
        check(&log(400), "HTT-10", Grade::Met);
        check(&log(200), "HTT-10", Grade::Met);
        check(&log(500), "HTT-10", Grade::Broken);
        check(
            &Log::new().exchange("call", "", 200, "{}"),
            "HTT-10",
            Grade::Unobserved,
        );
        for failure in FAILURES {
            let alone = Log::new().failed("call", "", failure);
            check(&alone, "HTT-10", Grade::Unobserved);
        }
    }
}
