//! Who may use the API: "include it in the Authorization header for all authenticated API
//! requests".

use locum_core::{Denial, DenialKind};
use locum_server::guard::bearer::{self, BearerPolicy};
use locum_server::{Admitted, Mock, Request};

use super::account::AccountState;
use super::fields::Fields;
use super::model::Model;
use super::{State, claims, rate};

/// Admits a live token of an account within its limits.
pub(super) async fn guard(mock: &Mock, request: &Request) -> Result<Admitted, Denial> {
    let endpoint = &request.endpoint;
    // Measured: FastAPI reads a body before anything else, so that one that cannot be read is told
    // to a caller without a token too.
    Fields::read(mock, request)?;
    let examine = |token: &str| claims::examine(mock, endpoint, token);
    let admitted = bearer::admit(mock, request, bearer_policy(mock), examine)
        .await
        .map_err(|denial| shaped(mock, denial))?;
    let account = &admitted.token.principal;
    if mock.setting_on("deactivate_kills_tokens") {
        check_account(mock, endpoint, account)?;
    }
    check_permission(mock, endpoint, account)?;
    rate::count(mock, account)?;
    Ok(admitted)
}

/// "Ensure there are no extra spaces or characters in the token".
fn bearer_policy(mock: &Mock) -> BearerPolicy {
    let extra_spaces = match mock.setting_text("extra_spaces").as_str() {
        "accept" => true,
        "refuse" => false,
        _ => Model::of(mock).takes_extra_spaces(),
    };
    BearerPolicy {
        extra_spaces,
        first_header: true, // measured: Starlette reads the first of several
        ..BearerPolicy::default()
    }
}

/// HTTPBearer in place of OAuth2PasswordBearer, where the setting asks for it.
fn shaped(mock: &Mock, mut denial: Denial) -> Denial {
    let shows_none = matches!(denial.reason.as_str(), "no_token" | "wrong_scheme");
    if shows_none && mock.setting_u64("missing_token_status") == 403 {
        denial.reason.push_str("_403");
    }
    denial
}

/// "Configure appropriate permissions and rate limits".
fn check_permission(mock: &Mock, endpoint: &str, username: &str) -> Result<(), Denial> {
    let user = mock.state::<State>().user(username.as_bytes());
    if user.is_none_or(|user| user.state != AccountState::NoPermission) {
        return Ok(());
    }
    let poor = Denial::new(DenialKind::Forbidden, "no_permission")
        .expected("an account with permission for the API")
        .got(username);
    mock.refuse(endpoint, poor)
}

fn check_account(mock: &Mock, endpoint: &str, username: &str) -> Result<(), Denial> {
    let user = mock.state::<State>().user(username.as_bytes());
    if user.is_some_and(|user| {
        matches!(
            user.state,
            AccountState::Active | AccountState::NoPermission
        )
    }) {
        return Ok(());
    }
    let dead = Denial::new(DenialKind::Disabled, "dead_account").got(username);
    mock.refuse(endpoint, dead)
}
