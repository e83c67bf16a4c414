//! The variables that point clients at mocks, from a stage document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The variable that names the vendors.
const VENDOR: &str = "LOCUM_VENDOR";
/// The variable that names the control API of the stage.
const CONTROL_URL: &str = "LOCUM_CONTROL_URL";
/// The variable that names the file with the authority to trust.
const CA_FILE: &str = "LOCUM_CA_FILE";

/// Variables by their names.
pub type Variables = BTreeMap<String, String>;

/// How variables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentFormat {
    /// `export NAME='value'`
    #[default]
    Sh,
    /// `NAME="value"`, for an .env file
    Dotenv,
    /// One JSON object
    Json,
    /// Lines for the file that GITHUB_ENV names
    Github,
    /// `$env:NAME = 'value'`
    Powershell,
}

impl EnvironmentFormat {
    /// What a value that it cannot say holds.
    pub const fn limit(self) -> &'static str {
        match self {
            Self::Dotenv => "a line end, or signs that readers of .env files read differently",
            _ => "a line end, which this format cannot say",
        }
    }
}

/// Which of a stage's variables are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The file with the authority to trust; addresses are those over TLS when it is given, or when
    /// `tls` says so.
    pub ca_file: Option<&'a str>,
    /// Whether addresses are those over TLS.
    pub tls: bool,
}

/// The variables of these vendors of the stage: of one vendor the plain names and those with its
/// name in them, of several the latter alone.
pub fn variables(document: &Value, vendors: &[&str], wanted: Wanted<'_>) -> Variables {
    let is_one = vendors.len() == 1;
    let mut variables = Variables::new();
    for vendor in vendors {
        let told = &document["vendors"][*vendor];
        let prefix = prefix(vendor);
        let members = told["env"].as_object().into_iter().flatten();
        for (name, value) in members {
            let is_common = [VENDOR, CONTROL_URL, CA_FILE].contains(&name.as_str());
            if is_one || is_common || name.starts_with(&prefix) {
                let value = value.as_str().unwrap_or_default();
                let value = if wanted.tls {
                    over_tls(told, value)
                } else {
                    value
                };
                variables.insert(name.clone(), value.to_owned());
            }
        }
    }
    variables.insert(VENDOR.to_owned(), vendors.join(","));
    if let Some(file) = wanted.ca_file {
        variables.insert(CA_FILE.to_owned(), file.to_owned());
    }
    variables
}

/// What the variables of a vendor alone begin with.
fn prefix(vendor: &str) -> String {
    format!("LOCUM_{}_", vendor.to_ascii_uppercase().replace('-', "_"))
}

/// The address over TLS where `value` is an address of the vendor; else `value`.
fn over_tls<'a>(vendor: &'a Value, value: &'a str) -> &'a str {
    let urls = vendor["urls"].as_object().into_iter().flatten();
    let mut names = urls.filter(|(_, url)| *url == value).map(|(name, _)| name);
    let secure = names.find_map(|name| vendor["tls_urls"][name].as_str());
    secure.unwrap_or(value)
}

/// What published clients read by themselves: the AWS SDKs' own variables where a vendor stands for
/// Amazon Cognito, and, with a file, the names by which the authorities to trust are told.
pub fn well_known(document: &Value, vendors: &[&str], wanted: Wanted<'_>) -> Variables {
    let mut variables = Variables::new();
    for vendor in vendors {
        let told = &document["vendors"][*vendor];
        let Some(cognito) = told["urls"]["cognito"].as_str() else {
            continue;
        };
        let url = if wanted.tls {
            over_tls(told, cognito)
        } else {
            cognito
        };
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
        ] {
            variables.insert(name.to_owned(), url.to_owned());
        }
    }
    if let Some(file) = wanted.ca_file {
        variables.extend(authorities(file));
    }
    variables
}

/// The names by which published clients are told the file with the authorities to trust.
pub fn authorities(file: &str) -> Variables {
    let names = [
        "AWS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
    ];
    let named = names.map(|name| (name.to_owned(), file.to_owned()));
    named.into_iter().collect()
}

/// The variables in this format.
///
/// # Errors
/// The name of one that it cannot say, for the [reason](EnvironmentFormat::limit) of the format.
pub fn written(variables: &Variables, format: EnvironmentFormat) -> Result<String, &str> {
    if format == EnvironmentFormat::Json {
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
        EnvironmentFormat::Sh => Some(format!(
            "export {name}='{}'\n",
            value.replace('\'', r"'\''")
        )),
        EnvironmentFormat::Powershell => Some(format!("$env:{name} = '{}'\n", powershell(value))),
        EnvironmentFormat::Github => Some(format!("{name}={value}\n")),
        EnvironmentFormat::Dotenv | EnvironmentFormat::Json => {
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

/// The inside of a string in single quotes, for which PowerShell takes the curved ones, too
/// (`about_Quoting_Rules`).
fn powershell(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(letter);
        }
        quoted.push(letter);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let vendor = |slug: &str, port: u16| {
            let (plain, secure) = (
                format!("http://127.0.0.1:{port}/t"),
                format!("https://127.0.0.1:{}/t", port + 1),
            );
            let name = slug.to_ascii_uppercase();
            json!({
                "urls": {"token": plain, "cognito": plain},
                "tls_urls": {"token": secure, "cognito": secure},
                "env": {
                    "LOCUM_VENDOR": slug,
                    "LOCUM_CONTROL_URL": "http://127.0.0.1:1/_locum/stages/s",
                    "LOCUM_TOKEN_URL": plain,
                    "LOCUM_CLIENT_ID": "id",
                    format!("LOCUM_{name}_TOKEN_URL"): plain,
                    format!("LOCUM_{name}_CLIENT_ID"): "id",
                },
            })
        };
        json!({"vendors": {"acme": vendor("acme", 10), "bolt": vendor("bolt", 20)}})
    }

    #[test]
    fn plain_names_are_for_one_vendor_only() {
        let one = variables(&document(), &["acme"], Wanted::default());
        assert_eq!(one["LOCUM_VENDOR"], "acme");
        assert_eq!(one["LOCUM_TOKEN_URL"], "http://127.0.0.1:10/t");
        assert_eq!(one["LOCUM_ACME_TOKEN_URL"], "http://127.0.0.1:10/t");
        assert_eq!(
            one["LOCUM_CONTROL_URL"],
            "http://127.0.0.1:1/_locum/stages/s"
        );
        let two = variables(&document(), &["acme", "bolt"], Wanted::default());
        assert_eq!(two["LOCUM_VENDOR"], "acme,bolt");
        assert!(!two.contains_key("LOCUM_TOKEN_URL") && !two.contains_key("LOCUM_CLIENT_ID"));
        assert_eq!(two["LOCUM_BOLT_TOKEN_URL"], "http://127.0.0.1:20/t");
    }

    #[test]
    fn over_tls_addresses_are_https_and_the_authority_is_named() {
        let wanted = Wanted {
            ca_file: Some("ca.pem"),
            tls: true,
        };
        let one = variables(&document(), &["acme"], wanted);
        assert_eq!(one["LOCUM_TOKEN_URL"], "https://127.0.0.1:11/t");
        assert_eq!(one["LOCUM_CLIENT_ID"], "id");
        assert_eq!(one["LOCUM_CA_FILE"], "ca.pem");
        let known = well_known(&document(), &["acme"], wanted);
        assert_eq!(known["AWS_ENDPOINT_URL"], "https://127.0.0.1:11/t");
        assert_eq!(known["SSL_CERT_FILE"], "ca.pem");
    }

    fn check(format: EnvironmentFormat, value: &str, expected: &str) {
        let variables = Variables::from([("LOCUM_X".to_owned(), value.to_owned())]);
        assert_eq!(written(&variables, format).as_deref(), Ok(expected));
    }

    #[test]
    fn each_format_keeps_the_value() {
        check(
            EnvironmentFormat::Sh,
            "a 'b' $c",
            "export LOCUM_X='a '\\''b'\\'' $c'\n",
        );
        check(
            EnvironmentFormat::Dotenv,
            "http://h:1/a",
            "LOCUM_X=http://h:1/a\n",
        );
        check(
            EnvironmentFormat::Dotenv,
            "a $b \"c\"",
            "LOCUM_X='a $b \"c\"'\n",
        );
        check(
            EnvironmentFormat::Dotenv,
            "it's #1",
            "LOCUM_X=\"it's #1\"\n",
        );
        check(EnvironmentFormat::Github, "a b=c", "LOCUM_X=a b=c\n");
        check(
            EnvironmentFormat::Powershell,
            "it's $b",
            "$env:LOCUM_X = 'it''s $b'\n",
        );
        check(
            EnvironmentFormat::Powershell,
            "a\u{2019}; b",
            "$env:LOCUM_X = 'a\u{2019}\u{2019}; b'\n",
        );
        check(
            EnvironmentFormat::Json,
            "a\nb",
            "{\n  \"LOCUM_X\": \"a\\nb\"\n}\n",
        );
    }

    #[test]
    fn what_readers_of_env_files_read_differently_is_not_written() {
        for value in ["it's $b", "it's \"b\"", r"a\b", "${HOME}"] {
            let variables = Variables::from([("LOCUM_X".to_owned(), value.to_owned())]);
            assert_eq!(
                written(&variables, EnvironmentFormat::Dotenv),
                Err("LOCUM_X")
            );
        }
    }

    #[test]
    fn a_line_end_is_said_in_json_only() {
        let variables = Variables::from([("LOCUM_X".to_owned(), "a\nb".to_owned())]);
        for format in [
            EnvironmentFormat::Sh,
            EnvironmentFormat::Dotenv,
            EnvironmentFormat::Github,
            EnvironmentFormat::Powershell,
        ] {
            assert_eq!(written(&variables, format), Err("LOCUM_X"));
        }
    }
}
