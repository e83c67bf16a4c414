//! A vendor on loopback: it records requests and answers them by a closure.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use locum_client::{Client, Config, Credentials};
use locum_core::{Clock, ManualClock, Profile, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request, as the vendor received it.
#[derive(Clone, Debug)]
pub(crate) struct RecordedRequest {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl RecordedRequest {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A reply that a test has written.
pub(crate) struct CannedReply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl CannedReply {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn text(&self) -> String {
        let mut headers = String::new();
        for (name, value) in &self.headers {
            headers.extend([name, ": ", value, "\r\n"]);
        }
        let (status, length) = (self.status, self.body.len());
        format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{}",
            self.body
        )
    }
}

/// A vendor that listens on loopback, with a clock for its client.
pub(crate) struct Vendor {
    pub(crate) base: String,
    pub(crate) seen: Arc<Mutex<Vec<RecordedRequest>>>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Vendor {
    /// Answers each request by its count from 1 among those with the same path.
    pub(crate) async fn new(
        answer: impl Fn(usize, &RecordedRequest) -> CannedReply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<RecordedRequest>>> = Arc::default();
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(serve(stream, log, move |n, seen| answer(n, seen)));
            }
        });
        let start = Timestamp::from_seconds(1_795_514_400);
        Self {
            base,
            seen,
            clock: Arc::new(ManualClock::at(start)),
        }
    }

    /// The number of requests to a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.to(path).len()
    }

    /// The requests to a path.
    pub(crate) fn to(&self, path: &str) -> Vec<RecordedRequest> {
        let seen = self.seen.lock().expect("whole");
        let of = |seen: &&RecordedRequest| seen.target.split('?').next() == Some(path);
        seen.iter().filter(of).cloned().collect()
    }

    pub(crate) fn config(&self, credentials: Credentials) -> Config {
        Config {
            token_url: format!("{}/token", self.base),
            api_url: format!("{}/api", self.base),
            ws_url: None,
            revoke_url: Some(format!("{}/revoke", self.base)),
            ca_pem: None,
            tenant: Some("base".into()),
            credentials,
            cognito: None,
        }
    }

    pub(crate) fn client(&self, profile: &Profile) -> Client {
        self.client_with(profile, self.config(client_credentials()))
    }

    pub(crate) fn client_with(&self, profile: &Profile, config: Config) -> Client {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        Client::new(profile, config, clock, 7).expect("a client")
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<RecordedRequest>>>,
    answer: impl Fn(usize, &RecordedRequest) -> CannedReply,
) {
    while let Some(seen) = read(&mut stream).await {
        let path = |seen: &RecordedRequest| seen.target.split('?').next().map(str::to_owned);
        let n = {
            let mut log = log.lock().expect("whole");
            log.push(seen.clone());
            log.iter()
                .filter(|other| path(other) == path(&seen))
                .count()
        };
        let text = answer(n, &seen).text();
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<RecordedRequest> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).await.ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).expect("ASCII");
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body = vec![0; length.parse().expect("a number")];
        stream.read_exact(&mut body).await.ok()?;
    } else if headers.contains_key("transfer-encoding") {
        while !body.ends_with(b"0\r\n\r\n") {
            stream.read_exact(&mut byte).await.ok()?;
            body.push(byte[0]);
        }
    }
    Some(RecordedRequest {
        method,
        target,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Credentials of a confidential client.
pub(crate) fn client_credentials() -> Credentials {
    Credentials::Client {
        client_id: "id".into(),
        client_secret: "s:e cret".into(),
    }
}

/// Credentials of an account.
pub(crate) fn account() -> Credentials {
    Credentials::User {
        username: "svc+a@example.com".into(),
        password: "p&w".into(),
    }
}

/// A profile with these token facts and further top-level members.
pub(crate) fn profile(token: &Value, rest: &Value) -> Profile {
    let mut profile = json!({
        "vendor": "acme", "title": "Acme", "urls": {}, "endpoints": {}, "denials": {},
    });
    profile["token"] = token.clone();
    for (name, value) in rest.as_object().expect("members") {
        profile[name] = value.clone();
    }
    serde_json::from_value(profile).expect("a profile")
}

/// Client credentials in the body, seconds.
pub(crate) fn plain() -> Profile {
    profile(
        &json!({"grant": "client_credentials", "expires_in": "seconds", "lifetime_s": 300}),
        &json!({}),
    )
}

/// A token response with another token for each request.
pub(crate) fn token(n: usize) -> CannedReply {
    let body =
        json!({"access_token": format!("tok{n}"), "token_type": "bearer", "expires_in": 300});
    CannedReply::json(200, &body)
}
