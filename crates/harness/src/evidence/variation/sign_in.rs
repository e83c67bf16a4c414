//! One thing changed in a sign-in at a user pool.

use serde::{Deserialize, Serialize};

/// One thing changed in a sign-in at a user pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInVariation {
    /// Another password.
    AnotherPassword,
    /// The password with upper and lower case swapped.
    PasswordInOtherCase,
    /// The password without its last character.
    PasswordWithoutItsLastCharacter,
    /// A user name that does not exist.
    UnknownUser,
    /// A client id that does not exist.
    UnknownClient,
    /// An account whose password is temporary.
    TemporaryPassword,
    /// The password that took the place of a temporary one.
    ChosenPassword,
    /// The temporary password, after another took its place.
    ReplacedPassword,
    /// The old password, after a change that was refused.
    OldPasswordAfterwards,
    /// The new password, after it was set.
    NewPasswordAtTheEnd,
    /// The old password, after the new one was set.
    OldPasswordAtTheEnd,
    /// Another password of an account whose password is temporary.
    WrongTemporaryPassword,
    /// The temporary password again, after its challenge was answered wrongly.
    TemporaryPasswordAgain,
    /// By SRP, with a proof that no password gives.
    SrpWithoutProof,
    /// By another client of the pool.
    AnotherClient,
    /// Another user.
    SecondUser,
}

impl SignInVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AnotherPassword,
        Self::PasswordInOtherCase,
        Self::PasswordWithoutItsLastCharacter,
        Self::UnknownUser,
        Self::UnknownClient,
        Self::TemporaryPassword,
        Self::ChosenPassword,
        Self::ReplacedPassword,
        Self::OldPasswordAfterwards,
        Self::NewPasswordAtTheEnd,
        Self::OldPasswordAtTheEnd,
        Self::WrongTemporaryPassword,
        Self::TemporaryPasswordAgain,
        Self::SrpWithoutProof,
        Self::AnotherClient,
        Self::SecondUser,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::AnotherPassword => "with another password",
            Self::PasswordInOtherCase => "with the password in other letter case",
            Self::PasswordWithoutItsLastCharacter => {
                "with a password that lacks its last character"
            }
            Self::UnknownUser => "with an unknown user name",
            Self::UnknownClient => "with an unknown client id",
            Self::TemporaryPassword => "with a temporary password",
            Self::ChosenPassword => "with the chosen password",
            Self::ReplacedPassword => "with the replaced password",
            Self::OldPasswordAfterwards => "with the old password afterwards",
            Self::NewPasswordAtTheEnd => "with the new password at the end",
            Self::OldPasswordAtTheEnd => "with the old password at the end",
            Self::WrongTemporaryPassword => "with another password than the temporary one",
            Self::TemporaryPasswordAgain => "with the temporary password again",
            Self::SrpWithoutProof => "by SRP without a proof",
            Self::AnotherClient => "by another client",
            Self::SecondUser => "as another user",
        }
    }
}
