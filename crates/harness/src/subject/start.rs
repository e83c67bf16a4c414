//! Why a client cannot be judged at all.

use super::{LIFECYCLE_TIMEOUT, PROTOCOL};

/// Why a client cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The system does not start it.
    #[error("cannot start `{command}`: {why}")]
    NotStarted {
        /// Program and arguments.
        command: String,
        /// What the system says.
        why: String,
    },
    /// Nobody listens at its address.
    #[error("cannot connect to the client at {address}: {why}")]
    NotConnected {
        /// Its address.
        address: String,
        /// What the system says.
        why: String,
    },
    /// It ended, or closed its standard output, before it said hello.
    #[error("the client did not say hello: {0}")]
    Gone(String),
    /// It said nothing.
    #[error("the client did not say hello within {} s{}", LIFECYCLE_TIMEOUT.as_secs(), heard(.0.as_deref()))]
    Silent(Option<String>),
    /// It refused the hello.
    #[error("the client refused to say hello: {0}")]
    Refused(String),
    /// It speaks another version of the protocol.
    #[error("the client speaks `{theirs}`, and the harness speaks `{PROTOCOL}`")]
    Version {
        /// The version that it will use.
        theirs: String,
    },
    /// It takes no request with which anything can be judged.
    #[error(
        "shim fault: the reply to hello lists no `new` or no `call`, `list`, `create` or `ws_open` among its ops: {ops}"
    )]
    NoOps {
        /// What it lists.
        ops: String,
    },
}

fn heard(last: Option<&str>) -> String {
    last.map_or_else(String::new, |last| {
        format!("; the last of its standard error: {last}")
    })
}
