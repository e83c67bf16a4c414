//! Arguments of `serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args as Group;
use locum_server::origin::{PublicUrl, TrustedProxies};

use crate::command::values;

/// Flags of `serve`.
#[derive(Debug, Group)]
pub(in crate::command) struct Serve {
    /// Vendors by their names, or profiles as `FILE.toml`; all built-in ones when none is named
    pub(in crate::command) vendors: Vec<String>,
    /// Port to listen on; 0 takes any free one
    #[arg(long, env = "LOCUM_PORT", default_value_t = 4700)]
    pub(in crate::command) port: u16,
    /// Address to listen on; one that is not loopback demands a token for the control API
    #[arg(long, env = "LOCUM_HOST", default_value = "127.0.0.1")]
    pub(in crate::command) host: IpAddr,
    /// Seed of all random choices of the stage `default`
    #[arg(long, env = "LOCUM_SEED", default_value_t = 0)]
    pub(in crate::command) seed: u64,
    /// An evil twin, as vendor/name or just its name
    #[arg(long, env = "LOCUM_TWIN")]
    pub(in crate::command) twin: Option<String>,
    /// File that holds the port while the server answers
    #[arg(long, env = "LOCUM_PORT_FILE")]
    pub(in crate::command) port_file: Option<PathBuf>,
    /// Bearer token of the control API
    #[arg(long, env = "LOCUM_CONTROL_TOKEN", hide_env_values = true)]
    pub(in crate::command) control_token: Option<String>,
    /// A name besides localhost by which the control API may be called, without port
    #[arg(long, env = "LOCUM_ALLOW_HOST", value_name = "NAME", value_delimiter = ',', value_parser = values::host_name)]
    pub(in crate::command) allow_host: Vec<String>,
    /// Speak TLS, too, on a port of its own; clients trust the authority in /_locum/ca.pem
    #[arg(long, env = "LOCUM_TLS", value_parser = values::switch("LOCUM_TLS"))]
    pub(in crate::command) tls: bool,
    /// Port for TLS; 0 takes any free one
    #[arg(long, env = "LOCUM_TLS_PORT", default_value_t = 4743)]
    pub(in crate::command) tls_port: u16,
    /// Certificate for TLS in PEM, its intermediates behind it, instead of one made on the spot
    #[arg(
        long,
        env = "LOCUM_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub(in crate::command) tls_cert: Option<PathBuf>,
    /// Private key of that certificate in PEM
    #[arg(
        long,
        env = "LOCUM_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub(in crate::command) tls_key: Option<PathBuf>,
    /// Folder that keeps the authority between starts, as ca.pem and ca-key.pem
    #[arg(
        long,
        env = "LOCUM_CA_DIR",
        value_name = "DIR",
        conflicts_with = "tls_cert"
    )]
    pub(in crate::command) ca_dir: Option<PathBuf>,
    /// Show a bad certificate of each kind on ports of their own (expired, of another host, ...);
    /// the stage document names them
    #[arg(long, env = "LOCUM_TLS_BAD", conflicts_with = "tls_cert", value_parser = values::switch("LOCUM_TLS_BAD"))]
    pub(in crate::command) tls_bad: bool,
    /// URL by which clients reach the server through a proxy, such as
    /// https://auth.example.test/mocks; the proxy takes the path off
    #[arg(long, env = "LOCUM_PUBLIC_URL", value_name = "URL")]
    pub(in crate::command) public_url: Option<PublicUrl>,
    /// A proxy whose Forwarded and X-Forwarded-* headers are believed: an IP address, a network, or
    /// `loopback`
    #[arg(
        long,
        env = "LOCUM_TRUST_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub(in crate::command) trust_proxy: Vec<TrustedProxies>,
    /// Memory that all stages together may take, in MiB; the oldest goes first
    #[arg(long, env = "LOCUM_MEMORY_LIMIT", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::command) memory_limit: u32,
    /// Memory that one stage may take, in MiB
    #[arg(long, env = "LOCUM_STAGE_MEMORY_LIMIT", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::command) stage_memory_limit: u32,
    /// End when standard input ends, as it does when the program that started the server is gone,
    /// however it ended; for helpers of test frameworks, which keep the other end of the pipe
    #[arg(long, env = "LOCUM_EXIT_WITH_STDIN", value_parser = values::switch("LOCUM_EXIT_WITH_STDIN"))]
    pub(in crate::command) exit_with_stdin: bool,
    /// Run in the background, and go on when this shell ends; `locum stop` ends it
    #[arg(long, env = "LOCUM_DETACH", conflicts_with = "exit_with_stdin", value_parser = values::switch("LOCUM_DETACH"))]
    pub(in crate::command) detach: bool,
    /// File for what a server in the background prints, overwritten at its start, instead of one in the
    /// state folder that `locum stop` takes away
    #[arg(long, env = "LOCUM_LOG", value_name = "FILE", requires = "detach")]
    pub(in crate::command) log: Option<PathBuf>,
    /// Print no line for each exchange
    #[arg(long, short, env = "LOCUM_QUIET", value_parser = values::switch("LOCUM_QUIET"))]
    pub(in crate::command) quiet: bool,
}
