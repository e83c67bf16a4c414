//! `locum env`: the variables that point a client at a running `locum serve`.

use locum_core::setting::nearest;
use locum_server::environment::{self, EnvironmentFormat, Wanted};
use serde_json::Value;

use super::remote::RemoteStage;
use super::{Failure, args};
use args::EnvFormat;

/// Prints them.
pub(super) fn run(args: &args::Env) -> Result<u8, Failure> {
    let stage = RemoteStage::new(&args.server)?;
    let document = super::block_on(stage.get(""))??;
    let served: Vec<&str> = names(&document);
    let vendors = match &args.vendor {
        None => served,
        Some(vendor) if served.contains(&vendor.as_str()) => vec![vendor.as_str()],
        Some(vendor) => return Err(unknown(vendor, &served)),
    };
    if args.tls && document["tls"].is_null() {
        return Err(Failure::usage("the server does not speak TLS")
            .hint("start it with --tls, or leave --tls out here"));
    }
    let wanted = Wanted {
        tls: args.tls,
        ..Wanted::default()
    };
    let variables = environment::variables(&document, &vendors, wanted);
    let format = format(args.format);
    let text = environment::written(&variables, format).map_err(|name| {
        Failure::usage(format!("{name} holds {}", format.limit()))
            .hint("--format json says everything")
    })?;
    super::say(&text);
    Ok(0)
}

fn names(document: &Value) -> Vec<&str> {
    let vendors = document["vendors"].as_object().into_iter();
    vendors
        .flat_map(|vendors| vendors.keys().map(String::as_str))
        .collect()
}

fn unknown(vendor: &str, served: &[&str]) -> Failure {
    let hint = match nearest(vendor, served.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it serves {}", served.join(", ")),
    };
    Failure::usage(format!("the server has no vendor `{vendor}`")).hint(hint)
}

const fn format(format: EnvFormat) -> EnvironmentFormat {
    match format {
        EnvFormat::Sh => EnvironmentFormat::Sh,
        EnvFormat::Dotenv => EnvironmentFormat::Dotenv,
        EnvFormat::Json => EnvironmentFormat::Json,
        EnvFormat::Github => EnvironmentFormat::Github,
        EnvFormat::Powershell => EnvironmentFormat::Powershell,
    }
}
