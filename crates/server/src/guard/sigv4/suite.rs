//! AWS's own test suite for Signature Version 4: the verifier takes all of its 38 complete cases,
//! signed in the header and in the query.

use std::path::{Path, PathBuf};
use std::time::Duration;

use locum_core::Timestamp;
use serde_json::Value;

use super::*;

/// The suite's folder; its README names the source.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/aws-sigv4");

/// One request of the suite: request line, header lines (folded ones joined), body.
struct Case {
    method: String,
    target: String,
    lines: Vec<(String, String)>,
    body: String,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .expect("a file of the suite")
            .replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
        let (method, target) = line
            .trim_end_matches(" HTTP/1.1")
            .split_once(' ')
            .expect("a request line");
        let mut lines: Vec<(String, String)> = Vec::new();
        for line in rest.lines() {
            if let (true, Some((_, value))) = (line.starts_with(' '), lines.last_mut()) {
                value.push('\n');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').expect("a header line");
                lines.push((name.to_owned(), value.to_owned()));
            }
        }
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines,
            body: body.trim_start_matches('\n').to_owned(),
        }
    }

    fn signed(&self) -> Signed<'_> {
        Signed {
            method: &self.method,
            target: &self.target,
            lines: &self.lines,
            body: self.body.as_bytes(),
        }
    }
}

fn check(case: &Path, file: &str) -> Result<(), String> {
    let context: Value = serde_json::from_str(
        &std::fs::read_to_string(case.join("context.json")).expect("a context"),
    )
    .expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let credentials = Credentials {
        secret: text(&context["credentials"]["secret_access_key"])
            .expect("a secret")
            .into(),
        session_token: text(&context["credentials"]["token"]).map(Secret::from),
        expires: None,
        revoked: false,
    };
    let policy = Policy {
        region: text(&context["region"]).expect("a region"),
        service: text(&context["service"]).expect("a service"),
        skew: Duration::from_secs(300),
        spelling: Spelling {
            normalize: context["normalize"] == true,
            double_encode: true,
            plus_is_space: true,
        },
        payload: Payload::Body(Unsigned::Refuse),
        unsigned_token: true,
        unsigned_content_sha256: true,
        unsigned_amz_headers: false,
        refuse_absent_header: true,
        refuse_malformed_list: true,
        echo_canonical: true,
    };
    let now =
        Timestamp::parse_rfc3339(context["timestamp"].as_str().expect("a time")).expect("RFC 3339");
    let request = Case::read(&case.join(format!("{file}-signed-request.txt")));
    let told = |result: Result<Verified, locum_core::Denial>| {
        result
            .map(|_| ())
            .map_err(|denial| format!("{}/{file}: {}", case.display(), denial.sentence()))
    };
    told(verify(
        &request.signed(),
        |_| Some(credentials.clone()),
        now,
        &policy,
        &Err,
    ))?;

    // The canonical request and the string to sign are AWS's, byte for byte.
    let claim = claim::Claim::read(&request.signed()).map_err(|denial| denial.sentence())?;
    let omitted: &[&str] = if context["omit_session_token"] == true {
        &["X-Amz-Signature", "X-Amz-Security-Token"]
    } else {
        &["X-Amz-Signature"]
    };
    let payload = canonical::sha256_hex(request.body.as_bytes());
    let ours = canonical::Parts::of(&request.signed(), &claim, policy.spelling, payload, omitted)
        .canonical();
    let theirs = |name: &str| {
        let text = std::fs::read_to_string(case.join(format!("{file}-{name}.txt")))
            .expect("a file of the suite");
        text.replace("\r\n", "\n").trim_end().to_owned()
    };
    assert_eq!(ours, theirs("canonical-request"), "{}", case.display());
    assert_eq!(
        canonical::string_to_sign(&ours, &claim),
        theirs("string-to-sign"),
        "{}",
        case.display()
    );
    Ok(())
}

#[test]
fn all_of_awss_own_cases_verify() {
    let folders = std::fs::read_dir(FOLDER).expect("the suite is there");
    let complete: Vec<PathBuf> = folders
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.is_dir())
        .collect();
    let failures: Vec<String> = complete
        .iter()
        .flat_map(|case| ["header", "query"].map(|file| check(case, file)))
        .filter_map(Result::err)
        .collect();
    assert_eq!((complete.len(), failures), (38, Vec::new()));
}
