//! How long the tokens of a scenario live: derived from what was measured of the client, so that a
//! careful client is not taken for one without a cache.

use std::time::Duration;

use locum_core::Profile;
use locum_core::profile::ExpiresIn;
use serde_json::{Map, Value, json};

use super::context::ScenarioContext;
use crate::Error;
use crate::catalogue::Expectation;
use crate::subject::ClockSelection;

/// The life of a token that is soon over for every client, whatever its margin, in seconds.
pub(crate) const SHORT_S: f64 = 2.0;

/// How long the harness waits for the end of such a token.
const PAST_SHORT: Duration = Duration::from_millis(2250);

/// What a client shows as proof, and what it is looked at for.
const PROOFS: [&str; 3] = ["access", "id", "aws"];

/// How much of a second one raw lifetime is, upside down: 1000 where the vendor tells milliseconds.
pub(crate) const fn raw_per_second(unit: ExpiresIn) -> u64 {
    match unit {
        ExpiresIn::Milliseconds => 1000,
        ExpiresIn::Absent | ExpiresIn::Seconds => 1,
    }
}

impl ScenarioContext {
    /// `seconds` as the vendor writes them into a lifetime field.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "lifetimes are small and not negative"
    )]
    pub fn raw_lifetime(&self, seconds: f64) -> u64 {
        (seconds * raw_per_second(self.profile.token.expires_in) as f64).round() as u64
    }

    /// The raw lifetime that outlasts every margin of the client.
    pub fn long_lifetime(&self) -> u64 {
        let longest = longest_lifetime(self);
        self.measurement
            .as_ref()
            .map_or(longest, |measurement| measurement.long().max(longest))
    }

    /// From now on tokens are issued with this raw lifetime, in every field that tells one.
    pub async fn set_lifetime(&mut self, raw: u64) -> Result<(), Error> {
        let settings = lifetime_settings(self, raw);
        let Some(stage) = &self.stage else {
            self.log.limitation("only a mock can be set to do it");
            return Ok(());
        };
        if settings.is_empty() {
            return Err(self.lacks("the vendor's profile names no setting for lifetimes"));
        }
        stage.set(&settings).await?;
        self.log.control("settings", &Value::Object(settings));
        Ok(())
    }

    /// Brings the client's token to its end: it was issued with a short life, which passes; later
    /// ones live long. It then ends at the vendor, too, so that a 401 tells a client that knows no
    /// time.
    pub async fn end_token(&mut self) -> Result<(), Error> {
        let long = self.long_lifetime();
        self.set_lifetime(long).await?;
        tokio::time::sleep(PAST_SHORT).await;
        self.expire_proofs().await
    }

    /// Lets the client's token come to its end as [`end_token`](Self::end_token) does; the next one
    /// lives short, too.
    pub async fn end_short_token(&mut self) -> Result<(), Error> {
        tokio::time::sleep(PAST_SHORT).await;
        self.expire_proofs().await
    }

    /// Ends at the vendor the AWS credentials alone.
    pub async fn expire_credentials(&mut self) -> Result<(), Error> {
        let selector = json!({"vendor": self.profile.vendor, "kind": "aws"});
        self.mock()?.expire_tokens(&selector).await?;
        self.log.control("tokens/expire", &selector);
        Ok(())
    }

    /// Ends at the vendor what the client shows as proof; refresh tokens live on.
    pub async fn expire_proofs(&mut self) -> Result<(), Error> {
        let vendor = self.profile.vendor.clone();
        for kind in PROOFS {
            let selector = json!({"vendor": vendor, "kind": kind});
            self.mock()?.expire_tokens(&selector).await?;
            self.log.control("tokens/expire", &selector);
        }
        Ok(())
    }
}

/// What is left of a token's life inside the margin, where the client's clock is turned.
const INSIDE_LIFETIME_S: f64 = 400.0;

/// From this margin on a token can be born inside it, in seconds.
const WIDE_MARGIN_S: f64 = 20.0;

impl ScenarioContext {
    /// Sets the lifetime of a token that will be inside the client's margin: half of the margin
    /// where that is wide, else one that the client's clock is turned through.
    pub async fn plan_margin(&mut self) -> Result<(), Error> {
        let Some(measurement) = self.measurement.clone() else {
            return Err(self.lacks("the client was not measured"));
        };
        if !measurement.has_margin() {
            return Err(self.lacks("the client has no margin"));
        }
        let wide = self.raw_lifetime(WIDE_MARGIN_S);
        if measurement.hi >= wide {
            return self.set_lifetime(measurement.hi / 2).await;
        }
        if self.lacks_cap("clock_offset") {
            let why = "the client's margin is narrow, and it does not claim clock_offset";
            return Err(self.lacks(why));
        }
        let raw = self.raw_lifetime(INSIDE_LIFETIME_S);
        self.set_lifetime(raw).await
    }

    /// Turns the client's clock so that half of its margin is left, where the token was not born
    /// inside it; later tokens live long.
    pub async fn enter_margin(&mut self) -> Result<(), Error> {
        let long = self.long_lifetime();
        self.set_lifetime(long).await?;
        let Some(measurement) = self.measurement.clone() else {
            return Ok(());
        };
        if measurement.hi >= self.raw_lifetime(WIDE_MARGIN_S) {
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
        let margin_s = match measurement.share {
            Some((least, _)) => least * INSIDE_LIFETIME_S,
            None => measurement.lo as f64 / self.raw_lifetime(1.0) as f64,
        };
        let offset_s = INSIDE_LIFETIME_S - margin_s / 2.0;
        self.set_client_clock(offset_s, ClockSelection::Both).await
    }
}

/// The settings of a stage on which a client is judged.
pub(crate) fn judging_settings(profile: &Profile) -> Map<String, Value> {
    let settings = profile.judging.iter();
    settings
        .map(|(name, value)| (format!("{}.{name}", profile.vendor), value.clone()))
        .collect()
}

/// The longest raw lifetime that probes tell.
pub(crate) fn longest_lifetime(context: &ScenarioContext) -> u64 {
    let expected = Expectation::of("EXP-01", &context.profile.vendor);
    let generic = 172_800 * raw_per_second(context.profile.token.expires_in);
    expected.longest_lifetime.unwrap_or(generic)
}

/// All of the vendor's settings for lifetimes, with this value.
pub(crate) fn lifetime_settings(context: &ScenarioContext, raw: u64) -> Map<String, Value> {
    let facts = &context.profile.token;
    let names = facts.lifetime_settings.iter();
    names
        .chain(&facts.credentials_lifetime_setting)
        .map(|name| (format!("{}.{name}", context.profile.vendor), json!(raw)))
        .collect()
}
