//! Flags of the commands that ask a running `locum serve` for one small thing: `health`, `token`,
//! `mcp`, `doctor`, `stop`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;

use super::Server;
use crate::command::values;

/// Flags of `health`.
#[derive(Debug, Group)]
#[command(after_long_help = HEALTH_HELP)]
pub(in crate::command) struct Health {
    /// Where the server answers, instead of --host and --port; LOCUM_CONTROL_URL says it, too
    #[arg(long, env = "LOCUM_URL", value_name = "URL")]
    pub(in crate::command) url: Option<String>,
    /// File to which the server writes its port, instead of --port
    #[arg(long, env = "LOCUM_PORT_FILE", value_name = "FILE")]
    pub(in crate::command) port_file: Option<PathBuf>,
    /// Port of the server
    #[arg(long, env = "LOCUM_PORT", default_value_t = 4700)]
    pub(in crate::command) port: u16,
    /// Address of the server; where it listens on all, this machine's own
    #[arg(long, env = "LOCUM_HOST", default_value = "127.0.0.1")]
    pub(in crate::command) host: IpAddr,
    /// Try again for so long, such as 10s, until it answers
    #[arg(long, env = "LOCUM_WAIT", value_name = "DURATION", default_value = "0s", value_parser = values::duration)]
    pub(in crate::command) wait: Duration,
}

/// What `locum health --help` says besides.
const HEALTH_HELP: &str = "\
The server's own variables (LOCUM_PORT, LOCUM_HOST, LOCUM_PORT_FILE) lead to it, so that in its container
the command needs no flag. It asks for no token.

Exit codes:
  0  it answers
  1  it does not";

/// Flags of `token`.
#[derive(Debug, Group)]
pub(in crate::command) struct Token {
    /// The vendor
    pub(in crate::command) vendor: String,
    #[command(flatten)]
    pub(in crate::command) server: Server,
    /// The client that it is for; the first one when none is named
    #[arg(long, env = "LOCUM_CLIENT", value_name = "NAME")]
    pub(in crate::command) client: Option<String>,
    /// The user that it is for; a client's own token when none is named, where the vendor has clients
    #[arg(long, env = "LOCUM_USER", value_name = "NAME")]
    pub(in crate::command) user: Option<String>,
    /// The granted scope, where the vendor has scopes
    #[arg(long, env = "LOCUM_SCOPE")]
    pub(in crate::command) scope: Option<String>,
    /// How long it lives, in whole seconds such as 30s; the vendor's own lifetime when nothing is said
    #[arg(long, env = "LOCUM_LIFETIME", value_name = "DURATION", value_parser = values::duration)]
    pub(in crate::command) lifetime: Option<Duration>,
    /// One thing that is wrong with it: expired, revoked, foreign_key, ...; the server names those of
    /// the vendor
    #[arg(long, env = "LOCUM_DEFECT", value_name = "NAME")]
    pub(in crate::command) defect: Option<String>,
}

/// Flags of `doctor`.
#[derive(Debug, Group)]
#[command(after_long_help = DOCTOR_HELP)]
pub(in crate::command) struct Doctor {
    #[command(flatten)]
    pub(in crate::command) server: Server,
    /// Print JSON
    #[arg(long, env = "LOCUM_JSON", value_parser = values::switch("LOCUM_JSON"))]
    pub(in crate::command) json: bool,
}

/// What `locum doctor --help` says besides.
const DOCTOR_HELP: &str = "\
It looks at the ports 4700 and 4743, or at the server of --url, at the way to this machine's own
addresses (names, proxies), at clocks, at the files of trusted authorities that variables name, and
whether it runs in a container. It changes nothing, and asks nobody but this machine and that server.

Exit codes:
  0  nothing would go wrong
  1  something would: the lines with FAIL, each with its cure";

/// Flags of `mcp`.
#[derive(Debug, Group)]
#[command(after_long_help = MCP_HELP)]
pub(in crate::command) struct Mcp {
    #[command(flatten)]
    pub(in crate::command) server: Server,
}

/// What `locum mcp --help` says besides.
const MCP_HELP: &str = "\
An assistant starts it, as its configuration says, often like this:
  {\"mcpServers\": {\"locum\": {\"command\": \"locum\", \"args\": [\"mcp\"]}}}
The server is asked only when a tool is called; `locum serve --detach` starts one.";

/// Flags of `stop`.
#[derive(Debug, Group)]
pub(in crate::command) struct Stop {
    /// Port of the server, where several run in the background
    #[arg(long, env = "LOCUM_PORT")]
    pub(in crate::command) port: Option<u16>,
    /// All of them
    #[arg(long, env = "LOCUM_ALL", conflicts_with = "port", value_parser = values::switch("LOCUM_ALL"))]
    pub(in crate::command) all: bool,
}
