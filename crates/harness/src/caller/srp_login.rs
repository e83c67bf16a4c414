//! Logins by SRP that end in a proof: the right one, or one with a single thing changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::srp::srp_date;
use super::srp_client::{Claim, SrpClient};
use crate::Error;
use crate::caller::cognito::{User, pair};
use crate::catalogue::Supplied;
use crate::evidence::{Operation, ProofVariation, Variation};
use crate::run::context::ScenarioContext;

/// A login by SRP that was begun, and what a right answer to its challenge has.
struct Begun {
    parameters: Value,
    name: String,
    time: String,
    proof: [u8; 32],
}

impl ScenarioContext {
    /// Signs in by SRP, rightly or with the one thing changed that `variation` names.
    ///
    /// # Errors
    /// Where an account is missing, or the vendor begins no login by SRP for this client.
    pub async fn prove_srp(&mut self, variation: &Variation) -> Result<(), Error> {
        let change = match variation {
            Variation::Proof(change) => Some(*change),
            _ => None,
        };
        let Some(user) = self.user_of_proof(change)? else {
            return Ok(());
        };
        let Some(mut begun) = self.begin_srp(change, &user).await? else {
            return Ok(());
        };
        let mut client = self.target.credential("client_id").to_owned();
        match change {
            Some(ProofVariation::FirstByte) => begun.proof[0] ^= 0x80,
            Some(ProofVariation::LastByte) => begun.proof[31] ^= 1,
            Some(ProofVariation::AnotherTime) => {
                begun.time = srp_date(self.vendor_now().plus(std::time::Duration::from_secs(1)));
            }
            Some(ProofVariation::AnotherBlock) => {
                let Some(later) = self.begin_srp(change, &user).await? else {
                    return Ok(());
                };
                begun.parameters = later.parameters;
            }
            Some(ProofVariation::AnotherUser) => begun.name = self.second_user()?.0,
            Some(ProofVariation::AnotherClient) => client = self.other_pool_client()?,
            _ => {}
        }
        let mut responses = json!({
            "USERNAME": begun.name,
            "PASSWORD_CLAIM_SECRET_BLOCK": begun.parameters["SECRET_BLOCK"],
            "TIMESTAMP": begun.time,
            "PASSWORD_CLAIM_SIGNATURE": STANDARD.encode(begun.proof),
        });
        if let (Some(responses), Some(name)) = (responses.as_object_mut(), left_out(change)) {
            responses.remove(name);
        }
        let body = json!({
            "ChallengeName": "PASSWORD_VERIFIER",
            "ClientId": client,
            "ChallengeResponses": responses,
        });
        let reply = self.cognito(Operation::ProveSrp, variation, &body).await?;
        let result = reply.map(|reply| reply.json()["AuthenticationResult"].clone());
        if let Some(result) = result.filter(|result| pair(result).is_some()) {
            self.keep(&result);
        }
        Ok(())
    }

    /// Who proves a password, with which; `None` where nobody was supplied whom a variation looks at
    /// beside the first account.
    fn user_of_proof(&mut self, change: Option<ProofVariation>) -> Result<Option<User>, Error> {
        let needed = match change {
            Some(ProofVariation::SecondFactor) => Some(Supplied::SecondFactor),
            Some(ProofVariation::Temporary) => Some(Supplied::Temporary),
            Some(ProofVariation::AnotherUser) => Some(Supplied::AnotherUser),
            Some(ProofVariation::AnotherClient) => Some(Supplied::AnotherClient),
            _ => None,
        };
        if needed.is_some_and(|needed| self.target.supplied(needed).is_none()) {
            return Ok(None);
        }
        match change {
            Some(ProofVariation::SecondFactor) => Ok(Some(self.second_factor_user()?.0)),
            Some(ProofVariation::Temporary) => self.temporary_user().map(Some),
            _ => Ok(Some(self.user())),
        }
    }

    /// Begins a login of `user`; `None` where its challenge cannot be answered.
    async fn begin_srp(
        &mut self,
        change: Option<ProofVariation>,
        (name, password): &User,
    ) -> Result<Option<Begun>, Error> {
        let client = SrpClient::new(rand::random());
        let body = json!({
            "AuthFlow": "USER_SRP_AUTH",
            "ClientId": self.target.credential("client_id"),
            "AuthParameters": {"USERNAME": name, "SRP_A": client.public_hex()},
        });
        let begins = Variation::Documented;
        let reply = self.cognito(Operation::StartSrp, &begins, &body).await?;
        let Some(reply) = reply else {
            return Ok(None);
        };
        if (400..500).contains(&reply.status) {
            let begun = self.log.evidence().documented(Operation::StartSrp);
            let is_served = begun.into_iter().any(|begun| begun.is_served());
            let is_throttled = self.was_asked_for_patience();
            return match is_served || is_throttled {
                true => Ok(None),
                false => Err(self.lacks("the vendor begins no login by SRP for this client")),
            };
        }
        let parameters = reply.json()["ChallengeParameters"].clone();
        let pool = self.target.credential("user_pool_id");
        let pool = pool.split_once('_').map_or(pool, |(_, suffix)| suffix);
        let time = srp_date(self.vendor_now());
        let another = format!("Lo8-{}", password.expose());
        let password = match change {
            Some(ProofVariation::AnotherPassword) => &another,
            _ => password.expose(),
        };
        let claim = Claim {
            pool,
            password,
            time: &time,
        };
        let proof = client.proof(&parameters, &claim);
        let Some(proof) = proof else {
            self.log
                .limitation("the parameters of the challenge cannot be read");
            return Ok(None);
        };
        let name = parameters["USER_ID_FOR_SRP"].as_str().unwrap_or(name);
        Ok(Some(Begun {
            name: name.to_owned(),
            parameters,
            time,
            proof,
        }))
    }

    /// Whether the vendor's latest reply asked for patience.
    fn was_asked_for_patience(&self) -> bool {
        let latest = self.log.evidence().exchanges().last();
        latest.is_some_and(|latest| latest.asks_for_patience() || latest.status() == 429)
    }
}

/// The member of the answer that is left out.
const fn left_out(change: Option<ProofVariation>) -> Option<&'static str> {
    match change {
        Some(ProofVariation::NoProof) => Some("PASSWORD_CLAIM_SIGNATURE"),
        Some(ProofVariation::NoBlock) => Some("PASSWORD_CLAIM_SECRET_BLOCK"),
        Some(ProofVariation::NoTime) => Some("TIMESTAMP"),
        Some(ProofVariation::NoUserName) => Some("USERNAME"),
        _ => None,
    }
}
