//! Flags of the commands that judge traffic: `watch`, `verdicts`, and `env`, which points clients at
//! mocks.

use std::ffi::OsString;

use clap::Args as Group;

use super::judging::exit_codes;
use super::{BaselineFlags, Judging};
use crate::command::values;

/// Flags of `watch`.
#[derive(Debug, Group)]
#[command(after_long_help = WATCH_HELP)]
pub(in crate::command) struct Watch {
    /// Vendors by their names, or profiles as `FILE.toml`; all built-in ones when none is named
    pub(in crate::command) vendors: Vec<String>,
    /// Speak https and wss; LOCUM_CA_FILE then names the authority to trust
    #[arg(long, env = "LOCUM_TLS", value_parser = values::switch("LOCUM_TLS"))]
    pub(in crate::command) tls: bool,
    /// Set, too, what published clients read by themselves: AWS_ENDPOINT_URL and its kin, and with
    /// TLS the variables that name authorities
    #[arg(long, env = "LOCUM_WELL_KNOWN_ENV", value_parser = values::switch("LOCUM_WELL_KNOWN_ENV"))]
    pub(in crate::command) well_known_env: bool,
    /// URL at which the command receives webhooks: one event is delivered there twice, once a client
    /// has logged in
    #[arg(long, env = "LOCUM_WEBHOOK", value_name = "URL")]
    pub(in crate::command) webhook: Option<String>,
    /// Give clients secrets that hold each character that has to be encoded somewhere
    #[arg(long, env = "LOCUM_ODD_SECRETS", value_parser = values::switch("LOCUM_ODD_SECRETS"))]
    pub(in crate::command) odd_secrets: bool,
    /// End with the exit code of the judgement, whatever the command ended with
    #[arg(long, env = "LOCUM_JUDGE_ONLY", value_parser = values::switch("LOCUM_JUDGE_ONLY"))]
    pub(in crate::command) judge_only: bool,
    #[command(flatten)]
    pub(in crate::command) judging: Judging,
    /// Seconds that what the command started may outlive it, before it is ended
    #[arg(
        long,
        env = "LOCUM_GRACE",
        value_name = "SECONDS",
        default_value_t = 10
    )]
    pub(in crate::command) grace: u16,
    /// The command and its arguments, behind two dashes
    #[arg(last = true, value_name = "COMMAND")]
    pub(in crate::command) command: Vec<OsString>,
}

/// What `locum watch --help` says besides.
const WATCH_HELP: &str = "\
Environment of the command:
  LOCUM_TOKEN_URL, LOCUM_API_URL, LOCUM_CLIENT_ID, LOCUM_CLIENT_SECRET, ... for one vendor, and
  LOCUM_PATTERN_TOKEN_URL, ... always. `locum env` prints them for a running `locum serve`.
  LOCUM_CONTROL_URL is where a test turns the mocks: POST .../clock, .../tokens/expire, .../faults.

Two clocks: turning the mock's clock does not turn the client's. To see what a client does at the
end of a token,
  1. give tokens a short real life: PATCH .../settings {\"pattern.token_ttl_ms\": 2000}, and wait;
  2. end them at the vendor alone: POST .../tokens/expire {\"all\": true};
  3. or turn a fake clock in the client together with the mock's: POST .../clock {\"advance_s\": 3600}.

Exit codes:
  that of the command when it failed (128 + N after signal N), else that of the judgement:
  0 nothing is broken, 1 something is, 2 usage, 3 our own fault, 4 the command cannot be started,
  6 no request arrived, so that nothing was judged. With --judge-only, that of the judgement alone.";

/// Flags of `verdicts`.
#[derive(Debug, Group)]
#[command(after_long_help = exit_codes(""))]
pub(in crate::command) struct Verdicts {
    /// Vendors by their names; all that saw a client when none is named
    pub(in crate::command) vendors: Vec<String>,
    #[command(flatten)]
    pub(in crate::command) server: Server,
    #[command(flatten)]
    pub(in crate::command) baseline: BaselineFlags,
    /// Count WARN as a failure, as FAIL and ERROR are
    #[arg(long, env = "LOCUM_STRICT", value_parser = values::switch("LOCUM_STRICT"))]
    pub(in crate::command) strict: bool,
}

/// A running `locum serve`, and one of its stages.
#[derive(Debug, Group)]
pub(in crate::command) struct Server {
    /// Where its control API answers: LOCUM_CONTROL_URL or http://127.0.0.1:4700 by default; a URL
    /// that ends in a stage names that stage
    #[arg(long, env = "LOCUM_URL", value_name = "CONTROL")]
    pub(in crate::command) url: Option<String>,
    /// The stage
    #[arg(long, env = "LOCUM_STAGE")]
    pub(in crate::command) stage: Option<String>,
    /// Bearer token of the control API
    #[arg(long, env = "LOCUM_CONTROL_TOKEN", hide_env_values = true)]
    pub(in crate::command) control_token: Option<String>,
}

/// Flags of `env`.
#[derive(Debug, Group)]
pub(in crate::command) struct Env {
    /// The vendor; all that are served when none is named, each by the variables with its name
    pub(in crate::command) vendor: Option<String>,
    #[command(flatten)]
    pub(in crate::command) server: Server,
    /// How the variables are written
    #[arg(long, env = "LOCUM_FORMAT", value_enum, default_value_t = EnvFormat::Sh)]
    pub(in crate::command) format: EnvFormat,
    /// Name the addresses over TLS
    #[arg(long, env = "LOCUM_TLS", value_parser = values::switch("LOCUM_TLS"))]
    pub(in crate::command) tls: bool,
}

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::command) enum EnvFormat {
    /// `export NAME='value'`
    Sh,
    /// `NAME=value`, for an .env file and `docker run --env-file`; 'value' where a character needs it
    Dotenv,
    /// One JSON object
    Json,
    /// Lines for the file that GITHUB_ENV names
    Github,
    /// `$env:NAME = 'value'`
    Powershell,
}
