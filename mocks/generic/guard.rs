//! Who may read a resource: a live access token, shown as the file says, with the scope it needs.

use locum_core::{Denial, DenialKind};
use locum_server::guard::bearer::{self, BearerPolicy};
use locum_server::{Admitted, Mock, Request};

use super::file::Proof;
use super::{Facts, keys};

/// Admits a live access token with `scope`.
///
/// # Errors
/// `no_token`, `wrong_scheme`, `malformed_bearer`, `token_twice`, `insufficient_scope`, and those of
/// [`bearer::admit`].
pub(super) async fn admit(
    facts: &Facts,
    mock: &Mock,
    request: &Request,
    scope: Option<&str>,
) -> Result<Admitted, Denial> {
    let policy = BearerPolicy {
        extra_spaces: true,
        ..BearerPolicy::default()
    };
    let api = &facts.file.api;
    let examine = |value: &str| keys::examine(mock, value);
    let admitted = match api.proof {
        Proof::Bearer => {
            in_one_place(request)?;
            bearer::admit(mock, request, policy, examine).await?
        }
        Proof::Raw => {
            let value = raw(request)?;
            bearer::check(mock, &request.endpoint, &value, policy, examine).await?
        }
        Proof::Header => {
            let name = api.header.as_deref().unwrap_or_default();
            let value = in_header(request, name)?;
            bearer::check(mock, &request.endpoint, &value, policy, examine).await?
        }
        Proof::Query => {
            let name = api.parameter.as_deref().unwrap_or_default();
            let value = in_query(request, name)?;
            bearer::check(mock, &request.endpoint, &value, policy, examine).await?
        }
    };
    let Some(scope) = scope else {
        return Ok(admitted);
    };
    if !admitted.token.scope.split(' ').any(|one| one == scope) {
        let has = &admitted.token.scope;
        let denial = Denial::new(DenialKind::Forbidden, "insufficient_scope")
            .expected(format!("scope {scope}"))
            .got(if has.is_empty() {
                "no scope".to_owned()
            } else {
                format!("scope {has}")
            })
            .param("scope", scope);
        mock.refuse(&request.endpoint, denial)?;
    }
    Ok(admitted)
}

/// RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
/// A token in the wrong place alone is missing where it belongs.
fn in_one_place(request: &Request) -> Result<(), Denial> {
    let in_query = request.query().first("access_token").is_some();
    let in_form = request.is_form() && request.form().first("access_token").is_some();
    let elsewhere = match (in_query, in_form) {
        (true, _) => "access_token in the query",
        (_, true) => "access_token in the form",
        _ => return Ok(()),
    };
    let in_header = request.headers.contains_key("authorization");
    Err(if in_header {
        Denial::new(DenialKind::Repeated, "token_twice")
            .expected("the token in the Authorization header alone")
            .got(format!("{elsewhere} too"))
    } else {
        missing("Authorization: Bearer and the access token").got(elsewhere)
    })
}

fn missing(expected: impl Into<String>) -> Denial {
    Denial::new(DenialKind::Missing, "no_token")
        .expected(expected)
        .got("none")
}

fn raw(request: &Request) -> Result<String, Denial> {
    let value = request.header("authorization")?.unwrap_or_default();
    if value.is_empty() {
        return Err(missing("Authorization with the access token alone"));
    }
    match value.split_once(' ') {
        Some((scheme, _)) if scheme.len() <= 16 => {
            Err(Denial::new(DenialKind::Malformed, "wrong_scheme")
                .expected("Authorization with the access token alone")
                .got(format!("scheme {scheme}")))
        }
        Some(_) => Err(malformed()),
        None => Ok(value.to_owned()),
    }
}

fn malformed() -> Denial {
    Denial::new(DenialKind::Malformed, "malformed_bearer")
        .expected("the access token alone")
        .got("a value with a space in it")
}

fn in_header(request: &Request, name: &str) -> Result<String, Denial> {
    let value = request.header(name)?.unwrap_or_default();
    if value.is_empty() {
        let denial = missing(format!("{name} with the access token"));
        return Err(match request.header("authorization")? {
            Some(_) => denial.got("an Authorization header"),
            None => denial,
        });
    }
    if value.contains(' ') {
        return Err(malformed());
    }
    Ok(value.to_owned())
}

fn in_query(request: &Request, name: &str) -> Result<String, Denial> {
    let query = request.query();
    let mut values = query.all(name);
    let value = values.next().unwrap_or_default();
    if values.next().is_some() {
        return Err(Denial::new(DenialKind::Repeated, "token_twice")
            .expected(format!("one {name} in the query"))
            .got("several"));
    }
    if value.is_empty() {
        let denial = missing(format!("{name} in the query"));
        return Err(if request.headers.contains_key("authorization") {
            denial.got("an Authorization header")
        } else {
            denial
        });
    }
    Ok(String::from_utf8_lossy(value).into_owned())
}
