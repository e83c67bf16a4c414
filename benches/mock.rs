//! A mock's token endpoint over one persistent connection, compared with a web framework that serves
//! a static reply of 1 KiB.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::routing::post;
use criterion::{Criterion, criterion_group, criterion_main};
use locum_server::{App, ServerConfig};

/// Writes a request and reads the reply up to its `Content-Length`.
fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) {
    stream.write_all(request).expect("the request is written");
    buffer.clear();
    let mut chunk = [0; 8192];
    loop {
        let count = stream.read(&mut chunk).expect("a reply");
        assert!(count > 0, "the connection was closed");
        buffer.extend_from_slice(&chunk[..count]);
        if is_complete(buffer) {
            return;
        }
    }
}

fn is_complete(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let length: usize = length
        .and_then(|text| text.trim().parse().ok())
        .expect("a length");
    bytes.len() >= end + 4 + length
}

async fn static_reply() -> SocketAddr {
    let body = format!("{{\"access_token\":\"{}\"}}", "t".repeat(1000));
    let router = Router::new().route("/token", post(move || std::future::ready(body.clone())));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn token_endpoint(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let vendors = locum::mocks::vendors();
    let plain = vendors
        .iter()
        .find(|vendor| vendor.profile().vendor == "pattern")
        .expect("a built-in vendor");
    let running = runtime
        .block_on(App::start(ServerConfig::loopback(), vec![plain.clone()]))
        .expect("the server starts");
    let stage = running
        .stages
        .stage("default")
        .expect("the default stage exists");
    let credentials = plain
        .document(&running.stages.mock(plain, &stage))
        .credentials;
    let secret = |name: &str| credentials[name].as_str().expect("text").to_owned();
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{}:{}", secret("client_id"), secret("client_secret")),
    );
    let body = "grant_type=client_credentials";
    let request = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\nAccept: application/json\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let floor = runtime.block_on(static_reply());
    let mut group = criterion.benchmark_group("mock");
    let mut buffer = Vec::new();
    for (name, address, path) in [
        ("floor: a static reply of 1 KiB", floor, "/token"),
        (
            "token endpoint, opaque token",
            running.stages.address,
            "/pattern/api/auth/token",
        ),
    ] {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let request = request(path);
        group.bench_function(name, |bench| {
            bench.iter(|| exchange(&mut stream, request.as_bytes(), &mut buffer));
        });
    }
    group.finish();
}

criterion_group!(benches, token_endpoint);
criterion_main!(benches);
