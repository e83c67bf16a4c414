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
    /// The password with a blank behind it.
    PasswordWithABlankBehind,
    /// No password at all.
    NoPassword,
    /// A user name that does not exist.
    UnknownUser,
    /// A client id that does not exist.
    UnknownClient,
    /// The client id with upper and lower case swapped.
    ClientInOtherCase,
    /// The client id without its last character.
    ClientWithoutItsLastCharacter,
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
    /// By SRP, with a public number that is a multiple of N: the proof follows from it without the
    /// password.
    SrpMultipleOfN,
    /// By SRP, with a user name that does not exist and a proof that no password gives.
    SrpUnknownUser,
    /// By SRP, with zero for a public number.
    SrpZero,
    /// An account with a second factor.
    SecondFactor,
    /// Another password of an account with a second factor.
    SecondFactorWrongPassword,
    /// By another client of the pool.
    AnotherClient,
    /// Another user.
    SecondUser,
    /// Another user, with the password altered in its first letter.
    SecondUserFirstLetter,
    /// Another user, with the password altered in its last letter.
    SecondUserLastLetter,
    /// Another user, with the own name as the password.
    SecondUserNameAsPassword,
    /// Another user, with the first user's password.
    SecondUserForeignPassword,
    /// Another user, with an empty password.
    SecondUserEmptyPassword,
    /// `X-Amz-Target` names an operation that does not exist.
    UnknownOperation,
    /// There is no `X-Amz-Target`.
    NoOperation,
    /// The body is no JSON.
    BrokenJson,
    /// The body is a JSON list.
    ListForBody,
    /// A number stands in the place of the client id.
    NumberForClient,
    /// A space stands between a header's name and its colon (RFC 9112 §5.1).
    SpaceBeforeColon,
    /// There is no `Host` (RFC 9112 §3.2).
    NoHost,
    /// `Host` occurs twice.
    TwoHosts,
}

impl SignInVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AnotherPassword,
        Self::PasswordInOtherCase,
        Self::PasswordWithoutItsLastCharacter,
        Self::PasswordWithABlankBehind,
        Self::NoPassword,
        Self::UnknownUser,
        Self::UnknownClient,
        Self::ClientInOtherCase,
        Self::ClientWithoutItsLastCharacter,
        Self::TemporaryPassword,
        Self::ChosenPassword,
        Self::ReplacedPassword,
        Self::OldPasswordAfterwards,
        Self::NewPasswordAtTheEnd,
        Self::OldPasswordAtTheEnd,
        Self::WrongTemporaryPassword,
        Self::TemporaryPasswordAgain,
        Self::SrpWithoutProof,
        Self::SrpMultipleOfN,
        Self::SrpUnknownUser,
        Self::SrpZero,
        Self::SecondFactor,
        Self::SecondFactorWrongPassword,
        Self::AnotherClient,
        Self::SecondUser,
        Self::SecondUserFirstLetter,
        Self::SecondUserLastLetter,
        Self::SecondUserNameAsPassword,
        Self::SecondUserForeignPassword,
        Self::SecondUserEmptyPassword,
        Self::UnknownOperation,
        Self::NoOperation,
        Self::BrokenJson,
        Self::ListForBody,
        Self::NumberForClient,
        Self::SpaceBeforeColon,
        Self::NoHost,
        Self::TwoHosts,
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
            Self::PasswordWithABlankBehind => "with a blank behind the password",
            Self::NoPassword => "without a password",
            Self::UnknownUser => "with an unknown user name",
            Self::UnknownClient => "with an unknown client id",
            Self::ClientInOtherCase => "with the client id in other letter case",
            Self::ClientWithoutItsLastCharacter => "with a client id that lacks its last character",
            Self::TemporaryPassword => "with a temporary password",
            Self::ChosenPassword => "with the chosen password",
            Self::ReplacedPassword => "with the replaced password",
            Self::OldPasswordAfterwards => "with the old password afterwards",
            Self::NewPasswordAtTheEnd => "with the new password at the end",
            Self::OldPasswordAtTheEnd => "with the old password at the end",
            Self::WrongTemporaryPassword => "with another password than the temporary one",
            Self::TemporaryPasswordAgain => "with the temporary password again",
            Self::SrpWithoutProof => "by SRP without a proof",
            Self::SrpMultipleOfN => "by SRP with a multiple of N",
            Self::SrpUnknownUser => "by SRP with an unknown user name",
            Self::SrpZero => "by SRP with zero",
            Self::SecondFactor => "as a user with a second factor",
            Self::SecondFactorWrongPassword => {
                "with another password of the account with a second factor"
            }
            Self::AnotherClient => "by another client",
            Self::SecondUser => "as another user",
            Self::SecondUserFirstLetter => {
                "as another user with the password altered in its first letter"
            }
            Self::SecondUserLastLetter => {
                "as another user with the password altered in its last letter"
            }
            Self::SecondUserNameAsPassword => "as another user with the name as the password",
            Self::SecondUserForeignPassword => "as another user with the first user's password",
            Self::SecondUserEmptyPassword => "as another user with an empty password",
            Self::UnknownOperation => "with an operation that nobody knows",
            Self::NoOperation => "without X-Amz-Target",
            Self::BrokenJson => "with a body that is not JSON",
            Self::ListForBody => "with a list for a body",
            Self::NumberForClient => "with a number for the client id",
            Self::SpaceBeforeColon => "with a space before a colon",
            Self::NoHost => "without Host",
            Self::TwoHosts => "with Host twice",
        }
    }

    /// Whether it is no HTTP, so that what stands in front of the vendor may answer it.
    pub const fn is_no_http(self) -> bool {
        matches!(self, Self::SpaceBeforeColon | Self::NoHost | Self::TwoHosts)
    }

    /// Whether it is no request of the pool's protocol, so that no operation answers it.
    pub const fn is_outside_the_protocol(self) -> bool {
        self.is_no_http()
            || matches!(
                self,
                Self::UnknownOperation
                    | Self::NoOperation
                    | Self::BrokenJson
                    | Self::ListForBody
                    | Self::NumberForClient
            )
    }

    /// Whether no pool has such a password, so that it may be refused by its form alone.
    pub const fn has_no_such_password(self) -> bool {
        matches!(
            self,
            Self::PasswordWithABlankBehind | Self::NoPassword | Self::SecondUserEmptyPassword
        )
    }
}
