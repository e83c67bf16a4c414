//! The form of a client's requests.

use percent_encoding::percent_decode_str;

use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{Fault, each_has_the_form, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[
    Rule::client("REQ-06", credentials_in_the_body).everywhere(),
    Rule::client("REQ-08", names_the_tenant).everywhere(),
];

/// The value of a parameter of a form, as it is spelled.
fn parameter<'a>(request: &Arrival<'a>, name: &str) -> Option<&'a str> {
    let body = request.entry.body.as_deref().unwrap_or_default();
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Each token request of a client that acts for itself carries id and secret in its body; Basic
/// instead is told: the vendor takes it, and RFC 6749 §2.3.1 prefers it.
fn credentials_in_the_body(view: &View<'_>) -> Finding {
    let graded = |request: Arrival<'_>| {
        let carries = |name| parameter(&request, name).is_some_and(|value| !value.is_empty());
        if carries("client_id") && carries("client_secret") {
            return None;
        }
        let basic = request
            .headers("authorization")
            .any(|value| value.starts_with("Basic "));
        Some(if basic {
            (Grade::Fact, "Basic instead")
        } else {
            (Grade::Broken, "neither body nor Basic has both")
        })
    };
    let is_own_grant = |request: &Arrival<'_>| {
        parameter(request, "grant_type").is_none_or(|grant| grant == "client_credentials")
    };
    let requests = token_requests(view).filter(is_own_grant).map(|request| {
        let fault = graded(request).map(|(grade, seen)| Fault::new(request, grade, seen));
        (request, fault)
    });
    let expected = "client_id and client_secret in the body";
    each_has_the_form(view, expected, "no token request was looked at", requests)
}

/// Each API request has one tenant header, with the tenant that the path of its token's request
/// names.
fn names_the_tenant(view: &View<'_>) -> Finding {
    let (Some(header), Some(path)) = (
        view.profile.api.tenant_header.as_deref(),
        view.profile.urls.get("token"),
    ) else {
        return unobserved(view, "the vendor has no tenants");
    };
    let (before, behind) = path.split_once("{tenant}").unwrap_or((path, ""));
    let realm = |request: &Arrival<'_>| {
        let realm = request.path().strip_prefix(before)?.strip_suffix(behind)?;
        Some(percent_decode_str(realm).decode_utf8_lossy().into_owned())
    };
    let mut realms: Vec<String> = token_requests(view).filter_map(|it| realm(&it)).collect();
    realms.dedup();
    let tenant_of = |call: &Arrival<'_>| {
        let source = call
            .entry
            .presented
            .and_then(|token| arrivals(view).find(|request| request.entry.issued.contains(&token)));
        match (source, &realms[..]) {
            (Some(request), _) => realm(&request),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    };
    let requests = api_requests(view).filter_map(|call| {
        let tenant = tenant_of(&call)?;
        let named: Vec<&str> = call.named(header.to_owned()).collect();
        let fault = (named != [tenant.as_str()]).then(|| {
            let seen = match named.as_slice() {
                [] => format!("no {header}"),
                list => format!("{header}: {}", list.join(", ")),
            };
            Fault::broken(call, seen)
        });
        Some((call, fault))
    });
    let expected = format!("one {header}, with the tenant of the token request");
    let what = "no API request with a token of a known tenant was looked at";
    each_has_the_form(view, &expected, what, requests)
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const BOTH: &str = "client_id=a&client_secret=«s»";

    fn login(log: Log, headers: &[(&str, &str)], body: &str) -> Log {
        log.arrival("token", "/realms/t/token", headers, body)
    }

    fn token(headers: &[(&str, &str)], body: &str, expected: Grade) {
        check(&login(Log::new(), headers, body), "REQ-06", expected);
    }

    #[test]
    fn credentials_travel_in_the_body() {
        token(&[], BOTH, Grade::Met);
        token(
            &[],
            &format!("grant_type=client_credentials&{BOTH}"),
            Grade::Met,
        );
        token(&[], "client_id=a", Grade::Broken);
        token(&[], "client_id=a&client_secret=", Grade::Broken);
        token(&[("Authorization", "Basic «s»")], "", Grade::Fact);
        token(
            &[],
            "grant_type=refresh_token&refresh_token=«r»",
            Grade::Unobserved,
        );
        check(&Log::new(), "REQ-06", Grade::Unobserved);
    }

    /// The first good request hid nothing before, but the proof named the first bad one alone.
    #[test]
    fn all_requests_that_depart_are_named() {
        let log = login(login(login(Log::new(), &[], BOTH), &[], ""), &[], "");
        let finding = check(&log, "REQ-06", Grade::Broken);
        assert_eq!(finding.evidence().len(), 2);
        let basic = [("Authorization", "Basic «s»")];
        let mixed = login(login(Log::new(), &basic, ""), &[], "");
        let finding = check(&mixed, "REQ-06", Grade::Broken);
        assert_eq!(finding.evidence().len(), 1);
    }

    fn tenant(headers: &[(&str, &str)], expected: Grade) {
        let log = login(Log::with_tenants(), &[], "");
        let log = log.arrival("things", "/v2/things", headers, "");
        check(&log, "REQ-08", expected);
    }

    #[test]
    fn the_header_names_the_tenant_of_the_token_request() {
        tenant(&[("tenant-name", "t")], Grade::Met);
        tenant(&[], Grade::Broken);
        tenant(&[("Tenant-Name", "")], Grade::Broken);
        tenant(&[("Tenant-Name", "u")], Grade::Broken);
        tenant(&[("Tenant-Name", "t"), ("Tenant-Name", "t")], Grade::Broken);
        check(&Log::with_tenants(), "REQ-08", Grade::Unobserved);
    }

    /// A client of two tenants was blamed for naming the second.
    #[test]
    fn each_token_has_the_tenant_of_its_own_request() {
        let named = |log: Log, token, tenant| {
            log.api_with(token, &[("Tenant-Name", tenant)], Outcome::Admitted)
        };
        let logins = || {
            Log::with_tenants()
                .granted_at("/realms/t/token", 1)
                .granted_at("/realms/u/token", 2)
        };
        let right = named(named(logins(), 1, "t"), 2, "u");
        check(&right, "REQ-08", Grade::Met);
        let mixed = named(named(logins(), 1, "t"), 2, "t");
        check(&mixed, "REQ-08", Grade::Broken);
    }

    /// A websocket has its tenant in the URL, and was blamed for having no header.
    #[test]
    fn an_upgrade_is_no_rest_request() {
        let log = login(Log::with_tenants(), &[], "")
            .arrival("things", "/v2/things", &[("Tenant-Name", "t")], "")
            .arrival(
                "streams",
                "/s?tenant-name=t",
                &[("Upgrade", "websocket")],
                "",
            );
        check(&log, "REQ-08", Grade::Met);
    }
}
