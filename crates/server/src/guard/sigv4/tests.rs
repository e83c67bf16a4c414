//! The verifier against vectors, against a signer of AWS's, and against every single changed byte.

mod changes;
mod explain;
mod header_list;
mod payload;
mod presigned;
mod properties;
mod refusals;
mod vectors;

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use locum_core::Denial;

use super::*;

const KEY: &str = "ASIALOCUMEXAMPLE0001";
const SECRET: &str = "locumExampleSecretKey0000000000000000000";
const TOKEN: &str = "locum-session-token+/==";
const DATE: &str = "20261122T154812Z";
const HOST: &str = "127.0.0.1:18443";

fn now() -> Timestamp {
    Timestamp::parse_amz_date(DATE).expect("a date")
}

fn policy() -> Policy {
    Policy {
        region: "eu-west-2".to_owned(),
        service: "execute-api".to_owned(),
        skew: Duration::from_secs(300),
        spelling: Spelling {
            normalize: true,
            double_encode: true,
            plus_is_space: true,
        },
        payload: Payload::Body(Unsigned::IfSigned),
        unsigned_token: true,
        unsigned_content_sha256: true,
        unsigned_amz_headers: false,
        refuse_absent_header: true,
        refuse_malformed_list: true,
        echo_canonical: true,
    }
}

fn credentials() -> Credentials {
    Credentials {
        secret: SECRET.into(),
        session_token: Some(TOKEN.into()),
        expires: None,
        revoked: false,
    }
}

/// A request as received.
#[derive(Clone, Debug, PartialEq)]
struct Received {
    method: String,
    target: String,
    lines: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    /// One of the contract's vectors.
    fn vector(method: &str, target: &str, body: &str, signature: &str) -> Self {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/20261122/eu-west-2/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={signature}"
        );
        let lines = [
            ("Host", HOST),
            ("Authorization", &authorization),
            ("x-amz-date", DATE),
            ("X-Amz-Security-Token", TOKEN),
        ];
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines: lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// A request that AWS's own signer signs.
    fn signed(method: &str, target: &str, extra: &[(&str, &str)], body: &[u8]) -> Self {
        let mut lines = vec![("host".to_owned(), HOST.to_owned())];
        lines.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let identity =
            AwsCredentials::new(KEY, SECRET, Some(TOKEN.to_owned()), None, "test").into();
        let seconds = u64::try_from(now().as_seconds()).expect("after 1970");
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-2")
            .name("execute-api")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()
            .expect("all are set")
            .into();
        let headers = lines
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let uri = format!("http://{HOST}{target}");
        let request = SignableRequest::new(method, uri, headers, SignableBody::Bytes(body))
            .expect("signable");
        let (instructions, _) = sign(request, &parameters).expect("it signs").into_parts();
        let added: Vec<(String, String)> = instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        lines.extend(added);
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines,
            body: body.to_vec(),
        }
    }

    fn line(&mut self, name: &str) -> &mut String {
        let line = self
            .lines
            .iter_mut()
            .find(|(have, _)| have.eq_ignore_ascii_case(name));
        &mut line.expect("the line is there").1
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn without(&self, name: &str) -> Self {
        self.with(|received| {
            received
                .lines
                .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        })
    }

    fn replace(&self, name: &str, from: &str, to: &str) -> Self {
        self.with(|received| *received.line(name) = received.line(name).replace(from, to))
    }

    fn view(&self) -> Signed<'_> {
        Signed {
            method: &self.method,
            target: &self.target,
            lines: &self.lines,
            body: &self.body,
        }
    }

    fn verdict_at(&self, now: Timestamp, policy: &Policy) -> Result<Verified, Denial> {
        verify(
            &self.view(),
            |id| (id == KEY).then(credentials),
            now,
            policy,
            &Err,
        )
    }

    fn verdict(&self) -> Result<Verified, Denial> {
        self.verdict_at(now(), &policy())
    }

    fn reason(&self) -> String {
        self.verdict()
            .map_or_else(|denial| denial.reason, |_| "admitted".to_owned())
    }
}

fn get() -> Received {
    let target = "/v1/tasks?includePresigned=True&company=Example%20Co%20%26%20S%C3%B6ns";
    Received::vector(
        "GET",
        target,
        "",
        "1dd7c9169adc44f1da0f03ed12efe5f9cd2e4611de3d0bc5e5a9f8cd727d6c00",
    )
}

fn post() -> Received {
    let signature = "e295b97b7c7966c3d8ffc039860083a2b14809086dd2fc96bc3d68df11dcb7ec";
    Received::vector(
        "POST",
        "/v1/tasks",
        r#"{"filetype": "pdf", "filename": "f.pdf"}"#,
        signature,
    )
}

fn spaced() -> Received {
    let signature = "3dd703b11d1d784154fc82c257cef7c4a4fbd6d4c2c27574dbdf358a42a56e59";
    Received::vector("GET", "/v1/tasks/a%20b", "", signature)
}

/// `received` signed anew by a signer that makes one mistake: `mistake` changes what it signs.
fn mistaken(received: &Received, mistake: impl FnOnce(&mut canonical::Parts)) -> Received {
    let signed = received.view();
    let claim = claim::Claim::read(&signed).expect("a claim");
    let payload = canonical::sha256_hex(&received.body);
    let mut parts = canonical::Parts::of(&signed, &claim, policy().spelling, payload, &[]);
    mistake(&mut parts);
    let string = canonical::string_to_sign(&parts.canonical(), &claim);
    let signature = canonical::signature(&SECRET.into(), &claim, &string);
    received.replace("authorization", &claim.signature, &signature)
}

/// What the refusal says of the mistake.
fn difference(received: &Received) -> String {
    let denial = received.verdict().expect_err("a mistake");
    denial.difference.expect("a difference")
}
