//! TLS: who is trusted, and what is checked.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;

use crate::behaviour::CertificateChecks;
use crate::failure::{Failure, Kind};
use crate::http::{Fault, Stream};

/// Makes TLS connections.
pub(crate) struct Connector(tokio_rustls::TlsConnector);

impl Connector {
    /// Trusts the authorities in `ca_file` alone, or without one what the machine trusts.
    pub(crate) fn new(checks: CertificateChecks, ca_file: Option<&str>) -> Result<Self, Failure> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let honest: Arc<dyn ServerCertVerifier> = match ca_file {
            Some(file) => of_file(file, provider.clone())?,
            None => Arc::new(
                rustls_platform_verifier::Verifier::new(provider.clone())
                    .map_err(|_| untrusting("the machine's authorities cannot be read"))?,
            ),
        };
        let verifier: Arc<dyn ServerCertVerifier> = match checks {
            CertificateChecks::All => honest,
            checks => Arc::new(Careless { honest, checks }),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| untrusting("TLS cannot be set up"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self(Arc::new(config).into()))
    }

    /// The handshake.
    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<Box<dyn Stream>, Fault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault::Tls)?;
        match self.0.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(_) => Err(Fault::Tls),
        }
    }
}

fn untrusting(message: &str) -> Failure {
    Failure::new(Kind::Tls, message)
}

fn of_file(
    file: &str,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    let unreadable = || untrusting("ca_file cannot be read as PEM");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unreadable())? {
        let certificate = certificate.map_err(|_| unreadable())?;
        roots.add(certificate).map_err(|_| unreadable())?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|_| untrusting("ca_file holds no authority"))?;
    Ok(verifier)
}

/// A verifier that looks away. Mutants only.
#[derive(Debug)]
struct Careless {
    honest: Arc<dyn ServerCertVerifier>,
    checks: CertificateChecks,
}

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self
            .honest
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        let name_alone = matches!(
            verdict,
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            ))
        );
        if name_alone || self.checks == CertificateChecks::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.honest
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.honest
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.honest.supported_verify_schemes()
    }
}
