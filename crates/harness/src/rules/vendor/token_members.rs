//! The members that every token reply has (RFC 6749 §5.1).

use serde_json::Value;

use super::token_head::{each, grants};
use crate::evidence::{Exchange, Message};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};
use locum_core::profile::ExpiresIn;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("RSP-02", has_an_access_token).everywhere(),
    Rule::vendor("RSP-03", has_a_token_type).everywhere(),
    Rule::vendor("RSP-06", tells_the_lifetime).everywhere(),
    Rule::vendor("RSP-09", counts_with_a_number).everywhere(),
    Rule::vendor("RSP-10", fits_the_unit).everywhere(),
    Rule::vendor("RSP-19", stands_at_the_top).everywhere(),
];

const NO_TOKEN: &str = "no token reply was received";

/// Seconds in a day: a lifetime in seconds is shorter.
const DAY: i64 = 86_400;

/// A shorter lifetime than a minute, in milliseconds, is none.
const MINUTE_MS: i64 = 60_000;

/// `access_token` is a text that is not empty. A reply that has none is seen as well: it says 200
/// and a type or a lifetime.
fn has_an_access_token(view: &View<'_>) -> Finding {
    let replies = said_yes(view);
    each(
        view,
        &replies,
        (NO_TOKEN, "an access_token"),
        |reply| match &reply.json()["access_token"] {
            Value::String(token) if !token.is_empty() => None,
            other => Some((
                "access_token as a text".to_owned(),
                format!("access_token is {}", kind(other)),
            )),
        },
    )
}

/// Token replies by their status and their form: those that lack a token, too.
fn said_yes<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    view.evidence
        .exchanges_for(super::refusal::login_of(view))
        .filter(Exchange::is_documented)
        .filter_map(|exchange| Some((exchange, exchange.reply?)))
        .filter(|(exchange, reply)| {
            let body = reply.json();
            let is_grant = ["access_token", "token_type", "expires_in"]
                .iter()
                .any(|name| !body[*name].is_null());
            let is_grant = is_grant || nested_token(&body).is_some();
            exchange.is_served() || reply.status == 200 && is_grant
        })
        .collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "missing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "an empty text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Where below the top an object has an access token: `data.access_token`.
fn nested_token(body: &Value) -> Option<String> {
    let members = body.as_object()?.iter();
    members
        .filter(|(_, inner)| inner.is_object())
        .find_map(|(name, inner)| match inner["access_token"].as_str() {
            Some(token) if !token.is_empty() => Some(format!("{name}.access_token")),
            _ => Some(format!("{name}.{}", nested_token(inner)?)),
        })
}

/// The members stand at the top level of the object.
fn stands_at_the_top(view: &View<'_>) -> Finding {
    let words = (NO_TOKEN, "access_token at the top level");
    let mut replies = said_yes(view);
    replies
        .retain(|(exchange, reply)| exchange.is_served() || nested_token(&reply.json()).is_some());
    each(view, &replies, words, |reply| {
        let body = reply.json();
        if body["access_token"].is_string() {
            return None;
        }
        let at = nested_token(&body)?;
        Some((
            "access_token at the top level".to_owned(),
            format!("it stands at {at}"),
        ))
    })
}

/// `token_type` is a text, and the one that the vendor documents, in any letter case (RFC 6749 §5.1).
fn has_a_token_type(view: &View<'_>) -> Finding {
    let known = view.expected.members.get("token_type");
    let words = (NO_TOKEN, "a token_type");
    let mut replies = said_yes(view);
    replies
        .retain(|(exchange, reply)| exchange.is_served() || nested_token(&reply.json()).is_some());
    each(
        view,
        &replies,
        words,
        |reply| match &reply.json()["token_type"] {
            Value::String(word) => known
                .filter(|known| !known.eq_ignore_ascii_case(word))
                .map(|known| (format!("token_type {known}"), format!("token_type {word}"))),
            other => Some((
                "token_type as a text".to_owned(),
                format!("token_type is {}", kind(other)),
            )),
        },
    )
}

/// `expires_in`, else the token's own `exp` or the vendor's page tells how long it lives.
fn tells_the_lifetime(view: &View<'_>) -> Finding {
    let grants = grants(view);
    let Some((first, _)) = grants.first() else {
        return unobserved(view, NO_TOKEN);
    };
    let all: Vec<_> = grants.iter().map(|(exchange, _)| *exchange).collect();
    let proof = Proof::all(&all).unwrap_or_else(|| (*first).into());
    let without = grants
        .iter()
        .find(|(_, reply)| reply.json()["expires_in"].is_null());
    let Some((without, _)) = without else {
        return Finding::met("expires_in", proof);
    };
    let exp = view.evidence.jwt_of(without.seq);
    match exp.is_some_and(|(_, claims)| !claims["exp"].is_null()) {
        true => Finding::fact("no expires_in; the token's exp tells it", proof),
        false if view.profile.token.expires_in == ExpiresIn::Absent => Finding::fact(
            "no expires_in; the vendor's page tells how long a token lives",
            proof,
        ),
        false => Finding::broken(
            "expires_in",
            "nothing tells how long the token lives",
            proof,
        ),
    }
}

/// `expires_in` is a whole number above zero.
fn counts_with_a_number(view: &View<'_>) -> Finding {
    let mut told = grants(view);
    told.retain(|(_, reply)| !reply.json()["expires_in"].is_null());
    let none = "no token reply had expires_in";
    each(view, &told, (none, "a number above zero"), |reply| {
        let value = &reply.json()["expires_in"];
        let is_whole = value
            .as_f64()
            .is_some_and(|number| number > 0.0 && number.fract() == 0.0);
        (!is_whole).then(|| {
            (
                "expires_in as a whole number above zero".to_owned(),
                format!("expires_in is {value}"),
            )
        })
    })
}

/// The size of `expires_in` fits the unit that the vendor documents; else both readings are told.
fn fits_the_unit(view: &View<'_>) -> Finding {
    let told = grants(view).into_iter().find_map(|(exchange, reply)| {
        let raw = reply.json()["expires_in"].as_i64()?;
        Some((exchange, raw))
    });
    let Some((exchange, raw)) = told else {
        return unobserved(view, "no token reply had expires_in");
    };
    let fits = match view.profile.token.expires_in {
        ExpiresIn::Milliseconds => raw % 1000 == 0 && raw >= MINUTE_MS,
        ExpiresIn::Seconds | ExpiresIn::Absent => raw < DAY,
    };
    match fits {
        true => Finding::met(format!("expires_in is {raw}"), exchange),
        false => Finding::fact(
            format!(
                "expires_in is {raw}: {} s when it counts milliseconds, {raw} s when it counts seconds",
                raw / 1000
            ),
            exchange,
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    fn reply(body: &str) -> Log {
        Log::new().exchange("login", "", 200, body)
    }

    #[test]
    fn each_member_is_there_or_not() {
        let good = reply(r#"{"access_token":"t-0123","token_type":"bearer","expires_in":300}"#);
        for id in ["RSP-02", "RSP-03", "RSP-06", "RSP-09", "RSP-10"] {
            check(&good, id, Grade::Met);
            check(&reply("{}"), id, Grade::Unobserved);
        }
        let bare = reply(r#"{"access_token":"t-0123"}"#);
        check(&bare, "RSP-03", Grade::Broken);
        check(&bare, "RSP-06", Grade::Broken);
        check(&bare, "RSP-09", Grade::Unobserved);
        for none in [r#"{"token_type":"bearer"}"#, r#"{"access_token":7}"#] {
            check(&reply(none), "RSP-02", Grade::Broken);
        }
        let nested = reply(r#"{"data":{"access_token":"t-0123","token_type":"bearer"}}"#);
        for id in ["RSP-02", "RSP-03", "RSP-19"] {
            check(&nested, id, Grade::Broken);
        }
        check(&good, "RSP-19", Grade::Met);
        check(&reply("{}"), "RSP-19", Grade::Unobserved);
        for odd in [r#""300""#, "0", "-1", "2.5"] {
            let body = format!(r#"{{"access_token":"t-0123","expires_in":{odd}}}"#);
            check(&reply(&body), "RSP-09", Grade::Broken);
        }
        let long = reply(r#"{"access_token":"t-0123","expires_in":3600000}"#);
        check(&long, "RSP-10", Grade::Fact);
        let ms = |raw: u64| {
            let body = format!(r#"{{"access_token":"t-0123","expires_in":{raw}}}"#);
            Log::with_milliseconds().exchange("login", "", 200, &body)
        };
        check(&ms(3_600_000), "RSP-10@pattern", Grade::Met);
        check(&ms(3600), "RSP-10@pattern", Grade::Fact);
    }
}
