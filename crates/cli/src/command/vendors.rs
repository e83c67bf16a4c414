//! Vendors from the command line: built-in names and profile files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use locum_core::Profile;
use locum_core::setting::nearest;
use locum_mocks::generic::Generic;
use locum_server::Vendor;

use super::Failure;

/// The vendors that `names` name; all built-in ones when it is empty.
pub(super) fn named(names: &[String]) -> Result<Vec<Arc<dyn Vendor>>, Failure> {
    if names.is_empty() {
        return Ok(locum_mocks::vendors());
    }
    let mut vendors: Vec<Arc<dyn Vendor>> = Vec::new();
    for name in names {
        let vendor = if is_file(name) {
            from_file(name)?
        } else {
            built_in(name)?
        };
        let slug = &vendor.profile().vendor;
        if vendors.iter().any(|have| &have.profile().vendor == slug) {
            return Err(Failure::usage(format!("vendor `{slug}` is named twice")));
        }
        vendors.push(vendor);
    }
    Ok(vendors)
}

/// What a command line calls the vendors that `names` read from files, by their slugs.
pub(super) fn files(names: &[String], profiles: &[Profile]) -> BTreeMap<String, String> {
    let named = names.iter().zip(profiles);
    let files = named.filter(|(name, _)| is_file(name));
    files
        .map(|(name, profile)| (profile.vendor.clone(), shell_word(name)))
        .collect()
}

/// What a command line calls one vendor, among `files`.
pub(super) fn argument<'a>(files: &'a BTreeMap<String, String>, vendor: &'a str) -> &'a str {
    files.get(vendor).map_or(vendor, String::as_str)
}

/// `text` as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/:=%+,@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn is_file(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

fn built_in(name: &str) -> Result<Arc<dyn Vendor>, Failure> {
    let vendors = locum_mocks::vendors();
    vendors
        .into_iter()
        .find(|vendor| vendor.profile().vendor == name)
        .ok_or_else(|| {
            let words = locum_mocks::SLUGS;
            let hint = match nearest(name, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? A profile of your own ends in .toml"),
                None => format!(
                    "the vendors are {}; a profile of your own ends in .toml",
                    words.join(", ")
                ),
            };
            Failure::usage(format!("unknown vendor `{name}`")).hint(hint)
        })
}

fn from_file(path: &str) -> Result<Arc<dyn Vendor>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {path}: {error}")).hint(match error.kind() {
            ErrorKind::InvalidData => "save it as UTF-8: TOML has no other encoding",
            ErrorKind::PermissionDenied => "let this user read it",
            _ => "name a file that exists, or a vendor without .toml",
        })
    })?;
    let vendor = Generic::parse(path, &text).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Arc::new(vendor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_the_person_named_it() {
        let built_in = locum_mocks::vendors()[0].profile().clone();
        let own = Profile {
            vendor: "my-clinic".to_owned(),
            ..built_in.clone()
        };
        let names = [built_in.vendor.clone(), "./My Clinic.toml".to_owned()];
        let files = files(&names, &[built_in.clone(), own]);
        assert_eq!(argument(&files, "my-clinic"), "'./My Clinic.toml'");
        assert_eq!(argument(&files, &built_in.vendor), built_in.vendor);
    }

    #[test]
    fn a_word_of_a_shell_stays_what_it_is() {
        for (text, expected) in [
            ("./clinic.toml", "./clinic.toml"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's $x", r"'it'\''s $x'"),
        ] {
            assert_eq!(shell_word(text), expected);
        }
    }
}
