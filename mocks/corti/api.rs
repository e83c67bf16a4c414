//! The REST API: interactions, "the starting point for any other workflow operations".

#[cfg(test)]
mod tests;

use std::future::Future;

use locum_core::{Denial, DenialKind, Outcome, Token};
use locum_server::{Admitted, Mock, Reply, Request, Routes, RoutingFailure};
use serde_json::{Map, Value, json};

use super::State;
use super::access;
use super::interactions::Interaction;
use super::listing::Listing;
use super::problem::Refusal;
use super::validation;

/// The API's endpoints.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .public("create_interaction", |mock, request| {
            behind(mock, request, create)
        })
        .public("list_interactions", |mock, request| {
            behind(mock, request, list)
        })
        .public("get_interaction", |mock, request| {
            behind(mock, request, get)
        })
        .public("update_interaction", |mock, request| {
            behind(mock, request, update)
        })
        .public("delete_interaction", |mock, request| {
            behind(mock, request, delete)
        })
}

/// The reply where no handler was reached; `None` outside of the API and the sockets.
pub(super) fn routing_failure(
    mock: &Mock,
    request: &Request,
    failure: &RoutingFailure,
) -> Option<Reply> {
    let roots = ["api", "ws"]
        .into_iter()
        .filter_map(|name| mock.profile().urls.get(name));
    let path = request.path();
    let is_below = |root: &String| {
        path.strip_prefix(root.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !roots.into_iter().any(is_below) {
        return None;
    }
    let look = match failure {
        RoutingFailure::Path => "api_not_found",
        RoutingFailure::Method(_) => "api_wrong_method",
        RoutingFailure::Malformed(_) => "api_malformed_request",
        RoutingFailure::TooLarge(_) | RoutingFailure::TooSlow => return None,
    };
    let refusal = Refusal::from(failure.denial()).look(look);
    Some(refusal.into_reply(mock, path, &known_tenant(mock, None)))
}

/// Calls `handle` for whom [`access::enter`] admits; refusals are worded here.
async fn behind<F, Fut>(mock: Mock, request: Request, handle: F) -> Result<Reply, Denial>
where
    F: FnOnce(Mock, Request, Admitted) -> Fut,
    Fut: Future<Output = Result<Reply, Refusal>>,
{
    let path = request.path().to_owned();
    let entered = access::enter(&mock, &request).await;
    let tenant = challenged(&mock, entered.as_ref().ok(), &request);
    let served = match entered {
        Ok(admitted) => handle(mock.clone(), request, admitted).await,
        Err(refusal) => Err(refusal),
    };
    Ok(match served {
        Ok(reply) => reply.outcome(Outcome::Admitted),
        Err(refusal) => refusal.into_reply(&mock, &path, &tenant),
    })
}

/// The realm that a challenge names: the one that the request names, else the first.
fn challenged(mock: &Mock, admitted: Option<&Admitted>, request: &Request) -> String {
    let own = admitted.and_then(|admitted| admitted.token.tenant.clone());
    let header = mock
        .profile()
        .api
        .tenant_header
        .as_deref()
        .unwrap_or_default();
    let named = request
        .headers
        .get(header)
        .and_then(|value| value.to_str().ok());
    known_tenant(mock, own.as_deref().or(named))
}

/// `named` when there is such a realm, else the first realm: what a client makes up must not come
/// back in a header.
pub(super) fn known_tenant(mock: &Mock, named: Option<&str>) -> String {
    let principals = mock.state::<State>().principals();
    let mut names = principals.realms.iter().map(|realm| realm.name.as_str());
    let found = names.clone().find(|name| Some(*name) == named);
    found
        .or_else(|| names.next())
        .unwrap_or_default()
        .to_owned()
}

/// `POST /v2/interactions/`.
async fn create(mock: Mock, request: Request, admitted: Admitted) -> Result<Reply, Refusal> {
    let body = request.json()?;
    validation::check_new(&body)?;
    let mut interaction = Interaction::new(&mock, &admitted.token, Map::new());
    apply(&mock, &mut interaction, &body);
    let reply = json!({
        "interactionId": interaction.id,
        "websocketUrl": interaction.socket_url(&mock),
    });
    if mock.effect_enabled("create_interaction") {
        mock.state::<State>().interactions.insert(interaction);
    }
    let status = u16::try_from(mock.setting_u64("create_status")).unwrap_or(201);
    Ok(Reply::json(status, &reply))
}

/// `GET /v2/interactions/`.
async fn list(mock: Mock, request: Request, admitted: Admitted) -> Result<Reply, Refusal> {
    let listing = Listing::read(&request.query())?;
    let token = &admitted.token;
    let own_only = mock.effect_enabled("own_interactions");
    let visible =
        |one: &Interaction| one.is_own(token) || (!own_only && one.is_in_tenant_of(token));
    let all = mock.state::<State>().interactions.list(visible);
    let overlap = usize::from(!mock.effect_enabled("whole_pages"));
    let page: Vec<Value> = listing
        .page(all, overlap)
        .iter()
        .map(|one| one.to_json(&mock))
        .collect();
    Ok(Reply::json(200, &json!({ "interactions": page })))
}

/// `GET /v2/interactions/{id}`.
async fn get(mock: Mock, request: Request, admitted: Admitted) -> Result<Reply, Refusal> {
    let token = &admitted.token;
    let mut interaction = find(&mock, request.param("id"), token)?;
    if !mock.effect_enabled("read_by_id") {
        let own = mock
            .state::<State>()
            .interactions
            .list(|one| one.is_own(token));
        interaction = own.into_iter().next().unwrap_or(interaction);
    }
    Ok(Reply::json(200, &interaction.to_json(&mock)))
}

/// `PATCH /v2/interactions/{id}`.
async fn update(mock: Mock, request: Request, admitted: Admitted) -> Result<Reply, Refusal> {
    let mut interaction = find_to_change(&mock, &request, &admitted.token)?;
    let body = request.json()?;
    validation::check_change(&body)?;
    if !mock.effect_enabled("keep_unnamed") {
        interaction.encounter.clear();
        interaction.patient = None;
    }
    apply(&mock, &mut interaction, &body);
    interaction.updated = mock.now();
    mock.state::<State>()
        .interactions
        .replace(interaction.clone());
    Ok(Reply::json(200, &interaction.to_json(&mock)))
}

/// `DELETE /v2/interactions/{id}`.
async fn delete(mock: Mock, request: Request, admitted: Admitted) -> Result<Reply, Refusal> {
    let interaction = find_to_change(&mock, &request, &admitted.token)?;
    if mock.effect_enabled("delete_interaction") {
        mock.state::<State>().interactions.remove(&interaction);
    }
    Ok(Reply::status(204))
}

/// The interaction that `request` is to change, for the bearer of `token`.
fn find_to_change(mock: &Mock, request: &Request, token: &Token) -> Result<Interaction, Denial> {
    let id = request.param("id");
    find(mock, id, token).or_else(|denial| {
        mock.refuse(&request.endpoint, denial.clone())?;
        mock.state::<State>().interactions.get(id).ok_or(denial)
    })
}

/// The interaction of that id, for the bearer of `token`.
///
/// # Errors
/// `malformed_interaction_id`, `unknown_interaction` (also for one of another tenant, whose
/// existence is nobody's business), `not_own_interaction`.
pub(super) fn find(mock: &Mock, id: &str, token: &Token) -> Result<Interaction, Denial> {
    if !validation::is_uuid(id) {
        return Err(
            Denial::new(DenialKind::Malformed, "malformed_interaction_id")
                .expected("a UUID")
                .got(id),
        );
    }
    let state = mock.state::<State>();
    let unknown = || Denial::new(DenialKind::NotFound, "unknown_interaction").got(id);
    let found = state.interactions.get(id).ok_or_else(unknown)?;
    if found.is_own(token) || !mock.effect_enabled("own_interactions") {
        return Ok(found);
    }
    if !found.is_in_tenant_of(token) {
        return Err(unknown());
    }
    Err(Denial::new(DenialKind::Forbidden, "not_own_interaction")
        .expected(format!("client `{}`, which created it", found.client)))
}

/// Takes over what a checked `body` says: members of encounter and patient one by one.
fn apply(mock: &Mock, interaction: &mut Interaction, body: &Map<String, Value>) {
    if let Some(user) = body.get("assignedUserId").and_then(Value::as_str) {
        user.clone_into(&mut interaction.assigned_user);
    }
    if let Some(encounter) = body.get("encounter").and_then(Value::as_object) {
        interaction.encounter.extend(encounter.clone());
    }
    if let Some(patient) = body.get("patient").and_then(Value::as_object) {
        interaction
            .patient
            .get_or_insert_default()
            .extend(patient.clone());
    }
    // The response type has a period always, the request may leave it out.
    let started = || json!({ "startedAt": mock.now().rfc3339() });
    if !interaction
        .encounter
        .get("period")
        .is_some_and(Value::is_object)
    {
        interaction.encounter.insert("period".to_owned(), started());
    }
}
