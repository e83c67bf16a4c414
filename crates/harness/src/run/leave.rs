//! Leave to create and change things at a vendor: always given at a mock, by the user alone at a real
//! endpoint. What was created there is deleted again where the vendor has a call for it.

use std::time::Duration;

use locum_core::Secret;
use serde_json::Value;

use super::context::ScenarioContext;
use crate::Error;
use crate::caller::ApiRequest;
use crate::caller::cognito::{BEHIND_TEMPORARY, CHOSEN_NAME};
use crate::evidence::{CallVariation, Exchange, Operation, Variation};
use crate::http::Reply;
use crate::verdict::Scenario;

/// Why a scenario is not played at a real endpoint.
pub(crate) const NO_LEAVE: &str =
    "it creates or changes something at the vendor, which needs --allow-writes";

/// How long a copy of what was deleted may be read from before that is a fault.
const COPIES_END: Duration = Duration::from_secs(10);

/// Something that the caller created, and how it is called back.
#[derive(Debug)]
pub(crate) struct CreatedThing {
    /// The path at which it is deleted, below the API's address.
    path: String,
    /// The token that it was created with.
    token: Secret,
}

impl ScenarioContext {
    /// Ends the scenario as not applicable where nothing may be created or changed.
    ///
    /// # Errors
    /// That there is no leave.
    pub fn needs_leave(&mut self) -> Result<(), Error> {
        match self.may_write {
            true => Ok(()),
            false => Err(self.lacks(NO_LEAVE)),
        }
    }

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
            });
        }
    }

    /// Deletes what the caller created, at `path` of the API.
    ///
    /// # Errors
    /// Where there is no leave.
    pub(crate) async fn delete(&mut self, path: &str) -> Result<(), Error> {
        self.needs_leave()?;
        let (Some(path), Ok(token)) = (self.of_created(path), self.token().cloned()) else {
            self.log
                .limitation("nothing was created that could be deleted");
            return Ok(());
        };
        let reply = self.send_deletion(&path, &token.value).await?;
        if reply.is_some_and(|reply| (200..300).contains(&reply.status)) {
            self.created_things.retain(|thing| thing.path != path);
        }
        Ok(())
    }

    /// Reads what was deleted at `path`, and once more where it is served: a copy of it may be read from
    /// for some seconds.
    pub(crate) async fn read_deleted(&mut self, path: &str) -> Result<(), Error> {
        self.read(path, &Variation::Documented).await?;
        let reads = self.log.evidence().documented(Operation::Read);
        let is_served = reads.last().is_some_and(|read| read.is_served());
        if is_served && self.pass_within_a_step(COPIES_END).await? {
            self.read(path, &Variation::Documented).await?;
        }
        Ok(())
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

/// The temporary account's new password, where a run at a real endpoint gave it one: how its owner
/// finds it, never the password itself.
pub fn changed_password(scenarios: &[Scenario]) -> Option<String> {
    let answers: Vec<Exchange<'_>> = scenarios
        .iter()
        .flat_map(|scenario| scenario.evidence.exchanges_for(Operation::AnswerChallenge))
        .filter(Exchange::is_served)
        .collect();
    if answers.is_empty() {
        return None;
    }
    let is = match answers.iter().any(|answer| answer.shows(CHOSEN_NAME)) {
        true => format!("that of LOCUM_TEMP_PASSWORD with {BEHIND_TEMPORARY} behind it"),
        false => "that of LOCUM_TEMP_NEW_PASSWORD".to_owned(),
    };
    Some(format!(
        "the password of LOCUM_TEMP_USERNAME was changed: it is now {is}"
    ))
}

/// What was created at a real endpoint and is still there, a sentence a scenario.
pub fn left_behind(scenarios: &[Scenario]) -> Vec<String> {
    let told = |scenario: &Scenario| {
        let served = |operation: Operation| {
            let exchanges = scenario.evidence.exchanges_for(operation);
            exchanges.filter(Exchange::is_served).count()
        };
        let calls = scenario.evidence.varied(Operation::Call);
        let wrongly = calls.filter(|call| is_creation(call) && call.is_served());
        let created = served(Operation::Create) + served(Operation::SendForm) + wrongly.count();
        let left = created.saturating_sub(served(Operation::Delete));
        (left > 0).then(|| {
            format!(
                "{}: {left} of {created} created and not deleted ({})",
                scenario.key, scenario.title
            )
        })
    };
    scenarios.iter().filter_map(told).collect()
}

/// Whether a varied call asks for something to be made: what should have been refused, and was not.
fn is_creation(call: &Exchange<'_>) -> bool {
    let shows_a_token_in_a_form = *call.variation == Variation::Call(CallVariation::TokenInForm);
    call.request.method == "POST" && !shows_a_token_in_a_form
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use locum_core::{ManualClock, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::evidence::EvidenceLog;
    use crate::http::Request;

    fn check(reply: &Value, expected: Option<&str>) {
        let id = reply.as_object().and_then(id_of);
        assert_eq!(id.as_deref(), expected, "{reply}");
    }

    #[test]
    fn a_new_password_is_told_by_where_it_is_found() {
        let answered = |name: &str, status: u16| {
            let clock = ManualClock::at(Timestamp::from_seconds(1_795_514_400));
            let mut log = EvidenceLog::new(Arc::new(clock), Duration::ZERO);
            log.hide("pw-0123456789", name);
            let request = Request::new("POST", "/").body("pw-0123456789");
            let operation = Operation::AnswerChallenge;
            let seq = log.request(operation, None, &Variation::Documented, &request);
            let tokens = json!({"AccessToken": "a", "IdToken": "i", "RefreshToken": "r"});
            let body = json!({"AuthenticationResult": tokens}).to_string();
            let reply = Reply {
                status,
                headers: Vec::new(),
                body: body.into_bytes(),
            };
            log.reply(seq, Ok(&reply));
            let mut scenario = crate::report::testing::answered(200, ("a", "b"), "{}");
            scenario.evidence = log.into_parts().0;
            scenario
        };
        let told = |password, status| changed_password(&[answered(password, status)]);
        let derived = told("chosen password", 200).expect("it was changed");
        assert!(
            derived.ends_with("LOCUM_TEMP_PASSWORD with -Lo9 behind it"),
            "{derived}"
        );
        let own = told("new password", 200).expect("it was changed");
        assert!(own.ends_with("that of LOCUM_TEMP_NEW_PASSWORD"), "{own}");
        assert_eq!(told("chosen password", 400), None);
        assert_eq!(changed_password(&[]), None);
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
        assert_eq!(told("with the token in a form", "POST", 200), 0);
        assert_eq!(told("at /scribe/1", "GET", 200), 0);
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
