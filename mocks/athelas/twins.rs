//! Athelas' evil twins.

mod accounts;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Twin, jwt};

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> = LazyLock::new(|| [TWINS, accounts::TWINS].concat());

/// One thing wrong each.
const TWINS: &[Twin] = &[
    Twin {
        pardons: |endpoint, denial| endpoint != "token" && denial.kind == DenialKind::Expired,
        ..Twin::named(
            "accept-expired-token",
            "the API accepts tokens after their exp",
        )
    },
    Twin {
        life_percent: 95,
        ..Twin::named(
            "token-ends-early",
            "an access token is refused after 95 percent of its life",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_password",
        ..Twin::named("any-password", "every non-empty password gives a token")
    },
    Twin {
        pardons: |_, denial| denial.reason == "missing_password",
        ..Twin::named(
            "password-optional",
            "a request without password gives a token",
        )
    },
    Twin {
        takes: |_, token, _| alg(token).eq_ignore_ascii_case("none"),
        ..Twin::named("alg-none", "tokens with alg none are accepted")
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "bad_signature" && denial.got.as_deref().is_some_and(is_other_hmac)
        },
        ..Twin::named(
            "alg-from-token",
            "the verifier takes the algorithm from the token header",
        )
    },
    Twin {
        takes: |_, token, denial| {
            alg(token) == "HS256"
                && (denial.reason == "bad_signature" || denial.kind == DenialKind::UnknownToken)
        },
        ..Twin::named(
            "signature-unchecked",
            "alg must be HS256 and the claims are checked, the signature is not",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "not_yet_valid",
        ..Twin::named("nbf-unchecked", "nbf is not looked at")
    },
    Twin {
        pardons: |_, denial| says(denial, "a crit header"),
        ..Twin::named("crit-unchecked", "unknown crit entries are ignored")
    },
    Twin {
        pardons: |_, denial| says(denial, "exp that is not a number"),
        ..Twin::named("exp-as-text", "exp given as text is accepted")
    },
    Twin {
        settings: || vec![("athelas.require_exp", false.into())],
        ..Twin::named("exp-optional", "tokens without exp are accepted")
    },
    Twin {
        takes: |mock, token, denial| says(denial, "a payload") && first_exp_lies_ahead(mock, token),
        ..Twin::named(
            "first-claim-wins",
            "of a repeated claim name the first value is used",
        )
    },
    Twin {
        skips: &["exp_in_seconds"],
        ..Twin::named(
            "exp-in-milliseconds",
            "issued tokens carry exp in milliseconds",
        )
    },
    Twin {
        settings: || vec![("athelas.token_format", "opaque".into())],
        ..Twin::named("opaque-token", "access_token is opaque text")
    },
];

/// The `alg` that a token's header names.
fn alg(token: &str) -> String {
    let parts = jwt::parse(token).ok();
    let alg = parts.and_then(|parts| parts.header.get("alg")?.as_str().map(str::to_owned));
    alg.unwrap_or_default()
}

/// Whether a denial names another algorithm of the same key.
fn is_other_hmac(got: &str) -> bool {
    let name = got.trim_start_matches("alg ").to_ascii_uppercase();
    ["HS256", "HS384", "HS512"].contains(&name.as_str())
}

fn says(denial: &Denial, what: &str) -> bool {
    denial.reason == "malformed_token"
        && denial
            .got
            .as_deref()
            .is_some_and(|got| got.starts_with(what))
}

/// Reads the first `exp` of a payload that has several.
fn first_exp_lies_ahead(mock: &Mock, token: &str) -> bool {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let text = String::from_utf8_lossy(&payload).into_owned();
    let Some((_, value)) = text.split_once("\"exp\":") else {
        return false;
    };
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits
        .parse::<i64>()
        .is_ok_and(|exp| exp > mock.now().as_seconds())
}
