//! URLs that hold the grant themselves: how S3 signs them (single encoding, `UNSIGNED-PAYLOAD`).

use std::time::Duration;

use locum_core::{Secret, Timestamp};

use super::Spelling;
use super::canonical::{self, Parts, encode};
use super::claim::{ALGORITHM, Claim};

/// A URL to be signed.
#[derive(Clone, Debug)]
pub struct Presign<'a> {
    /// The method that it grants.
    pub method: &'a str,
    /// Scheme, host and path, without a query.
    pub url: &'a str,
    /// Who grants.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret: &'a Secret,
    /// Region of the credential scope.
    pub region: &'a str,
    /// When it is signed.
    pub now: Timestamp,
    /// How long it works, whole seconds.
    pub lifetime: Duration,
    /// Headers besides `host` that the request has to carry: lower-case names, sorted.
    pub headers: &'a [(&'a str, &'a str)],
}

/// The URL with its query.
pub fn presign(of: &Presign<'_>) -> String {
    let rest = of.url.split_once("://").map_or(of.url, |(_, rest)| rest);
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let mut headers = vec![("host".to_owned(), host.to_owned())];
    headers.extend(
        of.headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    headers.sort();
    let date = of.now.amz_date();
    let claim = Claim {
        access_key_id: of.access_key_id.to_owned(),
        day: date[..8].to_owned(),
        region: of.region.to_owned(),
        service: "s3".to_owned(),
        terminator: "aws4_request".to_owned(),
        signed_list: String::new(),
        signed_headers: headers.iter().map(|(name, _)| name.clone()).collect(),
        signature: String::new(),
        date,
        at: of.now,
        session_token: None,
        presigned: Some(of.lifetime.as_secs()),
    };
    let credential = format!("{}/{}", claim.access_key_id, claim.scope());
    let query = format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}",
        encode(credential.as_bytes(), b""),
        claim.date,
        of.lifetime.as_secs(),
        encode(claim.signed_headers.join(";").as_bytes(), b""),
    );
    let parts = Parts {
        method: of.method.to_owned(),
        path: canonical::path(
            path,
            Spelling {
                normalize: false,
                double_encode: false,
                plus_is_space: true,
            },
        ),
        query: canonical::query(&query, true, &[]),
        headers,
        payload: "UNSIGNED-PAYLOAD".to_owned(),
    };
    let string = canonical::string_to_sign(&parts.canonical(), &claim);
    format!(
        "{}?{query}&X-Amz-Signature={}",
        of.url,
        canonical::signature(of.secret, &claim, &string)
    )
}
