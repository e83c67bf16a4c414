//! Random values from the stage's generator.

use super::Mock;

impl Mock {
    /// Draws from the stage's generator.
    pub fn rng<T>(&self, draw: impl FnOnce(&mut dyn rand::Rng) -> T) -> T {
        self.stage.rng(draw)
    }

    /// A UUID from the stage's generator.
    pub fn uuid(&self) -> String {
        self.rng(crate::principal::uuid)
    }

    /// `length` letters and digits from the stage's generator.
    pub fn random_alphanumeric(&self, length: usize) -> String {
        if !self.effect_enabled("random_text") {
            // Another one each time all the same: what is issued is found by its text.
            return format!("{:0>length$}", self.new_login());
        }
        self.rng(|rng| crate::principal::random_alphanumeric(rng, length))
    }
}
