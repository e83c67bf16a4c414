//! Where an evil twin may act: a check that it pardons, an effect that it leaves out.

use locum_core::{Denial, Token, TokenKind};

use super::Mock;
use crate::Twin;
use crate::store::TokenQuery;

impl Mock {
    /// Refuses, unless the stage's evil twin pardons just that: each check of a credential goes
    /// through here, so that a twin needs no switch in the vendor's code.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub fn refuse(&self, endpoint: &str, denial: Denial) -> Result<(), Denial> {
        match self.twin() {
            Some(twin) if (twin.pardons)(endpoint, &denial) => Ok(()),
            _ => Err(denial),
        }
    }

    /// Refuses a token, unless the stage's evil twin pardons just that or takes just this token.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub fn refuse_token(&self, endpoint: &str, token: &str, denial: Denial) -> Result<(), Denial> {
        match self.twin() {
            Some(twin) if (twin.takes)(self, token, &denial) => Ok(()),
            _ => self.refuse(endpoint, denial),
        }
    }

    /// Refuses a token that nobody issued, unless the stage's evil twin takes it: then it is the
    /// vendor's latest of this kind.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub async fn refuse_unissued(
        &self,
        endpoint: &str,
        (token, kind): (&str, TokenKind),
        denial: Denial,
    ) -> Result<Token, Denial> {
        self.refuse_token(endpoint, token, denial.clone())?;
        let query = TokenQuery {
            kinds: Some(vec![kind]),
            ..TokenQuery::default()
        };
        self.tokens(query).await.pop().ok_or(denial)
    }

    /// Whether the stage's evil twin takes this live access token for an ended one.
    pub(super) fn is_taken_for_ended(&self, token: &Token) -> bool {
        let percent = self.twin().map_or(100, |twin| twin.life_percent);
        let (true, TokenKind::Access, Some(end)) = (percent < 100, token.kind, token.expires)
        else {
            return false;
        };
        let life = end.since(token.issued) * percent / 100;
        self.now() >= token.issued.plus(life)
    }

    /// Whether the effect called `name` happens: it does, unless the stage's evil twin skips it.
    pub fn effect_enabled(&self, name: &str) -> bool {
        self.twin().is_none_or(|twin| !twin.skips.contains(&name))
    }

    /// The stage's evil twin, when it is one of this vendor's.
    pub fn twin(&self) -> Option<&'static Twin> {
        let name = self.stage.twin_of(&self.profile().vendor)?;
        self.vendor.twins().iter().find(|twin| twin.name == name)
    }
}
