//! The directory of the pool as sign-up and administrators change it: users come, go, and change their
//! state.

use locum_core::{Denial, DenialKind, Secret, Timestamp, TokenKind};
use locum_server::Mock;
use locum_server::store::TokenQuery;
use serde_json::{Map, Value, json};

use super::State;
use super::attributes::{self, Attributes};
use super::users::{Marks, Principals, User, UserState};

/// Most users of a stage: callers may add to them, and memory is bounded.
const MAX_USERS: usize = 1000;

impl State {
    /// Adds a user; `attributes` are those besides `email`.
    ///
    /// # Errors
    /// `too_many_users`.
    pub(super) fn add_user(&self, now: Timestamp, user: &NewUser<'_>) -> Result<User, Denial> {
        let member = json!({
            "username": user.username,
            "password": user.password.expose(),
            "email": user.email,
            "state": user.state,
            "attributes": user.attributes,
        });
        let read = Principals::read(json!({ "users": [member] }), self.seed);
        let added = read.ok().and_then(|mut read| read.users.pop());
        let added = added.expect("its members have the shape of a user");
        {
            let mut principals = self.write_principals();
            if principals.users.len() >= MAX_USERS {
                return Err(Denial::new(DenialKind::Limit, "too_many_users")
                    .expected(format!("at most {MAX_USERS} users on a stage")));
            }
            principals.users.push(added.clone());
        }
        self.mark(user.username, |marks| {
            *marks = Marks {
                created: Some(now),
                modified: Some(now),
                temporary_since: Some(now),
                ..Marks::default()
            };
        });
        Ok(added)
    }

    /// Takes a user out, with all that is remembered of it.
    pub(super) fn remove_user(&self, username: &str) {
        self.write_principals()
            .users
            .retain(|user| user.username != username);
        self.marks
            .lock()
            .expect("no code panics while it holds the marks")
            .remove(username);
    }

    /// Changes a user at `now`.
    pub(super) fn change_user(
        &self,
        username: &str,
        now: Timestamp,
        change: impl FnOnce(&mut User),
    ) {
        let mut principals = self.write_principals();
        let mut users = principals.users.iter_mut();
        if let Some(user) = users.find(|user| user.username == username) {
            change(user);
        }
        drop(principals);
        self.mark(username, |marks| marks.modified = Some(now));
    }

    /// Gives a user these attributes.
    pub(super) fn set_attributes(&self, username: &str, changed: Attributes, now: Timestamp) {
        self.change_user(username, now, |user| {
            for (name, value) in changed {
                if name == "email" {
                    user.email = value;
                } else {
                    user.attributes.insert(name, value);
                }
            }
        });
    }

    /// Gives a user a password of an administrator's choice.
    pub(super) fn replace_password(
        &self,
        user: &User,
        password: &str,
        state: UserState,
        now: Timestamp,
    ) {
        self.mark(&user.username, |marks| {
            marks.temporary_since = Some(now);
            if user.state == UserState::Disabled {
                marks.before_disabled = Some(state);
            }
        });
        self.change_user(&user.username, now, |user| {
            user.password = Secret::new(password);
            if user.state != UserState::Disabled {
                user.state = state;
            }
        });
    }

    /// Disables a user, or enables it with the state it had.
    pub(super) fn set_enabled(&self, user: &User, enabled: bool, now: Timestamp) {
        let is_disabled = user.state == UserState::Disabled;
        if enabled != is_disabled {
            return;
        }
        let state = self.mark(&user.username, |marks| {
            if enabled {
                marks.before_disabled.take().unwrap_or_default()
            } else {
                marks.before_disabled = Some(user.state);
                UserState::Disabled
            }
        });
        self.change_user(&user.username, now, |user| user.state = state);
    }

    /// `UserStatus`: a disabled user keeps the one it had.
    pub(super) fn status(&self, user: &User) -> &'static str {
        let before = |marks: &mut Marks| marks.before_disabled.unwrap_or_default();
        let state = match user.state {
            UserState::Disabled => self.mark(&user.username, before),
            state => state,
        };
        match state {
            UserState::Confirmed | UserState::Disabled => "CONFIRMED",
            UserState::Temporary => "FORCE_CHANGE_PASSWORD",
            UserState::Unconfirmed => "UNCONFIRMED",
            UserState::ResetRequired => "RESET_REQUIRED",
        }
    }

    /// A `UserType`; its list of attributes is called `Attributes`, AdminGetUser's `UserAttributes`.
    pub(super) fn show_user(&self, user: &User, list_name: &str) -> Map<String, Value> {
        let (created, modified) =
            self.mark(&user.username, |marks| (marks.created, marks.modified));
        let created = created.unwrap_or(self.opened);
        let list: Vec<Value> = attributes::of(self, user)
            .into_iter()
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        let mut shown = Map::new();
        shown.insert(list_name.to_owned(), list.into());
        shown.insert("Enabled".into(), (user.state != UserState::Disabled).into());
        shown.insert("UserCreateDate".into(), seconds(created));
        shown.insert(
            "UserLastModifiedDate".into(),
            seconds(modified.unwrap_or(created)),
        );
        shown.insert("UserStatus".into(), self.status(user).into());
        shown.insert("Username".into(), user.username.clone().into());
        shown
    }

    fn write_principals(&self) -> std::sync::RwLockWriteGuard<'_, Principals> {
        self.principals
            .write()
            .expect("no code panics while it holds the principals")
    }
}

/// A user to be added.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewUser<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a Secret,
    pub(super) email: &'a str,
    pub(super) state: UserState,
    pub(super) attributes: &'a Attributes,
}

/// A date of the JSON protocol: epoch seconds with milliseconds.
pub(super) fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
    let seconds = at.as_millis() as f64 / 1000.0;
    seconds.into()
}

/// Ends each token of a user: nothing that was issued before works after.
pub(super) async fn end_tokens(mock: &Mock, username: &str) {
    let of_user = TokenQuery {
        principal: Some(username.to_owned()),
        kinds: Some(vec![TokenKind::Access, TokenKind::Id, TokenKind::Refresh]),
        ..TokenQuery::default()
    };
    mock.revoke(of_user).await;
}
