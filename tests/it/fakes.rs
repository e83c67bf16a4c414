//! Servers that are no vendor: whatever they answer, no requirement is met.

use std::io::Write as _;

use super::{judge_endpoint, listener, rows};

/// Where a server is that gives each request the same answer; none when it is empty.
fn serve(reply: &'static str) -> String {
    let address = listener::listen(move |mut stream| {
        // A client that broke off gets the answer all the same.
        drop(listener::request(&mut stream));
        stream.write_all(reply.as_bytes())
    });
    format!("http://{address}")
}

/// No row of any vendor passes, and the command says that something is wrong.
fn check(name: &str, reply: &'static str) {
    let url = serve(reply);
    for vendor in locum::mocks::SLUGS {
        let (code, results) = judge_endpoint(&format!("fake-{name}-{vendor}"), vendor, &url);
        let met = rows(&results, &["PASS", "HARNESS"]);
        assert_eq!(met, Vec::<String>::new(), "{name} as {vendor}");
        assert!(code == 1 || code == 4, "{name} as {vendor}: exit {code}");
    }
}

#[test]
fn a_server_error_meets_nothing() {
    check(
        "500",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{\"error\":\"oops\"}",
    );
}

#[test]
fn silence_meets_nothing() {
    check("silent", "");
}

#[test]
fn a_web_page_meets_nothing() {
    check(
        "html",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 41\r\nConnection: close\r\n\r\n<!doctype html><title>hello</title><p>hi\n",
    );
}

#[test]
fn a_redirect_meets_nothing() {
    check(
        "302",
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
}

#[test]
fn what_is_not_http_meets_nothing() {
    check("not-http", "220 smtp.example ESMTP\r\n");
}
