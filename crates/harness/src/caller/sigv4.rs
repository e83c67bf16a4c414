//! The harness as a caller that signs its requests, and bends them after signing.

use locum_client::sign::{SignableRequest as ToSign, Signer};

use crate::Error;
use crate::evidence::{Operation, SignedVariation, Variation};
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Makes a signed call, or one with the thing special that `special` names.
    pub async fn call_signed(&mut self, special: Option<SignedVariation>) -> Result<(), Error> {
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
            Some(SignedVariation::EncodedPath | SignedVariation::UnsignedEncodedPath) => {
                url.target.push_str("/a%20b")
            }
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
            // With the body's hash in a header of its own, so that a vendor may not believe the header.
            let signer = Signer::new(facts.region, facts.service).hash_header(has_body);
            let authority = url.authority();
            let mut headers: Vec<(&str, &str)> = extra
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            if special != Some(SignedVariation::HostUnsigned) {
                headers.push(("host", &authority));
            }
            let to_sign = ToSign {
                method,
                target: &url.target,
                headers: &headers,
                body,
            };
            let proof = signer.sign(&credentials, &to_sign, self.vendor_now()?);
            request.headers.extend(extra.iter().cloned());
            request = request
                .header("X-Amz-Date", &proof.date)
                .header("Authorization", &proof.authorization);
            if let Some(token) = &proof.session_token {
                request = request.header("X-Amz-Security-Token", token.expose());
            }
            if let Some(hash) = &proof.content_hash {
                request = request.header("X-Amz-Content-Sha256", hash);
            }
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

/// Changes one thing of a request that is already signed.
fn change_after_signing(request: &mut Request, special: Option<SignedVariation>) {
    match special {
        Some(SignedVariation::MethodChanged) => "GET".clone_into(&mut request.method),
        Some(SignedVariation::PathChanged) => request.target.push_str("/x"),
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
