//! `locum new`: a file that makes a vendor, to be changed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use locum_mocks::generic::starter::{self, GRANTS};

use super::{Failure, args};

/// Writes the file and says what to do with it.
pub(super) fn run(args: &args::New) -> Result<u8, Failure> {
    let path = &args.file;
    if path
        .extension()
        .is_none_or(|end| !end.eq_ignore_ascii_case("toml"))
    {
        return Err(
            Failure::usage(format!("{} does not end in .toml", path.display()))
                .hint("`serve` and `check` tell a file from a vendor's name by that"),
        );
    }
    let chosen = |grant: &&&str| args.grant.iter().any(|one| one == **grant);
    let grants: Vec<&str> = GRANTS.iter().filter(chosen).copied().collect();
    if grants == ["refresh_token"] {
        return Err(Failure::usage("refresh_token alone gives no first token")
            .hint("name another grant with it: --grant password,refresh_token"));
    }
    let shown = path.display().to_string();
    let text = starter::text(&shown, &slug(path), &grants);
    write(path, &text)?;
    super::say(&format!(
        "wrote {shown}\n  locum serve {shown}    runs its mock\n  locum check {shown}    judges it\n"
    ));
    Ok(0)
}

/// Makes the file; one that is there stays as it is.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| {
        let failure = Failure::usage(format!("cannot write {}: {error}", path.display()));
        match error.kind() {
            ErrorKind::AlreadyExists => {
                failure.hint("name another file: this one is not overwritten")
            }
            _ => failure.hint("name a file in a folder that exists and can be written"),
        }
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}

/// The vendor's slug from the file's name: lowercase letters, digits and `-`.
fn slug(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_ascii_lowercase());
    let plain = |one: char| {
        if one.is_ascii_alphanumeric() {
            one
        } else {
            '-'
        }
    };
    let slug: String = stem
        .unwrap_or_default()
        .chars()
        .map(plain)
        .take(40)
        .collect();
    let slug = slug.trim_matches('-');
    if slug.starts_with(|first: char| first.is_ascii_lowercase()) && slug != "s" {
        slug.to_owned()
    } else {
        format!("vendor-{slug}").trim_end_matches('-').to_owned()
    }
}
