//! A server with one small vendor, and HTTP in raw bytes.

use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Level;
use locum_core::{DenialKind, Entry, Profile, Secret, TokenKind, Verdict};
use locum_testkit::http::send_until_end;
use locum_testkit::profile::ACME;
use serde_json::Value;

use crate::judge::{JournalJudge, JudgedRow};
use crate::mint::{Defect, MintError, MintRequest, Minted};
use crate::plain::PlainVendor;
use crate::tls::{Identity, TlsOptions};
use crate::vendor::VendorState;
use crate::{App, Document, Mock, NewToken, Routes, ServerConfig, StageInit, Twin, Vendor};

pub(super) const SECRET: &str = "canary-secret-of-client-a";

const TWINS: &[Twin] = &[
    Twin {
        pardons: |_, denial| matches!(denial.kind, DenialKind::BadSecret),
        ..Twin::named("any-secret", "every client secret gives a token")
    },
    Twin {
        settings: || vec![("acme.token_format", "jwt".into())],
        ..Twin::named("jwt-only", "tokens are always JWTs")
    },
];

/// A plain vendor that has twins.
struct Acme(PlainVendor);

impl Vendor for Acme {
    fn profile(&self) -> &Profile {
        self.0.profile()
    }
    fn routes(&self) -> Routes {
        self.0.routes()
    }
    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String> {
        self.0.new_state(init)
    }
    fn document(&self, mock: &Mock) -> Document {
        let mut document = self.0.document(mock);
        document.params.insert("group".into(), "g-1".into());
        document
    }
    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String> {
        self.0.change_principals(mock, principals)
    }
    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        let defects = [Defect::Expired, Defect::Revoked, Defect::Unknown];
        request.check(&[TokenKind::Access], &defects)?;
        let lifetime = Duration::from_secs(request.lifetime(60));
        let value = mock.random_alphanumeric(20);
        let token = NewToken::new(
            TokenKind::Access,
            "client-a",
            mock.stage.next_login(),
            lifetime,
        );
        Ok(Minted { value, token })
    }
    fn has_signing_key(&self, _: &Mock) -> bool {
        true
    }
    fn twins(&self) -> &'static [Twin] {
        TWINS
    }
}

/// A judge with one requirement, which each entry meets.
struct EntriesPass;

impl JournalJudge for EntriesPass {
    fn judge(&self, profile: &Profile, entries: &[Arc<Entry>]) -> Vec<JudgedRow> {
        vec![JudgedRow {
            id: "ANY-01".to_owned(),
            vendor: profile.vendor.clone(),
            level: Level::Must,
            requirement: "The client calls.".to_owned(),
            verdict: Verdict::Pass,
            why: "it called".to_owned(),
            expected: None,
            evidence: entries.iter().map(|entry| entry.id).collect(),
        }]
    }
}

fn vendor(toml: &str) -> Arc<dyn Vendor> {
    let profile = Profile::parse("acme.toml", toml).expect("a profile");
    Arc::new(Acme(PlainVendor::new(profile).expect("a plain vendor")))
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A running server.
pub(super) struct Bench {
    pub(super) running: App,
}

impl Bench {
    pub(super) async fn start() -> Self {
        Self::with_token(None).await
    }

    pub(super) async fn with_token(token: Option<&str>) -> Self {
        let mut config = ServerConfig::loopback();
        config.control_token = token.map(Secret::from);
        Self::with_config(config).await
    }

    /// It has all that a call may ask for.
    pub(super) async fn with_all_options() -> Self {
        Self::with_config(ServerConfig {
            tls: Some(TlsOptions {
                port: 0,
                identity: Identity::Made,
                bad: false,
            }),
            judge: Some(Arc::new(EntriesPass)),
            ..ServerConfig::loopback()
        })
        .await
    }

    pub(super) async fn with_config(config: ServerConfig) -> Self {
        let bolt = ACME.replace("\"acme\"", "\"bolt\"");
        let vendors = vec![vendor(ACME), vendor(&bolt)];
        let running = App::start(config, vendors).await.expect("it starts");
        Self { running }
    }

    pub(super) fn host(&self) -> String {
        self.running.stages.address.to_string()
    }

    /// `line` is method and path; header lines end in CRLF.
    pub(super) async fn raw(&self, line: &str, headers: &str, body: &str) -> Answer {
        let host = self.host();
        let bytes = exchange(&host, &host, line, headers, body).await;
        Answer::read(&bytes.expect("an answer"))
    }

    /// One call of the control API: `line` is method and path below `/_locum`.
    pub(super) async fn call(&self, line: &str, body: &str) -> Answer {
        let line = line.replacen(' ', " /_locum", 1);
        self.raw(&line, "", body).await
    }

    /// A call that must answer so; gives its JSON.
    pub(super) async fn done(&self, line: &str, body: &str, status: u16) -> Value {
        let answer = self.call(line, body).await;
        assert_eq!(answer.status, status, "{line} {body}: {}", answer.body);
        answer.json()
    }

    /// A token request of client-a to the vendor at `root`, with this secret.
    pub(super) async fn login(&self, root: &str, secret: &str) -> Answer {
        let form =
            format!("grant_type=client_credentials&client_id=client-a&client_secret={secret}");
        self.raw(&format!("POST {root}/oauth/token"), FORM, &form)
            .await
    }

    /// The token that such a request gives.
    pub(super) async fn token(&self, root: &str) -> String {
        let answer = self.login(root, SECRET).await;
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        token.unwrap_or_else(|| panic!("no token: {answer:?}"))
    }

    /// An API request with a token.
    pub(super) async fn thing(&self, root: &str, token: &str) -> Answer {
        let header = format!("authorization: Bearer {token}\r\n");
        self.raw(&format!("GET {root}/api/thing"), &header, "")
            .await
    }
}

pub(super) const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// One exchange on a connection of its own: all bytes that came, or how it broke.
pub(super) async fn exchange(
    address: &str,
    host: &str,
    line: &str,
    headers: &str,
    body: &str,
) -> std::io::Result<Vec<u8>> {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    send_until_end(address, request.as_bytes()).await
}
