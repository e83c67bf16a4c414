use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::caller::{TENANT, add_tenant, call, create, encounter, token, token_of};
use super::super::listing::Listing;
use super::super::validation;
use super::super::vendor;
use locum_testkit::{Answer, TestServer};

async fn started() -> (TestServer, String) {
    let server = TestServer::start(vendor()).await;
    let token = token(&server, 0, "").await;
    (server, token)
}

/// "POST https://api.beta-eu.corti.app/v2/interactions/" with "Tenant-Name: <tenantname>" and
/// "Authorization: Bearer <access_token>".
#[tokio::test]
async fn the_documented_request_makes_an_interaction() {
    let (server, token) = started().await;
    let headers = format!(
        "Tenant-Name: copiloteu\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    let answer = server
        .request(
            "POST /v2/interactions/",
            &headers,
            encounter("planned", "p"),
        )
        .await;
    let body = answer.json();
    let id = body["interactionId"].as_str().expect("an id");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (201, Some("application/json"))
    );
    assert!(validation::is_uuid(id));
    let url = format!(
        "ws://{}/audio-bridge/v2/interactions/{id}/streams?tenant-name=copiloteu",
        server.host()
    );
    assert_eq!(body, json!({"interactionId": id, "websocketUrl": url}));
    server.set("create_status", 200);
    assert_eq!(
        server
            .request("POST /v2/interactions", &headers, encounter("planned", "p"))
            .await
            .status,
        200
    );
}

/// What `@corti/sdk` 1.0.0 was seen to send.
#[tokio::test]
async fn the_sdks_request_lists_interactions() {
    let (server, token) = started().await;
    create(&server, &token, "planned", "p").await;
    let headers = format!(
        "authorization: Bearer {token}\r\nx-fern-language: JavaScript\r\nx-fern-sdk-name: @corti/sdk\r\n\
         x-fern-sdk-version: 1.0.0\r\nuser-agent: @corti/sdk/1.0.0\r\nx-fern-runtime: node\r\n\
         x-fern-runtime-version: v20.0.0\r\ntenant-name: copiloteu\r\nContent-Type: application/json\r\n"
    );
    let answer = server.request("GET /v2/interactions/", &headers, "").await;
    assert_eq!(answer.status, 200);
    let one = answer.json()["interactions"][0].clone();
    let members: Vec<&String> = one.as_object().expect("an object").keys().collect();
    let wanted = [
        "id",
        "assignedUserId",
        "encounter",
        "patient",
        "endedAt",
        "createdAt",
        "updatedAt",
        "websocketUrl",
        "lastUpdated",
    ];
    assert_eq!(members, wanted);
    assert!(one["encounter"]["period"]["startedAt"].is_string(), "{one}");
}

#[tokio::test]
async fn an_interaction_is_read_changed_and_deleted() {
    let (server, token) = started().await;
    let path = format!(
        "/v2/interactions/{}",
        create(&server, &token, "planned", "p").await
    );
    let read = call(&server, &format!("GET {path}"), &token, "")
        .await
        .json();
    server.advance(5.0);
    let change = r#"{"encounter":{"status":"completed"},"patient":{"identifier":"p","name":"N"}}"#;
    let changed = call(&server, &format!("PATCH {path}"), &token, change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(
        changed["encounter"]["identifier"],
        read["encounter"]["identifier"]
    );
    assert_eq!(
        (&changed["encounter"]["status"], &changed["patient"]["name"]),
        (&json!("completed"), &json!("N"))
    );
    assert_eq!(changed["createdAt"], read["createdAt"]);
    assert_ne!(changed["updatedAt"], read["updatedAt"]);
    assert_eq!(
        call(&server, &format!("GET {path}/"), &token, "")
            .await
            .json(),
        changed
    );
    let upper = path
        .to_uppercase()
        .replace("/V2/INTERACTIONS", "/v2/interactions");
    assert_eq!(
        call(&server, &format!("GET {upper}"), &token, "")
            .await
            .json(),
        changed
    );
    let gone = call(&server, &format!("DELETE {path}"), &token, "").await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_eq!(
        call(&server, &format!("GET {path}"), &token, "")
            .await
            .status,
        404
    );
    assert_eq!(
        call(&server, &format!("DELETE {path}"), &token, "")
            .await
            .status,
        404
    );
}

/// "401, empty body, details in WWW-Authenticate", and RFC 6750 §3.1 for a request without a token.
#[tokio::test]
async fn a_bad_token_is_a_challenge_without_a_body() {
    let (server, token) = started().await;
    let flipped = format!("{}{}", &token[..token.len() - 5], "AAAAA");
    let id_like = token.replace('.', "_");
    let plain = r#"Bearer realm="copiloteu""#;
    let cases = [
        (String::new(), 401, plain),
        ("Authorization: \r\n".to_owned(), 401, plain),
        ("Authorization: Basic YTpi\r\n".to_owned(), 401, plain),
        (format!("Authorization: {token}\r\n"), 401, plain),
        ("Authorization: Bearer \r\n".to_owned(), 401, "malformed"),
        ("Authorization: Bearer: x\r\n".to_owned(), 401, plain),
        (
            format!("Authorization: Bearer \"{token}\"\r\n"),
            401,
            "malformed",
        ),
        (
            "Authorization: Bearer undefined\r\n".to_owned(),
            401,
            "malformed",
        ),
        (
            format!("Authorization: Bearer {id_like}\r\n"),
            401,
            "malformed",
        ),
        (
            format!("Authorization: Bearer {flipped}\r\n"),
            401,
            "invalid",
        ),
        (
            format!("Authorization: Bearer x\r\nAuthorization: Bearer {token}\r\n"),
            400,
            "invalid_request",
        ),
    ];
    for (headers, status, wanted) in cases {
        let headers = format!("{headers}Tenant-Name: {TENANT}\r\n");
        let answer = server.request("GET /v2/interactions/", &headers, "").await;
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!(
            (answer.status, answer.body.is_empty()),
            (status, status == 401),
            "{headers}"
        );
        assert!(
            challenge.starts_with(plain) && challenge.contains(wanted),
            "{headers}: {challenge}"
        );
        assert_eq!(
            challenge.contains("error="),
            wanted != plain,
            "{headers}: {challenge}"
        );
    }
    let twice = format!("Authorization: Bearer {token}\r\nTenant-Name: {TENANT}\r\n");
    assert_eq!(
        server
            .request("GET /v2/interactions/?access_token=x", &twice, "")
            .await
            .status,
        400
    );
    let query = format!("GET /v2/interactions/?access_token={token}");
    assert_eq!(
        server
            .request(&query, &format!("Tenant-Name: {TENANT}\r\n"), "")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn scheme_and_header_names_are_read_in_any_case() {
    let (server, token) = started().await;
    for headers in [
        format!("AUTHORIZATION: BEARER {token}\r\nTENANT-NAME: copiloteu\r\n"),
        format!("authorization: bearer  {token}\r\ntenant-name: copiloteu\r\n"),
    ] {
        assert_eq!(
            server
                .request("GET /v2/interactions/", &headers, "")
                .await
                .status,
            200,
            "{headers}"
        );
    }
}

#[tokio::test]
async fn a_token_dies_after_300_seconds() {
    let (server, token) = started().await;
    server.advance(299.0);
    assert_eq!(
        call(&server, "GET /v2/interactions/", &token, "")
            .await
            .status,
        200
    );
    server.advance(1.0);
    let answer = call(&server, "GET /v2/interactions/", &token, "").await;
    let challenge = r#"Bearer realm="copiloteu", error="invalid_token", error_description="The access token expired""#;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, Some(challenge))
    );
    server.set("rest_401_challenge", "Bearer error=\"invalid_token\"");
    let answer = call(&server, "GET /v2/interactions/", &token, "").await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    server.set("invalid_token_style", "403_A0004");
    let answer = call(&server, "GET /v2/interactions/", &token, "").await;
    assert_eq!(
        (answer.status, &answer.json()["type"]),
        (403, &json!("A0004"))
    );
}

async fn with_tenant(server: &TestServer, token: &str, lines: &str) -> u16 {
    let headers = format!("Authorization: Bearer {token}\r\n{lines}");
    server
        .request("GET /v2/interactions/", &headers, "")
        .await
        .status
}

#[tokio::test]
async fn the_tenant_has_to_be_the_tokens_unless_a_setting_says_otherwise() {
    let (server, token) = started().await;
    add_tenant(&server);
    for (lines, setting, answers) in [
        (
            "",
            "tenant_missing",
            [("403", 403), ("400", 400), ("ignore", 200)],
        ),
        (
            "Tenant-Name: \r\n",
            "tenant_missing",
            [("403", 403), ("400", 400), ("ignore", 200)],
        ),
        (
            "Tenant-Name: base\r\n",
            "tenant_mismatch",
            [("403", 403), ("404", 404), ("ignore", 200)],
        ),
        (
            "Tenant-Name: COPILOTEU\r\n",
            "tenant_mismatch",
            [("403", 403), ("404", 404), ("ignore", 200)],
        ),
    ] {
        for (value, status) in answers {
            server.set(setting, value);
            assert_eq!(
                with_tenant(&server, &token, lines).await,
                status,
                "{lines:?} {setting}={value}"
            );
        }
    }
    assert_eq!(
        with_tenant(
            &server,
            &token,
            "Tenant-Name: copiloteu\r\nTenant-Name: copiloteu\r\n"
        )
        .await,
        400
    );
}

#[tokio::test]
async fn a_token_of_limited_scope_opens_no_rest() {
    let (server, full) = started().await;
    assert_eq!(
        call(&server, "GET /v2/interactions/", &full, "")
            .await
            .status,
        200
    );
    for scope in ["%20transcribe", "%20streams", "%20streams%20transcribe"] {
        let limited = token(&server, 0, scope).await;
        let answer = call(&server, "GET /v2/interactions/", &limited, "").await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (403, &json!(403)),
            "{scope}"
        );
    }
    server.set("scope_mismatch_status", 401);
    let limited = token(&server, 0, "%20streams").await;
    assert_eq!(
        call(&server, "GET /v2/interactions/", &limited, "")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn an_interaction_belongs_to_its_client_and_tenant() {
    let (server, owner) = started().await;
    add_tenant(&server);
    let path = format!(
        "/v2/interactions/{}",
        create(&server, &owner, "planned", "p").await
    );
    let second = token(&server, 1, "").await;
    for method in ["GET", "DELETE", "PATCH"] {
        let body = if method == "PATCH" { "{}" } else { "" };
        let answer = call(&server, &format!("{method} {path}"), &second, body).await;
        assert_eq!(
            (answer.status, answer.json()["detail"].is_string()),
            (403, true),
            "{method}"
        );
    }
    assert_eq!(
        call(&server, "GET /v2/interactions/", &second, "")
            .await
            .json(),
        json!({"interactions": []})
    );
    let foreign = token_of(&server, 1, 0, "").await;
    let headers = format!("Authorization: Bearer {foreign}\r\nTenant-Name: base\r\n");
    assert_eq!(
        server
            .request(&format!("GET {path}"), &headers, "")
            .await
            .status,
        404
    );
    server.twin("shared-interactions");
    assert_eq!(
        call(&server, &format!("GET {path}"), &second, "")
            .await
            .status,
        200
    );
    let list = call(&server, "GET /v2/interactions/", &second, "")
        .await
        .json();
    assert_eq!(list["interactions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let (server, token) = started().await;
    let id = create(&server, &token, "planned", "p").await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let one = |method: &str, id: &str| format!("{method} /v2/interactions/{id}");
    let encounter = |member: &str, value: &str| {
        let mut body =
            json!({"encounter": {"identifier": "e", "status": "planned", "type": "consultation"}});
        body["encounter"][member] = serde_json::from_str(value).expect("JSON");
        body.to_string()
    };
    let create = || "POST /v2/interactions/".to_owned();
    let cases = [
        (one("GET", "nonsense"), String::new(), 400, "UUID"),
        (one("GET", &id.replace('-', "")), String::new(), 400, "UUID"),
        (
            one("GET", unknown),
            String::new(),
            404,
            "no such interaction",
        ),
        (
            one("PATCH", unknown),
            "{}".to_owned(),
            404,
            "no such interaction",
        ),
        (one("DELETE", "x"), String::new(), 400, "UUID"),
        (one("PATCH", &id), "nonsense".to_owned(), 400, "JSON"),
        (one("PATCH", &id), "[]".to_owned(), 400, "JSON"),
        (
            one("PATCH", &id),
            r#"{"encounter":{"status":"gone"}}"#.to_owned(),
            400,
            "encounter.status",
        ),
        (
            one("PATCH", &id),
            r#"{"assignedUserId":"x"}"#.to_owned(),
            400,
            "assignedUserId",
        ),
        (create(), String::new(), 400, "JSON"),
        (create(), "{}".to_owned(), 400, "encounter"),
        (
            create(),
            r#"{"encounter":{"identifier":"e","status":"planned"}}"#.to_owned(),
            400,
            "encounter.type",
        ),
        (
            create(),
            encounter("status", r#""gone""#),
            400,
            "encounter.status",
        ),
        (create(), encounter("type", "1"), 400, "encounter.type"),
        (
            create(),
            encounter("identifier", r#""""#),
            400,
            "encounter.identifier",
        ),
        (
            create(),
            encounter("period", r#"{"startedAt":"yesterday"}"#),
            400,
            "encounter.period.startedAt",
        ),
        (create(), encounter("title", "[]"), 400, "encounter.title"),
        (one("PUT", &id), "{}".to_owned(), 405, "PUT is not there"),
        ("GET /v2/nothing".to_owned(), String::new(), 404, "Nothing"),
    ];
    for (line, body, status, word) in cases {
        let answer = call(&server, &line, &token, &body).await;
        assert_eq!(answer.status, status, "{line} {body}: {}", answer.text());
        let told = answer.json();
        assert_eq!(told["status"], status, "{line} {body}");
        assert!(
            told["requestid"].as_str().is_some_and(validation::is_uuid),
            "{told}"
        );
        let detail = told["detail"].as_str().expect("a detail");
        assert!(
            status == 405 || detail.contains(word),
            "{line} {body}: {detail}"
        );
    }
}

/// Three shapes of one refusal.
#[tokio::test]
async fn refusals_have_the_shape_of_the_setting() {
    let (server, token) = started().await;
    let refused = || call(&server, "POST /v2/interactions/", &token, "{}");
    let members = |answer: &Answer| -> Vec<String> {
        answer
            .json()
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(
        members(&refused().await),
        ["requestid", "status", "type", "detail", "validationErrors"]
    );
    server.set("rest_error_style", "2025");
    let answer = refused().await;
    assert_eq!(
        members(&answer),
        [
            "requestid",
            "type",
            "status",
            "title",
            "details",
            "instance"
        ]
    );
    assert_eq!(answer.json()["instance"], "/v2/interactions/");
    server.set("rest_error_style", "common");
    let error = refused().await.json()["error"].clone();
    assert_eq!(
        error["details"]["validationErrors"][0]["field"],
        "encounter"
    );
    assert!(
        error["requestId"].as_str().is_some_and(validation::is_uuid),
        "{error}"
    );
}

async fn listed(server: &TestServer, token: &str, query: &str) -> Vec<String> {
    let answer = call(server, &format!("GET /v2/interactions/{query}"), token, "").await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let list = answer.json()["interactions"]
        .as_array()
        .expect("a list")
        .clone();
    let patient = |one: &Value| {
        one["patient"]["identifier"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    list.iter().map(patient).collect()
}

#[tokio::test]
async fn lists_are_sorted_filtered_and_cut() {
    let (server, token) = started().await;
    for at in 0..12 {
        let status = ["planned", "completed", "on-hold"][at % 3];
        create(&server, &token, status, &format!("p{at:02}")).await;
        server.advance(1.0);
    }
    let names =
        |list: &[usize]| -> Vec<String> { list.iter().map(|at| format!("p{at:02}")).collect() };
    for (query, expected) in [
        ("", names(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])),
        ("?index=2", names(&[1, 0])),
        ("?index=3", names(&[])),
        ("?pageSize=2&index=2", names(&[9, 8])),
        ("?direction=asc&pageSize=3", names(&[0, 1, 2])),
        ("?sort=patient&pageSize=2", names(&[11, 10])),
        ("?sort=patient&direction=asc&pageSize=2", names(&[0, 1])),
        ("?encounterStatus=completed", names(&[10, 7, 4, 1])),
        (
            "?encounterStatus=completed&encounterStatus=on-hold&pageSize=3",
            names(&[11, 10, 8]),
        ),
        ("?patient=p05", names(&[5])),
        ("?patient=nobody", names(&[])),
        (
            "?index=18446744073709551615&pageSize=18446744073709551615",
            names(&[]),
        ),
    ] {
        assert_eq!(listed(&server, &token, query).await, expected, "{query}");
    }
    for query in [
        "?index=0",
        "?index=x",
        "?index=-1",
        "?pageSize=0",
        "?pageSize=1.5",
        "?sort=colour",
        "?direction=up",
        "?encounterStatus=lost",
    ] {
        let answer = call(
            &server,
            &format!("GET /v2/interactions/{query}"),
            &token,
            "",
        )
        .await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

/// The same seed and the same requests give the same ids.
#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let (one, token_one) = started().await;
    let (two, token_two) = started().await;
    let id = create(&one, &token_one, "planned", "p").await;
    assert_eq!(id, create(&two, &token_two, "planned", "p").await);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_query_and_no_body_makes_it_panic(
        query in "(index|pageSize|sort|direction|encounterStatus|[=&%0-9]|\\PC){0,20}",
        body in "(\\{|\\}|:|,|\"encounter\"|\"patient\"|\"period\"|\"status\"|\"planned\"|null|1){0,24}",
    ) {
        if let Ok(listing) = Listing::read(&locum_server::Form::parse(query.as_bytes())) {
            prop_assert!(listing.page(Vec::new(), 0).is_empty());
        }
        if let Ok(Value::Object(body)) = serde_json::from_str(&body) {
            let _ = (validation::check_new(&body), validation::check_change(&body));
        }
    }
}
