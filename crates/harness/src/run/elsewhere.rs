//! Listeners beside the scenario's own: another origin to which a client may be sent, and stages of
//! their own for instances that must not meet.

use std::collections::BTreeMap;
use std::time::Duration;

use locum_core::{Entry, EntryId, Outcome};
use serde_json::Value;

use super::context::ScenarioContext;
use super::lifetimes::lifetime_settings;
use crate::Error;
use crate::subject::ClientCommand;
use crate::subject::driver::{FIRST, client_config};
use crate::target::Target;
use crate::target::stage::{StageClient, StageSpec};

/// What the evidence calls the origin to which redirects lead.
pub(crate) const ANOTHER_ORIGIN: &str = "another origin";

/// The path there; the vendor has none like it.
const LANDING: &str = "/elsewhere";

/// How far the journal of a stage has been read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    seen: EntryId,
    /// Entries that were not over when they were read.
    pending: BTreeMap<EntryId, Progress>,
}

/// How far an exchange was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It had no reply.
    Unanswered,
    /// It became a websocket, which was open.
    Open,
    /// The same, when one side had begun to close it.
    Closing,
    /// Nothing more comes.
    Over,
}

impl Progress {
    fn of(entry: &Entry) -> Self {
        let is_socket = entry.outcome == Some(Outcome::Opened);
        let closes = || entry.frames.iter().any(|frame| frame.opcode == "close");
        match entry.completed {
            None => Self::Unanswered,
            Some(_) if !is_socket || entry.closed.is_some() => Self::Over,
            Some(_) if closes() => Self::Closing,
            Some(_) => Self::Open,
        }
    }
}

impl Reading {
    /// The entries of `vendor` that were not read yet, and those that have come further since.
    pub(crate) async fn news(
        &mut self,
        stage: &StageClient,
        vendor: &str,
    ) -> Result<Vec<Entry>, Error> {
        let first = self.pending.first_key_value();
        let first = first.map_or(self.seen, |(id, _)| EntryId(id.0 - 1));
        let mut entries = stage.journal(vendor, first.min(self.seen)).await?;
        entries.retain(|entry| self.is_news(entry));
        Ok(entries)
    }

    /// Whether all that was read had its reply, and no websocket is being closed.
    pub(crate) fn is_whole(&self) -> bool {
        let mut pending = self.pending.values();
        pending.all(|progress| *progress == Progress::Open)
    }

    /// Whether all that was read had its reply.
    pub(crate) fn is_answered(&self) -> bool {
        let mut pending = self.pending.values();
        pending.all(|progress| *progress != Progress::Unanswered)
    }

    /// Has what passed on open websockets read once more.
    pub(crate) fn read_sockets_again(&mut self) {
        for progress in self.pending.values_mut() {
            *progress = Progress::Unanswered;
        }
    }

    fn is_news(&mut self, entry: &Entry) -> bool {
        let progress = Progress::of(entry);
        let is_new = entry.id > self.seen;
        let known = self.pending.get(&entry.id);
        if !is_new && known.is_none_or(|known| *known == progress) {
            return false;
        }
        self.seen = self.seen.max(entry.id);
        match progress {
            Progress::Over => self.pending.remove(&entry.id),
            _ => self.pending.insert(entry.id, progress),
        };
        true
    }

    /// Takes all that is there as read.
    pub(crate) async fn pass_over(
        &mut self,
        stage: &StageClient,
        vendor: &str,
    ) -> Result<(), Error> {
        let entries = stage.journal(vendor, self.seen).await?;
        self.seen = entries.last().map_or(self.seen, |entry| entry.id);
        Ok(())
    }
}

/// The same vendor on the same stage at another port, so that its journal names the secrets that
/// arrive there.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    authority: String,
}

impl Elsewhere {
    /// Whether the request of `entry` came there, by its host or by its path.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        let is_host = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("host") && value.eq_ignore_ascii_case(&self.authority)
        };
        entry.headers.iter().any(is_host) || entry.target.starts_with(LANDING)
    }
}

/// A stage beside the scenario's, with an instance of the client for it alone.
#[derive(Debug)]
pub(crate) struct Side {
    /// The instance's handle, by which the evidence calls the stage.
    pub(crate) place: String,
    pub(crate) stage: StageClient,
    pub(crate) reading: Reading,
    target: Target,
}

impl ScenarioContext {
    /// An address of the vendor at another origin, where it has nothing.
    pub(crate) fn another_origin(&mut self) -> Result<String, Error> {
        Ok(format!("{}{LANDING}", self.another_base()?))
    }

    /// The root of the vendor at another origin.
    pub(crate) fn another_base(&mut self) -> Result<String, Error> {
        let vendor = self.profile.vendor.clone();
        let base = self.mock()?.shared_url(&vendor);
        let (_, rest) = base.split_once("://").unwrap_or_default();
        self.elsewhere = Some(Elsewhere {
            authority: rest.split('/').next().unwrap_or_default().to_owned(),
        });
        Ok(base)
    }

    /// Makes a stage beside this one and an instance of the client for it; `fault` is in its way.
    pub(crate) async fn start_side(&mut self, fault: &Value) -> Result<(), Error> {
        let number = self.sides.len() as u64 + 1;
        let spec = StageSpec {
            name: String::new(),
            seed: (self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 11,
            settings: lifetime_settings(self, self.long_lifetime()),
            running: true,
            credentials: self.credentials,
        };
        let stage = self.mock()?.beside(&spec).await?;
        let target = stage.target(&self.profile.vendor)?;
        for (value, name) in target.secrets() {
            self.log.hide(&value, &name);
        }
        self.log.hide_pair(
            target.credential("client_id"),
            target.credential("client_secret"),
            "client id and client secret",
        );
        stage.inject(fault).await?;
        self.log.control("faults", fault);
        let (place, config) = (format!("side-{number}"), client_config(&target));
        self.sides.push(Side {
            place: place.clone(),
            stage,
            reading: Reading::default(),
            target,
        });
        self.start_instance(&place, config).await
    }

    /// Asks each instance beside for the sample call, all at once, and waits for all answers.
    pub(crate) async fn sides_call(&mut self, limit: Duration) -> Result<(), Error> {
        let calls = (0..self.sides.len()).map(|at| self.call_of_side(at));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        self.ask_within(calls, limit).await
    }

    /// The same with so much time between two of them: what holds up one of them at its beginning does
    /// not hold up the others there.
    pub(crate) async fn sides_call_apart(
        &mut self,
        limit: Duration,
        apart: Duration,
    ) -> Result<(), Error> {
        for at in 0..self.sides.len() {
            if at > 0 {
                tokio::time::sleep(apart).await;
            }
            let call = self.call_of_side(at)?;
            self.begin(within_limit(vec![call], limit)).await?;
        }
        self.answers().await
    }

    /// The same together with the scenario's own instance, which is asked first.
    pub(crate) async fn all_call(&mut self, limit: Duration) -> Result<(), Error> {
        let sides = (0..self.sides.len()).map(|at| self.call_of_side(at));
        let own = self.sample_call(FIRST);
        let calls = [own]
            .into_iter()
            .chain(sides)
            .collect::<Result<Vec<_>, _>>()?;
        self.ask_within(calls, limit).await
    }

    async fn ask_within(
        &mut self,
        calls: Vec<ClientCommand>,
        limit: Duration,
    ) -> Result<(), Error> {
        self.ask_all(within_limit(calls, limit)).await
    }

    /// Asks each instance beside for `n` sample calls, one call after the other.
    pub(crate) async fn sides_call_in_turn(&mut self, n: usize) -> Result<(), Error> {
        let calls = (0..self.sides.len()).map(|at| self.call_of_side(at));
        for call in calls.collect::<Result<Vec<_>, _>>()? {
            for _ in 0..n {
                self.ask_all(vec![call.clone()]).await?;
            }
        }
        Ok(())
    }

    fn call_of_side(&self, at: usize) -> Result<ClientCommand, Error> {
        let side = &self.sides[at];
        let mut call = self.sample_call(&side.place)?;
        if let ClientCommand::Call { path, .. } = &mut call {
            let sample = self.profile.api.sample.as_deref().unwrap_or_default();
            *path = side.target.fill(sample)?;
        }
        Ok(call)
    }

    /// Ends the stages beside.
    pub(crate) async fn end_sides(&mut self) {
        for side in self.sides.drain(..) {
            // A stage that cannot be ended costs memory at the mocks and no verdict.
            drop(side.stage.end().await);
        }
    }
}

/// The same calls with this limit of their caller's own.
fn within_limit(mut calls: Vec<ClientCommand>, limit: Duration) -> Vec<ClientCommand> {
    for call in &mut calls {
        if let ClientCommand::Call { timeout_ms, .. } = call {
            *timeout_ms = u64::try_from(limit.as_millis()).ok();
        }
    }
    calls
}
