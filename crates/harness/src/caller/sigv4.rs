//! The harness as a caller that signs its requests, and bends them after signing.

use locum_client::sign::{SignableRequest as ToSign, Signer};

use crate::Error;
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Makes a signed GET of the documented call, or one with the thing changed that `how` names;
    /// `method` and `body` are those of the honest request.
    pub async fn call_signed(&mut self, how: &str) -> Result<(), Error> {
        let sample = self.profile.api.sample.clone().unwrap_or_default();
        let url = format!("{}{sample}", self.target.url("api")?);
        let mut url = Url::parse(&url).map_err(|error| Error::Step(error.to_string()))?;
        let posts = how.contains("body") || how.contains("POST");
        // What was signed for one route is sent to another that exists: only the signature is wrong.
        let method = if posts || how == "with another method after signing" {
            "POST"
        } else if how.contains("DELETE") {
            "DELETE"
        } else {
            "GET"
        };
        let body: &[u8] = if posts {
            br#"{"filetype": "pdf", "filename": "f.pdf"}"#
        } else {
            b""
        };
        let mut extra: Vec<(String, String)> = vec![("X-Locum-Note".into(), "one".into())];
        match how {
            "with an encoded path" => url.target.push_str("/a%20b"),
            "with an unsorted query" => url
                .target
                .push_str("?includePresigned=True&company=Example%20Co%20%26"),
            "with a repeated parameter" => url.target.push_str("?company=b&company=a"),
            "with runs of spaces in a signed header" => extra[0].1 = "one   two".into(),
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
        if !how.starts_with("unsigned") {
            let Some(credentials) = self.aws.clone() else {
                self.log.lacks("there were no credentials to sign with");
                return Ok(());
            };
            let facts = self
                .profile
                .signature
                .clone()
                .ok_or_else(|| Error::Step("nothing is signed here".to_owned()))?;
            // With the body's hash in a header of its own, so that a vendor may not believe the header.
            let signer = Signer::new(facts.region, facts.service).hash_header(posts);
            let authority = url.authority();
            let mut headers: Vec<(&str, &str)> = extra
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            if how != "without the host in the signature" {
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
        bend(&mut request, how)?;
        // A call with a body is as honest as one without.
        let how = if how == "with a body" { "" } else { how };
        self.exchange("call", how, &url, &request).await;
        Ok(())
    }
}

/// Changes one thing of a request that is already signed.
fn bend(request: &mut Request, how: &str) -> Result<(), Error> {
    match how {
        "with another method after signing" => "GET".clone_into(&mut request.method),
        "with another path after signing" => request.target.push_str("/x"),
        "with a query added after signing" => request.target.push_str("?company=x"),
        "with another body after signing" => {
            request.body = br#"{"filetype": "pdf", "filename": "g.pdf"}"#.to_vec();
        }
        "with a signed header changed after signing" => {
            for (name, value) in &mut request.headers {
                if name == "X-Locum-Note" {
                    "two".clone_into(value);
                }
            }
        }
        ""
        | "with a body"
        | "unsigned GET"
        | "unsigned POST"
        | "unsigned DELETE"
        | "with an encoded path"
        | "with an unsorted query"
        | "with a repeated parameter"
        | "with runs of spaces in a signed header"
        | "without the host in the signature" => {}
        other => return Err(Error::Step(format!("no signed call is known `{other}`"))),
    }
    Ok(())
}
