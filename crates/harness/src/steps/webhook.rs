//! A vendor that delivers events to a receiver of the client.

use cucumber::when;

use crate::Error;
use crate::run::context::World;
use crate::webhook;

#[when("the vendor delivers an event twice, a second apart")]
async fn delivers(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let Some(url) = context.webhook.clone() else {
        let what = "no receiver was named: --webhook URL names one";
        context.not_applicable = Some(what.to_owned());
        return Ok(());
    };
    let first = webhook::deliver(&url).await;
    context.log.control(webhook::CALL, &first);
    tokio::time::sleep(webhook::PAUSE).await;
    let second = webhook::deliver(&url).await;
    context.log.control(webhook::CALL, &second);
    Ok(())
}
