//! The self-signed certificate of a key, which `x5c` shows: version 1, `CN={realm}`.

use aws_lc_rs::digest::{Algorithm, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::keys::NamedKey;

/// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// AlgorithmIdentifier of sha256WithRSAEncryption (RFC 8017, Appendix A.2.4).
const SHA256_WITH_RSA: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
];

/// OBJECT IDENTIFIER of commonName (RFC 5280, Appendix A.1).
const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];

/// The certificate as DER (RFC 5280 §4.1), the same in every run: Keycloak gives its own ten years.
pub(super) fn self_signed(realm: &str, key: &NamedKey) -> Vec<u8> {
    let name = tagged(UTF8_STRING, realm.as_bytes());
    let name = tagged(SEQUENCE, &tagged(SET, &tagged(SEQUENCE, &[&COMMON_NAME[..], &name].concat())));
    let times = [tagged(UTC_TIME, b"250101000000Z"), tagged(UTC_TIME, b"350101000000Z")].concat();
    let serial = digest(&aws_lc_rs::digest::SHA256, &key.public_der);
    // A serial number is positive: a first byte below 0x80.
    let serial = tagged(INTEGER, &[&[0x01], &serial.as_ref()[..7]].concat());
    let signed = tagged(
        SEQUENCE,
        &[&serial, &SHA256_WITH_RSA[..], &name, &tagged(SEQUENCE, &times), &name, &key.public_der].concat(),
    );
    let signature = [&[0], &key.rsa.sign(&signed)[..]].concat();
    tagged(SEQUENCE, &[&signed, &SHA256_WITH_RSA[..], &tagged(BIT_STRING, &signature)].concat())
}

/// `x5t` and `x5t#S256` (RFC 7517 §4.8).
pub(super) fn thumbprint(algorithm: &'static Algorithm, certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(algorithm, certificate))
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut der = vec![tag];
    if content.len() >= 0x80 {
        der.push(0x80 | u8::try_from(significant.len()).expect("eight bytes at most"));
    }
    der.extend_from_slice(significant);
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_or_long() {
        assert_eq!(tagged(SET, &[]), [SET, 0]);
        assert_eq!(tagged(SET, &[7; 127])[..2], [SET, 127]);
        assert_eq!(tagged(SET, &[7; 128])[..3], [SET, 0x81, 128]);
        assert_eq!(tagged(SET, &[7; 300])[..4], [SET, 0x82, 1, 44]);
    }
}
