//! What one scenario has in its hands: a vendor, a caller or a client, and the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use locum_core::credential::CredentialStyle;
use locum_core::{Clock, Profile, Secret};
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use crate::Error;
use crate::caller::deletion::CreatedThing;
use crate::catalogue::Supplied;
use crate::evidence::EvidenceLog;
use crate::evidence::Other;
use crate::measurement::Measurement;
use crate::run::elsewhere::{Elsewhere, Reading, Side};
use crate::run::manners::{Gate, Manners, Stopped};
use crate::run::over_tls::RunAuthority;
use crate::run::processes::Restarting;
use crate::run::vendor_clock::VendorClock;
use crate::subject::{ClientSubject, Outcome};
use crate::target::stage::StageClient;
use crate::target::temporary::StorageFolder;
use crate::target::{Members, Target};

/// cucumber makes a world for each scenario; the context is put into it before the first step.
#[derive(Debug, Default, cucumber::World)]
pub struct World {
    /// What the scenario works with, once it is set.
    pub context: Option<ScenarioContext>,
    /// Why there is none.
    pub trouble: Option<String>,
    /// Why the scenario is not for this subject.
    pub skip: Option<String>,
    /// How it ended before it began.
    pub left_out: Option<crate::verdict::Ending>,
}

impl World {
    /// The context.
    pub fn context(&mut self) -> Result<&mut ScenarioContext, Error> {
        let trouble = self.trouble.take();
        let absent = || Error::Step(trouble.unwrap_or_else(|| "no context was set".to_owned()));
        self.context.as_mut().ok_or_else(absent)
    }
}

/// A token that the caller holds.
#[derive(Clone, Debug)]
pub struct ObtainedToken {
    /// Its name in the log.
    pub name: String,
    /// Its value, for the wire.
    pub value: Secret,
    /// How long the vendor said that it lives.
    pub lifetime: Duration,
    /// How far the vendor's clock had been turned when it was issued, in seconds.
    pub issued_at: f64,
    /// When it came.
    pub held_at: tokio::time::Instant,
}

/// A client under test with what the harness knows of it.
pub struct Client {
    /// Absent when it did not start.
    pub(crate) subject: Option<Box<dyn ClientSubject>>,
    pub(crate) gone: bool,
    /// Whether it has an instance.
    pub(crate) has_instance: bool,
    /// How many requests it was sent.
    pub(crate) asked: u64,
    /// What it was asked and has not been waited for.
    pub(crate) under_way: Vec<(u64, JoinHandle<Outcome>)>,
    pub(crate) offset_s: f64,
}

impl Client {
    /// A client that was asked nothing; `None` when it did not start.
    pub(crate) fn new(subject: Option<Box<dyn ClientSubject>>) -> Self {
        Self {
            gone: subject.is_none(),
            has_instance: false,
            subject,
            asked: 0,
            under_way: Vec::new(),
            offset_s: 0.0,
        }
    }

    /// The number of the next request, by which `cancel` may name it.
    pub(crate) const fn next_id(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hello = self.subject.as_ref().map(|subject| subject.hello());
        let name = hello.map_or("not started", |hello| hello.name.as_str());
        write!(f, "Client({name}, {} under way)", self.under_way.len())
    }
}

/// How many lines of a client's output were written down, and how many were not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OutputTally {
    pub(crate) kept: usize,
    pub(crate) dropped: usize,
}

/// One scenario's vendor, caller or client, and log.
pub struct ScenarioContext {
    /// The vendor's facts.
    pub profile: Profile,
    /// Where it answers, and as whom it is called.
    pub target: Target,
    /// The mock's stage; a real endpoint has none.
    pub stage: Option<StageClient>,
    /// The log.
    pub log: EvidenceLog,
    /// Why the scenario does not apply to this subject, once that is known.
    pub not_applicable: Option<String>,
    pub(crate) tokens: Vec<ObtainedToken>,
    /// The latest authorization code.
    pub(crate) code: Option<Secret>,
    /// The latest refresh token.
    pub(crate) refresh_token: Option<Secret>,
    /// The latest id token of a login.
    pub(crate) id_token: Option<Secret>,
    /// Each token that was issued: by which request, in which member.
    pub(crate) issued: Vec<(crate::evidence::RecordId, &'static str, Secret)>,
    /// The vendor's key set, once it was read.
    pub(crate) key_set: Value,
    /// Where the vendor may be told to fetch keys from.
    pub(crate) own_listener: Option<crate::caller::own_listener::OwnListener>,
    pub(crate) client: Option<Client>,
    pub(crate) output: OutputTally,
    /// Knows the mock's secrets, tokens among them.
    pub(crate) redact: Option<crate::subject::OutputRedactor>,
    /// What is wrong with the client's shim, so that nothing it shows can be trusted.
    pub(crate) shim_fault: Option<String>,
    /// What fixes its random choices.
    pub(crate) seed: u64,
    /// What was measured of the client, by the scenarios before or by this one.
    pub(crate) measurement: Option<Measurement>,
    /// What the credentials of its stages look like.
    pub(crate) credentials: CredentialStyle,
    /// How far the mock's journal has been written down.
    pub(crate) reading: Reading,
    /// Another origin, once the vendor sends clients there.
    pub(crate) elsewhere: Option<Elsewhere>,
    /// Whether the client is told addresses over TLS.
    pub(crate) is_over_tls: bool,
    /// The file with the authority that it is to trust.
    pub(crate) authority: RunAuthority,
    /// Where the client receives webhooks, if it does.
    pub(crate) webhook: Option<String>,
    /// How a further process of the client is made, where scenarios start several.
    pub(crate) restarting: Option<Restarting>,
    /// The folder in which they store tokens.
    pub(crate) storage: Option<StorageFolder>,
    /// Stages beside this one, each with an instance of the client.
    pub(crate) sides: Vec<Side>,
    pub(crate) sessions: Vec<crate::caller::Session>,
    pub(crate) challenge: Option<Secret>,
    /// The code of an authenticator that the vendor took last, and its Session.
    pub(crate) shown_code: Option<(String, String)>,
    pub(crate) aws: Option<aws_credential_types::Credentials>,
    /// The AWS credentials of another login.
    pub(crate) other_aws: Option<aws_credential_types::Credentials>,
    /// When the AWS credentials end, as their reply said.
    pub(crate) aws_end: Option<locum_core::Timestamp>,
    /// A presigned URL that the vendor handed out, and its method.
    pub(crate) presigned: Option<(String, &'static str)>,
    /// What people who logged in hold: access and refresh token.
    pub(crate) people: Vec<(Secret, Secret)>,
    /// The refresh token that the latest one took the place of.
    pub(crate) replaced_refresh_token: Option<Secret>,
    /// The time at a real endpoint; a mock's clock is known without it.
    pub(crate) vendor_clock: VendorClock,
    /// How a real endpoint is treated.
    pub(crate) manners: Manners,
    /// Where requests to a real endpoint wait for their turn.
    pub(crate) gate: Gate,
    /// Whether the scenario is about the documented login itself, which is made in any case.
    pub(crate) is_about_the_login: bool,
    /// Why nothing more was sent.
    pub(crate) stopped: Option<Stopped>,
    /// Whether it would have to wait longer than is allowed: nothing more is sent.
    pub(crate) is_pending: bool,
    /// The step that waits, where the scenario can go on with it later.
    pub(crate) waiting_step: Option<String>,
    /// When the wait is over at which a resumed scenario goes on.
    pub(crate) resumed_wait: Option<tokio::time::Instant>,
    /// Whether something may be created or changed at the vendor.
    pub(crate) may_write: bool,
    /// What the caller created and is to delete.
    pub(crate) created_things: Vec<CreatedThing>,
    pub(crate) named: usize,
    /// What the vendor said of the thing that the caller created last.
    pub(crate) created: Value,
    /// What a socket is told first, by its place in the features; those of no place of their own
    /// are told that of the empty one.
    pub(crate) socket_configs: BTreeMap<String, Value>,
    /// The message that asks a session on a socket for what is left over.
    pub(crate) socket_flush: Option<Value>,
    /// The message that ends a session on a socket.
    pub(crate) socket_end: Option<Value>,
    /// Others who have logged in: where and as whom, and their token.
    pub(crate) others: BTreeMap<Other, (Target, Secret)>,
}

impl std::fmt::Debug for ScenarioContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScenarioContext")
            .field("vendor", &self.profile.vendor)
            .field("target", &self.target)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl ScenarioContext {
    /// A context at `place`. Every secret of the place is hidden before anything is written.
    pub fn new(
        profile: Profile,
        target: Target,
        stage: Option<StageClient>,
        clock: Arc<dyn Clock>,
        origin: Duration,
    ) -> Self {
        let vendor_clock = VendorClock::new(clock.clone());
        let mut log = EvidenceLog::new(clock, origin);
        for (value, name) in target.secrets() {
            log.hide(&value, &name);
        }
        let (id, secret) = (
            target.credential("client_id"),
            target.credential("client_secret"),
        );
        log.hide_pair(id, secret, "client id and client secret");
        if !target.account_variables.is_empty() {
            log.account(&target.account_variables);
        }
        Self {
            may_write: stage.is_some(),
            created_things: Vec::new(),
            profile,
            target,
            stage,
            log,
            not_applicable: None,
            tokens: Vec::new(),
            code: None,
            refresh_token: None,
            id_token: None,
            issued: Vec::new(),
            key_set: Value::Null,
            own_listener: None,
            client: None,
            output: OutputTally::default(),
            redact: None,
            shim_fault: None,
            seed: 0,
            measurement: None,
            credentials: CredentialStyle::default(),
            reading: Reading::default(),
            elsewhere: None,
            is_over_tls: false,
            authority: RunAuthority::default(),
            webhook: None,
            restarting: None,
            storage: None,
            sides: Vec::new(),
            sessions: Vec::new(),
            challenge: None,
            shown_code: None,
            aws: None,
            other_aws: None,
            aws_end: None,
            presigned: None,
            people: Vec::new(),
            replaced_refresh_token: None,
            vendor_clock,
            manners: Manners::default(),
            gate: Gate::default(),
            is_about_the_login: false,
            stopped: None,
            is_pending: false,
            waiting_step: None,
            resumed_wait: None,
            named: 0,
            created: Value::Null,
            socket_configs: BTreeMap::new(),
            socket_flush: None,
            socket_end: None,
            others: BTreeMap::new(),
        }
    }

    /// Sets one of the vendor's own settings.
    pub async fn set(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let Some(stage) = &self.stage else {
            return Err(self.lacks("only a mock can be set to do it"));
        };
        let mut settings = Map::new();
        settings.insert(format!("{}.{name}", self.profile.vendor), value);
        stage.set(&settings).await?;
        self.log.control("settings", &Value::Object(settings));
        Ok(())
    }

    /// Ends the scenario as not applicable: what it needs was not given. The error stops its steps.
    pub fn lacks(&mut self, what: impl Into<String>) -> Error {
        let what = what.into();
        self.not_applicable.get_or_insert_with(|| what.clone());
        Error::Step(what)
    }

    /// What is supplied beside the first account. Where nobody did, the scenario ends as not
    /// applicable, and says which variables would supply it.
    ///
    /// # Errors
    /// When it was not supplied.
    pub fn supplied(&mut self, what: Supplied) -> Result<Members, Error> {
        self.supplied_one_of(&[what]).map(|(_, members)| members)
    }

    /// The first of several of which any one will do.
    ///
    /// # Errors
    /// When none of them was supplied.
    pub fn supplied_one_of(&mut self, any: &[Supplied]) -> Result<(Supplied, Members), Error> {
        let vendor = &self.profile.vendor;
        let mut known = any.iter().filter(|what| what.is_for(vendor));
        let found = known.find_map(|what| Some((*what, self.target.supplied(*what)?)));
        found.ok_or_else(|| self.lacks(Supplied::lacking(any, &self.profile.vendor)))
    }

    /// The same vendor with an account that is supplied beside the first one.
    ///
    /// # Errors
    /// When it was not supplied.
    pub fn target_of(&mut self, account: Supplied) -> Result<Target, Error> {
        let members = self.supplied(account)?;
        let target = self.target.with_account(&self.profile, members);
        target.ok_or_else(|| Error::Step(format!("{} has no address", account.name())))
    }

    /// The stage, for what only a mock can do.
    pub fn mock(&mut self) -> Result<&StageClient, Error> {
        if self.stage.is_none() {
            return Err(self.lacks("only a mock can be turned like that"));
        }
        self.stage
            .as_ref()
            .ok_or_else(|| Error::Step("this step needs a mock".to_owned()))
    }

    /// The latest token that the caller holds.
    pub fn token(&self) -> Result<&ObtainedToken, Error> {
        let absent = || Error::Step("the caller holds no token".to_owned());
        self.tokens.last().ok_or_else(absent)
    }

    /// The token that the caller got first.
    pub fn first_token(&self) -> Result<&ObtainedToken, Error> {
        let absent = || Error::Step("the caller holds no token".to_owned());
        self.tokens.first().ok_or_else(absent)
    }

    /// How far the vendor's clock has been turned so far, in seconds.
    pub fn turned(&self) -> f64 {
        self.log.evidence().turned_before(None)
    }
}
