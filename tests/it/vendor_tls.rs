//! A vendor with one thing wrong about TLS: a bad certificate, an old version, logins in the clear. A
//! server of somebody else's stands between, byte by byte.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;

use super::served::Served;
use super::{Checked, checked_as, folder};

/// The rows that are turned here.
pub(super) const ROWS: [&str; 3] = ["TLS-07", "TLS-08", "TOK-17"];

/// Where a mock of pattern is, with and without TLS, and its documents.
struct Mocked {
    served: Served,
    document: Value,
    ca: String,
}

impl Mocked {
    fn start(name: &str) -> Self {
        let served = Served::start(&["--tls", "--tls-port", "0", "--tls-bad"]);
        let ca = folder(&format!("vendor-tls-{name}")).join("ca.pem");
        fs::write(&ca, served.connect().call("GET /_locum/ca.pem", "").1).expect("written");
        Self {
            document: served.document(),
            ca: ca.to_str().expect("text").to_owned(),
            served,
        }
    }

    /// Exit code and verdict of a row at `base`.
    fn judged(&self, name: &str, base: &str, id: &str) -> (i32, String) {
        let url = format!("{base}/pattern");
        let account = super::tls::account(&self.document, "pattern");
        let arguments = ["pattern", "--url", &url, "--ca", &self.ca, "--id", id];
        let Checked { code, results, .. } = checked_as(name, account, &arguments);
        let rows = results["verdicts"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["id"] == id).expect("its row");
        (code, row["verdict"].as_str().expect("text").to_owned())
    }

    fn tls(&self) -> &str {
        self.document["tls"]["base"].as_str().expect("an address")
    }
}

/// Passes bytes on, both ways.
fn pipe(client: TcpStream, first: &[u8], upstream: &str) {
    let Ok(mut server) = TcpStream::connect(upstream) else {
        return;
    };
    let _ = server.write_all(first);
    let (mut from, mut to) = (
        client.try_clone().expect("a second handle"),
        server.try_clone().expect("a second handle"),
    );
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut client = client;
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// The port of a server that reads what comes first and deals with the rest in this way.
fn between(deal: impl Fn(TcpStream, Vec<u8>) + Clone + Send + 'static) -> u16 {
    let address = super::listener::listen(move |mut stream| {
        let mut first = vec![0; 4096];
        if let Ok(n @ 1..) = stream.read(&mut first) {
            first.truncate(n);
            deal(stream, first);
        }
    });
    address.port()
}

/// An address at the same host with another port.
fn with_port(base: &str, port: u16) -> String {
    let (host, _) = base.rsplit_once(':').expect("a port");
    format!("{host}:{port}")
}

fn authority(base: &str) -> String {
    base.split_once("://").expect("a scheme").1.to_owned()
}

const HANDSHAKE: u8 = 0x16;

#[test]
fn a_certificate_of_another_host_is_told() {
    let mocked = Mocked::start("certificates");
    let honest = mocked.judged("tls-good", mocked.tls(), "TLS-07");
    assert_eq!(honest, (0, "PASS".to_owned()));
    let bad = mocked.document["tls"]["bad"]
        .as_object()
        .expect("addresses");
    for (kind, url) in bad {
        let url = url.as_str().expect("text");
        let seen = mocked.judged(&format!("tls-bad-{kind}"), url, "TLS-07");
        assert_eq!(seen, (4, "FAIL".to_owned()), "{kind}");
    }
    // Where nobody speaks TLS there is nothing to look at, and nothing else was asked for.
    let plain = format!("http://{}", mocked.served.address);
    let seen = mocked.judged("tls-none", &plain, "TLS-07");
    assert_eq!(seen, (6, "N/A".to_owned()));
}

#[test]
fn a_vendor_that_takes_an_old_version_is_told() {
    let mocked = Mocked::start("versions");
    let honest = mocked.judged("tls-new", mocked.tls(), "TLS-08");
    assert_eq!(honest, (0, "PASS".to_owned()));
    let upstream = authority(mocked.tls());
    let port = between(move |mut stream, first| {
        // The version of a hello that offers TLS 1.0 alone.
        if first[0] == HANDSHAKE && first[9..11] == [3, 1] {
            let hello = [
                &[HANDSHAKE, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1][..],
                &[7; 32],
                &[0, 0, 0x2f, 0],
            ];
            let _ = stream.write_all(&hello.concat());
            return;
        }
        pipe(stream, &first, &upstream);
    });
    let seen = mocked.judged("tls-old", &with_port(mocked.tls(), port), "TLS-08");
    assert_eq!(seen, (1, "FAIL".to_owned()));
}

#[test]
fn a_vendor_that_gives_tokens_in_the_clear_is_told() {
    let mocked = Mocked::start("clear");
    let honest = mocked.judged("tls-only", mocked.tls(), "TOK-17");
    assert_eq!(honest, (0, "PASS".to_owned()));
    let (tls, plain) = (authority(mocked.tls()), mocked.served.address.clone());
    let port = between(move |stream, first| {
        let upstream = if first[0] == HANDSHAKE { &tls } else { &plain };
        pipe(stream, &first, upstream);
    });
    let seen = mocked.judged("tls-and-plain", &with_port(mocked.tls(), port), "TOK-17");
    assert_eq!(seen, (1, "FAIL".to_owned()));
}
