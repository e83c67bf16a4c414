//! ForgotPassword: a code is sent, which the stage document names for each user.

use std::time::Duration;

use locum_core::{Denial, TokenKind};
use locum_server::{NewToken, Reply};
use serde_json::json;

use super::attempts::{self, Attempt};
use super::{Call, success};

/// How long a code works: AWS's default is an hour.
const CODE_LIFETIME: Duration = Duration::from_secs(3600);

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required("Username")?;
    let client = call.client_with_hash(None, username)?;
    // An unknown user gets the same answer, with an address that is made up from the name.
    let email = match call.state.user(username) {
        Some(user) => {
            attempts::open(call, &user, Attempt::RequestCode)?;
            attempts::count(call, &user, Attempt::RequestCode);
            let mut code = NewToken::new(
                TokenKind::Code,
                user.username.clone(),
                call.mock.new_login(),
                CODE_LIFETIME,
            );
            code.client = Some(client.client_id);
            call.mock
                .issue(&key(&user.username, user.confirmation_code.expose()), code)
                .await;
            user.email
        }
        None => format!("{username}@example.com"),
    };
    let first = |text: &str| text.chars().next().unwrap_or('x');
    let (name, host) = email.split_once('@').unwrap_or((&email, "example.com"));
    let destination = format!("{}***@{}***", first(name), first(host));
    Ok(success(&json!({
        "CodeDeliveryDetails": {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": destination}
    })))
}

/// The value under which the store remembers a code: the code alone does not identify a user.
pub(super) fn key(username: &str, code: &str) -> String {
    format!("code\n{username}\n{code}")
}
