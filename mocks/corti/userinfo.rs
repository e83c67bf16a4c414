//! `…/userinfo` (OpenID Connect Core §5.3): who a token stands for.

use locum_core::{Denial, DenialKind, Place};
use locum_server::{Mock, Reply, Request};
use serde_json::{Map, Value};

use super::claims::put;
use super::form::{self, ClientIn, Form};
use super::issue::common;
use super::login::Account;
use super::realm::RealmRef;
use super::token_state::{self, Live};
use super::{cors, realm_lookup};

/// Answers who the token of the request stands for.
pub(super) async fn userinfo(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_get"));
    }
    let form = Form::read(&mock, &request).await?;
    if form.client == ClientIn::Unreadable {
        return Err(form::unparsable(&mock, "two media types"));
    }
    let answer = answer(&mock, &request, &realm, &form).await;
    Ok(answer.unwrap_or_else(|denial| refusal(&mock, &request, &realm, &form, denial)))
}

/// The refusal as it goes out: a form gets two headers more, an origin is reflected.
fn refusal(mock: &Mock, request: &Request, realm: &RealmRef, form: &Form, denial: Denial) -> Reply {
    let foreign = matches!(
        denial.reason.as_str(),
        "invalid_origin" | "two_authorizations"
    );
    let reply = Reply::denied(mock.profile(), denial.param("realm", realm.name.clone()));
    let reply = if form.first("access_token").is_some() {
        reply.with_headers_of(mock.profile(), "h10", &[])
    } else {
        reply
    };
    if foreign {
        return reply;
    }
    cors::reflect(mock, request, reply, "cors_challenge")
}

async fn answer(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
    form: &Form,
) -> Result<Reply, Denial> {
    let value = presented_token(request, form)?;
    let Live { login, .. } =
        token_state::check(mock, &request.endpoint, realm, &value, true).await?;
    let Account::Good(user, client) = login.account(realm) else {
        return Err(Denial::new(
            DenialKind::UnknownPrincipal,
            "user_session_not_found",
        ));
    };
    cors::admit(request, client)?;
    let common = common(mock, realm, &login, user, client);
    let mut body = Map::new();
    put(&mut body, "sub", Some(common.subject.clone()));
    body.extend(common.userinfo());
    let reply = Reply::json(200, &Value::Object(body)).with_headers_of(mock.profile(), "h1", &[]);
    // Two lines of the same name: so Keycloak says it.
    let reply = reply.header("cache-control", "no-cache");
    Ok(cors::reflect(mock, request, reply, "cors_answer"))
}

/// The token as the request shows it: in the header or, for a POST, in a form (RFC 6750 §2).
fn presented_token(request: &Request, form: &Form) -> Result<String, Denial> {
    let mut headers = request.headers.get_all(http::header::AUTHORIZATION).iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(Denial::new(DenialKind::Repeated, "two_authorizations")
            .expected("one Authorization header"));
    }
    let types = request.headers.get_all(http::header::CONTENT_TYPE).iter();
    let in_form = form
        .first("access_token")
        .filter(|_| request.method == "POST" && types.count() == 1);
    let header = header
        .and_then(|value| value.to_str().ok())
        .and_then(credentials);
    let dpop = |reason: &'static str, with_dpop: &'static str| match header {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("dpop") => with_dpop,
        _ => reason,
    };
    let repeated =
        || Denial::new(DenialKind::Repeated, "userinfo_repeated").expected("access_token once");
    match (header, in_form) {
        (_, Some(_)) if form.repeats("access_token") => Err(repeated()),
        (Some(_), Some(_)) => Err(Denial::new(
            DenialKind::Repeated,
            dpop("two_token_methods", "dpop_two_token_methods"),
        )
        .expected("the token in the header or in the form")),
        (None, Some(value)) => Ok(value.to_owned()),
        (Some((scheme, _)), None) if scheme.eq_ignore_ascii_case("dpop") => {
            Err(Denial::new(DenialKind::Invalid, "dpop_token_unverified")
                .expected("Authorization: Bearer, one space, and the access token")
                .got("the scheme DPoP"))
        }
        (Some((_, token)), None) => Ok(token.to_owned()),
        (None, None) => Err(Denial::new(DenialKind::Missing, "userinfo_no_token")
            .expected("Authorization: Bearer, one space, and the access token")
            .absent(Place::Header, ["authorization"])),
    }
}

/// Scheme and token: one space, one word; two spaces or a tab are not accepted.
fn credentials(header: &str) -> Option<(&str, &str)> {
    let (scheme, token) = header.split_once(' ')?;
    let known = ["bearer", "dpop"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let good = known && !token.is_empty() && !token.contains([' ', '\t']);
    good.then_some((scheme, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_is_one_space_and_one_word() {
        assert_eq!(credentials("Bearer a.b.c"), Some(("Bearer", "a.b.c")));
        assert_eq!(credentials("bEARER a"), Some(("bEARER", "a")));
        for refused in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Bearer\ta",
            "Bearer a b",
            "Bearer Bearer a",
            "Basic a",
        ] {
            assert_eq!(credentials(refused), None, "{refused:?}");
        }
    }
}
