//! A running server: the listeners over the stages, the control API's router, and the shutdown.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{ServerConfig, ServerError};
use crate::listen::{self, ListenerScope};
use crate::stage::StageSpec;
use crate::{Stages, Vendor};

/// How long a stopping server waits for what is under way.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that runs until it is told to stop.
#[derive(Debug)]
pub struct App {
    /// Its vendors and stages.
    pub stages: Arc<Stages>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl App {
    /// Listens, makes the stage `default`, and answers from then on.
    ///
    /// # Errors
    /// When the address is taken, or a vendor's profile and routes do not fit.
    pub async fn start(
        config: ServerConfig,
        vendors: Vec<Arc<dyn Vendor>>,
    ) -> Result<Self, ServerError> {
        let listener = listen::bind(config.address)?;
        let address = listener.local_addr().unwrap_or(config.address);
        let seed = config.seed;
        let stages = Stages::new(config, address, vendors, listen::open_port)?;
        let spec = StageSpec {
            name: Some("default".to_owned()),
            seed: Some(seed),
            ..StageSpec::default()
        };
        stages.add(spec).await?;
        let scope = ListenerScope::Main {
            control: crate::control::router(&stages),
        };
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(listen::accept(
            listener,
            Arc::clone(&stages),
            scope,
            stopped,
        ));
        Ok(Self {
            stages,
            stop,
            tasks,
        })
    }

    /// Stops: no new connections, what is held goes, websockets close with 1001 (RFC 6455 §7.4.1),
    /// requests under way may finish. After [`SHUTDOWN_TIMEOUT`] whatever is left is cut off.
    pub async fn stop(mut self) {
        let stages = self.stages.all();
        for stage in &stages {
            self.stages.remove(&stage.name);
        }
        let _ = self.stop.send(true);
        let ended = async {
            for stage in stages {
                stage.ended().await;
            }
            while self.tasks.join_next().await.is_some() {}
        };
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, ended).await;
        if let Some(watched) = &self.stages.watched {
            watched.end().await;
        }
    }
}
