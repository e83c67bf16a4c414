//! TLS towards a vendor: what is trusted, and the handshake.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{HttpError, Url};

/// Whose certificates are accepted: what the machine trusts, and authorities beside it. There is no
/// way to accept any certificate.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    inner: Arc<Inner>,
    /// Whether only this very machine is spoken to.
    only_here: bool,
}

#[derive(Debug, Default)]
struct Inner {
    authorities: Vec<CertificateDer<'static>>,
    /// Made when it is first needed: reading what the machine trusts takes milliseconds.
    config: OnceLock<Result<Arc<ClientConfig>, HttpError>>,
}

impl Trust {
    /// The machine's authorities and those in `pem`.
    ///
    /// # Errors
    /// A fragment that says what is wrong with `pem`.
    pub fn with_authorities(pem: &[u8]) -> Result<Self, String> {
        let read = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let authorities = read.map_err(|error| format!("it cannot be read: {error}"))?;
        let mut roots = rustls::RootCertStore::empty();
        for authority in &authorities {
            let added = roots.add(authority.clone());
            added.map_err(|error| format!("a certificate in it cannot be read: {error}"))?;
        }
        if authorities.is_empty() {
            return Err("it holds no certificate in PEM".to_owned());
        }
        Ok(Self {
            inner: Arc::new(Inner {
                authorities,
                config: OnceLock::new(),
            }),
            only_here: false,
        })
    }

    /// The same for a rehearsal: whatever an address says, no connection leaves this machine.
    #[must_use]
    pub fn only_here(mut self) -> Self {
        self.only_here = true;
        self
    }

    /// Whether a connection to `url` may be made.
    pub(crate) fn allows(&self, url: &Url) -> bool {
        !self.only_here || url.is_here()
    }

    /// Makes the handshake with the host of a URL.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, HttpError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| HttpError::Address(format!("`{host}` is no name of a host")))?;
        let Inner {
            authorities,
            config,
        } = &*self.inner;
        let config = config.get_or_init(|| configured(authorities));
        let connector = TlsConnector::from(config.clone()?);
        connector.connect(name, stream).await.map_err(failure)
    }
}

fn configured(authorities: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, HttpError> {
    let failed = |error: rustls::Error| HttpError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra = authorities.iter().cloned();
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(failed)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        // Not less than the usual one: it asks the machine.
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A refused certificate is told from a connection that broke.
fn failure(error: std::io::Error) -> HttpError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            HttpError::Certificate(reason.to_string())
        }
        Some(other) => HttpError::Tls(other.to_string()),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_stays_on_this_machine() {
        let at = |url: &str| Url::parse(url).expect("a URL");
        let trust = Trust::default().only_here();
        assert!(trust.allows(&at("http://127.0.0.1:1/")));
        assert!(!trust.allows(&at("https://auth.example/")));
        assert!(Trust::default().allows(&at("https://auth.example/")));
    }

    #[test]
    fn authorities_are_certificates_in_pem() {
        let check = |pem: &str, part: &str| {
            let error = Trust::with_authorities(pem.as_bytes()).expect_err(part);
            assert!(error.contains(part), "{error}");
        };
        check("", "no certificate");
        check("nothing", "no certificate");
        check(
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "cannot be read",
        );
        check("-----BEGIN CERTIFICATE-----\nAAAA\n", "cannot be read");
    }
}
