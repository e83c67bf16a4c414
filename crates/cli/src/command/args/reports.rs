//! Arguments of what works with saved runs: `resume` and `report`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

use super::{BaselineFlags, EndpointFlags, Output};

/// Flags of `report`.
#[derive(Debug, Group)]
pub(in crate::command) struct Report {
    #[command(subcommand)]
    pub(in crate::command) command: ReportCommand,
}

/// What to do with a report.
#[derive(Debug, Subcommand)]
pub(in crate::command) enum ReportCommand {
    /// Judge a saved run again, from its evidence alone, and write its reports
    Render(Render),
    /// Put several saved runs beside one another: merged.html and merged.json
    Merge(Merge),
    /// Print the JSON Schema of results.json
    Schema,
}

/// Flags of `report merge`.
#[derive(Debug, Group)]
pub(in crate::command) struct Merge {
    /// Folders that runs wrote with --report, the first to stand first
    #[arg(required = true, num_args = 2..)]
    pub(in crate::command) folders: Vec<PathBuf>,
    /// The file of a vendor of your own that runs were of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(in crate::command) profile: Vec<String>,
    /// Folder for the files, instead of this one
    #[arg(long, env = "LOCUM_OUT", default_value = ".")]
    pub(in crate::command) out: PathBuf,
}

/// Flags of `resume`. What is not among them is as it was in the first run: leave to write, bounds,
/// how many scenarios run side by side.
#[derive(Debug, Group)]
pub(in crate::command) struct Resume {
    /// Folder that `locum check --url URL --report FOLDER` wrote; it needs the same variables
    pub(in crate::command) folder: PathBuf,
    #[command(flatten)]
    pub(in crate::command) endpoint: EndpointFlags,
    /// The first run's when nothing is said
    #[command(flatten)]
    pub(in crate::command) baseline: BaselineFlags,
    /// File of yours to which alerts are pinned; the first run's when nothing is said
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(in crate::command) sarif_anchor: Option<String>,
    /// The file of a vendor of your own that the run was of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(in crate::command) profile: Vec<String>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(in crate::command) format: Output,
}

/// Flags of `report render`.
#[derive(Debug, Group)]
pub(in crate::command) struct Render {
    /// Folder that a run wrote with --report
    pub(in crate::command) folder: PathBuf,
    /// The file of a vendor of your own that the run was of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(in crate::command) profile: Vec<String>,
    /// Folder for the reports, instead of the same one
    #[arg(long, env = "LOCUM_OUT")]
    pub(in crate::command) out: Option<PathBuf>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(in crate::command) format: Output,
    /// File of accepted findings
    #[arg(long, env = "LOCUM_BASELINE", value_name = "FILE")]
    pub(in crate::command) baseline: Option<String>,
    /// File of yours to which alerts are pinned
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(in crate::command) sarif_anchor: Option<String>,
}
