//! Ways of showing a token, scopes, and the replies that a file writes.

use super::*;

async fn token(server: &TestServer, client: &str) -> String {
    let answer = post(
        server,
        "/oauth2/token",
        client,
        "grant_type=client_credentials",
    )
    .await;
    member(&answer, "access_token")
}

#[tokio::test]
async fn a_token_reaches_as_far_as_its_scope() {
    let server = start(MACHINE).await;
    let reader = token(&server, "machine-for-reading").await;
    assert_eq!(get(&server, "/fhir/Patient", &reader).await.status, 200);
    let far = get(&server, "/fhir/Observation", &reader).await;
    refused(&far, 403, "insufficient_scope");
    let challenge = far.header("www-authenticate").unwrap_or_default();
    assert!(
        challenge.contains("error=\"insufficient_scope\", scope=\"system/Observation.read\""),
        "{challenge}"
    );
    let narrow = post(
        &server,
        "/oauth2/token",
        "machine",
        "grant_type=client_credentials&scope=system/Patient.read",
    )
    .await;
    assert_eq!(narrow.json()["scope"], "system/Patient.read");
    let narrow = member(&narrow, "access_token");
    assert_eq!(get(&server, "/fhir/Observation", &narrow).await.status, 403);
    let whole = token(&server, "machine").await;
    let header = format!("Authorization: Bearer {whole}\r\n");
    let made = server.request("POST /fhir/Patient", &header, "{}").await;
    let there = format!("http://{}/fhir/Patient/p-2", server.host());
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some(there.as_str()))
    );
}

#[tokio::test]
async fn a_token_that_does_not_work_is_refused_with_a_challenge() {
    let server = start(MACHINE).await;
    let good = token(&server, "machine").await;
    let path = "/fhir/Patient";
    let none = server.request(&format!("GET {path}"), "", "").await;
    assert_eq!(none.status, 401);
    assert_eq!(
        none.header("www-authenticate"),
        Some("Bearer realm=\"Machine API\"")
    );
    let altered = format!("{}A", &good[..good.len() - 1]);
    let altered = if altered == good {
        good.replace('.', "_")
    } else {
        altered
    };
    for token in ["never-issued", altered.as_str(), "two words"] {
        let answer = get(&server, path, token).await;
        assert_eq!(answer.status, 401, "{token}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let in_query = server
        .request(&format!("GET {path}?access_token={good}"), "", "")
        .await;
    assert_eq!(in_query.status, 401);
    let twice = get(&server, &format!("{path}?access_token={good}"), &good).await;
    refused(&twice, 400, "invalid_request");
    let scheme = server
        .request(
            &format!("GET {path}"),
            &format!("Authorization: Basic {good}\r\n"),
            "",
        )
        .await;
    assert_eq!(scheme.status, 401);
    server.advance(299.0);
    assert_eq!(get(&server, path, &good).await.status, 200);
    server.advance(1.0);
    refused(&get(&server, path, &good).await, 401, "invalid_token");
    assert_eq!(
        server.request("GET /fhir/metadata", "", "").await.status,
        200
    );
    assert_eq!(
        server.request("GET /fhir/nothing", "", "").await.status,
        404
    );
    let method = server.request("DELETE /fhir/metadata", "", "").await;
    assert_eq!((method.status, method.header("allow")), (405, Some("GET")));
}

#[tokio::test]
async fn a_token_is_shown_where_the_file_says() {
    let raw = MACHINE.to_owned() + "\n[api]\nproof = \"raw\"\n";
    let server = start(&raw).await;
    let good = token(&server, "machine").await;
    let line = "GET /fhir/Patient";
    let show = async |header: String| server.request(line, &header, "").await.status;
    assert_eq!(show(format!("Authorization: {good}\r\n")).await, 200);
    assert_eq!(show(format!("Authorization: Bearer {good}\r\n")).await, 401);
    assert_eq!(show(format!("Authorization: {good}x\r\n")).await, 401);
    let query = MACHINE.to_owned() + "\n[api]\nproof = \"query\"\nparameter = \"key\"\n";
    let server = start(&query).await;
    let good = token(&server, "machine").await;
    let call = async |rest: String| {
        server
            .request(&format!("{line}?{rest}"), "", "")
            .await
            .status
    };
    assert_eq!(call(format!("key={good}")).await, 200);
    assert_eq!(call(format!("key={good}&key={good}")).await, 400);
    assert_eq!(call("key=".to_owned()).await, 401);
    assert_eq!(get(&server, "/fhir/Patient", &good).await.status, 401);
}

#[tokio::test]
async fn what_a_request_brings_stays_text() {
    let text = MACHINE.to_owned()
        + "\n[resources.echo]\npath = \"/echo/{id}\"\nheaders = { \"content-type\" = \"application/json\", \"x-id\" = \"{id}\" }\nbody = '{\"id\":\"{id}\",\"n\":{json:now},\"q\":\"{query:q}\",\"h\":\"{header:authorization}\"}'\n";
    let server = start(&text).await;
    let good = token(&server, "machine").await;
    let answer = get(
        &server,
        "/echo/%22%2C%22a%22%3A%22%0D%0AX-Evil%3A%201?q=%7Bbase%7D",
        &good,
    )
    .await;
    let json = answer.json();
    assert_eq!(json["id"], "\",\"a\":\"\r\nX-Evil: 1");
    assert_eq!((&json["q"], &json["h"]), (&"{base}".into(), &"".into()));
    assert!(json["n"].is_i64() && answer.header("x-evil").is_none());
}

/// A table with a `default` takes the place of the built-in one: whatever is raised still has a look.
#[tokio::test]
async fn a_file_may_word_all_refusals_itself() {
    let own =
        "[denials.default]\nstatus = 418\nbody = \"no\"\n[denials.wrong_secret]\nstatus = 403\n";
    let from = MACHINE.find("[[principals").expect("clients");
    let server = start(&format!("{}{own}{}", &MACHINE[..from], &MACHINE[from..])).await;
    let scope = post(
        &server,
        "/oauth2/token",
        "machine",
        "grant_type=client_credentials&scope=x",
    )
    .await;
    assert_eq!((scope.status, scope.text()), (418, "no".to_owned()));
    let headers = format!("{FORM}{}", basic("machine", "wrong"));
    let wrong = server
        .request(
            "POST /oauth2/token",
            &headers,
            "grant_type=client_credentials",
        )
        .await;
    assert_eq!(wrong.status, 403);
    assert_eq!(get(&server, "/fhir/Patient", "a.b.c").await.status, 418);
}

#[tokio::test]
async fn minted_tokens_work_unless_something_is_wrong_with_them() {
    for (text, path) in [(MACHINE, "/fhir/Patient"), (LOGIN, "/api/notes")] {
        for format in ["rs256", "hs256", "opaque"] {
            let server = start(text).await;
            server.set("token_format", format);
            for (defect, status) in [
                ("", 200),
                ("expired", 401),
                ("revoked", 401),
                ("unknown", 401),
                ("not_yet", 401),
                ("wrong_issuer", 401),
                ("wrong_audience", 401),
                ("foreign_key", 401),
                ("unknown_kid", 401),
                ("bad_signature", 401),
                ("alg_none", 401),
                ("hs256_with_public_key", 401),
            ] {
                let mut asked = serde_json::json!({"vendor": server.vendor});
                if !defect.is_empty() {
                    asked["defect"] = defect.into();
                }
                let line = "POST /_locum/stages/test/tokens";
                let address = server.running.stages.address.to_string();
                let bytes =
                    locum_testkit::http::request(&address, line, "", asked.to_string().as_bytes());
                let made = locum_testkit::http::send(&address, &bytes).await;
                // What cannot be wrong with such a token is told.
                if made.status == 400 {
                    assert!(
                        made.text().contains("cannot have the defect"),
                        "{}",
                        made.text()
                    );
                    continue;
                }
                let token = made.json()["value"].as_str().expect("a value").to_owned();
                let answer = get(&server, path, &token).await;
                assert_eq!(
                    answer.status,
                    status,
                    "{format} {defect}: {}",
                    answer.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_retired_key_signs_until_its_grace_ends() {
    for format in ["rs256", "hs256"] {
        let server = start(MACHINE).await;
        server.set("token_format", format);
        let old = token(&server, "machine").await;
        server
            .stage
            .rotations("machine-api")
            .rotate(server.mock().now(), std::time::Duration::from_secs(60));
        let new = token(&server, "machine").await;
        let keys = server.request("GET /oauth2/keys", "", "").await.json();
        assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
        for token in [&old, &new] {
            assert_eq!(get(&server, "/fhir/Patient", token).await.status, 200);
        }
        server.advance(60.0);
        refused(
            &get(&server, "/fhir/Patient", &old).await,
            401,
            "invalid_token",
        );
        assert_eq!(get(&server, "/fhir/Patient", &new).await.status, 200);
    }
}
