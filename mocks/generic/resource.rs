//! What stands behind a token: a reply that the file writes.

use std::sync::Arc;

use locum_core::{Denial, Token};
use locum_server::{Admitted, Mock, Reply, Request};

use super::file::Resource;
use super::login::Login;
use super::template::Values;
use super::{Facts, State};

/// Answers a request that a guard admitted.
pub(super) async fn guarded(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    Ok(answer(&facts, &mock, &request, Some(&admitted.token)))
}

/// Answers a request for a resource that is open to anybody.
pub(super) async fn public(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
) -> Result<Reply, Denial> {
    Ok(answer(&facts, &mock, &request, None))
}

fn answer(facts: &Facts, mock: &Mock, request: &Request, token: Option<&Token>) -> Reply {
    let Some(resource) = facts.file.resources.get(&request.endpoint) else {
        return Reply::json(200, &serde_json::json!({}));
    };
    let mut values = Values::new(mock, &facts.issuer(mock));
    values.request(request);
    if let Some((token, mut login)) = token.and_then(|token| Some((token, Login::of(token)?))) {
        login.scope.clone_from(&token.scope);
        let principals = mock.state::<State>().principals.get();
        let (client, user) = login.account(&principals);
        values.login(&login, client, user);
    }
    written(resource, &values)
}

fn written(resource: &Resource, values: &Values) -> Reply {
    let mut reply = Reply::status(resource.status);
    for (name, value) in &resource.headers {
        reply = reply.set_header(name, one_line(&values.text(value)));
    }
    let is_json = resource
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains("json"));
    match (&resource.json, &resource.body) {
        (Some(json), _) => {
            let body = values.json(json).to_string();
            let reply = reply.body(body);
            if resource
                .headers
                .keys()
                .any(|name| name.eq_ignore_ascii_case("content-type"))
            {
                reply
            } else {
                reply.header("content-type", "application/json")
            }
        }
        (None, Some(body)) if is_json => reply.body(values.json_text(body)),
        (None, Some(body)) => reply.body(values.text(body)),
        (None, None) => reply,
    }
}

/// A header's value ends where the line does: what a request brought must not begin another.
fn one_line(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).collect()
}
