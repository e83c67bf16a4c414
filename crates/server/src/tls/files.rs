//! The user's own certificate and key.

use std::path::Path;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::TlsError;

const CERTIFICATE_HINT: &str =
    "--tls-cert names a PEM file: the server's certificate first, then its intermediates";
const KEY_HINT: &str =
    "--tls-key names the PEM file with the certificate's private key, not encrypted";
/// What the provider of cryptography takes.
const UNSUPPORTED: &str = "it is damaged or of a kind that is not supported: RSA from 2048 bits, ECDSA on P-256, P-384 or P-521, and Ed25519 are";
const SUPPORTED_HINT: &str = "make a key of a supported kind and a certificate for it, and name both with --tls-key and --tls-cert; without them the server makes its own";

/// Reads both, and sees whether they belong together.
///
/// # Errors
/// Which of the files is wrong, and why.
pub(super) fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let fault = |path: &Path, what: String, hint| TlsError {
        path: path.to_owned(),
        what,
        hint,
    };
    let certificates = super::content(chain)
        .and_then(|bytes| {
            CertificateDer::pem_slice_iter(&bytes)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| described(&error))
        })
        .and_then(|all| match all.is_empty() {
            true => Err("it holds no certificate".to_owned()),
            false => Ok(all),
        })
        .map_err(|what| fault(chain, what, CERTIFICATE_HINT))?;
    let private = super::content(key)
        .and_then(|bytes| {
            PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
                PemError::NoItemsFound => {
                    "it holds no private key that is not encrypted".to_owned()
                }
                other => described(&other),
            })
        })
        .map_err(|what| fault(key, what, KEY_HINT))?;
    CertifiedKey::from_der(certificates, private, &super::provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let what = format!(
                "it is not the key of the certificate in {}",
                chain.display()
            );
            fault(key, what, KEY_HINT)
        }
        rustls::Error::InvalidCertificate(_) => fault(
            chain,
            format!("it cannot be read: {error}"),
            CERTIFICATE_HINT,
        ),
        _ => fault(key, UNSUPPORTED.to_owned(), SUPPORTED_HINT),
    })
}

/// What is wrong with a PEM file, without a word of its content: it may be a key.
fn described(error: &PemError) -> String {
    match error {
        PemError::MissingSectionEnd { .. } => "a section has no end line".to_owned(),
        PemError::IllegalSectionStart { .. } => "a section begins with a broken line".to_owned(),
        PemError::Base64Decode(_) => "a section is not base64".to_owned(),
        PemError::Io(error) => error.to_string(),
        _ => "it is not PEM".to_owned(),
    }
}
