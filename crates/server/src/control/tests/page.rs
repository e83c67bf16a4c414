//! The page for people, over the wire.

use locum_core::Timestamp;
use serde_json::Value;

use super::bench::{Answer, Bench, SECRET, exchange};

const BROWSER: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

async fn get(bench: &Bench, host: &str, line: &str, headers: &str) -> Answer {
    let bytes = exchange(&bench.host(), host, line, headers, "").await;
    Answer::read(&bytes.expect("an answer"))
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_program_a_line() {
    let bench = Bench::start().await;
    let host = bench.host();
    for line in ["GET /", "GET /?x", "HEAD /", &format!("GET http://{host}/")] {
        let page = get(&bench, &host, line, BROWSER).await;
        assert_eq!(page.status, 200, "{line}");
        assert!(page.head.contains("content-type: text/html"), "{line}");
        assert_eq!(page.body.is_empty(), line.starts_with("HEAD"), "{line}");
    }
    for (line, headers) in [
        ("GET /", ""),
        ("GET /", "accept: */*\r\n"),
        ("POST /", BROWSER),
        (&format!("GET http://{host}/"), ""),
    ] {
        let told = get(&bench, &host, line, headers).await;
        assert_eq!(told.status, 200, "{line}");
        assert!(told.body.starts_with("locum: mock vendors at /acme, /bolt"));
        assert!(told.head.contains("content-type: text/plain"));
    }
}

#[tokio::test]
async fn nothing_from_elsewhere_runs_in_the_page_nor_around_it() {
    let bench = Bench::start().await;
    for line in [
        "GET /",
        "GET /_locum/page/page.js",
        "GET /_locum/page/page.css",
    ] {
        let head = get(&bench, &bench.host(), line, BROWSER).await.head;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{line}: {header} in {head}");
        }
        assert!(!head.contains("access-control"), "{head}");
    }
}

/// In a network of containers a browser may come by any name: it gets the files, and is refused what
/// they would show, unless the name is allowed. A rebound name is such a name.
#[tokio::test]
async fn by_a_name_that_is_not_allowed_the_page_has_nothing_to_show() {
    let bench = Bench::start().await;
    for host in ["locum", "locum:4700", "evil.example"] {
        for line in ["GET /", "GET /_locum/page/page.js"] {
            assert_eq!(
                get(&bench, host, line, BROWSER).await.status,
                200,
                "{host} {line}"
            );
        }
        for line in [
            "GET /_locum/journal",
            "GET /_locum/journal/stream",
            "GET /_locum/vendors",
            "POST /_locum/clock/reset",
            "GET /_locum/page/nothing.js",
        ] {
            assert_eq!(
                get(&bench, host, line, BROWSER).await.status,
                403,
                "{host} {line}"
            );
        }
    }
    // By a documented host of a vendor everything is the vendor's.
    let line = "GET /_locum/page/page.js";
    assert_eq!(get(&bench, &bench.host(), line, "").await.status, 200);
}

#[tokio::test]
async fn where_a_token_is_set_the_files_are_open_and_what_they_show_is_not() {
    let bench = Bench::with_token(Some("canary-control")).await;
    for line in ["GET /", "GET /_locum/page/page.js"] {
        let answer = get(&bench, &bench.host(), line, BROWSER).await;
        assert_eq!(answer.status, 200, "{line}");
        assert!(!answer.body.contains("canary-control"));
    }
    let answer = get(&bench, &bench.host(), "GET /_locum/vendors", BROWSER).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn the_journal_says_how_much_it_holds_whatever_was_asked_for() {
    let bench = Bench::start().await;
    for _ in 0..3 {
        bench.token("/acme").await;
    }
    let facts = bench.done("GET /journal?limit=0", "", 200).await;
    assert_eq!(facts["entries"], serde_json::json!([]));
    assert_eq!((&facts["held"], &facts["newest"]), (&3.into(), &3.into()));
    bench.done("DELETE /journal", "", 200).await;
    let empty = bench.done("GET /journal?limit=0", "", 200).await;
    assert_eq!((&empty["held"], &empty["newest"]), (&0.into(), &3.into()));
    assert_eq!(empty["since"], facts["since"]);
}

#[tokio::test]
async fn a_clock_goes_back_to_the_machines_time() {
    let bench = Bench::start().await;
    let now = |clock: &Value| {
        let now = serde_json::from_value::<Timestamp>(clock["now"].clone());
        now.expect("a time")
    };
    let before = bench.done("GET /clock", "", 200).await;
    let body = r#"{"advance_s": 172801, "mode": "frozen"}"#;
    let ahead = bench.done("POST /clock", body, 200).await;
    let reset = bench.done("POST /clock/reset", "", 200).await;
    assert_eq!(reset["mode"], "running");
    assert!(now(&reset) >= now(&before));
    assert!(now(&reset) < now(&ahead));
}

#[tokio::test]
async fn vendors_are_named_with_their_roots_and_endpoints() {
    let bench = Bench::start().await;
    bench.done("POST /stages", r#"{"name": "mine"}"#, 201).await;
    let told = bench.done("GET /stages/mine/vendors", "", 200).await;
    let acme = &told["vendors"][0];
    assert_eq!(acme["vendor"], "acme");
    assert_eq!(acme["base"], format!("http://{}/s/mine/acme", bench.host()));
    let endpoints = acme["endpoints"].as_array().expect("a list");
    assert!(endpoints.contains(&"token".into()), "{endpoints:?}");
    assert!(!told.to_string().contains(SECRET));
}

#[tokio::test]
async fn the_environment_is_written_as_the_command_does() {
    let bench = Bench::start().await;
    let ask = async |query: &str| bench.call(&format!("GET /env?{query}"), "").await;
    let one = ask("vendor=acme&format=dotenv").await;
    assert_eq!(one.status, 200);
    let url = format!("http://{}/acme/oauth/token", bench.host());
    assert!(one.body.contains(&format!("LOCUM_TOKEN_URL={url}\n")));
    assert!(
        one.body
            .contains(&format!("LOCUM_CLIENT_SECRET={SECRET}\n"))
    );
    let all = ask("format=json").await.json();
    assert_eq!(all["LOCUM_VENDOR"], "acme,bolt");
    assert_eq!(all["LOCUM_ACME_TOKEN_URL"], url.as_str());
    assert!(all["LOCUM_TOKEN_URL"].is_null());
    assert!(ask("").await.body.starts_with("export LOCUM_"));
    for (query, word) in [
        ("vendor=acne", "acme"),
        ("format=xml", "dotenv"),
        ("x=1", "unknown"),
    ] {
        let refused = ask(query).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body.contains(word), "{query}: {}", refused.body);
    }
}

#[tokio::test]
async fn the_newest_tokens_are_found_by_what_the_list_says_it_holds() {
    let bench = Bench::start().await;
    for _ in 0..5 {
        bench.token("/acme").await;
    }
    let facts = bench.done("GET /tokens?limit=0", "", 200).await;
    assert_eq!((&facts["held"], &facts["newest"]), (&5.into(), &5.into()));
    let newest = bench.done("GET /tokens?after=3", "", 200).await;
    let ids: Vec<_> = newest["tokens"].as_array().into_iter().flatten().collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[1]["id"], facts["newest"]);
}
