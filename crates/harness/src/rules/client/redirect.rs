//! What a client shows to another origin to which it is redirected (RFC 9110 §15.4).

use locum_core::Entry;

use super::traffic::{Arrival, api_requests, arrivals_at, token_requests};
use super::{met, unobserved};
use crate::evidence::Event;
use crate::rules::{Rule, View};
use crate::run::elsewhere::ANOTHER_ORIGIN;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("REQ-09", shows_no_token_elsewhere),
    Rule::client("REQ-11", shows_no_credentials_elsewhere),
];

/// A redirect of the API is not followed with the token or a signature.
fn shows_no_token_elsewhere(view: &View<'_>) -> Finding {
    let is_proof = |(name, _): &(String, String)| {
        ["authorization", "x-amz-security-token"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    let shows = |entry: &Entry| entry.headers.iter().any(is_proof) || names_a_secret(entry);
    let calls = api_requests(view).collect();
    shown(view, calls, "the API", "no token and no signature", shows)
}

/// A redirect of the token endpoint is not followed with credentials.
fn shows_no_credentials_elsewhere(view: &View<'_>) -> Finding {
    let logins = token_requests(view).collect();
    shown(
        view,
        logins,
        "the token endpoint",
        "no credentials",
        names_a_secret,
    )
}

/// Whether a name stands in the request where a secret was, a known one or not.
fn names_a_secret(entry: &Entry) -> bool {
    let headers = entry.headers.iter().map(|(_, value)| value.as_str());
    headers
        .chain(entry.body.as_deref())
        .chain([entry.target.as_str()])
        .any(|text| text.contains('«'))
}

/// Whether a token is named in the target or a header.
pub(super) fn names_a_token(entry: &Entry) -> bool {
    let headers = entry.headers.iter().map(|(_, value)| value.as_str());
    headers
        .chain([entry.target.as_str()])
        .any(|text| text.split('«').skip(1).any(|name| name.contains("token")))
}

/// Judges what redirected requests showed at the other origin: nothing for which `shows` holds.
pub(super) fn shown(
    view: &View<'_>,
    requests: Vec<Arrival<'_>>,
    whose: &str,
    expected: &str,
    shows: impl Fn(&Entry) -> bool,
) -> Finding {
    let mut records = view.evidence.records().iter();
    let target = records.find_map(|record| match &record.event {
        Event::Control { call, body } if call == "faults" => body["then"]["redirect"].as_str(),
        _ => None,
    });
    let redirected = requests
        .into_iter()
        .filter(|one| target.is_some() && one.header_of_reply("location") == target);
    let Some(redirected) = Proof::all(redirected) else {
        return unobserved(view, &format!("{whose} did not redirect the client"));
    };
    let followed: Vec<Arrival<'_>> = arrivals_at(view, ANOTHER_ORIGIN).collect();
    let with_secrets = followed.iter().copied().filter(|one| shows(one.entry));
    if let Some(leaks) = Proof::all(with_secrets) {
        let seen = "the redirect to another origin was followed with what the vendor alone may see";
        return Finding::broken(expected, seen, redirected.and(leaks));
    }
    match Proof::all(followed) {
        Some(followed) => met(
            view,
            "followed without credentials",
            redirected.and(followed),
        ),
        None => met(view, "not followed", redirected),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::ANOTHER_ORIGIN;
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("REQ-09", |log| redirected(log, "things")),
        ("REQ-11", |log| redirected(log, "token")),
    ];

    const URL: &str = "http://127.0.0.1:1/elsewhere";

    fn redirected(log: Log, endpoint: &str) -> Log {
        let log = log.control("faults", &json!({"then": {"status": 307, "redirect": URL}}));
        log.call(307, |log| log.sent_to(endpoint, URL))
    }

    fn followed(endpoint: &str, headers: &[(&str, &str)], body: &str) -> Log {
        let log = redirected(Log::new(), endpoint).at(ANOTHER_ORIGIN);
        log.arrival("", "/elsewhere", headers, body)
    }

    #[test]
    fn a_token_goes_nowhere_else() {
        check(&redirected(Log::new(), "things"), "REQ-09", Grade::Met);
        check(&followed("things", &[], ""), "REQ-09", Grade::Met);
        for header in ["Authorization", "authorization", "X-Amz-Security-Token"] {
            let log = followed("things", &[(header, "x")], "");
            check(&log, "REQ-09", Grade::Broken);
        }
        let copied = followed("things", &[("X-Token", "«access token 1 of c»")], "");
        check(&copied, "REQ-09", Grade::Broken);
        check(
            &redirected(Log::new(), "token"),
            "REQ-09",
            Grade::Unobserved,
        );
        check(&Log::new(), "REQ-09", Grade::Unobserved);
        let elsewhere = Log::new().call(302, |log| log.sent_to("things", URL));
        check(&elsewhere, "REQ-09", Grade::Unobserved);
        let gone = redirected(Log::new(), "things").client_gone();
        check(&gone, "REQ-09", Grade::Gone);
    }

    #[test]
    fn credentials_go_nowhere_else() {
        check(&redirected(Log::new(), "token"), "REQ-11", Grade::Met);
        check(
            &followed("token", &[], "grant_type=x"),
            "REQ-11",
            Grade::Met,
        );
        let body = followed("token", &[], "client_secret=«secret of c»");
        check(&body, "REQ-11", Grade::Broken);
        let unknown = followed(
            "token",
            &[("Authorization", "Basic «unknown, 9 bytes»")],
            "",
        );
        check(&unknown, "REQ-11", Grade::Broken);
        check(
            &redirected(Log::new(), "things"),
            "REQ-11",
            Grade::Unobserved,
        );
    }
}
