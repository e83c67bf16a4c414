//! TLS: which certificates the server shows, and the authority that issued them.
//!
//! The authority and its certificates are made when somebody first needs them, off the runtime's
//! workers: a server must answer over http a few milliseconds after its start.
//!
//! # Layout
//!
//! - `authority`: makes an authority, keeps it in a folder, issues certificates
//! - `certificate`: each kind of certificate, the good one and the deliberately bad ones
//! - `files`: the user's own certificate and key
//! - `handshakes`: what became of the latest attempts
//! - `plan`: what the ports of one stage do on purpose; `old_version`: one that offers TLS 1.1 alone

mod authority;
mod certificate;
mod files;
mod handshakes;
pub(crate) mod old_version;
mod plan;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use locum_core::{Clock, SystemClock};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use tokio::sync::OnceCell;

use authority::Authority;
pub use certificate::CertificateKind;
pub(crate) use handshakes::{Attempt, HandshakeOutcome, Handshakes, HandshakesView};
pub use plan::{HandshakePlan, OldVersion};

/// How TLS is offered beside http.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// The port on the server's address; 0 takes any free one.
    pub port: u16,
    /// Where its certificate comes from.
    pub identity: Identity,
    /// Whether each bad kind of certificate gets a port, too.
    pub bad: bool,
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// From an authority that is made on the spot and forgotten with the server.
    Made,
    /// From the authority that this folder keeps (`ca.pem`, `ca-key.pem`); made when there is none.
    Kept(PathBuf),
    /// The user's own, in PEM.
    Own {
        /// The certificate, then its intermediates.
        chain: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// Why there is no certificate to show: what is wrong with which file, and the cure.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", .path.display())]
pub struct TlsError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// What a server shows to those who speak TLS.
#[derive(Debug)]
pub(crate) struct Tls {
    source: Source,
    ca_file: Option<PathBuf>,
    /// Host names and addresses that the certificate is good for.
    names: Arc<[String]>,
    /// What became of the latest attempts.
    pub(crate) handshakes: Handshakes,
    configs: [OnceCell<Arc<ServerConfig>>; CertificateKind::ALL.len()],
}

#[derive(Debug)]
enum Source {
    Authority(OnceCell<Arc<Authority>>),
    Own(Arc<CertifiedKey>),
}

impl Tls {
    /// Reads the files of `identity`, so that what is wrong with them is told at the start; an
    /// authority that a folder is to keep is there from now on.
    pub(crate) fn new(identity: &Identity, names: Vec<String>) -> Result<Self, TlsError> {
        let source = match identity {
            Identity::Made => Source::Authority(OnceCell::new()),
            Identity::Kept(folder) => {
                let authority = Authority::keep(folder, SystemClock::new().now())?;
                Source::Authority(OnceCell::new_with(Some(Arc::new(authority))))
            }
            Identity::Own { chain, key } => Source::Own(Arc::new(files::read(chain, key)?)),
        };
        let ca_file = match identity {
            Identity::Kept(folder) => std::path::absolute(authority::certificate_in(folder)).ok(),
            Identity::Made | Identity::Own { .. } => None,
        };
        Ok(Self {
            source,
            ca_file,
            names: names.into(),
            handshakes: Handshakes::default(),
            configs: Default::default(),
        })
    }

    /// Whether it has an authority of its own.
    pub(crate) const fn has_authority(&self) -> bool {
        matches!(self.source, Source::Authority(_))
    }

    /// The authority's certificate in PEM; `None` where the certificate is the user's own.
    pub(crate) async fn ca_pem(&self) -> Option<String> {
        match &self.source {
            Source::Authority(cell) => Some(made(cell).await.pem().to_owned()),
            Source::Own(_) => None,
        }
    }

    /// The file that keeps the authority's certificate, where there is one.
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// What a listener with this kind of certificate negotiates.
    pub(crate) async fn config(&self, kind: CertificateKind) -> Arc<ServerConfig> {
        let make = || async {
            let shown = match &self.source {
                Source::Own(own) => Arc::clone(own),
                Source::Authority(cell) => {
                    let (authority, names) = (made(cell).await, Arc::clone(&self.names));
                    blocking(move || kind.issue(&authority, &names, SystemClock::new().now())).await
                }
            };
            Arc::new(negotiating(shown))
        };
        Arc::clone(self.configs[kind as usize].get_or_init(make).await)
    }
}

/// The content of a file. A pipe has none before somebody writes to it, which nobody may ever do.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let read = std::fs::metadata(path).and_then(|about| match about.is_file() {
        true => std::fs::read(path).map(Some),
        false => Ok(None),
    });
    read.map_err(|error| error.to_string())?
        .ok_or_else(|| "it is not a regular file: write what it gives to one".to_owned())
}

async fn made(cell: &OnceCell<Arc<Authority>>) -> Arc<Authority> {
    let make = || blocking(|| Arc::new(Authority::make(SystemClock::new().now())));
    Arc::clone(cell.get_or_init(make).await)
}

/// Runs what computes for longer than a worker of the runtime may be kept.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .expect("making keys does not panic, and the runtime outlives its listeners")
}

/// TLS 1.2 and 1.3, HTTP/1.1 alone, no client certificates, this certificate whatever is asked for.
fn negotiating(shown: Arc<CertifiedKey>) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
