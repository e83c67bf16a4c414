//! One thing changed in the request for an upgrade, and the one frame that is sent on a websocket.

use serde::{Deserialize, Serialize};

/// One thing changed in the request for an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpgradeVariation {
    /// No `Upgrade`.
    NoUpgrade,
    /// No `Connection`.
    NoConnection,
    /// No `Sec-WebSocket-Key`.
    NoKey,
    /// No `Sec-WebSocket-Version`.
    NoVersion,
    /// No `Host`.
    NoHost,
    /// Another method than GET.
    Post,
    /// HTTP/1.0.
    Http10,
    /// A key of 10 bytes.
    ShortKey,
    /// A key that is no base64.
    KeyNotBase64,
    /// A version that nobody speaks.
    OtherVersion,
    /// A version beyond the one of RFC 6455.
    LaterVersion,
    /// A path on which there is no websocket.
    UnknownPath,
    /// The stream of an interaction that does not exist.
    UnknownInteraction,
    /// `Upgrade` in another letter case.
    UpgradeInOtherCase,
    /// `Connection` in another letter case.
    ConnectionInOtherCase,
    /// `Connection` as a list.
    ConnectionList,
    /// An extension that nobody knows is offered.
    UnknownExtension,
    /// Compression is offered (RFC 7692).
    Deflate,
    /// The same, with a window that the vendor may limit.
    DeflateWithWindow,
    /// A subprotocol that nobody knows is offered.
    Subprotocol,
}

impl UpgradeVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::NoUpgrade,
        Self::NoConnection,
        Self::NoKey,
        Self::NoVersion,
        Self::NoHost,
        Self::Post,
        Self::Http10,
        Self::ShortKey,
        Self::KeyNotBase64,
        Self::OtherVersion,
        Self::LaterVersion,
        Self::UnknownPath,
        Self::UnknownInteraction,
        Self::UpgradeInOtherCase,
        Self::ConnectionInOtherCase,
        Self::ConnectionList,
        Self::UnknownExtension,
        Self::Deflate,
        Self::DeflateWithWindow,
        Self::Subprotocol,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::NoUpgrade => "without Upgrade",
            Self::NoConnection => "without Connection",
            Self::NoKey => "without a key",
            Self::NoVersion => "without a version",
            Self::NoHost => "without Host",
            Self::Post => "by POST",
            Self::Http10 => "over HTTP/1.0",
            Self::ShortKey => "with a key of 10 bytes",
            Self::KeyNotBase64 => "with a key that is no base64",
            Self::OtherVersion => "with version 12",
            Self::LaterVersion => "with version 14",
            Self::UnknownPath => "on a path that nobody knows",
            Self::UnknownInteraction => "for an interaction that does not exist",
            Self::UpgradeInOtherCase => "with Upgrade: WebSocket",
            Self::ConnectionInOtherCase => "with Connection: upgrade",
            Self::ConnectionList => "with Connection: keep-alive, Upgrade",
            Self::UnknownExtension => "with an unknown extension offered",
            Self::Deflate => "with permessage-deflate offered",
            Self::DeflateWithWindow => "with permessage-deflate and client_max_window_bits offered",
            Self::Subprotocol => "with a subprotocol offered",
        }
    }
}

/// The one frame that is sent on a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameVariation {
    /// It has no mask (RFC 6455 §5.1).
    Unmasked,
    /// A reserved bit is set (§5.2).
    ReservedBit,
    /// Its opcode is reserved (§5.2).
    ReservedOpcode,
    /// It is a text that is not UTF-8 (§8.1).
    NotUtf8,
    /// It is a ping of 126 bytes (§5.5).
    LongPing,
    /// It is a ping in fragments (§5.5).
    FragmentedPing,
    /// It is sent when the token of the websocket has ended.
    AfterTokenEnd,
    /// It is a close (§5.5.1).
    Close,
    /// It is a ping of 125 bytes (§5.5.2).
    LongestPing,
    /// It is a ping that carries nothing (§5.5.2).
    EmptyPing,
    /// It is the configuration.
    Configuration,
    /// They are two fragments of the configuration and a ping between them (§5.4).
    Fragmented,
    /// It is a configuration that says nothing.
    EmptyConfiguration,
    /// It is the end of the session, behind the configuration.
    Ended,
    /// It asks for what is left over, behind the configuration.
    Flush,
    /// It is a second configuration, behind the first.
    SecondConfiguration,
    /// It is none within the time for a configuration.
    NoConfiguration,
}

impl FrameVariation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Unmasked,
        Self::ReservedBit,
        Self::ReservedOpcode,
        Self::NotUtf8,
        Self::LongPing,
        Self::FragmentedPing,
        Self::AfterTokenEnd,
        Self::Close,
        Self::LongestPing,
        Self::EmptyPing,
        Self::Configuration,
        Self::Fragmented,
        Self::EmptyConfiguration,
        Self::Ended,
        Self::Flush,
        Self::SecondConfiguration,
        Self::NoConfiguration,
    ];

    /// Reads its phrase; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        super::with_phrase(Self::ALL, Self::phrase, phrase)
    }

    /// Whether a client may send it: what the vendor makes of it then is told by what it says.
    pub const fn is_allowed(self) -> bool {
        matches!(
            self,
            Self::Close
                | Self::LongestPing
                | Self::EmptyPing
                | Self::Configuration
                | Self::Fragmented
                | Self::EmptyConfiguration
                | Self::Ended
                | Self::Flush
                | Self::SecondConfiguration
                | Self::NoConfiguration
        )
    }

    /// Its phrase in the features.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Unmasked => "without a mask",
            Self::ReservedBit => "with a reserved bit",
            Self::ReservedOpcode => "with a reserved opcode",
            Self::NotUtf8 => "with text that is not UTF-8",
            Self::LongPing => "with a ping of 126 bytes",
            Self::FragmentedPing => "with a ping in fragments",
            Self::AfterTokenEnd => "after the end of the token",
            Self::Close => "with a close",
            Self::LongestPing => "with a ping of 125 bytes",
            Self::EmptyPing => "with an empty ping",
            Self::Configuration => "with the configuration",
            Self::Fragmented => "with the configuration in fragments",
            Self::EmptyConfiguration => "with an empty configuration",
            Self::Ended => "with the end of the session",
            Self::Flush => "with a flush",
            Self::SecondConfiguration => "with the configuration twice",
            Self::NoConfiguration => "without a configuration",
        }
    }
}
