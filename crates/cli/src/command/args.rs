//! Arguments: each flag has a variable of the environment.

mod output;
mod running;
mod watch;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Group, Parser, Subcommand};
use locum_harness::verdict::exit;
use locum_server::origin::{PublicUrl, TrustedProxies};

use super::values;
pub(super) use output::Output;
pub(super) use running::{Doctor, Health, Stop, Token};
pub(super) use watch::{Env, EnvFormat, Server, Verdicts, Watch};

/// Mock vendors, a reference client and a conformance harness for health vendors' authentication.
#[derive(Debug, Parser)]
#[command(name = "locum", version, about, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the mock vendors (all four by default) with their control API
    Serve(Serve),
    /// Judge a vendor's endpoint; with no URL, the built-in mocks
    Check(Check),
    /// Judge a client of yours, in any language: a program that takes one request a line
    Drive(Drive),
    /// Run a command, such as your tests, against mocks of its own, and judge what its clients send
    Watch(Watch),
    /// Judge what clients have sent so far to a running `locum serve`
    Verdicts(Verdicts),
    /// Print the variables that point a client at a running `locum serve`
    Env(Env),
    /// Print an access token of a running `locum serve`, and nothing else
    Token(Token),
    /// Tell whether a `locum serve` answers, as a container's health check asks
    Health(Health),
    /// End a `locum serve --detach`
    Stop(Stop),
    /// Tell what would keep clients from the mocks on this machine, and the cure
    Doctor(Doctor),
    /// Write a vendor of your own: one file that serves at once; or the shim by which your client is
    /// driven
    New(New),
    /// Speak `locum/1` on standard input and output as the demo client, honest or with one fault
    Client(Client),
    /// Finish an earlier check whose rows are PENDING, once the tokens have ended
    Resume(Resume),
    /// Work with the reports of earlier runs
    Report(Report),
    /// List the requirement catalogue
    List(List),
    /// Explain one requirement: its sentence, its source, how it is judged
    Explain(Explain),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
}

/// Flags of `serve`.
#[derive(Debug, Group)]
pub(super) struct Serve {
    /// Vendors by their names, or profiles as `FILE.toml`; all built-in ones when none is named
    pub(super) vendors: Vec<String>,
    /// Port to listen on; 0 takes any free one
    #[arg(long, env = "LOCUM_PORT", default_value_t = 4700)]
    pub(super) port: u16,
    /// Address to listen on; one that is not loopback demands a token for the control API
    #[arg(long, env = "LOCUM_HOST", default_value = "127.0.0.1")]
    pub(super) host: IpAddr,
    /// Seed of all random choices of the stage `default`
    #[arg(long, env = "LOCUM_SEED", default_value_t = 0)]
    pub(super) seed: u64,
    /// An evil twin, as vendor/name or just its name
    #[arg(long, env = "LOCUM_TWIN")]
    pub(super) twin: Option<String>,
    /// File that holds the port while the server answers
    #[arg(long, env = "LOCUM_PORT_FILE")]
    pub(super) port_file: Option<PathBuf>,
    /// Bearer token of the control API
    #[arg(long, env = "LOCUM_CONTROL_TOKEN", hide_env_values = true)]
    pub(super) control_token: Option<String>,
    /// A name besides localhost by which the control API may be called, without port
    #[arg(long, env = "LOCUM_ALLOW_HOST", value_name = "NAME", value_delimiter = ',', value_parser = values::host_name)]
    pub(super) allow_host: Vec<String>,
    /// Speak TLS, too, on a port of its own; clients trust the authority in /_locum/ca.pem
    #[arg(long, env = "LOCUM_TLS", value_parser = values::switch("LOCUM_TLS"))]
    pub(super) tls: bool,
    /// Port for TLS; 0 takes any free one
    #[arg(long, env = "LOCUM_TLS_PORT", default_value_t = 4743)]
    pub(super) tls_port: u16,
    /// Certificate for TLS in PEM, its intermediates behind it, instead of one made on the spot
    #[arg(
        long,
        env = "LOCUM_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub(super) tls_cert: Option<PathBuf>,
    /// Private key of that certificate in PEM
    #[arg(
        long,
        env = "LOCUM_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub(super) tls_key: Option<PathBuf>,
    /// Folder that keeps the authority between starts, as ca.pem and ca-key.pem
    #[arg(
        long,
        env = "LOCUM_CA_DIR",
        value_name = "DIR",
        conflicts_with = "tls_cert"
    )]
    pub(super) ca_dir: Option<PathBuf>,
    /// Show a bad certificate of each kind on ports of their own (expired, of another host, ...);
    /// the stage document names them
    #[arg(long, env = "LOCUM_TLS_BAD", conflicts_with = "tls_cert", value_parser = values::switch("LOCUM_TLS_BAD"))]
    pub(super) tls_bad: bool,
    /// URL by which clients reach the server through a proxy, such as
    /// https://auth.example.test/mocks; the proxy takes the path off
    #[arg(long, env = "LOCUM_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<PublicUrl>,
    /// A proxy whose Forwarded and X-Forwarded-* headers are believed: an IP address, a network, or
    /// `loopback`
    #[arg(
        long,
        env = "LOCUM_TRUST_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub(super) trust_proxy: Vec<TrustedProxies>,
    /// Memory that all stages together may take, in MiB; the oldest goes first
    #[arg(long, env = "LOCUM_MEMORY_LIMIT", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) memory_limit: u32,
    /// Memory that one stage may take, in MiB
    #[arg(long, env = "LOCUM_STAGE_MEMORY_LIMIT", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) stage_memory_limit: u32,
    /// End when standard input ends, as it does when the program that started the server is gone,
    /// however it ended; for helpers of test frameworks, which keep the other end of the pipe
    #[arg(long, env = "LOCUM_EXIT_WITH_STDIN", value_parser = values::switch("LOCUM_EXIT_WITH_STDIN"))]
    pub(super) exit_with_stdin: bool,
    /// Run in the background, and go on when this shell ends; `locum stop` ends it
    #[arg(long, env = "LOCUM_DETACH", conflicts_with = "exit_with_stdin", value_parser = values::switch("LOCUM_DETACH"))]
    pub(super) detach: bool,
    /// File for what a server in the background prints, overwritten at its start, instead of one in the
    /// state folder that `locum stop` takes away
    #[arg(long, env = "LOCUM_LOG", value_name = "FILE", requires = "detach")]
    pub(super) log: Option<PathBuf>,
    /// Print no line for each exchange
    #[arg(long, short, env = "LOCUM_QUIET", value_parser = values::switch("LOCUM_QUIET"))]
    pub(super) quiet: bool,
}

/// Flags of whatever judges: which rows, by which choices, what fails and where it is told.
#[derive(Debug, Group)]
pub(super) struct Judging {
    #[command(flatten)]
    pub(super) reporting: Reporting,
    #[command(flatten)]
    pub(super) baseline: BaselineFlags,
    #[command(flatten)]
    pub(super) selecting: Selecting,
    /// Fixes every random choice; printed with the summary
    #[arg(long, env = "LOCUM_SEED")]
    pub(super) seed: Option<u64>,
    /// Count WARN and INCONCLUSIVE as failures, as FAIL and ERROR are; PASS, INFO and N/A never are
    #[arg(long, env = "LOCUM_STRICT", value_parser = values::switch("LOCUM_STRICT"))]
    pub(super) strict: bool,
    /// Count this verdict as a failure, too: warn, inconclusive, or not-run (a row that nothing
    /// covers)
    #[arg(long, env = "LOCUM_FAIL_ON", value_delimiter = ',', value_enum)]
    pub(super) fail_on: Vec<FailOn>,
}

/// Which requirements are judged; what they need is judged, too, and told as such.
#[derive(Debug, Group)]
pub(super) struct Selecting {
    /// Only these requirements
    #[arg(long, env = "LOCUM_ID", value_delimiter = ',')]
    pub(super) id: Vec<String>,
    /// Only what this expression selects: ids (VEN-26, ret-*, EXP-03@pattern), areas (tok), must,
    /// should, may, vendors, client, vendor, vendor-doc, rfc, practice, watch, exec, stdio, pull,
    /// with not, and, or and parentheses
    #[arg(short = 'k', long, env = "LOCUM_SELECT", value_name = "EXPRESSION")]
    pub(super) select: Option<String>,
    /// Only what was broken in this earlier run
    #[arg(long, env = "LOCUM_ONLY_FAILED", value_name = "DIR")]
    pub(super) only_failed: Option<PathBuf>,
    /// Only this of so many alike parts, such as 1/3
    #[arg(long, env = "LOCUM_SHARD", value_name = "I/N", value_parser = values::shard)]
    pub(super) shard: Option<(usize, usize)>,
}

/// Where a report goes.
#[derive(Debug, Group)]
pub(super) struct Reporting {
    /// Folder for all forms of the report: report.html, results.json, junit.xml, results.tap,
    /// results.sarif, summary.md, badge.json, har/ and the evidence, events.ndjson
    #[arg(long, env = "LOCUM_REPORT", value_name = "DIR")]
    pub(super) report: Option<PathBuf>,
    /// File of yours to which alerts and annotations are pinned, such as src/client.py
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(super) sarif_anchor: Option<String>,
}

/// What is accepted for a while.
#[derive(Debug, Group)]
pub(super) struct BaselineFlags {
    /// File of accepted findings: what is in it does not fail, what no longer holds ends with 5
    #[arg(long, env = "LOCUM_BASELINE", value_name = "FILE")]
    pub(super) baseline: Option<String>,
    /// Write a new baseline from this run, locum-baseline.toml or the file of --baseline
    #[arg(long, env = "LOCUM_WRITE_BASELINE", conflicts_with = "update_baseline", value_parser = values::switch("LOCUM_WRITE_BASELINE"))]
    pub(super) write_baseline: bool,
    /// Take what no longer holds out of the baseline and add what fails; comments and order stay
    #[arg(long, env = "LOCUM_UPDATE_BASELINE", value_parser = values::switch("LOCUM_UPDATE_BASELINE"))]
    pub(super) update_baseline: bool,
}

/// How a vendor's own endpoint is reached, and waited for.
#[derive(Debug, Group)]
pub(super) struct EndpointFlags {
    /// File with certificates in PEM of authorities to trust at the vendor's endpoint, beside the machine's own
    #[arg(long, env = "LOCUM_CA", value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// The longest single wait for the end of a token at the vendor's endpoint, such as 30s, 6m or
    /// 49h; rows that take longer are PENDING
    #[arg(long, env = "LOCUM_WAIT", value_name = "DURATION", default_value = "30s", value_parser = values::duration)]
    pub(super) wait: Duration,
}

/// Flags of `check`.
#[derive(Debug, Group)]
#[command(after_long_help = exit_codes(""))]
pub(super) struct Check {
    /// Vendors by their names; all built-in ones when none is named
    pub(super) vendors: Vec<String>,
    /// Base URL of a vendor's own endpoint, before the documented paths
    #[arg(long, env = "LOCUM_URL")]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) endpoint: EndpointFlags,
    /// Let it create and change things at that URL, too: what it created is deleted again where the
    /// vendor has a call for it. At the built-in mocks this is always allowed
    #[arg(long, env = "LOCUM_ALLOW_WRITES", value_parser = values::switch("LOCUM_ALLOW_WRITES"))]
    pub(super) allow_writes: bool,
    /// How many requests may be made to that URL, in all repeats together; what is left out is NOT_RUN
    #[arg(long, env = "LOCUM_MAX_REQUESTS", value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_requests: u32,
    /// How many requests a second may be made to that URL; 10 when nothing is said, on this machine
    /// as many as are answered
    #[arg(long, env = "LOCUM_RATE", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rate: Option<u32>,
    /// How long that URL may take for one reply; after two such times without one it is given up
    #[arg(long, env = "LOCUM_REPLY_TIMEOUT", value_name = "DURATION", default_value = "15s", value_parser = values::duration, hide = true)]
    pub(super) reply_timeout: Duration,
    /// Run it so many times with the same seed: a row that does not come to the same verdict each time
    /// is told as FLAKY and counts with its heaviest one. At a URL not with --allow-writes, and
    /// --max-requests holds for all of them together
    #[arg(long, env = "LOCUM_REPEAT", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "plan")]
    pub(super) repeat: Option<u16>,
    /// Tell what would be sent to that URL (addresses, accounts, rows, waits), send nothing, and end
    #[arg(long, env = "LOCUM_PLAN", requires = "url", value_parser = values::switch("LOCUM_PLAN"))]
    pub(super) plan: bool,
    /// List the variables of the environment that tell of a vendor's own endpoint, and end
    #[arg(long)]
    pub(super) help_env: bool,
    /// An evil twin in the vendor's place, as vendor/name or just its name
    #[arg(long, env = "LOCUM_TWIN", conflicts_with = "url")]
    pub(super) twin: Option<String>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(super) format: Output,
    /// How many scenarios run side by side; when nothing is said 8, and 1 at an endpoint unless
    /// --wait is longer than 30s
    #[arg(long, short, env = "LOCUM_JOBS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) judging: Judging,
}

/// Flags of `drive`.
#[derive(Debug, Group)]
#[command(after_long_help = exit_codes(DRIVE_HELP))]
pub(super) struct Drive {
    /// The vendor that the client talks to, by its name or as `FILE.toml`
    pub(super) vendor: String,
    /// How the client gets its requests
    #[arg(long, env = "LOCUM_BY", value_enum, default_value = "stdio")]
    pub(super) by: By,
    /// Address of a client that runs already and takes the same lines over TCP, such as
    /// 127.0.0.1:9000, instead of a program to start
    #[arg(
        long,
        env = "LOCUM_ATTACH",
        value_name = "ADDRESS",
        conflicts_with = "command"
    )]
    pub(super) attach: Option<String>,
    /// Judge locum's own reference client instead of a program
    #[arg(long, env = "LOCUM_REFERENCE", conflicts_with_all = ["command", "attach", "by"], value_parser = values::switch("LOCUM_REFERENCE"))]
    pub(super) reference: bool,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(super) format: Output,
    #[command(flatten)]
    pub(super) judging: Judging,
    /// Tell the programs, too, by the variables that libraries read by themselves, which authority
    /// to trust: NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and their kin
    #[arg(long, env = "LOCUM_WELL_KNOWN_ENV", conflicts_with_all = ["attach", "reference"], value_parser = values::switch("LOCUM_WELL_KNOWN_ENV"))]
    pub(super) well_known_env: bool,
    /// URL at which the client under test receives webhooks: one event is delivered there twice
    #[arg(long, env = "LOCUM_WEBHOOK", value_name = "URL")]
    pub(super) webhook: Option<String>,
    /// How many scenarios run side by side, each with a process of its own; 16 of a client
    /// that starts quickly and 8 of another when nothing is said
    #[arg(long, short, env = "LOCUM_JOBS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) jobs: Option<u16>,
    /// The program to start, and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

/// What the long help of a command that judges ends with, behind `text`.
fn exit_codes(text: &str) -> String {
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

/// Flags of `new`.
#[derive(Debug, Group)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct New {
    #[command(subcommand)]
    pub(super) other: Option<NewFile>,
    /// The file to write, such as `mine.toml`; one that is there is never overwritten
    #[arg(required = true)]
    pub(super) file: Option<PathBuf>,
    /// A grant of the vendor's token endpoint
    #[arg(long, env = "LOCUM_GRANT", value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(locum_mocks::generic::starter::GRANTS), default_value = "client_credentials")]
    pub(super) grant: Vec<String>,
}

/// Flags of `client`.
#[derive(Debug, Group)]
pub(super) struct Client {
    /// The one thing to do wrong, by its name in --list
    #[arg(
        long,
        env = "LOCUM_MUTANT",
        value_name = "NAME",
        conflicts_with = "style"
    )]
    pub(super) mutant: Option<String>,
    /// The style of a client that does nothing wrong, by its name in --list
    #[arg(long, env = "LOCUM_STYLE", value_name = "NAME")]
    pub(super) style: Option<String>,
    /// File that keeps tokens for the next process; without one they are forgotten
    #[arg(long, env = "LOCUM_STORE", value_name = "FILE")]
    pub(super) store: Option<PathBuf>,
    /// URL under which to receive webhooks, such as http://127.0.0.1:9000/hook
    #[arg(long, env = "LOCUM_WEBHOOK", value_name = "URL")]
    pub(super) webhook: Option<String>,
    /// List the mutants and styles: name, vendors, what each does, which requirements that breaks
    #[arg(long, env = "LOCUM_LIST", value_parser = values::switch("LOCUM_LIST"))]
    pub(super) list: bool,
    /// Fixes every random choice
    #[arg(long, env = "LOCUM_SEED")]
    pub(super) seed: Option<u64>,
}

/// What `new` writes that is not a vendor.
#[derive(Debug, Subcommand)]
pub(super) enum NewFile {
    /// Write the few lines by which `locum drive` asks a client in your language
    Shim(NewShim),
}

/// Flags of `new shim`.
#[derive(Debug, Group)]
pub(super) struct NewShim {
    /// The language of the client
    pub(super) language: ShimLanguage,
    /// The file to write, else shim.py, Shim.java and so on; one that is there is never overwritten
    pub(super) file: Option<PathBuf>,
}

/// A language with a shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ShimLanguage {
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

/// How a client gets its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum By {
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
pub(super) enum FailOn {
    /// WARN
    Warn,
    /// INCONCLUSIVE
    Inconclusive,
    /// NOT_RUN
    NotRun,
}

/// Flags of `report`.
#[derive(Debug, Group)]
pub(super) struct Report {
    #[command(subcommand)]
    pub(super) command: ReportCommand,
}

/// What to do with a report.
#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Judge a saved run again, from its evidence alone, and write its reports
    Render(Render),
    /// Put several saved runs beside one another: merged.html and merged.json
    Merge(Merge),
    /// Print the JSON Schema of results.json
    Schema,
}

/// Flags of `report merge`.
#[derive(Debug, Group)]
pub(super) struct Merge {
    /// Folders that runs wrote with --report, the first to stand first
    #[arg(required = true, num_args = 2..)]
    pub(super) folders: Vec<PathBuf>,
    /// The file of a vendor of your own that runs were of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(super) profile: Vec<String>,
    /// Folder for the files, instead of this one
    #[arg(long, env = "LOCUM_OUT", default_value = ".")]
    pub(super) out: PathBuf,
}

/// Flags of `resume`. What is not among them is as it was in the first run: leave to write, bounds,
/// how many scenarios run side by side.
#[derive(Debug, Group)]
pub(super) struct Resume {
    /// Folder that `locum check --url URL --report FOLDER` wrote; it needs the same variables
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) endpoint: EndpointFlags,
    /// The first run's when nothing is said
    #[command(flatten)]
    pub(super) baseline: BaselineFlags,
    /// File of yours to which alerts are pinned; the first run's when nothing is said
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(super) sarif_anchor: Option<String>,
    /// The file of a vendor of your own that the run was of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(super) profile: Vec<String>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(super) format: Output,
}

/// Flags of `report render`.
#[derive(Debug, Group)]
pub(super) struct Render {
    /// Folder that a run wrote with --report
    pub(super) folder: PathBuf,
    /// The file of a vendor of your own that the run was of
    #[arg(
        long,
        env = "LOCUM_PROFILE",
        value_name = "FILE.toml",
        value_delimiter = ','
    )]
    pub(super) profile: Vec<String>,
    /// Folder for the reports, instead of the same one
    #[arg(long, env = "LOCUM_OUT")]
    pub(super) out: Option<PathBuf>,
    /// What standard output gets; anything but text sends the text to standard error
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value = "text")]
    pub(super) format: Output,
    /// File of accepted findings
    #[arg(long, env = "LOCUM_BASELINE", value_name = "FILE")]
    pub(super) baseline: Option<String>,
    /// File of yours to which alerts are pinned
    #[arg(long, env = "LOCUM_SARIF_ANCHOR", value_name = "FILE")]
    pub(super) sarif_anchor: Option<String>,
}

/// Flags of `list`.
#[derive(Debug, Group)]
pub(super) struct List {
    /// Only rows for this vendor
    #[arg(env = "LOCUM_VENDOR")]
    pub(super) vendor: Option<String>,
    /// Only what this expression selects, as for `check`
    #[arg(short = 'k', long, env = "LOCUM_SELECT", value_name = "EXPRESSION")]
    pub(super) select: Option<String>,
    /// Print JSON, a row a line
    #[arg(long, env = "LOCUM_JSON", value_parser = values::switch("LOCUM_JSON"))]
    pub(super) json: bool,
}

/// Flags of `explain`.
#[derive(Debug, Group)]
pub(super) struct Explain {
    /// The requirement's id, such as VEN-26
    pub(super) id: String,
}

/// Flags of `completions`.
#[derive(Debug, Group)]
#[command(after_long_help = COMPLETIONS_HELP)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

/// What `locum completions --help` says besides.
const COMPLETIONS_HELP: &str = "\
Where they go:
  bash   locum completions bash > ~/.local/share/bash-completion/completions/locum
  zsh    locum completions zsh > \"${fpath[1]}/_locum\"
  fish   locum completions fish > ~/.config/fish/completions/locum.fish";

/// Flags of `man`.
#[derive(Debug, Group)]
pub(super) struct Man {
    /// Folder for the pages of all commands, instead of printing the first one
    #[arg(long, env = "LOCUM_OUT", value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, CommandFactory};

    /// A flag without a variable, or with one of another name, would be a trap.
    #[test]
    fn each_flag_has_the_variable_of_its_name() {
        let command = super::Args::command();
        // What prints something and ends is asked for by hand.
        let by_hand = ["help", "help-env"];
        let deeper = command
            .get_subcommands()
            .flat_map(clap::Command::get_subcommands);
        let flags = command
            .get_subcommands()
            .chain(deeper)
            .flat_map(clap::Command::get_arguments)
            .filter(|flag| flag.get_long().is_some_and(|long| !by_hand.contains(&long)));
        let mut switches = 0;
        for flag in flags {
            let long = flag.get_long().expect("it has one");
            let name = format!("LOCUM_{}", long.to_ascii_uppercase().replace('-', "_"));
            assert_eq!(flag.get_env(), Some(name.as_ref()), "--{long}");
            switches += usize::from(matches!(flag.get_action(), ArgAction::SetTrue));
        }
        assert!(switches >= 3, "{switches}");
    }
}
