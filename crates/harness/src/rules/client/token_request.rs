//! The form of token requests: method, path, media type, parameters.

use locum_core::spelling::{CredentialOrigin, Word};
use percent_encoding::percent_decode_str;

use super::spelled::difference;
use super::traffic::{Arrival, arrivals, token_requests};
use super::{Fault, each_has_the_form};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::client("TOK-01", is_posted).everywhere(),
    Rule::client("TOK-03", is_a_form).everywhere(),
    Rule::client("TOK-09", names_the_grant).everywhere(),
    Rule::client("TOK-12", repeats_no_parameter).everywhere(),
    Rule::client("TOK-18", has_name_and_password).everywhere(),
    Rule::client("TOK-21", comes_from_no_page).everywhere(),
    Rule::client("TOK-23", asks_for_openid).everywhere(),
    Rule::client("TOK-24", encodes_its_values).everywhere(),
    Rule::client("TOK-25", keeps_the_path).everywhere(),
    Rule::client("REQ-05", accepts_json).everywhere(),
    Rule::client("CLI-28", uses_the_given_credentials).everywhere(),
];

const NONE: &str = "no token request was looked at";
const NO_FORM: &str = "no token request with a form was looked at";

/// The path of the vendor's token endpoint, of any tenant.
fn is_token_path(view: &View<'_>, path: &str) -> bool {
    let Some(template) = view.profile.urls.get("token") else {
        return false;
    };
    let (ours, theirs) = (path.split('/'), template.split('/'));
    ours.clone().count() == theirs.clone().count()
        && ours
            .zip(theirs)
            .all(|(a, b)| a == b || (b.starts_with('{') && !a.is_empty()))
}

/// Each request on the token path has the method POST.
fn is_posted(view: &View<'_>) -> Finding {
    let requests = arrivals(view).filter(|request| is_token_path(view, request.path()));
    let requests = requests.map(|request| {
        let method = request.entry.method.as_str();
        let fault = (method != "POST").then(|| Fault::broken(request, method));
        (request, fault)
    });
    each_has_the_form(
        view,
        "POST",
        "no request on the token path was looked at",
        requests,
    )
}

/// Each body of a token request is a form in UTF-8, and says so.
fn is_a_form(view: &View<'_>) -> Finding {
    let requests = token_requests(view)
        .filter(|request| request.operation().is_none() && request.entry.body_length > 0);
    let requests = requests.filter_map(|request| {
        let media_type = request.header("content-type");
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let form = request.spelling().form;
        let seen = if media_type.is_empty() {
            Some("a body without Content-Type".to_owned())
        } else if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(format!("Content-Type: {media_type}"))
        } else if !form?.is_utf8 {
            Some("a body that does not decode as a form in UTF-8".to_owned())
        } else {
            None
        };
        Some((request, seen.map(|seen| Fault::broken(request, seen))))
    });
    let expected = "application/x-www-form-urlencoded in UTF-8";
    each_has_the_form(
        view,
        expected,
        "no token request with a body was looked at",
        requests,
    )
}

/// A form that neither refreshes nor exchanges a code has `grant_type=client_credentials`.
fn names_the_grant(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter_map(|request| {
        request.parameters()?;
        let grant = request.parameter("grant_type");
        let seen = match grant.as_deref() {
            Some("refresh_token" | "authorization_code") => return None,
            Some("client_credentials") => None,
            Some(other) => Some(format!("grant_type={other}")),
            None => Some("no grant_type".to_owned()),
        };
        Some((request, seen.map(|seen| Fault::broken(request, seen))))
    });
    each_has_the_form(view, "grant_type=client_credentials", NO_FORM, requests)
}

/// No parameter of a form occurs twice.
fn repeats_no_parameter(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter_map(|request| {
        let form = request.spelling().form?;
        let fault = form
            .repeated
            .map(|name| Fault::broken(request, format!("{name} twice")));
        Some((request, fault))
    });
    each_has_the_form(view, "each parameter once", NO_FORM, requests)
}

/// A form of a password login has a user name and a password.
fn has_name_and_password(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter_map(|request| {
        let form = request.spelling().form?;
        let grant = request.parameter("grant_type");
        if grant.is_some_and(|grant| !matches!(grant.as_str(), "" | "password")) {
            return None;
        }
        let lacks = |name: &&str| !form.filled.iter().any(|filled| filled == name);
        let missing: Vec<&str> = ["username", "password"].into_iter().filter(lacks).collect();
        let fault = (!missing.is_empty())
            .then(|| Fault::broken(request, format!("no {}", missing.join(" and no "))));
        Some((request, fault))
    });
    each_has_the_form(view, "username and password", NO_FORM, requests)
}

/// No token request of a client for itself comes from a page in a browser.
fn comes_from_no_page(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter(Arrival::is_client_credentials);
    let requests = requests.map(|request| {
        let origin = request.headers("origin").next();
        let fault = origin.map(|origin| Fault::broken(request, format!("Origin: {origin}")));
        (request, fault)
    });
    each_has_the_form(view, "no Origin", NONE, requests)
}

/// The scope that is asked for contains `openid`.
fn asks_for_openid(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter(Arrival::is_client_credentials);
    let requests = requests.filter_map(|request| {
        request.parameters()?;
        let scope = request.parameter("scope");
        let has = scope
            .as_deref()
            .unwrap_or_default()
            .split(' ')
            .any(|word| word == "openid");
        let fault = (!has).then(|| {
            let seen = scope.map_or("no scope".to_owned(), |scope| format!("scope `{scope}`"));
            Fault::broken(request, seen)
        });
        Some((request, fault))
    });
    each_has_the_form(view, "a scope that contains openid", NO_FORM, requests)
}

/// Each credential of a form arrives as it was given.
fn encodes_its_values(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter_map(|request| {
        request.spelling().form?;
        let shown = request.spelling().credentials;
        let mut shown = shown
            .iter()
            .filter(|shown| shown.place == locum_core::Place::Form);
        let all: Vec<_> = shown.by_ref().collect();
        let wrong: Vec<String> = all.iter().filter_map(|shown| difference(shown)).collect();
        if !wrong.is_empty() {
            return Some((request, Some(Fault::broken(request, wrong.join(", ")))));
        }
        let tells = |shown: &&locum_core::spelling::ShownCredential| match &shown.origin {
            CredentialOrigin::Exact { characters } => is_telling(characters),
            _ => false,
        };
        all.iter().any(tells).then_some((request, None))
    });
    let expected = "each credential byte for byte";
    let what = "no form with a credential of such characters was looked at";
    let in_basic = || {
        let is_in_form = |request: &Arrival<'_>| request.parameter("client_secret").is_some();
        let mut requests = token_requests(view);
        let served = requests.find(|request| request.is_served() && request.has_basic())?;
        let has_form = token_requests(view).any(|request| is_in_form(&request));
        let why = "the client shows its secret in Basic";
        (!has_form).then(|| Finding::not_applicable(why, served))
    };
    each_has_the_form(view, expected, what, requests).or_not_applicable(in_basic)
}

/// Whether a credential with these characters shows how they were encoded. A letter beyond ASCII
/// has a password alone: a client secret is of visible ASCII (RFC 6749 appendix A.2).
pub(super) fn is_telling(characters: &[Word]) -> bool {
    let has = |word: &str| characters.iter().any(|known| known == word);
    ["`+`", "`&`", "`=`", "`%`"].into_iter().all(has)
}

/// A login goes to the token path as the vendor writes it.
fn keeps_the_path(view: &View<'_>) -> Finding {
    let requests = arrivals(view).filter(|request| {
        let endpoint = request.entry.endpoint.as_str();
        let is_login = endpoint == "token" || (endpoint.is_empty() && request.has_login());
        request.entry.method == "POST" && is_login
    });
    let requests = requests.map(|request| {
        let path = percent_decode_str(request.path()).decode_utf8_lossy();
        let is_exact = is_token_path(view, request.path());
        let fault = (!is_exact).then(|| Fault::broken(request, format!("POST {path}")));
        (request, fault)
    });
    let expected = view
        .profile
        .urls
        .get("token")
        .map_or("the token path", String::as_str);
    each_has_the_form(view, expected, "no login was looked at", requests)
}

/// Each token request accepts JSON by name.
fn accepts_json(view: &View<'_>) -> Finding {
    let requests = token_requests(view).map(|request| {
        let mut accepted = request.headers("accept");
        let names = accepted.any(|value| value.to_ascii_lowercase().contains("application/json"));
        let fault = (!names).then(|| {
            let seen = match request.headers("accept").next() {
                Some(value) => format!("Accept: {value}"),
                None => "no Accept".to_owned(),
            };
            Fault::broken(request, seen)
        });
        (request, fault)
    });
    each_has_the_form(view, "Accept: application/json", NONE, requests)
}

/// Each credential of a login is one of the stage's, however it is spelled.
fn uses_the_given_credentials(view: &View<'_>) -> Finding {
    let requests = arrivals(view).filter_map(|request| {
        let shown = request.spelling().credentials;
        let foreign: Vec<String> = shown
            .iter()
            .filter_map(|shown| match &shown.origin {
                CredentialOrigin::Foreign {} => Some(format!("another {}", shown.name)),
                _ => None,
            })
            .collect();
        let fault = (!foreign.is_empty()).then(|| Fault::broken(request, foreign.join(", ")));
        (!shown.is_empty()).then_some((request, fault))
    });
    let expected = "the credentials that the client was given";
    each_has_the_form(view, expected, "no login was looked at", requests)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{BASIC, FORM, SPECIAL, check, login, noted, spelled};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const USER: &str = "grant_type=&username=a%40b&password=«secret of a@b»";

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("TOK-01", login),
        ("TOK-03", login),
        ("TOK-09", login),
        ("TOK-12", login),
        ("TOK-18", |log| {
            spelled(log, &[FORM], USER, &filled(&["username", "password"]))
        }),
        ("TOK-21", login),
        ("TOK-23", login),
        ("TOK-24", |log| {
            spelled(log, &[FORM], "x=y", &in_form(&exact()))
        }),
        ("TOK-25", login),
        ("REQ-05", login),
        ("CLI-28", login),
    ];

    fn filled(names: &[&str]) -> Value {
        json!({"form": {"is_utf8": true, "filled": names}})
    }

    fn exact() -> Value {
        json!({"exact": {"characters": SPECIAL}})
    }

    fn in_form(origin: &Value) -> Value {
        json!({"form": {"is_utf8": true}, "credentials":
            [{"name": "client_secret", "place": "form", "origin": origin}]})
    }

    /// A login with one thing changed: its headers, its body, or what was noted of it.
    fn token(id: &str, headers: &[(&str, &str)], body: &str, note: &Value, expected: Grade) {
        check(
            &spelled(Log::with_tenants(), headers, body, note),
            id,
            expected,
        );
    }

    const CC: &str = "grant_type=client_credentials&scope=openid";

    #[test]
    fn only_post_reaches_the_token_path() {
        let log = |method: &'static str, path: &'static str| {
            Log::with_tenants().entered("", |entry| {
                entry.method = method.to_owned();
                entry.target = path.to_owned();
                entry.outcome = Some(locum_core::Outcome::Denied);
                entry.reply = Some(crate::rules::client::testing::reply(405, "{}"));
            })
        };
        check(&log("PUT", "/realms/t/token"), "TOK-01", Grade::Broken);
        check(&log("GET", "/realms/t/token?x=y"), "TOK-01", Grade::Broken);
        check(&log("GET", "/realms/t/other"), "TOK-01", Grade::Unobserved);
    }

    #[test]
    fn a_body_is_a_form_in_utf_8() {
        let utf8 = filled(&[]);
        token(
            "TOK-03",
            &[(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            CC,
            &utf8,
            Grade::Met,
        );
        token(
            "TOK-03",
            &[("content-type", "application/json")],
            "{}",
            &utf8,
            Grade::Broken,
        );
        token(
            "TOK-03",
            &[("content-type", "multipart/form-data; boundary=x")],
            CC,
            &utf8,
            Grade::Broken,
        );
        token("TOK-03", &[], CC, &utf8, Grade::Broken);
        let latin1 = json!({"form": {"is_utf8": false}});
        token("TOK-03", &[FORM], CC, &latin1, Grade::Broken);
        token("TOK-03", &[FORM], CC, &json!({}), Grade::Unobserved);
        token("TOK-03", &[FORM], "", &json!({}), Grade::Unobserved);
    }

    #[test]
    fn the_grant_is_named_exactly() {
        let grant = |body: &str, expected| token("TOK-09", &[FORM], body, &filled(&[]), expected);
        grant("grant_type=client%5Fcredentials", Grade::Met);
        grant("grant_type=Client_Credentials", Grade::Broken);
        grant("grant_type=password", Grade::Broken);
        grant("scope=openid", Grade::Broken);
        grant(
            "grant_type=refresh_token&refresh_token=«r»",
            Grade::Unobserved,
        );
        grant("grant_type=authorization_code&code=«c»", Grade::Unobserved);
        grant("«12 bytes of text»", Grade::Unobserved);
    }

    #[test]
    fn parameters_occur_once_and_are_complete() {
        let twice = json!({"form": {"is_utf8": true, "repeated": "scope"}});
        token("TOK-12", &[FORM], CC, &twice, Grade::Broken);
        token("TOK-12", &[FORM], CC, &json!({}), Grade::Unobserved);
        token(
            "TOK-18",
            &[FORM],
            "email=a",
            &filled(&["password"]),
            Grade::Broken,
        );
        token(
            "TOK-18",
            &[FORM],
            USER,
            &filled(&["username"]),
            Grade::Broken,
        );
        let refresh = "grant_type=refresh_token";
        token("TOK-18", &[FORM], refresh, &filled(&[]), Grade::Unobserved);
    }

    #[test]
    fn a_page_shows_by_its_origin() {
        let page = ("Origin", "https://app.example.org");
        token("TOK-21", &[FORM, page], CC, &json!({}), Grade::Broken);
        token(
            "TOK-21",
            &[FORM, ("sec-fetch-mode", "cors")],
            CC,
            &json!({}),
            Grade::Met,
        );
        let refresh = "grant_type=refresh_token";
        token(
            "TOK-21",
            &[FORM, page],
            refresh,
            &json!({}),
            Grade::Unobserved,
        );
    }

    #[test]
    fn the_scope_contains_openid() {
        let scope = |body: &str, expected| token("TOK-23", &[FORM], body, &json!({}), expected);
        scope(
            "grant_type=client_credentials&scope=email+openid",
            Grade::Met,
        );
        scope(
            "grant_type=client_credentials&scope=openid%20email",
            Grade::Met,
        );
        scope("grant_type=client_credentials&scope=openidx", Grade::Broken);
        scope("grant_type=client_credentials", Grade::Broken);
        scope("grant_type=refresh_token", Grade::Unobserved);
    }

    #[test]
    fn values_arrive_as_they_were_given() {
        let form =
            |origin: Value, expected| token("TOK-24", &[FORM], "x=y", &in_form(&origin), expected);
        form(
            json!({"differs": {"at": "`+` arrived as a space"}}),
            Grade::Broken,
        );
        form(json!({"exact": {}}), Grade::Unobserved);
        form(json!({"exact": {"characters": ["`+`"]}}), Grade::Unobserved);
        form(json!({"foreign": {}}), Grade::Unobserved);
        token("TOK-24", &[FORM, BASIC], CC, &noted(), Grade::NotApplicable);
    }

    #[test]
    fn the_path_is_the_documented_one() {
        let path = |path: &'static str, endpoint: &'static str, expected| {
            let log = Log::with_tenants().entered(endpoint, |entry| {
                entry.method = "POST".to_owned();
                entry.target = path.to_owned();
                entry.body = Some(CC.to_owned());
                entry.outcome = Some(locum_core::Outcome::Denied);
                entry.reply = Some(crate::rules::client::testing::reply(404, "{}"));
            });
            check(&log, "TOK-25", expected);
        };
        path("/realms/t/token", "token", Grade::Met);
        path("/realms/t/token/", "", Grade::Broken);
        path("/realms/t/Token", "", Grade::Broken);
        path("/realms/t/token/", "token", Grade::Broken);
        path("/realms/t/revoke", "revoke", Grade::Unobserved);
    }

    #[test]
    fn json_is_accepted_by_name() {
        let accept = |value: &str, expected| {
            token(
                "REQ-05",
                &[FORM, ("Accept", value)],
                CC,
                &json!({}),
                expected,
            );
        };
        accept("application/json, text/plain, */*", Grade::Met);
        accept("*/*", Grade::Broken);
        token("REQ-05", &[FORM], CC, &json!({}), Grade::Broken);
    }

    #[test]
    fn credentials_from_elsewhere_are_told_by_name() {
        // Journals of earlier versions have a digest.
        let origin = json!({"foreign": {"sha256": "abcd"}});
        let log = spelled(Log::with_tenants(), &[FORM], CC, &in_form(&origin));
        let finding = check(&log, "CLI-28", Grade::Broken);
        assert!(finding.reason().contains("another client_secret"));
        assert!(!finding.reason().contains("abcd"));
        let mangled = in_form(&json!({"differs": {"at": "ends before `:`"}}));
        token("CLI-28", &[FORM], CC, &mangled, Grade::Met);
        token("CLI-28", &[FORM], CC, &json!({}), Grade::Unobserved);
    }
}
