//! A documented login that a vendor of one's own refused, tried with the same account in other ways: what
//! is taken then tells why it was refused.

use locum_core::profile::{Grant, SecretIn};

use super::{TokenRequest, vary_login};
use crate::Error;
use crate::evidence::{Content, FormSpelling, LoginVariation, Operation, Variation};
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Logs in in each of these ways where the documented login was refused at a real endpoint. A way
    /// that makes the same request of this account is left out, and so is one that is for clients where
    /// a user logs in.
    ///
    /// # Errors
    /// When one of the ways is none of a login.
    pub async fn try_refused_login(&mut self, ways: &[Variation]) -> Result<(), Error> {
        let login = self.log.evidence().documented(Operation::Login).last();
        if self.stage.is_some() || !login.is_some_and(|login| login.is_refused()) {
            return Ok(());
        }
        let documented = TokenRequest::documented(&self.profile, &self.target)?;
        let is_of_a_client = self.profile.token.grant != Grant::Password;
        for way in ways {
            let Variation::Login(change) = way else {
                return Err(super::oauth::unknown("login", way));
            };
            let mut varied = documented.clone();
            vary_login(change, &mut varied);
            let fits = fits(change, &documented, is_of_a_client);
            if fits && varied.request() != documented.request() {
                self.login(way).await?;
            }
        }
        Ok(())
    }
}

/// Whether the account may have been refused for what this way changes: the form is read as JSON or in
/// another spelling, or credentials of a client that stand elsewhere. Each way is one more wrong password.
fn fits(change: &LoginVariation, documented: &TokenRequest, is_of_a_client: bool) -> bool {
    let is_in_form = documented.secret_in.contains(&SecretIn::Body);
    let mut values = documented.credential_fields.iter();
    match change {
        // What is decoded twice is changed by these letters alone.
        LoginVariation::FormSpelling(FormSpelling::Twice) => {
            let is_odd = |value: &String| value.contains(['+', '%']);
            is_in_form && values.any(|(_, value)| value.as_ref().is_some_and(is_odd))
        }
        LoginVariation::FormSpelling(_) => is_in_form,
        change => is_of_a_client || is_json(change),
    }
}

fn is_json(change: &LoginVariation) -> bool {
    *change == LoginVariation::As(Content::Json)
}
