//! Where an evil twin may act: a check that it pardons, an effect that it leaves out.

use locum_core::Denial;

use super::Mock;
use crate::Twin;

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
