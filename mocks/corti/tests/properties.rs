//! What no spelling of a token request changes.

use proptest::prelude::*;

use super::*;

/// A token request spelled in another way: order, letter case of header names, escapes, more keys.
#[derive(Clone, Debug)]
struct Spelling {
    order: Vec<usize>,
    upper: bool,
    escape_all: bool,
    plus: bool,
    extra: Option<String>,
    slash: bool,
    wrong: bool,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let order = Just(vec![0, 1, 2, 3]).prop_shuffle();
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (order, flags, proptest::option::of("x[a-z]{0,8}")).prop_map(
        |(order, (upper, escape_all, plus, slash, wrong), extra)| Spelling {
            order,
            upper,
            escape_all,
            plus,
            extra,
            slash,
            wrong,
        },
    )
}

impl Spelling {
    fn encoded(&self, text: &str) -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' if self.plus => "+".to_owned(),
                byte if self.escape_all || !byte.is_ascii_alphanumeric() => format!("%{byte:02x}"),
                byte => char::from(byte).to_string(),
            })
            .collect()
    }

    fn request(&self, server: &TestServer) -> String {
        let secret = if self.wrong {
            "wrong".to_owned()
        } else {
            client_secret(server, "locum-client")
        };
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "locum-client"),
            ("client_secret", &secret),
            ("scope", "openid transcribe"),
        ];
        let mut parts: Vec<String> = self
            .order
            .iter()
            .map(|at| {
                format!(
                    "{}={}",
                    self.encoded(pairs[*at].0),
                    self.encoded(pairs[*at].1)
                )
            })
            .collect();
        parts.extend(self.extra.iter().map(|name| format!("{name}=1")));
        let body = parts.join("&");
        let mut name = "content-type".to_owned();
        if self.upper {
            name.make_ascii_uppercase();
        }
        format!(
            "POST {OIDC}/token{} HTTP/1.1\r\nHost: {}\r\n{name}: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            if self.slash { "/" } else { "" },
            server.host(),
            body.len()
        )
    }
}

#[test]
fn a_request_may_be_spelled_in_any_legal_way() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::start(vendor()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(32));
    let verdict = runner.run(&spelling(), |spelling| {
        let answer = runtime.block_on(server.send(spelling.request(&server)));
        if spelling.wrong {
            prop_assert_eq!(
                (answer.status, answer.text()),
                (
                    401,
                    error(
                        "unauthorized_client",
                        "Invalid client or Invalid client credentials"
                    )
                )
            );
        } else {
            prop_assert_eq!(
                (answer.status, &answer.json()["scope"]),
                (200, &Value::from("openid email profile transcribe"))
            );
        }
        prop_assert_eq!(lines(&answer), set(H1));
        Ok(())
    });
    verdict.expect("every spelling is answered alike");
}

#[test]
fn no_bytes_in_a_form_break_the_realm() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::start(vendor()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(32));
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "(grant_type|client_id|scope|token|code|%[0-9a-z]{0,2}|[&=+])*"
            .prop_map(String::into_bytes),
    ];
    let endpoint = prop_oneof![
        "token",
        "token/introspect",
        "revoke",
        "logout",
        "userinfo",
        "auth"
    ];
    let verdict = runner.run(&(endpoint, body), |(endpoint, body)| {
        let line = format!("POST {OIDC}/{endpoint}");
        let answer = runtime.block_on(server.request(&line, FORM, body));
        prop_assert!(
            answer.status >= 200 && answer.status != 502,
            "{}",
            answer.status
        );
        Ok(())
    });
    verdict.expect("every body is answered");
}
