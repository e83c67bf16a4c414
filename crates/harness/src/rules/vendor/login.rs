//! Logins that should succeed, and what their replies say.

use std::collections::BTreeSet;

use locum_core::{Finding, Grade};
use serde_json::Value;

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// The documented login gives a token.
pub fn issued(view: &View<'_>) -> Finding {
    let Some(login) = view.log.acts("login", "").next() else {
        return unobserved(view, "no login was made");
    };
    if let Some(gone) = gone(&login) {
        return gone;
    }
    if is_issued(&login) {
        return Finding::new(Grade::Met, sentence(&login)).proved_by([login.seq]);
    }
    let seen = match login.reply {
        Some(reply) if reply.status == 200 => "200 without a usable access_token".to_owned(),
        _ => sentence(&login),
    };
    Finding::new(
        Grade::Broken,
        format!("the documented login gave no token: {seen}"),
    )
    .because("200 with an access token", seen)
    .proved_by([login.seq])
}

/// Whether a login was answered with 200 and a token.
pub(crate) fn is_issued(login: &Exchange<'_>) -> bool {
    login
        .reply
        .is_some_and(|reply| reply.status == 200 && reply.token().is_some())
}

/// The token reply has these members: name, and `text`, `integer` or the value itself.
pub fn has_members(view: &View<'_>, members: &[(String, String)]) -> Finding {
    on_issued(view, |body| {
        members.iter().find_map(|(name, kind)| {
            let value = &body[name.as_str()];
            let fits = match kind.as_str() {
                "text" => value.as_str().is_some_and(|text| !text.is_empty()),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                kind => is_one_of(value, kind),
            };
            (!fits).then(|| (format!("{name} as {kind}"), format!("{name} is {value}")))
        })
    })
}

/// Whether a value is `the words` in whatever order, or one of the literals with `or` between.
fn is_one_of(value: &Value, kind: &str) -> bool {
    if let Some(words) = kind.strip_prefix("the words ") {
        let set = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        return value.as_str().is_some_and(|text| set(text) == set(words));
    }
    kind.split(" or ").any(|one| {
        value
            .as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case(one))
            || is_number(value, one)
    })
}

fn is_number(value: &Value, literal: &str) -> bool {
    serde_json::from_str(literal)
        .is_ok_and(|literal: Value| literal.is_number() && literal == *value)
}

/// `expires_in` is a span: no value within ten years of now in epoch seconds or milliseconds.
pub fn tells_a_span(view: &View<'_>) -> Finding {
    const TEN_YEARS_S: i64 = 315_576_000;
    let now = view.log.started().as_seconds();
    on_issued(view, |body| {
        let raw = body["expires_in"].as_i64()?;
        let near = |seconds: i64| (seconds - now).abs() < TEN_YEARS_S;
        (near(raw) || near(raw / 1000)).then(|| {
            (
                "a span".to_owned(),
                format!("expires_in {raw}, which is a date"),
            )
        })
    })
}

/// The token reply has no member called `name`.
pub fn has_no_member(view: &View<'_>, name: &str) -> Finding {
    reply_lacks(view, "", name)
}

/// The token reply to the login that `how` describes has no member called `name`.
pub fn reply_lacks(view: &View<'_>, how: &str, name: &str) -> Finding {
    on_reply(view, how, |body| {
        let present = body.get(name).is_some_and(|value| !value.is_null());
        present.then(|| (format!("no {name}"), format!("a {name}")))
    })
}

/// The token reply has these members and no more; what it has besides is reported.
pub fn has_only(view: &View<'_>, names: &[String]) -> Finding {
    let mut more = on_issued(view, |body| {
        let members = body.as_object().into_iter().flatten();
        let strange: Vec<&str> = members
            .map(|(name, _)| name.as_str())
            .filter(|name| !names.iter().any(|known| known == name))
            .collect();
        (!strange.is_empty()).then(|| (names.join(", "), format!("besides {}", strange.join(", "))))
    });
    if more.grade == Grade::Broken {
        more.grade = Grade::Fact;
    }
    more
}

/// Looks at the body of every granted login; `fault` says what was expected and what was seen.
fn on_issued(view: &View<'_>, fault: impl Fn(&Value) -> Option<(String, String)>) -> Finding {
    on_reply(view, "", fault)
}

fn on_reply(
    view: &View<'_>,
    how: &str,
    fault: impl Fn(&Value) -> Option<(String, String)>,
) -> Finding {
    let mut seen = Vec::new();
    for login in view.log.acts("login", how).filter(is_issued) {
        let body = login
            .reply
            .map(crate::evidence::Message::json)
            .unwrap_or_default();
        if let Some((expected, observed)) = fault(&body) {
            return Finding::new(Grade::Broken, format!("the token reply says: {observed}"))
                .because(expected, observed)
                .proved_by([login.seq]);
        }
        seen.push(login.seq);
    }
    if seen.is_empty() {
        return unobserved(view, "no token reply was received");
    }
    Finding::new(Grade::Met, "the token reply is as described").proved_by(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const GOOD: &str = r#"{"access_token":"t-0123","expires_in":3600000,"token_type":"bearer"}"#;

    fn log(status: u16, body: &str) -> Log {
        Log::new().exchange("login", "", status, body)
    }

    #[test]
    fn a_login_gives_a_token_or_not() {
        check(&log(200, GOOD), issued, Grade::Met);
        check(&log(200, "{}"), issued, Grade::Broken);
        check(&log(200, r#"{"access_token":""}"#), issued, Grade::Broken);
        check(&log(201, GOOD), issued, Grade::Broken);
        check(&log(401, "{}"), issued, Grade::Broken);
        check(&Log::new().cut("login", "timeout"), issued, Grade::Gone);
        check(&Log::new(), issued, Grade::Unobserved);
    }

    #[test]
    fn members_have_their_types() {
        let wanted = [
            ("access_token", "text"),
            ("expires_in", "integer"),
            ("token_type", "bearer"),
        ]
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let rule = |view: &View<'_>| has_members(view, &wanted);
        check(&log(200, GOOD), rule, Grade::Met);
        check(
            &log(200, &GOOD.replace("3600000", "\"3600000\"")),
            rule,
            Grade::Broken,
        );
        check(
            &log(200, &GOOD.replace("3600000", "3600.5")),
            rule,
            Grade::Broken,
        );
        check(
            &log(200, &GOOD.replace("bearer", "mac")),
            rule,
            Grade::Broken,
        );
        check(&log(401, GOOD), rule, Grade::Unobserved);
    }

    fn member(value: &str, kind: &str, expected: Grade) {
        let wanted = [("m".to_owned(), kind.to_owned())];
        let body = format!(r#"{{"access_token":"t-0123","m":{value}}}"#);
        check(
            &log(200, &body),
            |view| has_members(view, &wanted),
            expected,
        );
    }

    #[test]
    fn a_member_is_one_of_several_or_a_set_of_words() {
        member("300", "299 or 300", Grade::Met);
        member("300000", "299 or 300", Grade::Broken);
        member("\"300\"", "integer", Grade::Broken);
        member("0.5", "number", Grade::Met);
        member("\"b a\"", "the words a b", Grade::Met);
        member("\"a b c\"", "the words a b", Grade::Broken);
        member("\"a\"", "the words a b", Grade::Broken);
    }

    #[test]
    fn a_date_is_no_span() {
        check(&log(200, GOOD), tells_a_span, Grade::Met);
        check(
            &log(200, &GOOD.replace("3600000", "1795514400")),
            tells_a_span,
            Grade::Broken,
        );
        check(
            &log(200, &GOOD.replace("3600000", "1795514400000")),
            tells_a_span,
            Grade::Broken,
        );
    }

    #[test]
    fn further_members_are_reported() {
        let names = ["access_token", "expires_in", "token_type"].map(str::to_owned);
        check(&log(200, GOOD), |view| has_only(view, &names), Grade::Met);
        check(
            &log(200, GOOD),
            |view| has_only(view, &names[1..]),
            Grade::Fact,
        );
        check(
            &log(401, GOOD),
            |view| has_only(view, &names),
            Grade::Unobserved,
        );
    }

    #[test]
    fn a_refresh_token_is_seen() {
        let rule = |view: &View<'_>| has_no_member(view, "refresh_token");
        check(&log(200, GOOD), rule, Grade::Met);
        let with = GOOD.replace('{', r#"{"refresh_token":"r-0123","#);
        check(&log(200, &with), rule, Grade::Broken);
    }
}
