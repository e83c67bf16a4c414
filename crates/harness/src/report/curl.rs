//! A recorded request as a line for a shell: what curl has to be told to send it again. Secrets
//! stand in it as variables of the environment.

use std::collections::BTreeSet;

use crate::catalogue::Supplied;
use crate::evidence::{Exchange, Operation};
use crate::http::Url;
use crate::target::env::is_of_the_account;
use crate::verdict::Scenario;

/// Headers that curl writes by itself.
const OWN: [&str; 3] = ["host", "content-length", "connection"];

/// The words of the line, to be joined by spaces; `None` where curl cannot send it: a websocket, a
/// signature that holds for minutes, bytes that were not kept.
pub(super) fn words(scenario: &Scenario, exchange: &Exchange<'_>) -> Option<Vec<String>> {
    let request = exchange.request;
    let header = |wanted: &str| {
        let mut headers = request.headers.iter();
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let is_signed = |(_, value): &(String, String)| value.starts_with("AWS4-");
    if header("upgrade").is_some()
        || header("authorization").is_some_and(is_signed)
        || request.body.contains("bytes that are not UTF-8")
    {
        return None;
    }
    let mut words = vec!["curl".to_owned(), "-sS".to_owned(), "-i".to_owned()];
    let by_default = if request.body.is_empty() {
        "GET"
    } else {
        "POST"
    };
    if request.method == "HEAD" {
        words.push("--head".to_owned());
    } else if request.method != by_default {
        words.push(format!("-X {}", quoted(&request.method)?));
    }
    for (name, value) in &request.headers {
        if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            continue;
        }
        words.push(match value.as_str() {
            "Basic «client id and client secret»" if name.eq_ignore_ascii_case("authorization") => {
                "-u \"$LOCUM_CLIENT_ID:$LOCUM_CLIENT_SECRET\"".to_owned()
            }
            "Basic «pair with changed client secret»" => {
                "-u \"$LOCUM_CLIENT_ID:$LOCUM_CHANGED_CLIENT_SECRET\"".to_owned()
            }
            "" => format!("-H {}", quoted(&format!("{name};"))?),
            _ => format!("-H {}", quoted(&format!("{name}: {value}"))?),
        });
    }
    if !request.body.is_empty() {
        if header("content-type").is_none() {
            words.push("-H 'Content-Type:'".to_owned());
        }
        words.extend(body(&request.body)?);
    } else if request.method == "POST" {
        words.push("-d ''".to_owned());
    }
    let url = format!("{}{}", origin(scenario, exchange)?, request.target);
    if url.contains("/.") {
        words.push("--path-as-is".to_owned());
    }
    if url.contains(['[', ']', '{', '}']) {
        words.push("-g".to_owned());
    }
    words.push(quoted(&url)?);
    Some(words)
}

/// What to put into the variables of a line that give neither the account nor what is supplied beside
/// it; `None` where there are none.
pub(super) fn legend(words: &[String]) -> Option<String> {
    let names: BTreeSet<&str> = words.iter().flat_map(|word| variables_in(word)).collect();
    let told = names.into_iter().filter_map(|name| {
        let behind = name.strip_prefix("LOCUM_")?;
        if is_of_the_account(behind) || supplied_names().any(|(_, known)| known == behind) {
            return None;
        }
        let secret = behind.to_ascii_lowercase().replace('_', " ");
        Some(match ISSUED.contains(&secret.as_str()) {
            true => format!("set {name} to what a login of yours gave: {secret}"),
            false => format!("set {name} to what was sent: {secret}"),
        })
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// What vendors issue, as it is called where it is left out of what is written.
const ISSUED: [&str; 8] = [
    "access token",
    "id token",
    "refresh token",
    "session",
    "session token",
    "secret key",
    "code",
    "cookie",
];

/// The names behind `$` and `${` in a word of the line.
fn variables_in(word: &str) -> impl Iterator<Item = &str> {
    let starts = word.match_indices("$LOCUM_").map(|(at, _)| at + 1);
    let braced = word.match_indices("${LOCUM_").map(|(at, _)| at + 2);
    starts.chain(braced).map(|at| {
        let rest = &word[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// The secrets that are supplied beside the first account: what each is called where it is left out
/// of what is written, and its variable behind `LOCUM_`.
fn supplied_names() -> impl Iterator<Item = (String, &'static str)> {
    Supplied::all().flat_map(|supplied| {
        supplied.variables().iter().map(move |variable| {
            let member = variable.member.replace('_', " ");
            (
                format!("{member} of {}", supplied.name()),
                variable.name.as_str(),
            )
        })
    })
}

/// `https://host:port` of the address that the request went to.
pub(super) fn origin(scenario: &Scenario, exchange: &Exchange<'_>) -> Option<String> {
    let path = exchange.request.target.split(['?', '#']).next()?;
    let urls = scenario.urls.iter().filter(|(name, _)| *name != "ws");
    let urls = urls.filter_map(|(name, url)| Some((name, Url::parse(url).ok()?)));
    let preferred = if exchange.operation.asks_for_a_token() {
        "token"
    } else if exchange.operation.is_cognito() {
        "cognito"
    } else {
        "api"
    };
    let nearness = |name: &str, url: &Url| {
        let is_below = url.target != "/" && path.starts_with(url.target.trim_end_matches('/'));
        (url.target == path, name == preferred, is_below)
    };
    let (_, url) = urls.max_by_key(|(name, url)| nearness(name, url))?;
    let scheme = if url.tls { "https" } else { "http" };
    // A metadata document may name a key set on another host.
    let mut headers = exchange.request.headers.iter();
    let host = headers.find(|(name, _)| name.eq_ignore_ascii_case("host"));
    match host.filter(|_| exchange.operation == Operation::KeySet) {
        Some((_, host)) => Some(format!("{scheme}://{host}")),
        None => Some(format!("{scheme}://{}", url.authority())),
    }
}

/// A form field by field, so that a value from a variable is encoded; anything else as it is.
fn body(body: &str) -> Option<Vec<String>> {
    let is_form =
        !body.starts_with(['{', '[', '"', '-']) && body.contains('=') && !body.contains('\n');
    if !is_form {
        return Some(vec![format!("--data-raw {}", quoted(body)?)]);
    }
    let field = |pair: &str| {
        if pair.contains('«') && pair.contains('=') {
            quoted(pair).map(|pair| format!("--data-urlencode {pair}"))
        } else {
            quoted(pair).map(|pair| format!("--data-raw {pair}"))
        }
    };
    fields(body).into_iter().map(field).collect()
}

/// The fields of a form; a secret's name holds no `&`.
fn fields(body: &str) -> Vec<&str> {
    body.split('&').collect()
}

/// `text` as one word of a shell, with names of secrets as variables. `None` where a line of a
/// shell cannot hold it.
fn quoted(text: &str) -> Option<String> {
    if text.contains(|c: char| c.is_control() && c != '\n') {
        return None;
    }
    if !text.contains('«') {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/=%+,@".contains(c);
        return Some(if !text.is_empty() && text.chars().all(is_plain) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        });
    }
    let mut word = String::from("\"");
    let mut name = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '«' => {
                depth += 1;
                name.push(' ');
            }
            '»' if depth == 1 => {
                word += &format!("${{{}}}", variable(&name));
                name.clear();
                depth = 0;
            }
            '»' if depth > 0 => depth -= 1,
            _ if depth > 0 => name.push(c),
            '"' | '\\' | '$' | '`' => word.extend(['\\', c]),
            _ => word.push(c),
        }
    }
    word.push('"');
    Some(word)
}

/// The variable that stands for a secret: that of the account, or one named like the secret, for the
/// reader to set.
fn variable(name: &str) -> String {
    let kind = name.split(" with  ").next().unwrap_or(name).trim();
    let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    if let Some((_, variable)) = supplied_names().find(|(known, _)| known == kind) {
        return format!("LOCUM_{variable}");
    }
    let word: String = kind
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("LOCUM_{word}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use crate::report::testing;

    fn check(request: &Request, expected: Option<&str>) {
        let scenario = testing::asked(request);
        let exchange = scenario.evidence.exchanges().next().expect("one");
        let line = words(&scenario, &exchange).map(|words| words.join(" "));
        assert_eq!(line.as_deref(), expected);
    }

    #[test]
    fn a_login_is_repeated_without_its_secret() {
        let login = Request::new("POST", "/token").header("Content-Type", "a/b");
        check(
            &login
                .clone()
                .body("client_id=c&client_secret=t0p+secret&x=it's"),
            Some(
                "curl -sS -i -H 'Content-Type: a/b' --data-raw client_id=c --data-urlencode \"client_secret=${LOCUM_CLIENT_SECRET}\" --data-raw 'x=it'\\''s' http://127.0.0.1:1/token",
            ),
        );
        check(
            &login.body("{\"secret\": \"t0p secret\", \"cost\": \"$1\"}"),
            Some(
                "curl -sS -i -H 'Content-Type: a/b' --data-raw \"{\\\"secret\\\": \\\"${LOCUM_CLIENT_SECRET}\\\", \\\"cost\\\": \\\"\\$1\\\"}\" http://127.0.0.1:1/token",
            ),
        );
    }

    #[test]
    fn a_call_is_repeated_as_it_was_sent() {
        let call = Request::new("GET", "/a/../b?x={|}");
        check(
            &call.header("Host", "x").header("Empty", ""),
            Some("curl -sS -i -H 'Empty;' --path-as-is -g 'http://127.0.0.1:1/a/../b?x={|}'"),
        );
        check(
            &Request::new("DELETE", "/x").header("Authorization", "Bearer t0p secret"),
            Some(
                "curl -sS -i -X DELETE -H \"Authorization: Bearer ${LOCUM_CLIENT_SECRET}\" http://127.0.0.1:1/x",
            ),
        );
        check(
            &Request::new("POST", "/x"),
            Some("curl -sS -i -X POST -d '' http://127.0.0.1:1/x"),
        );
    }

    #[test]
    fn a_key_set_is_fetched_where_it_was() {
        let scenario = testing::fetched(&Request::new("GET", "/jwks").header("Host", "other:9"));
        let exchange = scenario.evidence.exchanges().next().expect("one");
        let line = words(&scenario, &exchange).map(|words| words.join(" "));
        assert_eq!(line.as_deref(), Some("curl -sS -i http://other:9/jwks"));
    }

    #[test]
    fn what_curl_cannot_send_has_no_line() {
        check(
            &Request::new("GET", "/ws").header("Upgrade", "websocket"),
            None,
        );
        let signed = Request::new("GET", "/x").header("Authorization", "AWS4-HMAC-SHA256 …");
        check(&signed, None);
        check(&Request::new("GET", "/x").header("A", "a\tb"), None);
    }

    #[test]
    fn secrets_are_variables_that_a_reader_knows() {
        for (name, expected) in [
            (" client secret", "LOCUM_CLIENT_SECRET"),
            (" access token 12", "LOCUM_ACCESS_TOKEN"),
            (" access token 2 with  client secret", "LOCUM_ACCESS_TOKEN"),
            (" token of another client", "LOCUM_TOKEN_OF_ANOTHER_CLIENT"),
            (
                " client secret of another client",
                "LOCUM_SECOND_CLIENT_SECRET",
            ),
            (" expired token of an expired token", "LOCUM_EXPIRED_TOKEN"),
        ] {
            assert_eq!(variable(name), expected);
        }
        assert_eq!(
            quoted("a «access token 2 with «client secret»» b").as_deref(),
            Some("\"a ${LOCUM_ACCESS_TOKEN} b\"")
        );
    }

    #[test]
    fn what_no_variable_of_the_account_gives_is_told() {
        let told = |word: &str| legend(&["curl".to_owned(), word.to_owned()]);
        let altered = told("-H \"Authorization: Bearer ${LOCUM_ALTERED_TOKEN}\"");
        assert_eq!(
            altered.as_deref(),
            Some("set LOCUM_ALTERED_TOKEN to what was sent: altered token")
        );
        let issued = told("\"a=${LOCUM_ACCESS_TOKEN}&b=${LOCUM_EXPIRED_TOKEN}\"");
        assert_eq!(
            issued.as_deref(),
            Some("set LOCUM_ACCESS_TOKEN to what a login of yours gave: access token")
        );
        let pair = told("\"$LOCUM_CLIENT_ID:$LOCUM_CHANGED_CLIENT_SECRET\"");
        assert_eq!(
            pair.as_deref(),
            Some("set LOCUM_CHANGED_CLIENT_SECRET to what was sent: changed client secret")
        );
        for known in [
            "$LOCUM_CLIENT_ID:$LOCUM_CLIENT_SECRET",
            "${LOCUM_PASSWORD}",
            "http://a",
        ] {
            assert_eq!(told(known), None, "{known}");
        }
    }
}
