//! Another token in the place of the one that a request needs.

use serde::{Deserialize, Serialize};

/// Another token in the place of the one that a request needs: made from an accepted one with one
/// thing changed, minted by the mock, or of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownToken {
    /// `alg` is `none`, and there is no signature (RFC 7519 §6).
    Unsecured,
    /// The same, spelt `None`.
    UnsecuredTitle,
    /// The same, spelt `NONE`.
    UnsecuredCapitals,
    /// The same, spelt `nONE`.
    UnsecuredMixed,
    /// `alg` is `none`, and the signature is still there.
    UnsecuredSigned,
    /// The payload names another subject.
    OtherSubject,
    /// The payload ends later.
    LaterEnd,
    /// The payload has one claim more.
    MoreClaims,
    /// The first letter of the signature is another.
    FirstLetter,
    /// A letter amid the signature is another.
    MiddleLetter,
    /// The last letter of the signature is another, in a bit that counts.
    LastLetter,
    /// The signature ends halfway.
    HalfSignature,
    /// The signature is empty.
    EmptySignature,
    /// The third part is missing.
    NoSignature,
    /// A fourth part stands behind the signature.
    FourthPart,
    /// HMAC with the public key as PEM of a SubjectPublicKeyInfo.
    PublicPem,
    /// The same without its last line end.
    PublicPemCut,
    /// HMAC with the public key as PEM of PKCS#1.
    Pkcs1Pem,
    /// The same without its last line end.
    Pkcs1PemCut,
    /// HMAC with the public key as DER of a SubjectPublicKeyInfo.
    PublicDer,
    /// HMAC with the public key as DER of PKCS#1.
    Pkcs1Der,
    /// HMAC with the bytes of the modulus.
    Modulus,
    /// HMAC with the key of the set as JSON.
    KeyAsJson,
    /// HMAC with the certificate of the key set.
    Certificate,
    /// `jku` leads to a key set of the harness.
    Jku,
    /// The same over TLS.
    JkuOverTls,
    /// `x5u` leads to a certificate of the harness.
    X5u,
    /// `kid` is an address of the harness.
    KidAddress,
    /// `kid` is the path of an empty file, which is the key.
    KidPath,
    /// `kid` is a piece of SQL that yields the key.
    KidSql,
    /// Signed by a key of the harness, with no `kid`.
    NoKid,
    /// Signed by a key of the harness, with a `kid` that nobody knows.
    UnknownKid,
    /// HMAC with an empty secret.
    EmptySecret,
    /// HMAC with the secret that was guessed to be the vendor's, or else with a usual one.
    GuessedSecret,
    /// A key of the harness stands in `jwk`.
    OwnJwk,
    /// The same beside the `kid` of the vendor's key.
    OwnJwkAndKid,
    /// A certificate of the harness stands in `x5c`.
    OwnCertificate,
    /// A shared secret of the harness stands in `jwk`.
    OwnSecret,
    /// Minted by the mock without a fault.
    Minted,
    /// Minted under another algorithm of the same key.
    OtherAlgorithm,
    /// Minted with the algorithm's name in small letters.
    SmallAlgorithm,
    /// Minted with an `nbf` that lies ahead.
    NotYet,
    /// Minted with an `exp` that has a fraction.
    FractionalEnd,
    /// Minted with an `exp` that is text.
    TextEnd,
    /// Minted without `exp`.
    NoEnd,
    /// Minted with a `crit` that nobody knows.
    UnknownCritical,
    /// Minted with the `iss` of somebody else.
    OtherIssuer,
    /// Minted with the audience of somebody else.
    OtherAudience,
    /// Minted with two `exp`, of which the last lies ahead.
    EndsLast,
    /// Minted with two `exp`, of which the first lies ahead.
    EndsFirst,
    /// The id token of the same reply.
    IdToken,
    /// The refresh token of the same reply.
    RefreshToken,
    /// A genuine token that has ended.
    Ended,
}

const PHRASES: &[(ShownToken, &str)] = &[
    (ShownToken::Unsecured, "with alg none"),
    (ShownToken::UnsecuredTitle, "with alg None"),
    (ShownToken::UnsecuredCapitals, "with alg NONE"),
    (ShownToken::UnsecuredMixed, "with alg nONE"),
    (
        ShownToken::UnsecuredSigned,
        "with alg none and its signature",
    ),
    (ShownToken::OtherSubject, "with another subject"),
    (ShownToken::LaterEnd, "with a later end"),
    (ShownToken::MoreClaims, "with one more claim"),
    (
        ShownToken::FirstLetter,
        "with another first letter of the signature",
    ),
    (
        ShownToken::MiddleLetter,
        "with another letter amid the signature",
    ),
    (
        ShownToken::LastLetter,
        "with another last letter of the signature",
    ),
    (ShownToken::HalfSignature, "with half of the signature"),
    (ShownToken::EmptySignature, "with an empty signature"),
    (ShownToken::NoSignature, "without its third part"),
    (ShownToken::FourthPart, "with a fourth part"),
    (ShownToken::PublicPem, "signed with the public key in PEM"),
    (
        ShownToken::PublicPemCut,
        "signed with the public key in PEM without the last line end",
    ),
    (
        ShownToken::Pkcs1Pem,
        "signed with the public key in PKCS#1 PEM",
    ),
    (
        ShownToken::Pkcs1PemCut,
        "signed with the public key in PKCS#1 PEM without the last line end",
    ),
    (ShownToken::PublicDer, "signed with the public key in DER"),
    (
        ShownToken::Pkcs1Der,
        "signed with the public key in PKCS#1 DER",
    ),
    (ShownToken::Modulus, "signed with the modulus"),
    (ShownToken::KeyAsJson, "signed with the JWK"),
    (ShownToken::Certificate, "signed with the certificate"),
    (ShownToken::Jku, "with a jku of ours"),
    (ShownToken::JkuOverTls, "with a jku of ours over TLS"),
    (ShownToken::X5u, "with an x5u of ours"),
    (
        ShownToken::KidAddress,
        "with a kid that is an address of ours",
    ),
    (ShownToken::KidPath, "with a kid that is a path"),
    (ShownToken::KidSql, "with a kid that is SQL"),
    (
        ShownToken::NoKid,
        "signed with a key of ours, without a kid",
    ),
    (
        ShownToken::UnknownKid,
        "signed with a key of ours, with a kid that nobody knows",
    ),
    (ShownToken::EmptySecret, "signed with an empty secret"),
    (ShownToken::GuessedSecret, "signed with a guessed secret"),
    (ShownToken::OwnJwk, "with a key of ours in jwk"),
    (
        ShownToken::OwnJwkAndKid,
        "with a key of ours in jwk beside the kid",
    ),
    (
        ShownToken::OwnCertificate,
        "with a certificate of ours in x5c",
    ),
    (ShownToken::OwnSecret, "with a shared secret of ours in jwk"),
    (ShownToken::Minted, "minted without a fault"),
    (ShownToken::OtherAlgorithm, "minted under another algorithm"),
    (
        ShownToken::SmallAlgorithm,
        "minted with its algorithm in small letters",
    ),
    (ShownToken::NotYet, "minted for later"),
    (
        ShownToken::FractionalEnd,
        "minted with an exp that has a fraction",
    ),
    (ShownToken::TextEnd, "minted with an exp that is text"),
    (ShownToken::NoEnd, "minted without exp"),
    (ShownToken::UnknownCritical, "minted with an unknown crit"),
    (ShownToken::OtherIssuer, "minted by another issuer"),
    (ShownToken::OtherAudience, "minted for another audience"),
    (
        ShownToken::EndsLast,
        "minted with exp past and then exp ahead",
    ),
    (
        ShownToken::EndsFirst,
        "minted with exp ahead and then exp past",
    ),
    (ShownToken::IdToken, "with the id token"),
    (ShownToken::RefreshToken, "with the refresh token"),
    (ShownToken::Ended, "which has ended"),
];

impl ShownToken {
    /// Reads a phrase such as `with alg none`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        let known = PHRASES.iter().find(|(_, known)| *known == phrase)?;
        Some(known.0)
    }

    /// What it is called in the features.
    pub fn phrase(self) -> &'static str {
        let known = PHRASES.iter().find(|(known, _)| *known == self);
        known.map_or("", |(_, phrase)| phrase)
    }

    /// Whether only somebody with the vendor's own key can make it.
    pub const fn is_minted(self) -> bool {
        matches!(
            self,
            Self::Minted
                | Self::OtherAlgorithm
                | Self::SmallAlgorithm
                | Self::NotYet
                | Self::FractionalEnd
                | Self::TextEnd
                | Self::NoEnd
                | Self::UnknownCritical
                | Self::OtherIssuer
                | Self::OtherAudience
                | Self::EndsLast
                | Self::EndsFirst
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_phrase_names_one_token_and_is_read_again() {
        let mut seen = BTreeSet::new();
        for (shown, phrase) in PHRASES {
            assert_eq!(ShownToken::parse(phrase), Some(*shown), "{phrase}");
            assert_eq!(shown.phrase(), *phrase);
            assert!(seen.insert(*phrase), "{phrase} twice");
        }
    }
}
