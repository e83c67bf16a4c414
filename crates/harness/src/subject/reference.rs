//! The reference client as a subject, in this process.

mod shifted;

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, header};
use locum_client::{ApiOperation, Body, Client, CognitoConfig, Config, Credentials, Socket};
use locum_core::profile::Grant;
use locum_core::{Clock, Profile, Secret};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{
    AdoptionLevel, ClientCommand, ClientHello, ClientMaker, ClientOutput, ClientReply,
    ClientSubject, ClientUnderTest, ClockSelection, Outcome, PROTOCOL,
};
use shifted::Shifted;

/// The reference client of one vendor.
#[derive(Debug)]
pub struct Reference {
    hello: ClientHello,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    profile: Profile,
    clock: Arc<dyn Clock>,
    seed: u64,
    clients: Mutex<HashMap<String, Instance>>,
    /// How many requests were sent.
    asked: AtomicU64,
    /// What can be cancelled, by the numbers of the requests.
    under_way: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    /// Taken out while they are used, so that no lock is held across a wait.
    sockets: Mutex<HashMap<String, Socket>>,
}

#[derive(Clone, Debug)]
struct Instance {
    client: Client,
    clock: Arc<Shifted>,
    config: Map<String, Value>,
}

impl Reference {
    /// A subject without instances; its clocks start from `clock`, its jitter from `seed`.
    pub fn new(profile: &Profile, clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            hello: hello(),
            state: Arc::new(State {
                profile: profile.clone(),
                clock,
                seed,
                clients: Mutex::default(),
                asked: AtomicU64::new(0),
                under_way: Mutex::default(),
                sockets: Mutex::default(),
            }),
        }
    }
}

/// The reference client as the client to judge; all clocks start from `clock`.
pub fn under_test(clock: Arc<dyn Clock>) -> ClientUnderTest {
    ClientUnderTest {
        maker: maker(clock),
        // In this process it takes all that a program on the other end of a pipe takes.
        level: AdoptionLevel::Stdio,
        hello: hello(),
        redact: None,
    }
}

/// A subject for each scenario; all clocks start from `clock`.
pub fn maker(clock: Arc<dyn Clock>) -> ClientMaker {
    Arc::new(move |profile, wanted| {
        let subject: Box<dyn ClientSubject> =
            Box::new(Reference::new(profile, Arc::clone(&clock), wanted.seed));
        ready(Ok(subject)).boxed()
    })
}

const OPS: &[&str] = &[
    "new",
    "call",
    "list",
    "revoke",
    "change_password",
    "set_credentials",
    "clock",
    "cancel",
    "ws_open",
    "ws_send",
    "ws_close",
    "drop",
];

const CAPS: &[&str] = &[
    "concurrency",
    "clock_offset",
    "cancel",
    "set_credentials",
    "stream_body",
];

fn hello() -> ClientHello {
    let owned = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    ClientHello {
        name: "locum reference client".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        language: "rust".to_owned(),
        proto: PROTOCOL.to_owned(),
        ops: owned(OPS),
        caps: owned(CAPS),
    }
}

impl ClientSubject for Reference {
    fn hello(&self) -> &ClientHello {
        &self.hello
    }

    fn send(&self, command: ClientCommand) -> BoxFuture<'static, Outcome> {
        let state = Arc::clone(&self.state);
        let id = state.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if let ClientCommand::Cancel { target } = command {
            return ready(Ok(state.cancel(target))).boxed();
        }
        let (cancel, cancelled) = oneshot::channel();
        state.under_way().insert(id, cancel);
        async move {
            let answered = tokio::select! {
                answered = state.answer(command) => answered,
                Ok(()) = cancelled => other("cancelled"),
            };
            state.under_way().remove(&id);
            Ok(answered)
        }
        .boxed()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Vec<ClientOutput>> {
        async move {
            self.state.lock().clear();
            let mut sockets = self.state.sockets.lock();
            sockets
                .as_mut()
                .unwrap_or_else(|poisoned| poisoned.get_mut())
                .clear();
            Vec::new()
        }
        .boxed()
    }
}

type Answered = Result<ClientReply, ClientReply>;

impl State {
    async fn answer(&self, command: ClientCommand) -> ClientReply {
        let op = command.op();
        let answered = match command {
            ClientCommand::New { client, config, .. } => self.make(client, config),
            ClientCommand::Call {
                client,
                method,
                path,
                body,
                body_kind,
                timeout_ms,
                headers,
            } => {
                let body = body.map(|body| (body, body_kind));
                match api_call(&method, path, &headers, body) {
                    Ok(mut call) => {
                        call.timeout = timeout_ms.map(Duration::from_millis);
                        self.call(&client, call).await
                    }
                    Err(refused) => Err(refused),
                }
            }
            ClientCommand::List { client, path, .. } => self.list(&client, &path).await,
            ClientCommand::Revoke { client } => self.revoke(&client).await,
            ClientCommand::ChangePassword {
                client,
                new_password,
            } => self.change_password(&client, new_password).await,
            ClientCommand::SetCredentials { client, config } => {
                self.set_credentials(&client, &config)
            }
            ClientCommand::Clock {
                client,
                offset_s,
                which,
            } => self.shift(&client, offset_s, which),
            ClientCommand::WsOpen { client, url, .. } => self.open(&client, &url).await,
            ClientCommand::WsSend { ws, text, base64 } => self.send(&ws, text, base64).await,
            ClientCommand::WsClose { ws } => self.close(&ws).await,
            ClientCommand::Drop { client } => {
                self.lock().remove(&client);
                Ok(ClientReply::done(None))
            }
            ClientCommand::Hello { .. }
            | ClientCommand::Create { .. }
            | ClientCommand::Cancel { .. } => Ok(ClientReply::unsupported(op)),
        };
        answered.unwrap_or_else(|failed| failed)
    }

    fn make(&self, handle: String, config: Map<String, Value>) -> Answered {
        let clock = Arc::new(Shifted::new(Arc::clone(&self.clock)));
        let grant = self.profile.token.grant;
        let made = Client::new(
            &self.profile,
            client_config(grant, &config)?,
            Arc::clone(&clock) as Arc<dyn Clock>,
            self.seed,
        );
        let client = made.map_err(|error| failed(&error))?;
        let instance = Instance {
            client,
            clock,
            config,
        };
        self.lock().insert(handle, instance);
        Ok(ClientReply::done(None))
    }

    async fn call(&self, handle: &str, call: ApiOperation) -> Answered {
        let client = self.instance(handle)?.client;
        let reply = client.call(call).await.map_err(|error| failed(&error))?;
        Ok(ClientReply::done(Some(reply.status.as_u16())))
    }

    async fn list(&self, handle: &str, path: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let read = client.list(path).await;
        read.map(|_| ClientReply::done(None))
            .map_err(|error| failed(&error))
    }

    async fn revoke(&self, handle: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let revoked = client.revoke().await;
        revoked
            .map(|()| ClientReply::done(None))
            .map_err(|error| failed(&error))
    }

    async fn change_password(&self, handle: &str, new_password: String) -> Answered {
        let client = self.instance(handle)?.client;
        let changed = client.change_password(Secret::new(new_password)).await;
        changed
            .map(|()| ClientReply::done(None))
            .map_err(|error| failed(&error))
    }

    fn set_credentials(&self, handle: &str, changes: &Map<String, Value>) -> Answered {
        let mut instance = self.instance(handle)?;
        instance.config.extend(changes.clone());
        let grant = self.profile.token.grant;
        instance
            .client
            .set_credentials(credentials(grant, &instance.config));
        self.lock().insert(handle.to_owned(), instance);
        Ok(ClientReply::done(None))
    }

    fn shift(&self, handle: &str, offset_s: f64, which: ClockSelection) -> Answered {
        self.instance(handle)?.clock.set(offset_s, which);
        Ok(ClientReply::done(None))
    }

    async fn open(&self, handle: &str, url: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let opened = client.open_socket(url, self.configuration(url)).await;
        let socket = opened.map_err(|error| failed(&error))?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let ws = format!("ws-{}", sockets.len() + 1);
        sockets.insert(ws.clone(), socket);
        Ok(ClientReply {
            ws: Some(ws),
            ..ClientReply::done(None)
        })
    }

    /// What is said first on the socket at `url`: that of the endpoint whose path ends likewise.
    fn configuration(&self, url: &str) -> Value {
        let end = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let wanted = end(url.split('?').next().unwrap_or_default());
        let facts = self.profile.socket.iter();
        let known = facts.flat_map(|facts| &facts.configurations);
        let endpoints = &self.profile.endpoints;
        let fits = |name: &str| {
            let endpoint = endpoints.get(name);
            endpoint.is_some_and(|endpoint| end(&endpoint.path) == wanted)
        };
        let mut fitting = known.filter(|(name, _)| fits(name));
        fitting
            .next()
            .map_or_else(|| json!({}), |(_, configuration)| configuration.clone())
    }

    async fn send(&self, ws: &str, text: Option<String>, audio: Option<String>) -> Answered {
        let audio = audio.map(|audio| STANDARD.decode(audio)).transpose();
        let audio = audio.map_err(|_| other("the audio is not valid base64"))?;
        let socket = self.take(ws)?;
        let sent = match (&text, &audio) {
            (Some(text), _) => socket.send_text(text).await,
            (None, Some(audio)) => socket.send_audio(audio).await,
            (None, None) => Ok(()),
        };
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.insert(ws.to_owned(), socket);
        sent.map(|()| ClientReply::done(None))
            .map_err(|error| failed(&error))
    }

    async fn close(&self, ws: &str) -> Answered {
        let finished = self.take(ws)?.finish().await;
        finished
            .map(|_| ClientReply::done(None))
            .map_err(|error| failed(&error))
    }

    /// Gives up a request that is under way: its work is dropped where it stands.
    fn cancel(&self, target: u64) -> ClientReply {
        match self
            .under_way()
            .remove(&target)
            .map(|cancel| cancel.send(()))
        {
            Some(Ok(())) => ClientReply::done(None),
            _ => other("no such request is under way"),
        }
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<()>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn instance(&self, handle: &str) -> Result<Instance, ClientReply> {
        let instance = self.lock().get(handle).cloned();
        instance.ok_or_else(|| other("no such instance"))
    }

    fn take(&self, ws: &str) -> Result<Socket, ClientReply> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.remove(ws).ok_or_else(|| other("no such socket"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instance>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &locum_client::Error) -> ClientReply {
    // The protocol has one word less: what makes no sense is `other` there.
    let word = match error.kind().label() {
        "malformed" => "other",
        word => word,
    };
    ClientReply::failed(word, error.status(), &error.to_string())
}

fn other(message: &str) -> ClientReply {
    ClientReply::failed("other", None, message)
}

fn api_call(
    method: &str,
    path: String,
    headers: &BTreeMap<String, String>,
    body: Option<(String, Option<String>)>,
) -> Result<ApiOperation, ClientReply> {
    let method: Method = method
        .parse()
        .map_err(|_| other("the method is not a valid token"))?;
    let mut call = ApiOperation::new(method, path);
    if let Some((text, kind)) = body {
        let json = HeaderValue::from_static("application/json");
        call.headers.insert(header::CONTENT_TYPE, json);
        call.body = match kind.as_deref() {
            Some("none") => Body::None,
            Some("stream") => {
                let once = futures_util::stream::once(async move { Ok(text.into()) });
                Body::Stream(Box::pin(once))
            }
            _ => Body::Bytes(text.into()),
        };
    }
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| other("a header name is not valid"))?;
        let value = HeaderValue::try_from(value).map_err(|_| other("a header is not valid"))?;
        call.headers.insert(name, value);
    }
    Ok(call)
}

fn text(config: &Map<String, Value>, name: &str) -> Option<String> {
    config.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn client_config(grant: Grant, config: &Map<String, Value>) -> Result<Config, ClientReply> {
    let read = |file| std::fs::read(file).map_err(|_| other("ca_file cannot be read"));
    let required = |name: &str| text(config, name).unwrap_or_default();
    Ok(Config {
        token_url: required("token_url"),
        api_url: required("api_url"),
        ws_url: text(config, "ws_url"),
        revoke_url: text(config, "revoke_url"),
        ca_pem: text(config, "ca_file").map(read).transpose()?,
        tenant: text(config, "tenant"),
        credentials: credentials(grant, config),
        cognito: (grant == Grant::Cognito).then(|| CognitoConfig {
            region: required("region"),
            user_pool_id: required("user_pool_id"),
            identity_pool_id: required("identity_pool_id"),
            client_id: required("client_id"),
        }),
    })
}

fn credentials(grant: Grant, config: &Map<String, Value>) -> Credentials {
    let required = |name: &str| text(config, name).unwrap_or_default();
    if let Some(token) = text(config, "refresh_token") {
        return Credentials::RefreshToken(Secret::new(token));
    }
    match grant {
        Grant::ClientCredentials => Credentials::Client {
            client_id: required("client_id"),
            client_secret: Secret::new(required("client_secret")),
        },
        Grant::Password | Grant::Cognito | Grant::AuthorizationCode => Credentials::User {
            username: required("username"),
            password: Secret::new(required("password")),
        },
    }
}

#[cfg(test)]
mod tests {
    use locum_core::{ManualClock, Timestamp};

    use super::*;
    use crate::subject::SeatRequest;

    fn new(handle: &str) -> ClientCommand {
        let config = json!({
            "token_url": "http://127.0.0.1:9/token", "api_url": "http://127.0.0.1:9",
            "client_id": "me", "client_secret": "s"
        });
        ClientCommand::New {
            client: handle.to_owned(),
            vendor: "acme".to_owned(),
            config: config.as_object().cloned().unwrap_or_default(),
        }
    }

    #[tokio::test]
    async fn handles_are_apart_and_nothing_outlives_its_end() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        let profile = crate::testing::profile(|_| {});
        let subject = maker(clock)(&profile, &SeatRequest::default())
            .await
            .expect("it starts");
        let ask = |command| subject.send(command);
        let revoke = |client: &str| ClientCommand::Revoke {
            client: client.to_owned(),
        };
        assert!(ask(new("a")).await.expect("it lives").succeeded());
        assert!(ask(new("b")).await.expect("it lives").succeeded());
        let drop_a = ClientCommand::Drop {
            client: "a".to_owned(),
        };
        assert!(ask(drop_a).await.expect("it lives").succeeded());
        let of_a = ask(revoke("a")).await.expect("it lives");
        assert_eq!(of_a.message.as_deref(), Some("no such instance"));
        let of_b = ask(revoke("b")).await.expect("it lives");
        assert_ne!(of_b.message.as_deref(), Some("no such instance"));
        let late = subject.send(revoke("b"));
        subject.close().await;
        let after = late.await.expect("it lives");
        assert_eq!(after.message.as_deref(), Some("no such instance"));
    }

    #[tokio::test]
    async fn it_says_hello_and_takes_what_it_says() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        let profile = crate::testing::profile(|_| {});
        let subject = Reference::new(&profile, clock, 1);
        let hello = subject.hello();
        assert_eq!(hello.proto, PROTOCOL);
        assert!(hello.takes("call") && hello.claims("concurrency") && !hello.takes("create"));
        let create = ClientCommand::Create {
            client: "a".to_owned(),
            path: "/x".to_owned(),
            timeout_ms: None,
        };
        let reply = subject.send(create).await.expect("it lives");
        assert_eq!(reply, ClientReply::unsupported("create"));
    }
}
