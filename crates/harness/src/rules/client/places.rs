//! Where secrets and tokens may not stand, and where requests may not go.

use percent_encoding::percent_decode_str;

use super::spelled::{aws_credentials, secrets, tokens};
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{Fault, each_has_the_form, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::client("BAS-04", keeps_secrets_out_of_urls).everywhere(),
    Rule::client("REQ-04", keeps_secrets_in_their_place).everywhere(),
    Rule::client("REF-01", keeps_refresh_tokens_at_their_issuer).everywhere(),
    Rule::client("REQ-12", keeps_the_base_path).everywhere(),
    Rule::client("REQ-13", stays_in_its_environment).everywhere(),
];

const NONE: &str = "no request was looked at";

/// No request target has a password or client secret.
fn keeps_secrets_out_of_urls(view: &View<'_>) -> Finding {
    let requests = arrivals(view).map(|request| {
        let target = request.entry.target.as_str();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let named = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, value)| {
                matches!(*name, "client_secret" | "password") && !value.is_empty()
            })
            .map(|(name, _)| name);
        let found = secrets(target).next().or(named);
        let fault = found.map(|name| Fault::broken(request, format!("{name} in the URL")));
        (request, fault)
    });
    each_has_the_form(view, "no credential in a URL", NONE, requests)
}

/// No password or client secret stands in a header other than the login's Authorization, nor in an
/// API request, and of AWS credentials only the session token, where it belongs. URLs are another row's
/// matter.
fn keeps_secrets_in_their_place(view: &View<'_>) -> Finding {
    let requests = arrivals(view).map(|request| {
        let is_api = request.is_api_request(view) || request.is_upgrade();
        let headers = request.entry.headers.iter();
        let key = aws_secret_place(&request)
            .map(|place| format!("a secret of AWS credentials in {place}"));
        let header = headers
            .filter(|(name, _)| is_api || !name.eq_ignore_ascii_case("authorization"))
            .find(|(_, value)| secrets(value).next().is_some())
            .map(|(name, _)| format!("a secret in {name}"));
        let in_body = is_api
            && secrets(request.entry.body.as_deref().unwrap_or_default())
                .next()
                .is_some();
        let body = in_body.then(|| "a secret in the body of an API request".to_owned());
        (
            request,
            header
                .or(body)
                .or(key)
                .map(|seen| Fault::broken(request, seen)),
        )
    });
    each_has_the_form(view, "secrets where the vendor reads them", NONE, requests)
}

/// Where a secret key of AWS stands, or a session token that is not named as one.
fn aws_secret_place<'a>(request: &Arrival<'a>) -> Option<&'a str> {
    const OWN: &str = "x-amz-security-token";
    let has = |text: &str| aws_credentials(text).next().is_some();
    let entry = request.entry;
    let is_own = |name: &str| name.eq_ignore_ascii_case(OWN);
    let mut headers = entry.headers.iter();
    let header = headers.find(|(name, value)| !is_own(name) && has(value));
    let mut pairs = entry.target.split(['?', '&']);
    let in_url = pairs.any(|pair| {
        let name = pair.split_once('=').map_or("", |(name, _)| name);
        !is_own(name) && has(pair)
    });
    let in_body = has(entry.body.as_deref().unwrap_or_default());
    let header = header.map(|(name, _)| name.as_str());
    header
        .or(in_url.then_some("the URL"))
        .or(in_body.then_some("a body"))
}

/// Whether a request goes to who issued the refresh tokens: not to the API, and to nothing unknown.
fn goes_to_the_issuer(view: &View<'_>, request: &Arrival<'_>) -> bool {
    match request.operation() {
        Some(name) => matches!(
            name,
            "InitiateAuth" | "GetTokensFromRefreshToken" | "RevokeToken"
        ),
        None => {
            !request.is_api_request(view)
                && !request.is_upgrade()
                && !request.entry.endpoint.is_empty()
        }
    }
}

/// A refresh token goes to who issued it, in the body, and nowhere else.
fn keeps_refresh_tokens_at_their_issuer(view: &View<'_>) -> Finding {
    let has = |text: &str| tokens(text).any(|name| name.starts_with("refresh"));
    let issued = arrivals(view).find(|request| {
        let reply = request
            .entry
            .reply
            .as_ref()
            .and_then(|reply| reply.body.as_deref());
        reply.is_some_and(has) && request.is_served()
    });
    let Some(issued) = issued else {
        let mut logins = token_requests(view).filter(Arrival::is_served);
        let has_none = |login| Finding::not_applicable("no refresh token was issued", login);
        return unobserved(view, "no refresh token was issued")
            .or_not_applicable(|| logins.next().map(has_none));
    };
    let requests = arrivals(view).map(|request| {
        let mut headers = request.entry.headers.iter();
        let header = headers
            .find(|(_, value)| has(value))
            .map(|(name, _)| name.as_str());
        let elsewhere = (!goes_to_the_issuer(view, &request)).then_some("the body");
        let body = elsewhere.filter(|_| has(request.entry.body.as_deref().unwrap_or_default()));
        let target = has(&request.entry.target).then_some("the URL");
        let seen = target.or(header).or(body).map(|place| {
            format!(
                "a refresh token in {place} of {} {}",
                request.entry.method,
                request.path()
            )
        });
        (request, seen.map(|seen| Fault::broken(request, seen)))
    });
    let requests = requests.filter(|(request, fault)| fault.is_some() || request.seq >= issued.seq);
    each_has_the_form(view, "refresh tokens at their issuer alone", NONE, requests)
}

/// API requests go below the documented base path, which stands in them once.
fn keeps_the_base_path(view: &View<'_>) -> Finding {
    let urls = view.profile.urls.iter();
    let bases: Vec<&str> = urls
        .filter(|(name, _)| name.starts_with("api"))
        .map(|(_, base)| base.trim_end_matches('/'))
        .filter(|base| !base.is_empty())
        .collect();
    let rest = |path: &'_ str| {
        let rests = bases
            .iter()
            .filter_map(|base| Some((*base, path.strip_prefix(base)?)));
        rests
            .filter(|(_, rest)| rest.starts_with('/'))
            .map(|(base, rest)| (base.to_owned(), rest.to_owned()))
            .next()
    };
    let shows = |request: &Arrival<'_>| request.is_signed() || request.bearer().is_some();
    let candidates =
        arrivals(view).filter(|request| !request.is_upgrade() && request.operation().is_none());
    let requests = candidates.filter_map(|request| {
        let below = rest(request.path());
        let is_lost = below.is_none() && request.entry.endpoint.is_empty() && shows(&request);
        let is_api = request.is_api_request(view) && below.is_some();
        let is_twice = below.is_some_and(|(base, rest)| {
            bases.iter().chain([&base.as_str()]).any(|base| {
                rest.strip_prefix(base)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        });
        let seen = || format!("{} {}", request.entry.method, request.path());
        let fault = (is_lost || is_twice).then(|| Fault::broken(request, seen()));
        (is_api || is_lost).then_some((request, fault))
    });
    let expected = format!("a path below {}", bases.join(" or "));
    each_has_the_form(view, &expected, "no API request was looked at", requests)
}

/// The environment that a Host names, by the vendor's own hosts: what differs between two of them
/// is the second label.
fn environment<'a>(view: &View<'_>, host: &'a str) -> Option<&'a str> {
    let host = host.split(':').next()?;
    let is_known = view.profile.hosts.iter().any(|known| known == host);
    let mut labels = host.split('.').skip(1);
    labels.next().filter(|_| is_known)
}

/// No placeholder is left in a host or path, and login and API have one environment.
fn stays_in_its_environment(view: &View<'_>) -> Finding {
    let is_api = |request: &Arrival<'_>| request.is_api_request(view);
    let logins: Vec<_> = token_requests(view).collect();
    let calls: Vec<_> = api_requests(view).collect();
    let seen = |all: &[Arrival<'_>]| all.iter().any(Arrival::was_looked_at);
    let has_both = seen(&logins) && seen(&calls);
    let home = logins
        .iter()
        .find_map(|login| environment(view, login.header("host")));
    let all = arrivals(view).filter(|request| {
        request.is_token_request() || is_api(request) || has_placeholder(request)
    });
    let requests = all.filter_map(|request| {
        let seen = if has_placeholder(&request) {
            Some("a placeholder in host or path".to_owned())
        } else {
            let here = environment(view, request.header("host"));
            let differs = here.is_some() && home.is_some() && here != home;
            differs.then(|| {
                format!(
                    "a login at {} and a request at {}",
                    home.unwrap_or_default(),
                    here.unwrap_or_default()
                )
            })
        };
        let fault = seen.map(|seen| Fault::broken(request, seen));
        (has_both || fault.is_some()).then_some((request, fault))
    });
    let what = "not both a token request and an API request were looked at";
    each_has_the_form(view, "no placeholder, and one environment", what, requests)
}

fn has_placeholder(request: &Arrival<'_>) -> bool {
    let path = percent_decode_str(request.path()).decode_utf8_lossy();
    let signs = ['{', '}'];
    path.contains(signs) || request.header("host").contains(signs)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use crate::rules::client::testing::{called, check, login, password, tokens as pool_tokens};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const TOKEN: (&str, &str) = ("Authorization", "Bearer «access token 1 of a»");

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("BAS-04", good),
        ("REQ-04", good),
        ("REF-01", good),
        ("REQ-12", |log| good(with_base(log))),
        ("REQ-13", good),
    ];

    fn with_base(mut log: Log) -> Log {
        log.profile.urls.insert("api".to_owned(), "/v2".to_owned());
        log
    }

    fn good(log: Log) -> Log {
        call(login(log), "/v2/things", &[TOKEN])
    }

    fn call(log: Log, target: &str, headers: &[(&str, &str)]) -> Log {
        called(log, "GET", target, headers, "", &json!({}))
    }

    #[test]
    fn a_url_has_no_credential() {
        let at = |target: &str, expected| {
            check(
                &call(login(Log::with_tenants()), target, &[]),
                "BAS-04",
                expected,
            )
        };
        at("/v2/things?k=«secret of a»", Grade::Broken);
        at("/v2/things?client_secret=«unknown, 3 bytes»", Grade::Broken);
        at("/v2/things?client_secret=", Grade::Met);
        at("/v2/things?token=«access token 1 of a»", Grade::Met);
        check(&Log::with_tenants(), "BAS-04", Grade::Unobserved);
    }

    #[test]
    fn secrets_stay_in_their_place() {
        let header = |name: &str, expected| {
            let log = call(
                login(Log::with_tenants()),
                "/v2/things",
                &[(name, "x «secret of a»")],
            );
            check(&log, "REQ-04", expected);
        };
        header("User-Agent", Grade::Broken);
        header("Cookie", Grade::Broken);
        header("Authorization", Grade::Broken);
        let key = call(
            login(Log::with_tenants()),
            "/v2/things",
            &[TOKEN, ("X-Secret", "«aws credentials 4 of a»")],
        );
        check(&key, "REQ-04", Grade::Broken);
        let session = call(
            login(Log::with_tenants()),
            "/v2/things?X-Amz-Security-Token=«aws credentials 4 of a»",
            &[("x-amz-security-token", "«aws credentials 4 of a»")],
        );
        check(&session, "REQ-04", Grade::Met);
        let body = called(
            login(Log::with_tenants()),
            "POST",
            "/v2/things",
            &[TOKEN],
            r#"{"p":"«secret of a»"}"#,
            &json!({}),
        );
        check(&body, "REQ-04", Grade::Broken);
        check(&login(Log::with_tenants()), "REQ-04", Grade::Met);
    }

    #[test]
    fn refresh_tokens_go_to_their_issuer() {
        let refresh = "«refresh token 3 of a»";
        let log = call(
            login(Log::with_tenants()),
            "/v2/things",
            &[("X-Refresh", refresh)],
        );
        check(&log, "REF-01", Grade::Broken);
        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
        let log = login(Log::with_tenants()).arrival("token", "/realms/t/token", &[], &form);
        check(&log, "REF-01", Grade::Met);
        let log = login(Log::with_tenants()).arrival("revoke", "/realms/t/revoke", &[], &form);
        check(&with_base(log), "REF-01", Grade::Met);
        let log = called(
            login(Log::with_tenants()),
            "POST",
            "/v2/things",
            &[],
            &form,
            &json!({}),
        );
        check(&log, "REF-01", Grade::Broken);
        let pool = |operation: &str| {
            let sent = json!({"Token": "«refresh token 1 of u»"});
            Log::new()
                .operation("InitiateAuth", &password(), &pool_tokens(1))
                .operation(operation, &sent, &json!({}))
        };
        check(&pool("RevokeToken"), "REF-01", Grade::Met);
        check(&pool("GetUser"), "REF-01", Grade::Broken);
        check(
            &Log::with_tenants().grant(1),
            "REF-01",
            Grade::NotApplicable,
        );
        check(&Log::with_tenants(), "REF-01", Grade::Unobserved);
    }

    #[test]
    fn the_base_path_stands_once() {
        let at = |target: &str, endpoint: &str, expected| {
            let log = login(with_base(Log::with_tenants())).entered(endpoint, |entry| {
                entry.target = target.to_owned();
                entry.headers = vec![(TOKEN.0.to_owned(), TOKEN.1.to_owned())];
                entry.outcome = Some(locum_core::Outcome::Unrouted);
                entry.reply = Some(crate::rules::client::testing::reply(404, "{}"));
            });
            check(&log, "REQ-12", expected);
        };
        at("/v2/things", "things", Grade::Met);
        at("/v2/v2/things", "", Grade::Broken);
        at("/things", "", Grade::Broken);
        at("/v3/things", "", Grade::Broken);
        at("/realms/t/userinfo", "userinfo", Grade::Unobserved);
    }

    #[test]
    fn placeholders_are_replaced_and_environments_not_mixed() {
        let hosts = |auth: &str, api: &str, path: &str, expected| {
            let mut log = Log::with_tenants();
            log.profile.hosts = ["auth.eu.x", "auth.us.x", "api.eu.x", "api.us.x"]
                .map(str::to_owned)
                .to_vec();
            let log = log.arrival("token", "/realms/t/token", &[("Host", auth)], "a=b");
            check(
                &call(log, path, &[("host", api), TOKEN]),
                "REQ-13",
                expected,
            );
        };
        hosts("auth.eu.x", "api.eu.x:4743", "/v2/things", Grade::Met);
        hosts("127.0.0.1:4700", "127.0.0.1:4701", "/v2/things", Grade::Met);
        hosts("auth.eu.x", "api.us.x", "/v2/things", Grade::Broken);
        hosts("auth.eu.x", "api.eu.x", "/v2/{things}", Grade::Broken);
        hosts("auth.eu.x", "api.eu.x", "/v2/%7Bthings%7D", Grade::Broken);
        hosts(
            "auth.{environment}.x",
            "api.eu.x",
            "/v2/things",
            Grade::Broken,
        );
        check(&login(Log::with_tenants()), "REQ-13", Grade::Unobserved);
    }
}
