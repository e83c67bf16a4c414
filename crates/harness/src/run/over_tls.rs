//! A vendor that speaks TLS on ports of its own, well or badly on purpose, and what became of the
//! client's attempts.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::context::ScenarioContext;
use crate::Error;
use crate::target::temporary::AuthorityFile;

/// The call of the control API that says what the vendor's ports do, and tells what came of it.
pub(crate) const HANDSHAKES: &str = "handshakes";

/// The file with the authority that clients are to trust; written once for a run.
pub(crate) type RunAuthority = Arc<OnceCell<AuthorityFile>>;

impl ScenarioContext {
    /// From now on the client knows the vendor by addresses over TLS, and the vendor does what
    /// `plan` says with those who want to speak it.
    pub(crate) async fn speak_tls(&mut self, plan: &Value) -> Result<(), Error> {
        let stage = self.mock()?.clone();
        stage.shake_hands(plan).await?;
        let file = self.authority_file().await?;
        self.target = stage.target_over_tls(&self.profile.vendor)?;
        let ca_file = file.to_string_lossy().into_owned();
        self.target
            .credentials
            .insert("ca_file".to_owned(), ca_file.into());
        self.log.control(HANDSHAKES, plan);
        self.is_over_tls = true;
        Ok(())
    }

    /// The same for the API and its websockets alone. Logins stay in the clear, so that nothing but the certificate keeps
    /// the client from a call.
    pub(crate) async fn speak_tls_at_the_api(&mut self, plan: &Value) -> Result<(), Error> {
        let mut urls = self.target.urls.clone();
        self.speak_tls(plan).await?;
        urls.retain(|name, _| !name.starts_with("api") && name != "ws");
        self.target.urls.extend(urls);
        Ok(())
    }

    async fn authority_file(&mut self) -> Result<PathBuf, Error> {
        let stage = self.mock()?.clone();
        let write = || async {
            let pem = stage.authority_pem().await?;
            AuthorityFile::write(&pem)
                .map_err(|error| Error::Step(format!("cannot write LOCUM_CA_FILE: {error}")))
        };
        let file = self.authority.get_or_try_init(write).await?;
        Ok(file.path().to_owned())
    }

    /// Writes down what became of the attempts to speak TLS, once all are over.
    pub(crate) async fn look_at_handshakes(&mut self) -> Result<(), Error> {
        let Some(stage) = self.stage.as_ref().filter(|_| self.is_over_tls) else {
            return Ok(());
        };
        for handshake in stage.handshakes().await? {
            self.log.handshake(&handshake);
        }
        Ok(())
    }
}
