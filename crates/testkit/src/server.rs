//! A vendor's mock on a free port.

use std::sync::Arc;

use locum_core::Filter;
use locum_server::stage::Stage;
use locum_server::{App, Mock, ServerConfig, Vendor};
use serde_json::Value;

use crate::http::{self, Answer};

/// A server with one vendor, at the root of a port of its own.
#[derive(Debug)]
pub struct TestServer {
    /// The server.
    pub running: App,
    /// The stage `test`: seed 7, a clock that stands still.
    pub stage: Arc<Stage>,
    /// The vendor's slug.
    pub vendor: String,
    address: String,
}

/// Panics with what went wrong: a test has nothing better to do.
impl TestServer {
    /// Starts `vendor`; the stage is seeded with 7 and its clock stands still.
    pub async fn start(vendor: impl Vendor) -> Self {
        Self::start_among(vec![Arc::new(vendor)], 0).await
    }

    /// The same for the vendor at `at`, with all of `vendors` on the stage.
    pub async fn start_among(vendors: Vec<Arc<dyn Vendor>>, at: usize) -> Self {
        let slug = vendors[at].profile().vendor.clone();
        let running = App::start(ServerConfig::loopback(), vendors)
            .await
            .expect("it starts");
        let spec = serde_json::json!({"name": "test", "seed": 7, "listen": true, "clock": {"mode": "frozen"}});
        let spec = serde_json::from_value(spec).expect("a stage spec");
        let stage = running.stages.add(spec).await.expect("a stage");
        let address = stage.address(&slug).expect("it listens").to_string();
        Self {
            running,
            stage,
            vendor: slug,
            address,
        }
    }

    /// `host:port` of the vendor.
    pub fn host(&self) -> &str {
        &self.address
    }

    /// Sets a setting of the vendor.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        let mut changes = serde_json::Map::new();
        changes.insert(format!("{}.{name}", self.vendor), value.into());
        self.stage.change_settings(&changes).expect("a setting");
    }

    /// Puts a twin in the vendor's place.
    pub fn twin(&self, name: &str) {
        let twin = self
            .vendor_under_test()
            .twins()
            .iter()
            .find(|twin| twin.name == name)
            .expect("a twin");
        self.stage
            .put_twin(&self.vendor, twin)
            .expect("settings of a twin");
    }

    /// Lets seconds pass.
    pub fn advance(&self, seconds: f64) {
        self.stage
            .clock
            .adjust(locum_server::ClockChange::advance(seconds));
    }

    /// What the stage document says of the vendor.
    pub fn document(&self) -> locum_server::Document {
        self.vendor_under_test().document(&self.mock())
    }

    /// The vendor's mock on the stage.
    pub fn mock(&self) -> Mock {
        self.running
            .stages
            .mock(self.vendor_under_test(), &self.stage)
    }

    /// Puts `principals` in the place of the vendor's.
    ///
    /// # Errors
    ///
    /// What the vendor finds wrong with them.
    pub fn change_principals(&self, principals: Value) -> Result<(), String> {
        self.vendor_under_test()
            .change_principals(&self.mock(), principals)
    }

    fn vendor_under_test(&self) -> &Arc<dyn Vendor> {
        let vendor = self.running.stages.vendor(&self.vendor);
        vendor.expect("it is there")
    }

    /// A credential of the first principal.
    pub fn credential(&self, name: &str) -> String {
        self.document().credentials[name]
            .as_str()
            .expect("text")
            .to_owned()
    }

    /// Sends bytes as they are and reads one answer.
    pub async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        http::send(&self.address, bytes.as_ref()).await
    }

    /// Sends a request, as [`http::request`] writes it.
    pub async fn request(&self, line: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(http::request(&self.address, line, headers, body.as_ref()))
            .await
    }
}

/// Every refusal that a test provoked says why: reason, expected and got. So each test of a vendor
/// is one of its reasons too.
impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for entry in self.stage.find(&Filter::default()) {
            if let Some(denial) = &entry.denial {
                assert!(
                    !denial.reason.is_empty() && denial.expected.is_some() && denial.got.is_some(),
                    "{} {} is refused without all of reason, expected and got: {denial:?}",
                    entry.method,
                    entry.target
                );
            }
        }
    }
}
