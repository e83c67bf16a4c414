//! Signs requests: string to sign, signature, headers.

use std::fmt;
use std::ops::Range;

use aws_lc_rs::{digest, hmac};
use locum_core::{Secret, Timestamp};

use super::canonical::{self, PathRules};
use super::key::KeyCache;
use super::request::{AwsCredentials, DATE, HASH, SignableRequest, SignedHeaders, Steps, TOKEN};

/// Signs requests for one region and service.
pub struct Signer {
    region: String,
    service: String,
    path_rules: PathRules,
    hash_header: bool,
    sign_token: bool,
    keys: KeyCache,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}/{})", self.region, self.service)
    }
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

impl Signer {
    /// A signer with the settings that API Gateway expects.
    pub fn new(region: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            service: service.into(),
            path_rules: PathRules {
                normalize: true,
                double_encode: true,
            },
            hash_header: false,
            sign_token: true,
            keys: KeyCache::default(),
        }
    }

    /// Whether dot segments and empty segments are removed from the signed path (default: yes).
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.path_rules.normalize = normalize;
        self
    }

    /// Whether an encoded path is encoded again (default: yes; only S3 requires no).
    #[must_use]
    pub fn double_encode(mut self, double_encode: bool) -> Self {
        self.path_rules.double_encode = double_encode;
        self
    }

    /// Whether the body's hash is sent and signed as a header (default: no).
    #[must_use]
    pub fn hash_header(mut self, hash_header: bool) -> Self {
        self.hash_header = hash_header;
        self
    }

    /// Whether the session token is signed (default: yes).
    #[must_use]
    pub fn sign_token(mut self, sign_token: bool) -> Self {
        self.sign_token = sign_token;
        self
    }

    /// The headers that authenticate `request` with `credentials` at `now`.
    pub fn sign(
        &self,
        credentials: &AwsCredentials,
        request: &SignableRequest<'_>,
        now: Timestamp,
    ) -> SignedHeaders {
        let (headers, _, _) = self.run(credentials, request, now);
        headers
    }

    /// The intermediate results of [`sign`](Self::sign).
    pub fn steps(
        &self,
        credentials: &AwsCredentials,
        request: &SignableRequest<'_>,
        now: Timestamp,
    ) -> Steps {
        let (headers, canonical_request, string_to_sign) = self.run(credentials, request, now);
        let signature = headers.authorization.rsplit('=').next();
        Steps {
            canonical_request,
            string_to_sign,
            signature: signature.unwrap_or_default().to_owned(),
        }
    }

    fn run(
        &self,
        credentials: &AwsCredentials,
        request: &SignableRequest<'_>,
        now: Timestamp,
    ) -> (SignedHeaders, String, String) {
        let date = now.amz_date();
        let body_hash = sha256(request.body);
        let token = credentials.session_token.as_ref();
        let signed_token = token.filter(|_| self.sign_token).map(Secret::expose);

        let extra = [
            Some((DATE, date.as_str())),
            signed_token.map(|token| (TOKEN, token)),
            self.hash_header.then_some((HASH, &*body_hash)),
        ];
        let (canonical, names) = self.canonical_request(request, &extra, &body_hash);

        let scope = format!(
            "{}/{}/{}/aws4_request",
            &date[..8],
            self.region,
            self.service
        );
        let mut to_sign = String::with_capacity(ALGORITHM.len() + scope.len() + 84);
        for line in [ALGORITHM, &date, &scope] {
            to_sign.push_str(line);
            to_sign.push('\n');
        }
        let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
        canonical::hex(&mut to_sign, hash.as_ref());

        let day = *date
            .as_bytes()
            .first_chunk()
            .expect("a date has eight digits");
        let key = &credentials.secret_key;
        let tag = self.keys.key(key, day, &self.region, &self.service, |key| {
            hmac::sign(key, to_sign.as_bytes())
        });
        let parts = [
            ALGORITHM,
            " Credential=",
            &credentials.access_key_id,
            "/",
            &scope,
            ", SignedHeaders=",
            &canonical[names],
            ", Signature=",
        ];
        let mut authorization = parts.concat();
        canonical::hex(&mut authorization, tag.as_ref());
        let headers = SignedHeaders {
            authorization,
            session_token: token.cloned(),
            content_hash: self.hash_header.then_some(body_hash),
            date,
        };
        (headers, canonical, to_sign)
    }

    /// The canonical request, and the range in it of the signed headers' names.
    fn canonical_request(
        &self,
        request: &SignableRequest<'_>,
        extra: &[Option<(&str, &str)>],
        body_hash: &str,
    ) -> (String, Range<usize>) {
        let lowered = lower(request.headers);
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(request.headers.len() + 3);
        match &lowered {
            None => headers.extend_from_slice(request.headers),
            Some(lowered) => headers.extend(lowered.iter().map(|(name, value)| (&**name, *value))),
        }
        headers.extend(extra.iter().flatten());
        let room: usize = headers.iter().map(|(n, v)| 2 * n.len() + v.len() + 3).sum();
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((request.target, ""));

        let mut out = String::with_capacity(room + request.target.len() * 2 + 128);
        out.push_str(request.method);
        out.push('\n');
        canonical::path(&mut out, path, self.path_rules);
        out.push('\n');
        canonical::query(&mut out, query);
        out.push('\n');
        canonical::headers(&mut out, &mut headers);
        out.push('\n');
        let start = out.len();
        canonical::signed_headers(&mut out, &headers);
        let names = start..out.len();
        out.push('\n');
        out.push_str(body_hash);
        (out, names)
    }
}

/// The headers with lower-case names; `None` if all are lower-case already.
fn lower<'a>(headers: &[(&str, &'a str)]) -> Option<Vec<(String, &'a str)>> {
    let upper = |(name, _): &(&str, &str)| name.bytes().any(|byte| byte.is_ascii_uppercase());
    headers.iter().any(upper).then(|| {
        let lowered = headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), *value));
        lowered.collect()
    })
}

fn sha256(bytes: &[u8]) -> String {
    // Most requests have no body.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    if bytes.is_empty() {
        return EMPTY.to_owned();
    }
    let mut out = String::new();
    canonical::hex(&mut out, digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
