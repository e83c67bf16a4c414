//! A stage as data: what is written down, and how it comes back.
//!
//! A snapshot has what decides whether a token is taken: the tokens with the digests of their values,
//! the clock, principals, settings, faults, twin and rotations of keys. It has no journal, no held
//! requests and no open sockets, and nothing of what the vendors' APIs were sent. The keys follow from
//! the seed, so that it comes back on a stage of the same seed only.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Clock, Fault, Settings, Timestamp, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClockChange, ClockMode, Stage, StageError};
use crate::rotation::RotationSnapshot;
use crate::store::{Digest, StoreError};

/// The form of snapshots that this program writes and reads.
pub const VERSION: u32 = 1;

/// The largest id and count of a snapshot, 2^53: JSON numbers are exact up to there (RFC 8259 §6),
/// and what is counted on from it does not come to an end.
const MAX_COUNT: u64 = 1 << 53;

/// A stage as data. Its principals have their secrets and passwords: whoever holds it can log in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The form that it has: 1.
    pub version: u32,
    /// The seed of its stage.
    pub seed: u64,
    /// How often the seed had been played before: symmetric keys depend on it.
    pub incarnation: u64,
    /// The clock.
    pub clock: ClockSnapshot,
    /// Settings that differ from the profiles.
    pub settings: BTreeMap<String, Value>,
    /// The evil twin in place, as `vendor/twin`.
    #[serde(default)]
    pub twin: Option<String>,
    /// Principals by vendor, with their secrets.
    pub principals: BTreeMap<String, Value>,
    /// The faults with their counts.
    pub faults: Vec<Fault>,
    /// How many logins there were.
    pub logins: u64,
    /// The tokens, in order of issue.
    pub tokens: Vec<TokenSnapshot>,
    /// The rotations of signing keys by vendor.
    pub rotations: BTreeMap<String, RotationSnapshot>,
}

/// The clock of a snapshot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSnapshot {
    /// The time it showed.
    pub now: Timestamp,
    /// Whether it ran.
    pub mode: ClockMode,
}

/// A token of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenSnapshot {
    /// base64url of the digest under which its value is found.
    pub digest: String,
    /// What is remembered of it.
    pub token: Token,
}

impl Stage {
    /// The stage as data; `principals` are what the vendors say of theirs.
    ///
    /// # Errors
    /// When its store cannot be reached.
    pub async fn snapshot(
        &self,
        principals: BTreeMap<String, Value>,
    ) -> Result<Snapshot, StoreError> {
        let tokens = self.store.dump().await?.into_iter();
        let tokens = tokens.map(|(digest, token)| TokenSnapshot {
            digest: URL_SAFE_NO_PAD.encode(digest),
            token: Token {
                // The journal that it would lead to is not kept.
                entry: None,
                last_used: None,
                ..token
            },
        });
        let rotations = self.all_rotations().into_iter();
        Ok(Snapshot {
            version: VERSION,
            seed: self.seed,
            incarnation: self.rng.incarnation(),
            clock: ClockSnapshot {
                now: self.clock.now(),
                mode: self.clock.mode(),
            },
            settings: self.with_settings(|settings| settings.changes().clone()),
            twin: self.twin().map(|(vendor, twin)| format!("{vendor}/{twin}")),
            principals,
            faults: self.faults(),
            logins: self.logins.load(Ordering::SeqCst),
            tokens: tokens.collect(),
            rotations: rotations
                .map(|(vendor, rotations)| (vendor, rotations.snapshot()))
                .filter(|(_, rotations)| rotations.current > 0)
                .collect(),
        })
    }

    /// Everything of `snapshot` but twin and principals, in place of what was there. `fresh` is a
    /// number that no time of the seed has had.
    ///
    /// # Errors
    /// When the clock's time is none, or there is no memory or store for it.
    pub(crate) async fn restore(
        &self,
        snapshot: &Snapshot,
        settings: Settings,
        fresh: u64,
    ) -> Result<(), StageError> {
        let ClockSnapshot { now, mode } = snapshot.clock;
        let change = ClockChange {
            now: Some(now),
            mode: Some(mode),
            ..ClockChange::default()
        };
        let adjusted = self.clock.try_adjust(change);
        adjusted.map_err(|fault| StageError::Spec(fault.to_string()))?;
        self.rng.restore(self.seed, snapshot.incarnation, fresh);
        self.states.clear();
        for (vendor, rotations) in &snapshot.rotations {
            self.rotations(vendor).restore(rotations);
        }
        self.store.clear().await?;
        self.secrets.clear();
        self.logins.store(snapshot.logins, Ordering::SeqCst);
        self.release();
        self.clear_journal();
        self.remove_twin();
        self.settings.replace(settings)?;
        self.remove_faults(None);
        for fault in &snapshot.faults {
            self.add_fault(fault.clone())?;
        }
        for kept in &snapshot.tokens {
            let mut token = kept.token.clone();
            (token.entry, token.last_used) = (None, None);
            let digest = kept.digest().map_err(StageError::Spec)?;
            self.store.insert(digest, &mut token).await?;
        }
        Ok(())
    }
}

impl Snapshot {
    /// Whether a stage can go on counting from its numbers.
    ///
    /// # Errors
    /// A sentence that names the member and what it may be.
    pub fn check_numbers(&self) -> Result<(), String> {
        within(|| "incarnation".to_owned(), self.incarnation)?;
        within(|| "logins".to_owned(), self.logins)?;
        for (at, fault) in self.faults.iter().enumerate() {
            let Fault {
                id, matched, fired, ..
            } = fault;
            for (name, number) in [("id", id.0), ("met", *matched), ("hits", *fired)] {
                within(|| format!("faults[{at}].{name}"), number)?;
            }
        }
        for (at, TokenSnapshot { token, .. }) in self.tokens.iter().enumerate() {
            let parent = token.parent.map_or(0, |parent| parent.0);
            for (name, number) in [
                ("id", token.id.0),
                ("login", token.login),
                ("parent", parent),
                ("uses", token.uses),
            ] {
                within(|| format!("tokens[{at}].token.{name}"), number)?;
            }
        }
        for (vendor, rotations) in &self.rotations {
            let told = rotations.check();
            told.map_err(|fault| format!("in `rotations.{vendor}`, {fault}"))?;
        }
        Ok(())
    }
}

fn within(name: impl FnOnce() -> String, number: u64) -> Result<(), String> {
    if number <= MAX_COUNT {
        return Ok(());
    }
    Err(format!(
        "`{}` is at most {MAX_COUNT}, not `{number}`",
        name()
    ))
}

impl TokenSnapshot {
    /// The digest as bytes.
    ///
    /// # Errors
    /// A sentence for the caller.
    pub fn digest(&self) -> Result<Digest, String> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.digest).ok();
        let digest = bytes.and_then(|bytes| Digest::try_from(bytes).ok());
        digest.ok_or_else(|| format!("`{}` is no digest of a token", self.digest))
    }
}
