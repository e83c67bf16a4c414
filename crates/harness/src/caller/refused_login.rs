//! A documented login that a vendor of one's own refused, tried with the same account in other ways: what
//! is taken then tells why it was refused.

use locum_core::profile::Grant;

use super::{TokenRequest, vary_login};
use crate::Error;
use crate::evidence::{Content, LoginVariation, Operation, Variation};
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
        for way in ways {
            let Variation::Login(change) = way else {
                return Err(super::oauth::unknown("login", way));
            };
            let mut varied = documented.clone();
            vary_login(change, &mut varied);
            let is_of_the_form =
                is_json(change) || matches!(change, LoginVariation::FormSpelling(_));
            let is_for_this_grant = is_of_the_form || self.profile.token.grant != Grant::Password;
            if is_for_this_grant && varied.request() != documented.request() {
                self.login(way).await?;
            }
        }
        Ok(())
    }
}

fn is_json(change: &LoginVariation) -> bool {
    *change == LoginVariation::As(Content::Json)
}
