//! What else a client could have signed with: a secret that is nearly right, a key for another scope,
//! a signature that is written differently.

use locum_core::Secret;

use super::super::canonical;
use super::super::claim::Claim;
use super::Attempt;

/// The mistake with the key that gives the signature.
pub(super) fn found(attempt: &Attempt<'_>) -> Option<String> {
    secret(attempt)
        .or_else(|| scope(attempt))
        .or_else(|| spelled(attempt))
}

fn secret(attempt: &Attempt<'_>) -> Option<String> {
    let right = attempt.secret.expose();
    let variations = [
        ("a line feed at its end", format!("{right}\n")),
        (
            "a carriage return and line feed at its end",
            format!("{right}\r\n"),
        ),
        ("a blank at its end", format!("{right} ")),
        ("a blank before it", format!(" {right}")),
        ("quotation marks around it", format!("\"{right}\"")),
        ("apostrophes around it", format!("'{right}'")),
        ("`+` read as a blank", right.replace('+', " ")),
        ("its `/` percent-encoded", right.replace('/', "%2F")),
        (
            "its `/` and `+` percent-encoded",
            canonical::encode(right.as_bytes(), b""),
        ),
        ("a backslash before each `/`", right.replace('/', "\\/")),
        ("`AWS4` before it already", format!("AWS4{right}")),
        ("its last character cut off", cut(right)),
        ("nothing in its place", String::new()),
        (
            "the access key id in its place",
            attempt.claim.access_key_id.clone(),
        ),
        (
            "the session token in its place",
            attempt.claim.session_token.clone().unwrap_or_default(),
        ),
    ];
    let found = variations.into_iter().find(|(_, secret)| {
        secret != right && attempt.fits_with(attempt.ours, &Secret::new(secret), attempt.claim)
    });
    found.map(|(how, _)| format!("the secret: the client signed with {how}"))
}

fn cut(text: &str) -> String {
    let mut text = text.to_owned();
    text.pop();
    text
}

/// The credential scope is right and the key was made for another.
fn scope(attempt: &Attempt<'_>) -> Option<String> {
    let claim = attempt.claim;
    let regions = [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "eu-west-1",
        "eu-west-2",
        "eu-central-1",
        "",
    ];
    let services = [
        "execute-api",
        "apigateway",
        "cognito-idp",
        "cognito-identity",
        "lambda",
        "s3",
        "sts",
        "",
    ];
    let with = |change: &dyn Fn(&mut Claim)| {
        let mut other = claim.clone();
        change(&mut other);
        other
    };
    let regions = regions.into_iter().map(|region| {
        let sentence = format!(
            "the key: the client made it for the region `{region}`, not for that of its scope"
        );
        (
            sentence,
            with(&|other| region.clone_into(&mut other.region)),
        )
    });
    let services = services.into_iter().map(|service| {
        let sentence = format!(
            "the key: the client made it for the service `{service}`, not for that of its scope"
        );
        (
            sentence,
            with(&|other| service.clone_into(&mut other.service)),
        )
    });
    let mut all = regions.chain(services);
    let string = canonical::string_to_sign(&attempt.ours.canonical(), claim);
    let fits = |other: &Claim| {
        Secret::new(canonical::signature(attempt.secret, other, &string))
            .matches(claim.signature.as_bytes())
    };
    all.find(|(_, other)| fits(other))
        .map(|(sentence, _)| sentence)
}

/// The right signature, written differently.
fn spelled(attempt: &Attempt<'_>) -> Option<String> {
    let claim = attempt.claim;
    let lower = claim.signature.to_ascii_lowercase();
    let string = canonical::string_to_sign(&attempt.ours.canonical(), claim);
    let right = Secret::new(canonical::signature(attempt.secret, claim, &string));
    let is_right = lower != claim.signature && right.matches(lower.as_bytes());
    is_right.then(|| {
        "the signature is right, in capitals: it has to be 64 lower-case hexadecimal digits"
            .to_owned()
    })
}
