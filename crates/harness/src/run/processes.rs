//! Further processes of the client under test, which find what an earlier one stored.

use super::context::ScenarioContext;
use crate::Error;
use crate::catalogue::Expectation;
use crate::rules::View;
use crate::rules::client::{shown_refresh_token, traffic};
use crate::subject::{ClientMaker, SeatRequest};

/// How a further process is made.
#[derive(Clone)]
pub(crate) struct Restarting {
    pub(crate) maker: ClientMaker,
    pub(crate) wanted: SeatRequest,
}

impl std::fmt::Debug for Restarting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Restarting")
    }
}

impl ScenarioContext {
    /// Whether its process may be ended and find in the next one what it stored. One that did not
    /// start is gone, and no scenario is passed over for that.
    pub(crate) fn can_restart(&self) -> bool {
        let subject = self
            .client
            .as_ref()
            .and_then(|client| client.subject.as_ref());
        subject.is_none_or(|subject| subject.is_heard() && subject.hello().claims("storage"))
    }

    /// Ends the client's process, and starts another one.
    pub(crate) async fn restart_client(&mut self) -> Result<(), Error> {
        self.look().await?;
        let asked = self.client.as_ref().map_or(0, |client| client.asked);
        self.end_client().await;
        self.start_process(asked).await
    }

    /// Starts a process; its requests are numbered from `asked` on.
    async fn start_process(&mut self, asked: u64) -> Result<(), Error> {
        let Some(restarting) = self.restarting.clone() else {
            return Err(self.lacks("the client's process cannot be started anew"));
        };
        let started = (restarting.maker)(&self.profile, &restarting.wanted);
        self.seat(started).await;
        if let Some(client) = &mut self.client {
            client.asked = asked;
        }
        Ok(())
    }

    /// Has two further processes make a call at the same time.
    pub(crate) async fn two_processes_call(&mut self) -> Result<(), Error> {
        self.restart_client().await?;
        self.start_client().await?;
        let mut first = self.client.take();
        let asked = first.as_ref().map_or(0, |client| client.asked);
        self.start_process(asked).await?;
        self.start_client().await?;
        self.begin_one_call().await?;
        let asked = self.client.as_ref().map_or(0, |client| client.asked);
        let second = std::mem::replace(&mut self.client, first.take());
        if let Some(client) = &mut self.client {
            client.asked = asked;
        }
        self.begin_one_call().await?;
        self.answers().await?;
        self.end_client().await;
        self.client = second;
        self.answers().await
    }

    async fn begin_one_call(&mut self) -> Result<(), Error> {
        if let Some(client) = &mut self.client {
            client.has_instance = true;
        }
        let call = self.sample_call("a")?;
        self.begin(vec![call]).await.map(drop)
    }

    /// Ends the scenario as not applicable where a further process logged in: nothing was stored.
    pub(crate) fn must_have_stored(&mut self) {
        let evidence = self.log.evidence();
        let began = evidence
            .asks()
            .filter(|(_, command)| command.op() == "new")
            .nth(1);
        let Some((began, _)) = began else { return };
        let view = View {
            evidence,
            profile: &self.profile,
            expected: Expectation::of("CACHE-06", &self.profile.vendor),
        };
        let mut requests = traffic::token_requests(&view).filter(|one| one.seq > began);
        let logs_in = requests
            .next()
            .is_some_and(|one| shown_refresh_token(&one).is_none());
        if logs_in {
            let why = "the client stores no tokens: a further process began with a login";
            self.not_applicable.get_or_insert_with(|| why.to_owned());
        }
    }
}
