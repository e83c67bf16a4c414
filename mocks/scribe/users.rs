//! Who may log in: the users of the pool.

use std::collections::{HashMap, VecDeque};

use locum_core::{Secret, Timestamp};
use locum_server::principal::{expose, expose_option};
use locum_server::stage::rng_for;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::administrators::Administrator;
use super::attributes::{self, Attributes};
use super::clients::Client;
use super::cognito::{Attempt, Failures};
use super::{State, totp};

/// The pool's users and clients, in the shape of the stage document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    #[serde(default)]
    pub(super) users: Vec<User>,
    #[serde(default)]
    pub(super) clients: Vec<Client>,
    #[serde(default)]
    pub(super) administrators: Vec<Administrator>,
}

/// A user of the pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) username: String,
    #[serde(serialize_with = "expose")]
    pub(super) password: Secret,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) state: UserState,
    /// Base32; with it a login asks for a code. The empty text asks for one from the seed.
    #[serde(
        default,
        serialize_with = "expose_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) totp_secret: Option<Secret>,
    /// Further attributes by name, standard ones and `custom:` ones.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub(super) attributes: Attributes,
    /// The groups of the user, `cognito:groups` of the tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<String>,
    /// The code that ForgotPassword sends to this user; left out, one that the seed repeats.
    #[serde(default = "no_code", serialize_with = "expose")]
    pub(super) confirmation_code: Secret,
}

/// The state of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UserState {
    /// It may log in.
    #[default]
    Confirmed,
    /// "it probably still contains the temporary password we generated for you."
    Temporary,
    /// It has not confirmed its registration.
    Unconfirmed,
    /// An administrator disabled it.
    Disabled,
    /// An administrator asks for a new password; the code has been sent.
    ResetRequired,
}

/// What the pool remembers of a user besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The 30-second step of the last code of an authenticator.
    pub(super) last_step: Option<u64>,
    /// Since when the password is the one that was generated.
    pub(super) temporary_since: Option<Timestamp>,
    /// When a call added it; the users of the stage document are as old as the stage.
    pub(super) created: Option<Timestamp>,
    /// When a call changed it last.
    pub(super) modified: Option<Timestamp>,
    /// The state that it had before an administrator disabled it.
    pub(super) before_disabled: Option<UserState>,
    /// The failed logins.
    pub(super) failures: Failures,
    /// When what was tried.
    pub(super) attempts: HashMap<Attempt, VecDeque<Timestamp>>,
}

fn no_code() -> Secret {
    Secret::new("")
}

impl Principals {
    /// Reads them, and draws from the seed what is left open.
    ///
    /// # Errors
    /// A sentence on what is wrong with their shape.
    pub(super) fn read(value: Value, seed: u64) -> Result<Self, String> {
        let mut principals: Self =
            serde_json::from_value(value).map_err(|error| error.to_string())?;
        for user in &mut principals.users {
            attributes::check(&user.username, &user.attributes)?;
            let mut rng = rng_for(seed, &format!("scribe codes of {}", user.username));
            let code: u32 = rng.random_range(0..1_000_000);
            if user.confirmation_code.expose().is_empty() {
                user.confirmation_code = Secret::new(format!("{code:06}"));
            }
            let drawn = totp::secret(&mut rng);
            if let Some(secret) = user
                .totp_secret
                .as_mut()
                .filter(|secret| secret.expose().is_empty())
            {
                *secret = drawn;
            }
            if let Some(secret) = &user.totp_secret {
                totp::base32(secret.expose()).ok_or_else(|| {
                    format!("totp_secret of `{}` is not valid base32", user.username)
                })?;
            }
        }
        for administrator in &mut principals.administrators {
            administrator.complete(seed);
        }
        for client in &mut principals.clients {
            client.complete()?;
        }
        Ok(principals)
    }
}

impl State {
    /// A copy of the principals.
    pub(super) fn principals(&self) -> Principals {
        self.principals
            .read()
            .expect("no code panics while it holds the principals")
            .clone()
    }

    /// The user of this name or address.
    pub(super) fn user(&self, name: &str) -> Option<User> {
        let principals = self.principals();
        let mut users = principals.users.into_iter();
        users.find(|user| user.username == name || (!user.email.is_empty() && user.email == name))
    }

    /// The app client of this id.
    pub(super) fn client(&self, id: &str) -> Option<Client> {
        self.principals()
            .clients
            .into_iter()
            .find(|client| client.client_id == id)
    }

    /// The user's `sub`: a UUID that the seed repeats.
    pub(super) fn sub(&self, username: &str) -> String {
        self.stable_uuid(&format!("sub of {username}"))
    }

    /// The user's identity in the identity pool: the same for each of the user's tokens.
    pub(super) fn identity(&self, username: &str) -> String {
        format!(
            "{}:{}",
            self.region,
            self.stable_uuid(&format!("identity of {username}"))
        )
    }

    /// Whose identity it is.
    pub(super) fn user_of_identity(&self, identity: &str) -> Option<User> {
        let mut users = self.principals().users.into_iter();
        users.find(|user| self.identity(&user.username) == identity)
    }

    /// Gives a user another password, which ends a temporary one and a demanded reset.
    pub(super) fn set_password(&self, username: &str, password: &str) {
        let mut principals = self
            .principals
            .write()
            .expect("no code panics while it holds the principals");
        if let Some(user) = principals
            .users
            .iter_mut()
            .find(|user| user.username == username)
        {
            user.password = Secret::new(password);
            user.state = UserState::Confirmed;
        }
    }

    /// Looks at what the pool remembers of a user, or changes it.
    pub(super) fn mark<T>(&self, username: &str, change: impl FnOnce(&mut Marks) -> T) -> T {
        let mut marks = self
            .marks
            .lock()
            .expect("no code panics while it holds the marks");
        change(marks.entry(username.to_owned()).or_default())
    }
}
