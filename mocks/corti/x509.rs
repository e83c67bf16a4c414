//! DER of a realm's keys: the public key, and the self-signed certificate that `x5c` shows, of
//! version 1 and with `CN={realm}` as Keycloak makes them.

use aws_lc_rs::digest::{Algorithm, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::asn1::{BitStringRef, Null, ObjectIdentifier, SetOfVec, UintRef, UtcTime, Utf8StringRef};
use der::{AnyRef, DateTime, Decode, Encode, Sequence, ValueOrd};

use super::keys::NamedKey;

/// `rsaEncryption` (RFC 8017, Appendix A.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// `sha256WithRSAEncryption` (RFC 8017, Appendix A.2.4).
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// `commonName` (RFC 5280, Appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// RFC 5280 §4.1.1.2; the algorithms of RSA have NULL for parameters.
#[derive(Clone, Copy, Sequence)]
struct AlgorithmIdentifier {
    algorithm: ObjectIdentifier,
    parameters: Null,
}

/// RFC 5280 §4.1.2.7.
#[derive(Sequence)]
struct SubjectPublicKeyInfo<'a> {
    algorithm: AlgorithmIdentifier,
    public_key: BitStringRef<'a>,
}

/// RFC 5280 §4.1.2.4.
#[derive(Clone, Sequence, ValueOrd)]
struct NameAttribute<'a> {
    kind: ObjectIdentifier,
    value: Utf8StringRef<'a>,
}

type Name<'a> = Vec<SetOfVec<NameAttribute<'a>>>;

/// RFC 5280 §4.1.2.5.
#[derive(Sequence)]
struct Validity {
    not_before: UtcTime,
    not_after: UtcTime,
}

/// RFC 5280 §4.1, version 1: neither a version nor extensions.
#[derive(Sequence)]
struct TbsCertificate<'a> {
    serial_number: UintRef<'a>,
    signature: AlgorithmIdentifier,
    issuer: Name<'a>,
    validity: Validity,
    subject: Name<'a>,
    subject_public_key_info: AnyRef<'a>,
}

/// RFC 5280 §4.1.
#[derive(Sequence)]
struct Certificate<'a> {
    tbs_certificate: AnyRef<'a>,
    signature_algorithm: AlgorithmIdentifier,
    signature: BitStringRef<'a>,
}

/// The SubjectPublicKeyInfo of a PKCS#1 public key.
pub(super) fn public_key_info(pkcs1: &[u8]) -> Vec<u8> {
    let info = SubjectPublicKeyInfo {
        algorithm: with_null(RSA_ENCRYPTION),
        public_key: BitStringRef::from_bytes(pkcs1).expect(SHORT),
    };
    info.to_der().expect(SHORT)
}

/// The certificate, the same in every run: Keycloak gives its own ten years.
pub(super) fn self_signed(realm: &str, key: &NamedKey) -> Vec<u8> {
    let hash = digest(&aws_lc_rs::digest::SHA256, &key.public_der);
    // A serial number of Keycloak has eight bytes; the first keeps it from beginning with zeros.
    let serial = [&[0x01], &hash.as_ref()[..7]].concat();
    let midnight = |year| {
        let date = DateTime::new(year, 1, 1, 0, 0, 0);
        UtcTime::from_date_time(date.expect("a date")).expect("a year before 2050")
    };
    let tbs = TbsCertificate {
        serial_number: UintRef::new(&serial).expect(SHORT),
        signature: with_null(SHA256_WITH_RSA),
        issuer: name(realm),
        validity: Validity {
            not_before: midnight(2025),
            not_after: midnight(2035),
        },
        subject: name(realm),
        subject_public_key_info: AnyRef::from_der(&key.public_der).expect("made here"),
    };
    let tbs = tbs.to_der().expect(SHORT);
    let signature = key.rsa.sign(&tbs);
    let certificate = Certificate {
        tbs_certificate: AnyRef::from_der(&tbs).expect("made here"),
        signature_algorithm: with_null(SHA256_WITH_RSA),
        signature: BitStringRef::from_bytes(&signature).expect(SHORT),
    };
    certificate.to_der().expect(SHORT)
}

/// Why nothing here fails to encode.
const SHORT: &str = "keys and realm names are far shorter than 256 MiB";

const fn with_null(algorithm: ObjectIdentifier) -> AlgorithmIdentifier {
    AlgorithmIdentifier {
        algorithm,
        parameters: Null,
    }
}

fn name(realm: &str) -> Name<'_> {
    let attribute = NameAttribute {
        kind: COMMON_NAME,
        value: Utf8StringRef::new(realm).expect(SHORT),
    };
    vec![SetOfVec::try_from(vec![attribute]).expect("one attribute")]
}

/// `x5t` and `x5t#S256` (RFC 7517 §4.8).
pub(super) fn thumbprint(algorithm: &'static Algorithm, certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(algorithm, certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_the_same_in_every_run() {
        let sha256 = &aws_lc_rs::digest::SHA256;
        let key = NamedKey::from_pool(0);
        assert_eq!(
            thumbprint(sha256, &self_signed("base", &key)),
            "TR6JQH-7M08cRGBmD9bwU-Y2tFlsmlsMFTCov4ETNaA"
        );
        assert_eq!(thumbprint(sha256, &key.public_der), key.kid);
    }
}
