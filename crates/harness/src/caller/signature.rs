//! Signatures of the harness's own calls (AWS Signature Version 4).
//!
//! They are made by AWS's own signer: a mistake of our client's cannot agree with itself here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningInstructions,
    SigningSettings,
};
use aws_sigv4::sign::v4;
use locum_core::Timestamp;

use crate::Error;
use crate::evidence::percent;
use crate::http::{Request, Url};

/// What a signature covers besides the request.
#[derive(Clone, Copy)]
pub(super) struct Signing {
    /// Whether the hash of the body travels in a header of its own.
    pub(super) hash_header: bool,
    /// Whether the host is among the signed headers.
    pub(super) host: bool,
}

/// The headers that sign a GET without a query for the day of `day` while it is `now`: the signer
/// takes the day of the scope from the date.
pub(super) fn sign_for_day(
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
pub(super) fn sign(
    credentials: Credentials,
    scope: (&str, &str),
    now: Timestamp,
    authority: &str,
    request: &Request,
    how: Signing,
) -> Result<Vec<(String, String)>, Error> {
    let mut settings = SigningSettings::default();
    if how.hash_header {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let excluded = settings.excluded_headers.get_or_insert_default();
    excluded.push("content-type".into());
    if !how.host {
        excluded.push("host".into());
    }
    let instructions = instructions(credentials, scope, now, settings, (authority, request))?;
    let headers = instructions.headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The target of `url` with a signature in its query, for a GET that was presigned `at` for so many
/// seconds.
pub(super) fn presigned(
    credentials: Credentials,
    scope: (&str, &str),
    (at, lives_s): (Timestamp, u64),
    url: &Url,
) -> Result<String, Error> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(lives_s));
    let request = Request::new("GET", &url.target);
    let authority = url.authority();
    let instructions = instructions(credentials, scope, at, settings, (&authority, &request))?;
    let pairs: Vec<String> = instructions
        .params()
        .iter()
        .map(|(name, value)| format!("{name}={}", percent(value, false)))
        .collect();
    Ok(format!("{}?{}", url.target, pairs.join("&")))
}

/// What AWS's signer adds to `request` for `authority`.
fn instructions(
    credentials: Credentials,
    (region, service): (&str, &str),
    at: Timestamp,
    settings: SigningSettings,
    (authority, request): (&str, &Request),
) -> Result<SigningInstructions, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Step(format!("cannot sign: {error}"));
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
    let uri = format!("http://{authority}{}", request.target);
    let headers = request.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([("host", authority)]);
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(&request.method, uri, headers, body)
        .map_err(|error| failed(&error))?;
    let signed = aws_sigv4::http_request::sign(signable, &params);
    Ok(signed.map_err(|error| failed(&error))?.into_parts().0)
}

fn system_time(now: Timestamp) -> SystemTime {
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(millis)
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
        let yesterday = Timestamp::from_millis(now.as_millis() - 86_400_000);
        let ours = sign_for_day(&credentials, scope, (now, yesterday), host, &request);
        let scope = "Credential=AKIDEXAMPLE/20150829/us-east-1/";
        assert!(ours.iter().any(|(_, value)| value.contains(scope)));
        assert!(ours.iter().any(|(_, value)| value == "20150830T123600Z"));
    }
}
