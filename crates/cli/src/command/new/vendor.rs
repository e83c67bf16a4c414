//! `locum new FILE.toml`: a vendor of one's own.

use std::path::Path;

use locum_mocks::generic::starter::{self, GRANTS};

use super::{Failure, say, write};
use crate::command::vendors;

/// The grants by which a program logs in alone.
const BY_PROGRAM: [&str; 2] = ["client_credentials", "password"];

/// Writes the file and says what to do with it.
pub(super) fn run(path: &Path, wanted: &[String]) -> Result<u8, Failure> {
    if path
        .extension()
        .is_none_or(|end| !end.eq_ignore_ascii_case("toml"))
    {
        return Err(
            Failure::usage(format!("{} does not end in .toml", path.display()))
                .hint("`serve` and `check` tell a file from a vendor's name by that"),
        );
    }
    let chosen = |grant: &&&str| wanted.iter().any(|one| one == **grant);
    let grants: Vec<&str> = GRANTS.iter().filter(chosen).copied().collect();
    if grants == ["refresh_token"] {
        return Err(Failure::usage("refresh_token alone gives no first token")
            .hint("name another grant with it: --grant password,refresh_token"));
    }
    let shown = path.display().to_string();
    let text = starter::text(&shown, &slug(path), &grants);
    write(path, &text)?;
    let word = vendors::shell_word(&shown);
    let mut told = format!("wrote {shown}\n  locum serve {word}    runs its mock\n");
    // Where a person has to log in at a page, no scenario can.
    if grants.iter().any(|grant| BY_PROGRAM.contains(grant)) {
        told += &format!("  locum check {word}    judges it\n");
    }
    say(&told);
    Ok(0)
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
