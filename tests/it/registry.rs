//! The tree: a vendor is a folder in `mocks/`, a folder in `features/` and its slug in the registry,
//! and every tag of a scenario is a requirement.

use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders below `parent` that hold a file which ends in `end`.
fn folders(parent: &str, end: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(parent)).expect("the folder is there");
    let folders = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir());
    let holding = folders.filter(|path| {
        let mut files = std::fs::read_dir(path).expect("a folder");
        files.any(|file| {
            file.expect("an entry")
                .file_name()
                .to_string_lossy()
                .ends_with(end)
        })
    });
    holding
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

fn slugs() -> BTreeSet<String> {
    locum::mocks::SLUGS
        .iter()
        .map(|slug| (*slug).to_owned())
        .collect()
}

#[test]
fn each_vendor_folder_is_registered() {
    assert_eq!(
        folders("mocks", "vendor.toml"),
        slugs(),
        "add the vendor to mocks/lib.rs"
    );
}

#[test]
fn each_slug_has_its_features() {
    // The scenarios of a vendor made of one file have a folder of their own, and so have clients and what
    // all vendors share.
    let mut expected = slugs();
    expected.insert(locum::harness::catalogue::GENERIC.to_owned());
    expected.extend(["client", "common"].map(str::to_owned));
    assert_eq!(
        folders("features", ".feature"),
        expected,
        "a vendor needs a folder in features/"
    );
}

#[test]
fn the_slugs_are_those_of_the_profiles() {
    let profiles = locum::mocks::vendors()
        .into_iter()
        .map(|vendor| vendor.profile().vendor.clone())
        .collect();
    assert_eq!(slugs(), profiles);
}

/// No crate but `mocks` names a vendor in its code.
#[test]
fn vendors_are_named_in_their_own_folders_only() {
    let mut stray = Vec::new();
    for tower in [
        "crates/core/src",
        "crates/server/src",
        "crates/client/src",
        "crates/harness/src",
        "crates/cli/src",
    ] {
        visit(&root().join(tower), &mut |path, text| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (at, line) in code
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim_start().starts_with("//"))
            {
                if slugs().iter().any(|slug| {
                    line.contains(&format!("\"{slug}\" =>"))
                        || line.contains(&format!("== \"{slug}\""))
                }) {
                    stray.push(format!("{}:{}: {line}", path.display(), at + 1));
                }
            }
        });
    }
    assert_eq!(stray, Vec::<String>::new());
}

pub(crate) fn visit(folder: &Path, see: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|end| end == "rs") {
            see(&path, &std::fs::read_to_string(&path).expect("text"));
        }
    }
}

/// The towers meet on the wire only: what each crate's manifest depends on.
#[test]
fn the_towers_do_not_lean_on_each_other() {
    let forbidden = [
        (
            "crates/core",
            &[
                "locum-server",
                "locum-client",
                "locum-harness",
                "locum-mocks",
                "tokio",
                "axum",
                "reqwest",
            ][..],
        ),
        (
            "crates/server",
            &["locum-client", "locum-harness", "locum-mocks"],
        ),
        ("mocks", &["locum-client", "locum-harness"]),
        (
            "crates/client",
            &["locum-server", "locum-mocks", "locum-harness"],
        ),
        ("crates/harness", &["locum-server", "locum-mocks"]),
        (
            "crates/demo",
            &[
                "locum-client",
                "locum-server",
                "locum-mocks",
                "locum-harness",
            ],
        ),
    ];
    for (krate, others) in forbidden {
        let manifest =
            std::fs::read_to_string(root().join(krate).join("Cargo.toml")).expect("a manifest");
        for other in others {
            let depends = manifest.lines().any(|line| {
                line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} "))
            });
            assert!(!depends, "{krate} depends on {other}");
        }
        let shipped = manifest.split("[dev-dependencies]").next();
        let has_testkit = shipped.is_some_and(|text| text.contains("locum-testkit"));
        assert!(!has_testkit, "{krate} ships the kit of the tests");
    }
}

/// Every row in which a vendor's own page judges that vendor has a scenario, but for those that
/// need TLS, which the mocks do not speak yet.
#[test]
fn each_promise_of_a_vendor_has_its_scenario() {
    let needs_tls = ["TOK-17"];
    let catalogue = locum::harness::catalogue::catalogue();
    let mut missing = Vec::new();
    for slug in slugs() {
        let mut features = String::new();
        for file in std::fs::read_dir(root().join("features").join(&slug)).expect("a folder") {
            features
                .push_str(&std::fs::read_to_string(file.expect("an entry").path()).expect("text"));
        }
        let judges_vendor = |row: &&locum::core::Requirement| {
            row.judges
                .contains(&locum::core::requirement::Judge::Vendor)
        };
        let promised = catalogue
            .rows()
            .iter()
            .filter(|row| row.source_kind == "vendor-doc" && row.vendors.contains(&slug));
        for row in promised
            .filter(judges_vendor)
            .filter(|row| !needs_tls.contains(&row.id.0.as_str()))
        {
            if !features.contains(&format!("@id:{} ", row.id))
                && !features.contains(&format!("@id:{}\n", row.id))
            {
                missing.push(format!("{}@{slug}", row.id));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
