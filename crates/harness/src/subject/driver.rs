//! A client under test: what it is asked, and what the mock's journal saw of it.

use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::run::context::{Client, ScenarioContext};
use crate::subject::{Answer, Ask, ClientSubject, Which};

/// The handle of the one instance that most scenarios need.
const HANDLE: &str = "a";

impl ScenarioContext {
    /// Puts a client into the context that has not logged in yet.
    pub fn seat(&mut self, subject: Box<dyn ClientSubject>) {
        self.client = Some(Client {
            subject,
            asked: 0,
            offset_s: 0.0,
        });
    }

    /// Makes the client's instance, with the addresses and the first account of the place.
    pub async fn start_client(&mut self) -> Result<(), Error> {
        let ask = Ask::New {
            client: HANDLE.to_owned(),
            vendor: self.profile.vendor.clone(),
            config: self.client_config(),
        };
        self.ask_all(vec![ask]).await.map(drop)
    }

    /// Asks for `n` API calls, one after the other.
    pub async fn client_calls(&mut self, n: usize) -> Result<(), Error> {
        for _ in 0..n {
            let ask = self.sample_ask()?;
            self.ask_all(vec![ask]).await?;
        }
        Ok(())
    }

    /// Asks for a POST of a JSON body.
    pub async fn client_posts(&mut self, path: &str, body: &str) -> Result<(), Error> {
        let ask = Ask::Call {
            client: HANDLE.to_owned(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            body: Some(body.to_owned()),
            body_kind: None,
            timeout_ms: None,
        };
        self.ask_all(vec![ask]).await.map(drop)
    }

    /// Asks for a new password in answer to an open challenge.
    pub async fn client_changes_password(&mut self) -> Result<(), Error> {
        let new_password = "Lo-chosen-Pass9".to_owned();
        self.log.hide(&new_password, "chosen password");
        let ask = Ask::ChangePassword {
            client: HANDLE.to_owned(),
            new_password,
        };
        self.ask_all(vec![ask]).await.map(drop)
    }

    /// Asks for the revocation of what the client holds.
    pub async fn client_revokes(&mut self) -> Result<(), Error> {
        let client = HANDLE.to_owned();
        self.ask_all(vec![Ask::Revoke { client }]).await.map(drop)
    }

    /// Asks for `n` API calls at once.
    pub async fn client_calls_at_once(&mut self, n: usize) -> Result<(), Error> {
        if self.lacks_cap("concurrency") {
            return Ok(());
        }
        let asks = (0..n)
            .map(|_| self.sample_ask())
            .collect::<Result<_, _>>()?;
        self.ask_all(asks).await.map(drop)
    }

    /// Lets `seconds` pass on the client's clocks alone.
    pub async fn advance_client(&mut self, seconds: f64) -> Result<(), Error> {
        if self.lacks_cap("clock_offset") {
            return Ok(());
        }
        let client = self.client()?;
        client.offset_s += seconds;
        let ask = Ask::Clock {
            client: HANDLE.to_owned(),
            offset_s: client.offset_s,
            which: Which::Both,
        };
        self.ask_all(vec![ask]).await.map(drop)
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
        let ask = Ask::WsOpen {
            client: HANDLE.to_owned(),
            url,
        };
        self.ask_all(vec![ask]).await.map(drop)
    }

    /// Writes down what the mock's journal has that is not written yet.
    pub async fn look(&mut self) -> Result<(), Error> {
        let Some(stage) = &self.stage else {
            return Ok(());
        };
        for entry in stage.journal(&self.profile.vendor, self.seen).await? {
            self.seen = entry.id;
            self.log.entry(&entry);
        }
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        let absent = || Error::Step("the scenario has no client".to_owned());
        self.client.as_mut().ok_or_else(absent)
    }

    /// Whether the client does not claim `cap`; then the scenario does not apply to it.
    fn lacks_cap(&mut self, cap: &str) -> bool {
        let has = self
            .client
            .as_ref()
            .is_some_and(|client| client.subject.caps().contains(&cap));
        if !has {
            self.not_applicable = Some(format!("the client does not claim {cap}"));
        }
        !has
    }

    /// Asks all at once, waits for all answers, then looks at what the mock saw.
    async fn ask_all(&mut self, asks: Vec<Ask>) -> Result<Vec<Answer>, Error> {
        let mut waiting = Vec::new();
        let mut ids = Vec::new();
        for ask in asks {
            let client = self.client()?;
            client.asked += 1;
            let id = client.asked;
            self.log.ask(id, &ask);
            let answer = self.client()?.subject.ask(ask);
            ids.push(id);
            waiting.push(answer);
        }
        let answers = join_all(waiting).await;
        self.look().await?;
        for (id, answer) in ids.iter().zip(&answers) {
            self.log.answer(*id, answer);
            if let Some(op) = &answer.unsupported {
                self.not_applicable = Some(format!("the client has no {op}"));
            }
        }
        Ok(answers)
    }

    fn sample_ask(&self) -> Result<Ask, Error> {
        let sample = self.profile.api.sample.as_deref();
        let sample =
            sample.ok_or_else(|| Error::Step("the profile names no sample call".to_owned()))?;
        Ok(Ask::Call {
            client: HANDLE.to_owned(),
            method: "GET".to_owned(),
            path: self.target.fill(sample)?,
            body: None,
            body_kind: None,
            timeout_ms: None,
        })
    }

    /// The `config` of the protocol: addresses as `{name}_url`, and the first account.
    fn client_config(&self) -> Map<String, Value> {
        let mut config = Map::new();
        for (name, url) in &self.target.urls {
            config.insert(format!("{name}_url"), json!(url));
        }
        // Both services of a Cognito vendor answer at one address, which stands for the other.
        if let (None, Some(url)) = (
            self.target.urls.get("token"),
            self.target.urls.get("cognito"),
        ) {
            config.insert("token_url".to_owned(), json!(url));
        }
        config.extend(self.target.credentials.clone());
        config
    }
}
