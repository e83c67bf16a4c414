//! `locum report render`: a saved run, judged again.

use std::io::IsTerminal;
use std::path::Path;

use locum_core::Profile;
use locum_harness::report::terminal::Look;
use locum_harness::report::{self, Report, events};
use locum_harness::verdict::exit;
use terminal_size::{Height, Width};

use super::{Failure, args, vendors};

/// Columns of a terminal that does not tell how wide it is.
const FALLBACK_WIDTH: usize = 100;

/// Runs one of the subcommands of `report`.
pub(super) fn run(args: &args::Report) -> Result<u8, Failure> {
    match &args.command {
        args::ReportCommand::Render(args) => render(args),
    }
}

/// Judges the evidence of a folder again, prints the table and writes the reports.
fn render(args: &args::Render) -> Result<u8, Failure> {
    let path = args.folder.join("events.ndjson");
    let shown = path.display();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Failure::usage(format!("cannot read {shown}: {error}"))
            .hint("name the folder that a run wrote with --report")
    })?;
    let (run, scenarios) = events::read(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .hint("`locum check --report DIR` writes such a file")
    })?;
    let own = match args.profile.as_slice() {
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
    let report = Report::judge(run, &profiles, scenarios);
    super::say(&report::terminal::text(&report, look()));
    let folder = args.out.as_ref().unwrap_or(&args.folder);
    write(&report, folder)
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

/// Writes the reports; one that holds a secret of the run is not written, and the code says so.
pub(super) fn write(report: &Report, folder: &Path) -> Result<u8, Failure> {
    let failed = |error| Failure::usage(format!("cannot write to {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let files = [
        ("results.json", report::results::text(report)),
        ("events.ndjson", events::text(report)),
    ];
    let mut code = report.exit_code;
    for (name, text) in files {
        if report.leaks(&text) {
            eprintln!(
                "error: {name} would hold a secret of this run and is not written: please report this"
            );
            code = exit::winner(&[code, exit::HARNESS]);
            continue;
        }
        // A reader never sees half a file, and a run that is broken off leaves the last one whole.
        let part = folder.join(format!("{name}.part"));
        std::fs::write(&part, text).map_err(failed)?;
        std::fs::rename(&part, folder.join(name)).map_err(failed)?;
    }
    Ok(code)
}
