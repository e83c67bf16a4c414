//! `locum completions SHELL`: made of the flags.

use clap::CommandFactory as _;

use super::args;

/// Prints them.
pub(super) fn run(args: &args::Completions) -> u8 {
    let mut command = args::Args::command();
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "locum", &mut text);
    super::say(&String::from_utf8_lossy(&text));
    0
}
