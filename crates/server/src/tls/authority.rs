//! A certificate authority: made on the spot, or kept in a folder between starts.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use locum_core::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _,
};
use rustls::CertificateError::{
    BadEncoding, BadSignature, Expired, ExpiredContext, NotValidYet, NotValidYetContext,
    UnknownIssuer,
};
use rustls::Error::InvalidCertificate;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use time::OffsetDateTime;

use super::{CertificateKind, TlsError};

/// How long an authority's certificate is valid.
const LIFETIME: Duration = Duration::from_hours(24 * 3650);

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";

/// What to do about a folder whose files cannot be used.
const START_OVER: &str = "remove ca.pem and ca-key.pem from that folder, and a new authority is made there; clients have to be told of it";

/// An authority that issues certificates to this server alone.
pub(super) struct Authority {
    key: KeyPair,
    params: CertificateParams,
    der: CertificateDer<'static>,
    pem: String,
}

/// The file with the certificate of the authority that `folder` keeps.
pub(super) fn certificate_in(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A new key on P-256.
pub(super) fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("the system gives random bytes")
}

/// `time` as certificates have it, in whole seconds.
pub(super) fn date(time: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(time.as_seconds())
        .expect("the machine's clock is in a four-digit year")
}

impl Authority {
    /// Makes one.
    pub(super) fn make(now: Timestamp) -> Self {
        Self::of(new_key(), now)
    }

    /// Makes a certificate for `key`.
    fn of(key: KeyPair, now: Timestamp) -> Self {
        let mut params = Self::named(&key);
        params.not_before = date(now.minus(Duration::from_hours(1)));
        params.not_after = date(now.plus(LIFETIME));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = params.self_signed(&key).expect("a P-256 key signs");
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
            params,
        }
    }

    /// Its name follows from its key, so that two authorities never share one, and the name of a
    /// kept one need not be read from its certificate.
    fn named(key: &KeyPair) -> CertificateParams {
        let hash = digest::digest(&digest::SHA256, &key.subject_public_key_info());
        let id: String = hash.as_ref()[..4]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let name = format!("locum mock authority {id}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    /// The one that `folder` keeps; makes it there when there is none.
    ///
    /// # Errors
    /// When the folder cannot be used, or its files are not those of one authority of ours.
    pub(super) fn keep(folder: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let writable = "name a folder that can be written to with --ca-dir";
        fs::create_dir_all(folder).map_err(|error| fault(folder, error.to_string(), writable))?;
        let (certificate, key) = (certificate_in(folder), folder.join(KEY));
        if certificate.exists() && !key.exists() {
            let what = format!("its key {KEY} is missing");
            return Err(fault(&certificate, what, START_OVER));
        }
        if !key.exists() {
            put(&key, &new_key().serialize_pem(), 0o600)?;
        }
        let kept = KeyPair::from_pem(&read(&key)?)
            .map_err(|_| fault(&key, "it holds no private key that can be read", START_OVER))?;
        if !certificate.exists() {
            put(&certificate, &Self::of(kept, now).pem, 0o644)?;
        }
        Self::read(&certificate, &key, now)
    }

    /// Reads both files, and sees whether clients will accept what they issue.
    fn read(certificate: &Path, key_file: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let pem = read(certificate)?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| fault(certificate, "it holds no certificate", START_OVER))?;
        let key = KeyPair::from_pem(&read(key_file)?)
            .map_err(|_| fault(key_file, "it holds no private key", START_OVER))?;
        let params = Self::named(&key);
        let authority = Self {
            key,
            params,
            der,
            pem,
        };
        authority.prove(now).map_err(|why| {
            let what = format!(
                "clients would not accept what it issues with {KEY}: {}",
                in_words(&why)
            );
            fault(certificate, what, START_OVER)
        })?;
        Ok(authority)
    }

    /// Verifies a certificate of its own as a client would.
    fn prove(&self, now: Timestamp) -> Result<(), rustls::Error> {
        let name = "localhost".to_owned();
        let shown = CertificateKind::Good.issue(self, &[name], now);
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), super::provider())
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        let server = ServerName::try_from("localhost").expect("it is a name");
        let seconds = u64::try_from(now.as_seconds()).unwrap_or_default();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verifier.verify_server_cert(&shown.cert[0], &[], &server, &[], at)?;
        // Of a trusted certificate only the name and the key are looked at, but not every client
        // leaves it at that: its dates count when it is shown as a server's.
        match verifier.verify_server_cert(&self.der, &[], &server, &[], at) {
            Err(InvalidCertificate(
                fault @ (Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }),
            )) => Err(InvalidCertificate(fault)),
            _ => Ok(()),
        }
    }

    /// Issues a certificate for `key`.
    pub(super) fn sign(
        &self,
        params: &CertificateParams,
        key: &KeyPair,
    ) -> CertificateDer<'static> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let signed = params.signed_by(key, &issuer);
        signed.expect("a P-256 key signs").der().clone()
    }

    /// Its certificate.
    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Its certificate in PEM.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }
}

fn fault(path: &Path, what: impl Into<String>, hint: &'static str) -> TlsError {
    TlsError {
        path: path.to_owned(),
        what: what.into(),
        hint,
    }
}

/// Why a client refuses, in words about the authority's own certificate.
fn in_words(why: &rustls::Error) -> String {
    let words = match why {
        InvalidCertificate(fault) => match fault {
            Expired | ExpiredContext { .. } => "it has ended",
            NotValidYet | NotValidYetContext { .. } => "it is not valid yet",
            BadEncoding => "it is damaged",
            UnknownIssuer | BadSignature => "it is not an authority's certificate for that key",
            _ => return why.to_string(),
        },
        _ => return why.to_string(),
    };
    words.to_owned()
}

fn read(path: &Path) -> Result<String, TlsError> {
    let text = super::content(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| "it is not PEM: it is not text".to_owned())
    });
    text.map_err(|what| fault(path, what, START_OVER))
}

/// Writes a file that nobody sees before it is whole; one that is there already stays, since
/// another server may have been quicker.
fn put(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let mut new = path.to_owned().into_os_string();
    new.push(format!(".{}", std::process::id()));
    let written = create(Path::new(&new), mode)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| match fs::hard_link(&new, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Some file systems have no links.
            Err(_) => fs::rename(&new, path),
            Ok(()) => Ok(()),
        });
    let _ = fs::remove_file(&new);
    let writable = "name a folder that can be written to with --ca-dir";
    written.map_err(|error| fault(path, error.to_string(), writable))
}

#[cfg(unix)]
fn create(path: &Path, mode: u32) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _: u32) -> std::io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
