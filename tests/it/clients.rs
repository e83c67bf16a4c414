//! The table of clients that the interop suite plays is the one that its page shows.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// One line of `clients.tsv`.
struct Row {
    language: String,
    client: String,
    version: String,
    vendors: String,
    file: String,
    steps: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows() -> Vec<Row> {
    let table = read("clients.tsv");
    let of = |line: &str| {
        let fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
        let [language, client, version, vendors, file, steps, _] =
            fields.try_into().expect("seven columns");
        let steps = steps.split(' ').map(str::to_owned).collect();
        Row {
            language,
            client,
            version,
            vendors,
            file,
            steps,
        }
    };
    table.lines().skip(1).map(of).collect()
}

/// Where a language says which version of a client is installed.
fn manifest(language: &str) -> Option<&'static str> {
    match language {
        "python" => Some("python/requirements.txt"),
        "node" => Some("node/package.json"),
        "go" => Some("go/go.mod"),
        "java" => Some("java/pom.xml"),
        "rust" => Some("rust/Cargo.lock"),
        _ => None,
    }
}

#[test]
fn each_client_has_the_version_that_is_installed() {
    for row in rows() {
        let Some(manifest) = manifest(&row.language).filter(|_| row.client != "java.net.http")
        else {
            continue;
        };
        let name = row.client.rsplit(':').next().expect("a name");
        let text = read(manifest);
        let lines: Vec<_> = text.lines().collect();
        let stands = lines.windows(2).any(|pair| {
            pair[0].contains(name)
                && (pair[0].contains(&row.version) || pair[1].contains(&row.version))
        });
        let alone = lines
            .iter()
            .any(|line| line.contains(name) && line.contains(&row.version));
        assert!(
            stands || alone,
            "{manifest} has no {} {}",
            row.client,
            row.version
        );
    }
}

#[test]
fn each_step_is_a_function_of_its_file() {
    for row in rows().iter().filter(|row| row.language != "curl") {
        let place = match row.language.as_str() {
            "rust" => format!("rust/src/{}", row.file),
            language => format!("{language}/{}", row.file),
        };
        let text = read(&place);
        for step in &row.steps {
            let forms = [
                format!("def {step}("),
                format!("async {step}("),
                format!("\"{step}\""),
            ];
            assert!(
                forms.iter().any(|form| text.contains(form)),
                "{place} has no step {step}"
            );
        }
    }
}

#[test]
fn the_page_shows_the_table() {
    let mut table =
        String::from("| language | client | version | vendors | steps |\n|---|---|---|---|---|\n");
    for row in rows() {
        let version = if row.version == "-" { "" } else { &row.version };
        let steps = row.steps.join(", ");
        writeln!(
            table,
            "| {} | {} | {version} | {} | {steps} |",
            row.language, row.client, row.vendors
        )
        .expect("text takes text");
    }
    let page = read("README.md");
    assert!(
        page.contains(&table),
        "tests/interop/README.md does not show clients.tsv; its table is to be:\n{table}"
    );
}
