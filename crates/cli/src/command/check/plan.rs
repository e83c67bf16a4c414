//! `locum check --plan`: what would be sent to a vendor's own endpoint, told without sending any of
//! it. The scenarios are rehearsed against the built-in mock, which stands for the endpoint: with the
//! kinds of accounts, the leave and the waits that the run itself would have.

use std::sync::Arc;

use locum_core::credential::CredentialStyle;
use locum_core::requirement::Judge;
use locum_core::{Profile, SystemClock};
use locum_harness::Error;
use locum_harness::http::{Trust, Url};
use locum_harness::report::requests::{self, Addresses};
use locum_harness::run::{CONCURRENCY, CheckOptions, Manners, TargetKind};
use locum_harness::target::{ControlClient, StageClient, StageSpec, Target, env};
use locum_harness::verdict::exit;
use locum_server::Vendor;

use super::{Failure, args, interrupt, manners, mocks, refused, report, select};

/// Rehearses and tells.
pub(super) async fn run(args: &args::Check, vendors: Vec<Arc<dyn Vendor>>) -> Result<u8, Failure> {
    let url = args.url.as_deref().unwrap_or_default();
    let [vendor] = &vendors[..] else {
        return Err(Failure::usage("--plan tells of one vendor's endpoint")
            .hint("name it: locum check VENDOR --url URL --plan"));
    };
    let profile = vendor.profile().clone();
    let variables = env::variables(&profile);
    let required = variables.iter().filter(|variable| variable.required);
    let required: Vec<String> = required.map(env::Variable::full_name).collect();
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let unset: Vec<&str> = required
        .iter()
        .map(String::as_str)
        .filter(|name| set(name).is_none())
        .collect();
    // Addresses can be told without the account: its variable stands in its place.
    let read = |name: &str| set(name).or_else(|| unset.contains(&name).then(|| name.to_owned()));
    let real = Target::from_env(&profile, url, read).map_err(|error| refused(&error))?;
    let started = mocks::Mocks::start(vendors, None)?;
    let (stage, stand_in) = stand_in(&started, &profile, &real)
        .await
        .map_err(|error| refused(&error))?;
    let mut addresses = addresses(&stand_in, &real);
    addresses.sample = sample(&profile, &stand_in, &real, set).map_err(|error| refused(&error))?;
    let profiles = vec![profile];
    let played = locum_harness::run::check(
        CheckOptions {
            webhook: None,
            profiles: profiles.clone(),
            judge: Judge::Vendor,
            target: TargetKind::Endpoint(Box::new(stand_in)),
            client: None,
            jobs: args.jobs.map_or(CONCURRENCY, usize::from),
            selection: select::selection(&args.judging.selecting, &profiles)?,
            seed: args.judging.seed.unwrap_or_default(),
            strict: false,
            fail_on: Vec::new(),
            resume: None,
            manners: Manners {
                rate: None,
                is_rehearsal: true,
                ..manners(args)
            },
            stop: interrupt::watch(),
            clock: Arc::new(SystemClock::new()),
        },
        |_| {},
    );
    let played = played.await.map_err(|error| refused(&error))?;
    // A stage that cannot be ended ends with its mocks.
    drop(stage.end().await);
    let rehearsed = played.report(&profiles);
    super::super::say(&requests::text(&rehearsed, &addresses, report::look()));
    if !unset.is_empty() {
        eprintln!(
            "note: not set, and needed for the run: {}",
            unset.join(", ")
        );
    }
    Ok(exit::CONFORMANT)
}

/// The mock in the endpoint's place, with what was supplied for that and nothing else.
async fn stand_in(
    mocks: &mocks::Mocks,
    profile: &Profile,
    real: &Target,
) -> Result<(StageClient, Target), Error> {
    let control = ControlClient::new(mocks.control_url(), None)?;
    let spec = StageSpec {
        name: String::new(),
        seed: 0,
        settings: serde_json::Map::new(),
        running: true,
        credentials: CredentialStyle::Plain,
    };
    let stage = StageClient::make(&control, &spec).await?;
    let mut target = stage.target(&profile.vendor)?;
    let supplied = real.supplied.iter().map(|(what, given)| {
        let own = target.supplied(*what);
        (*what, own.unwrap_or_else(|| given.clone()))
    });
    target.supplied = supplied.collect();
    target.principals.clear();
    target.account_variables.clone_from(&real.account_variables);
    if Url::parse(&real.base).is_ok_and(|url| url.tls) {
        over_tls(&mut target);
        let pem = stage.authority_pem().await?;
        target.trust = Trust::with_authorities(pem.as_bytes()).map_err(Error::Control)?;
    }
    target.trust = target.trust.only_here();
    target.tls_urls.clear();
    Ok((stage, target))
}

/// The same at the port that speaks TLS.
fn over_tls(target: &mut Target) {
    let authority = |url: &str| Url::parse(url).ok().map(|url| url.authority());
    let mut pairs = target.urls.iter().filter_map(|(name, plain)| {
        let secure = target.tls_urls.get(name)?;
        Some((authority(plain)?, authority(secure)?))
    });
    if let Some((plain, secure)) = pairs.next() {
        let (plain, secure) = (format!("http://{plain}"), format!("https://{secure}"));
        target.base = target.base.replacen(&plain, &secure, 1);
    }
    target.urls.clone_from(&target.tls_urls);
}

/// How the addresses of the mock read at the endpoint.
fn addresses(stand_in: &Target, real: &Target) -> Addresses {
    let credentials = stand_in.public_credentials();
    let credentials =
        credentials.map(|(name, own)| (own.to_owned(), real.credential(name).to_owned()));
    let given = real.env.iter();
    let given = given.filter_map(|(name, theirs)| {
        let own = stand_in.env.get(name)?;
        Some((own.clone(), theirs.clone()))
    });
    let words = credentials.chain(given);
    Addresses {
        urls: real.urls.clone(),
        base: (stand_in.base.clone(), real.base.clone()),
        sample: None,
        words: words
            .filter(|(own, theirs)| !own.is_empty() && !theirs.is_empty())
            .collect(),
    }
}

/// How the path of the sample call reads at the endpoint, where `LOCUM_SAMPLE_PATH` names another: the
/// mock, which has nothing there, is called at its own.
fn sample(
    profile: &Profile,
    stand_in: &Target,
    real: &Target,
    read: impl Fn(&str) -> Option<String>,
) -> Result<Option<(String, String)>, Error> {
    let mut own = profile.clone();
    env::replace_sample(&mut own, read)?;
    let (Some(page), Some(own)) = (&profile.api.sample, own.api.sample) else {
        return Ok(None);
    };
    if *page == own {
        return Ok(None);
    }
    let path = |target: &Target, path: &str| {
        let filled = target.fill(path).unwrap_or_else(|_| path.to_owned());
        filled.split('?').next().unwrap_or_default().to_owned()
    };
    Ok(Some((path(stand_in, page), path(real, &own))))
}
