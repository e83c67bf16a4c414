//! What a live token may reach: its tenant, and what its scope leaves open.

use locum_core::{Denial, DenialKind, Token};
use locum_server::{Admitted, Mock, Request};

use super::guard;
use super::problem::Refusal;

/// Scopes that limit a token to one websocket: "openid transcribe" opens no other door.
const LIMITING: [&str; 2] = ["transcribe", "streams"];

/// Admits a caller of the REST API: bearer token, tenant, scope, in this order.
///
/// # Errors
/// What the bearer guard says, `token_twice`, `no_tenant`, `wrong_tenant`, `out_of_scope`.
pub(super) async fn enter(mock: &Mock, request: &Request) -> Result<Admitted, Refusal> {
    refuse_second_place(request).map_err(Refusal::token)?;
    let admitted = guard::bearer(mock, request).await.map_err(Refusal::token)?;
    let header = mock.profile().api.tenant_header.as_deref();
    let named = match header {
        Some(name) => request
            .header(name)
            .map_err(|denial| Refusal::from(denial).look("api_malformed_header"))?,
        None => None,
    };
    check_tenant(mock, &request.endpoint, named, &admitted.token)?;
    check_scope(mock, &request.endpoint, None, &admitted.token)?;
    Ok(admitted)
}

/// RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
fn refuse_second_place(request: &Request) -> Result<(), Denial> {
    let in_form = request.is_form() && request.form().first("access_token").is_some();
    let elsewhere = in_form || request.query().first("access_token").is_some();
    if elsewhere && request.headers.contains_key(http::header::AUTHORIZATION) {
        return Err(Denial::new(DenialKind::Repeated, "token_twice")
            .expected("the token in the Authorization header alone"));
    }
    Ok(())
}

/// "In your Request Header you also need to include the Tenant-Name parameter". What happens
/// without it, and with another than the token's, is a setting each.
///
/// # Errors
/// `no_tenant`, `wrong_tenant`.
pub(super) fn check_tenant(
    mock: &Mock,
    endpoint: &str,
    named: Option<&str>,
    token: &Token,
) -> Result<(), Refusal> {
    let own = token.tenant.as_deref().unwrap_or_default();
    let (setting, denial) = match named.filter(|name| !name.is_empty()) {
        Some(name) if name == own => return Ok(()),
        Some(name) => (
            "tenant_mismatch",
            Denial::new(DenialKind::WrongTenant, "wrong_tenant").got(name),
        ),
        None => (
            "tenant_missing",
            Denial::new(DenialKind::WrongTenant, "no_tenant").got("no tenant"),
        ),
    };
    // The third value, `ignore`, is not a number.
    let Ok(status) = mock.setting_text(setting).parse() else {
        return Ok(());
    };
    let denial = denial.expected(format!("the token's tenant, `{own}`"));
    mock.refuse(endpoint, denial)
        .map_err(|denial| Refusal::from(denial).status(status))
}

/// A token of limited scope is valid on its own websocket alone; `socket` is the scope that opens
/// the one at hand, `None` on the REST API.
///
/// # Errors
/// `out_of_scope`.
pub(super) fn check_scope(
    mock: &Mock,
    endpoint: &str,
    socket: Option<&str>,
    token: &Token,
) -> Result<(), Refusal> {
    let words = || token.scope.split(' ');
    let limited = words().any(|word| LIMITING.contains(&word));
    if !limited || words().any(|word| Some(word) == socket) {
        return Ok(());
    }
    let denial = Denial::new(DenialKind::Forbidden, "out_of_scope")
        .expected(socket.map_or_else(
            || "a token without a limited scope".to_owned(),
            |word| format!("a token of scope `{word}`, or one without a limited scope"),
        ))
        .got(format!("scope `{}`", token.scope));
    let status = u16::try_from(mock.setting_u64("scope_mismatch_status")).unwrap_or(0);
    mock.refuse(endpoint, denial)
        .map_err(|denial| Refusal::from(denial).status(status))
}
