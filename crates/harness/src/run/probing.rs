//! Puts the probes of the measurement to a client under test, each on a stage of its own: whatever
//! a client caches beyond one instance is keyed by address or credentials, and both are new.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use locum_core::profile::ExpiresIn;
use locum_core::{Entry, EntryId};
use serde_json::{Value, json};

use super::context::ScenarioContext;
use super::lifetimes::{judging_settings, lifetime_settings, longest_lifetime};
use crate::Error;
use crate::evidence::Evidence;
use crate::measurement::{Answer, Measurement, Probe, Prober, Scale, Stop, measure};
use crate::rules::View;
use crate::rules::client::traffic;
use crate::subject::driver::client_config;
use crate::subject::{ClientCommand, ClockSelection, Departure, REPLY_TIMEOUT, within};
use crate::target::Target;
use crate::target::stage::{StageClient, StageSpec};

impl ScenarioContext {
    /// Measures how the client reads lifetimes and how early it renews, and writes down what came
    /// of it.
    pub async fn measure_client(&mut self) -> Result<(), Error> {
        let scale = Scale {
            longest: longest_lifetime(self),
            per_second: match self.profile.token.expires_in {
                ExpiresIn::Milliseconds => 1000,
                ExpiresIn::Absent | ExpiresIn::Seconds => 1,
            },
            behind_credentials: self.profile.token.credentials_lifetime_setting.is_some(),
        };
        let probing = Probing {
            context: RefCell::new(self),
            stages: Cell::new(0),
        };
        let measured = measure(&probing, scale).await;
        match measured {
            Ok(measurement) => self.measured(measurement),
            Err(Stop(why)) => {
                self.log.limitation(&why);
            }
        }
        Ok(())
    }

    fn measured(&mut self, measurement: Measurement) {
        self.log.measurement(&measurement);
        self.measurement = Some(measurement);
    }
}

/// Several probes may be under way at once.
struct Probing<'a> {
    context: RefCell<&'a mut ScenarioContext>,
    stages: Cell<u64>,
}

/// A fresh instance on a fresh stage.
struct Place {
    stage: StageClient,
    target: Target,
    name: String,
}

impl Prober for Probing<'_> {
    async fn probe(&self, probe: Probe) -> Result<Answer, Stop> {
        let place = self.place(probe.raw, probe.brief_credentials).await?;
        self.call(&place).await?;
        tokio::time::sleep(Duration::from_millis(probe.wait_ms)).await;
        if probe.turned_s > 0 {
            self.turn_clock(&place, probe.turned_s).await?;
        }
        self.call(&place).await?;
        if probe.turned_s > 0 {
            self.turn_clock(&place, 0).await?;
        }
        let answer = self.answer(&place, &probe).await;
        self.leave(place).await?;
        let (answer, calls) = answer?;
        if answer.token_requests == 0 {
            return Err(Stop("a call needed no token request".to_owned()));
        }
        if calls < 2 {
            return Err(Stop("a call of one instance came from another".to_owned()));
        }
        self.context.borrow_mut().log.probe(probe, answer);
        Ok(answer)
    }

    async fn calls_at(
        &self,
        instances: usize,
        raw: u64,
        real_ms: u64,
        points: &[u8],
    ) -> Result<Vec<Option<u8>>, Stop> {
        // Behind credentials the tokens are looked at only when those end: they end soon.
        let brief = {
            let facts = &self.context.borrow().profile.token;
            facts.credentials_lifetime_setting.is_some()
        };
        let mut places = Vec::new();
        for _ in 0..instances {
            match self.place(raw, brief).await {
                Ok(place) => places.push(place),
                // A client that holds one instance at a time is looked at once.
                Err(_) if !places.is_empty() => break,
                Err(stop) => return Err(stop),
            }
        }
        let phase = |number: usize| 1000 * number as u64 / instances.max(1) as u64;
        let mut schedule: Vec<(u64, usize, u8)> = Vec::new();
        for number in 0..places.len() {
            let at = |point: &u8| real_ms * u64::from(*point) / 100;
            let calls = points.iter();
            schedule.extend(calls.map(|point| (phase(number) + at(point), number, *point)));
        }
        schedule.sort_unstable();
        let began = tokio::time::Instant::now();
        let mut found = vec![None; places.len()];
        for (at_ms, number, point) in schedule {
            if found[number].is_some() {
                continue;
            }
            tokio::time::sleep_until(began + Duration::from_millis(at_ms)).await;
            let place = &places[number];
            self.call(place).await?;
            let entries = self.entries(place).await?;
            let (answer, _) = self.counted(entries, 0);
            let probe = Probe {
                raw,
                wait_ms: at_ms - phase(number),
                settle_ms: 0,
                turned_s: 0,
                brief_credentials: brief,
            };
            self.context.borrow_mut().log.probe(probe, answer);
            found[number] = answer.refetched().then_some(point);
        }
        for place in places {
            self.leave(place).await?;
        }
        Ok(found)
    }

    fn turns_clock(&self) -> bool {
        let context = self.context.borrow();
        let client = context.client.as_ref();
        let subject = client.and_then(|client| client.subject.as_ref());
        subject.is_some_and(|subject| subject.hello().claims("clock_offset"))
    }
}

impl Probing<'_> {
    async fn place(&self, raw: u64, brief_credentials: bool) -> Result<Place, Stop> {
        let number = self.stages.get() + 1;
        self.stages.set(number);
        let (vendor, stage, spec) = self.wanted(number, raw, brief_credentials)?;
        let stage = stage.beside(&spec).await.map_err(stop)?;
        let target = stage.target(&vendor).map_err(stop)?;
        for (value, name) in target.secrets() {
            self.context.borrow_mut().log.hide(&value, &name);
        }
        let place = Place {
            stage,
            target,
            name: format!("probe-{number}"),
        };
        let new = ClientCommand::New {
            client: place.name.clone(),
            vendor,
            config: client_config(&place.target),
        };
        self.ask(new).await?;
        Ok(place)
    }

    /// The vendor, the stage beside which another one is wanted, and what that is to be like.
    fn wanted(
        &self,
        number: u64,
        raw: u64,
        brief_credentials: bool,
    ) -> Result<(String, StageClient, StageSpec), Stop> {
        let context = self.context.borrow();
        let mut settings = lifetime_settings(&context, raw);
        if settings.is_empty() {
            return Err(Stop(
                "the vendor's profile names no setting for lifetimes".to_owned(),
            ));
        }
        let vendor = context.profile.vendor.clone();
        settings.insert(format!("{vendor}.enforce_expiry"), Value::Bool(false));
        settings.extend(judging_settings(&context.profile));
        if let (true, Some(name)) = (
            brief_credentials,
            &context.profile.token.credentials_lifetime_setting,
        ) {
            settings.insert(format!("{vendor}.{name}"), json!(1));
        }
        let spec = StageSpec {
            name: String::new(),
            seed: (context.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 11,
            settings,
            running: true,
            credentials: context.credentials,
        };
        let none = || Stop("a real endpoint has no lifetimes to set".to_owned());
        let stage = context.stage.clone().ok_or_else(none)?;
        Ok((vendor, stage, spec))
    }

    async fn turn_clock(&self, place: &Place, turned_s: u64) -> Result<(), Stop> {
        self.ask(ClientCommand::Clock {
            client: place.name.clone(),
            offset_s: u32::try_from(turned_s).map_or(f64::MAX, f64::from),
            which: ClockSelection::Both,
        })
        .await
    }

    async fn call(&self, place: &Place) -> Result<(), Stop> {
        let call = {
            let context = self.context.borrow();
            let mut call = context.sample_call(&place.name).map_err(stop)?;
            if let ClientCommand::Call { path, .. } = &mut call {
                let sample = context.profile.api.sample.as_deref().unwrap_or_default();
                *path = place.target.fill(sample).map_err(stop)?;
            }
            call
        };
        self.ask(call).await
    }

    /// Asks and waits for the answer, which is not written down: the probe's result is.
    async fn ask(&self, command: ClientCommand) -> Result<(), Stop> {
        let op = command.op();
        let (id, reply) = {
            let mut context = self.context.borrow_mut();
            let Some(client) = &mut context.client else {
                return Err(Stop("there is no client".to_owned()));
            };
            let id = client.next_id();
            let Some(subject) = client.subject.as_ref().filter(|_| !client.gone) else {
                return Err(Stop("the client is gone".to_owned()));
            };
            (id, subject.send(command))
        };
        match within(REPLY_TIMEOUT, Departure::NoReply, reply).await {
            Ok(reply) if reply.succeeded() => Ok(()),
            Ok(reply) => {
                let status = reply.status.map(|status| format!(" with {status}"));
                Err(Stop(format!("`{op}` failed{}", status.unwrap_or_default())))
            }
            Err(gone) => {
                let mut context = self.context.borrow_mut();
                context.log.gone(id, &gone);
                if let Some(client) = &mut context.client {
                    client.gone = true;
                }
                Err(Stop(gone.kind.words().to_owned()))
            }
        }
    }

    /// What came of a probe, and how many calls reached the place.
    async fn answer(&self, place: &Place, probe: &Probe) -> Result<(Answer, usize), Stop> {
        let settle = tokio::time::Instant::now() + Duration::from_millis(probe.settle_ms);
        loop {
            let entries = self.entries(place).await?;
            let (answer, calls) = self.counted(entries, probe.wait_ms);
            if answer.refetched() || tokio::time::Instant::now() >= settle {
                return Ok((answer, calls));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn entries(&self, place: &Place) -> Result<Vec<Entry>, Stop> {
        let vendor = self.context.borrow().profile.vendor.clone();
        let entries = place.stage.journal(&vendor, EntryId(0)).await;
        entries.map_err(stop)
    }

    fn counted(&self, entries: Vec<Entry>, wait_ms: u64) -> (Answer, usize) {
        let evidence = Evidence::from_journal(entries);
        let context = self.context.borrow();
        let view = View {
            evidence: &evidence,
            profile: &context.profile,
            expected: crate::catalogue::Expectation::of("EXP-01", &context.profile.vendor),
        };
        let tokens: Vec<_> = traffic::token_requests(&view).collect();
        let last = traffic::api_requests(&view).last();
        let gap = tokens.first().zip(last).map_or(0, |(first, last)| {
            last.entry.arrived.as_millis() - first.entry.arrived.as_millis()
        });
        let answer = Answer {
            token_requests: tokens.len(),
            gap_ms: u64::try_from(gap).unwrap_or(0).saturating_sub(wait_ms),
        };
        (answer, traffic::api_requests(&view).count())
    }

    async fn leave(&self, place: Place) -> Result<(), Stop> {
        let client = place.name.clone();
        let takes_drop = {
            let context = self.context.borrow();
            let client = context.client.as_ref().filter(|client| !client.gone);
            let subject = client.and_then(|client| client.subject.as_ref());
            subject.is_some_and(|subject| subject.hello().takes("drop"))
        };
        if takes_drop {
            self.ask(ClientCommand::Drop { client }).await?;
        }
        // A stage that cannot be ended costs memory at the mocks and no verdict.
        drop(place.stage.end().await);
        Ok(())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn stop(error: Error) -> Stop {
    Stop(error.to_string())
}
