//! How a server is started, and why it does not run.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use locum_core::Secret;

use crate::judge::JournalJudge;
use crate::memory::{MemoryLimits, OverLimit};
use crate::observe::Observer;
use crate::origin::{PublicUrl, TrustedProxies};
use crate::stage::StageError;
use crate::store::{MemoryStores, StoreError, StoreFactory};
use crate::tls::{TlsError, TlsOptions};

/// How a server is started.
#[derive(Clone)]
pub struct ServerConfig {
    /// Where it listens; port 0 takes any free one.
    pub address: SocketAddr,
    /// The bearer token of the control API; demanded when it is set.
    pub control_token: Option<Secret>,
    /// Names besides `localhost` by which the control API may be called, without port.
    pub allowed_hosts: Vec<String>,
    /// Seed of the stage `default`.
    pub seed: u64,
    /// Told of each completed exchange.
    pub observer: Option<Observer>,
    /// How much memory stages may take.
    pub memory: MemoryLimits,
    /// How it speaks TLS beside http; not at all by default.
    pub tls: Option<TlsOptions>,
    /// Where everybody reaches it, if that is not where it listens.
    pub public_url: Option<PublicUrl>,
    /// Whose `Forwarded` and `X-Forwarded-*` headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Makes the stores that remember issued tokens.
    pub stores: Arc<dyn StoreFactory>,
    /// Judges journals for the control API, which without one has no verdicts.
    pub judge: Option<Arc<dyn JournalJudge>>,
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("address", &self.address)
            .field("seed", &self.seed)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

impl ServerConfig {
    /// Any free loopback port, an open control API, seed 0.
    pub fn loopback() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            control_token: None,
            allowed_hosts: Vec::new(),
            seed: 0,
            observer: None,
            memory: MemoryLimits::default(),
            tls: None,
            public_url: None,
            trusted_proxies: TrustedProxies::default(),
            stores: Arc::new(MemoryStores),
            judge: None,
        }
    }
}

/// Why a server does not run, or a stage was not made.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no certificate to speak TLS with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A vendor's routes and profile do not fit, or its principals are wrong.
    #[error("{0}")]
    Vendor(String),
    /// The name is taken.
    #[error("a stage called `{0}` exists already")]
    Taken(String),
    /// The name is not valid.
    #[error("`{0}` is no name for a stage: letters, digits, `-` and `_`, at most 64")]
    Name(String),
    /// The observer has no thread to run on.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A stage would take more memory than there is.
    #[error(transparent)]
    Memory(#[from] OverLimit),
    /// The store of a stage cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are too many stages.
    #[error("there are {0} stages already; delete some")]
    Full(usize),
}

impl From<StageError> for ServerError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Spec(fault) => Self::Vendor(fault),
            StageError::Memory(over) => Self::Memory(over),
            StageError::Store(fault) => Self::Store(fault),
        }
    }
}
