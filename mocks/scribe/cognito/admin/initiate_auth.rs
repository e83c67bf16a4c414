//! AdminInitiateAuth: a login that a server performs for a user.

use locum_core::Denial;
use locum_server::Reply;

use super::super::{Call, initiate_auth, invalid};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    match call.required("AuthFlow")? {
        // "ADMIN_NO_SRP_AUTH" is the older name of it.
        flow @ ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH") => {
            call.mock.note("flow", flow);
            initiate_auth::password(call, "ADMIN_USER_PASSWORD_AUTH").await
        }
        // The flow of clients is not one of servers.
        "USER_PASSWORD_AUTH" => Err(invalid("Initiate Auth method not supported.")),
        _ => initiate_auth::answer(call).await,
    }
}
