//! Arguments of what judges: `check` and `drive`, and what they share with `watch` and `verdicts`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;
use locum_harness::verdict::exit;

use super::Output;
use crate::command::values;

/// Flags of whatever judges: which rows, by which choices, what fails and where it is told.
#[derive(Debug, Group)]
pub(in crate::command) struct Judging {
    #[command(flatten)]
    pub(in crate::command) reporting: Reporting,
    #[command(flatten)]
    pub(in crate::command) baseline: BaselineFlags,
    #[command(flatten)]
    pub(in crate::command) selecting: Selecting,
    /// Fixes every random choice; printed with the summary
    #[arg(long, env = "LOCUM_SEED")]
    pub(in crate::command) seed: Option<u64>,
    /// Count WARN and INCONCLUSIVE as failures, as FAIL and ERROR are; PASS, INFO and N/A never are
    #[arg(long, env = "LOCUM_STRICT", value_parser = values::switch("LOCUM_STRICT"))]
    pub(in crate::command) strict: bool,
    /// Count this verdict as a failure, too: warn, inconclusive, or not-run (a row that nothing
    /// covers)
    #[arg(long, env = "LOCUM_FAIL_ON", value_delimiter = ',', value_enum)]
    pub(in crate::command) fail_on: Vec<FailOn>,
}

/// Which requirements are judged; what they need is judged, too, and told as such.
#[derive(Debug, Group)]
pub(in crate::command) struct Selecting {
    /// Only these requirements
    #[arg(long, env = "LOCUM_ID", value_delimiter = ',')]
    pub(in crate::command) id: Vec<String>,
    /// Only what this expression selects: ids (VEN-26, ret-*, EXP-03@pattern), areas (tok), must,
    /// should, may, vendors, client, vendor, vendor-doc, rfc, practice, watch, exec, stdio, pull,
    /// with not, and, or and parentheses
    #[arg(short = 'k', long, env = "LOCUM_SELECT", value_name = "EXPRESSION")]
    pub(in crate::command) select: Option<String>,
    /// Only what was broken in this earlier run
    #[arg(long, env = "LOCUM_ONLY_FAILED", value_name = "DIR")]
    pub(in crate::command) only_failed: Option<PathBuf>,
    /// Only this of so many alike parts, such as 1/3
    #[arg(long, env = "LOCUM_SHARD", value_name = "I/N", value_parser = values::shard)]
    pub(in crate::command) shard: Option<(usize, usize)>,
}

/// Where a report goes.
#[derive(Debug, Group)]
pub(in crate::command) struct Reporting {
    /// Folder for all forms of the report: report.html, results.json, junit.xml, results.tap,
    /// results.sarif, summary.md, badge.json, har/ and the evidence, events.ndjson
    #[arg(long, env = "LOCUM_REPORT", value_name = "DIR")]
    pub(in crate::command) report: Option<PathBuf>,
    /// File of yours to which alerts and annotations are pinned, such as src/client.py
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(in crate::command) sarif_anchor: Option<String>,
}

/// What is accepted for a while.
#[derive(Debug, Group)]
pub(in crate::command) struct BaselineFlags {
    /// File of accepted findings: what is in it does not fail, what no longer holds ends with 5
    #[arg(long, env = "LOCUM_BASELINE", value_name = "FILE")]
    pub(in crate::command) baseline: Option<String>,
    /// Write a new baseline from this run, locum-baseline.toml or the file of --baseline
    #[arg(long, env = "LOCUM_WRITE_BASELINE", conflicts_with = "update_baseline", value_parser = values::switch("LOCUM_WRITE_BASELINE"))]
    pub(in crate::command) write_baseline: bool,
    /// Take what no longer holds out of the baseline and add what fails; comments and order stay
    #[arg(long, env = "LOCUM_UPDATE_BASELINE", value_parser = values::switch("LOCUM_UPDATE_BASELINE"))]
    pub(in crate::command) update_baseline: bool,
}

/// How a vendor's own endpoint is reached, and waited for.
#[derive(Debug, Group)]
pub(in crate::command) struct EndpointFlags {
    /// File with certificates in PEM of authorities to trust at the vendor's endpoint, beside the machine's own
    #[arg(long, env = "LOCUM_CA", value_name = "FILE")]
    pub(in crate::command) ca: Option<PathBuf>,
    /// The longest single wait for the end of a token at the vendor's endpoint, such as 30s, 6m or
    /// 49h; rows that take longer are PENDING
    #[arg(long, env = "LOCUM_WAIT", value_name = "DURATION", default_value = "30s", value_parser = values::duration)]
    pub(in crate::command) wait: Duration,
}

/// Flags of `check`.
#[derive(Debug, Group)]
#[command(after_long_help = exit_codes(""))]
pub(in crate::command) struct Check {
    /// Vendors by their names; all built-in ones when none is named
    pub(in crate::command) vendors: Vec<String>,
    /// Base URL of a vendor's own endpoint, before the documented paths
    #[arg(long, env = "LOCUM_URL")]
    pub(in crate::command) url: Option<String>,
    #[command(flatten)]
    pub(in crate::command) endpoint: EndpointFlags,
    /// Let it create and change things at that URL, too: what it created is deleted again where the
    /// vendor has a call for it. At the built-in mocks this is always allowed
    #[arg(long, env = "LOCUM_ALLOW_WRITES", value_parser = values::switch("LOCUM_ALLOW_WRITES"))]
    pub(in crate::command) allow_writes: bool,
    /// How many requests may be made to that URL, in all repeats together; what is left out is NOT_RUN
    #[arg(long, env = "LOCUM_MAX_REQUESTS", value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::command) max_requests: u32,
    /// How many requests a second may be made to that URL; 10 when nothing is said, on this machine
    /// as many as are answered
    #[arg(long, env = "LOCUM_RATE", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::command) rate: Option<u32>,
    /// How long that URL may take for one reply; after two such times without one it is given up
    #[arg(long, env = "LOCUM_REPLY_TIMEOUT", value_name = "DURATION", default_value = "15s", value_parser = values::duration, hide = true)]
    pub(in crate::command) reply_timeout: Duration,
    /// Run it so many times with the same seed: a row that does not come to the same verdict each time
    /// is told as FLAKY and counts with its heaviest one. At a URL not with --allow-writes, and
    /// --max-requests holds for all of them together
    #[arg(long, env = "LOCUM_REPEAT", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "plan")]
    pub(in crate::command) repeat: Option<u16>,
    /// Tell what would be sent to that URL (addresses, accounts, rows, waits), send nothing, and end
    #[arg(long, env = "LOCUM_PLAN", requires = "url", value_parser = values::switch("LOCUM_PLAN"))]
    pub(in crate::command) plan: bool,
    /// List the variables of the environment that tell of a vendor's own endpoint, and end
    #[arg(long)]
    pub(in crate::command) help_env: bool,
    /// An evil twin in the vendor's place, as vendor/name or just its name
    #[arg(long, env = "LOCUM_TWIN", conflicts_with = "url")]
    pub(in crate::command) twin: Option<String>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(in crate::command) format: Output,
    /// How many scenarios run side by side; when nothing is said 8, and 1 at an endpoint unless
    /// --wait is longer than 30s
    #[arg(long, short, env = "LOCUM_JOBS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(in crate::command) jobs: Option<u16>,
    #[command(flatten)]
    pub(in crate::command) judging: Judging,
}

/// Flags of `drive`.
#[derive(Debug, Group)]
#[command(after_long_help = exit_codes(DRIVE_HELP))]
pub(in crate::command) struct Drive {
    /// The vendor that the client talks to, by its name or as `FILE.toml`
    pub(in crate::command) vendor: String,
    /// How the client gets its requests
    #[arg(long, env = "LOCUM_BY", value_enum, default_value = "stdio")]
    pub(in crate::command) by: By,
    /// Address of a client that runs already and takes the same lines over TCP, such as
    /// 127.0.0.1:9000, instead of a program to start
    #[arg(
        long,
        env = "LOCUM_ATTACH",
        value_name = "ADDRESS",
        conflicts_with = "command"
    )]
    pub(in crate::command) attach: Option<String>,
    /// Judge locum's own reference client instead of a program
    #[arg(long, env = "LOCUM_REFERENCE", conflicts_with_all = ["command", "attach", "by"], value_parser = values::switch("LOCUM_REFERENCE"))]
    pub(in crate::command) reference: bool,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(in crate::command) format: Output,
    #[command(flatten)]
    pub(in crate::command) judging: Judging,
    /// Tell the programs, too, by the variables that libraries read by themselves, which authority
    /// to trust: NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and their kin
    #[arg(long, env = "LOCUM_WELL_KNOWN_ENV", conflicts_with_all = ["attach", "reference"], value_parser = values::switch("LOCUM_WELL_KNOWN_ENV"))]
    pub(in crate::command) well_known_env: bool,
    /// URL at which the client under test receives webhooks: one event is delivered there twice
    #[arg(long, env = "LOCUM_WEBHOOK", value_name = "URL")]
    pub(in crate::command) webhook: Option<String>,
    /// How many scenarios run side by side, each with a process of its own; 16 of a client
    /// that starts quickly and 8 of another when nothing is said
    #[arg(long, short, env = "LOCUM_JOBS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(in crate::command) jobs: Option<u16>,
    /// The program to start, and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub(in crate::command) command: Vec<OsString>,
}

/// What the long help of a command that judges ends with, behind `text`.
pub(super) fn exit_codes(text: &str) -> String {
    let break_before = if text.is_empty() { "" } else { "\n\n" };
    let mut told = format!("{text}{break_before}Exit codes:");
    for (code, meaning) in exit::MEANINGS {
        let mut line = format!("  {code:<5}");
        for word in meaning.split(' ') {
            if line.len() + word.len() > CODES_WIDTH {
                told += &format!("\n{}", line.trim_end());
                line = " ".repeat(7);
            }
            line += &format!("{word} ");
        }
        told += &format!("\n{}", line.trim_end());
    }
    told
}

/// Where lines of exit codes end: clap wraps behind it, and does not indent what it wraps.
const CODES_WIDTH: usize = 90;

/// What `locum drive --help` says besides.
const DRIVE_HELP: &str = "\
Where a client finds what it needs:
  --by stdio   in the `config` of each `new`: addresses, credentials, and over TLS `ca_file`, the
               authority to trust. One process serves many scenarios, so that its environment names
               none of them: LOCUM_CONTROL_URL is not set there.
  --by exec    in LOCUM_TOKEN_URL, LOCUM_API_URL, LOCUM_CLIENT_ID, ..., LOCUM_CA_FILE and
               LOCUM_CONTROL_URL, anew for each life of the program.
  --by pull    LOCUM_CONTROL_URL is printed, and stays the same for the whole run.
  LOCUM_STORE  names a file in which a client that keeps tokens for its next process (cap `storage`)
               may keep them, in the scenarios that start it several times.";

/// How a client gets its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::command) enum By {
    /// A program takes one request a line on its standard input
    Stdio,
    /// A program that makes calls and ends runs once for each scenario; the environment tells it
    /// where and how many
    Exec,
    /// The client fetches each request over HTTP from the printed URL, as pages and containers can
    Pull,
}

/// A verdict that may count as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::command) enum FailOn {
    /// WARN
    Warn,
    /// INCONCLUSIVE
    Inconclusive,
    /// NOT_RUN
    NotRun,
}
