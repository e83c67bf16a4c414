//! The reference client as a subject, in this process.

mod shifted;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, header};
use locum_client::{ApiOperation, Body, Client, CognitoConfig, Config, Credentials, Socket};
use locum_core::profile::Grant;
use locum_core::{Clock, Profile, Secret};
use serde_json::{Map, Value, json};

use super::{Answer, Ask, ClientSubject, Which};
use shifted::Shifted;

/// The reference client of one vendor.
#[derive(Debug)]
pub struct Reference {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    profile: Profile,
    clock: Arc<dyn Clock>,
    seed: u64,
    clients: Mutex<HashMap<String, Instance>>,
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
            state: Arc::new(State {
                profile: profile.clone(),
                clock,
                seed,
                clients: Mutex::default(),
                sockets: Mutex::default(),
            }),
        }
    }
}

impl ClientSubject for Reference {
    fn name(&self) -> &'static str {
        "locum reference client"
    }

    fn caps(&self) -> &[&'static str] {
        &[
            "concurrency",
            "clock_offset",
            "set_credentials",
            "stream_body",
        ]
    }

    fn ask(&self, ask: Ask) -> BoxFuture<'static, Answer> {
        let state = Arc::clone(&self.state);
        async move { state.answer(ask).await }.boxed()
    }
}

type Answered = Result<Answer, Answer>;

impl State {
    async fn answer(&self, ask: Ask) -> Answer {
        let answered = match ask {
            Ask::New { client, config, .. } => self.make(client, config),
            Ask::Call {
                client,
                method,
                path,
                body,
                body_kind,
                timeout_ms,
            } => {
                let body = body.map(|body| (body, body_kind));
                self.call(&client, &method, path, body, timeout_ms).await
            }
            Ask::List { client, path } => self.list(&client, &path).await,
            Ask::Revoke { client } => self.revoke(&client).await,
            Ask::ChangePassword {
                client,
                new_password,
            } => self.change_password(&client, new_password).await,
            Ask::SetCredentials { client, config } => self.set_credentials(&client, &config),
            Ask::Clock {
                client,
                offset_s,
                which,
            } => self.shift(&client, offset_s, which),
            Ask::WsOpen { client, url } => self.open(&client, &url).await,
            Ask::WsSend { ws, base64 } => self.send(&ws, &base64).await,
            Ask::WsClose { ws } => self.close(&ws).await,
            Ask::Drop { client } => {
                self.lock().remove(&client);
                Ok(Answer::done(None))
            }
        };
        answered.unwrap_or_else(|failed| failed)
    }

    fn make(&self, handle: String, config: Map<String, Value>) -> Answered {
        let clock = Arc::new(Shifted::new(Arc::clone(&self.clock)));
        let grant = self.profile.token.grant;
        let made = Client::new(
            &self.profile,
            client_config(grant, &config),
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
        Ok(Answer::done(None))
    }

    async fn call(
        &self,
        handle: &str,
        method: &str,
        path: String,
        body: Option<(String, Option<String>)>,
        timeout_ms: Option<u64>,
    ) -> Answered {
        let client = self.instance(handle)?.client;
        let method: Method = method.parse().map_err(|_| other("no such method"))?;
        let mut call = ApiOperation::new(method, path);
        call.timeout = timeout_ms.map(Duration::from_millis);
        if let Some((text, kind)) = body {
            let json = HeaderValue::from_static("application/json");
            call.headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
            call.body = match kind.as_deref() {
                Some("stream") => {
                    let once = futures_util::stream::once(async move { Ok(text.into()) });
                    Body::Stream(Box::pin(once))
                }
                _ => Body::Bytes(text.into()),
            };
        }
        let reply = client.call(call).await.map_err(|error| failed(&error))?;
        Ok(Answer::done(Some(reply.status.as_u16())))
    }

    async fn list(&self, handle: &str, path: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let read = client.list(path).await;
        read.map(|_| Answer::done(None))
            .map_err(|error| failed(&error))
    }

    async fn revoke(&self, handle: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let revoked = client.revoke().await;
        revoked
            .map(|()| Answer::done(None))
            .map_err(|error| failed(&error))
    }

    async fn change_password(&self, handle: &str, new_password: String) -> Answered {
        let client = self.instance(handle)?.client;
        let changed = client.change_password(Secret::new(new_password)).await;
        changed
            .map(|()| Answer::done(None))
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
        Ok(Answer::done(None))
    }

    fn shift(&self, handle: &str, offset_s: f64, which: Which) -> Answered {
        self.instance(handle)?.clock.set(offset_s, which);
        Ok(Answer::done(None))
    }

    async fn open(&self, handle: &str, url: &str) -> Answered {
        let client = self.instance(handle)?.client;
        let opened = client.open_socket(url, json!({})).await;
        let socket = opened.map_err(|error| failed(&error))?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let ws = format!("ws-{}", sockets.len() + 1);
        sockets.insert(ws.clone(), socket);
        Ok(Answer {
            ws: Some(ws),
            ..Answer::done(None)
        })
    }

    async fn send(&self, ws: &str, audio: &str) -> Answered {
        let audio = STANDARD.decode(audio).map_err(|_| other("no base64"))?;
        let socket = self.take(ws)?;
        let sent = socket.send_audio(&audio).await;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.insert(ws.to_owned(), socket);
        sent.map(|()| Answer::done(None))
            .map_err(|error| failed(&error))
    }

    async fn close(&self, ws: &str) -> Answered {
        let finished = self.take(ws)?.finish().await;
        finished
            .map(|_| Answer::done(None))
            .map_err(|error| failed(&error))
    }

    fn instance(&self, handle: &str) -> Result<Instance, Answer> {
        let instance = self.lock().get(handle).cloned();
        instance.ok_or_else(|| other("no such instance"))
    }

    fn take(&self, ws: &str) -> Result<Socket, Answer> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.remove(ws).ok_or_else(|| other("no such socket"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instance>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &locum_client::Error) -> Answer {
    // The protocol has one word less: what makes no sense is `other` there.
    let word = match error.kind().label() {
        "malformed" => "other",
        word => word,
    };
    Answer::failed(word, error.status(), &error.to_string())
}

fn other(message: &str) -> Answer {
    Answer::failed("other", None, message)
}

fn text(config: &Map<String, Value>, name: &str) -> Option<String> {
    config.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn client_config(grant: Grant, config: &Map<String, Value>) -> Config {
    let required = |name: &str| text(config, name).unwrap_or_default();
    Config {
        token_url: required("token_url"),
        api_url: required("api_url"),
        ws_url: text(config, "ws_url"),
        revoke_url: text(config, "revoke_url"),
        ca_pem: None,
        tenant: text(config, "tenant"),
        credentials: credentials(grant, config),
        cognito: (grant == Grant::Cognito).then(|| CognitoConfig {
            region: required("region"),
            user_pool_id: required("user_pool_id"),
            identity_pool_id: required("identity_pool_id"),
            client_id: required("client_id"),
        }),
    }
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
        Grant::Password | Grant::Cognito => Credentials::User {
            username: required("username"),
            password: Secret::new(required("password")),
        },
    }
}
