//! The harness as a caller that signs its requests, and bends them after signing.
//!
//! It signs with AWS's own signer: a mistake of our client's cannot agree with itself here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings,
};
use aws_sigv4::sign::v4;
use locum_core::Timestamp;

use crate::Error;
use crate::evidence::{Operation, SignedVariation, Variation};
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;
use crate::run::leave::NO_LEAVE;

/// What is added to a path to have percent-encoded octets in it.
const ENCODED: &str = "/a%20b";

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
        let sample = self.profile.api.sample.clone().unwrap_or_default();
        let url = format!("{}{sample}", self.target.url("api")?);
        let mut url = Url::parse(&url).map_err(|error| Error::Step(error.to_string()))?;
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
                .push_str("?includePresigned=True&company=Example%20Co%20%26"),
            Some(SignedVariation::RepeatedParameter) => {
                url.target.push_str("?company=b&company=a");
            }
            Some(SignedVariation::RunsOfSpaces) => extra[0].1 = "one   two".into(),
            _ => {}
        }
        if method == "DELETE" {
            url.target.push_str("/00000000-0000-4000-8000-000000000000");
        }
        let mut request = Request::new(method, &url.target);
        if !body.is_empty() {
            request = request
                .header("Content-Type", "application/json")
                .body(body);
        }
        request.headers.extend(extra);
        if !special.is_some_and(SignedVariation::is_unsigned) {
            let Some(credentials) = self.aws.clone() else {
                self.log
                    .limitation("there were no credentials to sign with");
                return Ok(());
            };
            let facts = self
                .profile
                .signature
                .clone()
                .ok_or_else(|| Error::Step("nothing is signed here".to_owned()))?;
            let scope = (facts.region.as_str(), facts.service.as_str());
            let how = Signing {
                // With the body's hash in a header of its own, so that a vendor may not believe it.
                hash_header: has_body,
                host: special != Some(SignedVariation::HostUnsigned),
            };
            let now = self.vendor_now();
            let authority = url.authority();
            let signed = sign(credentials, scope, now, &authority, &request, how)?;
            request.headers.extend(signed);
        }
        change_after_signing(&mut request, special);
        // A call with a body is as honest as one without.
        let variation = match special {
            None | Some(SignedVariation::WithBody) => Variation::Documented,
            Some(special) => Variation::Signed(special),
        };
        self.exchange(Operation::Call, None, &variation, &url, &request)
            .await;
        Ok(())
    }
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

fn system_time(now: Timestamp) -> SystemTime {
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Changes one thing of a request that is already signed.
fn change_after_signing(request: &mut Request, special: Option<SignedVariation>) {
    match special {
        Some(SignedVariation::MethodChanged) => "GET".clone_into(&mut request.method),
        Some(SignedVariation::PathChanged) => request.target.push_str("/x"),
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
        _ => {}
    }
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
}
