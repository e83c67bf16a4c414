//! How a client signs its API requests (AWS Signature Version 4).

use locum_core::{Denial, DenialKind, Outcome, Timestamp};

use super::commands::clock_turns;
use super::traffic::{Arrival, api_requests, arrivals};
use super::{Fault, each_has_the_form, met, unobserved, worst};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("SIG-01", signs_correctly),
    Rule::client("SIG-02", dates_and_scopes),
];

/// The API requests that carry a signature.
fn signed<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> {
    let algorithm = |value: &str| value.starts_with("AWS4-HMAC-SHA256 ");
    api_requests(view).filter(move |call| call.headers("authorization").any(algorithm))
}

/// The mock's own computation over the received bytes agrees with each signature, of a request with
/// a body and of one without. The scope is another row's matter.
fn signs_correctly(view: &View<'_>) -> Finding {
    let disagrees = |call: Arrival<'_>| {
        let denial = call.entry.denial.as_ref()?;
        let is_bad = denial.kind == DenialKind::BadSignature && denial.reason != "wrong_scope";
        is_bad.then(|| difference(denial))
    };
    let faults: Vec<_> = signed(view)
        .filter_map(|call| Some(Fault::broken(call, disagrees(call)?)))
        .collect();
    if let Some(finding) = worst(&faults, "the signature of what was received") {
        return finding;
    }
    let admitted: Vec<_> = signed(view)
        .filter(|call| call.entry.outcome == Some(Outcome::Admitted) && call.is_served())
        .collect();
    let of = |method| admitted.iter().any(|call| call.entry.method == method);
    match Proof::all(admitted.iter().copied()) {
        Some(proof) if of("GET") && of("POST") => {
            met(view, format!("{} signatures agree", admitted.len()), proof)
        }
        _ => unobserved(view, "not both a GET and a POST were admitted"),
    }
}

/// The first difference between what was signed and what was received, before all else.
pub(super) fn difference(denial: &Denial) -> String {
    match &denial.difference {
        Some(difference) => format!("{difference} ({})", denial.reason.replace('_', " ")),
        None => denial.sentence(),
    }
}

/// Whether the signature covers the session token, as far as the mock noted it.
fn signs_its_token(call: &Arrival<'_>) -> bool {
    let signed = call.entry.notes.get("signed_headers");
    let signed = signed.and_then(|signed| signed.as_str());
    signed.is_none_or(|signed| signed.split(';').any(|name| name == "x-amz-security-token"))
}

/// Each signature has the time of its request, a scope of that day, the vendor's region and
/// service, and a session token that was issued.
fn dates_and_scopes(view: &View<'_>) -> Finding {
    let issued = |call: &Arrival<'_>| {
        let shown = call.header("x-amz-security-token");
        arrivals(view)
            .take_while(|earlier| earlier.seq < call.seq)
            .any(|earlier| earlier.answered()["Credentials"]["SessionToken"] == shown)
    };
    let requests = signed(view).map(|call| {
        let fault = misdated(view, &call)
            .or_else(|| (!issued(&call)).then(|| "a session token that was not issued".to_owned()))
            .map(|seen| Fault::new(call, Grade::Broken, seen));
        (call, fault)
    });
    let expected = "the vendor's date, region and service, and the issued session token";
    let what = "no signed API request was looked at";
    let finding = each_has_the_form(view, expected, what, requests);
    let unsigned = signed(view).filter(|call| call.is_served() && !signs_its_token(call));
    match Proof::all(unsigned) {
        Some(proof) if finding.grade() == Grade::Met => {
            Finding::fact("the session token is sent and not signed", proof)
        }
        _ => finding,
    }
}

/// What is wrong with date or scope.
fn misdated(view: &View<'_>, call: &Arrival<'_>) -> Option<String> {
    let date = call.header("x-amz-date");
    let Some(signed) = Timestamp::parse_amz_date(date) else {
        return Some(format!("x-amz-date `{date}`"));
    };
    let arrived = call.entry.arrived;
    let skew_s = signed.as_millis().abs_diff(arrived.as_millis()) / 1000;
    let max_skew_s = view.expected.max_clock_skew_s?;
    if skew_s > max_skew_s && clocks_agree(view, call) {
        return Some(format!("x-amz-date {date} at {arrived}"));
    }
    let facts = view.profile.signature.as_ref()?;
    let scope = format!(
        "/{}/{}/{}/aws4_request,",
        date.get(..8)?,
        facts.region,
        facts.service
    );
    let authorization = call.header("authorization");
    (!authorization.contains(&scope))
        .then(|| format!("a scope that is not {}", scope.trim_matches([',', '/'])))
}

/// Whether the vendor's clock and the client's had been turned alike when a request arrived: a
/// distance between them is none of the client's making.
fn clocks_agree(view: &View<'_>, call: &Arrival<'_>) -> bool {
    let vendor = view.evidence.turned_before(Some(call.seq));
    let client = clock_turns(view)
        .into_iter()
        .take_while(|(seq, _)| *seq < call.seq)
        .last()
        .map_or(0.0, |(_, offset)| offset);
    (vendor - client).abs() < 1.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use locum_core::Outcome;

    use crate::rules::client::testing::{check, reply as reply_of};
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const SIGNED: (&str, &str) = ("authorization", "AWS4-HMAC-SHA256 x");

    fn call(log: Log, method: &str, refused: Option<&str>) -> Log {
        log.signed(method, &[SIGNED], refused)
    }

    fn both() -> Log {
        call(call(Log::new(), "GET", None), "POST", None)
    }

    #[test]
    fn signatures_agree_for_a_read_and_an_upload() {
        check(&both(), "SIG-01", Grade::Met);
        check(&call(Log::new(), "GET", None), "SIG-01", Grade::Unobserved);
        let wrong = || call(both(), "GET", Some("wrong_signature_echoed"));
        check(&wrong(), "SIG-01", Grade::Broken);
        let all = call(wrong(), "GET", Some("header_not_signed"));
        let finding = check(&all, "SIG-01", Grade::Broken);
        assert_eq!(finding.evidence().len(), 2);
        check(
            &call(both(), "GET", Some("wrong_scope")),
            "SIG-01",
            Grade::Met,
        );
    }

    /// Requests that no signature was seen on counted as signed.
    #[test]
    fn a_request_without_a_signature_shows_none() {
        let log = Log::new()
            .signed("GET", &[], None)
            .signed("POST", &[], None);
        check(&log, "SIG-01", Grade::Unobserved);
        check(&log, "SIG-02", Grade::Unobserved);
    }

    const DATE: &str = "20261124T100400Z";
    const SCOPE: &str = "20261124/r/s";
    const TOKEN: &str = "«aws credentials 4 of u»";

    /// The entries of a test log arrive at 10:00.
    fn dated(log: Log, date: &str, scope: &str, token: &str) -> Log {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=A/{scope}/aws4_request, SignedHeaders=host");
        let headers = [
            ("authorization", scope.as_str()),
            ("x-amz-date", date),
            ("X-Amz-Security-Token", token),
        ];
        let reply = json!({"Credentials": {"SessionToken": TOKEN}});
        log.operation("GetCredentialsForIdentity", &json!({}), &reply)
            .signed("GET", &headers, None)
    }

    #[test]
    fn a_signature_has_date_scope_and_session_token() {
        let log = |date, scope, token| dated(Log::new(), date, scope, token);
        check(&log(DATE, SCOPE, TOKEN), "SIG-02", Grade::Met);
        for (date, scope, token) in [
            ("20261124T100600Z", SCOPE, TOKEN),
            ("today", SCOPE, TOKEN),
            (DATE, SCOPE, "«unknown»"),
            (DATE, SCOPE, ""),
            (DATE, "20261123/r/s", TOKEN),
            (DATE, "20261124/r/s3", TOKEN),
        ] {
            check(&log(date, scope, token), "SIG-02", Grade::Broken);
        }
        check(&Log::new(), "SIG-02", Grade::Unobserved);
    }

    #[test]
    fn a_session_token_that_is_not_signed_is_told() {
        let signs = |names: &str| {
            let reply = json!({"Credentials": {"SessionToken": TOKEN}});
            let log = Log::new();
            let log = log.operation("GetCredentialsForIdentity", &json!({}), &reply);
            let scope = format!("AWS4-HMAC-SHA256 Credential=A/{SCOPE}/aws4_request, x");
            let headers = [
                ("authorization", scope.as_str()),
                ("x-amz-date", DATE),
                ("x-amz-security-token", TOKEN),
            ];
            log.entered("tasks", |entry| {
                let owned = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
                entry.headers = headers.map(owned).to_vec();
                entry
                    .notes
                    .insert("signed_headers".to_owned(), json!(names));
                entry.outcome = Some(Outcome::Admitted);
                entry.reply = Some(reply_of(200, "{}"));
            })
        };
        check(&signs("host;x-amz-date"), "SIG-02", Grade::Fact);
        check(
            &signs("host;x-amz-date;x-amz-security-token"),
            "SIG-02",
            Grade::Met,
        );
    }

    /// A client whose clock was set apart from the vendor's was blamed for the distance.
    #[test]
    fn a_distance_that_the_scenario_made_is_no_fault() {
        let late = |log| dated(log, "20261124T110000Z", SCOPE, TOKEN);
        check(&late(Log::new()), "SIG-02", Grade::Broken);
        check(&late(Log::new().client_clock(3600.0)), "SIG-02", Grade::Met);
        let both = Log::new().advance(3600.0).client_clock(3600.0);
        check(&late(both), "SIG-02", Grade::Broken);
    }
}
