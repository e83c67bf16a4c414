//! `locum token VENDOR`: a good access token of a running server, for a line of a shell.

use serde_json::{Map, Value};

use super::remote::RemoteStage;
use super::{Failure, args};

/// Has one minted, and prints nothing but its value.
pub(super) fn run(args: &args::Token) -> Result<u8, Failure> {
    let stage = RemoteStage::new(&args.server)?;
    let wanted = Value::Object(wanted(args)?);
    let minted = super::block_on(stage.post("/tokens", &wanted))??;
    let value = minted["value"].as_str();
    let value = value.ok_or_else(|| {
        Failure::unreachable("the server's answer holds no token")
            .hint("is it a `locum serve` of this version? GET /_locum/version says so")
    })?;
    super::say(&format!("{value}\n"));
    Ok(0)
}

/// What the call of the control API is told.
fn wanted(args: &args::Token) -> Result<Map<String, Value>, Failure> {
    let mut wanted = Map::new();
    wanted.insert("vendor".to_owned(), args.vendor.as_str().into());
    for (name, value) in [
        ("client", &args.client),
        ("user", &args.user),
        ("scope", &args.scope),
        ("defect", &args.defect),
    ] {
        if let Some(value) = value {
            wanted.insert(name.to_owned(), value.as_str().into());
        }
    }
    if let Some(lifetime) = args.lifetime {
        if lifetime.subsec_nanos() != 0 || lifetime.is_zero() {
            return Err(Failure::usage("--lifetime is one or more whole seconds"));
        }
        wanted.insert("lifetime_s".to_owned(), lifetime.as_secs().into());
    }
    Ok(wanted)
}
