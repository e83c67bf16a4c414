//! The harness as a caller that signs its requests, and bends them after signing.

use aws_credential_types::Credentials;
use locum_core::Timestamp;
use locum_core::profile::SignatureFacts;

use super::near_miss::beginning;
use super::signature::{Signing, presigned, sign, sign_for_day};
use super::variation::{NEVER_ISSUED, signature_changed};
use crate::Error;
use crate::evidence::{CallVariation, Operation, SignedVariation, Variation};
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
            Some(special) if special.is_at_the_second_api() => match self.target.url("api_v2") {
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

    pub(super) fn signature_facts(&self) -> Result<SignatureFacts, Error> {
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
            Some(SignedVariation::AccessTokenInQuery | SignedVariation::SecondApiTokenInQuery) => {
                let pair = self
                    .sessions
                    .last()
                    .and_then(|session| session.pairs.last());
                let token = pair.map_or("", |(access, _)| access.expose());
                url.target += &format!("?access_token={token}");
            }
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
            let shown = self.instead_of_a_signature(special);
            if let (SignedVariation::SecondApiAltered, Some((_, token))) = (special, &shown) {
                self.log.hide(token, "changed access token");
            }
            request.headers.extend(shown);
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
            SignedVariation::SecondApi => header("Authorization", access.expose().to_owned()),
            SignedVariation::SecondApiAltered => {
                header("Authorization", signature_changed(access.expose()))
            }
            SignedVariation::SecondApiUnknown => header("Authorization", NEVER_ISSUED.to_owned()),
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
                let id = altered_last(own.access_key_id());
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

/// `text` with another last letter or digit.
fn altered_last(text: &str) -> String {
    altered(text, text.chars().count().saturating_sub(1))
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
            change_signature(request, altered_last);
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
}
