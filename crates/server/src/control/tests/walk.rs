//! The walk of a request through the chassis, seen from both sides: the vendor's wire and the
//! control API.

use serde_json::{Value, json};

use super::bench::{Answer, Bench, FORM, SECRET, exchange};

#[tokio::test]
async fn a_token_is_issued_shown_by_name_and_ends_by_the_clock() {
    let bench = Bench::start().await;
    bench
        .done("POST /clock", r#"{"mode": "frozen"}"#, 200)
        .await;
    let token = bench.token("/acme").await;
    assert_eq!(bench.thing("/acme", &token).await.status, 200);
    bench
        .done("POST /clock", r#"{"advance_s": 59.999}"#, 200)
        .await;
    assert_eq!(bench.thing("/acme", &token).await.status, 200);
    bench
        .done("POST /clock", r#"{"advance_s": 0.001}"#, 200)
        .await;
    let refused = bench.thing("/acme", &token).await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (401, r#"{"error":"expired"}"#)
    );

    let journal = bench.done("GET /journal", "", 200).await;
    let entries = journal["entries"].as_array().expect("entries");
    let outcomes: Vec<&Value> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["granted", "admitted", "admitted", "denied"]);
    let shown = entries[1]["headers"].to_string();
    assert!(shown.contains("«access token 1 of client-a»"), "{shown}");
    let issued = entries[0]["reply"]["body"].as_str().expect("a body");
    assert!(issued.contains("«access token 1 of client-a»"), "{issued}");
    assert_eq!(entries[3]["denial"]["reason"], "expired_token");
    assert_eq!(entries[3]["presented"], 1);
}

#[tokio::test]
async fn a_revoked_token_is_refused_as_such() {
    let bench = Bench::start().await;
    let token = bench.token("/acme").await;
    bench
        .done("POST /tokens/revoke", r#"{"client": "client-a"}"#, 200)
        .await;
    assert_eq!(
        bench.thing("/acme", &token).await.body,
        r#"{"error":"revoked"}"#
    );
    let token = bench.token("/acme").await;
    bench
        .done("POST /tokens/expire", r#"{"all": true}"#, 200)
        .await;
    assert_eq!(
        bench.thing("/acme", &token).await.body,
        r#"{"error":"expired"}"#
    );
}

/// Which of four logins a fault with this schedule fires on.
async fn struck(when: &str) -> [bool; 4] {
    let bench = Bench::start().await;
    let fault = format!(
        r#"{{"match": {{"endpoint": "token"}}, "when": {when}, "then": {{"status": 503}}}}"#
    );
    bench.done("POST /faults", &fault, 201).await;
    let mut struck = [false; 4];
    for struck in &mut struck {
        // What the fault does not match does not count.
        assert_eq!(bench.thing("/acme", "x").await.status, 401);
        *struck = bench.login("/acme", SECRET).await.status == 503;
    }
    struck
}

#[tokio::test]
async fn each_schedule_fires_when_it_says() {
    assert_eq!(struck(r#"{"first": 2}"#).await, [true, true, false, false]);
    assert_eq!(struck(r#"{"after": 2}"#).await, [false, false, true, true]);
    assert_eq!(struck(r#"{"every": 2}"#).await, [false, true, false, true]);
    assert_eq!(
        struck(r#"{"once": true}"#).await,
        [true, false, false, false]
    );
    assert_eq!(struck(r#"{"probability": 0}"#).await, [false; 4]);
    assert_eq!(struck(r#"{"probability": 1}"#).await, [true; 4]);
    assert_eq!(struck(r#"{"always": true}"#).await, [true; 4]);
}

/// Adds a fault with this action to the default stage.
async fn put_fault(bench: &Bench, then: &str) {
    let body = format!(r#"{{"then": {then}}}"#);
    bench.done("POST /faults", &body, 201).await;
}

/// What a login brings while a fault with this action is there, and how many tokens were issued.
async fn with_fault(then: &str) -> (std::io::Result<Vec<u8>>, u64) {
    let bench = Bench::start().await;
    put_fault(&bench, then).await;
    let form = format!("grant_type=client_credentials&client_id=client-a&client_secret={SECRET}");
    let host = bench.host();
    let came = exchange(&host, &host, "POST /acme/oauth/token", FORM, &form).await;
    let counts = bench.done("GET /stages", "", 200).await;
    let entry = bench.done("GET /journal/1", "", 200).await;
    assert_eq!(entry["fault"], 1, "the journal names the fault");
    (came, counts["stages"][0]["tokens"].as_u64().unwrap_or(0))
}

fn split(bytes: std::io::Result<Vec<u8>>) -> (String, String) {
    let text = String::from_utf8(bytes.expect("bytes")).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn a_status_takes_the_vendors_place() {
    let (came, tokens) = with_fault(r#"{"status": 503, "body": "busy"}"#).await;
    let (head, body) = split(came);
    assert!(head.starts_with("http/1.1 503"), "{head}");
    assert_eq!((body.as_str(), tokens), ("busy", 0));
}

#[tokio::test]
async fn a_delay_makes_the_reply_late() {
    let bench = Bench::start().await;
    put_fault(&bench, r#"{"delay_ms": 40}"#).await;
    let start = tokio::time::Instant::now();
    assert_eq!(bench.login("/acme", SECRET).await.status, 200);
    assert!(start.elapsed().as_millis() >= 40);
}

/// How many tokens the vendor had issued when `fault` reset the connection.
async fn tokens_at_reset(fault: &str) -> u64 {
    let (came, tokens) = with_fault(fault).await;
    let kind = came.map_err(|error| error.kind());
    assert_eq!(kind, Err(std::io::ErrorKind::ConnectionReset));
    tokens
}

#[tokio::test]
async fn a_reset_before_the_reply_stops_the_vendor() {
    assert_eq!(tokens_at_reset(r#"{"reset": "before"}"#).await, 0);
}

#[tokio::test]
async fn a_reset_in_the_body_comes_after_the_vendor_acted() {
    assert_eq!(tokens_at_reset(r#"{"reset": {"byte": 5}}"#).await, 1);
}

#[tokio::test]
async fn an_empty_reply_keeps_its_head() {
    let (came, tokens) = with_fault(r#"{"empty": true}"#).await;
    let (head, body) = split(came);
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-length: 0"),
        "{head}"
    );
    assert_eq!((body.as_str(), tokens), ("", 1));
}

#[tokio::test]
async fn a_truncated_reply_promises_more_than_it_brings() {
    let (came, tokens) = with_fault(r#"{"truncate": 10}"#).await;
    let (head, body) = split(came);
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
    assert!(length > Some(50), "{head}");
    assert_eq!((body.len(), tokens), (10, 1));
}

#[tokio::test]
async fn a_reply_that_is_cut_after_no_byte_has_its_head() {
    let (came, tokens) = with_fault(r#"{"truncate": 0}"#).await;
    let (head, body) = split(came);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(!head.contains("content-length: 0"), "{head}");
    assert_eq!((body.as_str(), tokens), ("", 1));
}

#[tokio::test]
async fn a_malformed_reply_is_no_json() {
    let (came, tokens) = with_fault(r#"{"malformed": true}"#).await;
    let (_, body) = split(came);
    assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn an_edited_reply_is_the_vendors_own_and_the_journal_names_its_token() {
    let bench = Bench::start().await;
    let edit = r#"{"edit": {"set": {"token_type": "mac"}, "repeat": ["access_token"]}}"#;
    put_fault(&bench, edit).await;
    let reply = bench.login("/acme", SECRET).await;
    let members: Value = serde_json::from_str(&reply.body).expect("a JSON body");
    assert_eq!(members["token_type"], "mac");
    let times = reply.body.matches(r#""access_token":"#).count();
    assert_eq!(times, 2, "{}", reply.body);
    let token = members["access_token"].as_str().expect("a token");
    let journal = bench.done("GET /journal", "", 200).await.to_string();
    assert!(!journal.contains(token), "{journal}");
    let named = journal.matches("«access token 1 of client-a»").count();
    assert_eq!(named, 2, "{journal}");
}

#[tokio::test]
async fn a_cut_reply_tells_no_other_length() {
    let (came, tokens) = with_fault(r#"{"edit": {"cut": 30}}"#).await;
    let (head, body) = split(came);
    assert!(head.contains("content-length: 30"), "{head}");
    assert_eq!((body.len(), tokens), (30, 1));
}

#[tokio::test]
async fn a_lost_reply_leaves_the_token_issued() {
    let (came, tokens) = with_fault(r#"{"lose_reply": true}"#).await;
    assert_eq!((came.expect("a plain end"), tokens), (Vec::new(), 1));
}

#[tokio::test]
async fn replies_are_held_until_the_barrier_opens() {
    let bench = Bench::start().await;
    put_fault(&bench, r#"{"hold": {"name": "gate"}}"#).await;
    let barrier = |open: bool, came: u64| json!({"name": "gate", "open": open, "came": came});
    let listed = bench.done("GET /barriers", "", 200).await;
    assert_eq!(listed, json!({"barriers": [barrier(false, 0)]}));
    let login = bench.login("/acme", SECRET);
    let opening = async {
        bench.done("GET /journal/wait?count=1", "", 200).await;
        while bench.done("GET /barriers", "", 200).await["barriers"][0]["came"] != 1 {}
        let entry = bench.done("GET /journal/1", "", 200).await;
        assert_eq!(entry.get("completed"), None, "the reply has not left");
        let opened = bench.done("POST /barriers/gate/open", "", 200).await;
        assert_eq!(opened, barrier(true, 1));
    };
    let (answer, ()) = tokio::join!(login, opening);
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_barrier_opens_when_enough_wait() {
    let bench = Bench::start().await;
    put_fault(&bench, r#"{"hold": {"name": "two", "n": 2}}"#).await;
    let (one, two) = tokio::join!(bench.login("/acme", SECRET), bench.login("/acme", SECRET));
    assert_eq!((one.status, two.status), (200, 200));
}

#[tokio::test]
async fn a_reset_of_the_stage_lets_go_who_waits_there() {
    let bench = Bench::start().await;
    put_fault(&bench, r#"{"hold": {"name": "gate"}}"#).await;
    let reset = async {
        while bench.done("GET /barriers", "", 200).await["barriers"][0]["came"] != 1 {}
        bench.done("POST /reset", "", 200).await;
    };
    let (answer, ()) = tokio::join!(bench.login("/acme", SECRET), reset);
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_stage_with_ports_closes_them_when_it_goes() {
    let bench = Bench::start().await;
    let stage = bench
        .done("POST /stages", r#"{"name": "own", "listen": true}"#, 201)
        .await;
    let base = stage["vendors"]["acme"]["base"].as_str().expect("a base");
    let host = base.strip_prefix("http://").expect("http").to_owned();
    assert!(!host.contains('/') && host != bench.host(), "{host}");
    let secret = stage["vendors"]["acme"]["credentials"]["client_secret"].as_str();
    let form = format!(
        "grant_type=client_credentials&client_id=client-a&client_secret={}",
        secret.expect("a secret")
    );
    let login = || exchange(&host, &host, "POST /oauth/token", FORM, &form);
    let (head, _) = split(login().await);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    bench.done("DELETE /stages/own", "", 200).await;
    bench.call("GET /stages/own", "").await;
    // The listener ends on its own task; until then a connection may still be taken and dropped.
    while login().await.is_ok_and(|bytes| !bytes.is_empty()) {}
    assert_eq!(bench.call("GET /stages/own", "").await.status, 404);
    assert_eq!(
        bench
            .raw("POST /s/own/acme/oauth/token", FORM, &form)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn two_stages_are_isolated() {
    let bench = Bench::start().await;
    for name in ["left", "right"] {
        bench
            .done("POST /stages", &format!(r#"{{"name": "{name}"}}"#), 201)
            .await;
    }
    let token = bench.token("/s/left/acme").await;
    assert_eq!(bench.thing("/s/left/acme", &token).await.status, 200);
    assert_eq!(bench.thing("/s/right/acme", &token).await.status, 401);
    bench
        .done("POST /stages/left/clock", r#"{"advance_s": 60}"#, 200)
        .await;
    bench
        .done(
            "POST /stages/left/faults",
            r#"{"then": {"status": 500}}"#,
            201,
        )
        .await;
    bench
        .done("PATCH /stages/left/settings", r#"{"acme.pace": 1}"#, 200)
        .await;
    bench
        .done(
            "PUT /stages/left/twin",
            r#"{"name": "acme/any-secret"}"#,
            200,
        )
        .await;
    assert_eq!(bench.login("/s/left/acme", "wrong").await.status, 500);
    assert_eq!(bench.login("/s/right/acme", "wrong").await.status, 401);
    let right = bench.token("/s/right/acme").await;
    assert_eq!(bench.thing("/s/right/acme", &right).await.status, 200);
    let settings = bench.done("GET /stages/right/settings", "", 200).await;
    assert_eq!(settings["acme.pace"]["value"], 7);
    let tokens = bench.done("GET /stages/right/tokens", "", 200).await;
    assert_eq!(tokens["tokens"].as_array().map(Vec::len), Some(1));
    let entries = bench.done("POST /journal/count", "", 200).await;
    assert_eq!(entries["count"], 0, "the default stage saw nothing");
}

#[tokio::test]
async fn no_secret_is_seen_where_none_was_given() {
    let bench = Bench::start().await;
    let token = bench.token("/acme").await;
    bench.thing("/acme", &token).await;
    bench.thing("/acme", "canary-of-nobody").await;
    bench.login("/acme", "canary-mistyped").await;
    let target = format!("GET /acme/api/thing?access_token={token}");
    bench.raw(&target, "", "").await;
    bench
        .raw(&format!("GET /acme/nothing?token={token}"), "", "")
        .await;
    for line in [
        "GET /journal",
        "GET /journal/1",
        "GET /journal.har",
        "GET /tokens",
        "GET /tokens/1",
        "GET /faults",
        "GET /settings",
        "GET /stages",
        "GET /openapi.json",
    ] {
        let answer: Answer = bench.call(line, "").await;
        assert_eq!(answer.status, 200, "{line}");
        for canary in [SECRET, &token, "canary-"] {
            assert!(
                !answer.body.contains(canary),
                "{line} shows {canary}: {}",
                answer.body
            );
        }
    }
}
