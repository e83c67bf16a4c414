//! The built-in mocks, on a thread and a runtime of their own: scenarios share one task, and a mock
//! must answer while a step waits.

use std::sync::Arc;

use locum_harness::subject::OutputRedactor;
use locum_harness::target::temporary::AuthorityFile;
use locum_server::redact::Redactor;
use locum_server::tls::{Identity, TlsOptions};
use locum_server::{App, Mock, ServerConfig, Stages, Vendor};
use tokio::sync::oneshot;

use crate::command::Failure;

/// Mocks that run until they are dropped.
#[derive(Debug)]
pub(in crate::command) struct Mocks {
    control: String,
    stages: Arc<Stages>,
    twin: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Mocks {
    /// Starts them on a free loopback port; a twin that does not exist is refused here.
    pub(in crate::command) fn start(
        vendors: Vec<Arc<dyn Vendor>>,
        twin: Option<String>,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Runtime::new() else {
                return;
            };
            runtime.block_on(async {
                let started = start(vendors, twin).await;
                let (running, twin) = match started {
                    Ok(started) => started,
                    Err(failure) => return drop(tell.send(Err(failure))),
                };
                let stages = Arc::clone(&running.stages);
                let _ = tell.send(Ok((format!("http://{}", stages.address), stages, twin)));
                let _ = stopped.await;
            });
            runtime.shutdown_background();
        });
        let (control, stages, twin) = told
            .recv()
            .unwrap_or_else(|_| Err(Failure::unreachable("the mocks did not start")))?;
        Ok(Self {
            control,
            stages,
            twin,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address of their control API.
    pub(in crate::command) fn control_url(&self) -> &str {
        &self.control
    }

    /// The certificate of the authority that their clients trust, in a file.
    pub(in crate::command) async fn authority(&self) -> Result<AuthorityFile, Failure> {
        let pem = self.stages.authority_pem().await.unwrap_or_default();
        let written = AuthorityFile::write(&pem);
        written.map_err(|error| Failure::unreachable(format!("cannot write a CA file: {error}")))
    }

    /// Puts names in place of their secrets, as their journal does.
    pub(in crate::command) fn redactor(&self) -> OutputRedactor {
        let stages = Arc::clone(&self.stages);
        Arc::new(move |stage, vendor, text| {
            let stages = Arc::clone(&stages);
            Box::pin(async move {
                let of = |known: &&Arc<dyn Vendor>| known.profile().vendor == vendor;
                let (Some(stage), Some(vendor)) =
                    (stages.stage(&stage), stages.vendors().iter().find(of))
                else {
                    return text;
                };
                let mock = Mock::new(Arc::clone(vendor), stage, String::new());
                Redactor::new(&stages, &mock).text(&text).await
            })
        })
    }

    /// The full name of the twin, where one was asked for.
    pub(in crate::command) fn twin(&self) -> Option<String> {
        self.twin.clone()
    }
}

async fn start(
    vendors: Vec<Arc<dyn Vendor>>,
    twin: Option<String>,
) -> Result<(locum_server::App, Option<String>), Failure> {
    let config = ServerConfig {
        tls: Some(TlsOptions {
            port: 0,
            identity: Identity::Made,
            bad: false,
        }),
        ..ServerConfig::loopback()
    };
    let running = App::start(config, vendors)
        .await
        .map_err(|error| Failure::unreachable(error.to_string()))?;
    let stage = running
        .stages
        .stage("default")
        .expect("a server starts with it");
    let twin = twin
        .map(|name| running.stages.put_twin(&stage, &name))
        .transpose()
        .map_err(Failure::usage)?;
    Ok((running, twin))
}

impl Drop for Mocks {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
