//! From an accepted connection to one that carries requests: the TLS handshake, where there is one.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::stream::Stream;
use crate::Stages;
use crate::tls::CertificateKind;

/// How long a client may take until TLS is established.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The first byte of a TLS handshake (RFC 8446 §5.1); no HTTP method begins with it.
const HANDSHAKE: u8 = 0x16;

/// What protects a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Nothing, and nothing was promised.
    Plain,
    /// TLS.
    Tls {
        /// The certificate that the client accepted.
        certificate: CertificateKind,
        /// The host that the client asked for (RFC 6066 §3), in lower case.
        server_name: Option<String>,
    },
    /// Nothing, where TLS is spoken: the client is told so.
    PlainOnTls,
}

impl Security {
    pub(super) const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }
}

/// Establishes what the port promises; `None` when that ended the connection.
pub(super) async fn establish(
    stream: TcpStream,
    certificate: Option<CertificateKind>,
    stages: &Stages,
) -> Option<(Stream, Security)> {
    let (Some(certificate), Some(offer)) = (certificate, &stages.tls) else {
        return Some((Stream::Plain(stream), Security::Plain));
    };
    let shaken = async {
        let mut first = [0];
        match stream.peek(&mut first).await {
            Ok(1) if first[0] == HANDSHAKE => {}
            Ok(1) => return Some((Stream::Plain(stream), Security::PlainOnTls)),
            _ => return None,
        }
        let config = offer.tls.config(certificate).await;
        // A failure has sent its alert already.
        let stream = TlsAcceptor::from(config).accept(stream).await.ok()?;
        let server_name = stream.get_ref().1.server_name();
        let security = Security::Tls {
            certificate,
            server_name: server_name.map(str::to_ascii_lowercase),
        };
        Some((Stream::Tls(Box::new(stream)), security))
    };
    tokio::time::timeout(HANDSHAKE_TIMEOUT, shaken)
        .await
        .unwrap_or(None)
}
