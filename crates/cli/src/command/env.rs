//! `locum env`: the variables that point a client at a running `locum serve`.

use locum_core::setting::nearest;
use serde_json::Value;

use super::environment::{self, Variables, Wanted};
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
    let text = written(&variables, args.format).map_err(|name| {
        let fault = match args.format {
            EnvFormat::Dotenv => {
                "a line end, or quotes that readers of .env files read differently"
            }
            _ => "a line end, which this format cannot say",
        };
        Failure::usage(format!("{name} holds {fault}")).hint("--format json says everything")
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

/// The variables in this format; the name of one that it cannot say otherwise.
fn written(variables: &Variables, format: EnvFormat) -> Result<String, &str> {
    if format == EnvFormat::Json {
        let text = serde_json::to_string_pretty(variables).expect("texts by texts");
        return Ok(text + "\n");
    }
    if let Some((name, _)) = variables
        .iter()
        .find(|(_, value)| value.contains(['\n', '\r']))
    {
        return Err(name);
    }
    let line = |(name, value): (&'_ String, &'_ String)| match format {
        EnvFormat::Sh => Some(format!(
            "export {name}='{}'\n",
            value.replace('\'', r"'\''")
        )),
        EnvFormat::Powershell => Some(format!("$env:{name} = '{}'\n", value.replace('\'', "''"))),
        EnvFormat::Github => Some(format!("{name}={value}\n")),
        EnvFormat::Dotenv | EnvFormat::Json => {
            dotenv(value).map(|value| format!("{name}={value}\n"))
        }
    };
    let lines = variables.iter();
    lines
        .map(|pair| line(pair).ok_or(pair.0.as_str()))
        .collect()
}

/// A value as shells, `docker run --env-file`, compose files and the libraries called dotenv all read
/// it: `docker run` takes quotes for a part of the value, so that there are none where none are needed.
/// `None` where they do not agree: some expand `${NAME}` even in single quotes, or take a backslash
/// away, and others do neither.
fn dotenv(value: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@%+,=".contains(c);
    if value.chars().all(is_plain) {
        return Some(value.to_owned());
    }
    if value.contains('\\') || value.contains("${") {
        return None;
    }
    if !value.contains('\'') {
        return Some(format!("'{value}'"));
    }
    (!value.contains(['"', '$', '`'])).then(|| format!("\"{value}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: EnvFormat, value: &str, expected: &str) {
        let variables = Variables::from([("LOCUM_X".to_owned(), value.to_owned())]);
        assert_eq!(written(&variables, format).as_deref(), Ok(expected));
    }

    #[test]
    fn each_format_keeps_the_value() {
        check(
            EnvFormat::Sh,
            "a 'b' $c",
            "export LOCUM_X='a '\\''b'\\'' $c'\n",
        );
        check(EnvFormat::Dotenv, "http://h:1/a", "LOCUM_X=http://h:1/a\n");
        check(EnvFormat::Dotenv, "a $b \"c\"", "LOCUM_X='a $b \"c\"'\n");
        check(EnvFormat::Dotenv, "it's #1", "LOCUM_X=\"it's #1\"\n");
        check(EnvFormat::Github, "a b=c", "LOCUM_X=a b=c\n");
        check(
            EnvFormat::Powershell,
            "it's $b",
            "$env:LOCUM_X = 'it''s $b'\n",
        );
        check(EnvFormat::Json, "a\nb", "{\n  \"LOCUM_X\": \"a\\nb\"\n}\n");
    }

    #[test]
    fn what_readers_of_env_files_read_differently_is_not_written() {
        for value in ["it's $b", "it's \"b\"", r"a\b", "${HOME}"] {
            let variables = Variables::from([("LOCUM_X".to_owned(), value.to_owned())]);
            assert_eq!(written(&variables, EnvFormat::Dotenv), Err("LOCUM_X"));
        }
    }

    #[test]
    fn a_line_end_is_said_in_json_only() {
        let variables = Variables::from([("LOCUM_X".to_owned(), "a\nb".to_owned())]);
        for format in [
            EnvFormat::Sh,
            EnvFormat::Dotenv,
            EnvFormat::Github,
            EnvFormat::Powershell,
        ] {
            assert_eq!(written(&variables, format), Err("LOCUM_X"));
        }
    }
}
