//! How a vendor reacted to a request: the one place that says what a reply came to.
//!
//! The effect decides, not the status that announced it: a token that came is a token whatever its
//! status, and a 200 that did nothing is a refusal. Only what a person's browser is shown, what
//! cannot be read and what broke off is none of both.

use super::event::{Cut, Message, Opcode};
use super::{Exchange, Operation};

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reaction {
    /// It did what it was for: a token, data, a session.
    Served,
    /// It was refused: a 4xx, or a reply of the protocol that gave nothing. How well the refusal
    /// fits is the row's matter.
    Refused,
    /// The vendor asks for patience (429, or by a user pool's own error): what it makes of the request is not known.
    Throttled,
    /// The vendor failed.
    Failed(Failure),
    /// It was sent elsewhere (3xx).
    Redirected,
    /// No reply came.
    Gone(Cut),
}

/// In which way a vendor failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// 5xx.
    ServerError,
    /// What came is not HTTP.
    NotHttp,
    /// A body that is larger than is read.
    TooLarge,
    /// A web page where the protocol has JSON.
    Html,
    /// A body that says it is JSON and is not, or is none where the protocol demands it.
    Unreadable,
    /// A status that answers no such request (1xx, or beyond 599).
    UnexpectedStatus,
}

/// Statuses that speak of the request's method, media type, length or fields, never of the account.
const OF_THE_REQUEST: [u16; 6] = [405, 406, 411, 413, 415, 422];

impl Reaction {
    /// In words: `served`, `refused`, `failed: a web page`, …
    pub const fn words(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Failed(Failure::ServerError) => "failed: a server error",
            Self::Failed(Failure::NotHttp) => "failed: not HTTP",
            Self::Failed(Failure::TooLarge) => "failed: a body larger than 1 MiB",
            Self::Failed(Failure::Html) => "failed: a web page",
            Self::Failed(Failure::Unreadable) => "failed: a body that cannot be read",
            Self::Failed(Failure::UnexpectedStatus) => "failed: an unexpected status",
            Self::Redirected => "redirected",
            Self::Gone(Cut::NoConnection) => "no connection",
            Self::Gone(Cut::Timeout) => "no reply in time",
            Self::Gone(Cut::NotSent) => "not sent",
            Self::Gone(_) => "the connection was closed",
        }
    }
}

impl Exchange<'_> {
    /// What it came to.
    pub fn reaction(&self) -> Reaction {
        let Some(reply) = self.reply else {
            return match self.cut {
                Some((Cut::NotHttp, _)) => Reaction::Failed(Failure::NotHttp),
                Some((Cut::TooLarge, _)) => Reaction::Failed(Failure::TooLarge),
                Some((kind, _)) => Reaction::Gone(kind),
                None => Reaction::Gone(Cut::Closed),
            };
        };
        match reply.status {
            101 if self.operation == Operation::OpenSocket => self.socket(),
            101 if self.operation.upgrades() => Reaction::Served,
            200..=299 => self.success(reply),
            300..=399 => Reaction::Redirected,
            429 => Reaction::Throttled,
            400 if self.operation.is_cognito() && self.asks_for_patience() => Reaction::Throttled,
            400..=499 => Reaction::Refused,
            500..=599 => Reaction::Failed(Failure::ServerError),
            _ => Reaction::Failed(Failure::UnexpectedStatus),
        }
    }

    /// Whether it did what it was for.
    pub fn is_served(&self) -> bool {
        self.reaction() == Reaction::Served
    }

    /// Whether it was served, and does not show what is there as deleted, which is a status of its own
    /// for encounters and for tasks.
    pub fn shows_what_is_there(&self) -> bool {
        let body = self.json();
        let is_deleted = body["encounter"]["status"] == "deleted" || body["status"] == "DELETED";
        self.is_served() && !is_deleted
    }

    /// Whether the vendor said no, and not only failed to give a token, in a way that may speak of the
    /// account.
    pub(crate) fn denies_the_account(&self) -> bool {
        let may_speak_of_it =
            |status: u16| (400..500).contains(&status) && !OF_THE_REQUEST.contains(&status);
        self.is_refused()
            && self
                .reply
                .is_some_and(|reply| may_speak_of_it(reply.status))
    }

    /// Whether a user pool says in a 400 that it is asked too often (Amazon Cognito, common errors).
    pub(crate) fn asks_for_patience(&self) -> bool {
        let kind = self.json()["__type"].clone();
        let kind = kind.as_str().unwrap_or_default();
        ["TooManyRequestsException", "LimitExceededException"]
            .iter()
            .any(|known| kind.ends_with(known))
    }

    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        self.reaction() == Reaction::Refused
    }

    /// Whether it got what it asked for, or a part of it, whatever the status said: a token is a
    /// token even under a 400.
    pub fn got_something(&self) -> bool {
        self.is_served()
            || self
                .reply
                .is_some_and(|reply| gives_tokens(self.operation, reply))
    }

    fn success(&self, reply: &Message) -> Reaction {
        let is_for_people = matches!(
            self.operation,
            Operation::Authorize | Operation::SubmitLogin
        );
        if is_html(reply) && !is_for_people {
            return Reaction::Failed(Failure::Html);
        }
        let demands_json = self.operation.asks_for_a_token()
            || matches!(
                self.operation,
                Operation::Metadata | Operation::KeySet | Operation::Introspect
            )
            || self.operation.is_cognito()
                && !(self.operation == Operation::RevokeRefreshToken && reply.body.is_empty());
        let should_be_json = demands_json || says_json(reply) && !reply.body.is_empty();
        if should_be_json && !is_json(&reply.body) {
            return Reaction::Failed(Failure::Unreadable);
        }
        let served = if self.operation.asks_for_a_token() {
            reply.token().is_some()
        } else if self.operation.is_cognito() {
            reply.json()["__type"].is_null() && self.has_its_members(reply)
        } else {
            // An upgrade that is answered with 200 opens nothing.
            !self.operation.upgrades()
        };
        if served {
            Reaction::Served
        } else {
            Reaction::Refused
        }
    }

    /// Whether the reply of a Cognito operation has what the operation is for.
    fn has_its_members(&self, reply: &Message) -> bool {
        let body = reply.json();
        let text = |pointer: &str| {
            let member = body.pointer(pointer).and_then(serde_json::Value::as_str);
            member.is_some_and(|text| !text.is_empty())
        };
        match self.operation {
            Operation::SignIn
            | Operation::Refresh
            | Operation::AnswerChallenge
            | Operation::ProveSrp
            | Operation::ShowCode => text("/AuthenticationResult/AccessToken"),
            Operation::StartSrp => text("/ChallengeName"),
            Operation::UseAccessToken => text("/Username"),
            Operation::UseIdToken | Operation::GetIdentity => text("/IdentityId"),
            Operation::GetCredentials => text("/Credentials/SecretKey"),
            _ => true,
        }
    }

    /// A socket serves when it takes its configuration.
    fn socket(&self) -> Reaction {
        for frame in self.received_frames() {
            match frame.opcode {
                Opcode::Text => match message_type(frame.text) {
                    Some(word) if word == "CONFIG_ACCEPTED" => return Reaction::Served,
                    Some(word) if word.starts_with("CONFIG") || word.contains("ERROR") => {
                        return Reaction::Refused;
                    }
                    _ => {}
                },
                Opcode::Close => return Reaction::Refused,
                Opcode::Eof => return Reaction::Gone(Cut::Closed),
                Opcode::Silence => return Reaction::Gone(Cut::Timeout),
                Opcode::Binary | Opcode::Ping | Opcode::Pong | Opcode::Odd => {}
            }
        }
        Reaction::Gone(Cut::Closed)
    }
}

/// The word in a socket message's `type`, in capitals.
pub fn message_type(text: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(text).ok()?;
    message["type"].as_str().map(str::to_ascii_uppercase)
}

fn gives_tokens(operation: Operation, reply: &Message) -> bool {
    let body = reply.json();
    let has = |pointer: &str| {
        let member = body.pointer(pointer).and_then(serde_json::Value::as_str);
        member.is_some_and(|text| !text.is_empty())
    };
    if operation.is_cognito() {
        return has("/AuthenticationResult/AccessToken")
            || has("/AuthenticationResult/IdToken")
            || has("/ChallengeName")
            || has("/Credentials/SecretKey");
    }
    operation.asks_for_a_token() && (has("/access_token") || has("/id_token"))
}

/// What a refusal told by status, code and message: other members of a body, such as a time or the
/// number of the request, are different in each reply.
pub fn told(status: u16, body: &serde_json::Value) -> (u16, Vec<String>) {
    let names = [
        "error",
        "error_description",
        "__type",
        "message",
        "detail",
        "details",
    ];
    let told = names.iter().map(|name| body[*name].to_string());
    (status, told.collect())
}

fn says_json(reply: &Message) -> bool {
    let value = reply.header("content-type").unwrap_or_default();
    value.to_ascii_lowercase().contains("json")
}

/// Whether a body is a web page, by its media type or by how it begins. JSON under the media type of
/// a page is none: frameworks put that type on what names no other.
pub fn is_html(reply: &Message) -> bool {
    let media_type = reply.header("content-type").unwrap_or_default();
    let start: String = reply.body.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    let says_html = media_type.to_ascii_lowercase().contains("text/html");
    start.starts_with("<!doctype html")
        || start.starts_with("<html")
        || says_html && !(start.starts_with('{') && is_json(&reply.body))
}

/// Whether a body can be read as JSON: each rule asks it of each reply, so that nothing is built.
fn is_json(body: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok()
}
