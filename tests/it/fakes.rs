//! Servers that are no vendor: whatever they answer, no requirement is met.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::{judge_endpoint, rows};

/// Reads a request as far as its head and body have come.
pub(super) fn read_request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0_usize);
    let mut body = vec![0; length];
    // A client that broke off gets the answer all the same.
    let _ = stream.read_exact(&mut body);
    head.extend(body);
    String::from_utf8_lossy(&head).into_owned()
}

/// Reads a request, answers with `reply` and closes.
fn answer(mut stream: TcpStream, reply: &str) {
    read_request(&mut stream);
    let _ = stream.write_all(reply.as_bytes());
}

/// A server that gives each request the same answer; none when it is empty. It ends with the test.
fn serve(reply: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(stream, reply));
        }
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
