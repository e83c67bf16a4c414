//! The vendors of a server, and the stages that they play on.

mod incarnations;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use locum_core::{Settings, Timestamp};
use serde_json::Value;
use tokio::sync::watch;

use incarnations::Incarnations;

use crate::config::{ServerConfig, ServerError};
use crate::memory::Account;
use crate::observe::Watched;
use crate::origin::{Origin, PublicUrl};
use crate::routes::Table;
use crate::stage::snapshot::Snapshot;
use crate::stage::{self, Stage, StageSpec, VendorPorts};
use crate::tls::{CertificateKind, Tls};
use crate::{Mock, Vendor};

/// Most stages at a time.
const MAX_STAGES: usize = 2000;

/// Opens ports of its own for a vendor of a stage until the receiver says so; returns where.
pub(crate) type OpenPorts = fn(
    stages: &Arc<Stages>,
    stage: &Arc<Stage>,
    vendor: &str,
    close: &watch::Receiver<bool>,
) -> Result<VendorPorts, ServerError>;

/// How a server speaks TLS beside http.
#[derive(Debug)]
pub struct TlsOffer {
    /// Where it does.
    pub address: SocketAddr,
    /// Where it shows a bad certificate of each kind.
    pub bad: Vec<(CertificateKind, SocketAddr)>,
    pub(crate) tls: Tls,
}

/// The vendors with their stages.
pub struct Stages {
    /// How the server was started.
    pub config: ServerConfig,
    /// Where the server listens.
    pub address: SocketAddr,
    vendors: Vec<Arc<dyn Vendor>>,
    tables: BTreeMap<String, Table>,
    settings: Settings,
    open_ports: OpenPorts,
    /// How it speaks TLS, where it does.
    pub tls: Option<TlsOffer>,
    memory: Arc<Account>,
    incarnations: Incarnations,
    /// The observer's thread, where there is an observer.
    pub(crate) watched: Option<Watched>,
    /// How many events the readers of event streams were too slow for.
    pub(crate) missed_events: AtomicU64,
    stages: RwLock<BTreeMap<String, Arc<Stage>>>,
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
        open_ports: OpenPorts,
        tls: Option<TlsOffer>,
    ) -> Result<Arc<Self>, ServerError> {
        let memory = Account::new(config.memory.process);
        let mut tables = BTreeMap::new();
        for vendor in &vendors {
            // Stages make a vendor's state when it is first asked for, and rely on this.
            stage::new_state(
                vendor.as_ref(),
                (None, None),
                (config.seed, 0),
                Timestamp::default(),
                &memory,
                &Arc::default(),
            )
            .map_err(ServerError::Vendor)?;
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
            tables,
            settings: stage::defined(&vendors),
            vendors,
            open_ports,
            tls,
            memory,
            missed_events: AtomicU64::new(0),
            incarnations: Incarnations::default(),
            stages: RwLock::default(),
        }))
    }

    /// The certificate of the authority that clients trust, in PEM; `None` without TLS, or with a
    /// certificate of the user's own.
    pub async fn authority_pem(&self) -> Option<String> {
        self.tls.as_ref()?.tls.ca_pem().await
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
        let stage = self.make(&name, seed, spec).await?;
        if stage.spec.listen {
            for vendor in &self.vendors {
                let vendor = &vendor.profile().vendor;
                let ports = (self.open_ports)(self, &stage, vendor, &stage.closing())?;
                stage.set_ports(vendor, ports);
            }
        }
        let mut stages = self.write();
        if stages.len() >= MAX_STAGES {
            return Err(ServerError::Full(MAX_STAGES));
        }
        if stages.contains_key(&name) {
            return Err(ServerError::Taken(name));
        }
        stages.insert(name, Arc::clone(&stage));
        Ok(stage)
    }

    async fn make(
        &self,
        name: &str,
        seed: u64,
        spec: StageSpec,
    ) -> Result<Arc<Stage>, ServerError> {
        self.reclaim();
        let seed = spec.seed.unwrap_or(seed);
        let stage = Stage::make(
            name.to_owned(),
            (seed, self.incarnations.next(seed)),
            spec,
            &self.settings,
            &self.vendors,
            self.config.stores.as_ref(),
            self.memory.child(self.config.memory.stage),
        );
        Ok(stage.await?)
    }

    /// Brings a stage back to how it was when made.
    ///
    /// # Errors
    /// When its store cannot be reached.
    pub async fn reset(&self, stage: &Stage) -> Result<(), ServerError> {
        let incarnation = self.incarnations.next(stage.seed);
        Ok(stage
            .reset(incarnation, &self.settings, &self.vendors)
            .await?)
    }

    /// Brings a stage to where it was when `snapshot` was taken, but for twin and principals.
    ///
    /// # Errors
    /// When a setting or the clock's time is none, or there is no memory or store for it.
    pub(crate) async fn restore(
        &self,
        stage: &Stage,
        snapshot: &Snapshot,
    ) -> Result<(), ServerError> {
        let mut settings = self.settings.clone();
        for (name, value) in &snapshot.settings {
            let set = settings.set(name, value.clone());
            set.map_err(|error| ServerError::Vendor(error.to_string()))?;
        }
        let fresh = self.incarnations.next(stage.seed);
        Ok(stage.restore(snapshot, settings, fresh).await?)
    }

    /// Says whether `vendor` takes these principals on `stage`.
    ///
    /// # Errors
    /// A sentence for the caller when it does not.
    pub(crate) fn check_principals(
        &self,
        vendor: &Arc<dyn Vendor>,
        stage: &Stage,
        principals: Value,
    ) -> Result<(), String> {
        stage::new_state(
            vendor.as_ref(),
            (Some(principals), None),
            (stage.seed, 0),
            Timestamp::default(),
            &self.memory,
            &Arc::default(),
        )
        .map(|_| ())
    }

    /// The memory that all stages take.
    pub fn memory(&self) -> &Account {
        &self.memory
    }

    /// Frees memory for `wanted` bytes more on `stage`, as far as there is something to let go.
    pub fn make_room(&self, stage: &Stage, wanted: usize) {
        let Err(over) = stage.account().check(wanted) else {
            return;
        };
        stage.shed((over.used + wanted).saturating_sub(over.limit));
        for other in self.by_size() {
            let Err(over) = stage.account().check(wanted) else {
                return;
            };
            other.shed((over.used + wanted).saturating_sub(over.limit));
        }
    }

    /// All stages, the largest first.
    fn by_size(&self) -> Vec<Arc<Stage>> {
        let mut stages = self.all();
        stages.sort_by_cached_key(|stage| std::cmp::Reverse(stage.account().used()));
        stages
    }

    /// Frees memory while more is in use than the limits allow: in each stage that is over its own,
    /// then in the largest. Some more goes than has to, so that this is rare.
    pub fn reclaim(&self) {
        /// The part of a limit that is freed on top.
        const SPARE: usize = 16;
        let stages = self.by_size();
        for stage in &stages {
            let account = stage.account();
            if let Some(excess) = account.used().checked_sub(account.limit() + 1) {
                stage.shed(excess + account.limit() / SPARE);
            }
        }
        for stage in stages {
            let Some(excess) = self.memory.used().checked_sub(self.memory.limit() + 1) else {
                return;
            };
            stage.shed(excess + self.memory.limit() / SPARE);
        }
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<Arc<Stage>> {
        self.read().get(name).map(Arc::clone)
    }

    /// All stages, by name.
    pub fn all(&self) -> Vec<Arc<Stage>> {
        self.read().values().map(Arc::clone).collect()
    }

    /// Whether this very stage is still one of the server's.
    pub fn has(&self, stage: &Arc<Stage>) -> bool {
        self.stage(&stage.name)
            .is_some_and(|have| Arc::ptr_eq(&have, stage))
    }

    /// Throws a stage away, its ports and memory with it; says whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let stage = self.write().remove(name);
        stage.is_some_and(|stage| {
            stage.close();
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
        let direct = Origin::direct(false, None, self.address);
        self.root_at(vendor, stage, &direct, &direct)
    }

    /// The same as somebody reaches it who reached this server at `direct`, and as `seen` through
    /// a proxy: a port of the vendor's own is not behind it, all else is where a public URL says.
    pub(crate) fn root_at(
        &self,
        vendor: &str,
        stage: &Stage,
        direct: &Origin,
        seen: &Origin,
    ) -> String {
        let ports = stage.ports(vendor);
        let own = ports.and_then(|ports| match direct.https {
            true => ports.tls,
            false => Some(ports.plain),
        });
        let shared = self.public_origin().unwrap_or(seen);
        match own {
            Some(own) => direct.with_port(direct.https, own.port()).url(""),
            None => shared.url(&Self::mount(vendor, stage)),
        }
    }

    /// The path of a vendor's root on the port that all share.
    pub(crate) fn mount(vendor: &str, stage: &Stage) -> String {
        match stage.name.as_str() {
            "default" => format!("/{vendor}"),
            name => format!("/s/{name}/{vendor}"),
        }
    }

    /// Where everybody reaches the server, if that was given.
    pub(crate) fn public_origin(&self) -> Option<&Origin> {
        self.config.public_url.as_ref().map(PublicUrl::origin)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Stage>>> {
        self.stages
            .read()
            .expect("no code panics while it holds the stages")
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Stage>>> {
        self.stages
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
