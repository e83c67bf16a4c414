//! TLS over the wire: a client with the authority alone, and what goes wrong.

use std::sync::Arc;

use locum_core::Profile;
use locum_testkit::http;
use locum_testkit::profile::ACME;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::plain::PlainVendor;
use crate::tls::{CertificateKind, Identity, TlsOptions};
use crate::{App, ServerConfig, Vendor};

pub(super) const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
pub(super) const LOGIN: &[u8] =
    b"grant_type=client_credentials&client_id=client-a&client_secret=canary-secret-of-client-a";

fn vendor() -> Arc<dyn Vendor> {
    let hosts = "hosts = [\"API_HOSTNAME\", \"api.acme.test\"]\n[urls]";
    let profile = Profile::parse("acme.toml", &ACME.replace("[urls]", hosts)).expect("a profile");
    assert_eq!(profile.hosts, ["API_HOSTNAME", "api.acme.test"]);
    Arc::new(PlainVendor::new(profile).expect("a plain vendor"))
}

#[test]
fn a_certificate_names_hosts_and_nothing_that_stands_for_one() {
    let names = crate::app::certified_names(&ServerConfig::loopback(), &[vendor()]);
    assert_eq!(names, ["localhost", "127.0.0.1", "::1", "api.acme.test"]);
    for name in names {
        ServerName::try_from(name.clone()).expect(&name);
        assert!(
            !name.contains('_'),
            "{name} is no host name (RFC 1123 §2.1)"
        );
    }
}

pub(super) async fn start(identity: Identity) -> App {
    let config = ServerConfig {
        tls: Some(TlsOptions {
            port: 0,
            identity,
            bad: true,
        }),
        ..ServerConfig::loopback()
    };
    App::start(config, vec![vendor()]).await.expect("it starts")
}

/// One plain call of the control API.
pub(super) async fn control(app: &App, line: &str, body: &str) -> http::Answer {
    let host = app.stages.address.to_string();
    http::send(&host, &http::request(&host, line, "", body.as_bytes())).await
}

pub(super) async fn ca(app: &App) -> CertificateDer<'static> {
    let answer = control(app, "GET /_locum/ca.pem", "").await;
    assert_eq!(answer.status, 200);
    CertificateDer::from_pem_slice(&answer.body).expect("a certificate")
}

/// A connection to `address` that trusts `ca` alone and asks for `name`.
pub(super) async fn connect(
    address: &str,
    name: &'static str,
    ca: CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(ca).expect("a certificate");
    let mut config = rustls::ClientConfig::builder_with_provider(crate::tls::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name).expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// One request over such a connection.
pub(super) async fn request(
    mut stream: TlsStream<TcpStream>,
    host: &str,
    line: &str,
    headers: &str,
    body: &[u8],
) -> http::Answer {
    let headers = format!("connection: close\r\n{headers}");
    stream
        .write_all(&http::request(host, line, &headers, body))
        .await
        .expect("it takes bytes");
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .expect("an orderly end");
    http::parse(&bytes, true).expect("an answer")
}

/// What became of the attempts so far.
async fn handshakes(app: &App) -> Vec<Value> {
    let answer = control(app, "GET /_locum/tls", "").await.json();
    answer["handshakes"].as_array().expect("a list").clone()
}

fn tls_address(app: &App) -> String {
    app.stages
        .tls
        .as_ref()
        .expect("TLS is on")
        .address
        .to_string()
}

#[tokio::test]
async fn a_client_with_the_authority_alone_gets_a_token() {
    let app = start(Identity::Made).await;
    let (address, ca) = (tls_address(&app), ca(&app).await);
    for name in ["127.0.0.1", "localhost", "::1"] {
        let stream = connect(&address, name, ca.clone()).await.expect(name);
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let answer = request(stream, &address, "POST /acme/oauth/token", FORM, LOGIN).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_documented_host_is_served_at_the_root() {
    let app = start(Identity::Made).await;
    let (address, ca) = (tls_address(&app), ca(&app).await);
    for host in ["api.acme.test", "API.acme.test:443", "elsewhere.test"] {
        let stream = connect(&address, "api.acme.test", ca.clone()).await;
        let stream = stream.expect("its name is in the certificate");
        let answer = request(stream, host, "POST /oauth/token", FORM, LOGIN).await;
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_stage_document_names_addresses_over_tls() {
    let app = start(Identity::Made).await;
    let made = control(
        &app,
        "POST /_locum/stages",
        r#"{"name": "own", "listen": true}"#,
    )
    .await;
    let main = tls_address(&app);
    let own = app.stages.stage("own").expect("it was made").ports("acme");
    let own = own.and_then(|ports| ports.tls).expect("it speaks TLS");
    let check = |document: &Value, root: &str| {
        assert_eq!(document["tls"]["base"], format!("https://{main}"));
        assert_eq!(document["tls"]["ca_pem"], "/_locum/ca.pem");
        let vendor = &document["vendors"]["acme"];
        assert_eq!(vendor["tls_urls"]["token"], format!("{root}/oauth/token"));
        assert!(
            vendor["urls"]["token"]
                .as_str()
                .is_some_and(|url| url.starts_with("http://"))
        );
        assert!(
            vendor["env"]["LOCUM_TOKEN_URL"]
                .as_str()
                .is_some_and(|url| url.starts_with("http://"))
        );
    };
    check(&made.json(), &format!("https://{own}"));
    let default = control(&app, "GET /_locum/stages/default", "").await;
    check(&default.json(), &format!("https://{main}/acme"));

    // Who asks over TLS is answered in https throughout.
    let ca = ca(&app).await;
    for (stage, root) in [
        ("own", format!("https://{own}")),
        ("default", format!("https://{main}/acme")),
    ] {
        let stream = connect(&main, "127.0.0.1", ca.clone()).await.expect("TLS");
        let line = format!("GET /_locum/stages/{stage}");
        let document = request(stream, &main, &line, "", b"").await.json();
        let vendor = &document["vendors"]["acme"];
        assert_eq!(vendor["base"], root);
        assert_eq!(
            vendor["env"]["LOCUM_TOKEN_URL"],
            format!("{root}/oauth/token")
        );
        assert_eq!(
            vendor["env"]["LOCUM_CONTROL_URL"],
            format!("https://{main}/_locum/stages/{stage}")
        );
    }
    let stream = connect(&own.to_string(), "127.0.0.1", ca)
        .await
        .expect("TLS");
    let answer = request(stream, &own.to_string(), "POST /oauth/token", FORM, b"").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_bad_certificate_is_bad_in_its_own_way() {
    let app = start(Identity::Made).await;
    let ca = ca(&app).await;
    let offer = app.stages.tls.as_ref().expect("TLS is on");
    assert_eq!(offer.bad.len(), 5);
    for (kind, address) in &offer.bad {
        let broken = connect(&address.to_string(), "127.0.0.1", ca.clone()).await;
        let error = broken.expect_err("it is bad").to_string().to_lowercase();
        let expected = match kind {
            CertificateKind::Expired => "expired",
            CertificateKind::NotYetValid => "not valid yet",
            CertificateKind::WrongHost => "not valid for name",
            CertificateKind::Untrusted | CertificateKind::SelfSigned => "unknownissuer",
            CertificateKind::Good => unreachable!("it is not bad"),
        };
        assert!(error.contains(expected), "{kind:?}: {error}");
    }
    let seen = handshakes(&app).await;
    let (mut of_bad, mut result) = (offer.bad.iter(), seen.iter());
    assert_eq!(seen.len(), 5);
    assert!(
        result.all(|one| {
            let (kind, _) = of_bad.next().expect("as many");
            one["certificate"] == kind.label() && one["result"] == "refused" && one["requests"] == 0
        }),
        "{seen:?}"
    );
    let document = control(&app, "GET /_locum/stages/default", "").await.json();
    let bad = document["tls"]["bad"].as_object().expect("they are named");
    let mut expected: Vec<_> = offer.bad.iter().map(|(kind, _)| kind.label()).collect();
    let mut named: Vec<_> = bad.keys().map(String::as_str).collect();
    expected.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, expected);
}

#[tokio::test]
async fn plain_http_on_the_port_is_told_so_and_journalled() {
    let app = start(Identity::Made).await;
    let address = tls_address(&app);
    for line in [
        "POST /acme/oauth/token",
        "GET /_locum/health",
        "GET /",
        "GET /nobody",
    ] {
        let answer = http::send(&address, &http::request(&address, line, FORM, LOGIN)).await;
        assert_eq!(answer.status, 400, "{line}: {}", answer.text());
        assert_eq!(
            answer.json()["error"],
            "plain http on a port that speaks TLS"
        );
        assert!(
            answer.json()["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains(&format!("https://{address}")))
        );
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let journal = control(&app, "GET /_locum/journal", "").await.json();
    let entries = journal["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 1, "{journal}");
    assert_eq!(entries[0]["outcome"], "denied");
    assert_eq!(
        entries[0]["denial"]["got"],
        "plain http on a port that speaks TLS"
    );
    assert_eq!(entries[0]["issued"], Value::Null);
}

#[tokio::test]
async fn a_broken_hello_ends_its_own_connection_only() {
    let app = start(Identity::Made).await;
    let address = tls_address(&app);
    // A silent client is there all the while.
    let _silent = TcpStream::connect(&address).await.expect("it listens");
    for hello in [&b"\x16\x03\x01\x00\x05hello"[..], &[0x16; 2000]] {
        let received = http::send_until_end(&address, hello)
            .await
            .unwrap_or_default();
        // An alert (RFC 8446 §6), or nothing.
        assert!(
            received.first().is_none_or(|byte| *byte == 0x15),
            "{received:?}"
        );
    }
    let ca = ca(&app).await;
    let stream = connect(&address, "localhost", ca)
        .await
        .expect("it still answers");
    let answer = request(stream, &address, "GET /_locum/health", "", b"").await;
    assert_eq!(answer.status, 200);
    let seen = handshakes(&app).await;
    let ok = seen.last().expect("the last one");
    assert_eq!((&ok["result"], &ok["requests"]), (&"ok".into(), &1.into()));
    assert_eq!(ok["server_name"], "localhost");
    let failed = seen.iter().filter(|one| one["result"] == "failed");
    assert_eq!(failed.count(), 2, "{seen:?}");
}

#[tokio::test]
async fn without_tls_there_is_no_authority() {
    let profile = Profile::parse("acme.toml", ACME).expect("a profile");
    let vendor = Arc::new(PlainVendor::new(profile).expect("a plain vendor"));
    let app = App::start(ServerConfig::loopback(), vec![vendor])
        .await
        .expect("it starts");
    let answer = control(&app, "GET /_locum/ca.pem", "").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("--tls"));
    let document = control(&app, "GET /_locum/stages/default", "").await.json();
    assert_eq!(document["tls"], Value::Null);
    assert_eq!(document["vendors"]["acme"]["tls_urls"], Value::Null);
}

#[tokio::test]
async fn who_asks_over_tls_is_told_where_the_authority_is_kept() {
    let folder = std::env::temp_dir().join(format!("locum-tls-env-{}", std::process::id()));
    let app = start(Identity::Kept(folder.clone())).await;
    let (address, ca) = (tls_address(&app), ca(&app).await);
    let stream = connect(&address, "localhost", ca).await.expect("TLS");
    let line = "GET /_locum/stages/default";
    let document = request(stream, &address, line, "", b"").await.json();
    let file = document["vendors"]["acme"]["env"]["LOCUM_CA_FILE"].as_str();
    assert_eq!(file, folder.join("ca.pem").to_str());
    let plain = control(&app, line, "").await.json();
    assert_eq!(
        plain["vendors"]["acme"]["env"]["LOCUM_CA_FILE"],
        Value::Null
    );
    let _ = std::fs::remove_dir_all(folder);
}
