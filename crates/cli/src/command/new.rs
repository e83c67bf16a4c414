//! `locum new`: files to be changed, a vendor or the shim of a client.

mod shim;
mod vendor;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::{Failure, args, say};

/// Writes the file and says what to do with it.
pub(super) fn run(args: &args::New) -> Result<u8, Failure> {
    match &args.other {
        Some(args::NewFile::Shim(args)) => shim::run(args),
        None => {
            let file = args.file.as_deref();
            vendor::run(
                file.expect("clap demands it where no subcommand stands"),
                &args.grant,
            )
        }
    }
}

/// Makes the file; one that is there stays as it is.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let shown = path.display();
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!("{shown} is there already"))
            .hint("it is not overwritten: name another file, or move it away"),
        _ => Failure::usage(format!("cannot write {shown}: {error}"))
            .hint("name a file in a folder that exists and can be written"),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}
