//! The demo client: a plain honest client for all four vendors, made to be bent.
//!
//! It is a subject like any other: it speaks `locum/1` on standard input and output and meets the
//! mocks on the wire alone. It shares no code with the reference client, so that the harness is
//! tested with two opinions, and it holds the wire in its own hands (HTTP/1.1 and frames in bytes),
//! so that each fault of a client can be played.
//!
//! # Layout
//! - `session`, `protocol`: the conversation with the harness
//! - `client`: an instance and its operations; `cache`: its tokens
//! - `login`: token requests; `retry`: when to try again
//! - `cognito`, `signing`: Scribe's own; `socket`: Corti's websockets
//! - `http`, `tls`: the wire
//! - `behaviour`: what may be done otherwise; `mutants`, `styles`: the tables of the bent clients, and
//!   of those that are as sound as the honest one

mod behaviour;
mod cache;
mod client;
mod clock;
mod cognito;
mod config;
mod failure;
mod http;
mod log;
mod login;
mod mutants;
mod protocol;
mod random;
mod retry;
mod session;
mod signing;
mod socket;
mod srp;
mod storage;
mod styles;
mod tls;
mod tokens;
mod vendor;
mod webhook;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use locum_core::SystemClock;

pub use mutants::{Mutant, mutant, mutants};
pub use styles::{Style, style, styles};

/// What a run of the demo client is given.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The one thing to do wrong; honest without.
    pub mutant: Option<Mutant>,
    /// The style in which an honest client does things.
    pub style: Option<Style>,
    /// Fixes every random choice.
    pub seed: u64,
    /// The file that keeps tokens for the next process; without one they are forgotten.
    pub store: Option<PathBuf>,
    /// The URL under which webhooks are received; without one none are.
    pub webhook: Option<String>,
}

/// Speaks `locum/1` on standard input and output until the input ends.
///
/// # Errors
/// Standard input or output broke.
pub async fn serve(options: Options) -> std::io::Result<()> {
    let behaviour = match (options.mutant, options.style) {
        (Some(mutant), _) => mutant.behaviour(),
        (None, Some(style)) => style.behaviour(),
        (None, None) => behaviour::Behaviour::default(),
    };
    if let Some(url) = &options.webhook
        && let Err(failure) = webhook::receive(url, behaviour.webhook.clone()).await
    {
        eprintln!("{failure}: {url}");
    }
    let shared = client::Shared {
        behaviour: Arc::new(behaviour),
        clock: SystemClock::new(),
        random: Arc::new(random::Random::new(options.seed)),
        caches: Mutex::new(Vec::new()),
        store: options.store.map(|path| Arc::new(storage::Store(path))),
    };
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    session::serve(shared, input, tokio::io::stdout()).await
}
