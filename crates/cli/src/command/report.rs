//! Reports: told, written, and made again from saved runs.

use std::io::IsTerminal;
use std::path::Path;

use locum_core::Profile;
use locum_harness::report::format::Format;
use locum_harness::report::terminal::{self, Look};
use locum_harness::report::{self, Report, Run, events, merge};
use locum_harness::verdict::{Scenario, exit};
use terminal_size::{Height, Width};

use super::{Failure, args, baseline, github, vendors};

/// Columns of a terminal that does not tell how wide it is.
const FALLBACK_WIDTH: usize = 100;

/// Runs one of the subcommands of `report`.
pub(super) fn run(args: &args::Report) -> Result<u8, Failure> {
    match &args.command {
        args::ReportCommand::Render(args) => render(args),
        args::ReportCommand::Merge(args) => merge(args),
        args::ReportCommand::Schema => {
            super::say(&report::schema::text());
            Ok(exit::CONFORMANT)
        }
    }
}

/// Judges the evidence of a folder again, prints the table and writes the reports.
fn render(args: &args::Render) -> Result<u8, Failure> {
    let mut report = judged_again(&args.folder, &args.profile)?;
    let flags = args::BaselineFlags {
        baseline: args.baseline.clone(),
        write_baseline: false,
        update_baseline: false,
    };
    baseline::apply(&flags, baseline::read(&flags)?.as_ref(), &mut report)?;
    let reporting = args::Reporting {
        report: Some(args.out.as_ref().unwrap_or(&args.folder).clone()),
        sarif_anchor: args.sarif_anchor.clone(),
    };
    tell(&report, args.format, &reporting)
}

/// Puts saved runs beside one another; differences are no failure.
fn merge(args: &args::Merge) -> Result<u8, Failure> {
    let mut reports = Vec::new();
    for folder in &args.folders {
        let report = judged_again(folder, &args.profile)?;
        let name = folder.file_name().map(|name| name.to_string_lossy());
        let name = name.map_or_else(|| report.run.id.clone(), std::borrow::Cow::into_owned);
        reports.push((name, report));
    }
    let named = reports.iter().map(|(name, report)| (name.clone(), report));
    let named: Vec<merge::Named<'_>> = named.collect();
    super::say(&merge::differences(&named));
    folder(&args.out)?;
    file(&args.out, "merged.html", &merge::page(&named))?;
    file(&args.out, "merged.json", &merge::json(&named))?;
    Ok(exit::CONFORMANT)
}

/// A run that was read back.
#[derive(Debug)]
pub(super) struct Saved {
    /// What was run.
    pub(super) run: Run,
    /// What was seen.
    pub(super) scenarios: Vec<Scenario>,
    /// The vendors that may occur in it.
    pub(super) profiles: Vec<Profile>,
    /// Whether this very version wrote it, with the same catalogue.
    pub(super) is_ours: bool,
}

/// The report of a saved run, from its evidence alone.
fn judged_again(folder: &Path, own: &[String]) -> Result<Report, Failure> {
    let saved = saved(folder, own)?;
    Ok(Report::judge(saved.run, &saved.profiles, saved.scenarios))
}

/// Reads what `--report` wrote into a folder.
pub(super) fn saved(folder: &Path, own: &[String]) -> Result<Saved, Failure> {
    let path = folder.join("events.ndjson");
    let shown = path.display();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Failure::usage(format!("cannot read {shown}: {error}"))
            .hint("name the folder that a run wrote with --report")
    })?;
    let (run, scenarios) = events::read(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .hint("`locum check --report DIR` writes such a file")
    })?;
    let own = match own {
        [] => Vec::new(),
        files => vendors::named(files)?,
    };
    let profiles: Vec<Profile> = own
        .iter()
        .chain(&locum_mocks::vendors())
        .map(|vendor| vendor.profile().clone())
        .collect();
    if let Some(unknown) = run
        .vendors
        .iter()
        .find(|name| profiles.iter().all(|profile| profile.vendor != **name))
    {
        return Err(Failure::usage(format!(
            "{shown}: the run is of the vendor `{unknown}`, which is not built in"
        ))
        .hint("name its file: --profile FILE.toml"));
    }
    Ok(Saved {
        is_ours: events::is_of_this_version(&text),
        run,
        scenarios,
        profiles,
    })
}

/// Prints a report and writes its files; the exit code.
pub(super) fn tell(
    report: &Report,
    output: args::Output,
    reporting: &args::Reporting,
) -> Result<u8, Failure> {
    let printed = print(report, output, reporting);
    Ok(exit::winner(&[printed, write(report, reporting).code?]))
}

/// Standard output gets `output`, a person the text. The exit code.
pub(super) fn print(report: &Report, output: args::Output, reporting: &args::Reporting) -> u8 {
    let args::Output::Report(format) = output else {
        super::say(&terminal::text(report, look()));
        return report.exit_code;
    };
    eprint!("{}", terminal::text(report, look_of_errors()));
    let text = format.text(report, reporting.sarif_anchor.as_deref());
    if report.leaks(&text) {
        return withheld(report.exit_code, "the report");
    }
    super::say(&text);
    report.exit_code
}

/// What became of the files of a report.
#[derive(Debug)]
pub(super) struct Written {
    /// Whether the folder has the evidence of this report, even where something after it could not be
    /// written.
    pub(super) has_evidence: bool,
    /// The exit code; or why something could not be written.
    pub(super) code: Result<u8, Failure>,
}

/// Writes the files that were asked for, and what GitHub Actions shows.
pub(super) fn write(report: &Report, reporting: &args::Reporting) -> Written {
    let anchor = reporting.sarif_anchor.as_deref();
    github::tell(report, anchor);
    let (mut has_evidence, mut code) = (false, report.exit_code);
    let Some(folder) = &reporting.report else {
        return Written {
            has_evidence,
            code: Ok(code),
        };
    };
    let files = Format::ALL.into_iter().flat_map(|format| {
        let files = format.files(report, anchor).into_iter();
        files.map(move |(path, text)| (format, path, text))
    });
    for (format, path, text) in files {
        if report.leaks(&text) {
            code = withheld(code, &path);
            continue;
        }
        if let Err(failure) = file_below(folder, &path, &text) {
            return Written {
                has_evidence,
                code: Err(failure),
            };
        }
        has_evidence |= format == Format::Events;
    }
    Written {
        has_evidence,
        code: Ok(code),
    }
}

/// How texts look on standard output.
pub(super) fn look() -> Look {
    let stdout = std::io::stdout();
    look_of(
        stdout.is_terminal(),
        terminal_size::terminal_size_of(&stdout),
    )
}

/// How texts look on standard error.
pub(super) fn look_of_errors() -> Look {
    let stderr = std::io::stderr();
    look_of(
        stderr.is_terminal(),
        terminal_size::terminal_size_of(&stderr),
    )
}

/// How texts look on a terminal, or in a file, where nothing is wrapped. COLUMNS, where it is
/// exported, is what a person wants.
fn look_of(is_terminal: bool, size: Option<(Width, Height)>) -> Look {
    // https://no-color.org: present and not empty.
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.parse().ok());
    let of_terminal = size.map_or(FALLBACK_WIDTH, |(Width(columns), _)| columns.into());
    Look {
        width: columns.or(is_terminal.then_some(of_terminal)),
        color: is_terminal && !is_plain,
    }
}

/// Says that a report is not written since it holds a secret of the run, and what the command ends
/// with then.
fn withheld(code: u8, name: &str) -> u8 {
    eprintln!(
        "error: {name} would hold a secret of this run and is not written: please report this"
    );
    exit::winner(&[code, exit::HARNESS])
}

/// Writes a file of a folder, or of a folder in it.
fn file_below(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    match name.rsplit_once('/') {
        Some((inner, _)) => self::folder(&folder.join(inner))?,
        None => self::folder(folder)?,
    }
    file(folder, name, text)
}

fn folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))
}

/// Writes a file. A reader never sees half of it, and a run that is broken off leaves the last one
/// whole.
fn file(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let part = folder.join(format!("{name}.part"));
    let written = std::fs::write(&part, text);
    written
        .and_then(|()| std::fs::rename(&part, folder.join(name)))
        .map_err(|error| unwritable(folder, &error))
}

fn unwritable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write to {}: {error}", folder.display()))
}
