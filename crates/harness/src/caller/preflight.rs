//! The harness as a browser whose page wants to call a user pool (Fetch standard, CORS-preflight
//! fetch).

use crate::Error;
use crate::evidence::{Operation, Variation};
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;

/// Where the page is from.
const ORIGIN: &str = "https://page.example";

/// What a page has to ask for before it sends an operation: neither is a header of a simple request.
const ASKED_HEADERS: &str = "content-type,x-amz-target";

impl ScenarioContext {
    /// Asks whether the page may post an operation to the pool.
    ///
    /// # Errors
    /// Where the target names no pool.
    pub async fn ask_for_a_page(&mut self) -> Result<(), Error> {
        let url = self.target.url("cognito")?;
        let url = Url::parse(url).map_err(|error| Error::Step(error.to_string()))?;
        let request = Request::new("OPTIONS", &url.target)
            .header("Origin", ORIGIN)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", ASKED_HEADERS);
        let how = Variation::Documented;
        self.exchange(Operation::Preflight, None, &how, &url, &request)
            .await;
        Ok(())
    }
}
