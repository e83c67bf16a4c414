//! `locum drive`: judge a foreign client, which is a program that speaks `locum/1`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Clock as _, Profile, SystemClock};
use locum_harness::Report;
use locum_harness::run::{
    CONCURRENCY, CheckOptions, Manners, QUICK_CONCURRENCY, REFERENCE_CONCURRENCY, TargetKind,
};
use locum_harness::selection::Selection;
use locum_harness::subject::{
    AdoptionLevel, Agents, ClientHello, ClientPool, ClientSource, ClientUnderTest, CommandLine,
    StartError, exec, reference,
};
use locum_harness::target::ControlClient;
use locum_harness::verdict::exit;
use locum_harness::webhook;
use locum_server::environment;

use super::check::{self, interrupt, mocks::Mocks};
use super::{Failure, args, baseline, failure, report, select, vendors};

/// A client that says hello in that time costs little to start: more of them run side by side.
const QUICK_START: Duration = Duration::from_millis(600);

/// Starts the client, plays the scenarios, prints the table, writes the reports.
pub(super) fn run(args: &args::Drive) -> Result<u8, Failure> {
    let vendors = vendors::named(std::slice::from_ref(&args.vendor))?;
    let profiles: Vec<Profile> = vendors
        .iter()
        .map(|vendor| vendor.profile().clone())
        .collect();
    let [profile] = &profiles[..] else {
        return Err(Failure::usage("a client is judged at one vendor"));
    };
    let selection = select::selection(&args.judging.selecting, &profiles)?;
    let accepted = baseline::read(&args.judging.baseline)?;
    if let Some(url) = &args.webhook {
        webhook::receiver(url).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let reach = reach(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    let report = runtime.block_on(async {
        let mut stop = interrupt::watch();
        let mocks = Mocks::start(vendors, None)?;
        let authority = match args.well_known_env {
            true => Some(mocks.authority().await?),
            false => None,
        };
        let trusting = |mut command: CommandLine| {
            let file = authority.as_ref().map(|file| file.path().to_string_lossy());
            let told = file.map(|file| environment::authorities(&file));
            command.environment.extend(told.unwrap_or_default());
            command
        };
        let (source, level) = match reach {
            Reach::Exec(command) => {
                let command = trusting(command);
                let mut client = exec::under_test(command);
                client.redact = Some(mocks.redactor());
                let asked = (args, selection, CONCURRENCY);
                let report = judged(asked, &profiles, &mocks, client, stop).await;
                return report.map(Some);
            }
            Reach::Reference => {
                let client = reference::under_test(Arc::new(SystemClock::new()));
                let asked = (args, selection, REFERENCE_CONCURRENCY);
                let report = judged(asked, &profiles, &mocks, client, stop).await;
                return report.map(Some);
            }
            Reach::Program(command) => {
                let source = ClientSource::Program(trusting(command));
                (source, AdoptionLevel::Stdio)
            }
            Reach::Address(address) => (ClientSource::Address(address), AdoptionLevel::Stdio),
            Reach::Pull => (agents().await?, AdoptionLevel::Pull),
        };
        let pool = ClientPool::new(source, &profile.vendor);
        let clock = SystemClock::new();
        let began = clock.monotonic();
        let hello = tokio::select! {
            hello = pool.start_first() => hello.map_err(|error| not_started(&error))?,
            _ = stop.wait_for(|stop| *stop) => return Ok(None),
        };
        let client = ClientUnderTest {
            maker: pool.maker(),
            level,
            hello,
            redact: Some(mocks.redactor()),
        };
        let jobs = match clock.monotonic().saturating_sub(began) < QUICK_START {
            true => QUICK_CONCURRENCY,
            false => CONCURRENCY,
        };
        let asked = (args, selection, jobs);
        let report = judged(asked, &profiles, &mocks, client, stop).await;
        pool.close().await;
        report.map(Some)
    })?;
    let Some(mut report) = report else {
        return Ok(exit::INTERRUPTED);
    };
    baseline::apply(&args.judging.baseline, accepted.as_ref(), &mut report)?;
    report::tell(&report, args.format, &args.judging.reporting)
}

async fn judged(
    (args, selection, jobs): (&args::Drive, Selection, usize),
    profiles: &[Profile],
    mocks: &Mocks,
    client: ClientUnderTest,
    stop: tokio::sync::watch::Receiver<bool>,
) -> Result<Report, Failure> {
    let control =
        ControlClient::new(mocks.control_url(), None).map_err(|error| check::refused(&error))?;
    if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        eprintln!("{}", introduced(&client.hello));
    }
    let played = check::check(CheckOptions {
        webhook: args.webhook.clone(),
        profiles: profiles.to_vec(),
        judge: Judge::Client,
        target: TargetKind::Mocks {
            control,
            twin: None,
        },
        client: Some(client),
        jobs: args.jobs.map_or(jobs, usize::from),
        selection,
        seed: args.judging.seed.unwrap_or_else(rand::random),
        strict: args.judging.strict,
        fail_on: check::fail_on(&args.judging.fail_on),
        resume: None,
        manners: Manners::default(),
        stop,
        clock: Arc::new(SystemClock::new()),
    });
    let asked = select::Asked {
        side: Judge::Client,
        profiles,
        files: &vendors::files(std::slice::from_ref(&args.vendor), profiles),
    };
    let played = played
        .await
        .map_err(|error| check::unplayed(&error, asked))?;
    Ok(played.report(profiles))
}

/// The client in a line: what it calls itself, and what it claims.
fn introduced(hello: &ClientHello) -> String {
    let said = [&hello.name, &hello.version, &hello.language];
    let words: Vec<&str> = said.into_iter().map(String::as_str).collect();
    let claims = match hello.caps.as_slice() {
        [] => "no capability".to_owned(),
        caps => caps.join(", "),
    };
    let line = format!("{}; claims {claims}", words.join(" "));
    line.replace(char::is_control, "?")
}

/// How the client is reached, before anything is opened.
enum Reach {
    Reference,
    Exec(CommandLine),
    Program(CommandLine),
    Address(String),
    Pull,
}

fn reach(args: &args::Drive) -> Result<Reach, Failure> {
    if let Some(address) = &args.attach {
        return Ok(Reach::Address(address.clone()));
    }
    if args.reference {
        return Ok(Reach::Reference);
    }
    let command = args.command.split_first();
    let command = command.map(|(program, arguments)| CommandLine {
        program: program.clone(),
        arguments: arguments.to_vec(),
        environment: BTreeMap::new(),
    });
    match (args.by, command) {
        (args::By::Stdio, Some(command)) => Ok(Reach::Program(command)),
        (args::By::Exec, Some(command)) => Ok(Reach::Exec(command)),
        (args::By::Pull, None) => Ok(Reach::Pull),
        (args::By::Stdio | args::By::Exec, None) => Err(Failure::usage(
            "drive needs the program that is to be judged",
        )
        .hint(format!(
            "name it behind two dashes: locum drive {} -- python3 shim.py",
            vendors::shell_word(&args.vendor)
        ))),
        (args::By::Pull, Some(_)) => Err(Failure::usage("--by pull starts no program")
            .hint("start the client yourself with the LOCUM_CONTROL_URL that is printed")),
    }
}

/// Clients that fetch their requests; the address is told, for them to be started with.
async fn agents() -> Result<ClientSource, Failure> {
    let token: u128 = rand::random();
    let agents = Agents::listen(&format!("{token:032x}")).await;
    let agents = agents.map_err(|error| Failure::unreachable(format!("cannot listen: {error}")))?;
    eprintln!("LOCUM_CONTROL_URL={}", agents.url());
    Ok(ClientSource::Agents(agents))
}

fn not_started(error: &StartError) -> Failure {
    let mut failure = Failure::unreachable(error.to_string());
    let hint = match error {
        StartError::NotStarted { command, .. } => {
            let program = command.split(' ').next().unwrap_or_default();
            if std::path::Path::new(program).is_file() && !program.contains('/') {
                format!("did you mean `./{program}`? A program is looked for in PATH")
            } else {
                "name a program that is there and may be executed, its arguments behind it"
                    .to_owned()
            }
        }
        StartError::NotConnected { .. } => {
            "start the client first, and name the address at which it listens".to_owned()
        }
        StartError::Gone(_) | StartError::Silent(_) => {
            "does it answer the line {\"id\":1,\"op\":\"hello\",…} with a line of JSON on its standard output, and flush it?".to_owned()
        }
        StartError::Refused(_) => {
            "a client answers hello with its name, version, language, proto, ops and caps".to_owned()
        }
        StartError::Version { .. } => {
            failure.code = failure::USAGE;
            "answer hello with \"proto\": \"locum/1\"".to_owned()
        }
        StartError::NoOps { .. } => {
            failure.code = exit::HARNESS;
            "list what the shim takes, such as \"ops\": [\"new\", \"call\", \"drop\"]".to_owned()
        }
    };
    failure.hint(hint)
}
