//! In which one way a request departs from the documented one, or by whom and when it was made.
//!
//! Each variation is named by a phrase that stands in the features: [`Variation::parse`] reads it,
//! `Display` writes it.

mod authorize;
mod call;
mod login;
mod pool;
mod proof;
mod shown;
mod sign_in;
mod signed;
mod socket;
mod upgrade;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use authorize::{AuthorizeVariation, CodeVariation};
pub use call::{CallVariation, LetterCase, Position};
pub use login::{BasicSpelling, Content, FieldChange, FormSpelling, LoginVariation};
pub use pool::{
    ChallengeVariation, ChangeVariation, IdentityVariation, RefreshVariation, RevocationVariation,
    WeakPassword,
};
pub use proof::ProofVariation;
pub use shown::ShownToken;
pub use sign_in::SignInVariation;
pub use signed::SignedVariation;
pub use socket::SocketVariation;
pub use upgrade::{FrameVariation, UpgradeVariation};

use super::Operation;
use crate::catalogue::Supplied;

/// The one of `all` that `phrase` names.
fn with_phrase<T: Copy>(all: &[T], phrase_of: fn(T) -> &'static str, phrase: &str) -> Option<T> {
    all.iter()
        .copied()
        .find(|&known| phrase_of(known) == phrase)
}

/// In which one way a request departs from the documented one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variation {
    /// In none: as the vendor's page shows it.
    Documented,
    /// One thing of a login.
    Login(LoginVariation),
    /// One thing of an API call.
    Call(CallVariation),
    /// One thing of the opening of a websocket.
    Socket(SocketVariation),
    /// One thing of the request for an upgrade.
    Upgrade(UpgradeVariation),
    /// The one frame that is sent.
    Frame(FrameVariation),
    /// One thing of a sign-in at a user pool.
    SignIn(SignInVariation),
    /// One thing of an authorization request.
    Authorize(AuthorizeVariation),
    /// One thing of the exchange of an authorization code.
    Code(CodeVariation),
    /// One thing of a signed call.
    Signed(SignedVariation),
    /// This account, which is supplied beside the first one.
    Account(Supplied),
    /// Somebody else does it.
    By(Other),
    /// A client of another tenant does it, and names the owner's tenant in the header.
    ByOtherTenantNamingTheOwners,
    /// It is about what somebody else holds.
    Of(Other),
    /// The same once more.
    Again,
    /// After the revocation.
    AfterRevocation,
    /// With the token of this number, counted from 1, at this moment.
    Token(usize, Moment),
    /// Naming a wrong present password.
    WrongPresentPassword,
    /// Naming no present password.
    NoPresentPassword,
    /// With a new password that is too weak.
    Weak(WeakPassword),
    /// With one proof of a change or a reset of a password spoilt.
    Change(ChangeVariation),
    /// With the id of a template that the account has not.
    UnknownTemplate,
    /// With another token in the place of the one that it needs.
    Shown(ShownToken),
    /// One thing of the answer to a challenge.
    Challenge(ChallengeVariation),
    /// One thing of the proof of a login by SRP.
    Proof(ProofVariation),
    /// One thing of a request for an identity or for AWS credentials.
    Identity(IdentityVariation),
    /// A near miss of a refresh token.
    Refresh(RefreshVariation),
    /// One thing of a revocation.
    Revocation(RevocationVariation),
    /// With the token that took the place of the first one.
    WithReplacement,
    /// After its end.
    AfterEnd,
    /// Without the query that grants it.
    WithoutGrant,
    /// One of several that were sent at once, by its number, counted from 1.
    AtOnce(usize),
}

/// Somebody else at the same vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Other {
    /// A client of the same tenant.
    Client,
    /// A client of another tenant.
    Tenant,
    /// A user beside the first one.
    User,
}

impl Other {
    /// Reads `another client` or `a client of another tenant`.
    pub fn parse(phrase: &str) -> Option<Self> {
        match phrase {
            "another client" => Some(Self::Client),
            "a client of another tenant" => Some(Self::Tenant),
            "another user" => Some(Self::User),
            _ => None,
        }
    }

    /// What it is called in the features.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Client => "another client",
            Self::Tenant => "a client of another tenant",
            Self::User => "another user",
        }
    }
}

/// When, relative to the event that a scenario is about, a token was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before it.
    Before,
    /// After it.
    After,
    /// In place of a token: the Session of an open challenge.
    AsSession,
}

const UNKNOWN_TEMPLATE: &str = "with a template that the account has not";

const OWNERS_TENANT: &str = " with the owner's tenant";

const OF_THE_TOKEN: &str = "of the token of ";

impl Variation {
    /// Reads the phrase that stands in a feature for `operation`; `None` when it is unknown. The
    /// empty phrase is the documented request.
    pub fn parse(operation: Operation, phrase: &str) -> Option<Self> {
        if phrase.is_empty() {
            return Some(Self::Documented);
        }
        if let Some(shown) = ShownToken::parse(phrase)
            && operation.takes_a_token()
        {
            return Some(Self::Shown(shown));
        }
        match operation {
            Operation::Login => {
                account(phrase).or_else(|| LoginVariation::parse(phrase).map(Self::Login))
            }
            Operation::Call => SignedVariation::parse(phrase)
                .map(Self::Signed)
                .or_else(|| CallVariation::parse(phrase).map(Self::Call)),
            Operation::Attempt | Operation::SubmitLogin => {
                LoginVariation::parse(phrase).map(Self::Login)
            }
            Operation::Authorize => AuthorizeVariation::parse(phrase).map(Self::Authorize),
            Operation::Redeem => CodeVariation::parse(phrase).map(Self::Code),
            Operation::OpenSocket => SocketVariation::parse(phrase)
                .map(Self::Socket)
                .or_else(|| by(phrase, "as ")),
            Operation::Upgrade => UpgradeVariation::parse(phrase).map(Self::Upgrade),
            Operation::Frame => FrameVariation::parse(phrase).map(Self::Frame),
            Operation::SignIn | Operation::StartSrp => match phrase {
                "again" => Some(Self::Again),
                _ => SignInVariation::parse(phrase).map(Self::SignIn),
            },
            Operation::Refresh => {
                with_phrase(RefreshVariation::ALL, RefreshVariation::phrase, phrase)
                    .map(Self::Refresh)
                    .or_else(|| refresh(phrase))
            }
            Operation::ProveSrp => {
                with_phrase(ProofVariation::ALL, ProofVariation::phrase, phrase).map(Self::Proof)
            }
            Operation::ShowCode => {
                with_phrase(ChallengeVariation::ALL, ChallengeVariation::phrase, phrase)
                    .map(Self::Challenge)
            }
            Operation::AnswerChallenge => {
                with_phrase(ChallengeVariation::ALL, ChallengeVariation::phrase, phrase)
                    .map(Self::Challenge)
                    .or_else(|| weak(phrase))
            }
            Operation::GetIdentity | Operation::GetCredentials => match phrase {
                "again" => Some(Self::Again),
                _ => with_phrase(IdentityVariation::ALL, IdentityVariation::phrase, phrase)
                    .map(Self::Identity),
            },
            Operation::RevokeRefreshToken => revocation(phrase).or_else(|| by(phrase, "by ")),
            Operation::SendForm => (phrase == UNKNOWN_TEMPLATE).then_some(Self::UnknownTemplate),
            Operation::UsePresigned => match phrase {
                "after its end" => Some(Self::AfterEnd),
                "without its grant" => Some(Self::WithoutGrant),
                _ => None,
            },
            Operation::PersonLogin => match phrase {
                "again" => Some(Self::Again),
                _ => LoginVariation::parse(phrase).map(Self::Login),
            },
            Operation::ChangePassword => match phrase {
                "again" => Some(Self::Again),
                "naming a wrong present one" => Some(Self::WrongPresentPassword),
                "naming no present one" => Some(Self::NoPresentPassword),
                _ => weak(phrase).or_else(|| change(phrase)),
            },
            Operation::ResetPassword => change(phrase),
            Operation::UseAccessToken | Operation::UseIdToken if phrase == "again" => {
                Some(Self::Again)
            }
            Operation::UserInfo if !phrase.starts_with("token ") => {
                let shown = ShownToken::parse(phrase).map(Self::Shown);
                shown.or_else(|| CallVariation::parse(phrase).map(Self::Call))
            }
            Operation::UseAccessToken | Operation::UseIdToken | Operation::UserInfo => {
                token(phrase)
            }
            Operation::Introspect => match phrase {
                "after the revocation" => Some(Self::AfterRevocation),
                "with an unknown token" => Some(Self::Call(CallVariation::UnknownToken)),
                _ => of(phrase).or_else(|| LoginVariation::parse(phrase).map(Self::Login)),
            },
            Operation::Logout | Operation::Update | Operation::Delete => by(phrase, "by "),
            Operation::Read
            | Operation::Create
            | Operation::ListPage
            | Operation::OtherLogin
            | Operation::OtherCall => by(phrase, "as "),
            Operation::Revoke => by(phrase, "by ")
                .or_else(|| revocation(phrase))
                .or_else(|| LoginVariation::parse(phrase).map(Self::Login)),
            Operation::Renew => {
                with_phrase(RefreshVariation::ALL, RefreshVariation::phrase, phrase)
                    .map(Self::Refresh)
                    .or_else(|| refresh(phrase))
                    .or_else(|| LoginVariation::parse(phrase).map(Self::Login))
            }
            _ => None,
        }
    }

    /// Whether a login shows another secret than the account's own.
    pub fn is_a_wrong_secret(&self) -> bool {
        let is_secret = |name: &str| matches!(name, "client_secret" | "password");
        match self {
            Self::Login(LoginVariation::NameForSecret | LoginVariation::OthersSecret) => true,
            Self::Login(
                LoginVariation::Field(change, name) | LoginVariation::FieldInBasic(change, name),
            ) => *change != FieldChange::Missing && is_secret(name),
            _ => false,
        }
    }

    /// Whether nothing is changed.
    pub const fn is_documented(&self) -> bool {
        matches!(self, Self::Documented)
    }
}

/// Reads `as the inactive account`.
fn account(phrase: &str) -> Option<Variation> {
    Supplied::parse(phrase.strip_prefix("as ")?).map(Variation::Account)
}

/// Reads `token 2 after`.
fn token(phrase: &str) -> Option<Variation> {
    let (number, moment) = phrase.strip_prefix("token ")?.split_once(' ')?;
    let moment = match moment {
        "before" => Moment::Before,
        "after" => Moment::After,
        "as a Session" => Moment::AsSession,
        _ => return None,
    };
    Some(Variation::Token(number.parse().ok()?, moment))
}

/// Reads `again`, `token 2 after` or `by another client`.
fn refresh(phrase: &str) -> Option<Variation> {
    let at_once = || {
        let number = phrase.strip_prefix("at once, number ")?.parse().ok()?;
        Some(Variation::AtOnce(number))
    };
    match phrase {
        "again" => Some(Variation::Again),
        "after the revocation" => Some(Variation::AfterRevocation),
        "with the token of the reply" => Some(Variation::WithReplacement),
        "after its end" => Some(Variation::AfterEnd),
        _ => token(phrase)
            .or_else(|| by(phrase, "by "))
            .or_else(at_once)
            .or_else(|| match LoginVariation::parse(phrase)? {
                found @ LoginVariation::With(..) => Some(Variation::Login(found)),
                _ => None,
            }),
    }
}

/// Reads `to a password of five characters`.
fn weak(phrase: &str) -> Option<Variation> {
    with_phrase(WeakPassword::ALL, WeakPassword::phrase, phrase).map(Variation::Weak)
}

/// Reads `without an access token`.
fn change(phrase: &str) -> Option<Variation> {
    with_phrase(ChangeVariation::ALL, ChangeVariation::phrase, phrase).map(Variation::Change)
}

/// Reads `again` or `of a token that nobody issued`.
fn revocation(phrase: &str) -> Option<Variation> {
    match phrase {
        "again" => Some(Variation::Again),
        _ => with_phrase(
            RevocationVariation::ALL,
            RevocationVariation::phrase,
            phrase,
        )
        .map(Variation::Revocation),
    }
}

/// Reads `of the token of another client`.
fn of(phrase: &str) -> Option<Variation> {
    Other::parse(phrase.strip_prefix(OF_THE_TOKEN)?).map(Variation::Of)
}

fn by(phrase: &str, preposition: &str) -> Option<Variation> {
    let who = phrase.strip_prefix(preposition)?;
    match who.strip_suffix(OWNERS_TENANT) {
        Some(who) if Other::parse(who) == Some(Other::Tenant) => {
            Some(Variation::ByOtherTenantNamingTheOwners)
        }
        Some(_) => None,
        None => Other::parse(who).map(Variation::By),
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documented => Ok(()),
            Self::Login(variation) => variation.fmt(f),
            Self::Call(variation) => variation.fmt(f),
            Self::Socket(variation) => f.write_str(variation.phrase()),
            Self::Upgrade(variation) => f.write_str(variation.phrase()),
            Self::Frame(variation) => f.write_str(variation.phrase()),
            Self::SignIn(variation) => f.write_str(variation.phrase()),
            Self::Authorize(variation) => f.write_str(variation.phrase()),
            Self::Code(variation) => f.write_str(variation.phrase()),
            Self::Signed(variation) => f.write_str(variation.phrase()),
            Self::Account(account) => write!(f, "as {}", account.name()),
            Self::By(other) => write!(f, "by {}", other.words()),
            Self::ByOtherTenantNamingTheOwners => {
                write!(f, "by {}{OWNERS_TENANT}", Other::Tenant.words())
            }
            Self::Of(other) => write!(f, "{OF_THE_TOKEN}{}", other.words()),
            Self::Again => f.write_str("again"),
            Self::AfterRevocation => f.write_str("after the revocation"),
            Self::Token(number, moment) => {
                let moment = match moment {
                    Moment::Before => "before",
                    Moment::After => "after",
                    Moment::AsSession => "as a Session",
                };
                write!(f, "token {number} {moment}")
            }
            Self::WrongPresentPassword => f.write_str("naming a wrong present one"),
            Self::NoPresentPassword => f.write_str("naming no present one"),
            Self::UnknownTemplate => f.write_str(UNKNOWN_TEMPLATE),
            Self::Weak(weak) => f.write_str(weak.phrase()),
            Self::Change(change) => f.write_str(change.phrase()),
            Self::Shown(shown) => f.write_str(shown.phrase()),
            Self::Challenge(variation) => f.write_str(variation.phrase()),
            Self::Proof(variation) => f.write_str(variation.phrase()),
            Self::Identity(variation) => f.write_str(variation.phrase()),
            Self::Refresh(variation) => f.write_str(variation.phrase()),
            Self::Revocation(variation) => f.write_str(variation.phrase()),
            Self::WithReplacement => f.write_str("with the token of the reply"),
            Self::AfterEnd => f.write_str("after its end"),
            Self::WithoutGrant => f.write_str("without its grant"),
            Self::AtOnce(number) => write!(f, "at once, number {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each phrase is read, written again, and carried through JSON.
    fn check(operation: Operation, phrases: &[&str]) {
        for phrase in phrases {
            let read = Variation::parse(operation, phrase).expect(phrase);
            let written = read.to_string();
            let by = phrase
                .strip_prefix("as a")
                .filter(|_| !matches!(read, Variation::Account(_)));
            let expected = by.map_or_else(|| (*phrase).to_owned(), |rest| format!("by a{rest}"));
            assert_eq!(written, expected);
            let json = serde_json::to_string(&read).expect("plain data");
            let back: Variation = serde_json::from_str(&json).expect("as it was written");
            assert_eq!(back, read, "{json}");
        }
    }

    #[test]
    fn phrases_are_read_and_written() {
        check(
            Operation::Login,
            &[
                "",
                "by GET",
                "as JSON",
                "with everything in the query",
                "without a content type",
                "with the content type text/plain",
                "with a parameter that nobody knows",
                "without credentials",
                "with the credentials in the body",
                "with the credentials in a Basic header",
                "with the credentials in the body too",
                "for a tenant that does not exist",
                "with a Basic value that is not base64",
                "with a Basic value without a colon",
                "without the client secret",
                "without grant_type",
                "with an empty client id",
                "with another password",
                "with a beginning of the client secret",
                "with another client secret in a Basic header",
                "with the client id in other letter case",
                "with the password altered in its last letter",
                "with grant_type twice",
                "with grant_type locum",
                "with scope openid transcribe",
                "with the scheme bAsIc",
                "as the inactive account",
                "as another client",
                "with a parameter that nobody knows in front",
                "with scope openid email with spaces as %20",
                "with the credentials in the query",
                "with a raw Basic header",
                "with a form-encoded Basic header",
                "with Basic of one client and the id of another",
                "with a Bearer token for credentials",
                "with a blank in front of the client secret",
                "with a NUL behind the password",
                "with a colon behind the password",
                "with a form that has spaces as %20",
                "with a form in ISO 8859-1",
                "with credentials that are form-encoded twice",
                "with the account's name for its secret",
                "with the secret of another account",
                "by GET, and with everything in the query",
                "without grant_type, and with another client secret",
            ],
        );
        check(
            Operation::Call,
            &[
                "without a token",
                "with the token in the query",
                "with an unknown token",
                "with the token altered in its last letter",
                "on a path that nobody knows",
                "with the token's signature changed",
                "with the limited token",
                "with a token that has ended",
                "with a bad header in front of the good one",
                "with a bad header behind the good one",
                "at /v1/{group}/x y",
                "at /v1/x, and without a token",
                "with limit=0, and without a token",
                "with a letter in front of the token",
                "with the last letter of the token cut off",
                "with a blank amid the token",
                "with the token in the query as token",
                "by PROPFIND",
                "by HEAD, and without a token",
                "by POST, and at /v1/x, and without a token",
                "without permission",
                "with two spaces after Bearer",
                "with the token in quotes",
                "with the bare token",
                "without the header Tenant-Name",
                "with the scheme Basic",
                "with limit=500",
                "with an encoded path",
                "unsigned DELETE",
                "with an encoded path after signing",
                "with a space before a colon",
                "without Host",
                "with Host twice",
                "with a raw space in the target",
            ],
        );
        check(
            Operation::OpenSocket,
            &[
                "without a token",
                "with a token that has ended",
                "as another client",
                "as a client of another tenant with the owner's tenant",
            ],
        );
        check(Operation::Upgrade, &["", "without Connection", "by POST"]);
        check(Operation::Frame, &["", "without a mask"]);
        check(Operation::Authorize, &["", "without a page"]);
        check(Operation::Redeem, &["again", "without the verifier"]);
        check(Operation::SignIn, &["again", "with another password"]);
        check(Operation::Refresh, &["again", "after the revocation"]);
        check(
            Operation::UseIdToken,
            &["token 2 before", "token 1 as a Session"],
        );
        check(
            Operation::Introspect,
            &["of the token of a client of another tenant"],
        );
        check(Operation::Logout, &["by another client"]);
        check(Operation::Update, &["by a client of another tenant"]);
        check(Operation::Delete, &["by another client"]);
        check(Operation::Renew, &["after its end"]);
        check(Operation::Read, &["as another client"]);
        check(
            Operation::Read,
            &["as a client of another tenant with the owner's tenant"],
        );
        check(Operation::Revoke, &["by another client"]);
        check(
            Operation::Renew,
            &["by another client", "without the client secret"],
        );
        check(
            Operation::ChangePassword,
            &[
                "naming a wrong present one",
                "to a password of five characters",
                "to a password without a digit",
            ],
        );
        check(
            Operation::Refresh,
            &[
                "with the token of the reply",
                "with refresh_token never-issued",
                "with scope locum",
                "token 2 after",
                "by another client",
                "at once, number 8",
            ],
        );
        check(Operation::AnswerChallenge, &["with a forged Session"]);
        check(Operation::ShowCode, &["", "without a code"]);
        check(Operation::ProveSrp, &["", "without a timestamp"]);
        check(Operation::GetIdentity, &["again", "under another region"]);
        check(Operation::GetCredentials, &["without Logins"]);
        check(
            Operation::Revoke,
            &["again", "with a wrong hint", "without the client secret"],
        );
        check(
            Operation::RevokeRefreshToken,
            &["of a token that nobody issued"],
        );
        check(
            Operation::UsePresigned,
            &["after its end", "without its grant"],
        );
        check(
            Operation::UserInfo,
            &[
                "token 1 after",
                "without permission",
                "without a token",
                "with the id token",
            ],
        );
        check(Operation::PersonLogin, &["again", "with another password"]);
        check(Operation::SubmitLogin, &["with another password"]);
    }

    #[test]
    fn a_wrong_secret_is_told_from_none() {
        let is_wrong = |phrase: &str| {
            let variation = Variation::parse(Operation::Login, phrase).expect(phrase);
            variation.is_a_wrong_secret()
        };
        assert!(is_wrong("with another client secret"));
        assert!(is_wrong("with a blank behind the password"));
        assert!(is_wrong("with the account's name for its secret"));
        assert!(!is_wrong("without the client secret"));
        assert!(!is_wrong("with another client id"));
        assert!(!is_wrong(""));
    }

    #[test]
    fn unknown_phrases_are_unknown() {
        assert_eq!(Variation::parse(Operation::Call, "with luck"), None);
        assert_eq!(Variation::parse(Operation::Login, "nonsense"), None);
        assert_eq!(Variation::parse(Operation::Metadata, "again"), None);
    }
}
