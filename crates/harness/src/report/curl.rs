//! A recorded request as a line for a shell: what curl has to be told to send it again. Secrets
//! stand in it as variables of the environment.

use crate::evidence::{Exchange, Operation};
use crate::http::Url;
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
        ] {
            assert_eq!(variable(name), expected);
        }
        assert_eq!(
            quoted("a «access token 2 with «client secret»» b").as_deref(),
            Some("\"a ${LOCUM_ACCESS_TOKEN} b\"")
        );
    }
}
