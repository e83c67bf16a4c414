//! Replies that repeat what they should keep.

use locum_core::{Finding, Grade};

use crate::evidence::{Exchange, Message};
use crate::rules::{View, unobserved};

/// No reply repeats a secret, password or refused token that its request contained.
pub fn nothing_is_repeated(view: &View<'_>) -> Finding {
    let mut clean = Vec::new();
    let mut served = None;
    for exchange in view.log.exchanges() {
        let Some(reply) = exchange.reply else {
            continue;
        };
        if reply.is_class(2) {
            served.get_or_insert(exchange.seq);
        }
        if let Some(name) = repeated(&exchange, reply) {
            return Finding::new(Grade::Broken, format!("the reply repeats the {name}"))
                .because(
                    "no secret of the request in the reply",
                    format!("«{name}» in the reply"),
                )
                .proved_by([exchange.seq]);
        }
        if !reply.is_class(2) && names(&exchange).next().is_some() {
            clean.push(exchange.seq);
        }
    }
    let Some(twin) = served else {
        return unobserved(view, "no login was made");
    };
    if clean.is_empty() {
        return unobserved(view, "no refusal was provoked with a secret in it");
    }
    Finding::new(
        Grade::Met,
        format!("{} refusals repeat nothing", clean.len()),
    )
    .proved_by(clean)
    .beside([twin])
}

/// The claims of no token hold a secret of the request that got it.
pub fn no_claim_tells(view: &View<'_>) -> Finding {
    let mut clean = Vec::new();
    for exchange in view.log.exchanges() {
        let Some((header, claims)) = view.log.jwt_of(exchange.seq) else {
            continue;
        };
        let text = format!("{header}{claims}");
        if let Some(name) = names(&exchange).find(|name| text.contains(&format!("«{name}»"))) {
            return Finding::new(Grade::Broken, format!("the token tells the {name}"))
                .because(
                    "no secret of the request in a claim",
                    format!("«{name}» in one"),
                )
                .proved_by([exchange.seq]);
        }
        clean.push(exchange.seq);
    }
    if clean.is_empty() && view.log.acts("login", "").next().is_none() {
        return unobserved(view, "no login was made");
    }
    Finding::new(Grade::Met, format!("{} tokens tell nothing", clean.len())).proved_by(clean)
}

/// The first secret of the request that the reply repeats.
fn repeated<'a>(exchange: &Exchange<'a>, reply: &Message) -> Option<&'a str> {
    names(exchange).find(|name| {
        let marked = format!("«{name}»");
        let in_header = |(_, value): &(String, String)| value.contains(&marked);
        reply.body.contains(&marked) || reply.headers.iter().any(in_header)
    })
}

/// The names of the secrets that a request shows. What was base64 of id and secret shows the
/// secret, too: the reply may spell it otherwise.
fn names<'a>(exchange: &Exchange<'a>) -> impl Iterator<Item = &'a str> {
    exchange.texts().flat_map(|text| {
        text.split('«')
            .skip(1)
            .filter_map(|rest| rest.split_once('»'))
            .flat_map(|(name, _)| {
                let inner = name
                    .strip_prefix("pair with ")
                    .or_else(|| name.strip_prefix("client id and "));
                [Some(name), inner].into_iter().flatten()
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn log(sent: &str, reply: &str) -> Log {
        Log::new()
            .hide("t0p secret", "client secret")
            .hide_pair("id", "t0p secret", "client id and client secret")
            .exchange("login", "", 200, "{}")
            .sent("login", "altered", sent, 400, reply)
    }

    #[test]
    fn a_secret_in_a_claim_is_found() {
        let with = |claims: serde_json::Value| {
            Log::new()
                .hide("t0p secret", "client secret")
                .jwt("t0p secret", "", &claims)
        };
        check(
            &with(serde_json::json!({"sub": "me"})),
            no_claim_tells,
            Grade::Met,
        );
        check(
            &with(serde_json::json!({"pw": "t0p secret"})),
            no_claim_tells,
            Grade::Broken,
        );
        check(&Log::new(), no_claim_tells, Grade::Unobserved);
    }

    #[test]
    fn a_secret_in_a_reply_is_found_however_it_is_spelled() {
        let basic = "aWQ6dDBwIHNlY3JldA==";
        check(&log(basic, "{}"), nothing_is_repeated, Grade::Met);
        check(
            &log("t0p secret", "bad t0p+secret"),
            nothing_is_repeated,
            Grade::Broken,
        );
        check(
            &log(basic, "bad t0p secret"),
            nothing_is_repeated,
            Grade::Broken,
        );
        check(&log(basic, basic), nothing_is_repeated, Grade::Broken);
        check(
            &log("nothing", "t0p secret"),
            nothing_is_repeated,
            Grade::Unobserved,
        );
    }
}
