//! From the text of a `vendor.toml` to a profile, or to everything that is wrong with it.

use std::fmt;

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue, Deserializer};

use super::Profile;
use super::check::{self, ValueFault};
use crate::setting::nearest;

/// Why a file cannot be used as a profile: every fault that was found, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file, as the caller named it.
    pub file: String,
    /// What is wrong; at least one.
    pub faults: Vec<ProfileFault>,
}

/// One thing that is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong there, a lowercase fragment.
    pub fault: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let line_end = if at == 0 { "" } else { "\n" };
            write!(f, "{line_end}{}:{}: {}", self.file, fault.line, fault.fault)?;
            if let Some(hint) = &fault.hint {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ProfileError {}

/// The keys without a default, by the table that has them; `*` stands for each table below.
pub(super) const REQUIRED: &[(&[&str], &[&str])] = &[
    (
        &[],
        &["vendor", "title", "urls", "endpoints", "token", "denials"],
    ),
    (&["endpoints", "*"], &["methods", "path"]),
    (&["token"], &["grant", "expires_in", "lifetime_s"]),
    (
        &["socket"],
        &["token_parameter", "token_prefix", "max_frame"],
    ),
    (&["signature"], &["region", "service"]),
    (&["denials", "*"], &["status"]),
    (&["settings", "*"], &["default", "reason"]),
];

pub(super) fn parse(file: &str, text: &str) -> Result<Profile, ProfileError> {
    read(text).map_err(|mut faults| {
        faults.sort_by_key(|fault| fault.line);
        ProfileError {
            file: file.to_owned(),
            faults,
        }
    })
}

fn read(text: &str) -> Result<Profile, Vec<ProfileFault>> {
    let parsed = || DeTable::parse(text).map_err(|error| vec![of_toml(text, &error)]);
    // Read once where nothing is wrong: a server starts with this.
    if let Ok(profile) = Profile::deserialize(Deserializer::from(parsed()?))
        && check::check(&profile).is_empty()
    {
        return Ok(profile);
    }
    let document = parsed()?;
    let mut missing = Vec::new();
    for (tables, keys) in REQUIRED {
        look_for(
            document.get_ref(),
            tables,
            keys,
            &mut Vec::new(),
            &mut missing,
        );
    }
    let profile: Profile = match toml::from_str(text) {
        Ok(profile) => profile,
        // What is missing is told below, all of it.
        Err(error) if error.message().starts_with("missing field") && !missing.is_empty() => {
            return Err(located(text, document.get_ref(), missing));
        }
        Err(error) => {
            let mut faults = located(text, document.get_ref(), missing);
            faults.push(of_toml(text, &error));
            return Err(faults);
        }
    };
    let faults = check::check(&profile);
    if faults.is_empty() {
        return Ok(profile);
    }
    Err(located(text, document.get_ref(), faults))
}

/// Notes which of `keys` the tables at `path` lack.
fn look_for(
    table: &DeTable<'_>,
    path: &[&str],
    keys: &[&str],
    walked: &mut Vec<String>,
    missing: &mut Vec<ValueFault>,
) {
    let Some((first, rest)) = path.split_first() else {
        let lacking: Vec<String> = keys
            .iter()
            .filter(|key| !table.contains_key(**key))
            .map(|key| format!("`{key}`"))
            .collect();
        if !lacking.is_empty() {
            let noun = if lacking.len() == 1 {
                "field"
            } else {
                "fields"
            };
            let place = match walked.as_slice() {
                [] => String::new(),
                walked => format!(" in [{}]", walked.join(".")),
            };
            missing.push(ValueFault {
                path: walked.clone(),
                fault: format!("missing {noun}{place}: {}", lacking.join(", ")),
                hint: None,
            });
        }
        return;
    };
    for (key, value) in table {
        if let DeValue::Table(below) = value.get_ref()
            && (*first == "*" || *first == key.get_ref().as_ref())
        {
            walked.push(key.get_ref().clone().into_owned());
            look_for(below, rest, keys, walked, missing);
            walked.pop();
        }
    }
}

/// Gives each fault the line of the last key of its path that the file has.
fn located(text: &str, document: &DeTable<'_>, faults: Vec<ValueFault>) -> Vec<ProfileFault> {
    let located = faults.into_iter().map(|fault| ProfileFault {
        line: line(text, position(document, &fault.path)),
        fault: fault.fault,
        hint: fault.hint,
    });
    located.collect()
}

fn position(document: &DeTable<'_>, path: &[String]) -> usize {
    let (mut table, mut at) = (document, 0);
    for key in path {
        let Some((found, value)) = table
            .iter()
            .find(|(have, _)| have.get_ref().as_ref() == key)
        else {
            break;
        };
        at = found.span().start;
        match value.get_ref() {
            DeValue::Table(below) => table = below,
            _ => break,
        }
    }
    at
}

/// The line of a byte of `text`, counted from 1.
fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

fn of_toml(text: &str, error: &toml::de::Error) -> ProfileFault {
    let fault = error.message().to_owned();
    ProfileFault {
        line: line(text, error.span().map_or(0, |span| span.start)),
        hint: hint(&fault),
        fault,
    }
}

/// For serde's ``unknown field `x`, expected one of `a`, `b` ``: the nearest of them.
fn hint(fault: &str) -> Option<String> {
    let mut quoted = fault.split('`').skip(1).step_by(2);
    let unknown = fault
        .starts_with("unknown ")
        .then(|| quoted.next())
        .flatten()?;
    let known: Vec<&str> = quoted.collect();
    Some(match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    })
}
