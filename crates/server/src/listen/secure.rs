//! From an accepted connection to one that carries requests: the TLS handshake, where there is one.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use locum_core::{Clock as _, HandshakeResult, SystemClock};
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::stream::Stream;
use super::{ListenerScope, Port};
use crate::Stages;
use crate::tls::{Attempt, CertificateKind, HandshakeOutcome, HandshakePlan, Tls, old_version};

/// How long a client may take until TLS is established.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The first byte of a TLS handshake (RFC 8446 §5.1); no HTTP method begins with it.
const HANDSHAKE: u8 = 0x16;

/// What protects a connection.
#[derive(Clone, Debug)]
pub(super) enum Security {
    /// Nothing, and nothing was promised.
    Plain,
    /// TLS.
    Tls {
        /// The certificate that the client accepted.
        certificate: CertificateKind,
        /// The host that the client asked for (RFC 6066 §3), in lower case.
        server_name: Option<String>,
        /// The version and the cipher suite.
        negotiated: (&'static str, &'static str),
        /// Where its requests are counted.
        handshake: Arc<Attempt>,
    },
    /// Nothing, where TLS is spoken: the client is told so.
    PlainOnTls,
}

impl Security {
    pub(super) const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    pub(super) const fn is_plain_on_tls(&self) -> bool {
        matches!(self, Self::PlainOnTls)
    }
}

/// Establishes what the port promises; `None` when that ended the connection.
pub(super) async fn establish(
    stream: TcpStream,
    port: &Port,
    stages: &Stages,
) -> Option<(Stream, Security)> {
    let (Some(certificate), Some(offer)) = (port.certificate, &stages.tls) else {
        return Some((Stream::Plain(stream), Security::Plain));
    };
    let stage = match &port.scope {
        ListenerScope::Vendor { stage, .. } => Some(stage),
        ListenerScope::Main { .. } => None,
    };
    let plan = stage.map(|stage| stage.handshakes.plan());
    let plan = plan.unwrap_or(HandshakePlan::showing(certificate));
    let mut server_name = None;
    let shaken = shake_hands(stream, plan, &offer.tls, &mut server_name);
    let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, shaken).await;
    let shaken = shaken.unwrap_or(Err(HandshakeResult::Timeout.into()));
    let (stream, outcome) = match shaken {
        Ok(Shaken::Tls(stream)) => (Some(Stream::Tls(stream)), HandshakeResult::Ok.into()),
        Ok(Shaken::Plain(stream)) => (Some(Stream::Plain(stream)), HandshakeResult::Plain.into()),
        Err(outcome) => (None, outcome),
    };
    let is_plain = outcome.result == HandshakeResult::Plain;
    let (now, name) = (SystemClock::new().now(), server_name.clone());
    let shown = plan.certificate;
    let handshake = offer.tls.handshakes.note(now, shown, name, outcome);
    if let Some(stage) = stage {
        stage.handshakes.keep(Arc::clone(&handshake));
    }
    let security = match is_plain {
        true => Security::PlainOnTls,
        false => Security::Tls {
            certificate: shown,
            server_name,
            negotiated: stream
                .as_ref()
                .and_then(Stream::negotiated)
                .unwrap_or_default(),
            handshake,
        },
    };
    Some((stream?, security))
}

enum Shaken {
    Tls(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

/// Reads the client's hello, notes the host that it asks for, and shows the certificate. A failure
/// has sent its alert already.
async fn shake_hands(
    mut stream: TcpStream,
    plan: HandshakePlan,
    tls: &Tls,
    server_name: &mut Option<String>,
) -> Result<Shaken, HandshakeOutcome> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == HANDSHAKE => {}
        Ok(1) => return Ok(Shaken::Plain(stream)),
        _ => return Err(HandshakeResult::Closed.into()),
    }
    if plan.max_version.is_some() {
        return Err(old_version::offer(&mut stream, old_version::REFUSAL_TIMEOUT).await);
    }
    let started = LazyConfigAcceptor::new(Acceptor::default(), stream)
        .await
        .map_err(|error| failure(&error))?;
    let asked = started.client_hello().server_name().map(str::to_owned);
    *server_name = asked.map(|name| name.to_ascii_lowercase());
    if plan.break_off {
        return Err(HandshakeResult::BrokenOff.into());
    }
    let config = tls.config(plan.certificate).await;
    let stream = started.into_stream(config).await;
    let stream = stream.map_err(|error| failure(&error))?;
    Ok(Shaken::Tls(Box::new(stream)))
}

fn failure(error: &std::io::Error) -> HandshakeOutcome {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::AlertReceived(alert)) => HandshakeOutcome::refused(*alert),
        Some(other) => HandshakeOutcome::failed(other),
        None => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                HandshakeResult::Closed.into()
            }
            _ => HandshakeOutcome::failed(error),
        },
    }
}
