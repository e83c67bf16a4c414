//! The harness as a user who hands in documents: creates a task, lists and reads tasks, deletes what it
//! created.

use serde_json::{Value, json};

use super::deletion::COPIES_END;
use super::signature::{Signing, sign};
use crate::Error;
use crate::catalogue::Supplied;
use crate::evidence::{Operation, Other, SignInVariation, Variation};
use crate::http::{Reply, Request, Url};
use crate::run::context::ScenarioContext;

/// What a list is asked for: the links to what came of each task, too.
const LIST_QUERY: &str = "?includePresigned=True";

/// A company that nobody has named.
const NOBODY: &str = "locum-nobody";

/// The smallest file that is a PDF by its first line.
const DOCUMENT: &str = "%PDF-1.4\n%%EOF\n";

impl ScenarioContext {
    /// Creates a task.
    ///
    /// # Errors
    /// Where there is no leave.
    pub async fn create_task(&mut self) -> Result<(), Error> {
        self.needs_leave()?;
        self.created = self.create_task_as(&Variation::Documented).await?;
        Ok(())
    }

    /// Lists the tasks.
    pub async fn list_tasks(&mut self) -> Result<(), Error> {
        let found = self.list_tasks_as(&Variation::Documented).await?;
        if self.created.is_null() {
            self.created = found["tasks"][0].clone();
        }
        Ok(())
    }

    /// Lists the tasks of a company that has none.
    pub async fn list_tasks_of_nobody(&mut self) -> Result<(), Error> {
        let query = format!("{LIST_QUERY}&company={NOBODY}");
        self.list_tasks_by(&query, &Variation::Documented)
            .await
            .map(drop)
    }

    /// Reads the task that was created, or else the first that was listed; what was created and is not
    /// there, once more some seconds later.
    pub async fn read_task(&mut self) -> Result<(), Error> {
        let how = &Variation::Documented;
        let reply = self.task("GET", Operation::Read, how).await?;
        let is_absent = reply.is_some_and(|reply| reply.status == 404);
        if is_absent && self.has_created() && self.pass_within_a_step(COPIES_END).await? {
            self.task("GET", Operation::Read, how).await?;
        }
        Ok(())
    }

    fn has_created(&self) -> bool {
        let mut created = self.log.evidence().documented(Operation::Create);
        created.any(|created| created.is_served())
    }

    /// Puts a document to the address that a creation told, once as it was told and once without its
    /// query.
    ///
    /// # Errors
    /// Where the address is one that nothing is sent to.
    pub async fn put_document(&mut self) -> Result<(), Error> {
        let Some(url) = self.created["url"].as_str() else {
            self.log.limitation("a creation told no url");
            return Ok(());
        };
        let (url, api) = (Url::parse(url), self.signed_url()?);
        let Ok(url) = url else {
            self.log.limitation("the url of a creation cannot be used");
            return Ok(());
        };
        // A vendor does not lead its caller to a server of the caller's own.
        if !url.same_origin(&api) && (!url.tls || url.is_here()) {
            return Err(
                self.lacks("the url of a creation is neither https nor at the API's address")
            );
        }
        let bare = url.target.split('?').next().unwrap_or_default().to_owned();
        let (documented, bare) = (
            (url.target.clone(), Variation::Documented),
            (bare, Variation::WithoutGrant),
        );
        for (target, variation) in [documented, bare] {
            if target == url.target && !variation.is_documented() {
                self.log.limitation("the url of a creation has no query");
                continue;
            }
            let request = Request::new("PUT", &target).body(DOCUMENT);
            self.exchange(Operation::UsePresigned, None, &variation, &url, &request)
                .await;
        }
        Ok(())
    }

    /// Deletes the task that was created.
    pub async fn delete_task(&mut self) -> Result<(), Error> {
        if !self.has_created() {
            return Ok(());
        }
        self.task("DELETE", Operation::Delete, &Variation::Documented)
            .await
            .map(drop)
    }

    /// Reads the task after its deletion, and once more some seconds later where it is still shown.
    pub async fn read_deleted_task(&mut self) -> Result<(), Error> {
        let reply = self
            .task("GET", Operation::Read, &Variation::Documented)
            .await?;
        let is_shown = reply.is_some_and(|reply| {
            (200..300).contains(&reply.status) && reply.json()["status"] != "DELETED"
        });
        if is_shown && self.pass_within_a_step(COPIES_END).await? {
            self.task("GET", Operation::Read, &Variation::Documented)
                .await?;
        }
        Ok(())
    }

    /// Another user creates a task of its own, lists its tasks, reads the first user's and deletes its
    /// own.
    ///
    /// # Errors
    /// Where no other user was supplied.
    pub async fn look_as_another_user(&mut self) -> Result<(), Error> {
        self.supplied(Supplied::AnotherUser)?;
        let (own, end, first) = (self.aws.take(), self.aws_end, self.created.take());
        let theirs = Variation::By(Other::User);
        let second = Variation::SignIn(SignInVariation::SecondUser);
        self.sign_in(&second).await?;
        self.fetch_credentials_again(&theirs).await?;
        self.created = self.create_task_as(&theirs).await?;
        self.list_tasks_as(&theirs).await?;
        let made = std::mem::replace(&mut self.created, first);
        self.task("GET", Operation::Read, &theirs).await?;
        let first = std::mem::replace(&mut self.created, made);
        if self.created["jobid"].is_string() {
            self.task("DELETE", Operation::Delete, &theirs).await?;
        }
        (self.aws, self.aws_end, self.created) = (own, end, first);
        Ok(())
    }

    async fn create_task_as(&mut self, variation: &Variation) -> Result<Value, Error> {
        let url = self.signed_url()?;
        let body = json!({"filetype": "pdf", "filename": "locum.pdf"});
        let request = Request::new("POST", &url.target)
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let reply = self.send_signed(Operation::Create, variation, &url, request);
        Ok(reply.await?.map(|reply| reply.json()).unwrap_or_default())
    }

    async fn list_tasks_as(&mut self, variation: &Variation) -> Result<Value, Error> {
        self.list_tasks_by(LIST_QUERY, variation).await
    }

    async fn list_tasks_by(&mut self, query: &str, variation: &Variation) -> Result<Value, Error> {
        let mut url = self.signed_url()?;
        url.target.push_str(query);
        let request = Request::new("GET", &url.target);
        let reply = self.send_signed(Operation::ListPage, variation, &url, request);
        Ok(reply.await?.map(|reply| reply.json()).unwrap_or_default())
    }

    /// Asks for the task that is kept.
    async fn task(
        &mut self,
        method: &str,
        operation: Operation,
        variation: &Variation,
    ) -> Result<Option<Reply>, Error> {
        let id = self.created["jobid"].as_str().filter(|id| is_segment(id));
        let Some(id) = id.map(str::to_owned) else {
            self.log.limitation("no task is known");
            return Ok(None);
        };
        let mut url = self.signed_url()?;
        url.target = format!("{}/{id}", url.target);
        let request = Request::new(method, &url.target);
        self.send_signed(operation, variation, &url, request).await
    }

    /// Signs `request` as it is and sends it.
    async fn send_signed(
        &mut self,
        operation: Operation,
        variation: &Variation,
        url: &Url,
        mut request: Request,
    ) -> Result<Option<Reply>, Error> {
        let Some(credentials) = self.aws.clone() else {
            self.log
                .limitation("there were no credentials to sign with");
            return Ok(None);
        };
        let facts = self.signature_facts()?;
        let scope = (facts.region.as_str(), facts.service.as_str());
        let how = Signing {
            hash_header: !request.body.is_empty(),
            host: true,
        };
        let (now, authority) = (self.vendor_now(), url.authority());
        let signed = sign(credentials, scope, now, &authority, &request, how)?;
        request.headers.extend(signed);
        Ok(self
            .exchange(operation, None, variation, url, &request)
            .await)
    }
}

/// Whether a text from a reply can stand in a path as it is.
fn is_segment(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_in_a_path_as_it_is() {
        assert!(is_segment("0a1b-2c_3.4"));
        for odd in ["", "..", "a/b", "a?b", "ä", "a b"] {
            assert!(!is_segment(odd), "{odd}");
        }
    }
}
