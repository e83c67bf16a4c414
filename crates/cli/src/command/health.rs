//! `locum health`: whether a server answers, as a container's health check asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use locum_core::{Clock as _, SystemClock};
use locum_harness::target::ControlClient;

use super::{Failure, args};

/// The exit code that Docker's `HEALTHCHECK` has for this; 2 is reserved there.
const UNHEALTHY: u8 = 1;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How soon it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks, until it answers or the time is over.
pub(super) fn run(args: &args::Health) -> Result<u8, Failure> {
    let url = super::block_on(async {
        let clock = SystemClock::new();
        let end = clock.monotonic() + args.wait;
        loop {
            let left = end.saturating_sub(clock.monotonic());
            let asked = match url(args) {
                Ok(url) => ask(&url, timeout(args.wait, left)).await.map(|()| url),
                Err(failure) => Err(failure),
            };
            if asked.is_ok() || clock.monotonic() >= end {
                return asked;
            }
            tokio::time::sleep(PAUSE).await;
        }
    })?;
    let url = url.map_err(|mut failure| {
        failure.code = UNHEALTHY;
        failure
    })?;
    super::say(&format!("ok {url}\n"));
    Ok(0)
}

/// How long one answer may take where so much is `left` of the time to `wait`: it ends no later.
fn timeout(wait: Duration, left: Duration) -> Duration {
    if wait.is_zero() {
        ANSWER_TIMEOUT
    } else {
        left.clamp(PAUSE, ANSWER_TIMEOUT)
    }
}

async fn ask(url: &str, timeout: Duration) -> Result<(), Failure> {
    let failed = |fault: String| {
        Failure::unreachable(fault)
            .hint("start one with `locum serve`, or name it: --url, --port-file, --port")
    };
    let control = ControlClient::new(url, None).map_err(|error| failed(error.to_string()))?;
    match tokio::time::timeout(timeout, control.is_up()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(format!("{url}: {error}"))),
        Err(_) => Err(failed(format!(
            "{url}: no answer within {} s",
            timeout.as_secs_f64()
        ))),
    }
}

/// Where the server is, from what it was told itself.
fn url(args: &args::Health) -> Result<String, Failure> {
    let told = || std::env::var("LOCUM_CONTROL_URL").ok();
    let told = told().filter(|url| args.port_file.is_none() && !url.is_empty());
    if let Some(url) = args.url.clone().or(told) {
        let base = url.split("/_locum").next().unwrap_or_default();
        return Ok(base.trim_end_matches('/').to_owned());
    }
    let port = match &args.port_file {
        Some(file) => port_in(file)?,
        None if args.port == 0 => {
            return Err(Failure::usage("port 0 is any free one")
                .hint("let the server write it to a file: --port-file FILE, LOCUM_PORT_FILE"));
        }
        None => args.port,
    };
    Ok(format!("http://{}", SocketAddr::new(near(args.host), port)))
}

fn port_in(file: &Path) -> Result<u16, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::unreachable(format!("cannot read the port file {shown}: {error}"))
            .hint("a server writes it with the same --port-file, and takes it away when it ends")
    })?;
    text.trim().parse().map_err(|_| {
        Failure::usage(format!("{shown} holds no port"))
            .hint("name the file that `locum serve --port-file FILE` writes")
    })
}

/// An address of this machine at which a server that listens on all addresses answers.
const fn near(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    }
}
