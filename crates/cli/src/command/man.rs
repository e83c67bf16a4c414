//! `locum man`: manual pages, made of the flags.

use clap::CommandFactory as _;

use super::{Failure, args};

/// Prints the first page, or writes all of them.
pub(super) fn run(args: &args::Man) -> Result<u8, Failure> {
    let command = args::Args::command();
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.expect("a list of bytes takes all");
        super::say(&String::from_utf8_lossy(&page));
        return Ok(0);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| {
            Failure::usage(format!("cannot write to {}: {error}", folder.display()))
                .hint("name a folder that can be written to")
        })?;
    Ok(0)
}
