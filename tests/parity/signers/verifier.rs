//! The verifier of Signature Version 4 against signers of AWS's own.
//!
//! `verifier SEED REQUESTS NAME=SIGNED...`: `REQUESTS` has one request a line as JSON, each `SIGNED` what
//! a signer made of them; the Rust signer, `aws-sigv4`, is played here. Each signature has to be
//! admitted, and refused once one byte of what it covers is bent. A difference is printed with the
//! request and with both canonical strings. Exit code 1 means that there was one.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, Timestamp};
use locum_server::guard::sigv4::{
    Credentials, Payload, Policy, Signed, Spelling, Unsigned, verify,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

/// A request before it is signed.
#[derive(Debug, Deserialize)]
struct Given {
    number: usize,
    method: String,
    host: String,
    path: String,
    /// Whether the path has empty or dot segments.
    dotted: bool,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    date: String,
    /// Seconds from the date to the moment of verification.
    skew: i64,
    /// Seconds; present where the signature stands in the query.
    expires: Option<u64>,
    key: String,
    secret: String,
    token: Option<String>,
}

/// What a signer made of it.
#[derive(Clone, Debug, Deserialize)]
struct Made {
    number: usize,
    target: String,
    headers: Vec<(String, String)>,
    /// What the signer says it has signed; the Rust signer keeps it to itself.
    #[serde(default)]
    canonical: String,
    #[serde(default)]
    string_to_sign: String,
}

/// A signed request as it would come over the wire.
#[derive(Clone, Debug, PartialEq)]
struct Wire {
    method: String,
    target: String,
    lines: Vec<(String, String)>,
    body: Vec<u8>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, requests, files @ ..] = &arguments[..] else {
        eprintln!("usage: verifier SEED REQUESTS NAME=SIGNED...");
        return ExitCode::from(2);
    };
    let requests: Vec<Given> = read(requests);
    let mut rng = ChaCha8Rng::seed_from_u64(seed.parse().expect("a seed is a number"));
    let mut all: Vec<(String, Vec<Made>)> = vec![(
        "aws-sigv4 (Rust)".to_owned(),
        requests.iter().map(signed_by_rust).collect(),
    )];
    for file in files {
        let (name, path) = file.split_once('=').expect("NAME=SIGNED");
        all.push((name.to_owned(), read(path)));
    }
    let (mut signatures, mut bent, mut differences, mut skipped) = (0, 0, 0, 0);
    for (signer, made) in &all {
        let mut counts = [0; 2];
        for made in made {
            let given = &requests[made.number];
            if differs_by_itself(signer, given) {
                skipped += 1;
                continue;
            }
            let wire = wire(given, made);
            counts[0] += 1;
            if let Err(denial) = verdict(given, &wire) {
                differences += 1;
                report(signer, given, &wire, made, &denial);
            }
            if let Some(bent) = bend(given, &wire, &mut rng) {
                counts[1] += 1;
                if verdict(given, &bent).is_ok() {
                    differences += 1;
                    println!(
                        "{signer}: accepted although one byte was bent\n{wire:#?}\n{bent:#?}\n"
                    );
                }
            }
        }
        println!(
            "{signer}: {} signatures, {} bent ones",
            counts[0], counts[1]
        );
        signatures += counts[0];
        bent += counts[1];
    }
    println!("{skipped} paths that the signers themselves spell differently were not asked");
    println!("{signatures} signatures, {bent} bent ones refused, {differences} differences");
    ExitCode::from(u8::from(differences > 0 || signatures == 0))
}

/// Where the signers contradict each other, the verifier follows AWS's page and RFC 3986.
fn differs_by_itself(signer: &str, given: &Given) -> bool {
    match signer {
        // "Normalize URI paths according to RFC 3986. Remove redundant and relative path components":
        // Go's signer leaves them to its caller, as S3 wants it.
        "aws-sdk-go-v2 (Go)" => given.dotted,
        // RFC 3986 §5.2.4 leaves a slash at the end of `/a/.` and `/a/b/..`, and so does `aws-sigv4`.
        "botocore" => given.path.ends_with("/.") || given.path.ends_with("/.."),
        _ => false,
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &str) -> Vec<T> {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON of its shape"))
        .collect()
}

fn signed_by_rust(given: &Given) -> Made {
    let identity = AwsCredentials::new(
        &given.key,
        &given.secret,
        given.token.clone(),
        None,
        "parity",
    )
    .into();
    let at = Timestamp::parse_amz_date(&given.date).expect("a date");
    let at = u64::try_from(at.as_seconds()).expect("after 1970");
    let mut settings = SigningSettings::default();
    if let Some(expires) = given.expires {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(expires));
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
        .settings(settings)
        .build()
        .expect("all are set")
        .into();
    let mark = if given.query.is_empty() { "" } else { "?" };
    let uri = format!("http://{}{}{mark}{}", given.host, given.path, given.query);
    let mut headers = vec![("host".to_owned(), given.host.clone())];
    headers.extend(given.headers.clone());
    let lines = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = STANDARD.decode(&given.body).expect("base64");
    let request = SignableRequest::new(&given.method, &uri, lines, SignableBody::Bytes(&body));
    let (instructions, _) = sign(request.expect("signable"), &parameters)
        .expect("it signs")
        .into_parts();
    let (added, parameters) = instructions.into_parts();
    headers.extend(
        added
            .iter()
            .map(|header| (header.name().to_owned(), header.value().to_owned())),
    );
    let quoted = |text: &str| {
        let bytes = text.bytes();
        bytes
            .map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect::<String>()
    };
    let parameters = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", quoted(name), quoted(value)));
    let query: Vec<String> = [given.query.clone()]
        .into_iter()
        .chain(parameters)
        .filter(|part| !part.is_empty())
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    Made {
        number: given.number,
        target: format!("{}{mark}{}", given.path, query.join("&")),
        headers,
        canonical: String::new(),
        string_to_sign: String::new(),
    }
}

fn wire(given: &Given, made: &Made) -> Wire {
    Wire {
        method: given.method.clone(),
        target: made.target.clone(),
        lines: made.headers.clone(),
        body: STANDARD.decode(&given.body).expect("base64"),
    }
}

fn verdict(given: &Given, wire: &Wire) -> Result<(), Denial> {
    let policy = Policy {
        region: "eu-west-2".to_owned(),
        service: "execute-api".to_owned(),
        skew: Duration::from_secs(300),
        spelling: Spelling {
            normalize: true,
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
    let credentials = Credentials {
        secret: given.secret.as_str().into(),
        session_token: given.token.as_deref().map(Into::into),
        expires: None,
        revoked: false,
    };
    let at = Timestamp::parse_amz_date(&given.date).expect("a date");
    let now = Timestamp::from_seconds(at.as_seconds() + given.skew);
    let signed = Signed {
        method: &wire.method,
        target: &wire.target,
        lines: &wire.lines,
        body: &wire.body,
    };
    let lookup = |id: &str| (id == given.key).then_some(credentials);
    verify(&signed, lookup, now, &policy, &Err).map(|_| ())
}

fn report(signer: &str, given: &Given, wire: &Wire, made: &Made, denial: &Denial) {
    let ours: BTreeMap<&str, &str> = denial
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let of = |name: &str| ours.get(name).copied().unwrap_or_default();
    println!("{signer}: refused, {}", denial.sentence());
    println!(
        "request {} at {} + {} s: {wire:#?}",
        given.number, given.date, given.skew
    );
    println!("canonical request of the verifier:\n{}\n", of("canonical"));
    println!("canonical request of the signer:\n{}\n", made.canonical);
    println!(
        "string to sign of the verifier:\n{}\n",
        of("string_to_sign")
    );
    println!("string to sign of the signer:\n{}\n", made.string_to_sign);
}

/// The request with one byte of what its signature covers bent; `None` where the drawn part has none.
fn bend(given: &Given, wire: &Wire, rng: &mut ChaCha8Rng) -> Option<Wire> {
    let mut bent = wire.clone();
    let (path, query) = wire.target.split_once('?').unwrap_or((&wire.target, ""));
    match rng.random_range(0..6) {
        0 => bent.method = bent_letter(&wire.method, rng)?,
        // A segment that `..` takes away may be any.
        1 if !given.dotted => {
            let mark = if query.is_empty() { "" } else { "?" };
            bent.target = format!("{}{mark}{query}", bent_letter(path, rng)?);
        }
        2 => bent.target = format!("{path}?{}", bent_letter(query, rng)?),
        3 => {
            let at = rng.random_range(0..wire.body.len().max(1));
            *bent.body.get_mut(at)? ^= 1 << rng.random_range(0..8);
        }
        _ => {
            let names = signed_names(wire);
            let lines: Vec<usize> = (0..wire.lines.len())
                .filter(|at| names.contains(&wire.lines[*at].0.to_ascii_lowercase()))
                .collect();
            let line = lines[rng.random_range(0..lines.len())];
            let value = &mut bent.lines[line].1;
            *value = bent_letter(value, rng)?;
        }
    }
    Some(bent)
}

/// The signed headers, and `Authorization`, each byte of which counts.
fn signed_names(wire: &Wire) -> Vec<String> {
    let find = |name: &str| {
        wire.lines
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    let list = match find("authorization") {
        Some((_, value)) => value.split("SignedHeaders=").nth(1).map(str::to_owned),
        None => wire
            .target
            .split("X-Amz-SignedHeaders=")
            .nth(1)
            .map(|rest| rest.replace("%3B", ";")),
    };
    let list = list.unwrap_or_default();
    let list = list.split([',', '&']).next().unwrap_or_default();
    let names = list.split(';').map(str::to_owned);
    names.chain(["authorization".to_owned()]).collect()
}

/// `text` with one letter or digit made another.
fn bent_letter(text: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let places: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let at = *places.get(rng.random_range(0..places.len().max(1)))?;
    let other = if text.as_bytes()[at] == b'7' {
        "8"
    } else {
        "7"
    };
    Some(format!("{}{other}{}", &text[..at], &text[at + 1..]))
}
