//! Several instances of the client under test, and new credentials for a living one.

use cucumber::{given, when};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::run::context::{ScenarioContext, World};
use crate::subject::driver::client_config;
use crate::target::Target;

/// The instances of a scenario that has three.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// What a new secret is called in the log, and made of: it fits every vendor's rules.
const NEW_SECRET: &str = "Lo-new+secret-9";

/// Beside the first instance one with credentials of its own, and one that differs from the first
/// by one thing only.
#[given("two more instances, one with other credentials and one that differs in one thing")]
async fn three(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let second = context.target.second_account();
    let second = second.and_then(|account| context.target.with_account(&context.profile, account));
    let Some(second) = second else {
        return Err(context.lacks("the vendor has no second account"));
    };
    let alike = context.alike().await?;
    for (name, target) in [(NAMES[1], second), (NAMES[2], alike)] {
        for (value, word) in target.secrets() {
            context.log.hide(&value, &word);
        }
        context.start_instance(name, client_config(&target)).await?;
    }
    Ok(())
}

/// Of a client that speaks it.
#[given("an instance for the second version of the API")]
async fn second_version(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.lacks_cap("v2") {
        return Ok(());
    }
    let url = context.target.url("api_v2")?.to_owned();
    let mut config = client_config(&context.target);
    config.insert("api_url".to_owned(), url.into());
    context.start_instance(NAMES[0], config).await
}

#[when(regex = r"^the three instances make (\d+) calls each, in turn$")]
async fn in_turn(world: &mut World, n: usize) -> Result<(), Error> {
    let context = world.context()?;
    for _ in 0..n {
        for name in NAMES {
            let call = context.sample_call(name)?;
            context.ask_all(vec![call]).await?;
        }
    }
    Ok(())
}

/// The vendor takes only the new secret from now on, and the client is told.
#[when("the account gets a new secret, and the client is given it")]
async fn new_secret(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.lacks_cap("set_credentials") {
        return Ok(());
    }
    context.log.hide(NEW_SECRET, "new secret");
    let (list, name, secret) = match context.target.credential("username") {
        "" => ("clients", "client_id", "client_secret"),
        _ => ("users", "username", "password"),
    };
    let account = json!({
        name: context.target.credential(name),
        secret: NEW_SECRET,
    });
    context.change_account(list, account).await?;
    let mut config = Map::new();
    config.insert(secret.to_owned(), NEW_SECRET.into());
    context.set_client_credentials(config).await
}

#[when("the client is given another account")]
async fn other_account(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    match context.target.second_account() {
        Some(account) => {
            for secret in ["client_secret", "password"] {
                if let Some(value) = account.get(secret).and_then(Value::as_str) {
                    context.log.hide(value, "second account's secret");
                }
            }
            context.set_client_credentials(account).await
        }
        None => Err(context.lacks("the vendor has no second account")),
    }
}

impl ScenarioContext {
    /// The same place as somebody who differs from the first account by one thing: the same client
    /// in another tenant, or the same secret under another name.
    async fn alike(&mut self) -> Result<Target, Error> {
        let account = match self.target.same_client_elsewhere() {
            Some(account) => account,
            None => self.namesake().await?,
        };
        let target = self.target.with_account(&self.profile, account);
        target.ok_or_else(|| self.lacks("the vendor has no such account"))
    }

    async fn namesake(&mut self) -> Result<Map<String, Value>, Error> {
        let (list, name, secret) = match self.target.credential("username") {
            "" => ("clients", "client_id", "client_secret"),
            _ => ("users", "username", "password"),
        };
        let other = match self.target.credential(name).split_once('@') {
            Some((user, host)) => format!("{user}-alike@{host}"),
            None => format!("{}-alike", self.target.credential(name)),
        };
        let account = json!({name: other, secret: self.target.credential(secret)});
        self.change_account(list, account.clone()).await?;
        Ok(account.as_object().cloned().unwrap_or_default())
    }

    /// Changes or adds one account of the vendor.
    pub(crate) async fn change_account(&mut self, list: &str, account: Value) -> Result<(), Error> {
        let accounts = json!({list: [account]});
        let tenant = self.target.credential("tenant");
        let accounts = match tenant {
            "" => accounts,
            tenant => json!({"realms": [{"name": tenant, list: accounts[list]}]}),
        };
        let change = json!({&self.profile.vendor: accounts});
        self.mock()?.change_principals(&change).await?;
        self.log.control("principals", &change);
        Ok(())
    }
}
