//! A running server: vendors, stages, and the ports they answer on.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use locum_core::{Entry, Secret};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::listen::{self, Door};
use crate::routes::Table;
use crate::stage::{Stage, StageSpec};
use crate::{Mock, Vendor};

/// Most stages at a time.
const MAX_STAGES: usize = 2000;

/// Told of each completed exchange: the stage's name and the entry.
pub type Observer = Arc<dyn Fn(&str, &Entry) + Send + Sync>;

/// How a server is started.
#[derive(Clone)]
pub struct ServerConfig {
    /// Where it listens; port 0 takes any free one.
    pub address: SocketAddr,
    /// The bearer token of the control API; demanded when it is set.
    pub control_token: Option<Secret>,
    /// Seed of the stage `default`.
    pub seed: u64,
    /// Told of each completed exchange.
    pub observer: Option<Observer>,
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("address", &self.address)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl ServerConfig {
    /// Any free loopback port, an open control API, seed 0.
    pub fn loopback() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            control_token: None,
            seed: 0,
            observer: None,
        }
    }
}

/// Why a server does not run, or a stage was not made.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A vendor's routes and profile do not fit, or its principals are wrong.
    #[error("{0}")]
    Vendor(String),
    /// The name is taken.
    #[error("a stage called `{0}` exists already")]
    Taken(String),
    /// The name is no name.
    #[error("`{0}` is no name for a stage: letters, digits, `-` and `_`, at most 64")]
    Name(String),
    /// There are too many.
    #[error("there are {MAX_STAGES} stages already; delete some")]
    Full,
}

/// The vendors with their stages.
pub struct Server {
    /// How it was started.
    pub config: ServerConfig,
    /// Where it listens.
    pub address: SocketAddr,
    vendors: Vec<Arc<dyn Vendor>>,
    tables: BTreeMap<String, Table>,
    stages: RwLock<BTreeMap<String, Slot>>,
    pub(crate) control: axum::Router,
    stop: watch::Sender<bool>,
}

struct Slot {
    stage: Arc<Stage>,
    close: watch::Sender<bool>,
}

/// A server that runs until it is told to stop.
#[derive(Debug)]
pub struct Running {
    /// The server.
    pub server: Arc<Server>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Listens, makes the stage `default`, and answers from then on.
    ///
    /// # Errors
    /// When the address is taken, or a vendor's profile and routes do not fit.
    pub async fn start(
        config: ServerConfig,
        vendors: Vec<Arc<dyn Vendor>>,
    ) -> Result<Running, ServerError> {
        let listener = listen::bind(config.address)?;
        let address = listener.local_addr().unwrap_or(config.address);
        let mut tables = BTreeMap::new();
        for vendor in &vendors {
            let table =
                Table::compile(vendor.profile(), &vendor.routes()).map_err(ServerError::Vendor)?;
            tables.insert(vendor.profile().vendor.clone(), table);
        }
        let (stop, _) = watch::channel(false);
        let seed = config.seed;
        let server = Arc::new_cyclic(|server| Self {
            control: crate::control::router(server.clone()),
            config,
            address,
            vendors,
            tables,
            stages: RwLock::default(),
            stop,
        });
        let spec = StageSpec {
            name: Some("default".to_owned()),
            seed: Some(seed),
            ..StageSpec::default()
        };
        server.add_stage(spec).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(listen::accept(
            listener,
            Arc::clone(&server),
            Door::Main,
            server.stop.subscribe(),
        ));
        Ok(Running { server, tasks })
    }

    /// The vendors.
    pub fn vendors(&self) -> &[Arc<dyn Vendor>] {
        &self.vendors
    }

    /// The vendor of this word.
    pub fn vendor(&self, name: &str) -> Option<&Arc<dyn Vendor>> {
        self.vendors
            .iter()
            .find(|vendor| vendor.profile().vendor == name)
    }

    pub(crate) fn table(&self, vendor: &str) -> &Table {
        self.tables
            .get(vendor)
            .expect("each vendor was compiled at the start")
    }

    /// Makes a stage; with `listen` each vendor gets a loopback port of its own.
    ///
    /// # Errors
    /// When the name is taken or none, settings or principals are wrong, or there are too many.
    pub async fn add_stage(self: &Arc<Self>, spec: StageSpec) -> Result<Arc<Stage>, ServerError> {
        let name = spec
            .name
            .clone()
            .unwrap_or_else(|| format!("stage-{:08x}", rand::random::<u32>()));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
            return Err(ServerError::Name(name));
        }
        if self.stage(&name).is_some() {
            return Err(ServerError::Taken(name));
        }
        let listens = spec.listen;
        // 53 bits: the stage document is read in languages whose numbers hold no more.
        let seed = rand::random::<u64>() >> 11;
        let stage =
            Stage::make(name.clone(), seed, spec, &self.vendors).map_err(ServerError::Vendor)?;
        let (close, _) = watch::channel(false);
        if listens {
            for vendor in &self.vendors {
                let vendor = vendor.profile().vendor.clone();
                let listener = listen::bind(([127, 0, 0, 1], 0).into())?;
                let address = listener
                    .local_addr()
                    .map_err(|source| ServerError::Listen {
                        address: self.address,
                        source,
                    })?;
                stage.set_root(&vendor, format!("http://{address}"));
                let door = Door::Vendor {
                    stage: Arc::clone(&stage),
                    vendor,
                };
                tokio::spawn(listen::accept(
                    listener,
                    Arc::clone(self),
                    door,
                    close.subscribe(),
                ));
            }
        }
        let mut stages = self
            .stages
            .write()
            .expect("no code panics while it holds the stages");
        if stages.len() >= MAX_STAGES {
            return Err(ServerError::Full);
        }
        if stages.contains_key(&name) {
            return Err(ServerError::Taken(name));
        }
        stages.insert(
            name,
            Slot {
                stage: Arc::clone(&stage),
                close,
            },
        );
        Ok(stage)
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<Arc<Stage>> {
        let stages = self
            .stages
            .read()
            .expect("no code panics while it holds the stages");
        stages.get(name).map(|slot| Arc::clone(&slot.stage))
    }

    /// All stages, by name.
    pub fn stages(&self) -> Vec<Arc<Stage>> {
        let stages = self
            .stages
            .read()
            .expect("no code panics while it holds the stages");
        stages
            .values()
            .map(|slot| Arc::clone(&slot.stage))
            .collect()
    }

    /// Throws a stage away, its ports and memory with it; says whether there was one.
    pub fn remove_stage(&self, name: &str) -> bool {
        let slot = self
            .stages
            .write()
            .expect("no code panics while it holds the stages")
            .remove(name);
        slot.is_some_and(|slot| {
            let _ = slot.close.send(true);
            slot.stage.release();
            true
        })
    }

    /// Puts an evil twin in a vendor's place on `stage`: `vendor/name`, or a name that is unique.
    /// Returns its full name.
    ///
    /// # Errors
    /// A sentence for the caller when there is no such twin.
    pub fn put_twin(&self, stage: &Stage, name: &str) -> Result<String, String> {
        let (of, twin) = name
            .split_once('/')
            .map_or((None, name), |(of, twin)| (Some(of), twin));
        let mut all = self.vendors.iter().flat_map(|vendor| {
            vendor
                .twins()
                .iter()
                .map(move |twin| (vendor.profile().vendor.as_str(), twin))
        });
        let found = all
            .clone()
            .find(|(vendor, have)| have.name == twin && of.is_none_or(|of| of == *vendor));
        let Some((vendor, twin)) = found else {
            let near = locum_core::setting::nearest(twin, all.clone().map(|(_, twin)| twin.name));
            let near = near.and_then(|near| all.find(|(_, have)| have.name == near));
            return Err(match near {
                Some((vendor, near)) => {
                    format!(
                        "no twin called `{name}` (did you mean `{vendor}/{}`?)",
                        near.name
                    )
                }
                None => format!("no twin called `{name}`"),
            });
        };
        stage
            .put_twin(vendor, twin)
            .map_err(|error| error.to_string())?;
        Ok(format!("{vendor}/{}", twin.name))
    }

    /// `vendor` on `stage`, outside of any exchange.
    pub fn mock(&self, vendor: &Arc<dyn Vendor>, stage: &Arc<Stage>) -> Mock {
        Mock::new(
            Arc::clone(vendor),
            Arc::clone(stage),
            self.root(&vendor.profile().vendor, stage),
        )
    }

    /// The URL of a vendor's root on a stage, without a slash at the end.
    pub fn root(&self, vendor: &str, stage: &Stage) -> String {
        let address = self.address;
        stage
            .root(vendor)
            .unwrap_or_else(|| match stage.name.as_str() {
                "default" => format!("http://{address}/{vendor}"),
                name => format!("http://{address}/s/{name}/{vendor}"),
            })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Running {
    /// Stops: no new connections, those with a request under way may finish it.
    pub async fn stop(mut self) {
        for stage in self.server.stages() {
            self.server.remove_stage(&stage.name);
        }
        let _ = self.server.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
