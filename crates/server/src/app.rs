//! A running server: the listeners over the stages, the control API's router, and the shutdown.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{ServerConfig, ServerError};
use crate::listen::{self, ListenerScope, Port};
use crate::stage::StageSpec;
use crate::stages::TlsOffer;
use crate::tls::{CertificateKind, Tls, TlsOptions};
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
        let (listener, address) = listen::bind(config.address)?;
        let mut listeners = vec![(listener, None)];
        let tls = match config.tls.clone() {
            Some(options) => Some(offer(&config, &options, &vendors, &mut listeners)?),
            None => None,
        };
        let seed = config.seed;
        let stages = Stages::new(config, address, vendors, listen::open_ports, tls)?;
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
        for (listener, certificate) in listeners {
            let scope = scope.clone();
            tasks.spawn(listen::accept(
                listener,
                Arc::clone(&stages),
                Port { scope, certificate },
                stopped.clone(),
            ));
        }
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

/// Binds the ports where TLS is spoken, and reads what is shown there.
fn offer(
    config: &ServerConfig,
    options: &TlsOptions,
    vendors: &[Arc<dyn Vendor>],
    listeners: &mut Vec<(TcpListener, Option<CertificateKind>)>,
) -> Result<TlsOffer, ServerError> {
    let ip = config.address.ip();
    let mut bind = |port, kind| {
        let (listener, address) = listen::bind((ip, port).into())?;
        listeners.push((listener, Some(kind)));
        Ok::<_, ServerError>((kind, address))
    };
    let (_, address) = bind(options.port, CertificateKind::Good)?;
    let bad = CertificateKind::bad().filter(|_| options.bad);
    Ok(TlsOffer {
        address,
        bad: bad.map(|kind| bind(0, kind)).collect::<Result<_, _>>()?,
        tls: Tls::new(&options.identity, certified_names(config, vendors))?,
    })
}

/// By which names and addresses clients may reach the server: this machine, the documented hosts of
/// the vendors but those that stand for one, and what the user allows.
pub(crate) fn certified_names(config: &ServerConfig, vendors: &[Arc<dyn Vendor>]) -> Vec<String> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    let ip = config.address.ip();
    if !ip.is_unspecified() {
        names.push(ip.to_string());
    }
    names.extend(config.public_url.iter().map(|url| url.host().to_owned()));
    let hosts = vendors.iter().flat_map(|vendor| &vendor.profile().hosts);
    let hosts = hosts.filter(|host| is_host_name(host));
    for name in config.allowed_hosts.iter().chain(hosts) {
        names.push(name.to_ascii_lowercase());
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Whether a documented host is one: the vendor's documents may write `API_HOSTNAME` for it. Labels
/// of letters, digits and hyphens (RFC 1123 §2.1), and no underscore.
fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(label)
}
