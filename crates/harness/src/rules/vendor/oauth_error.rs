//! What a refused token request says (RFC 6749 §5.2).

use serde_json::Value;

use super::token_head::{each, is_a_token_request, refusals};
use crate::evidence::challenge::{challenge_of, challenges};
use crate::evidence::{Exchange, FieldChange, LoginVariation, Message, Variation};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("ERR-01", has_status_400).everywhere(),
    Rule::vendor("ERR-02", has_an_error_member).everywhere(),
    Rule::vendor("ERR-03", has_a_registered_code).everywhere(),
    Rule::vendor("ERR-05", challenges_basic).everywhere(),
    Rule::vendor("ERR-09", has_plain_characters).everywhere(),
    Rule::vendor("ERR-19", challenges_somehow).everywhere(),
    Rule::vendor("ERR-20", tells_what_is_missing).everywhere(),
];

const NONE: &str = "no token request was refused";

/// The codes of RFC 6749 §5.2 and of the registry of OAuth extensions errors.
const CODES: [&str; 17] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
    "unsupported_token_type",
    "server_error",
    "temporarily_unavailable",
    "invalid_token",
];

fn of_token_requests<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, &'a Message)> {
    let mut refusals = refusals(view);
    refusals.retain(|(exchange, _)| is_a_token_request(exchange));
    refusals
}

/// Whether the refusal speaks of the client's authentication, which has statuses of its own: by its
/// code, or by a 401 whose code names nothing else.
fn is_of_the_client(reply: &Message) -> bool {
    let error = reply.error().unwrap_or_default();
    let names_another = ["unsupported_grant_type", "invalid_scope"].contains(&error.as_str());
    error == "invalid_client" || reply.status == 401 && !names_another
}

/// 400, unless the client could not be authenticated.
fn has_status_400(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(_, reply)| !is_of_the_client(reply));
    let none = "nothing but failed client authentication was refused";
    each(view, &refusals, (none, "400"), |reply| {
        (reply.status != 400).then(|| ("400".to_owned(), format!("status {}", reply.status)))
    })
}

/// A JSON object with a text called `error`.
fn has_an_error_member(view: &View<'_>) -> Finding {
    let words = (NONE, "an error member");
    each(view, &of_token_requests(view), words, |reply| {
        let observed = match &reply.json()["error"] {
            Value::String(_) => match reply.header("content-type") {
                Some(kind) if !kind.to_ascii_lowercase().contains("json") => {
                    format!("Content-Type: {kind}")
                }
                _ => return None,
            },
            Value::Null if !reply.json().is_object() => "no JSON object".to_owned(),
            Value::Null => "no member error".to_owned(),
            other => format!("error is {other}"),
        };
        Some(("a JSON object with the text error".to_owned(), observed))
    })
}

/// The code is one of the registered ones.
fn has_a_registered_code(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(_, reply)| reply.json()["error"].is_string());
    let none = "no refusal had an error member";
    each(view, &refusals, (none, "a registered code"), |reply| {
        let code = reply.error().unwrap_or_default();
        (!CODES.contains(&code.as_str())).then(|| {
            (
                "a registered error code".to_owned(),
                format!("error is {code}"),
            )
        })
    })
}

/// `WWW-Authenticate: Basic` beside a 401 to a Basic header.
fn challenges_basic(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(exchange, reply)| reply.status == 401 && sends_basic(exchange));
    let none = "no Basic header was answered with 401";
    each(view, &refusals, (none, "a Basic challenge"), |reply| {
        let expected = || "WWW-Authenticate: Basic".to_owned();
        if reply.header("www-authenticate").is_none() {
            return Some((expected(), "no WWW-Authenticate".to_owned()));
        }
        if challenge_of(reply, "basic").is_some() {
            return None;
        }
        let schemes = challenges(reply).unwrap_or_default().into_iter();
        let schemes: Vec<String> = schemes.map(|one| one.scheme).collect();
        let observed = match schemes.as_slice() {
            [] => "no challenge that can be read".to_owned(),
            some => format!("WWW-Authenticate with the scheme {}", some.join(" and ")),
        };
        Some((expected(), observed))
    })
}

/// `WWW-Authenticate` beside each 401.
fn challenges_somehow(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(_, reply)| reply.status == 401);
    let none = "no token request was answered with 401";
    each(view, &refusals, (none, "WWW-Authenticate"), |reply| {
        let challenge = reply.header("www-authenticate");
        challenge
            .is_none_or(|value| value.trim().is_empty())
            .then(|| {
                let expected = "WWW-Authenticate beside the 401".to_owned();
                (expected, "no WWW-Authenticate".to_owned())
            })
    })
}

/// A request that lacks a field is answered with 422, or as OAuth has it with 400.
fn tells_what_is_missing(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(exchange, _)| {
        matches!(
            exchange.variation,
            Variation::Login(LoginVariation::Field(FieldChange::Missing, _))
        )
    });
    let none = "no token request without a field was refused";
    each(view, &refusals, (none, "422"), |reply| {
        let is_validation = matches!(reply.status, 400 | 422);
        (!is_validation).then(|| ("422".to_owned(), format!("status {}", reply.status)))
    })
}

fn sends_basic(exchange: &Exchange<'_>) -> bool {
    exchange.request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("authorization")
            && value
                .get(..6)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic "))
    })
}

/// The characters of §5.2: no quotation mark, no backslash, no letter beyond ASCII, no control.
fn has_plain_characters(view: &View<'_>) -> Finding {
    let mut refusals = of_token_requests(view);
    refusals.retain(|(_, reply)| reply.json()["error"].is_string());
    let is_plain = |letter: char| matches!(letter, ' '..='!' | '#'..='[' | ']'..='~');
    let none = "no refusal had an error member";
    each(view, &refusals, (none, "plain characters"), |reply| {
        let body = reply.json();
        for name in ["error", "error_description", "error_uri"] {
            let text = body[name].as_str().unwrap_or_default();
            let odd = text
                .chars()
                // A name of a secret stands where the vendor repeated it: another row's matter.
                .filter(|letter| !matches!(letter, '«' | '»'))
                .find(|letter| !is_plain(*letter) || name == "error_uri" && *letter == ' ');
            if let Some(odd) = odd {
                return Some((
                    "the characters of RFC 6749 section 5.2".to_owned(),
                    format!("{name} has {odd:?}"),
                ));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    fn start() -> Log {
        Log::new().exchange("login", "", 200, TOKEN)
    }

    fn refused(status: u16, body: &str) -> Log {
        start().exchange("login", "with grant_type locum", status, body)
    }

    #[test]
    fn a_refusal_is_as_the_rfc_has_it_or_not() {
        let good = refused(
            400,
            r#"{"error":"unsupported_grant_type","error_description":"no"}"#,
        );
        for id in ["ERR-01", "ERR-02", "ERR-03", "ERR-09"] {
            check(&good, id, Grade::Met);
            check(&Log::new(), id, Grade::Unobserved);
            for failure in FAILURES {
                let log = start().failed("login", "with grant_type locum", failure);
                check(&log, id, Grade::Unobserved);
            }
        }
        check(&refused(422, "{}"), "ERR-01", Grade::Broken);
        check(&refused(401, "{}"), "ERR-01", Grade::Unobserved);
        let grant = r#"{"error":"unsupported_grant_type"}"#;
        check(&refused(401, grant), "ERR-01@pattern", Grade::Broken);
        check(&refused(400, "{}"), "ERR-02@pattern", Grade::Broken);
        check(
            &refused(400, r#"{"error":{}}"#),
            "ERR-02@pattern",
            Grade::Broken,
        );
        check(
            &refused(400, r#"{"error":"nope"}"#),
            "ERR-03",
            Grade::Broken,
        );
        let quoted = r#"{"error":"invalid_request","error_description":"a \"b\""}"#;
        check(&refused(400, quoted), "ERR-09", Grade::Broken);
        let text = start().typed(
            "login",
            "with grant_type locum",
            400,
            "text/plain",
            r#"{"error":"invalid_request"}"#,
        );
        check(&text, "ERR-02@pattern", Grade::Broken);
        // That a GET is answered with 405 is HTTP's own matter.
        let get = start().exchange("login", "by GET", 405, "");
        check(&get, "ERR-02", Grade::Unobserved);
    }

    #[test]
    fn a_401_to_basic_challenges_basic_or_not() {
        let answered = |challenge: &str| {
            start().sent_with_reply("login", "Basic x", 401, &[("WWW-Authenticate", challenge)])
        };
        check(&answered("Basic realm=\"a\""), "ERR-05", Grade::Met);
        check(&answered("Bearer"), "ERR-05", Grade::Tolerated);
        let none = start().sent("login", "", "Basic x", 401, "{}");
        check(&none, "ERR-05", Grade::Tolerated);
        let body = start().sent("login", "", "", 401, "{}");
        check(&body, "ERR-05", Grade::Unobserved);
    }

    #[test]
    fn a_401_challenges_or_not() {
        let answered =
            |headers: &[(&str, &str)]| start().sent_with_reply("login", "", 401, headers);
        check(
            &answered(&[("WWW-Authenticate", "Bearer")]),
            "ERR-19@athelas",
            Grade::Met,
        );
        check(&answered(&[]), "ERR-19@athelas", Grade::Tolerated);
        check(
            &answered(&[("WWW-Authenticate", " ")]),
            "ERR-19@athelas",
            Grade::Tolerated,
        );
        check(&start(), "ERR-19@athelas", Grade::Unobserved);
    }

    #[test]
    fn what_lacks_a_field_is_told_so_or_not() {
        let answered = |status| start().exchange("login", "without the username", status, "{}");
        check(&answered(422), "ERR-20@athelas", Grade::Met);
        check(&answered(400), "ERR-20@athelas", Grade::Met);
        check(&answered(401), "ERR-20@athelas", Grade::Broken);
        check(&answered(500), "ERR-20@athelas", Grade::Unobserved);
        check(&refused(401, "{}"), "ERR-20@athelas", Grade::Unobserved);
    }
}
