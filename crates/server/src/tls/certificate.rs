//! The kinds of certificates: a good one, and one for each reason to refuse one.

use std::sync::Arc;
use std::time::Duration;

use locum_core::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authority::{Authority, date};

/// The only name of the certificate that names another host (RFC 2606 §2).
const OTHER_HOST: &str = "wrong-host.invalid";

const DAY: Duration = Duration::from_hours(24);

/// What a client finds out about a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// Nothing is wrong with it.
    #[default]
    Good,
    /// It ended yesterday.
    Expired,
    /// It begins next month.
    NotYetValid,
    /// It names another host.
    WrongHost,
    /// The authority that issued it is unknown to everybody.
    Untrusted,
    /// It issued itself.
    SelfSigned,
}

impl CertificateKind {
    /// All of them, the good one first.
    pub const ALL: [Self; 6] = [
        Self::Good,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongHost,
        Self::Untrusted,
        Self::SelfSigned,
    ];

    /// The bad ones.
    pub fn bad() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().skip(1)
    }

    /// Its name in the stage document.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongHost => "wrong_host",
            Self::Untrusted => "untrusted",
            Self::SelfSigned => "self_signed",
        }
    }

    /// When it is valid. Systems refuse a server's certificate that lives for more than 398 days;
    /// the first hour allows for clocks that are late.
    fn validity(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Expired => (now.minus(30 * DAY), now.minus(DAY)),
            Self::NotYetValid => (now.plus(30 * DAY), now.plus(60 * DAY)),
            _ => (now.minus(Duration::from_hours(1)), now.plus(397 * DAY)),
        }
    }

    /// A new key and a certificate of this kind for `names`.
    pub(super) fn issue(
        self,
        authority: &Authority,
        names: &[String],
        now: Timestamp,
    ) -> Arc<CertifiedKey> {
        let key = super::authority::new_key();
        let names = match self {
            Self::WrongHost => vec![OTHER_HOST.to_owned()],
            _ => names.to_vec(),
        };
        let mut params = CertificateParams::new(names).expect("host names are ASCII");
        (params.not_before, params.not_after) = {
            let (from, to) = self.validity(now);
            (date(from), date(to))
        };
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "locum mocks");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let chain = match self {
            Self::SelfSigned => {
                let signed = params.self_signed(&key);
                vec![signed.expect("a P-256 key signs").der().clone()]
            }
            Self::Untrusted => issued(&params, &key, &Authority::make(now)),
            _ => issued(&params, &key, authority),
        };
        certified(chain, &key)
    }
}

/// The certificate, then its issuer's.
fn issued(
    params: &CertificateParams,
    key: &KeyPair,
    authority: &Authority,
) -> Vec<CertificateDer<'static>> {
    vec![authority.sign(params, key), authority.der().clone()]
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let certified = CertifiedKey::from_der(chain, key, &super::provider());
    Arc::new(certified.expect("the certificate was made for this key"))
}
