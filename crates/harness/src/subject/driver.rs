//! A client under test: what it is asked, and what the mock's journal saw of it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use locum_core::profile::Grant;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::evidence::Event;
use crate::run::context::{Client, ScenarioContext};
use crate::run::elsewhere::ANOTHER_ORIGIN;
use crate::subject::{
    ClientCommand, ClientOutput, ClockSelection, Departure, LIFECYCLE_TIMEOUT, Outcome,
    OutputStream, REPLY_TIMEOUT, Started, within,
};
use crate::target::Target;

/// How many lines of a client's output are kept for one scenario.
const MAX_LINES: usize = 200;

/// How many of those that hold a secret.
const MAX_TELLING_LINES: usize = 400;

/// How often, and how long apart, the harness looks for replies that were not made yet when a scenario
/// ends.
const SETTLE_LOOKS: usize = 20;
const SETTLE: Duration = Duration::from_millis(25);

/// How long requests may wait for one another at a barrier.
const BARRIER: Duration = Duration::from_millis(500);

/// The setting for how far a signature's date may be from the vendor's clock, in seconds.
const SIGNATURE_WINDOW: &str = "sigv4_skew_s";

/// How far it may be as documented: "within five minutes" (AWS, signature elements).
const DOCUMENTED_WINDOW_S: f64 = 300.0;

/// The handle of the one instance that most scenarios need.
const FIRST: &str = "a";

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
            for _ in 0..SETTLE_LOOKS {
                if self.reading.is_whole() {
                    break;
                }
                tokio::time::sleep(SETTLE).await;
                drop(self.look().await);
            }
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

    /// Asks for `n` API calls, one after the other.
    pub async fn client_calls(&mut self, n: usize) -> Result<(), Error> {
        self.client_calls_within(n, None).await
    }

    /// The same with a limit of the caller's own for each.
    pub async fn client_calls_within(
        &mut self,
        n: usize,
        limit_ms: Option<u64>,
    ) -> Result<(), Error> {
        for _ in 0..n {
            let mut ask = self.sample_call(FIRST)?;
            if let ClientCommand::Call { timeout_ms, .. } = &mut ask {
                *timeout_ms = limit_ms;
            }
            self.ask_all(vec![ask]).await?;
        }
        Ok(())
    }

    /// Begins `n` API calls at once and waits for none.
    pub async fn begin_calls(&mut self, n: usize) -> Result<(), Error> {
        if self.lacks_cap("concurrency") {
            return Ok(());
        }
        let asks = (0..n)
            .map(|_| self.sample_call(FIRST))
            .collect::<Result<_, _>>()?;
        self.begin(asks).await.map(drop)
    }

    /// Asks for `n` API calls at once, while the mock keeps the first two replies of the API at a
    /// barrier until both requests are there, or until a client that sends one at a time has shown
    /// itself.
    pub async fn client_calls_at_barrier(&mut self, n: usize) -> Result<(), Error> {
        let (first_two, hold) = (
            json!({"first": 2}),
            json!({"hold": {"name": "burst", "n": 2}}),
        );
        self.inject("API", &first_two, &hold).await?;
        self.begin_calls(n).await?;
        tokio::time::sleep(BARRIER).await;
        self.mock()?.open_barrier("burst").await?;
        self.answers().await
    }

    /// Gives up the call that was begun first of those under way.
    pub async fn cancel_first(&mut self) -> Result<(), Error> {
        if self.lacks_cap("cancel") {
            return Ok(());
        }
        let first = self.client()?.under_way.first().map(|(id, _)| *id);
        match first {
            Some(target) => self
                .begin(vec![ClientCommand::Cancel { target }])
                .await
                .map(drop),
            None => Ok(()),
        }
    }

    /// Gives the living instance other credentials.
    pub async fn set_client_credentials(
        &mut self,
        config: Map<String, Value>,
    ) -> Result<(), Error> {
        if self.lacks_cap("set_credentials") {
            return Ok(());
        }
        let client = FIRST.to_owned();
        self.ask_all(vec![ClientCommand::SetCredentials { client, config }])
            .await
    }

    /// Asks for `n` API calls, one begun each `every`, whether the one before was answered or not.
    pub async fn client_calls_every(&mut self, n: usize, every: Duration) -> Result<(), Error> {
        self.begin_calls_every(n, every).await?;
        self.answers().await
    }

    /// The same without waiting for the answers.
    pub async fn begin_calls_every(&mut self, n: usize, every: Duration) -> Result<(), Error> {
        for at in 0..n {
            if at > 0 {
                tokio::time::sleep(every).await;
            }
            let ask = self.sample_call(FIRST)?;
            self.begin(vec![ask]).await?;
        }
        Ok(())
    }

    /// Asks for a POST of a JSON body.
    pub async fn client_posts(&mut self, path: &str, body: &str) -> Result<(), Error> {
        let ask = ClientCommand::call(FIRST, "POST", path, Some(body.to_owned()));
        self.ask_all(vec![ask]).await
    }

    /// Asks for one thing to be created; of a client without that operation for a POST, but where
    /// the vendor takes no JSON.
    pub async fn client_creates(&mut self) -> Result<(), Error> {
        let Some(path) = self.profile.api.create.clone() else {
            self.log
                .limitation("the vendor's profile names nothing to create");
            return Ok(());
        };
        let path = self.target.fill(&path)?;
        let subject = self.client()?.subject.as_ref();
        let creates = subject.is_none_or(|subject| subject.hello().takes("create"));
        if creates {
            let ask = ClientCommand::Create {
                client: FIRST.to_owned(),
                path,
                timeout_ms: None,
            };
            return self.ask_all(vec![ask]).await;
        }
        if self.profile.token.grant == Grant::Password {
            self.log
                .limitation("the client has no operation that creates");
            return Ok(());
        }
        self.client_posts(&path, "{}").await
    }

    /// Asks for a POST of a JSON body, given as `kind`: `text` or `stream`.
    pub async fn client_posts_as(
        &mut self,
        path: &str,
        body: &str,
        kind: &str,
    ) -> Result<(), Error> {
        let mut ask = ClientCommand::call(FIRST, "POST", path, Some(body.to_owned()));
        if let ClientCommand::Call { body_kind, .. } = &mut ask {
            *body_kind = Some(kind.to_owned());
        }
        self.ask_all(vec![ask]).await
    }

    /// Asks for one object with all that belongs to it.
    pub async fn client_creates_one(&mut self) -> Result<(), Error> {
        let create = self.profile.api.create.clone();
        let create = create.ok_or_else(|| self.lacks("the profile names no creation"))?;
        let ask = ClientCommand::Create {
            client: FIRST.to_owned(),
            path: self.target.fill(&create)?,
            timeout_ms: None,
        };
        self.ask_all(vec![ask]).await
    }

    /// Makes the client's instance anew, with a token URL that ends in `end`; without its fragment
    /// where the client refuses to be made with one, as RFC 6749 §3.2 gives it leave to.
    pub async fn start_client_at(&mut self, end: &str) -> Result<(), Error> {
        let whole = client_config(&self.target);
        for end in [end, end.split('#').next().unwrap_or_default()] {
            let mut config = whole.clone();
            let url = config.get("token_url").and_then(Value::as_str);
            let url = format!("{}{end}", url.unwrap_or_default());
            config.insert("token_url".to_owned(), json!(url));
            self.start_instance(FIRST, config).await?;
            let answer = self.log.evidence().answers().last();
            if answer.is_none_or(|(_, reply)| reply.ok == Some(true)) {
                break;
            }
        }
        Ok(())
    }

    /// Asks for a new password in answer to an open challenge.
    pub async fn client_changes_password(&mut self) -> Result<(), Error> {
        let new_password = "Lo-chosen-Pass9".to_owned();
        self.log.hide(&new_password, "chosen password");
        let ask = ClientCommand::ChangePassword {
            client: FIRST.to_owned(),
            new_password,
        };
        self.ask_all(vec![ask]).await
    }

    /// Asks for the revocation of what the client holds.
    pub async fn client_revokes(&mut self) -> Result<(), Error> {
        let client = FIRST.to_owned();
        self.ask_all(vec![ClientCommand::Revoke { client }]).await
    }

    /// Asks for `n` API calls at once.
    pub async fn client_calls_at_once(&mut self, n: usize) -> Result<(), Error> {
        if self.lacks_cap("concurrency") {
            return Ok(());
        }
        let asks = (0..n)
            .map(|_| self.sample_call(FIRST))
            .collect::<Result<_, _>>()?;
        self.ask_all(asks).await
    }

    /// Lets `seconds` pass on the client's clocks alone.
    pub async fn advance_client(&mut self, seconds: f64) -> Result<(), Error> {
        if self.lacks_cap("clock_offset") {
            return Ok(());
        }
        let client = self.client()?;
        client.offset_s += seconds;
        let offset_s = client.offset_s;
        self.set_client_clock(offset_s, ClockSelection::Both).await
    }

    /// A signature is dated by the client's clock: where that alone is turned, the vendor's window
    /// for signatures goes with it.
    async fn widen_signature_window(&mut self, offset_s: f64) -> Result<(), Error> {
        let apart = (offset_s - self.turned()).abs();
        if apart < 1.0 || !self.profile.settings.contains_key(SIGNATURE_WINDOW) {
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a clock is turned by days at most"
        )]
        let window = (apart + DOCUMENTED_WINDOW_S).ceil() as i64;
        self.set(SIGNATURE_WINDOW, json!(window)).await
    }

    /// Sets the distance of the client's clocks from real time.
    pub async fn set_client_clock(
        &mut self,
        offset_s: f64,
        which: ClockSelection,
    ) -> Result<(), Error> {
        if self.lacks_cap("clock_offset") {
            return Ok(());
        }
        self.widen_signature_window(offset_s).await?;
        let ask = ClientCommand::Clock {
            client: FIRST.to_owned(),
            offset_s,
            which,
        };
        self.ask_all(vec![ask]).await
    }

    /// Asks for a socket at `place`, a path below the sockets' address or a member of what the
    /// caller created.
    pub async fn client_opens(&mut self, place: &str) -> Result<(), Error> {
        let url = match place.strip_prefix('/') {
            Some(_) => Some(format!(
                "{}{}",
                self.target.url("ws")?,
                self.target.fill(place)?
            )),
            None => self.of_created(place),
        };
        let Some(url) = url else {
            self.log.limitation("there was no socket to open");
            return Ok(());
        };
        let ask = ClientCommand::WsOpen {
            client: FIRST.to_owned(),
            url,
            timeout_ms: None,
        };
        self.ask_all(vec![ask]).await
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

    /// Whether the client does not claim `cap`; then the scenario does not apply to it. Of one that
    /// is gone nothing is known.
    pub fn lacks_cap(&mut self, cap: &str) -> bool {
        let subject = self
            .client
            .as_ref()
            .and_then(|client| client.subject.as_ref());
        let lacks = subject.is_some_and(|subject| !subject.hello().claims(cap));
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
            let reply = within(REPLY_TIMEOUT, Departure::NoReply, reply);
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
        for (id, outcome) in under_way {
            let outcome = outcome.await;
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

    /// Calls that succeeded although nothing came here went elsewhere, or nowhere.
    fn find_talk(&mut self) {
        let evidence = self.log.evidence();
        let records = || evidence.records().iter().map(|record| &record.event);
        let is_call = |wanted: u64| {
            records().any(|event| matches!(event, Event::Ask { id, message } if *id == wanted && message.op() == "call"))
        };
        let succeeded = |event: &Event| matches!(event, Event::Answer { id, message } if message.succeeded() && is_call(*id));
        let is_secure = |url: &String| url.starts_with("https:") || url.starts_with("wss:");
        if self.stage.is_some()
            && !self.target.urls.values().any(is_secure)
            && evidence.entries().next().is_none()
            && evidence.places().is_empty()
            && records().any(succeeded)
        {
            let fault = "shim fault: its calls succeeded, but no request reached the vendor: does it use the addresses in `config`?";
            self.shim_fault.get_or_insert_with(|| fault.to_owned());
        }
    }

    /// Writes down what the client printed so far.
    async fn note_output(&mut self) {
        let subject = self
            .client
            .as_ref()
            .and_then(|client| client.subject.as_ref());
        let output = subject.map(|subject| subject.output());
        self.note(output.unwrap_or_default()).await;
    }

    /// Lines that hold a secret are kept longest: they are what somebody looks for.
    async fn note(&mut self, output: Vec<ClientOutput>) {
        for output in output {
            match output {
                ClientOutput::ShimFault(fault) => {
                    let fault = self.named(fault).await;
                    self.shim_fault.get_or_insert(fault);
                }
                ClientOutput::Lost(lines) => self.output.dropped += lines,
                ClientOutput::Line { stream, text } => {
                    // Marks of the client's own would look like ours.
                    let shown = String::from_utf8_lossy(&text).replace('«', "‹");
                    let named = self.named(shown.clone()).await;
                    let is_telling = named != shown || self.log.holds_secret(&text);
                    let limit = if is_telling {
                        MAX_TELLING_LINES
                    } else {
                        MAX_LINES
                    };
                    if self.output.kept < limit {
                        self.output.kept += 1;
                        self.log.output(stream, named.as_bytes());
                    } else {
                        self.output.dropped += 1;
                    }
                }
            }
        }
    }

    /// The text with names in place of the mock's secrets.
    async fn named(&self, text: String) -> String {
        match (&self.redact, &self.stage) {
            (Some(redact), Some(stage)) => {
                let (stage, vendor) = (stage.name().to_owned(), self.profile.vendor.clone());
                redact(stage, vendor, text).await
            }
            _ => text,
        }
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
