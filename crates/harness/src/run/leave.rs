//! Leave to create and change things at a vendor: always given at a mock, by the user alone at a real
//! endpoint.

use super::context::ScenarioContext;
use crate::Error;
use crate::caller::cognito::{BEHIND_TEMPORARY, CHOSEN_NAME};
use crate::evidence::{Exchange, Operation};
use crate::verdict::Scenario;

/// Why a scenario is not played at a real endpoint.
pub(crate) const NO_LEAVE: &str =
    "it creates or changes something at the vendor, which needs --allow-writes";

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use locum_core::{ManualClock, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::evidence::{EvidenceLog, Variation};
    use crate::http::{Reply, Request};

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
}
