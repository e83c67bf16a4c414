//! What can go wrong with the harness itself.

/// Why a run, or a step of it, came to nothing. A broken requirement is no error but a finding.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The control API of the mocks could not be reached.
    #[error("the control API does not answer: {0}")]
    Control(String),
    /// Nobody answers at the vendor's address.
    #[error("cannot reach {url}: {fault}")]
    Unreachable {
        /// The address.
        url: String,
        /// What the system says.
        fault: String,
    },
    /// A host of the vendor shows a certificate that is not accepted, so nothing was sent to it.
    #[error("cannot reach {url}: its certificate is not accepted: {reason}")]
    Untrusted {
        /// The address.
        url: String,
        /// The first reason.
        reason: String,
    },
    /// The control API refused a call.
    #[error("the control API refused {call} with {status}: {message}")]
    Refused {
        /// Method and path.
        call: String,
        /// The status.
        status: u16,
        /// Its own words.
        message: String,
    },
    /// An embedded feature cannot be read.
    #[error("{path}: {fault}")]
    Feature {
        /// Where it stands.
        path: String,
        /// What is wrong with it.
        fault: String,
    },
    /// Nothing is left to run.
    #[error("nothing selected: no scenario fits {}", if .0.is_empty() { "this vendor" } else { .0 })]
    NothingSelected(String),
    /// What the person asked for cannot be done.
    #[error("{0}")]
    Usage(String),
    /// Variables of the environment are missing without which nothing can be judged.
    #[error("{vendor} cannot be judged without {}", .missing.join(", "))]
    MissingVariables {
        /// The vendor.
        vendor: String,
        /// The variables, by their whole names.
        missing: Vec<String>,
        /// All variables of this vendor, a line each.
        table: String,
    },
    /// No reply of the vendor told an id that the next request needs.
    #[error("no reply told a {0}")]
    NotTold(String),
    /// A step was asked for something that it does not know or cannot do.
    #[error("{0}")]
    Step(String),
}
