//! `locum watch`: runs a command, such as a project's tests, against mocks of its own, and judges
//! what its clients send. The command needs no line of code for it.

mod output;
mod principals;
mod program;
mod recorder;
mod signals;

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Clock, Profile, SystemClock, Timestamp, Verdict};
use locum_harness::report::{Report, Run, terminal};
use locum_harness::run::whole_milliseconds;
use locum_harness::subject::AdoptionLevel;
use locum_harness::target::temporary::AuthorityFile;
use locum_harness::target::{ControlClient, Target};
use locum_harness::traffic::{self, Happening, Traffic};
use locum_harness::verdict::exit;
use locum_harness::webhook;
use locum_server::environment::{self, Wanted};
use locum_server::memory::MemoryLimits;
use locum_server::tls::{Identity, TlsOptions};
use locum_server::{App, ServerConfig, Vendor};
use serde_json::{Map, Value, json};

use super::judge::CatalogueJudge;
use super::{Failure, args, baseline, check, report, select, vendors};
use output::Output;
use program::Program;
use recorder::Recorder;
use signals::Signals;

/// The stage that the command is pointed at.
const STAGE: &str = "watch";

/// Memory for the journals of one run, in bytes.
const MEMORY: usize = 512 << 20;

/// How often it is looked whether a client has logged in.
const LOGIN_POLL: Duration = Duration::from_millis(50);

/// How many files and connections are asked of the system.
const MAX_DESCRIPTORS: u64 = 65_536;

/// Runs the command, judges its clients, prints what was found to standard error: standard output
/// is the command's.
pub(super) fn run(args: &args::Watch) -> Result<u8, Failure> {
    if args.command.is_empty() {
        return Err(Failure::usage("watch needs the command to run")
            .hint("name it behind two dashes: locum watch pattern -- pytest tests"));
    }
    let vendors = vendors::named(&args.vendors)?;
    let accepted = baseline::read(&args.judging.baseline)?;
    if let Some(url) = &args.webhook {
        webhook::receiver(url).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let profiles: Vec<Profile> = vendors
        .iter()
        .map(|vendor| vendor.profile().clone())
        .collect();
    let selection = select::selection(&args.judging.selecting, &profiles)?;
    // A test suite opens connections as fast as it can; see `serve`.
    let _ = rlimit::increase_nofile_limit(MAX_DESCRIPTORS);
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    let clock = SystemClock::new();
    let (started, origin) = (clock.now(), clock.monotonic());
    let recorder = Recorder::new(clock, origin);
    // JSON numbers are exact up to 2^53 only.
    let seed = args
        .judging
        .seed
        .unwrap_or_else(|| rand::random::<u64>() >> 11);
    let watched = runtime.block_on(watch(args, vendors, seed, &recorder))?;
    runtime.shutdown_background();
    let duration = clock.monotonic().saturating_sub(origin);
    let named = profiles.iter().map(|profile| profile.vendor.clone());
    let run = Run {
        id: format!(
            "r-{:08x}",
            (started.as_millis().unsigned_abs() ^ seed) & 0xffff_ffff
        ),
        command: "watch".to_owned(),
        vendors: named.collect(),
        judges: vec![Judge::Client],
        seed,
        started,
        finished: clock.now(),
        duration: whole_milliseconds(duration),
        strict: args.judging.strict,
        fail_on: check::fail_on(&args.judging.fail_on),
        repeats: 1,
        interrupted: watched.interrupted,
        selection,
        subject: "client".to_owned(),
        level: Some(AdoptionLevel::Watch),
        client: None,
    };
    let mut traffic = configured(recorder.traffic(), &watched.document);
    watched.output.add_to(&mut traffic, &watched.document);
    let turned = traffic.iter().any(called_after_a_turn);
    let mut report = judged(run, &profiles, traffic, &watched.document);
    report.files = vendors::files(&args.vendors, &profiles);
    baseline::apply(&args.judging.baseline, accepted.as_ref(), &mut report)?;
    tell(&report, &watched, turned);
    let judgement = report::write(&report, &args.judging.reporting).code?;
    Ok(exit_code(args.judge_only, watched.code, judgement))
}

/// What came of the command.
struct Watched {
    /// The document of the stage that it was pointed at.
    document: Value,
    /// What it printed that it should not have.
    output: Arc<Output>,
    /// Its exit code; 128 and the signal's number when a signal ended it.
    code: u8,
    /// Whether the run was interrupted.
    interrupted: bool,
    /// Whether something that it had started had to be ended.
    was_left: bool,
}

/// Starts mocks, runs the command against them, and ends both.
async fn watch(
    args: &args::Watch,
    vendors: Vec<Arc<dyn Vendor>>,
    seed: u64,
    recorder: &Arc<Recorder>,
) -> Result<Watched, Failure> {
    // Before anything is started that would have to be ended.
    let mut signals = Signals::new()
        .map_err(|error| Failure::unreachable(format!("cannot catch signals: {error}")))?;
    let slugs: Vec<String> = vendors
        .iter()
        .map(|vendor| vendor.profile().vendor.clone())
        .collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let app = App::start(config(args, seed, recorder), vendors)
        .await
        .map_err(|error| Failure::unreachable(error.to_string()))?;
    let base = format!("http://{}", app.stages.address);
    let control = ControlClient::new(&base, None).map_err(|error| check::refused(&error))?;
    let document = stage(&control, &slugs, args.odd_secrets, seed).await?;
    let authority = match args.tls {
        true => Some(authority_file(&app).await?),
        false => None,
    };
    let ca_file = authority.as_ref().map(|file| file.path().to_string_lossy());
    let wanted = Wanted {
        ca_file: ca_file.as_deref(),
        tls: args.tls,
    };
    let mut variables = environment::variables(&document, &slugs, wanted);
    if args.well_known_env {
        variables.extend(environment::well_known(&document, &slugs, wanted));
    }
    let (mut program, lines) =
        Program::start(&args.command, &variables).map_err(|error| not_started(args, &error))?;
    let webhook = args.webhook.clone();
    let delivering = webhook.map(|url| tokio::spawn(deliver(url, Arc::clone(recorder))));
    let output = Arc::new(Output::default());
    let searched = Arc::clone(&output).search(Arc::clone(&app.stages), lines);
    let searched = tokio::spawn(searched);
    let status = program.ended(&mut signals).await;
    let status = status
        .map_err(|error| Failure::unreachable(format!("cannot wait for the command: {error}")))?;
    let grace = Duration::from_secs(args.grace.into());
    let was_left = program.alone(grace, &mut signals).await;
    let _ = searched.await;
    if let Some(delivering) = delivering {
        // A receiver of the command's is gone with it.
        delivering.abort();
    }
    recorder.read_journals(&app.stages);
    // The observer has seen all when the server has stopped.
    app.stop().await;
    Ok(Watched {
        document,
        output,
        code: code_of(status),
        interrupted: signals.count() > 0,
        was_left,
    })
}

fn config(args: &args::Watch, seed: u64, recorder: &Arc<Recorder>) -> ServerConfig {
    ServerConfig {
        seed,
        observer: Some(recorder.observer()),
        memory: MemoryLimits {
            process: MEMORY,
            stage: MEMORY,
        },
        tls: args.tls.then_some(TlsOptions {
            port: 0,
            identity: Identity::Made,
            bad: false,
        }),
        judge: Some(Arc::new(CatalogueJudge)),
        ..ServerConfig::loopback()
    }
}

/// Makes the stage that the command is pointed at: each vendor on a port of its own, with accounts
/// that nobody else has. Its document.
async fn stage(
    control: &ControlClient,
    slugs: &[&str],
    odd: bool,
    seed: u64,
) -> Result<Value, Failure> {
    let failed = |error: &_| check::refused(error);
    let mark = mark(seed);
    let known = control.get("/stages/default").await;
    let known = known.map_err(|error| failed(&error))?;
    let vendors: Map<String, Value> = slugs
        .iter()
        .map(|slug| {
            let principals = &known["vendors"][*slug]["principals"];
            let principals = principals::marked(principals, &mark, odd);
            ((*slug).to_owned(), json!({"principals": principals}))
        })
        .collect();
    let spec = json!({"name": STAGE, "listen": true, "seed": seed, "vendors": vendors});
    control
        .post("/stages", &spec)
        .await
        .map_err(|error| failed(&error))
}

/// What names and secrets of the run begin with: letters and digits, as each vendor takes them.
fn mark(seed: u64) -> String {
    let mut rng = locum_server::stage::rng_for(seed, "mark");
    let text = locum_server::principal::random_alphanumeric(&mut rng, 6);
    format!("w{}", text.to_ascii_lowercase())
}

/// Delivers one event twice, once a client has logged in.
async fn deliver(url: String, recorder: Arc<Recorder>) {
    while !recorder.saw_login() {
        tokio::time::sleep(LOGIN_POLL).await;
    }
    let mut first = webhook::deliver(&url).await;
    // The receiver may be started later than the client.
    while first["reached"] != true {
        tokio::time::sleep(LOGIN_POLL).await;
        first = webhook::deliver(&url).await;
    }
    recorder.note(STAGE, webhook::CALL, first);
    tokio::time::sleep(webhook::PAUSE).await;
    let second = webhook::deliver(&url).await;
    recorder.note(STAGE, webhook::CALL, second);
}

async fn authority_file(app: &App) -> Result<AuthorityFile, Failure> {
    let pem = app.stages.authority_pem().await;
    let pem =
        pem.ok_or_else(|| Failure::unreachable("the mocks have no authority of their own"))?;
    AuthorityFile::write(&pem)
        .map_err(|error| Failure::unreachable(format!("cannot write LOCUM_CA_FILE: {error}")))
}

fn not_started(args: &args::Watch, error: &std::io::Error) -> Failure {
    let program = args.command.first().map(|name| name.to_string_lossy());
    let program = program.unwrap_or_default();
    let hint = if std::path::Path::new(&*program).is_file() && !program.contains('/') {
        format!("did you mean `./{program}`? A program is looked for in PATH")
    } else {
        "name a program that is there and may be executed, its arguments behind it".to_owned()
    };
    Failure::unreachable(format!("cannot start `{program}`: {error}")).hint(hint)
}

/// Adds what the run configured clients of its own stage with.
fn configured(traffic: Vec<Traffic>, document: &Value) -> Vec<Traffic> {
    let add = |mut traffic: Traffic| {
        if traffic.stage == STAGE {
            let told = &document["vendors"][&traffic.vendor];
            let urls = told["urls"].as_object().into_iter().flatten();
            let urls =
                urls.filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned())));
            traffic.urls = urls.collect();
            let mut config = Map::new();
            for (name, url) in &traffic.urls {
                config.insert(format!("{name}_url"), url.clone().into());
            }
            config.extend(told["credentials"].as_object().cloned().unwrap_or_default());
            traffic.config = Some(config);
        }
        traffic
    };
    traffic.into_iter().map(add).collect()
}

/// Whether a client called after somebody had turned the clock.
fn called_after_a_turn(traffic: &Traffic) -> bool {
    let mut events = traffic.events.iter().map(|(_, happening)| happening);
    events.any(|happening| matches!(happening, Happening::Control(call, _) if call == "clock"))
        && events.any(|happening| matches!(happening, Happening::Exchange(_)))
}

fn judged(run: Run, profiles: &[Profile], traffic: Vec<Traffic>, document: &Value) -> Report {
    let targets = document["vendors"].as_object().into_iter().flatten();
    let targets = targets.filter_map(|(_, told)| serde_json::from_value(told.clone()).ok());
    let secrets: Vec<(String, String)> = targets
        .flat_map(|target: Target| target.secrets())
        .collect();
    let origin: (u64, Timestamp) = (run.seed, run.started);
    let (scenarios, redactor) = traffic::scenarios(traffic, profiles, &secrets, origin);
    let mut report = Report::judge(run, profiles, scenarios);
    report.redactor = redactor;
    let says_nothing = |verdict| {
        matches!(
            verdict,
            Verdict::NotApplicable | Verdict::NotRun | Verdict::Inconclusive
        )
    };
    if report.verdicts.iter().all(|row| says_nothing(row.verdict)) {
        let codes = [report.exit_code, exit::NOTHING_SELECTED];
        report.exit_code = exit::winner(&codes);
    }
    report
}

/// What is told on standard error when the command has ended.
fn tell(report: &Report, watched: &Watched, turned: bool) {
    let mut text = String::from("\n");
    text += &terminal::text(report, report::look_of_errors());
    for vendor in &report.run.vendors {
        let mut scenarios = report.scenarios.iter();
        if !scenarios.any(|scenario| scenario.vendor == *vendor) && report.run.vendors.len() == 1 {
            let name = vendor.to_ascii_uppercase().replace('-', "_");
            text += &format!(
                "no request arrived at {vendor}: does the client take its addresses from LOCUM_TOKEN_URL and LOCUM_API_URL, or LOCUM_{name}_TOKEN_URL and so on?\n"
            );
        }
    }
    if report.scenarios.is_empty() && report.run.vendors.len() > 1 {
        text += "no request arrived: with several vendors the addresses stand in LOCUM_PATTERN_TOKEN_URL and so on; name one vendor for LOCUM_TOKEN_URL\n";
    }
    if turned {
        text += TWO_CLOCKS;
    }
    if watched.was_left {
        text += "the command left processes behind, which were ended (--grace says how long they may go on)\n";
    }
    if watched.code != 0 {
        text += &format!("the command ended with {}\n", watched.code);
    }
    eprint!("{text}");
}

const TWO_CLOCKS: &str = "\
clients called after a turn of the mock's clock, which does not turn the client's: a client that
counts by its own clock went on with a token that the vendor took for ended, or the other way round.
`locum watch --help` names the three ways to see the end of a token.
";

/// The code of a process as shells tell it.
fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    // Windows has codes of 32 bits: what does not fit is no success all the same.
    let code = status.code().unwrap_or(i32::from(exit::BROKEN));
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The command's failure comes first, unless only the judgement is asked for.
const fn exit_code(judge_only: bool, command: u8, judgement: u8) -> u8 {
    if judge_only || command == 0 {
        judgement
    } else {
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_failure_comes_first() {
        for (judge_only, command, judgement, expected) in [
            (false, 0, 0, 0),
            (false, 0, 1, 1),
            (false, 5, 1, 5),
            (false, 5, 0, 5),
            (true, 5, 0, 0),
            (true, 5, 1, 1),
            (false, 143, 130, 143),
        ] {
            assert_eq!(exit_code(judge_only, command, judgement), expected);
        }
    }
}
