//! `locum new shim`: the few lines by which a client in some language is asked.

use std::path::Path;

use crate::command::args::{NewShim, ShimLanguage};
use crate::command::{Failure, say};

/// What a language's shim is and how it is started.
struct Shim {
    text: &'static str,
    /// The file's name where none is given.
    file: &'static str,
    /// What has to be there first, a line each; `{file}` is the shim.
    before: &'static str,
    /// The command that `drive` starts.
    command: &'static str,
}

/// Writes the shim and says how it is driven.
pub(super) fn run(args: &NewShim) -> Result<u8, Failure> {
    let shim = shim(args.language);
    let path = args.file.as_deref().unwrap_or(Path::new(shim.file));
    super::write(path, shim.text)?;
    let shown = path.display().to_string();
    let filled = |text: &str| text.replace("{file}", &shown);
    say(&format!(
        "wrote {shown}\n{}  locum drive pattern -- {}    judges the example in it; put your client there\n",
        filled(shim.before),
        filled(shim.command)
    ));
    Ok(0)
}

fn shim(language: ShimLanguage) -> Shim {
    match language {
        ShimLanguage::Python => Shim {
            text: include_str!("../../../shims/shim.py"),
            file: "shim.py",
            before: "",
            command: "python3 {file}",
        },
        ShimLanguage::TypeScript => Shim {
            text: include_str!("../../../shims/shim.ts"),
            file: "shim.ts",
            before: "  npm install tsx    runs it (Node 22.18 or newer does so alone)\n",
            command: "npx tsx {file}",
        },
        ShimLanguage::JavaScript => Shim {
            text: include_str!("../../../shims/shim.mjs"),
            file: "shim.mjs",
            before: "",
            command: "node {file}",
        },
        ShimLanguage::Java => Shim {
            text: include_str!("../../../shims/Shim.java"),
            file: "Shim.java",
            before: "  put com.google.code.gson:gson in gson.jar: it reads and writes the lines\n",
            command: "java -cp gson.jar {file}",
        },
        ShimLanguage::Go => Shim {
            text: include_str!("../../../shims/shim.go"),
            file: "shim.go",
            before: "  go build -o shim {file}\n",
            command: "./shim",
        },
        ShimLanguage::Rust => Shim {
            text: include_str!("../../../shims/shim.rs"),
            file: "shim.rs",
            before: "  as src/bin/shim.rs: cargo add serde_json; cargo add reqwest --features blocking; cargo build\n",
            command: "target/debug/shim",
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{ShimLanguage, shim};

    /// A developer copies the shim, so it stays one that is read at a glance: under 30 lines that
    /// are more than a bracket or a comment. The example client beside it is not counted.
    #[test]
    fn each_shim_is_short_and_marks_the_place_for_the_client() {
        for language in ShimLanguage::value_variants() {
            let text = shim(*language).text;
            let (_, rest) = text
                .split_once("---- the shim")
                .expect("the shim is marked");
            assert_eq!(
                text.matches("---- your client here").count(),
                1,
                "{language:?}"
            );
            let own = rest
                .split("---- your client here")
                .next()
                .unwrap_or_default();
            let counts = |line: &&str| {
                let line = line.trim();
                !line.starts_with("//")
                    && !line.starts_with('#')
                    && line.contains(|one: char| one.is_ascii_alphanumeric())
            };
            // The first line is the end of the mark.
            let lines = own.lines().skip(1).filter(counts).count();
            assert!((9..30).contains(&lines), "{language:?}: {lines} lines");
        }
    }
}
