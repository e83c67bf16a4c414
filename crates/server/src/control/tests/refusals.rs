//! Bad input: each mistake has its status, its sentence and a hint.

use super::bench::{Bench, exchange};

/// Sends each call and looks for `needle` in the answer's error and hint.
async fn check(bench: &Bench, line: &str, body: &str, status: u16, needle: &str) {
    let answer = bench.call(line, body).await;
    assert_eq!(answer.status, status, "{line} {body}: {}", answer.body);
    let json = answer.json();
    let word = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let (error, hint) = (word("error"), word("hint"));
    assert!(
        !error.is_empty() && !hint.is_empty(),
        "{line} {body}: {json}"
    );
    let text = format!("{error} | {hint}");
    assert!(text.contains(needle), "{line} {body}: {text}");
}

#[tokio::test]
async fn unknown_names_are_refused_with_the_nearest_known_one() {
    let bench = Bench::start().await;
    bench
        .done("POST /stages", r#"{"name": "night"}"#, 201)
        .await;
    let check = async |line: &str, body: &str, status: u16, needle: &str| {
        check(&bench, line, body, status, needle).await;
    };
    check("GET /stages/nigth", "", 404, "did you mean `night`?").await;
    check("DELETE /stages/nigth", "", 404, "no stage called `nigth`").await;
    check("GET /stages/nigth/clock", "", 404, "did you mean `night`?").await;
    check("GET /journl", "", 404, "did you mean `/_locum/journal`?").await;
    check("GET /zzz", "", 404, "openapi.json").await;
    check("GET /verdicts", "", 404, "this server has no judge").await;
    check("GET /stages/night/verdicts", "", 404, "has no judge").await;
    check("GET /verdicts?vendor=acm", "", 400, "did you mean `acme`?").await;
    check("PUT /clock", "", 405, "does not take PUT").await;
    check("DELETE ", "", 405, "does not take DELETE").await;
    check(
        "POST /clock",
        r#"{"advance": 1}"#,
        400,
        "unknown member `advance` | did you mean `advance_s`?",
    )
    .await;
    check(
        "POST /stages",
        r#"{"sead": 1}"#,
        400,
        "did you mean `seed`?",
    )
    .await;
    check(
        "POST /stages",
        r#"{"settings": {"acme.token_formt": 1}}"#,
        400,
        "did you mean `acme.token_format`?",
    )
    .await;
    check(
        "POST /stages",
        r#"{"vendors": {"acm": {}}}"#,
        400,
        "did you mean `acme`?",
    )
    .await;
    check(
        "PATCH /settings",
        r#"{"acme.token_formt": "jwt"}"#,
        400,
        "unknown setting `acme.token_formt` | did you mean `acme.token_format`?",
    )
    .await;
    check(
        "PATCH /principals",
        r#"{"acm": {}}"#,
        400,
        "did you mean `acme`?",
    )
    .await;
    check(
        "PATCH /principals",
        r#"{"acme": {"client": []}}"#,
        400,
        "did you mean `clients`?",
    )
    .await;
    check(
        "PUT /twin",
        r#"{"name": "acme/any-secrt"}"#,
        400,
        "did you mean `acme/any-secret`?",
    )
    .await;
    check(
        "PUT /twin",
        r#"{"nam": "acme/any-secret"}"#,
        400,
        "did you mean `name`?",
    )
    .await;
    check("GET /journal?vendr=acme", "", 400, "did you mean `vendor`?").await;
    for call in [
        "GET /journal",
        "GET /journal/wait",
        "GET /journal/stream",
        "GET /journal.har",
    ] {
        let ask = |query: &str| format!("{call}?{query}");
        check(&ask("vendor=acm"), "", 400, "did you mean `acme`?").await;
        check(&ask("endpoint=tokne"), "", 400, "did you mean `token`?").await;
        check(
            &ask("denial=wrong_secrt"),
            "",
            400,
            "did you mean `wrong_secret`?",
        )
        .await;
        check(
            &ask("denial=bad_secrets"),
            "",
            400,
            "did you mean `bad_secret`?",
        )
        .await;
    }
    for call in ["POST /journal/find", "POST /journal/count"] {
        check(call, r#"{"vendor": "acm"}"#, 400, "did you mean `acme`?").await;
        check(
            call,
            r#"{"endpoint": "tokne"}"#,
            400,
            "did you mean `token`?",
        )
        .await;
        check(
            call,
            r#"{"denial": "expird_token"}"#,
            400,
            "did you mean `expired_token`?",
        )
        .await;
    }
    check(
        "GET /journal?outcome=grantd",
        "",
        400,
        "did you mean `granted`?",
    )
    .await;
    check(
        "POST /journal/find",
        r#"{"endpont": "token"}"#,
        400,
        "did you mean `endpoint`?",
    )
    .await;
    check(
        "POST /tokens/revoke",
        r#"{"clinet": "a"}"#,
        400,
        "did you mean `client`?",
    )
    .await;
    check(
        "POST /tokens/revoke",
        r#"{"vendor": "acm"}"#,
        400,
        "did you mean `acme`?",
    )
    .await;
    check("GET /tokens?vendor=acm", "", 400, "did you mean `acme`?").await;
    check(
        "POST /faults",
        r#"{"then": {"stauts": 500}}"#,
        400,
        "did you mean `status`?",
    )
    .await;
    check(
        "POST /faults",
        r#"{"when": {"frist": 1}, "then": {"status": 500}}"#,
        400,
        "did you mean `first`?",
    )
    .await;
    check(
        "POST /faults",
        r#"{"match": {"vendor": "acm"}, "then": {"status": 500}}"#,
        400,
        "did you mean `acme`?",
    )
    .await;
    check(
        "POST /faults",
        r#"{"match": {"endpoint": "tokn"}, "then": {"status": 500}}"#,
        400,
        "did you mean `token`?",
    )
    .await;
    check("POST /barriers/nobody/open", "", 404, "there is none here").await;
}

#[tokio::test]
async fn unknown_ids_are_not_found() {
    let bench = Bench::start().await;
    let check = async |line: &str, body: &str, status: u16, needle: &str| {
        check(&bench, line, body, status, needle).await;
    };
    check("GET /tokens/7", "", 404, "no token called `7`").await;
    check("GET /tokens/x", "", 404, "no token called `x`").await;
    check(
        "POST /tokens/expire",
        r#"{"id": 7}"#,
        404,
        "no token called `7`",
    )
    .await;
    check("GET /journal/7", "", 404, "no entry called `7`").await;
    check("DELETE /faults/7", "", 404, "no fault called `7`").await;
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    let bench = Bench::start().await;
    let check = async |line: &str, body: &str, status: u16, needle: &str| {
        check(&bench, line, body, status, needle).await;
    };
    check("POST /clock", "", 400, "changes nothing").await;
    check("POST /clock", "{", 400, "not valid JSON").await;
    check("POST /clock", "advance_s=1", 400, "not valid JSON").await;
    check(
        "POST /clock",
        r#"{"now": "yesterday"}"#,
        400,
        "`yesterday` is not an RFC 3339 date",
    )
    .await;
    check(
        "POST /clock",
        r#"{"mode": "stopped"}"#,
        400,
        "`mode` takes `\"running\"` or `\"frozen\"`, not `\"stopped\"`",
    )
    .await;
    check("POST /stages", r#"{"name": "a/b"}"#, 400, "is no name").await;
    check(
        "POST /stages",
        r#"{"name": "default"}"#,
        409,
        "exists already",
    )
    .await;
    check(
        "POST /stages",
        r#"{"settings": {"acme.pace": "x"}}"#,
        400,
        "does not take",
    )
    .await;
    check(
        "POST /stages",
        r#"{"vendors": {"acme": {"principals": {"clients": 3}}}}"#,
        400,
        "principals of `acme`",
    )
    .await;
    check(
        "PATCH /settings",
        r#"{"acme.pace": 1, "acme.token_format": "xml"}"#,
        400,
        "it takes \"opaque\", \"jwt\"",
    )
    .await;
    check(
        "PUT /principals",
        r#"{"acme": {"clients": 3}}"#,
        400,
        "principals of `acme`: invalid type: integer `3`, expected a list",
    )
    .await;
    check("PUT /twin", "{}", 400, "missing member `name`").await;
    check("POST /reset", r#"{"x": 1}"#, 400, "takes no body").await;
    check("POST /tokens/revoke", "{}", 400, "no selector").await;
    check(
        "POST /tokens/revoke",
        r#"{"all": false}"#,
        400,
        "no selector",
    )
    .await;
    check(
        "GET /tokens?state=dead",
        "",
        400,
        "`\"revoked\"` or `\"spent\"`, not `\"dead\"`",
    )
    .await;
    check("GET /journal?after=x", "", 400, "is not a number").await;
    check("GET /journal?after=1&after=2", "", 400, "is repeated").await;
    check("GET /journal/wait?timeout=601", "", 400, "out of range").await;
    check("GET /journal/wait?count=1.5", "", 400, "not a whole number").await;
    check("POST /faults", "{}", 400, "missing member `then`").await;
    check("POST /faults", r#"{"then": {}}"#, 400, "is empty").await;
    check(
        "POST /faults",
        r#"{"then": {"status": 101}}"#,
        400,
        "from 200 to 599",
    )
    .await;
    check(
        "POST /faults",
        r#"{"then": {"empty": true, "body": "x"}}"#,
        400,
        "name the status",
    )
    .await;
    check(
        "POST /faults",
        r#"{"then": {"status": 500, "headers": {"a b": "c"}}}"#,
        400,
        "is not a valid header",
    )
    .await;
    check(
        "POST /faults",
        r#"{"when": {"every": 0}, "then": {"empty": true}}"#,
        400,
        "never fire",
    )
    .await;
    check(
        "POST /faults",
        r#"{"when": {"probability": 1.5}, "then": {"empty": true}}"#,
        400,
        "from 0 to 1",
    )
    .await;
    check(
        "POST /faults",
        r#"{"id": 3, "then": {"empty": true}}"#,
        400,
        "unknown member `id`",
    )
    .await;
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(1 << 20));
    check("POST /stages", &large, 413, "too large").await;
    let settings = bench.done("GET /settings", "", 200).await;
    assert_eq!(settings["acme.pace"]["value"], 7, "all or none");
}

#[tokio::test]
async fn a_head_that_is_no_http_is_refused_in_the_same_shape() {
    let bench = Bench::start().await;
    let (host, twice) = (bench.host(), "host: y\r\n");
    let bytes = exchange(&host, &host, "GET /_locum/clock", twice, "").await;
    let text = String::from_utf8(bytes.expect("an answer")).expect("text");
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    assert!(text.contains(r#"{"error":"2 Host headers"#), "{text}");
}

#[tokio::test]
async fn a_clock_stays_in_the_years_that_dates_have() {
    let bench = Bench::start().await;
    let before = bench.done("GET /clock", "", 200).await;
    assert_eq!(before["mode"], "running");
    for change in [
        r#"{"advance_s": 1e308}"#,
        r#"{"advance_s": -1e308}"#,
        r#"{"advance_s": 300000000000, "mode": "frozen"}"#,
        r#"{"now": "1969-12-31T23:59:59Z"}"#,
        r#"{"now": "0001-01-01T00:00:00Z", "mode": "frozen"}"#,
    ] {
        check(
            &bench,
            "POST /clock",
            change,
            400,
            "before 1970 or after 9999",
        )
        .await;
    }
    check(&bench, "POST /clock", r#"{"advance_s": 1e309}"#, 400, "").await;
    let spec = r#"{"clock": {"now": "1969-12-31T23:59:59Z"}}"#;
    check(
        &bench,
        "POST /stages",
        spec,
        400,
        "before 1970 or after 9999",
    )
    .await;
    assert_eq!(bench.done("GET /clock", "", 200).await["mode"], "running");
    bench
        .done("POST /clock", r#"{"now": "9999-12-31T23:59:59Z"}"#, 200)
        .await;
    let token = bench.token("/acme").await;
    assert_eq!(bench.thing("/acme", &token).await.status, 200);
}

/// A refusal names what is wrong; it does not send all of it back.
#[tokio::test]
async fn a_long_name_is_not_repeated_whole() {
    let bench = Bench::start().await;
    let long = "x".repeat(500_000);
    let brief = async |line: &str, body: &str, expected: u16| {
        let answer = bench.call(line, body).await;
        let size = answer.body.len();
        let head: String = answer.body.chars().take(300).collect();
        assert_eq!(answer.status, expected, "{line}: {head}");
        assert!(size < 2000, "{line}: {size} bytes: {head}");
        assert!(
            answer.json()["hint"]
                .as_str()
                .is_some_and(|hint| !hint.is_empty())
        );
    };
    for (line, body) in [
        ("PATCH /settings", r#"{"acme.LONG": 1}"#),
        ("PATCH /settings", r#"{"acme.token_format": "LONG"}"#),
        ("POST /stages", r#"{"name": "LONG"}"#),
        ("POST /stages", r#"{"LONG": 1}"#),
        ("POST /stages", r#"{"settings": {"LONG": 1}}"#),
        ("POST /stages", r#"{"vendors": {"LONG": {}}}"#),
        ("POST /stages", r#"{"clock": {"mode": "LONG"}}"#),
        ("POST /clock", r#"{"now": "LONG"}"#),
        ("POST /journal/find", r#"{"outcome": "LONG"}"#),
        ("PUT /twin", r#"{"name": "LONG"}"#),
        ("PATCH /principals", r#"{"LONG": {}}"#),
        ("PATCH /principals", r#"{"acme": {"LONG": []}}"#),
        ("POST /tokens/revoke", r#"{"id": "LONG"}"#),
        ("POST /faults", r#"{"then": {"LONG": 1}}"#),
    ] {
        brief(line, &body.replace("LONG", &long), 400).await;
    }
    let long = "x".repeat(50_000);
    brief(&format!("GET /{long}"), "", 404).await;
    brief(&format!("GET /stages/{long}"), "", 404).await;
    brief(&format!("GET /journal/{long}"), "", 404).await;
    brief(&format!("GET /journal?{long}=1"), "", 400).await;
    brief(&format!("GET /journal?after={long}"), "", 400).await;
    brief(&format!("GET /journal/wait?count={long}"), "", 400).await;
    brief(&format!("POST /barriers/{long}/open"), "", 404).await;
}
