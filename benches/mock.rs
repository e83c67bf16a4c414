//! The mocks over one persistent connection: tokens of each kind, a guarded resource and a long list,
//! compared with a web framework that serves a static reply of 1 KiB.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};

use locum_server::{App, Document, ServerConfig, Stage};
use serde_json::Value;

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

/// The vendors that listen on one port, and who may log in.
struct Mocks {
    running: App,
    default: Arc<Stage>,
}

impl Mocks {
    async fn start() -> Self {
        let vendors = locum::mocks::vendors();
        let running = App::start(ServerConfig::loopback(), vendors)
            .await
            .expect("the server starts");
        let default = running.stages.stage("default");
        Self {
            default: default.expect("the default stage exists"),
            running,
        }
    }

    fn document(&self, vendor: &str) -> Document {
        let vendor = self.running.stages.vendor(vendor);
        let vendor = vendor.expect("a built-in vendor");
        vendor.document(&self.running.stages.mock(vendor, &self.default))
    }

    fn credential(&self, vendor: &str, name: &str) -> String {
        text(&self.document(vendor).credentials[name])
    }

    /// `id:secret` of the vendor's first client, as Basic has it.
    fn basic(&self, vendor: &str) -> String {
        let of = |name| self.credential(vendor, name);
        STANDARD.encode(format!("{}:{}", of("client_id"), of("client_secret")))
    }

    /// The names of Pattern's group and of its first member, with a token for them.
    fn group(&self, buffer: &mut Vec<u8>) -> (String, String, String) {
        let address = self.running.stages.address;
        let token = reply(address, &opaque(&self.basic("pattern")), buffer);
        let token = text(&token["access_token"]);
        let group = text(&self.document("pattern").params["group"]);
        let list = reply(address, &members(&group, &token), buffer);
        (group, text(&list["results"][0]["user"]["uuid"]), token)
    }
}

/// `text` as a form has it, each byte escaped.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// A request for a token: a form in which nothing but `body` is said.
fn login(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Accept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn opaque(basic: &str) -> String {
    login(
        "/pattern/api/auth/token",
        &format!("Authorization: Basic {basic}\r\n"),
        "grant_type=client_credentials",
    )
}

fn guarded(path: &str, token: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Accept: application/json\r\n\r\n"
    )
}

fn members(group: &str, token: &str) -> String {
    guarded(&format!("/pattern/api/v1/groups/{group}/members"), token)
}

/// The JSON that answers one request on a connection of its own.
fn reply(address: SocketAddr, request: &str, buffer: &mut Vec<u8>) -> Value {
    let mut stream = TcpStream::connect(address).expect("a connection");
    exchange(&mut stream, request.as_bytes(), buffer);
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n");
    serde_json::from_slice(&buffer[end.expect("a head") + 4..]).expect("JSON")
}

fn mock(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mocks = runtime.block_on(Mocks::start());
    let floor = runtime.block_on(static_reply());
    let mut buffer = Vec::new();
    let basic = mocks.basic("pattern");
    let (group, member, token) = mocks.group(&mut buffer);
    let athelas = |name| escaped(&mocks.credential("athelas", name));
    let password = format!(
        "username={}&password={}",
        athelas("username"),
        athelas("password")
    );
    let corti = |name| escaped(&mocks.credential("corti", name));
    let client = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        corti("client_id"),
        corti("client_secret")
    );
    let realm = format!(
        "/corti/realms/{}/protocol/openid-connect/token",
        mocks.credential("corti", "tenant")
    );
    let ours = mocks.running.stages.address;
    let mut criterion = criterion.benchmark_group("mock");
    for (name, address, request) in [
        (
            "floor: a static reply of 1 KiB",
            floor,
            login("/token", "", "grant_type=client_credentials"),
        ),
        ("token endpoint, opaque token", ours, opaque(&basic)),
        (
            "token endpoint, HS256 token",
            ours,
            login("/athelas/v1/ambient/api/auth/token", "", &password),
        ),
        (
            "token endpoint, RS256 token",
            ours,
            login(&realm, "", &client),
        ),
        (
            "guarded GET, one member of a group",
            ours,
            guarded(
                &format!("/pattern/api/v1/groups/{group}/members/{member}"),
                &token,
            ),
        ),
        (
            "guarded list, 200 members in 122 KB",
            ours,
            members(&group, &token),
        ),
    ] {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        criterion.bench_function(name, |bench| {
            bench.iter(|| exchange(&mut stream, request.as_bytes(), &mut buffer));
        });
    }
    criterion.finish();
}

criterion_group!(benches, mock);
criterion_main!(benches);
