//! Creating one object with all that belongs to it.

use std::sync::Arc;

use serde_json::Value;

use super::call::refusal;
use super::proof::Proof;
use super::{ApiRequest, Client};
use crate::clock::span;
use crate::failure::Failure;
use crate::http::{Body, Reply, Request, Url};
use crate::login::fault_failure;
use crate::vendor::Grant;

/// Looks at the state of a job.
const MAX_LOOKS: u32 = 10;
const BOUNDARY: &str = "locum-demo-boundary";

impl Client {
    /// Creates an object at `path`.
    pub(crate) async fn create(self: &Arc<Self>, path: &str) -> Result<(), Failure> {
        match self.vendor.grant {
            Grant::Password => self.create_scribe(path).await,
            Grant::Cognito => self.create_task(path).await,
            Grant::ClientCredentials(_) => self.post(path, self.document()).await.map(drop),
        }
    }

    fn document(&self) -> ApiBody {
        let id = u64::from_le_bytes(self.random.bytes());
        let text = self
            .vendor
            .create
            .replace("{id}", &format!("demo-{id:016x}"));
        ("application/json".to_owned(), text.into_bytes())
    }

    /// A create is sent once: nobody knows whether a lost one was carried out.
    async fn post(
        self: &Arc<Self>,
        path: &str,
        (media_type, body): ApiBody,
    ) -> Result<Reply, Failure> {
        let reply = self
            .call(ApiRequest {
                method: "POST".to_owned(),
                url: self.api_url(path)?,
                headers: vec![("Content-Type".to_owned(), media_type)],
                body: Body::Bytes(body),
            })
            .await?;
        refusal(&reply).map_or(Ok(reply), Err)
    }

    /// "audio_files or transcripts": a scribe of one transcript, polled until it is done.
    async fn create_scribe(self: &Arc<Self>, path: &str) -> Result<(), Failure> {
        let switches = &self.behaviour.job;
        let ids: &[&str] = if switches.ids_with_commas {
            &["1042,2056"]
        } else {
            &["1042", "2056"]
        };
        let fields = ids.iter().map(|id| ("template_ids", *id));
        let fields = fields.chain([("transcripts", "The patient feels well.")]);
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        let media_type = if switches.names_boundary {
            format!("multipart/form-data; boundary={BOUNDARY}")
        } else {
            "multipart/form-data".to_owned()
        };
        let reply = self.post(path, (media_type, body.into_bytes())).await?;
        let job: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let id = &job["scribe_id"];
        if id.is_null() {
            return Err(Failure::other("the reply names no scribe"));
        }
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        self.poll(&format!("{path}/{id}")).await
    }

    async fn poll(self: &Arc<Self>, path: &str) -> Result<(), Failure> {
        for _ in 0..MAX_LOOKS {
            tokio::time::sleep(span(self.behaviour.job.poll_gap_s)).await;
            let reply = self.call(ApiRequest::get(self.api_url(path)?)).await?;
            if let Some(failure) = refusal(&reply) {
                return Err(failure);
            }
            let job: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            match job["status"].as_str() {
                Some("COMPLETED") => return Ok(()),
                Some("FAILED") => return Err(Failure::other("the scribe has failed")),
                // A state that nobody documented may come before the end, too.
                _ => {}
            }
        }
        Err(Failure::other("the scribe is not done yet"))
    }

    /// A task, and its file to the URL of the reply, which holds its own grant.
    async fn create_task(self: &Arc<Self>, path: &str) -> Result<(), Failure> {
        let reply = self.post(path, self.document()).await?;
        let task: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let url = task["url"].as_str();
        let url = url.ok_or_else(|| Failure::other("the reply names no URL for the file"))?;
        let mut upload = Request::new("PUT", Url::parse(url)?);
        upload.body = Body::Bytes(b"%PDF-1.4 demo".to_vec());
        if self.behaviour.signing.signs_presigned
            && let Proof::Signature(entry, session_token) = self.proof().await?
        {
            upload = self.signed(upload, &entry, &session_token);
        }
        let reply = self.http.send(&upload, None).await;
        let reply = reply.map_err(|fault| fault_failure(&fault))?;
        refusal(&reply).map_or(Ok(()), Err)
    }
}

/// Media type and bytes.
type ApiBody = (String, Vec<u8>);
