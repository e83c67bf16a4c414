//! What scenarios ask of a client under test: calls in turn and at once, sockets, clocks, credentials.

use std::time::Duration;

use locum_core::profile::Grant;
use serde_json::{Map, Value, json};

use super::{FIRST, client_config};
use crate::Error;
use crate::catalogue::Expectation;
use crate::evidence::{CREATES_NOTHING, Event};
use crate::rules::View;
use crate::rules::client::traffic;
use crate::run::context::ScenarioContext;
use crate::subject::{ClientCommand, ClockSelection};

/// How long a client that fails is left alone between two calls.
const PAUSE: Duration = Duration::from_secs(5);

/// For so long a client is asked for one call after the other.
const MOST_IN_TURN: Duration = Duration::from_secs(20);

/// How long requests may wait for one another at a barrier.
const BARRIER: Duration = Duration::from_millis(500);

/// The setting for how far a signature's date may be from the vendor's clock, in seconds.
const SIGNATURE_WINDOW: &str = "sigv4_skew_s";

/// How far it may be as documented: "within five minutes" (AWS, signature elements).
const DOCUMENTED_WINDOW_S: f64 = 300.0;

impl ScenarioContext {
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

    /// Asks for `n` API calls in turn, each begun when the one before was answered, and no sooner than
    /// `every` after that was begun. A client that takes long for them is asked for fewer.
    pub async fn client_calls_in_turn_every(
        &mut self,
        n: usize,
        every: Duration,
    ) -> Result<(), Error> {
        let began = tokio::time::Instant::now();
        for _ in 0..n {
            let next = tokio::time::Instant::now() + every;
            self.client_calls(1).await?;
            if began.elapsed() > MOST_IN_TURN {
                break;
            }
            tokio::time::sleep_until(next).await;
        }
        Ok(())
    }

    /// The same until the client has fetched another token; one more call then shows that.
    pub async fn client_calls_until_renewed(
        &mut self,
        n: usize,
        every: Duration,
    ) -> Result<(), Error> {
        let mut is_renewed = false;
        for at in 0..n {
            if at > 0 {
                tokio::time::sleep(every).await;
            }
            let ask = self.sample_call(FIRST)?;
            self.begin(vec![ask]).await?;
            if is_renewed {
                break;
            }
            self.look().await?;
            is_renewed = self.tokens_fetched() > 1;
        }
        self.answers().await
    }

    /// Asks for a call, and as long as they fail for others, five seconds apart, until so much time has
    /// passed for the client: by its clock where that can be turned, and then in real time.
    pub async fn client_calls_while_they_fail(&mut self, limit: Duration) -> Result<(), Error> {
        self.client_calls(1).await?;
        let clocks: &[bool] = match self.claims("clock_offset") {
            // A pause may follow a clock that nobody turns: then it takes its time.
            true => &[true, false],
            false => &[false],
        };
        for is_turned in clocks {
            let mut passed = Duration::ZERO;
            while self.last_call_failed() && passed < limit {
                passed += PAUSE;
                if *is_turned {
                    let offset_s = passed.as_secs_f64();
                    self.set_client_clock(offset_s, ClockSelection::Both)
                        .await?;
                } else {
                    tokio::time::sleep(PAUSE).await;
                }
                self.client_calls(1).await?;
            }
        }
        Ok(())
    }

    /// Whether the client answered last that a call had failed; one that is gone did not.
    fn last_call_failed(&self) -> bool {
        let records = self.log.evidence().records().iter().rev();
        let last = records
            .map(|record| &record.event)
            .find_map(|event| match event {
                Event::Answer { message, .. } => Some(!message.succeeded()),
                Event::Gone { .. } => Some(false),
                _ => None,
            });
        last.unwrap_or(false)
    }

    /// How many token requests of the client were granted.
    fn tokens_fetched(&self) -> usize {
        let view = View {
            evidence: self.log.evidence(),
            profile: &self.profile,
            expected: Expectation::of("EXP-08", &self.profile.vendor),
        };
        traffic::token_requests(&view)
            .filter(traffic::Arrival::is_served)
            .count()
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
            self.log.limitation(CREATES_NOTHING);
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
        // What the client did by itself before them is written before them.
        self.look().await?;
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
}
