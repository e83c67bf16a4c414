//! The harness as a caller that signs its requests, and bends them after signing.
//!
//! It signs with AWS's own signer: a mistake of our client's cannot agree with itself here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
};
use aws_sigv4::sign::v4;
use locum_core::Timestamp;
use locum_core::profile::SignatureFacts;

use super::user_pool::beginning;
use crate::Error;
use crate::evidence::{CallVariation, Operation, SignedVariation, Variation, percent};
use crate::http::{Reply, Request, Url};
use crate::run::context::ScenarioContext;
use crate::run::leave::NO_LEAVE;

/// What is added to a path to have percent-encoded octets in it.
const ENCODED: &str = "/a%20b";

/// A thing that does not exist.
const NO_ITEM: &str = "/00000000-0000-4000-8000-000000000000";

/// A host that does not exist (RFC 6761 §6.4).
const NO_HOST: &str = "locum.invalid";

/// How long ago a URL of ours was presigned, in seconds.
const PRESIGNED_AGO_S: i64 = 120;

/// What a signature covers besides the request.
#[derive(Clone, Copy)]
struct Signing {
    /// Whether the hash of the body travels in a header of its own.
    hash_header: bool,
    /// Whether the host is among the signed headers.
    host: bool,
}

impl ScenarioContext {
    /// Makes a signed call, or one with the thing special that `special` names.
    pub async fn call_signed(&mut self, special: Option<SignedVariation>) -> Result<(), Error> {
        if special == Some(SignedVariation::WithBody) && !self.may_write {
            self.log.limitation(NO_LEAVE);
            return Ok(());
        }
        // A call with a body is as honest as one without.
        let variation = match special {
            None | Some(SignedVariation::WithBody) => Variation::Documented,
            Some(special) => Variation::Signed(special),
        };
        if special == Some(SignedVariation::PresignedChanged) {
            return self.call_presigned_and_changed(&variation).await;
        }
        let url = match special {
            Some(SignedVariation::UnsignedSecondApi) => match self.target.url("api_v2") {
                Ok(base) => self.sample_at(base)?,
                Err(_) => return Ok(()),
            },
            _ => self.signed_url()?,
        };
        self.signed_call(url, special, &variation).await.map(drop)
    }

    /// Makes a signed call with `query` as it is.
    pub async fn call_signed_with_query(&mut self, query: &str) -> Result<(), Error> {
        let mut url = self.signed_url()?;
        url.target = format!("{}?{query}", url.target);
        let variation = Variation::Call(CallVariation::RawQuery(query.to_owned()));
        self.signed_call(url, None, &variation).await.map(drop)
    }

    /// The address of the documented signed call.
    pub(super) fn signed_url(&self) -> Result<Url, Error> {
        self.sample_at(self.target.url("api")?)
    }

    fn sample_at(&self, base: &str) -> Result<Url, Error> {
        let sample = self.profile.api.sample.as_deref().unwrap_or_default();
        let url = format!("{base}{sample}");
        Url::parse(&url).map_err(|error| Error::Step(error.to_string()))
    }

    /// The documented signed call as a URL that was presigned two minutes ago for so many seconds.
    pub(super) fn presign(&mut self, lives_s: u64) -> Result<Option<Url>, Error> {
        let Some(credentials) = self.aws.clone() else {
            self.log
                .limitation("there were no credentials to sign with");
            return Ok(None);
        };
        let mut url = self.signed_url()?;
        let facts = self.signature_facts()?;
        let at = shifted(self.vendor_now(), -PRESIGNED_AGO_S);
        let scope = (facts.region.as_str(), facts.service.as_str());
        url.target = presigned(credentials, scope, (at, lives_s), &url)?;
        Ok(Some(url))
    }

    async fn call_presigned_and_changed(&mut self, variation: &Variation) -> Result<(), Error> {
        let Some(mut url) = self.presign(300)? else {
            return Ok(());
        };
        url.target.push_str("&company=x");
        let request = Request::new("GET", &url.target);
        self.exchange(Operation::Call, None, variation, &url, &request)
            .await;
        Ok(())
    }

    fn signature_facts(&self) -> Result<SignatureFacts, Error> {
        let facts = self.profile.signature.clone();
        facts.ok_or_else(|| Error::Step("nothing is signed here".to_owned()))
    }

    /// Makes one signed call of `url`, with the thing special that `special` names.
    pub(super) async fn signed_call(
        &mut self,
        mut url: Url,
        special: Option<SignedVariation>,
        variation: &Variation,
    ) -> Result<Option<Reply>, Error> {
        // What was signed for one route is sent to another that exists: only the signature is wrong.
        let method = special.map_or("GET", SignedVariation::method);
        let has_body = special.is_some_and(SignedVariation::has_body);
        let body: &[u8] = if has_body {
            br#"{"filetype": "pdf", "filename": "f.pdf"}"#
        } else {
            b""
        };
        let mut extra: Vec<(String, String)> = vec![("X-Locum-Note".into(), "one".into())];
        match special {
            Some(SignedVariation::EncodedPath) => url.target.push_str(ENCODED),
            Some(SignedVariation::UnsortedQuery) => url
                .target
                .push_str("?includePresigned=True&company=S%C3%B6ns%20%26%20Co%2B~"),
            // One of them has no value: it is signed as one that is empty.
            Some(SignedVariation::RepeatedParameter) => {
                url.target.push_str("?company=b&company=a&company=");
            }
            // What was signed for one thing is sent to the list, which exists.
            Some(SignedVariation::PathChanged) => url.target.push_str("/x"),
            Some(SignedVariation::UnknownPath) => url.target.push_str("-x-locum"),
            Some(SignedVariation::RunsOfSpaces) => extra[0].1 = "one   two".into(),
            Some(SignedVariation::MoreSpaces) => extra[0].1 = "one two".into(),
            _ => {}
        }
        if special.is_some_and(SignedVariation::is_of_an_unknown_item) {
            url.target.push_str(NO_ITEM);
        }
        let mut request = Request::new(method, &url.target);
        if !body.is_empty() {
            request = request
                .header("Content-Type", "application/json")
                .body(body);
        }
        request.headers.extend(extra);
        if let Some(special) = special.filter(|special| special.is_unsigned()) {
            request.headers.extend(self.instead_of_a_signature(special));
        } else {
            let Some(credentials) = self.signer(special) else {
                self.log
                    .limitation("there were no credentials to sign with");
                return Ok(None);
            };
            let facts = self.signature_facts()?;
            let now = shifted(
                self.vendor_now(),
                special.map_or(0, SignedVariation::ahead_s),
            );
            let authority = url.authority();
            let other_region = other_region(&facts.region);
            let scope = match special {
                Some(SignedVariation::OtherRegion) => (other_region, facts.service.as_str()),
                Some(SignedVariation::OtherService) => (facts.region.as_str(), "s3"),
                _ => (facts.region.as_str(), facts.service.as_str()),
            };
            let how = Signing {
                // With the body's hash in a header of its own, so that a vendor may not believe it.
                hash_header: has_body,
                host: special != Some(SignedVariation::HostUnsigned),
            };
            let signed = match special {
                Some(SignedVariation::DayBefore) => {
                    let day = shifted(now, -86_400);
                    sign_for_day(&credentials, scope, (now, day), &authority, &request)
                }
                _ => sign(credentials, scope, now, &authority, &request, how)?,
            };
            request.headers.extend(signed);
        }
        change_after_signing(&mut request, special);
        let reply = self.exchange(Operation::Call, None, variation, &url, &request);
        Ok(reply.await)
    }

    /// The header that stands where there is no signature.
    fn instead_of_a_signature(&self, special: SignedVariation) -> Option<(String, String)> {
        let (access, id) = self.sessions.last()?.pairs.last()?;
        let header = |name: &str, value: String| Some((name.to_owned(), value));
        match special {
            SignedVariation::AccessToken => header("Authorization", access.expose().to_owned()),
            SignedVariation::BearerAccessToken => {
                header("Authorization", format!("Bearer {}", access.expose()))
            }
            SignedVariation::IdToken => header("Authorization", id.expose().to_owned()),
            SignedVariation::BearerIdToken => {
                header("Authorization", format!("Bearer {}", id.expose()))
            }
            SignedVariation::SessionTokenAlone => {
                let token = self.aws.as_ref()?.session_token()?;
                header("X-Amz-Security-Token", token.to_owned())
            }
            _ => None,
        }
    }

    /// The credentials that sign: those of the login, or with one part changed.
    fn signer(&self, special: Option<SignedVariation>) -> Option<Credentials> {
        let own = self.aws.clone()?;
        let with = |token: Option<String>| {
            let (id, key) = (own.access_key_id(), own.secret_access_key());
            Credentials::new(id, key, token, None, "vendor")
        };
        let token = own.session_token();
        match special {
            Some(SignedVariation::WithoutSessionToken) => Some(with(None)),
            Some(SignedVariation::ForeignSessionToken) => {
                let other = self.other_aws.as_ref()?.session_token()?;
                Some(with(Some(other.to_owned())))
            }
            Some(SignedVariation::CutSessionToken) => Some(with(Some(beginning(token?)))),
            Some(SignedVariation::OtherSecret) => {
                let secret: String = own.secret_access_key().chars().rev().collect();
                let token = token.map(str::to_owned);
                Some(Credentials::new(
                    own.access_key_id(),
                    secret,
                    token,
                    None,
                    "vendor",
                ))
            }
            Some(SignedVariation::UnknownKeyId) => {
                let id = altered(own.access_key_id(), own.access_key_id().len() - 1);
                let secret = own.secret_access_key();
                let token = token.map(str::to_owned);
                Some(Credentials::new(id, secret, token, None, "vendor"))
            }
            _ => Some(own),
        }
    }
}

/// A region that is not `region`.
pub(super) fn other_region(region: &str) -> &'static str {
    match region {
        "us-east-1" => "eu-west-1",
        _ => "us-east-1",
    }
}

fn shifted(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + seconds * 1000)
}

/// The headers that sign a GET without a query for the day of `day` while it is `now`: the signer
/// takes the day of the scope from the date.
fn sign_for_day(
    credentials: &Credentials,
    (region, service): (&str, &str),
    (now, day): (Timestamp, Timestamp),
    authority: &str,
    request: &Request,
) -> Vec<(String, String)> {
    let (date, path) = (now.amz_date(), &request.target);
    let token = credentials.session_token().unwrap_or_default();
    let names = "host;x-amz-date;x-amz-security-token";
    let hash = sha256(b"");
    let canonical = format!(
        "GET\n{path}\n\nhost:{authority}\nx-amz-date:{date}\nx-amz-security-token:{token}\n\n{names}\n{hash}"
    );
    let scope = format!("{}/{region}/{service}/aws4_request", &day.amz_date()[..8]);
    let hash = sha256(canonical.as_bytes());
    let string = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let secret = credentials.secret_access_key();
    let key = v4::generate_signing_key(secret, system_time(day), region, service);
    let signature = v4::calculate_signature(key, string.as_bytes());
    let id = credentials.access_key_id();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    [
        ("x-amz-date", date.as_str()),
        ("x-amz-security-token", token),
        ("authorization", &authorization),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let digits = digest.as_ref().iter();
    digits.map(|byte| format!("{byte:02x}")).collect()
}

/// The headers that sign `request` for `authority` (AWS Signature Version 4), for a scope of region
/// and service.
fn sign(
    credentials: Credentials,
    (region, service): (&str, &str),
    now: Timestamp,
    authority: &str,
    request: &Request,
    how: Signing,
) -> Result<Vec<(String, String)>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Step(format!("cannot sign: {error}"));
    let mut settings = SigningSettings::default();
    if how.hash_header {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let excluded = settings.excluded_headers.get_or_insert_default();
    excluded.push("content-type".into());
    if !how.host {
        excluded.push("host".into());
    }
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(system_time(now))
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let uri = format!("http://{authority}{}", request.target);
    let headers = request.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([("host", authority)]);
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(&request.method, uri, headers, body)
        .map_err(|error| failed(&error))?;
    let signed = aws_sigv4::http_request::sign(signable, &params);
    let (instructions, _) = signed.map_err(|error| failed(&error))?.into_parts();
    let headers = instructions.headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The target of `url` with a signature in its query, for a GET that was presigned `at` for so many
/// seconds.
fn presigned(
    credentials: Credentials,
    (region, service): (&str, &str),
    (at, lives_s): (Timestamp, u64),
    url: &Url,
) -> Result<String, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Step(format!("cannot presign: {error}"));
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(lives_s));
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(system_time(at))
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let authority = url.authority();
    let uri = format!("http://{authority}{}", url.target);
    let headers = [("host", authority.as_str())].into_iter();
    let signable = SignableRequest::new("GET", uri, headers, SignableBody::Bytes(b""))
        .map_err(|error| failed(&error))?;
    let signed = aws_sigv4::http_request::sign(signable, &params);
    let (instructions, _) = signed.map_err(|error| failed(&error))?.into_parts();
    let pairs: Vec<String> = instructions
        .params()
        .iter()
        .map(|(name, value)| format!("{name}={}", percent(value, false)))
        .collect();
    Ok(format!("{}?{}", url.target, pairs.join("&")))
}

/// `text` with another letter or digit at `at`.
fn altered(text: &str, at: usize) -> String {
    let change = |(here, letter): (usize, char)| match letter {
        _ if here != at => letter,
        'a' => 'b',
        'A' => 'B',
        letter if letter.is_ascii_uppercase() => 'A',
        _ => 'a',
    };
    text.chars().enumerate().map(change).collect()
}

/// Changes the signature in the header that has it.
fn change_signature(request: &mut Request, change: impl Fn(&str) -> String) {
    const SIGNATURE: &str = "Signature=";
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("authorization")
            && let Some((before, signature)) = value.split_once(SIGNATURE)
        {
            *value = format!("{before}{SIGNATURE}{}", change(signature));
        }
    }
}

fn system_time(now: Timestamp) -> SystemTime {
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Changes one thing of a request that is already signed.
fn change_after_signing(request: &mut Request, special: Option<SignedVariation>) {
    match special {
        Some(SignedVariation::MethodChanged) => "GET".clone_into(&mut request.method),
        Some(SignedVariation::PathChanged) => {
            let cut = request.target.len() - "/x".len();
            request.target.truncate(cut);
        }
        Some(SignedVariation::HostChanged) => {
            request.omits.push("Host");
            request
                .headers
                .push(("Host".to_owned(), NO_HOST.to_owned()));
        }
        Some(SignedVariation::HeaderLineAdded) => {
            let line = ("X-Locum-Note".to_owned(), "two".to_owned());
            request.headers.push(line);
        }
        Some(SignedVariation::SignatureFirst) => {
            change_signature(request, |signature| altered(signature, 0));
        }
        Some(SignedVariation::SignatureLast) => {
            change_signature(request, |signature| altered(signature, signature.len() - 1));
        }
        Some(SignedVariation::SignatureHalf) => {
            change_signature(request, |signature| {
                signature[..signature.len() / 2].to_owned()
            });
        }
        Some(SignedVariation::PathEncodedAfterSigning) => request.target.push_str(ENCODED),
        Some(SignedVariation::QueryAdded) => request.target.push_str("?company=x"),
        Some(SignedVariation::BodyChanged) => {
            request.body = br#"{"filetype": "pdf", "filename": "g.pdf"}"#.to_vec();
        }
        Some(SignedVariation::HeaderChanged) => {
            for (name, value) in &mut request.headers {
                if name == "X-Locum-Note" {
                    "two".clone_into(value);
                }
            }
        }
        Some(SignedVariation::MoreSpaces) => {
            for (name, value) in &mut request.headers {
                if name == "X-Locum-Note" {
                    "  one   two  ".clone_into(value);
                }
            }
        }
        Some(SignedVariation::UnsignedHeaders) => request.headers.extend(unsigned()),
        Some(SignedVariation::HeadersReversed) => {
            request.headers.extend(unsigned());
            request.headers.reverse();
        }
        Some(SignedVariation::HeadersInCapitals) => {
            for (name, _) in &mut request.headers {
                name.make_ascii_uppercase();
            }
        }
        _ => {}
    }
}

/// Headers that no signature covers.
fn unsigned() -> [(String, String); 2] {
    [("X-Locum-First", "1"), ("X-Locum-Second", "2")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector `get-vanilla` of AWS's signing test suite.
    fn check(how: Signing, expected: &str) {
        let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIDEXAMPLE", key, None, None, "test");
        let now = Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").expect("a date");
        let scope = ("us-east-1", "service");
        let request = Request::new("GET", "/");
        let headers = sign(
            credentials,
            scope,
            now,
            "example.amazonaws.com",
            &request,
            how,
        );
        let headers = headers.expect("it can be signed");
        let found = headers.iter().find(|(name, _)| name == "authorization");
        let value = found.map_or("", |(_, value)| value.as_str());
        assert!(value.contains(expected), "{value}");
    }

    #[test]
    fn a_signature_is_that_of_the_suite_unless_the_host_is_left_out() {
        let (hash_header, host) = (false, true);
        let right = "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        check(Signing { hash_header, host }, right);
        let host = false;
        check(Signing { hash_header, host }, "SignedHeaders=x-amz-date,");
        let hash_header = true;
        let both = "SignedHeaders=x-amz-content-sha256;x-amz-date,";
        check(Signing { hash_header, host }, both);
    }
    #[test]
    fn a_signature_is_changed_in_one_place() {
        let check = |special, expected: &str| {
            let value = "AWS4-HMAC-SHA256 Credential=c, SignedHeaders=host, Signature=a1b2c3d4";
            let mut request = Request::new("GET", "/").header("authorization", value);
            change_after_signing(&mut request, Some(special));
            let changed = request.headers[0].1.rsplit_once('=');
            assert_eq!(changed.map(|(_, text)| text), Some(expected), "{special:?}");
        };
        check(SignedVariation::SignatureFirst, "b1b2c3d4");
        check(SignedVariation::SignatureLast, "a1b2c3da");
        check(SignedVariation::SignatureHalf, "a1b2");
        check(SignedVariation::HostChanged, "a1b2c3d4");
    }

    #[test]
    fn a_presigned_url_says_how_long_it_lives() {
        let token = Some("a-session-token+/=".to_owned());
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", token, None, "test");
        let at = Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").expect("a date");
        let url = Url::parse("https://example.test/v1/tasks").expect("a URL");
        let target = presigned(credentials, ("us-east-1", "service"), (at, 60), &url);
        let target = target.expect("it can be presigned");
        for part in [
            "/v1/tasks?X-Amz-",
            "X-Amz-Expires=60",
            "X-Amz-Date=20150830T123600Z",
            "X-Amz-Security-Token=a-session-token%2B%2F%3D",
            "X-Amz-Signature=",
        ] {
            assert!(target.contains(part), "{target}");
        }
    }

    /// For the day of its date, the one written here is that of AWS's own signer.
    #[test]
    fn a_signature_for_another_day_is_right_but_for_its_day() {
        let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let token = Some("a-session-token".to_owned());
        let credentials = Credentials::new("AKIDEXAMPLE", key, token, None, "test");
        let now = Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").expect("a date");
        let (scope, host) = (("us-east-1", "service"), "example.amazonaws.com");
        let request = Request::new("GET", "/v1/tasks");
        let (hash_header, with_host) = (false, true);
        let how = Signing {
            hash_header,
            host: with_host,
        };
        let sorted = |mut headers: Vec<(String, String)>| {
            headers.sort();
            headers
        };
        let theirs = sign(credentials.clone(), scope, now, host, &request, how);
        let ours = sign_for_day(&credentials, scope, (now, now), host, &request);
        assert_eq!(sorted(ours), sorted(theirs.expect("it can be signed")));
        let yesterday = shifted(now, -86_400);
        let ours = sign_for_day(&credentials, scope, (now, yesterday), host, &request);
        let scope = "Credential=AKIDEXAMPLE/20150829/us-east-1/";
        assert!(ours.iter().any(|(_, value)| value.contains(scope)));
        assert!(ours.iter().any(|(_, value)| value == "20150830T123600Z"));
    }
}
