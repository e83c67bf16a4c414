//! A running `locum serve`, asked through its control API.

use locum_core::Secret;
use locum_harness::Error;
use locum_harness::target::ControlClient;
use serde_json::Value;

use super::{Failure, args, failure};

/// Where `locum serve` listens unless it is told otherwise.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:4700";

/// One stage of a running server.
#[derive(Debug)]
pub(super) struct RemoteStage {
    control: ControlClient,
    url: String,
    name: String,
}

impl RemoteStage {
    /// The one that the flags name; nothing is sent yet.
    pub(super) fn new(server: &args::Server) -> Result<Self, Failure> {
        let given = server.url.clone();
        let url = given
            .or_else(|| std::env::var("LOCUM_CONTROL_URL").ok())
            .filter(|url| !url.is_empty())
            .unwrap_or_else(|| DEFAULT_URL.to_owned());
        let (base, stage) = parts(&url);
        let name = server.stage.clone().or(stage);
        let token = server.control_token.clone().map(Secret::new);
        let control = ControlClient::new(&base, token).map_err(|error| failed(&base, &error))?;
        Ok(Self {
            control,
            url: base,
            name: name.unwrap_or_else(|| "default".to_owned()),
        })
    }

    /// Where its server answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The answer of `GET …path` below the stage.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let path = format!("/stages/{}{path}", self.name);
        let answer = self.control.get(&path).await;
        answer.map_err(|error| failed(&self.url, &error))
    }

    /// The answer of any call below the stage, as it came.
    pub(super) async fn text(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<String, Failure> {
        let path = format!("/stages/{}{path}", self.name);
        let answer = self.control.text(method, &path, body).await;
        answer.map_err(|error| failed(&self.url, &error))
    }

    /// The answer of `POST …path` below the stage.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let path = format!("/stages/{}{path}", self.name);
        let answer = self.control.post(&path, body).await;
        answer.map_err(|error| failed(&self.url, &error))
    }
}

/// The server's URL, and the stage that a URL such as `http://h/_locum/stages/t1` names.
fn parts(url: &str) -> (String, Option<String>) {
    let url = url.trim_end_matches('/');
    let Some((base, rest)) = url.split_once("/_locum") else {
        return (url.to_owned(), None);
    };
    let stage = rest.strip_prefix("/stages/").map(str::to_owned);
    (base.to_owned(), stage)
}

fn failed(url: &str, error: &Error) -> Failure {
    let mut failure = Failure::unreachable(format!("{url}: {error}"));
    let hint = match error {
        Error::Refused { status: 401, .. } => {
            "give the token that `locum serve` printed: --control-token, LOCUM_CONTROL_TOKEN"
        }
        Error::Refused { .. } => {
            failure.code = failure::USAGE;
            return failure;
        }
        _ => "start one with `locum serve`, or name it: --url URL, LOCUM_URL",
    };
    failure.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, base: &str, stage: Option<&str>) {
        let (found, name) = parts(url);
        assert_eq!((found.as_str(), name.as_deref()), (base, stage), "{url}");
    }

    #[test]
    fn a_url_may_name_a_stage() {
        check("http://h:1", "http://h:1", None);
        check("http://h:1/", "http://h:1", None);
        check("http://h:1/_locum", "http://h:1", None);
        check("http://h:1/m/_locum/stages/t1/", "http://h:1/m", Some("t1"));
    }
}
