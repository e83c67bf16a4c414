//! Memory, not time: what stages and tokens take, and where a soak levels off.
//!
//! `cargo bench --bench memory` runs the parts one by one, each in a process of its own;
//! `cargo bench --bench memory -- soak` runs one. `LOCUM_SOAK_S` is the length of the soak in
//! seconds (60). Figures are resident set sizes as Linux tells them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use locum_core::{Clock, Secret, SystemClock, TokenKind};
use locum_server::memory::MemoryLimits;
use locum_server::{App, NewToken, ServerConfig, Vendor};
use serde_json::{Value, json};

/// How much of each: little, where somebody only wants to see that it runs.
#[derive(Clone, Copy)]
struct Scale {
    stages: usize,
    tokens: usize,
    soak: Duration,
}

impl Scale {
    fn asked_for() -> Self {
        if std::env::args().any(|word| word == "--test") {
            return Self {
                stages: 10,
                tokens: 100,
                soak: Duration::from_millis(200),
            };
        }
        let seconds = std::env::var("LOCUM_SOAK_S").ok();
        let seconds = seconds.and_then(|text| text.parse().ok());
        Self {
            stages: 1999,
            tokens: 200_000,
            soak: Duration::from_secs(seconds.unwrap_or(60)),
        }
    }
}

fn main() {
    let scale = Scale::asked_for();
    let part = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    match part.as_deref() {
        Some("stages") => runtime.block_on(stages(scale.stages)),
        Some("opaque") => runtime.block_on(tokens(scale.tokens, "an opaque token", &Value::Null)),
        Some("jwt") => runtime.block_on(tokens(scale.tokens, "a JWT with its login", &login())),
        Some("soak") => runtime.block_on(soak(scale.soak)),
        _ => {
            let program = std::env::current_exe().expect("the program has a path");
            for part in ["stages", "opaque", "jwt", "soak"] {
                let mut command = std::process::Command::new(&program);
                command.arg(part);
                if scale.tokens < 1000 {
                    command.arg("--test");
                }
                let status = command.status();
                assert!(status.expect("it runs").success(), "{part}");
            }
        }
    }
}

/// Resident bytes of this process; 0 where the system does not say.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kibibytes.unwrap_or(0) * 1024
}

async fn start(memory: MemoryLimits) -> App {
    let config = ServerConfig {
        memory,
        ..ServerConfig::loopback()
    };
    let vendors = locum::mocks::vendors();
    App::start(config, vendors).await.expect("it starts")
}

/// Sends a request over a kept connection and reads the reply by its length.
fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> u16 {
    stream.write_all(request).expect("it is taken");
    buffer.clear();
    let mut chunk = [0; 8192];
    loop {
        let count = stream.read(&mut chunk).expect("it answers");
        assert!(count > 0, "the connection ended");
        buffer.extend_from_slice(&chunk[..count]);
        if let Some(status) = complete(buffer) {
            return status;
        }
    }
}

fn complete(bytes: &[u8]) -> Option<u16> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?.lines().next()?;
    let length: usize = length.trim().parse().ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (bytes.len() >= end + 4 + length).then_some(status)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    stream
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// What a stage takes that nobody has used, made over the control API.
async fn stages(count: usize) {
    let app = start(MemoryLimits::default()).await;
    let (address, before) = (app.stages.address, resident());
    let made = tokio::task::spawn_blocking(move || {
        let (mut stream, mut buffer) = (connect(address), Vec::new());
        for _ in 0..count {
            let status = exchange(&mut stream, &post("/_locum/stages", "", "{}"), &mut buffer);
            assert_eq!(status, 201, "{}", String::from_utf8_lossy(&buffer));
        }
    });
    made.await.expect("they are made");
    let accounted = app.stages.memory().used();
    let taken = resident().saturating_sub(before);
    println!(
        "stages: {count} take {} MiB, {} bytes each ({} accounted)",
        taken >> 20,
        taken / count,
        accounted / count
    );
}

/// What Corti's tokens remember: the largest of the four.
fn login() -> Value {
    json!({"login": {
        "number": 123_456, "session": "8b3f1f1e-0d6f-4d0c-9a53-5d0a2f9f1c11", "client": "client-a",
        "user": "someone@example.com", "scope": ["openid", "email", "profile"],
        "offline": false, "auth_time": 1_795_514_400, "nonce": null}})
}

/// What a live token takes.
async fn tokens(count: usize, what: &str, extra: &Value) {
    let app = start(MemoryLimits {
        process: 1 << 30,
        stage: 1 << 30,
    })
    .await;
    let stage = app.stages.stage("default").expect("it is there");
    let vendor = Arc::clone(&app.stages.vendors()[0]);
    let mock = app.stages.mock(&vendor, &stage);
    let before = resident();
    for number in 0..count {
        let mut new = NewToken::new(
            TokenKind::Access,
            "client-a",
            mock.new_login(),
            Duration::from_secs(1_000_000),
        );
        new.client = Some("client-a".to_owned());
        new.extra = extra.as_object().cloned().unwrap_or_default();
        mock.issue(&format!("token {number}"), new).await;
    }
    // The notes of this one exchange hold an id for each.
    let taken = resident().saturating_sub(before + count * 8);
    println!(
        "{what}: {count} take {} MiB, {} bytes each ({} accounted)",
        taken >> 20,
        taken / count,
        stage.account().used() / count
    );
}

/// Logs in at two vendors at full speed, each over one connection, with the default limits.
async fn soak(length: Duration) {
    let app = start(MemoryLimits::default()).await;
    let stage = app.stages.stage("default").expect("it is there");
    let clock = SystemClock::new();
    let until = clock.monotonic() + length;
    let mut loops = Vec::new();
    for name in ["pattern", "athelas"] {
        let vendor = app.stages.vendor(name).expect("it is built in");
        let credentials = vendor
            .document(&app.stages.mock(vendor, &stage))
            .credentials;
        let (address, request) = (app.stages.address, token_request(vendor, &credentials));
        loops.push(tokio::task::spawn_blocking(move || {
            let (mut stream, mut buffer) = (connect(address), Vec::new());
            let mut count = 0_u64;
            while clock.monotonic() < until {
                let status = exchange(&mut stream, &request, &mut buffer);
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&buffer));
                count += 1;
            }
            count
        }));
    }
    let start = clock.monotonic();
    while clock.monotonic() < until {
        tokio::time::sleep(Duration::from_secs(10).min(until.saturating_sub(clock.monotonic())))
            .await;
        println!(
            "soak: {:3} s, {} MiB resident, {} MiB accounted",
            clock.monotonic().saturating_sub(start).as_secs(),
            resident() >> 20,
            app.stages.memory().used() >> 20
        );
    }
    let mut count = 0;
    for each in loops {
        count += each.await.expect("it ends");
    }
    println!("soak: {count} tokens issued");
}

fn token_request(
    vendor: &Arc<dyn Vendor>,
    credentials: &serde_json::Map<String, Value>,
) -> Vec<u8> {
    let secret = |name: &str| Secret::new(credentials[name].as_str().unwrap_or_default());
    let path = &vendor.profile().endpoints["token"].path;
    let path = format!("/{}{path}", vendor.profile().vendor);
    let form = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n";
    if credentials.contains_key("username") {
        let (name, word) = (secret("username"), secret("password"));
        let body = format!(
            "username={}&password={}",
            escaped(name.expose()),
            escaped(word.expose())
        );
        return post(&path, form, &body);
    }
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!(
            "{}:{}",
            secret("client_id").expose(),
            secret("client_secret").expose()
        ),
    );
    let headers = format!("{form}Authorization: Basic {basic}\r\n");
    post(&path, &headers, "grant_type=client_credentials")
}

/// A value of a form (RFC 1866 §8.2.1).
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
