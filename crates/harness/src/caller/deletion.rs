//! Deletes what the caller created, where the vendor has a call for it: as a scenario asks for it, and
//! at a real endpoint in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use locum_core::Secret;
use serde_json::Value;

use super::ApiRequest;
use crate::Error;
use crate::evidence::{Evidence, Exchange, Operation, Variation};
use crate::http::Reply;
use crate::run::context::ScenarioContext;
use crate::verdict::Scenario;

/// How long a copy of what was deleted may be read from before that is a fault.
pub(super) const COPIES_END: Duration = Duration::from_secs(10);

/// Something that the caller created, and how it is called back.
#[derive(Debug)]
pub(crate) struct CreatedThing {
    /// The path at which it is deleted, below the API's address.
    path: String,
    /// The token that it was created with.
    token: Secret,
    /// Whether its deletion was accepted, and nothing has shown it since.
    is_deleted: bool,
}

impl ScenarioContext {
    /// Remembers what `reply` says was created at `path`, to delete it in the end.
    pub(crate) fn remember_created(&mut self, path: &str, token: &Secret, reply: &Reply) {
        let is_created = (200..300).contains(&reply.status);
        let id = reply.json().as_object().and_then(id_of);
        let place = path.trim_end_matches('/');
        if let (true, Some(id)) = (is_created, id)
            && self.deletes(place)
        {
            self.created_things.push(CreatedThing {
                path: format!("{place}/{id}"),
                token: token.clone(),
                is_deleted: false,
            });
        }
    }

    /// What the caller created at `path` of the API, filled; nothing that it merely heard of.
    fn created_at(&mut self, path: &str) -> Option<&mut CreatedThing> {
        let path = self.of_created(path)?;
        let mut things = self.created_things.iter_mut();
        things.find(|thing| thing.path == path)
    }

    /// Deletes what the caller created, at `path` of the API.
    ///
    /// # Errors
    /// Where there is no leave.
    pub(crate) async fn delete(&mut self, path: &str) -> Result<(), Error> {
        self.needs_leave()?;
        let found = self.created_at(path);
        let Some((place, token)) = found.map(|thing| (thing.path.clone(), thing.token.clone()))
        else {
            self.log
                .limitation("nothing was created that could be deleted");
            return Ok(());
        };
        let reply = self.send_deletion(&place, &token).await?;
        let is_deleted = reply.is_some_and(|reply| (200..300).contains(&reply.status));
        if let Some(thing) = self.created_at(path) {
            thing.is_deleted = is_deleted;
        }
        Ok(())
    }

    /// Reads what was deleted at `path`, and once more where it is served: a copy of it may be read from
    /// for some seconds. What is there even then is deleted again in the end.
    pub(crate) async fn read_deleted(&mut self, path: &str) -> Result<(), Error> {
        self.read(path, &Variation::Documented).await?;
        let Some(place) = self.created_at(path).map(|thing| thing.path.clone()) else {
            return Ok(());
        };
        if is_still_read(self.log.evidence(), &place) && self.pass_within_a_step(COPIES_END).await?
        {
            self.read(path, &Variation::Documented).await?;
        }
        let is_there = is_still_read(self.log.evidence(), &place);
        if let Some(thing) = self.created_at(path) {
            thing.is_deleted &= !is_there;
        }
        Ok(())
    }

    /// Reads each thing that the caller created, and once more what is not there at once: a copy may be
    /// read from for some seconds.
    pub(crate) async fn read_each_created(&mut self) -> Result<(), Error> {
        let things = self.created_things.iter();
        let places: Vec<String> = things.map(|thing| thing.path.clone()).collect();
        if places.is_empty() {
            self.log
                .limitation("nothing was created that could be read");
        }
        let mut absent = Vec::new();
        for place in places {
            let how = Variation::Documented;
            let read = self.read_at(Operation::Read, &place, &how).await?;
            if read.is_some_and(|reply| (400..500).contains(&reply.status)) {
                absent.push(place);
            }
        }
        if absent.is_empty() || !self.pass_within_a_step(COPIES_END).await? {
            return Ok(());
        }
        for place in absent {
            let how = Variation::Documented;
            self.read_at(Operation::Read, &place, &how).await?;
        }
        Ok(())
    }

    /// Changes what the caller created at `path` of the API, as `body` says: the caller does it, or the
    /// one that `variation` names.
    ///
    /// # Errors
    /// Where there is no leave.
    pub(crate) async fn update(
        &mut self,
        path: &str,
        body: &str,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(mut call) = self.call_of_created(path, variation).await? else {
            return Ok(());
        };
        "PATCH".clone_into(&mut call.method);
        call.body = Some(("application/json".to_owned(), body.trim().to_owned()));
        let request = call.request();
        self.exchange(Operation::Update, None, variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// Somebody else tries to delete what the caller created at `path` of the API.
    ///
    /// # Errors
    /// Where there is no leave.
    pub(crate) async fn delete_as(
        &mut self,
        path: &str,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(mut call) = self.call_of_created(path, variation).await? else {
            return Ok(());
        };
        "DELETE".clone_into(&mut call.method);
        let request = call.request();
        self.exchange(Operation::Delete, None, variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// A call at what the caller created at `path`, by the caller or by the one that `variation` names.
    async fn call_of_created(
        &mut self,
        path: &str,
        variation: &Variation,
    ) -> Result<Option<ApiRequest>, Error> {
        self.needs_leave()?;
        let found = self.created_at(path);
        let Some((place, token)) = found.map(|thing| (thing.path.clone(), thing.token.clone()))
        else {
            self.log
                .limitation("nothing was created that could be changed");
            return Ok(None);
        };
        let who = match variation {
            Variation::By(other) => self.other(*other).await?,
            _ => Some((self.target.clone(), token)),
        };
        let Some((target, token)) = who else {
            return Ok(None);
        };
        let url = format!("{}{place}", self.target.url("api")?);
        let call = ApiRequest::to(&self.profile, &target, &url, token.expose())?;
        Ok(Some(call))
    }

    async fn send_deletion(&mut self, path: &str, token: &Secret) -> Result<Option<Reply>, Error> {
        let url = format!("{}{path}", self.target.url("api")?);
        let mut call = ApiRequest::to(&self.profile, &self.target, &url, token.expose())?;
        "DELETE".clone_into(&mut call.method);
        let (how, request) = (Variation::Documented, call.request());
        Ok(self
            .exchange(Operation::Delete, None, &how, &call.url, &request)
            .await)
    }

    /// Whether the vendor has a call that deletes what is at `place`.
    fn deletes(&self, place: &str) -> bool {
        self.profile.endpoints.values().any(|endpoint| {
            let parent = endpoint.path.rsplit_once('/').map(|(parent, _)| parent);
            endpoint.methods.iter().any(|method| method == "DELETE")
                && parent.is_some_and(|parent| parent.ends_with(place))
        })
    }

    /// Deletes what the caller created at a real endpoint, the last one first. A mock's stage ends
    /// with all that is on it.
    pub(crate) async fn delete_created(&mut self) -> Result<(), Error> {
        if self.stage.is_some() {
            return Ok(());
        }
        while let Some(thing) = self.created_things.pop() {
            if thing.is_deleted {
                continue;
            }
            self.send_deletion(&thing.path, &thing.token).await?;
        }
        Ok(())
    }
}

/// The id in the reply to a creation: the first member that is called one.
fn id_of(members: &serde_json::Map<String, Value>) -> Option<String> {
    let mut ids = members
        .iter()
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with("id"));
    ids.find_map(|(_, value)| match value {
        Value::String(text) if is_one_segment(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Whether a text from a reply can stand in a path as it is.
fn is_one_segment(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('.')
}

/// What was created at a real endpoint and is still there, a sentence a scenario.
pub fn left_behind(scenarios: &[Scenario]) -> Vec<String> {
    let told = |scenario: &Scenario| {
        let served = |operation: Operation| {
            let exchanges = scenario.evidence.exchanges_for(operation);
            exchanges.filter(Exchange::is_served)
        };
        let calls = scenario.evidence.varied(Operation::Call);
        // What should have been refused, and was not.
        let wrongly = calls.filter(|call| call.request.method == "POST" && call.is_served());
        let meant = served(Operation::Create).chain(served(Operation::SendForm));
        let created: Vec<Exchange<'_>> = meant.chain(wrongly).collect();
        let gone = deleted(scenario);
        let left = created.len().saturating_sub(gone.len());
        let ids = created
            .iter()
            .filter_map(|one| id_of(one.json().as_object()?));
        let is_there = |id: &String| !gone.iter().any(|path| path.ends_with(&format!("/{id}")));
        let ids: BTreeSet<String> = ids.filter(is_there).collect();
        let named = match ids.is_empty() {
            true => String::new(),
            false => format!(": {}", Vec::from_iter(ids).join(", ")),
        };
        (left > 0).then(|| {
            format!(
                "{}: {left} of {} created and not deleted{named} ({})",
                scenario.key,
                created.len(),
                scenario.title
            )
        })
    };
    scenarios.iter().filter_map(told).collect()
}

/// Whether what stood at a path that ends in `place` is there although its deletion was accepted: the last
/// read since that tells anything shows it. A deletion that finds nothing where another was accepted
/// before says that it is gone, too.
fn is_still_read(evidence: &Evidence, place: &str) -> bool {
    let says_gone = |one: &Exchange<'_>| one.is_served() || matches!(one.status(), 404 | 410);
    let deletions = evidence.documented(Operation::Delete);
    let of_it = deletions.filter(|one| one.path().ends_with(place) && says_gone(one));
    let Some(deletion) = of_it.last() else {
        return false;
    };
    let reads = evidence.documented(Operation::Read);
    let since = reads.filter(|one| one.path().ends_with(place) && one.seq > deletion.seq);
    let told = since.filter(|one| one.is_served() || one.is_refused());
    told.last().is_some_and(|read| read.shows_what_is_there())
}

/// The paths of what was deleted: where a deletion was accepted, and the last read since shows nothing.
/// A deletion that finds nothing where another was accepted before says so too.
fn deleted(scenario: &Scenario) -> BTreeSet<&str> {
    let deletions = scenario.evidence.exchanges_for(Operation::Delete);
    let accepted = deletions.filter(Exchange::is_served);
    let paths = accepted.map(|deletion| deletion.path());
    paths
        .filter(|path| !is_still_read(&scenario.evidence, path))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use locum_core::{ManualClock, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::evidence::EvidenceLog;
    use crate::http::Request;

    fn check(reply: &Value, expected: Option<&str>) {
        let id = reply.as_object().and_then(id_of);
        assert_eq!(id.as_deref(), expected, "{reply}");
    }

    /// A creation that should have been refused is left behind like one that was meant.
    #[test]
    fn what_was_made_of_nothing_is_told() {
        let told = |phrase: &str, method: &str, status: u16| {
            let mut scenario = crate::report::testing::answered(200, ("a", "b"), "{}");
            let clock = ManualClock::at(Timestamp::from_seconds(1_795_514_400));
            let mut log = EvidenceLog::new(Arc::new(clock), Duration::ZERO);
            let how = Variation::parse(Operation::Call, phrase).expect(phrase);
            let request = Request::new(method, "/");
            let seq = log.request(Operation::Call, None, &how, &request);
            let reply = Reply {
                status,
                headers: Vec::new(),
                body: b"{}".to_vec(),
            };
            log.reply(seq, Ok(&reply));
            scenario.evidence = log.into_parts().0;
            left_behind(&[scenario]).len()
        };
        assert_eq!(told("by POST, and at /scribe", "POST", 202), 1);
        assert_eq!(told("without a token", "POST", 202), 1);
        assert_eq!(told("by POST, and at /scribe", "POST", 422), 0);
        assert_eq!(told("at /scribe/1", "GET", 200), 0);
    }

    /// A scenario in which something was created, and what came of it: operation, path and status.
    fn left(exchanges: &[(Operation, &str, u16)]) -> usize {
        let mut scenario = crate::report::testing::answered(200, ("a", "b"), "{}");
        let clock = ManualClock::at(Timestamp::from_seconds(1_795_514_400));
        let mut log = EvidenceLog::new(Arc::new(clock), Duration::ZERO);
        for (operation, path, status) in exchanges {
            let request = Request::new("GET", path);
            let seq = log.request(*operation, None, &Variation::Documented, &request);
            let reply = Reply {
                status: *status,
                headers: Vec::new(),
                body: b"{}".to_vec(),
            };
            log.reply(seq, Ok(&reply));
        }
        scenario.evidence = log.into_parts().0;
        left_behind(&[scenario]).len()
    }

    /// What is asked for when `/i/{id}` is to be deleted, after this reply to its creation. Nobody is
    /// there: what is asked for is written down, and breaks off.
    async fn deletes(status: u16, created: &Value) -> Vec<String> {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        let profile = crate::testing::profile(|profile| {
            let mut thing = profile.endpoints["token"].clone();
            "/i/{id}".clone_into(&mut thing.path);
            thing.methods = vec!["DELETE".to_owned()];
            profile.endpoints.insert("thing".to_owned(), thing);
        });
        let target = json!({"base": "http://127.0.0.1:1", "urls": {"api": "http://127.0.0.1:1"}});
        let target = serde_json::from_value(target).expect("a target");
        let mut context = ScenarioContext::new(profile, target, None, clock, Duration::ZERO);
        context.may_write = true;
        context.created = created.clone();
        let reply = Reply {
            status,
            headers: Vec::new(),
            body: created.to_string().into_bytes(),
        };
        context.remember_created("/i/", &Secret::new("t0p-secret"), &reply);
        let sent = context.delete("/i/{id}").await;
        sent.expect("the vendor is not the harness");
        let evidence = context.log.evidence();
        let deletions = evidence.exchanges_for(Operation::Delete);
        deletions.map(|one| one.path().to_owned()).collect()
    }

    /// A refusal may name what somebody else made, and an id may lead elsewhere.
    #[tokio::test]
    async fn nothing_is_deleted_but_what_was_created() {
        assert_eq!(deletes(201, &json!({"id": "i-1"})).await, ["/i/i-1"]);
        for (status, id) in [
            (409, json!("i-1")),
            (201, json!("a/b")),
            (201, json!("")),
            (201, json!("..")),
            (201, json!(7)),
            (201, Value::Null),
        ] {
            let sent = deletes(status, &json!({"id": id})).await;
            assert!(sent.is_empty(), "{status} {id}: {sent:?}");
        }
    }

    #[test]
    fn a_deletion_without_effect_leaves_something_behind() {
        use Operation::{Create, Delete, Read};
        let created = (Create, "/i/", 201);
        let read = |status| (Read, "/i/1", status);
        let deletion = |status| (Delete, "/i/1", status);
        assert_eq!(left(&[created, read(200), deletion(204)]), 0);
        assert_eq!(left(&[created, read(200), deletion(403)]), 1);
        let copied = [created, read(200), deletion(204), read(200), read(404)];
        assert_eq!(left(&copied), 0, "a copy was read, and then nothing");
        let there = [created, read(200), deletion(204), read(200)];
        assert_eq!(left(&there), 1);
        let again = |status| left(&[&there[..], &[deletion(status)]].concat());
        assert_eq!([again(204), again(404), again(403)], [0, 0, 1]);
        let other = [created, created, deletion(204), deletion(204)];
        assert_eq!(left(&other), 1, "the same was deleted twice");
    }

    #[test]
    fn the_id_of_what_was_created_is_found() {
        check(
            &json!({"interactionId": "0d9f-2a52", "websocketUrl": "wss://h"}),
            Some("0d9f-2a52"),
        );
        check(&json!({"scribe_id": 12345}), Some("12345"));
        check(&json!({"status": "new"}), None);
        // A vendor's reply must not lead a deletion elsewhere.
        for odd in ["", "..", ".", "a/b", "a?b", "a b", "%2e%2e"] {
            check(&json!({"id": odd}), None);
        }
    }
}
