//! The server, or the ports where one would be; its clock and its certificate.

use std::net::{IpAddr, Ipv4Addr, TcpListener, ToSocketAddrs as _};
use std::time::Duration;

use locum_core::{Clock as _, SystemClock, Timestamp};
use locum_harness::http::{HttpError, Trust, Url, connect};
use serde_json::Value;

use super::Finding;
use crate::command::failure;
use crate::command::remote::{DEFAULT_URL, RemoteStage};

/// Where `locum serve` listens unless it is told otherwise, and where it speaks TLS with `--tls`.
const PORT: u16 = 4700;
const TLS_PORT: u16 = 4743;

/// From here on a clock that was turned is worth a word.
const SKEW: Duration = Duration::from_secs(60);

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// No machine that this program was built for shows an earlier time.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// What there is to say of the server that `stage` is on.
pub(super) async fn findings(stage: &RemoteStage) -> Vec<Finding> {
    let document = match stage.get("").await {
        Ok(document) => document,
        Err(failure) if failure.code == failure::UNREACHABLE && stage.url() == DEFAULT_URL => {
            return vec![
                port(PORT, "--port"),
                port(TLS_PORT, "--tls-port"),
                machine(),
            ];
        }
        Err(failure) => {
            let (what, cure) = failure.into_parts();
            let cure = cure.unwrap_or_else(|| "GET /_locum/stages lists its stages".to_owned());
            return vec![Finding::fail("server", what, cure), machine()];
        }
    };
    let vendors = document["vendors"].as_object().into_iter().flatten();
    let vendors: Vec<&str> = vendors.map(|(slug, _)| slug.as_str()).collect();
    let told = format!("answers at {} with {}", stage.url(), vendors.join(", "));
    let mut findings = vec![Finding::ok("server", told), machine()];
    findings.extend(clock(&document, stage));
    if let Some(base) = document["tls"]["base"].as_str() {
        findings.push(certificate(base).await);
    }
    findings
}

/// Whether a server could have the port.
fn port(port: u16, flag: &str) -> Finding {
    let name = "port";
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Finding::ok(name, format!("{port} is free")),
        Err(error) => Finding::fail(
            name,
            format!("{port} cannot be had: {error}"),
            format!("locum serve {flag} 0 takes any free one"),
        ),
    }
}

/// Whether the machine's clock can be right at all.
fn machine() -> Finding {
    let now = SystemClock::new().now();
    match now < EARLIEST {
        true => Finding::fail(
            "clock",
            format!("this machine's clock shows {}", now.rfc3339()),
            "set it: certificates and signatures are refused",
        ),
        false => Finding::ok("clock", format!("this machine's shows {}", now.rfc3339())),
    }
}

/// How far the stage's clock is from the machine's.
fn clock(document: &Value, stage: &RemoteStage) -> Option<Finding> {
    let theirs = Timestamp::parse_rfc3339(document["clock"]["now"].as_str()?)?;
    let ours = SystemClock::new().now();
    let (ahead, back) = (theirs.since(ours), ours.since(theirs));
    let (by, way) = match ahead > back {
        true => (ahead, "ahead of"),
        false => (back, "behind"),
    };
    if by < SKEW {
        return None;
    }
    let what = format!(
        "the stage `{}` is {} s {way} this machine: a client that was not turned with it renews too late or too early, and its AWS signatures are refused from 300 s on",
        stage.name(),
        by.as_secs()
    );
    let cure = format!(
        "curl -X POST {}/_locum/stages/{}/clock/reset",
        stage.url(),
        stage.name()
    );
    Some(Finding::warn("clock", what, cure))
}

/// Whether this machine trusts the server's certificate.
async fn certificate(base: &str) -> Finding {
    let name = "tls";
    let cure = "give clients the authority: curl -s URL/_locum/ca.pem, or the folder of --ca-dir, by --cacert, SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS";
    let Ok(url) = Url::parse(base) else {
        return Finding::fail(
            name,
            format!("{base} is no address"),
            "GET /_locum/stages/default",
        );
    };
    let trust = Trust::default();
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, connect(&url, &trust)).await {
        Ok(Ok(_)) => Finding::ok(
            name,
            format!("this machine trusts the certificate of {base}"),
        ),
        Ok(Err(HttpError::Certificate(reason))) => Finding::warn(
            name,
            format!("this machine does not trust the certificate of {base}: {reason}"),
            cure,
        ),
        Ok(Err(error)) => Finding::fail(name, format!("{base}: {error}"), "is a proxy in front?"),
        Err(_) => Finding::fail(name, format!("{base}: no handshake within 5 s"), cure),
    }
}

/// Whether the name leads to the address on which the server listens.
pub(super) fn localhost() -> Finding {
    let name = "localhost";
    let addresses = ("localhost", 0).to_socket_addrs();
    let addresses: Vec<IpAddr> = addresses
        .map(|all| all.map(|one| one.ip()).collect())
        .unwrap_or_default();
    let mut shown: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    shown.dedup();
    if addresses.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)) {
        return Finding::ok(name, format!("leads to {}", shown.join(" and ")));
    }
    let leads = match shown.as_slice() {
        [] => "nowhere".to_owned(),
        shown => format!("to {} alone", shown.join(" and ")),
    };
    Finding::fail(
        name,
        format!("leads {leads}, and the server listens on 127.0.0.1"),
        "write `127.0.0.1 localhost` into the hosts file, or call it by 127.0.0.1",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::State;

    #[test]
    fn a_port_that_is_taken_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let number = taken.local_addr().expect("an address").port();
        let finding = port(number, "--port");
        assert_eq!(finding.state, State::Fail);
        assert!(finding.what.contains(&number.to_string()));
    }
}
