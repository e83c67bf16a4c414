//! The form of token requests: method, path, media type, parameters.

#[cfg(test)]
pub(super) mod tests;

use locum_core::spelling::{CredentialOrigin, Word};
use percent_encoding::percent_decode_str;

use super::spelled::{difference, may_be_wrong_on_purpose};
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
    let requests = arrivals(view).filter(|request| !may_be_wrong_on_purpose(view, request));
    let requests = requests.filter_map(|request| {
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
