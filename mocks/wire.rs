//! Raw HTTP for the vendors' tests: bytes out, an answer in, nothing interpreted on the way.

use std::sync::Arc;

use locum_server::stage::Stage;
use locum_server::{App, ServerConfig, Vendor};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server with one vendor, at the root of a port of its own.
pub(crate) struct Bench {
    pub(crate) running: App,
    pub(crate) stage: Arc<Stage>,
    pub(crate) vendor: String,
    address: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

impl Bench {
    /// Starts `vendor`; the stage is seeded with 7 and its clock stands still.
    pub(crate) async fn start(vendor: impl Vendor) -> Self {
        let word = vendor.profile().vendor.clone();
        let running = App::start(ServerConfig::loopback(), vec![Arc::new(vendor)])
            .await
            .expect("it starts");
        let spec = serde_json::json!({"name": "test", "seed": 7, "listen": true, "clock": {"mode": "frozen"}});
        let spec = serde_json::from_value(spec).expect("a stage spec");
        let stage = running.stages.add(spec).await.expect("a stage");
        let address = stage.address(&word).expect("it listens").to_string();
        Self {
            running,
            stage,
            vendor: word,
            address,
        }
    }

    /// `host:port` of the vendor.
    pub(crate) fn host(&self) -> &str {
        &self.address
    }

    /// Sets a setting of the vendor.
    pub(crate) fn set(&self, name: &str, value: impl Into<Value>) {
        let mut changes = serde_json::Map::new();
        changes.insert(format!("{}.{name}", self.vendor), value.into());
        self.stage.change_settings(&changes).expect("a setting");
    }

    /// Puts a twin in the vendor's place.
    pub(crate) fn twin(&self, name: &str) {
        let vendor = self
            .running
            .stages
            .vendor(&self.vendor)
            .expect("it is there");
        let twin = vendor
            .twins()
            .iter()
            .find(|twin| twin.name == name)
            .expect("a twin");
        self.stage
            .put_twin(&self.vendor, twin)
            .expect("settings of a twin");
    }

    /// Lets seconds pass.
    pub(crate) fn advance(&self, seconds: f64) {
        self.stage
            .clock
            .adjust(locum_server::ClockChange::advance(seconds));
    }

    /// What the stage document says of the vendor.
    pub(crate) fn document(&self) -> locum_server::Document {
        let vendor = self
            .running
            .stages
            .vendor(&self.vendor)
            .expect("it is there");
        vendor.document(&self.running.stages.mock(vendor, &self.stage))
    }

    /// A credential of the first principal.
    pub(crate) fn credential(&self, name: &str) -> String {
        self.document().credentials[name]
            .as_str()
            .expect("text")
            .to_owned()
    }

    /// Sends bytes as they are and reads one answer.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        stream
            .write_all(bytes.as_ref())
            .await
            .expect("it takes bytes");
        read(&mut stream).await
    }

    /// Sends a request; `headers` is lines with `\r\n` at the end of each, Host and length are added.
    pub(crate) async fn request(
        &self,
        line: &str,
        headers: &str,
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let body = body.as_ref();
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let mut bytes = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\n{headers}{length}\r\n",
            self.address
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.send(bytes).await
    }
}

/// Reads one answer.
pub(crate) async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return answer;
        }
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            return parse(&bytes, true).unwrap_or(Answer {
                status: 0,
                headers: Vec::new(),
                body: bytes,
            });
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}

fn parse(bytes: &[u8], ended: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse::<usize>().ok());
    let complete = match length {
        _ if status == 101 || status == 204 => true,
        Some(length) => body.len() >= length,
        None => ended,
    };
    (complete || ended).then(|| Answer {
        status,
        headers,
        body: body.to_vec(),
    })
}
