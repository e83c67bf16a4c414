//! Vendors from the command line: built-in names and profile files.

use std::io::ErrorKind;
use std::sync::Arc;

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
