//! One test a call, as the API's page shows it.

use serde_json::{Value, json};

use super::bench::{Bench, SECRET};

#[tokio::test]
async fn stages_are_listed_with_counts() {
    let bench = Bench::start().await;
    bench.token("/acme").await;
    bench
        .done("POST /stages", r#"{"name": "other"}"#, 201)
        .await;
    let stages = bench.done("GET /stages", "", 200).await;
    assert_eq!(stages["stages"][0]["name"], "default");
    assert_eq!(stages["stages"][0]["tokens"], 1);
    assert_eq!(stages["stages"][0]["entries"], 1);
    assert!(stages["stages"][0]["bytes"].as_u64() > Some(256));
    let other = &stages["stages"][1];
    assert_eq!(
        (&other["name"], &other["tokens"], &other["entries"]),
        (&json!("other"), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn a_stage_is_made_from_any_part_of_its_document() {
    let bench = Bench::start().await;
    let nameless = bench.done("POST /stages", "", 201).await;
    assert!(
        nameless["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("stage-"))
    );
    assert!(nameless["seed"].as_u64() < Some(1 << 53));
    let body = r#"{"name": "mine", "seed": 7, "clock": {"now": "2026-11-24T10:00:00Z", "mode": "frozen"},
        "settings": {"acme.pace": 3},
        "vendors": {"acme": {"principals": {"clients": [{"client_id": "x", "client_secret": "y"}]}}}}"#;
    let stage = bench.done("POST /stages", body, 201).await;
    assert_eq!(stage["seed"], 7);
    assert_eq!(
        stage["clock"],
        json!({"now": "2026-11-24T10:00:00Z", "mode": "frozen"})
    );
    assert_eq!(stage["settings"], json!({"acme.pace": 3}));
    assert_eq!(
        stage["vendors"]["acme"]["credentials"],
        json!({"client_id": "x", "client_secret": "y"})
    );
    assert_eq!(stage, bench.done("GET /stages/mine", "", 200).await);
}

#[tokio::test]
async fn the_stage_document_says_what_a_client_is_configured_with() {
    let bench = Bench::start().await;
    bench
        .done("POST /clock", r#"{"mode": "frozen"}"#, 200)
        .await;
    let document = bench.done("GET ", "", 200).await;
    assert_eq!(document, bench.done("GET /stages/default", "", 200).await);
    let (host, acme) = (bench.host(), &document["vendors"]["acme"]);
    let base = format!("http://{host}/acme");
    assert_eq!(document["name"], "default");
    assert_eq!(document["seed"], 0);
    assert_eq!(document["listen"], false);
    assert_eq!(acme["base"], base.as_str());
    let urls = json!({"api": format!("{base}/api"), "token": format!("{base}/oauth/token"), "ws": format!("ws://{host}/acme/socket")});
    assert_eq!(acme["urls"], urls);
    assert_eq!(acme["sample"], "/thing");
    assert_eq!(
        acme["credentials"],
        json!({"client_id": "client-a", "client_secret": SECRET})
    );
    assert_eq!(acme["principals"]["clients"][1]["client_id"], "client-b");
    let env = &acme["env"];
    assert_eq!(env["LOCUM_VENDOR"], "acme");
    assert_eq!(
        env["LOCUM_CONTROL_URL"],
        format!("http://{host}/_locum/stages/default")
    );
    for (name, value) in [
        ("TOKEN_URL", urls["token"].clone()),
        ("API_URL", urls["api"].clone()),
        ("WS_URL", urls["ws"].clone()),
        ("CLIENT_ID", "client-a".into()),
        ("CLIENT_SECRET", SECRET.into()),
        ("GROUP_ID", "g-1".into()),
    ] {
        assert_eq!(env[format!("LOCUM_{name}")], value);
        assert_eq!(env[format!("LOCUM_ACME_{name}")], value);
    }
}

#[tokio::test]
async fn reset_brings_back_the_stage_as_it_was_made() {
    let bench = Bench::start().await;
    let before = bench.done("GET /principals", "", 200).await;
    bench.token("/acme").await;
    bench
        .done(
            "POST /clock",
            r#"{"now": "2001-01-01T00:00:00Z", "mode": "frozen"}"#,
            200,
        )
        .await;
    bench
        .done("PATCH /settings", r#"{"acme.pace": 1}"#, 200)
        .await;
    bench
        .done("POST /faults", r#"{"then": {"status": 500}}"#, 201)
        .await;
    bench
        .done("PUT /twin", r#"{"name": "acme/jwt-only"}"#, 200)
        .await;
    bench
        .done(
            "PATCH /principals",
            r#"{"acme": {"clients": [{"client_id": "new"}]}}"#,
            200,
        )
        .await;
    let document = bench.done("POST /reset", "", 200).await;
    assert_eq!(document["settings"], json!({}));
    assert_eq!(document["clock"]["mode"], "running");
    assert!(document["clock"]["now"].as_str() > Some("2020"));
    assert_eq!(document.get("twin"), None);
    assert_eq!(bench.done("GET /principals", "", 200).await, before);
    assert_eq!(
        bench.done("GET /faults", "", 200).await,
        json!({"faults": []})
    );
    let counts = bench.done("GET /stages", "", 200).await["stages"][0].clone();
    let held = ["tokens", "forgotten_tokens", "entries", "dropped_entries"];
    assert!(held.iter().all(|name| counts[name] == 0), "{counts}");
}

#[tokio::test]
async fn principals_are_read_replaced_and_changed() {
    let bench = Bench::start().await;
    let all = bench.done("GET /principals", "", 200).await;
    assert_eq!(all["acme"]["clients"][0]["client_secret"], SECRET);
    let rotate = r#"{"acme": {"clients": [{"client_id": "client-a", "client_secret": "rotated"}, {"client_id": "added"}]}}"#;
    let all = bench.done("PATCH /principals", rotate, 200).await;
    assert_eq!(all["acme"]["clients"][0]["client_secret"], "rotated");
    let made = all["acme"]["clients"][2]["client_secret"].as_str();
    assert!(made.is_some_and(|secret| secret.len() == 32), "{all}");
    assert_eq!(
        all["bolt"]["clients"][0]["client_secret"], SECRET,
        "the other vendor keeps its own"
    );
    assert_eq!(bench.login("/acme", SECRET).await.status, 401);
    // The old secret is refused, and known all the same for what the client was given.
    let refused = bench.done("GET /journal?outcome=denied", "", 200).await;
    let shown = &refused["entries"][0]["spelling"]["credentials"];
    assert!(shown.to_string().contains("other"), "{refused}");
    assert!(!refused.to_string().contains("foreign"), "{refused}");
    assert_eq!(bench.login("/acme", "rotated").await.status, 200);
    let off = r#"{"acme": {"clients": [{"client_id": "client-a", "client_secret": "rotated", "enabled": false}]}}"#;
    let all = bench.done("PUT /principals", off, 200).await;
    assert_eq!(all["acme"]["clients"].as_array().map(Vec::len), Some(1));
    assert_eq!(bench.login("/acme", "rotated").await.status, 400);
}

#[tokio::test]
async fn when_one_vendor_refuses_its_principals_no_vendor_changes() {
    let bench = Bench::start().await;
    let before = bench.done("GET /principals", "", 200).await;
    let body = r#"{"acme": {"clients": []}, "bolt": {"clients": [{"client_id": 3}]}}"#;
    bench.done("PUT /principals", body, 400).await;
    assert_eq!(bench.done("GET /principals", "", 200).await, before);
}

#[tokio::test]
async fn the_clock_is_read_and_turned() {
    let bench = Bench::start().await;
    assert_eq!(bench.done("GET /clock", "", 200).await["mode"], "running");
    let frozen = r#"{"now": "2026-11-24T10:00:00Z", "mode": "frozen"}"#;
    bench.done("POST /clock", frozen, 200).await;
    let clock = bench
        .done("POST /clock", r#"{"advance_s": 172801}"#, 200)
        .await;
    assert_eq!(
        clock,
        json!({"now": "2026-11-26T10:00:01Z", "mode": "frozen"})
    );
    let clock = bench
        .done("POST /clock", r#"{"advance_s": -0.5}"#, 200)
        .await;
    assert_eq!(clock["now"], "2026-11-26T10:00:00.5Z");
    assert_eq!(bench.done("GET /clock", "", 200).await, clock);
    let date = bench.raw("GET /acme/nothing", "", "").await.head;
    assert!(
        date.contains("date: thu, 26 nov 2026 10:00:00 gmt"),
        "{date}"
    );
}

/// A granted login, a refused one, an admitted call.
async fn three_entries(bench: &Bench) {
    let token = bench.token("/acme").await;
    bench.login("/acme", "wrong").await;
    bench.thing("/acme", &token).await;
}

fn ids(answer: &Value) -> Vec<u64> {
    let list = answer["entries"].as_array();
    list.into_iter()
        .flatten()
        .filter_map(|entry| entry["id"].as_u64())
        .collect()
}

#[tokio::test]
async fn the_journal_is_listed_found_and_counted() {
    let bench = Bench::start().await;
    three_entries(&bench).await;
    let check = async |query: &str, body: Value, expected: &[u64]| {
        let listed = bench.done(&format!("GET /journal?{query}"), "", 200).await;
        assert_eq!(ids(&listed), expected, "{query}");
        assert_eq!(listed["dropped"], 0);
        let found = bench
            .done("POST /journal/find", &body.to_string(), 200)
            .await;
        assert_eq!(found, listed, "{body}");
        let count = bench
            .done("POST /journal/count", &body.to_string(), 200)
            .await;
        assert_eq!(count, json!({"count": expected.len()}), "{body}");
    };
    check("", json!({}), &[1, 2, 3]).await;
    check("after=1", json!({"after": 1}), &[2, 3]).await;
    check("limit=1", json!({"limit": 1}), &[1]).await;
    check(
        "vendor=acme&endpoint=token",
        json!({"vendor": "acme", "endpoint": "token"}),
        &[1, 2],
    )
    .await;
    check("vendor=bolt", json!({"vendor": "bolt"}), &[]).await;
    check("outcome=denied", json!({"outcome": "denied"}), &[2]).await;
    check(
        "denial=wrong_secret",
        json!({"denial": "wrong_secret"}),
        &[2],
    )
    .await;
    check("denial=bad_secret", json!({"denial": "bad_secret"}), &[2]).await;
    check("method=GET", json!({"method": "GET"}), &[3]).await;
    check("path=/api/*", json!({"path": "/api/*"}), &[3]).await;
    check(
        "header=authorization",
        json!({"header": "authorization"}),
        &[3],
    )
    .await;
    check("token=1", json!({"token": 1}), &[1, 3]).await;
}

#[tokio::test]
async fn the_journal_is_waited_for() {
    let bench = Bench::start().await;
    let late = bench
        .call("GET /journal/wait?count=2&timeout=0.01", "")
        .await;
    assert_eq!(
        (late.status, &late.json()["count"]),
        (408, &json!(0)),
        "{}",
        late.body
    );
    let waiting = bench.done(
        "GET /journal/wait?count=2&timeout=60&outcome=denied",
        "",
        200,
    );
    let acting = async {
        bench.login("/acme", "wrong").await;
        bench.token("/acme").await;
        bench.login("/acme", "wrong").await;
    };
    let (answer, ()) = tokio::join!(waiting, acting);
    assert_eq!(ids(&answer), [1, 3]);
}

#[tokio::test]
async fn one_exchange_is_given_whole() {
    let bench = Bench::start().await;
    three_entries(&bench).await;
    let entry = bench.done("GET /journal/2", "", 200).await;
    assert_eq!(entry["target"], "/oauth/token");
    assert_eq!(entry["denial"]["reason"], "wrong_secret");
    assert_eq!(entry["reply"]["status"], 401);
    assert_eq!(entry["principal"], "client-a");
}

#[tokio::test]
async fn the_journal_is_emptied_and_ids_go_on() {
    let bench = Bench::start().await;
    three_entries(&bench).await;
    assert_eq!(
        bench.done("DELETE /journal", "", 200).await,
        json!({"deleted": 3})
    );
    bench.token("/acme").await;
    assert_eq!(ids(&bench.done("GET /journal", "", 200).await), [4]);
}

#[tokio::test]
async fn the_journal_is_given_as_har() {
    let bench = Bench::start().await;
    three_entries(&bench).await;
    let har = bench.done("GET /journal.har?outcome=denied", "", 200).await;
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 1);
    let url = format!("http://{}/acme/oauth/token", bench.host());
    assert_eq!(entries[0]["request"]["url"], url.as_str());
    assert_eq!(entries[0]["response"]["status"], 401);
    assert!(entries[0]["request"]["postData"]["text"].is_string());
    assert!(!har.to_string().contains(SECRET));
}

#[tokio::test]
async fn tokens_are_listed_and_filtered() {
    let bench = Bench::start().await;
    for root in ["/acme", "/acme", "/bolt"] {
        bench.token(root).await;
    }
    bench.done("POST /tokens/revoke", r#"{"id": 2}"#, 200).await;
    let check = async |query: &str, expected: &[u64], more: bool| {
        let answer = bench.done(&format!("GET /tokens?{query}"), "", 200).await;
        let list = answer["tokens"].as_array().expect("a list");
        let ids: Vec<u64> = list
            .iter()
            .filter_map(|token| token["id"].as_u64())
            .collect();
        assert_eq!(
            (ids.as_slice(), &answer["more"]),
            (expected, &json!(more)),
            "{query}"
        );
    };
    check("", &[1, 2, 3], false).await;
    check("vendor=acme", &[1, 2], false).await;
    check("client=client-a&state=live", &[1, 3], false).await;
    check("client=nobody", &[], false).await;
    check("user=client-a&kind=access", &[1, 2, 3], false).await;
    check("state=revoked", &[2], false).await;
    check("limit=2", &[1, 2], true).await;
    check("limit=2&after=2", &[3], false).await;
}

#[tokio::test]
async fn a_token_is_given_with_its_lineage() {
    let bench = Bench::start().await;
    three_entries(&bench).await;
    let token = bench.done("GET /tokens/1", "", 200).await;
    assert_eq!(token["name"], "«access token 1 of client-a»");
    assert_eq!(token["state"], "live");
    assert_eq!(token["entry"], 1);
    assert_eq!(token["uses"], 1);
    assert_eq!(token["used_in"], json!([3]));
    assert_eq!(token["children"], json!([]));
}

#[tokio::test]
async fn tokens_are_ended_by_selector() {
    let bench = Bench::start().await;
    for root in ["/acme", "/bolt", "/acme"] {
        bench.token(root).await;
    }
    let check = async |verb: &str, selector: &str, expected: &[u64]| {
        let answer = bench
            .done(&format!("POST /tokens/{verb}"), selector, 200)
            .await;
        assert_eq!(
            answer,
            json!({"changed": expected.len(), "tokens": expected}),
            "{selector}"
        );
    };
    check("expire", r#"{"id": 1}"#, &[1]).await;
    check("expire", r#"{"id": 1}"#, &[]).await;
    check("revoke", r#"{"vendor": "bolt"}"#, &[2]).await;
    check("revoke", r#"{"client": "client-b"}"#, &[]).await;
    check(
        "revoke",
        r#"{"user": "client-a", "vendor": "acme"}"#,
        &[1, 3],
    )
    .await;
    check("revoke", r#"{"all": true}"#, &[]).await;
    let token = bench.done("GET /tokens/3", "", 200).await;
    assert_eq!(token["state"], "revoked");
}

#[tokio::test]
async fn faults_are_added_listed_and_taken_away() {
    let bench = Bench::start().await;
    let body = r#"{"match": {"vendor": "acme", "endpoint": "token"}, "when": {"first": 2},
        "then": {"status": 503, "headers": {"Retry-After": "2"}, "body": "busy"}}"#;
    let fault = bench.done("POST /faults", body, 201).await;
    assert_eq!((&fault["id"], &fault["hits"]), (&json!(1), &json!(0)));
    bench
        .done("POST /faults", r#"{"then": {"empty": true}}"#, 201)
        .await;
    let struck = bench.login("/acme", SECRET).await;
    assert_eq!((struck.status, struck.body.as_str()), (503, "busy"));
    assert!(struck.head.contains("retry-after: 2"));
    let faults = bench.done("GET /faults", "", 200).await;
    assert_eq!(faults["faults"][0]["hits"], 1);
    assert_eq!(
        bench.done("DELETE /faults/1", "", 200).await,
        json!({"deleted": 1})
    );
    assert_eq!(
        bench.done("DELETE /faults", "", 200).await,
        json!({"deleted": 1})
    );
    assert_eq!(
        bench.done("GET /faults", "", 200).await,
        json!({"faults": []})
    );
}

#[tokio::test]
async fn settings_are_listed_and_changed() {
    let bench = Bench::start().await;
    let settings = bench.done("GET /settings", "", 200).await;
    assert_eq!(
        settings["acme.token_format"],
        json!({"value": "opaque", "default": "opaque", "values": ["opaque", "jwt"], "reason": "undocumented", "source": null, "assumed": true})
    );
    let settings = bench
        .done("PATCH /settings", r#"{"acme.token_format": "jwt"}"#, 200)
        .await;
    assert_eq!(settings["acme.token_format"]["value"], "jwt");
    assert_eq!(settings["acme.token_format"]["default"], "opaque");
    assert_eq!(settings["bolt.token_format"]["value"], "opaque");
    assert_eq!(bench.token("/acme").await.split('.').count(), 3);
}

#[tokio::test]
async fn twins_are_listed_put_in_place_and_taken_back() {
    let bench = Bench::start().await;
    let twins = bench.done("GET /twins", "", 200).await;
    assert_eq!(
        twins["twins"][0],
        json!({"name": "acme/any-secret", "wrong": "every client secret gives a token"})
    );
    assert_eq!(
        bench.done("GET /twin", "", 200).await,
        json!({"name": null})
    );
    bench
        .done("PUT /twin", r#"{"name": "acme/any-secret"}"#, 200)
        .await;
    assert_eq!(bench.login("/acme", "wrong").await.status, 200);
    assert_eq!(
        bench.login("/bolt", "wrong").await.status,
        401,
        "the other vendor is honest"
    );
    assert_eq!(bench.done("GET ", "", 200).await["twin"], "acme/any-secret");
    bench.done("DELETE /twin", "", 200).await;
    assert_eq!(bench.login("/acme", "wrong").await.status, 401);
}

#[tokio::test]
async fn the_settings_of_a_twin_go_with_it() {
    let bench = Bench::start().await;
    bench
        .done("PATCH /settings", r#"{"acme.pace": 3}"#, 200)
        .await;
    let value =
        async |name: &str| bench.done("GET /settings", "", 200).await[name]["value"].clone();
    bench
        .done("PUT /twin", r#"{"name": "acme/jwt-only"}"#, 200)
        .await;
    assert_eq!(value("acme.token_format").await, "jwt");
    assert_eq!(bench.token("/acme").await.split('.').count(), 3);
    bench
        .done("PUT /twin", r#"{"name": "acme/any-secret"}"#, 200)
        .await;
    assert_eq!(value("acme.token_format").await, "opaque");
    bench
        .done("PUT /twin", r#"{"name": "acme/jwt-only"}"#, 200)
        .await;
    bench.done("DELETE /twin", "", 200).await;
    assert_eq!(value("acme.token_format").await, "opaque");
    assert_eq!(value("acme.pace").await, 3);
}

#[tokio::test]
async fn the_server_tells_of_itself() {
    let bench = Bench::start().await;
    let health = bench.done("GET /health", "", 200).await;
    assert_eq!(health["status"], "ok");
    assert_eq!(health["dropped"], json!({"lines": 0, "events": 0}));
    assert!(
        health["memory"]["used_bytes"].as_u64() > Some(0),
        "{health}"
    );
    let ready = bench.done("GET /ready", "", 200).await;
    assert_eq!(
        ready,
        json!({"status": "ready", "vendors": ["acme", "bolt"]})
    );
    assert_eq!(bench.done("GET /version", "", 200).await["name"], "locum");
}

#[tokio::test]
async fn a_body_is_json_whatever_its_content_type() {
    let bench = Bench::start().await;
    let body = r#"{"mode": "frozen"}"#;
    let answer = bench
        .raw("POST /_locum/clock", super::bench::FORM, body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
