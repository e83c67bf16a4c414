//! `locum serve`: the mocks, for hand work and for other programs.

use std::io::IsTerminal;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use locum_core::Secret;
use locum_server::memory::MemoryLimits;
use locum_server::observe::{Observation, Observer};
use locum_server::origin::TrustedProxies;
use locum_server::tls::{Identity, TlsOptions};
use locum_server::{App, ServerConfig, ServerError, Stages};

use super::judge::CatalogueJudge;
use super::port_file::PortFile;
use super::signal::Interruption;
use super::{Failure, args, detached, line, vendors};

/// How many files and connections `serve` asks the system for.
const MAX_DESCRIPTORS: u64 = 65_536;

/// Serves until it is interrupted.
pub(super) fn run(args: &args::Serve) -> Result<u8, Failure> {
    if args.detach && !detached::is_one() {
        return detached::start(args.log.as_deref());
    }
    // Held requests and open sockets must not take the control API's last descriptor; systems
    // start programs with as few as 256. Where the system refuses, the limit stays.
    let _ = rlimit::increase_nofile_limit(MAX_DESCRIPTORS);
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args))
}

async fn serve(args: &args::Serve) -> Result<u8, Failure> {
    // Before anybody can know that the server runs, so that it always ends in order.
    let mut interruption = Interruption::new()
        .map_err(|error| Failure::unreachable(format!("cannot catch signals: {error}")))?;
    let port_file = args.port_file.as_deref().map(PortFile::clear).transpose()?;
    let ready = Arc::new(OnceLock::new());
    let running = start(args, printer(Arc::clone(&ready), args.quiet)).await?;
    if let Some(file) = &port_file {
        file.write(running.stages.address.port())?;
    }
    let told = greeting(&running.stages);
    if detached::is_one() {
        detached::tell(running.stages.address, &told)?;
    }
    let _ = ready.set(told);
    tokio::select! {
        () = interruption.came() => {}
        () = stdin_ended(), if args.exit_with_stdin => {}
    }
    running.stop().await;
    Ok(0)
}

/// Waits until nobody can write to standard input any more. The thread that reads it is not waited
/// for, so that a signal ends the server, too.
async fn stdin_ended() {
    let (ended, waits) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = waits.await;
}

/// The first lines: where the server listens, its page for people, and the token of its control API.
fn greeting(stages: &Stages) -> String {
    let vendors = stages.vendors().iter();
    let slugs: Vec<&str> = vendors.map(|v| v.profile().vendor.as_str()).collect();
    let mut lines = format!("LISTENING http://{} {}\n", stages.address, slugs.join(" "));
    if let Some(tls) = &stages.tls {
        lines.push_str(&format!("TLS https://{}\n", tls.address));
    }
    lines.push_str(&format!("PAGE {}\n", page(stages)));
    if let Some(token) = &stages.config.control_token {
        lines.push_str(&format!("CONTROL-TOKEN {}\n", token.expose()));
    }
    lines
}

/// Where a browser finds the page.
fn page(stages: &Stages) -> String {
    if let Some(url) = &stages.config.public_url {
        return format!("{url}/");
    }
    let (scheme, mut address) = match &stages.tls {
        Some(tls) => ("https", tls.address),
        None => ("http", stages.address),
    };
    // All addresses of a machine are none that a browser could open.
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}/")
}

async fn start(args: &args::Serve, observer: Observer) -> Result<App, Failure> {
    let vendors = vendors::named(&args.vendors)?;
    let given = args.control_token.clone().filter(|token| !token.is_empty());
    let given = given.map(Secret::new);
    let control_token = given.or_else(|| (!args.host.is_loopback()).then(made_up_token));
    let config = ServerConfig {
        address: SocketAddr::new(args.host, args.port),
        control_token,
        allowed_hosts: args.allow_host.clone(),
        seed: args.seed,
        observer: Some(observer),
        memory: MemoryLimits {
            process: mebibytes(args.memory_limit),
            stage: mebibytes(args.stage_memory_limit),
        },
        tls: tls(args)?,
        public_url: args.public_url.clone(),
        trusted_proxies: TrustedProxies::of(args.trust_proxy.clone()),
        judge: Some(Arc::new(CatalogueJudge)),
        ..ServerConfig::loopback()
    };
    let running = App::start(config, vendors)
        .await
        .map_err(|error| refused(&error))?;
    if let Some(name) = &args.twin {
        let stage = running
            .stages
            .stage("default")
            .expect("a server starts with it");
        running
            .stages
            .put_twin(&stage, name)
            .map_err(Failure::usage)?;
    }
    Ok(running)
}

/// How TLS is asked for; flags that say how, without the one that says that, are a mistake.
fn tls(args: &args::Serve) -> Result<Option<TlsOptions>, Failure> {
    let identity = match (&args.tls_cert, &args.tls_key, &args.ca_dir) {
        (Some(chain), Some(key), _) => Identity::Own {
            chain: chain.clone(),
            key: key.clone(),
        },
        (_, _, Some(folder)) => Identity::Kept(folder.clone()),
        _ => Identity::Made,
    };
    if args.tls {
        return Ok(Some(TlsOptions {
            port: args.tls_port,
            identity,
            bad: args.tls_bad,
        }));
    }
    if identity == Identity::Made && !args.tls_bad {
        return Ok(None);
    }
    Err(
        Failure::usage("--tls-cert, --ca-dir and --tls-bad say how TLS is spoken, but it is off")
            .hint("add --tls, or LOCUM_TLS=1"),
    )
}

/// Prints to standard output, as nothing else does: first what `ready` says once the server is,
/// then a line for each exchange unless `quiet`.
fn printer(ready: Arc<OnceLock<String>>, quiet: bool) -> Observer {
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Arc::new(move |observation| match observation {
        Observation::Listening(_) => super::say(ready.wait()),
        _ if quiet => {}
        Observation::Exchange { stage, entry } => {
            super::say(&format!("{}\n", line::of(&stage, &entry, color)));
        }
        Observation::Control(_) => {}
        Observation::Dropped(count) => super::say(&line::dropped(count)),
    })
}

fn mebibytes(count: u32) -> usize {
    usize::try_from(u64::from(count) << 20).unwrap_or(usize::MAX)
}

fn refused(error: &ServerError) -> Failure {
    match error {
        ServerError::Listen { .. } => Failure::unreachable(error.to_string())
            .hint("another program may have the port: choose one with --port (for TLS --tls-port), or any free one with 0"),
        ServerError::Tls(error) => Failure::usage(error.to_string()).hint(error.hint),
        other => Failure::usage(other.to_string()),
    }
}

fn made_up_token() -> Secret {
    Secret::new(locum_server::principal::random_alphanumeric(
        &mut locum_server::stage::rng_for(rand::random(), "control"),
        32,
    ))
}
