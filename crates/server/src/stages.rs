//! The vendors of a server, and the stages that they play on.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

use crate::config::{ServerConfig, ServerError};
use crate::observe::Watched;
use crate::routes::Table;
use crate::stage::{Stage, StageSpec};
use crate::{Mock, Vendor};

/// Most stages at a time.
const MAX_STAGES: usize = 2000;

/// Opens a port of its own for a vendor of a stage until the receiver says so; returns where.
pub(crate) type OpenPort = fn(
    stages: &Arc<Stages>,
    stage: &Arc<Stage>,
    vendor: &str,
    close: watch::Receiver<bool>,
) -> Result<SocketAddr, ServerError>;

/// The vendors with their stages.
pub struct Stages {
    /// How the server was started.
    pub config: ServerConfig,
    /// Where the server listens.
    pub address: SocketAddr,
    vendors: Vec<Arc<dyn Vendor>>,
    tables: BTreeMap<String, Table>,
    open_port: OpenPort,
    /// The observer's thread, where there is an observer.
    pub(crate) watched: Option<Watched>,
    slots: RwLock<BTreeMap<String, Slot>>,
}

struct Slot {
    stage: Arc<Stage>,
    close: watch::Sender<bool>,
}

impl Stages {
    /// No stages yet.
    ///
    /// # Errors
    /// When a vendor's profile and routes do not fit, or the observer gets no thread.
    pub(crate) fn new(
        config: ServerConfig,
        address: SocketAddr,
        vendors: Vec<Arc<dyn Vendor>>,
        open_port: OpenPort,
    ) -> Result<Arc<Self>, ServerError> {
        let mut tables = BTreeMap::new();
        for vendor in &vendors {
            let table =
                Table::compile(vendor.profile(), &vendor.routes()).map_err(ServerError::Vendor)?;
            tables.insert(vendor.profile().vendor.clone(), table);
        }
        let observer = config.observer.clone();
        let watched = observer.map(|observer| Watched::by(observer, address));
        Ok(Arc::new(Self {
            watched: watched.transpose().map_err(ServerError::Thread)?,
            config,
            address,
            vendors,
            tables,
            open_port,
            slots: RwLock::default(),
        }))
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

    /// Makes a stage; with `listen` each vendor gets a port of its own, on the server's address.
    ///
    /// # Errors
    /// When the name is taken or none, settings or principals are wrong, or there are too many.
    pub async fn add(self: &Arc<Self>, spec: StageSpec) -> Result<Arc<Stage>, ServerError> {
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
        // 53 bits: the stage document is read in languages whose numbers hold no more.
        let seed = rand::random::<u64>() >> 11;
        let stage =
            Stage::make(name.clone(), seed, spec, &self.vendors).map_err(ServerError::Vendor)?;
        let (close, _) = watch::channel(false);
        if stage.spec.listen {
            for vendor in &self.vendors {
                let vendor = &vendor.profile().vendor;
                let address = (self.open_port)(self, &stage, vendor, close.subscribe())?;
                stage.set_address(vendor, address);
            }
        }
        let mut slots = self.write();
        if slots.len() >= MAX_STAGES {
            return Err(ServerError::Full(MAX_STAGES));
        }
        if slots.contains_key(&name) {
            return Err(ServerError::Taken(name));
        }
        let slot = Slot {
            stage: Arc::clone(&stage),
            close,
        };
        slots.insert(name, slot);
        Ok(stage)
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<Arc<Stage>> {
        self.read().get(name).map(|slot| Arc::clone(&slot.stage))
    }

    /// All stages, by name.
    pub fn all(&self) -> Vec<Arc<Stage>> {
        let slots = self.read();
        slots.values().map(|slot| Arc::clone(&slot.stage)).collect()
    }

    /// Whether this very stage is still one of the server's.
    pub fn has(&self, stage: &Arc<Stage>) -> bool {
        self.stage(&stage.name)
            .is_some_and(|have| Arc::ptr_eq(&have, stage))
    }

    /// Throws a stage away, its ports and memory with it; says whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let slot = self.write().remove(name);
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
        match (stage.address(vendor), stage.name.as_str()) {
            (Some(own), _) => format!("http://{own}"),
            (None, "default") => format!("http://{address}/{vendor}"),
            (None, name) => format!("http://{address}/s/{name}/{vendor}"),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Slot>> {
        self.slots
            .read()
            .expect("no code panics while it holds the stages")
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Slot>> {
        self.slots
            .write()
            .expect("no code panics while it holds the stages")
    }
}

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stages")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
