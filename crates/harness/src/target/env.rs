//! A real endpoint from the environment: which variables there are, and what is missing.

use std::fmt::Write as _;

use locum_core::Profile;
use locum_core::profile::Grant;

use super::Target;
use crate::Error;
use crate::catalogue::Supplied;
use crate::http::Url;

/// A variable of the environment that tells something of a real endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name behind `LOCUM_`.
    pub name: &'static str,
    /// What it holds.
    pub meaning: String,
    /// Whether nothing can be judged without it.
    pub required: bool,
    /// What it is a part of, when that may be left out.
    pub supplies: Option<Supplied>,
}

impl Variable {
    /// Its whole name: `LOCUM_CLIENT_ID`.
    pub fn full_name(&self) -> String {
        format!("LOCUM_{}", self.name)
    }

    fn required(name: &'static str, meaning: &str) -> Self {
        Self {
            name,
            meaning: meaning.to_owned(),
            required: true,
            supplies: None,
        }
    }
}

/// What the first account needs, by the credential's name.
const FIRST: [(&str, &str, &str); 8] = [
    ("CLIENT_ID", "client_id", "id of the client"),
    ("CLIENT_SECRET", "client_secret", "secret of the client"),
    ("USERNAME", "username", "name of the user"),
    ("PASSWORD", "password", "password of the user"),
    ("TENANT", "tenant", "tenant (realm) of the client"),
    ("REGION", "region", "AWS region of the pools and the API"),
    ("USER_POOL_ID", "user_pool_id", "id of the user pool"),
    (
        "IDENTITY_POOL_ID",
        "identity_pool_id",
        "id of the identity pool",
    ),
];

/// Whether a variable, named without `LOCUM_`, gives a part of the first account.
pub(crate) fn is_of_the_account(name: &str) -> bool {
    FIRST.iter().any(|(known, ..)| *known == name)
}

/// The variables for `profile`, those that are required first.
pub fn variables(profile: &Profile) -> Vec<Variable> {
    let required: &[&str] = match profile.token.grant {
        Grant::ClientCredentials => &["CLIENT_ID", "CLIENT_SECRET"],
        Grant::Password => &["USERNAME", "PASSWORD"],
        Grant::AuthorizationCode => &["CLIENT_ID"],
        Grant::Cognito => &[
            "USERNAME",
            "PASSWORD",
            "CLIENT_ID",
            "REGION",
            "USER_POOL_ID",
            "IDENTITY_POOL_ID",
        ],
    };
    let names = |name: &str| {
        let brace = format!("{{{name}}}");
        let sample = profile.api.sample.iter();
        profile
            .urls
            .values()
            .chain(sample)
            .any(|path| path.contains(&brace))
    };
    let mut all: Vec<Variable> = FIRST
        .iter()
        .filter(|(name, credential, _)| required.contains(name) || names(credential))
        .map(|(name, _, meaning)| Variable::required(name, meaning))
        .collect();
    if names("group") {
        let meaning = "id of a group that the client may read";
        all.push(Variable::required("GROUP_ID", meaning));
    }
    let has_secret = all.iter().any(|known| known.name == "CLIENT_SECRET");
    let supplied = Supplied::all().filter(|supplied| supplied.is_for(&profile.vendor));
    for supplied in supplied {
        // A further client is as secret as the first one.
        let needed = supplied
            .variables()
            .iter()
            .filter(|variable| has_secret || variable.member != "client_secret");
        all.extend(needed.enumerate().map(|(at, variable)| Variable {
            name: &variable.name,
            meaning: match at {
                0 => format!("{}: {}", supplied.what(), variable.meaning),
                _ => format!("… and {}", variable.meaning),
            },
            required: false,
            supplies: Some(supplied),
        }));
    }
    all
}

/// The variables as a table for a person: name, whether it is required and set, what it holds, and
/// for which rows. No value is shown.
pub fn table(profile: &Profile, read: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, required: bool, meaning: &str| {
        let need = if required { "required" } else { "optional" };
        let set = if is_set(name, &read) { "set" } else { "-" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<29} {need:<9} {set:<4} {meaning}");
    };
    let mut told = None;
    for variable in variables(profile) {
        let mut meaning = variable.meaning.clone();
        if let Some(supplied) = variable.supplies.filter(|one| told != Some(*one)) {
            meaning += &rows_of(supplied, &profile.vendor);
        }
        told = variable.supplies;
        line(&variable.full_name(), variable.required, &meaning);
    }
    for name in profile.urls.keys() {
        let name = format!("LOCUM_{}_URL", name.to_uppercase());
        let meaning = "this address, instead of the documented path below --url";
        line(&name, false, meaning);
    }
    if let Some(sample) = &profile.api.sample {
        let meaning = format!("path that the account may GET, instead of the sample {sample}");
        line(SAMPLE_PATH, false, &meaning);
    }
    text
}

const SAMPLE_PATH: &str = "LOCUM_SAMPLE_PATH";

/// Puts the path of `LOCUM_SAMPLE_PATH` in place of the sample call of the vendor's page: an account
/// need have nothing under the id that the page shows.
///
/// # Errors
/// When it is no path.
pub fn replace_sample(
    profile: &mut Profile,
    read: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let Some(path) = read(SAMPLE_PATH).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let is_path = path.starts_with('/') && !path.starts_with("//");
    if !is_path || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::Usage(format!(
            "{SAMPLE_PATH} is no path that begins with one slash, such as {}",
            profile.api.sample.as_deref().unwrap_or("/tasks")
        )));
    }
    profile.api.sample = Some(path);
    Ok(())
}

/// ` (for TOK-28, REF-13; further in SIG-13)`.
fn rows_of(supplied: Supplied, vendor: &str) -> String {
    let told = |word: &str, rows: Vec<&str>| {
        (!rows.is_empty()).then(|| format!("{word} {}", rows.join(", ")))
    };
    let alone = told("for", supplied.rows(vendor));
    let further = told("further in", supplied.further_rows(vendor));
    let parts: Vec<String> = alone.into_iter().chain(further).collect();
    format!(" ({})", parts.join("; "))
}

fn is_set(name: &str, read: &impl Fn(&str) -> Option<String>) -> bool {
    read(name).is_some_and(|value| !value.is_empty())
}

impl Target {
    /// A real endpoint: `base` is what stands before the vendor's documented paths, and the
    /// variables of the environment give the accounts and override single addresses.
    ///
    /// # Errors
    /// When `base` is not an http or https URL, or a variable is missing without which nothing can be judged.
    pub fn from_env(
        profile: &Profile,
        base: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let base = base.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base).ok();
        if !parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            return Err(Error::Usage(format!(
                "`{base}` is not an http or https URL"
            )));
        }
        let given = |name: &str| read(&format!("LOCUM_{name}")).filter(|value| !value.is_empty());
        let missing: Vec<String> = variables(profile)
            .iter()
            .filter(|variable| variable.required && given(variable.name).is_none())
            .map(Variable::full_name)
            .collect();
        if !missing.is_empty() {
            return Err(Error::MissingVariables {
                vendor: profile.vendor.clone(),
                missing,
                table: table(profile, &read),
            });
        }
        let mut target = Self::default();
        let known = variables(profile);
        let others: Vec<&Variable> = known.iter().filter(|one| one.supplies.is_some()).collect();
        for (variable, name, _) in FIRST {
            // Where the first account is a client, a user's variables are another account's.
            if others.iter().any(|other| other.name == variable) {
                continue;
            }
            if let Some(value) = given(variable) {
                target.credentials.insert(name.to_owned(), value.into());
            }
        }
        target.account_variables = known
            .iter()
            .filter(|variable| variable.required)
            .map(Variable::full_name)
            .collect();
        for name in ["GROUP_ID", "TENANT", "TEMPLATE_ID"] {
            if let Some(value) = given(name) {
                let value = part_of_an_address(name, value)?;
                target.env.insert(format!("LOCUM_{name}"), value);
            }
        }
        for variable in &others {
            let Some(supplied) = variable.supplies else {
                continue;
            };
            let mut parts = supplied.variables().iter();
            let part = parts.find(|part| part.name == variable.name);
            if let (Some(part), Some(mut value)) = (part, given(variable.name)) {
                if part.is_part_of_an_address {
                    value = part_of_an_address(variable.name, value)?;
                }
                let account = target.supplied.entry(supplied).or_default();
                account.insert(part.member.clone(), value.into());
            }
        }
        // What was supplied by half is not there.
        let is_whole = |supplied: Supplied| {
            let mut needed = others.iter().filter(|one| one.supplies == Some(supplied));
            needed.all(|one| given(one.name).is_some())
        };
        target.supplied.retain(|supplied, _| is_whole(*supplied));
        for (name, path) in &profile.urls {
            let variable = format!("{}_URL", name.to_uppercase());
            let own = given(&variable);
            let is_own = own.is_some();
            let url = own.unwrap_or_else(|| format!("{base}{path}"));
            let url = target.fill(&url).unwrap_or(url);
            if is_own && Url::parse(&url).is_err() {
                return Err(Error::Usage(format!(
                    "LOCUM_{variable} is not an http, https, ws or wss URL"
                )));
            }
            target.urls.insert(name.clone(), url);
        }
        target.base = base;
        Ok(target)
    }
}

/// What becomes a part of an address has no blank and no line break.
fn part_of_an_address(name: &str, value: String) -> Result<String, Error> {
    if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::Usage(format!(
            "LOCUM_{name} becomes a part of an address and has a blank or a line break"
        )));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &str, value: &str, expected: bool) {
        let profile = crate::testing::profile(|profile| {
            let path = "/token".to_owned();
            profile.urls.insert("token".to_owned(), path);
        });
        let read = |name: &str| Some(if name == variable { value } else { "" }.to_owned());
        let given = |name: &str| {
            let account = ["LOCUM_CLIENT_ID", "LOCUM_CLIENT_SECRET"].contains(&name);
            read(name)
                .filter(|value| !value.is_empty())
                .or(account.then(|| "given".to_owned()))
        };
        let target = Target::from_env(&profile, "http://127.0.0.1:1", given);
        match target {
            Ok(_) => assert!(expected, "{variable}={value:?}"),
            Err(Error::Usage(_)) => assert!(!expected, "{variable}={value:?}"),
            Err(other) => panic!("{variable}={value:?}: {other}"),
        }
    }

    /// Such values ended as our own fault, in each scenario anew.
    #[test]
    fn a_value_that_fits_no_address_is_a_usage_error() {
        check("LOCUM_GROUP_ID", "0d9f2a52", true);
        check("LOCUM_GROUP_ID", "a b", false);
        check("LOCUM_GROUP_ID", "a\nHost: b", false);
        check("LOCUM_TOKEN_URL", "http://127.0.0.1:2/t", true);
        check("LOCUM_TOKEN_URL", "https://a.example/t", true);
        check("LOCUM_TOKEN_URL", "banana", false);
    }

    fn given(variables: &[(&'static str, &'static str)]) -> Target {
        let profile = crate::testing::profile(|profile| {
            "corti".clone_into(&mut profile.vendor);
        });
        let all = [("LOCUM_CLIENT_ID", "me"), ("LOCUM_CLIENT_SECRET", "s")];
        let all: Vec<_> = all.iter().chain(variables).copied().collect();
        let read = |name: &str| {
            let found = all.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Target::from_env(&profile, "http://127.0.0.1:1", read).expect("a target")
    }

    #[test]
    fn what_was_supplied_is_there_as_a_whole_or_not_at_all() {
        let second = ("LOCUM_SECOND_CLIENT_ID", "other");
        let half = given(&[second]);
        assert!(half.supplied.is_empty());
        let whole = given(&[second, ("LOCUM_SECOND_CLIENT_SECRET", "o-s")]);
        let account = &whole.supplied[&Supplied::AnotherClient];
        assert_eq!(account["client_id"], "other");
        assert!(whole.secrets().iter().any(|(value, _)| value == "o-s"));
        // A person beside a client is no part of the first account.
        let person = given(&[("LOCUM_USERNAME", "ada"), ("LOCUM_PASSWORD", "p")]);
        assert_eq!(person.credential("username"), "");
        assert_eq!(person.supplied[&Supplied::Person]["username"], "ada");
    }

    #[test]
    fn a_path_of_ones_own_takes_the_place_of_the_sample() {
        let sample = |path: &str| {
            let mut profile = crate::testing::profile(|_| ());
            replace_sample(&mut profile, |_| Some(path.to_owned())).map(|()| profile.api.sample)
        };
        let page = crate::testing::profile(|_| ()).api.sample;
        assert_eq!(sample("").expect("nothing to replace"), page);
        let own = sample("/scribe/7").expect("a path");
        assert_eq!(own.as_deref(), Some("/scribe/7"));
        for path in [
            "scribe/7",
            "//other.example/x",
            "/a b",
            "https://a.example/x",
        ] {
            assert!(matches!(sample(path), Err(Error::Usage(_))), "{path}");
        }
    }

    #[test]
    fn the_table_says_for_which_rows_a_variable_is() {
        let profile = crate::testing::profile(|profile| {
            "corti".clone_into(&mut profile.vendor);
        });
        let text = table(&profile, |_| None);
        assert!(
            text.contains("a client without a secret: its id (for TOK-11)"),
            "{text}"
        );
        assert!(!text.contains("LOCUM_BARRED_CLIENT_ID"), "{text}");
    }
}
