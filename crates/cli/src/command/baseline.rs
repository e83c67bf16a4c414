//! The baseline of a run: read, applied, written.

use std::path::Path;

use locum_harness::baseline::{self, Baseline};
use locum_harness::report::Report;

use super::{Failure, args};

/// The absolute path of the file that a run goes by, or writes; `None` where findings are not
/// accepted.
pub(super) fn file_of(args: &args::BaselineFlags) -> Option<String> {
    let is_used = args.baseline.is_some() || args.write_baseline || args.update_baseline;
    let typed = is_used.then(|| path(args))?;
    let absolute = std::path::absolute(typed).ok();
    let absolute = absolute.and_then(|path| path.into_os_string().into_string().ok());
    Some(absolute.unwrap_or_else(|| typed.to_owned()))
}

/// Reads the file before anything is played: a mistake in it is told at once.
pub(super) fn read(args: &args::BaselineFlags) -> Result<Option<Baseline>, Failure> {
    let path = path(args);
    if args.write_baseline {
        return match Path::new(path).exists() {
            true => Err(Failure::usage(format!("{path} is there already")).hint(
                "--update-baseline keeps its comments; or name another file: --baseline FILE",
            )),
            false => Ok(None),
        };
    }
    if args.baseline.is_none() && !args.update_baseline {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {path}: {error}"))
            .hint("--write-baseline writes one from a run")
    })?;
    let read = Baseline::parse(path, &text);
    read.map(Some)
        .map_err(|error| Failure::usage(format!("{path}: {error}")))
}

/// Puts the baseline beside the verdicts; writes or updates the file where that is asked for.
pub(super) fn apply(
    args: &args::BaselineFlags,
    read: Option<&Baseline>,
    report: &mut Report,
) -> Result<(), Failure> {
    let path = path(args);
    if let Some(baseline) = read {
        report.expect(baseline);
    }
    let text = match read {
        Some(baseline) if args.update_baseline => baseline.updated(report),
        None if args.write_baseline => Ok(baseline::written(report)),
        _ => return Ok(()),
    };
    let text = text.map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    std::fs::write(path, &text)
        .map_err(|error| Failure::usage(format!("cannot write {path}: {error}")))?;
    let again =
        Baseline::parse(path, &text).map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    report.expect(&again);
    eprintln!("{path} is written: say in it why each entry is accepted, and until when");
    Ok(())
}

fn path(args: &args::BaselineFlags) -> &str {
    args.baseline.as_deref().unwrap_or(baseline::FILE)
}
