//! A client as a program that makes calls and ends: one life of it for each scenario.
//!
//! What a scenario asks for in turn happens in one life: the program is told how many calls are
//! wanted before it starts, and pauses between them while the scenario turns the vendor. Which call
//! is over is read from the mock's journal, since the program says nothing until it ends.

mod life;
mod plan;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use locum_core::Profile;
use serde_json::{Map, Value};

use super::{
    AdoptionLevel, ClientCommand, ClientGone, ClientHello, ClientOutput, ClientReply,
    ClientSubject, ClientUnderTest, CommandLine, Departure, Outcome, PROTOCOL, SeatRequest,
};
use life::Life;
use plan::CallPlan;

/// The caller's own limit for one call, unless the request names another.
const CALL_TIMEOUT_MS: u64 = 10_000;

/// The program that `command` starts as the client to judge. Nothing is started yet.
pub fn under_test(command: CommandLine) -> ClientUnderTest {
    let hello = hello(&command);
    let said = hello.clone();
    ClientUnderTest {
        maker: Arc::new(move |profile, wanted| {
            let subject: Box<dyn ClientSubject> = Box::new(Program {
                hello: said.clone(),
                command: command.clone(),
                profile: Arc::new(profile.clone()),
                plan: match wanted.store {
                    // Each call is a life of its own.
                    Some(_) => CallPlan::default(),
                    None => CallPlan::of(&wanted.steps),
                },
                wanted: wanted.clone(),
                config: Mutex::default(),
                asked: AtomicUsize::new(0),
                life: Mutex::default(),
            });
            ready(Ok(subject)).boxed()
        }),
        level: AdoptionLevel::Exec,
        hello,
        redact: None,
    }
}

/// What the level has; whether the program does it is asked by starting it.
fn hello(command: &CommandLine) -> ClientHello {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ClientHello {
        name: command.program.to_string_lossy().into_owned(),
        proto: PROTOCOL.to_owned(),
        ops: owned(&[
            "new", "call", "list", "create", "ws_open", "ws_send", "ws_close",
        ]),
        caps: owned(&["concurrency", "storage"]),
        ..ClientHello::default()
    }
}

/// The program in one scenario.
#[derive(Debug)]
struct Program {
    hello: ClientHello,
    command: CommandLine,
    profile: Arc<Profile>,
    plan: CallPlan,
    wanted: SeatRequest,
    /// Handle and `config` of the one instance.
    config: Mutex<Option<(String, Map<String, Value>)>>,
    /// How many calls were asked for.
    asked: AtomicUsize,
    /// From the first call on.
    life: Mutex<Option<Arc<Life>>>,
}

impl Program {
    fn answer(&self, command: &ClientCommand) -> BoxFuture<'static, Outcome> {
        let (what, path, timeout_ms) = match command {
            ClientCommand::New { client, config, .. } => {
                let mut known = lock(&self.config);
                if known.as_ref().is_some_and(|(handle, _)| handle != client) {
                    return ready(Ok(ClientReply::unsupported("second instance"))).boxed();
                }
                *known = Some((client.clone(), config.clone()));
                return ready(Ok(ClientReply::done(None))).boxed();
            }
            ClientCommand::Call {
                method,
                path,
                timeout_ms,
                ..
            } if method == "GET" => ("call", path.as_str(), timeout_ms),
            ClientCommand::List {
                path, timeout_ms, ..
            } => ("list", path.as_str(), timeout_ms),
            ClientCommand::Create {
                path, timeout_ms, ..
            } => ("create", path.as_str(), timeout_ms),
            ClientCommand::WsOpen { timeout_ms, .. } => ("talk", "", timeout_ms),
            // They are a part of `talk`.
            ClientCommand::WsSend { .. }
            | ClientCommand::WsClose { .. }
            | ClientCommand::Drop { .. } => return ready(Ok(ClientReply::done(None))).boxed(),
            other => return ready(Ok(ClientReply::unsupported(other.op()))).boxed(),
        };
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let timeout_ms = timeout_ms.unwrap_or(CALL_TIMEOUT_MS);
        let life = match self.life(what, path, timeout_ms) {
            Ok(life) => life,
            Err(gone) => return ready(Err(gone)).boxed(),
        };
        life.go_on();
        let turn = self.plan.turn(number);
        async move { life.came_of(turn).await }.boxed()
    }

    /// The life of the program; the first call begins it.
    fn life(
        &self,
        what: &'static str,
        path: &str,
        timeout_ms: u64,
    ) -> Result<Arc<Life>, ClientGone> {
        let mut life = lock(&self.life);
        if let Some(life) = life.as_ref() {
            // Another kind of call needs another life, which one that is over makes room for.
            if life.what() == what || !life.is_over() {
                return Ok(Arc::clone(life));
            }
        }
        let mut command = self.command.clone();
        command
            .environment
            .extend(self.environment(what, path, timeout_ms));
        let begun = Life::begin(
            &command,
            what,
            Arc::clone(&self.profile),
            self.wanted.stage.clone(),
        );
        let begun = begun.map_err(|error| ClientGone {
            kind: Departure::NotStarted,
            why: format!("cannot start `{command}`: {error}"),
        })?;
        let begun = Arc::new(begun);
        *life = Some(Arc::clone(&begun));
        Ok(begun)
    }

    fn environment(&self, what: &str, path: &str, timeout_ms: u64) -> BTreeMap<String, String> {
        let vendor = &self.profile.vendor;
        let mut all = self.wanted.environment.clone();
        let config = lock(&self.config);
        let config = config.iter().flat_map(|(_, config)| config);
        for (name, value) in config {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            all.insert(format!("LOCUM_{}", name.to_uppercase()), text);
        }
        let own: Vec<(String, String)> = all
            .iter()
            .filter_map(|(name, value)| {
                let rest = name.strip_prefix("LOCUM_")?;
                let prefix = format!("{}_", vendor.to_uppercase());
                (!rest.starts_with(&prefix))
                    .then(|| (format!("LOCUM_{prefix}{rest}"), value.clone()))
            })
            .collect();
        all.extend(own);
        let told = [
            ("VENDOR", vendor.clone()),
            ("SCENARIO", self.wanted.scenario.clone()),
            ("DO", what.to_owned()),
            ("PATH", path.to_owned()),
            ("CALLS", self.plan.calls().to_string()),
            ("CONCURRENCY", self.plan.concurrency().to_string()),
            ("INTERVAL_MS", self.plan.interval_ms().to_string()),
            ("TIMEOUT_MS", timeout_ms.to_string()),
        ];
        all.extend(told.map(|(name, value)| (format!("LOCUM_{name}"), value)));
        if let Some(file) = &self.wanted.store {
            let file = file.to_string_lossy().into_owned();
            all.insert("LOCUM_STORE".to_owned(), file);
        }
        if self.wanted.logs_all {
            all.insert("LOCUM_LOG".to_owned(), "debug".to_owned());
        }
        all
    }
}

impl ClientSubject for Program {
    fn hello(&self) -> &ClientHello {
        &self.hello
    }

    fn send(&self, command: ClientCommand) -> BoxFuture<'static, Outcome> {
        self.answer(&command)
    }

    fn is_heard(&self) -> bool {
        true
    }

    fn output(&self) -> Vec<ClientOutput> {
        lock(&self.life)
            .as_ref()
            .map_or_else(Vec::new, |life| life.output())
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Vec<ClientOutput>> {
        async move {
            let life = lock(&self.life).take();
            match life {
                Some(life) => life.end().await,
                None => Vec::new(),
            }
        }
        .boxed()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
