//! `locum serve`: the mocks, for hand work and for other programs.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;

use locum_core::Secret;
use locum_server::config::Observer;
use locum_server::{App, ServerConfig, ServerError};

use super::{Failure, args, line, vendors};

/// Serves until it is interrupted.
pub(super) fn run(args: &args::Serve) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    runtime.block_on(serve(args))
}

async fn serve(args: &args::Serve) -> Result<u8, Failure> {
    let running = start(args).await?;
    let address = running.stages.address;
    if let Some(path) = &args.port_file {
        std::fs::write(path, address.port().to_string())
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    let roots: Vec<String> = running
        .stages
        .vendors()
        .iter()
        .map(|vendor| vendor.profile().vendor.clone())
        .collect();
    super::say(&format!("LISTENING http://{address} {}\n", roots.join(" ")));
    if let Some(token) = &running.stages.config.control_token {
        super::say(&format!("CONTROL-TOKEN {}\n", token.expose()));
    }
    interrupted().await;
    running.stop().await;
    Ok(0)
}

async fn start(args: &args::Serve) -> Result<App, Failure> {
    let vendors = vendors::named(&args.vendors)?;
    let given = args.control_token.clone().map(Secret::new);
    let control_token = given.or_else(|| (!args.host.is_loopback()).then(made_up_token));
    let observer = (!args.quiet).then(|| -> Observer {
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Arc::new(move |stage, entry| super::say(&format!("{}\n", line::of(stage, entry, color))))
    });
    let config = ServerConfig {
        address: SocketAddr::new(args.host, args.port),
        control_token,
        seed: args.seed,
        observer,
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

fn refused(error: &ServerError) -> Failure {
    match error {
        ServerError::Listen { .. } => Failure::unreachable(error.to_string())
            .hint("another program may have the port: choose one with --port, or any free one with --port 0"),
        other => Failure::usage(other.to_string()),
    }
}

fn made_up_token() -> Secret {
    Secret::new(locum_server::principal::random_alphanumeric(
        &mut locum_server::stage::rng_for(rand::random(), "control"),
        32,
    ))
}

async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut end =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
        let terminate = async {
            match end.as_mut() {
                Some(end) => end.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { _ = interrupt => {}, _ = terminate => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
