//! What a client shows at a presigned URL, which holds its own grant.

use super::traffic::{Arrival, arrivals_at};
use super::{Fault, each_has_the_form, unobserved};
use crate::rules::{Rule, View};
use crate::run::elsewhere::ANOTHER_ORIGIN;
use crate::verdict::Finding;

use super::plan::setting;

pub(super) const RULES: &[Rule] = &[Rule::client("SIG-08", shows_nothing_there)];

/// What proves who asks.
const PROOFS: [&str; 3] = ["Authorization", "X-Amz-Security-Token", "X-Api-Key"];

/// No proof of the run and no secret of it reaches the listener of a presigned URL.
fn shows_nothing_there(view: &View<'_>) -> Finding {
    if setting(view, "presigned_origin", serde_json::Value::is_string).is_none() {
        return unobserved(view, "no presigned URL led to another listener");
    }
    let requests = arrivals_at(view, ANOTHER_ORIGIN).map(|request| {
        let header = PROOFS
            .into_iter()
            .find(|name| request.headers(name).next().is_some());
        let seen = header.map(str::to_owned).or_else(|| secret_in(&request));
        (request, seen.map(|seen| Fault::broken(request, seen)))
    });
    each_has_the_form(
        view,
        "no Authorization, session token or secret at a presigned URL",
        "no presigned URL was used",
        requests,
    )
}

/// The name of a secret of the run in the request.
fn secret_in(request: &Arrival<'_>) -> Option<String> {
    let headers = request
        .entry
        .headers
        .iter()
        .map(|(_, value)| value.as_str());
    let all = headers
        .chain(request.entry.body.as_deref())
        .chain([request.entry.target.as_str()]);
    let names = all.flat_map(|text| {
        text.split('«')
            .skip(1)
            .filter_map(|rest| rest.split_once('»'))
    });
    names
        .map(|(name, _)| name)
        .find(|name| !name.starts_with("unknown"))
        .map(str::to_owned)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::ANOTHER_ORIGIN;
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] =
        &[("SIG-08", |log| uploaded(led(log), &[("Content-MD5", "x")]))];

    fn led(log: Log) -> Log {
        log.control("settings", &json!({"acme.presigned_origin": "http://h/s"}))
    }

    fn uploaded(log: Log, headers: &[(&str, &str)]) -> Log {
        log.at(ANOTHER_ORIGIN).signed("PUT", headers, None).at("")
    }

    #[test]
    fn nothing_goes_with_a_presigned_url() {
        let seen = |headers: &[(&str, &str)]| uploaded(led(Log::new()), headers);
        check(
            &seen(&[("Authorization", "AWS4-HMAC-SHA256 x")]),
            "SIG-08",
            Grade::Broken,
        );
        check(
            &seen(&[("x-amz-security-token", "«t»")]),
            "SIG-08",
            Grade::Broken,
        );
        check(
            &seen(&[("X-Token", "«access token 1 of u»")]),
            "SIG-08",
            Grade::Broken,
        );
        check(&led(Log::new()), "SIG-08", Grade::Unobserved);
        check(&uploaded(Log::new(), &[]), "SIG-08", Grade::Unobserved);
    }
}
