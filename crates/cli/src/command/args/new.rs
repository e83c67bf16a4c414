//! Arguments of `new`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

/// Flags of `new`.
#[derive(Debug, Group)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::command) struct New {
    #[command(subcommand)]
    pub(in crate::command) other: Option<NewFile>,
    /// The file to write, such as `mine.toml`; one that is there is never overwritten
    #[arg(required = true)]
    pub(in crate::command) file: Option<PathBuf>,
    /// A grant of the vendor's token endpoint
    #[arg(long, env = "LOCUM_GRANT", value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(locum_mocks::generic::starter::GRANTS), default_value = "client_credentials")]
    pub(in crate::command) grant: Vec<String>,
}

/// What `new` writes that is not a vendor.
#[derive(Debug, Subcommand)]
pub(in crate::command) enum NewFile {
    /// Write the few lines by which `locum drive` asks a client in your language
    Shim(NewShim),
}

/// Flags of `new shim`.
#[derive(Debug, Group)]
pub(in crate::command) struct NewShim {
    /// The language of the client
    pub(in crate::command) language: ShimLanguage,
    /// The file to write, else shim.py, Shim.java and so on; one that is there is never overwritten
    pub(in crate::command) file: Option<PathBuf>,
}

/// A language with a shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::command) enum ShimLanguage {
    /// Python 3.8 or newer
    Python,
    /// TypeScript for Node
    #[value(name = "typescript")]
    TypeScript,
    /// JavaScript for Node 18 or newer
    #[value(name = "javascript")]
    JavaScript,
    /// Java 17 or newer
    Java,
    /// Go
    Go,
    /// Rust
    Rust,
}
