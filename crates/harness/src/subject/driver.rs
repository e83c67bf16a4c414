//! A client under test: how it is asked and answers, and what the mock's journal saw of it.
//!
//! - [`calls`]: what scenarios ask of it
//! - [`output`]: what it prints besides
//! - [`talks`]: what it does on websockets

mod calls;
mod output;
mod talks;

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::run::context::{Client, ScenarioContext};
use crate::run::elsewhere::ANOTHER_ORIGIN;
use crate::subject::{
    ClientCommand, Departure, LIFECYCLE_TIMEOUT, Outcome, OutputStream, REPLY_TIMEOUT, Started,
    within,
};
use crate::target::Target;

/// How often, and how long apart, the harness looks for replies that were not made yet when a scenario
/// ends.
const SETTLE_LOOKS: usize = 20;
const SETTLE: Duration = Duration::from_millis(25);

/// The same for websockets that are being closed: the mock waits two seconds for the client's part.
const CLOSE_LOOKS: usize = 100;

/// How long the harness waits for an answer before it looks at what the mock has seen so far.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// So many requests are seen while a client is answering; more of them tell nothing new.
const STORM: usize = 5000;

/// The handle of the one instance that most scenarios need.
pub(crate) const FIRST: &str = "a";

impl ScenarioContext {
    /// Starts a client that has not logged in yet. One that does not start is gone from the
    /// beginning: that is written down, and nothing is asked of it.
    pub async fn seat(&mut self, started: BoxFuture<'static, Started>) {
        let subject = started.await.map_err(|gone| self.log.gone(0, &gone)).ok();
        if subject.as_ref().is_some_and(|subject| subject.is_heard()) {
            self.log.output_heard();
        }
        self.client = Some(Client::new(subject));
    }

    /// Ends the scenario as not applicable where nobody reads what the client prints.
    pub(crate) fn wants_output(&mut self) {
        if !self.log.evidence().hears_output() {
            self.not_applicable = Some("what the client prints is not read here".to_owned());
        }
    }

    /// Ends the client, if the scenario has one.
    pub async fn end_client(&mut self) {
        self.find_talk();
        if let Some(subject) = self.client.take().and_then(|client| client.subject) {
            self.note(subject.output()).await;
            // One that does not end tells no rule anything.
            if let Ok(output) = tokio::time::timeout(LIFECYCLE_TIMEOUT, subject.close()).await {
                self.note(output).await;
            }
            if self.output.dropped > 0 {
                let more = format!("({} more lines were not kept)", self.output.dropped);
                self.log.output(OutputStream::Stderr, more.as_bytes());
            }
        }
    }

    /// What arrived after the last step, and what got its reply since it was written down.
    pub async fn last_look(&mut self) {
        if self.client.is_some() {
            // What cannot be read any more is not seen; what was seen stands.
            drop(self.answers().await);
            // A renewal of the client's own may be under way.
            for looks in 0..CLOSE_LOOKS {
                let is_late = looks >= SETTLE_LOOKS;
                if self.reading.is_whole() || (is_late && !self.reading.is_answered()) {
                    break;
                }
                tokio::time::sleep(SETTLE).await;
                drop(self.look().await);
            }
            drop(self.look_at_handshakes().await);
            self.reading.read_sockets_again();
            drop(self.look().await);
        }
    }

    /// Makes the client's instance, with the addresses and the first account of the place.
    pub async fn start_client(&mut self) -> Result<(), Error> {
        let config = client_config(&self.target);
        self.start_instance(FIRST, config).await
    }

    /// Makes the instance `name` with this `config` of the protocol.
    pub async fn start_instance(
        &mut self,
        name: &str,
        config: Map<String, Value>,
    ) -> Result<(), Error> {
        let ask = ClientCommand::New {
            client: name.to_owned(),
            vendor: self.profile.vendor.clone(),
            config,
        };
        self.ask_all(vec![ask]).await
    }

    /// Has the client forget the instance `name`.
    pub async fn drop_instance(&mut self, name: &str) -> Result<(), Error> {
        let client = name.to_owned();
        self.ask_all(vec![ClientCommand::Drop { client }]).await
    }

    /// Writes down what the mock's journal has that is not written yet, of this stage and of those
    /// beside it. What had no reply when it was written is written again once it has one.
    pub async fn look(&mut self) -> Result<(), Error> {
        let vendor = &self.profile.vendor;
        if let Some(stage) = &self.stage {
            for entry in self.reading.news(stage, vendor).await? {
                match self.elsewhere.as_ref().filter(|other| other.has(&entry)) {
                    Some(_) => self.log.elsewhere(ANOTHER_ORIGIN, &entry),
                    None => self.log.entry(&entry),
                };
            }
        }
        for side in &mut self.sides {
            for entry in side.reading.news(&side.stage, vendor).await? {
                self.log.elsewhere(&side.place, &entry);
            }
        }
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        let absent = || Error::Step("the scenario has no client".to_owned());
        self.client.as_mut().ok_or_else(absent)
    }

    /// Whether the client claims `cap`; one that is gone is taken to.
    pub(crate) fn claims(&self, cap: &str) -> bool {
        let client = self.client.as_ref();
        let subject = client.and_then(|client| client.subject.as_ref());
        subject.is_none_or(|subject| subject.hello().claims(cap))
    }

    /// Whether the client does not claim `cap`; then the scenario does not apply to it. Of one that
    /// is gone nothing is known.
    pub fn lacks_cap(&mut self, cap: &str) -> bool {
        let lacks = !self.claims(cap);
        if lacks {
            self.not_applicable = Some(format!("the client does not claim {cap}"));
        }
        lacks
    }

    /// Asks all at once, waits for all answers, then looks at what the mock saw. A client that
    /// went away is asked nothing more.
    pub async fn ask_all(&mut self, commands: Vec<ClientCommand>) -> Result<(), Error> {
        self.begin(commands).await?;
        self.answers().await
    }

    /// Asks all at once and waits for none; the ids of the requests, none when they were not sent.
    /// An instance is made when something is first asked of it: then the vendor is what the
    /// scenario made of it, also for a client that logs in at once.
    pub async fn begin(&mut self, commands: Vec<ClientCommand>) -> Result<Vec<u64>, Error> {
        self.begin_within(commands, REPLY_TIMEOUT).await
    }

    /// The same where a client that takes longer than `limit` hangs.
    pub(super) async fn begin_within(
        &mut self,
        commands: Vec<ClientCommand>,
        limit: Duration,
    ) -> Result<Vec<u64>, Error> {
        let for_first = |command: &ClientCommand| command.handle() == Some(FIRST);
        if let Some(first) = commands.iter().find(|command| for_first(command))
            && !std::mem::replace(&mut self.client()?.has_instance, true)
            && first.op() != "new"
        {
            Box::pin(self.start_client()).await?;
        }
        self.pass_over_own_exchanges().await?;
        let mut begun = Vec::new();
        for command in commands {
            let client = self.client()?;
            let Some(subject) = client.subject.as_ref().filter(|_| !client.gone) else {
                return Ok(begun);
            };
            if !subject.hello().takes(command.op()) {
                self.not_applicable = Some(format!("the client has no {}", command.op()));
                return Ok(begun);
            }
            client.asked += 1;
            let id = client.asked;
            let reply = subject.send(command.clone());
            let reply = within(limit, Departure::NoReply, reply);
            client.under_way.push((id, tokio::spawn(reply)));
            self.log.ask(id, &command);
            begun.push(id);
        }
        Ok(begun)
    }

    /// Waits for the answers to all that was asked, then looks at what the mock saw.
    pub async fn answers(&mut self) -> Result<(), Error> {
        let under_way = std::mem::take(&mut self.client()?.under_way);
        let mut outcomes = Vec::new();
        for (id, mut outcome) in under_way {
            let outcome = loop {
                match tokio::time::timeout(LOOK_EVERY, &mut outcome).await {
                    Ok(outcome) => break outcome,
                    // A storm would push its own beginning out of the mock's journal.
                    Err(_) if self.log.evidence().entries().count() < STORM => self.look().await?,
                    Err(_) => {}
                }
            };
            let lost = |error: tokio::task::JoinError| Error::Step(error.to_string());
            outcomes.push((id, outcome.map_err(lost)?));
        }
        self.look().await?;
        self.note_output().await;
        for (id, outcome) in outcomes {
            self.came_of(id, outcome).await?;
        }
        Ok(())
    }

    /// Writes down what came of one command.
    async fn came_of(&mut self, id: u64, outcome: Outcome) -> Result<(), Error> {
        match outcome {
            Ok(mut reply) => {
                for said in [&mut reply.message, &mut reply.error] {
                    if let Some(text) = said.take() {
                        *said = Some(self.named(text).await);
                    }
                }
                self.log.answer(id, &reply);
                if let Some(op) = &reply.unsupported {
                    self.not_applicable = Some(format!("the client has no {op}"));
                }
            }
            Err(mut gone) => {
                gone.why = self.named(gone.why).await;
                self.log.gone(id, &gone);
                self.client()?.gone = true;
            }
        }
        Ok(())
    }

    /// The harness's own exchanges with the mock stand in its journal, too, and are not the
    /// client's.
    async fn pass_over_own_exchanges(&mut self) -> Result<(), Error> {
        let evidence = self.log.evidence();
        let own = evidence.exchanges().last().map(|exchange| exchange.seq);
        let asked = evidence.asks().last().map(|(seq, _)| seq);
        let (Some(stage), true) = (&self.stage, own > asked) else {
            return Ok(());
        };
        self.reading.pass_over(stage, &self.profile.vendor).await
    }

    /// The vendor's sample call by the instance `name`.
    pub fn sample_call(&self, name: &str) -> Result<ClientCommand, Error> {
        let sample = self.profile.api.sample.as_deref();
        let sample =
            sample.ok_or_else(|| Error::Step("the profile names no sample call".to_owned()))?;
        let path = self.target.fill(sample)?;
        Ok(ClientCommand::get(name, path))
    }
}

/// The `config` of the protocol: addresses as `{name}_url`, and the first account.
pub(crate) fn client_config(target: &Target) -> Map<String, Value> {
    let mut config = Map::new();
    for (name, url) in &target.urls {
        config.insert(format!("{name}_url"), json!(url));
    }
    // Both services of a Cognito vendor answer at one address, which stands for the other.
    if let (None, Some(url)) = (target.urls.get("token"), target.urls.get("cognito")) {
        config.insert("token_url".to_owned(), json!(url));
    }
    config.extend(target.credentials.clone());
    config
}

#[cfg(test)]
mod tests;
