//! The operations of the user pool that an administrator signs, a file each.

mod confirm_sign_up;
mod create_user;
mod delete_user;
mod describe_user_pool;
mod describe_user_pool_client;
mod disable_user;
mod enable_user;
mod filter;
mod get_user;
mod initiate_auth;
mod list_users;
mod respond_to_auth_challenge;
mod set_user_password;
mod user_global_sign_out;

use locum_core::{Denial, DenialKind};
use locum_server::Reply;
use serde_json::Value;

use super::{Call, invalid};
use crate::scribe::attributes::{self, Attributes};
use crate::scribe::users::User;

/// Signed operations, by the names of the service.
const OPERATIONS: &[&str] = &[
    "AdminConfirmSignUp",
    "AdminCreateUser",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "AdminSetUserPassword",
    "AdminUserGlobalSignOut",
    "DescribeUserPool",
    "DescribeUserPoolClient",
    "ListUsers",
];

/// The signed operation that `X-Amz-Target` names, if it names one.
pub(super) fn named(target: &str) -> Option<&'static str> {
    let name = target.strip_prefix("AWSCognitoIdentityProviderService.")?;
    OPERATIONS.iter().find(|have| **have == name).copied()
}

/// Performs a signed operation on this pool.
pub(super) async fn answer(call: &Call<'_>, operation: &str) -> Result<Reply, Denial> {
    let pool = call.required("UserPoolId")?;
    well_formed(pool)?;
    if pool != call.state.user_pool_id {
        call.refuse(
            Denial::new(DenialKind::NotFound, "unknown_pool")
                .expected(call.state.user_pool_id.clone())
                .got(pool)
                .param("pool", pool),
        )?;
    }
    match operation {
        "AdminConfirmSignUp" => confirm_sign_up::answer(call),
        "AdminCreateUser" => create_user::answer(call),
        "AdminDeleteUser" => delete_user::answer(call).await,
        "AdminDisableUser" => disable_user::answer(call).await,
        "AdminEnableUser" => enable_user::answer(call),
        "AdminGetUser" => get_user::answer(call),
        "AdminInitiateAuth" => initiate_auth::answer(call).await,
        "AdminRespondToAuthChallenge" => respond_to_auth_challenge::answer(call).await,
        "AdminSetUserPassword" => set_user_password::answer(call),
        "AdminUserGlobalSignOut" => user_global_sign_out::answer(call).await,
        "DescribeUserPool" => Ok(describe_user_pool::answer(call)),
        "DescribeUserPoolClient" => describe_user_pool_client::answer(call),
        _ => list_users::answer(call),
    }
}

/// The user that the call names by name or address; an administrator is told that there is none.
fn user(call: &Call<'_>) -> Result<User, Denial> {
    let name = call.required("Username")?;
    let user = call.state.user(name).ok_or_else(|| {
        Denial::new(DenialKind::UnknownPrincipal, "unknown_user_legacy")
            .expected("a user of this pool")
            .got(name)
    })?;
    call.mock.note_principal(user.username.clone());
    Ok(user)
}

/// `[\w-]+_[0-9a-zA-Z]+`, at most 55 characters.
fn well_formed(pool: &str) -> Result<(), Denial> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let fits = pool.rsplit_once('_').is_some_and(|(region, id)| {
        !region.is_empty()
            && !id.is_empty()
            && region.chars().all(is_word)
            && id.chars().all(|letter| letter.is_ascii_alphanumeric())
    });
    if fits && pool.len() <= 55 {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{pool}' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+"
    )))
}

/// A name that a new user may have: letters, digits, marks and symbols, no blanks.
///
/// # Errors
/// `missing_parameter`, `invalid_parameter`.
pub(super) fn new_username<'a>(call: &'a Call<'_>) -> Result<&'a str, Denial> {
    let name = call.required("Username")?;
    let fault = if name.chars().count() > 128 {
        "Member must have length less than or equal to 128"
    } else if name
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        "Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+"
    } else {
        return Ok(name);
    };
    Err(invalid(format!(
        "1 validation error detected: Value at 'username' failed to satisfy constraint: {fault}"
    )))
}

/// `UserAttributes`: the address, and the others.
///
/// # Errors
/// `invalid_parameter` for a name that no user of the pool has, or that nobody may set.
pub(super) fn user_attributes(call: &Call<'_>) -> Result<(String, Attributes), Denial> {
    let list = call.body.get("UserAttributes").and_then(Value::as_array);
    let mut email = String::new();
    let mut others = Attributes::new();
    for attribute in list.into_iter().flatten() {
        let text = |name: &str| attribute.get(name).and_then(Value::as_str);
        let (name, value) = (
            text("Name").unwrap_or_default(),
            text("Value").unwrap_or_default(),
        );
        match name {
            "email" => value.clone_into(&mut email),
            "sub" => return Err(invalid("Cannot modify the non-mutable attribute sub")),
            _ if attributes::may_exist(name) => {
                others.insert(name.to_owned(), value.to_owned());
            }
            _ => {
                return Err(invalid(format!(
                    "Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined"
                )));
            }
        }
    }
    Ok((email, others))
}

/// A password that breaks the policy, in the words for administrators.
fn weak(call: &Call<'_>, password: &str) -> Option<Denial> {
    super::weak(call, password).map(|denial| Denial {
        reason: "weak_password_by_admin".to_owned(),
        ..denial
    })
}

/// Somebody has that name or address.
///
/// # Errors
/// `username_exists`, `email_exists`.
pub(super) fn is_free(
    call: &Call<'_>,
    username: &str,
    email: &str,
    reason: &str,
) -> Result<(), Denial> {
    let taken = |reason: &str, name: &str| {
        call.refuse(
            Denial::new(DenialKind::Conflict, reason)
                .expected("a name that nobody has")
                .got(name),
        )
    };
    if call.state.user(username).is_some() {
        taken(reason, username)?;
    }
    if !email.is_empty() && call.state.user(email).is_some() {
        taken("email_exists", email)?;
    }
    Ok(())
}
