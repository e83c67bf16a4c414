//! The command line: one file a subcommand.

mod args;
mod baseline;
mod check;
mod client;
mod completions;
mod detached;
mod doctor;
mod drive;
mod env;
mod explain;
mod failure;
mod github;
mod health;
mod judge;
mod line;
mod list;
mod man;
mod mcp;
mod needs;
mod new;
mod port_file;
mod remote;
mod report;
mod resume;
mod select;
mod serve;
mod signal;
mod state;
mod stop;
mod token;
mod values;
mod vendors;
mod verdicts;
mod watch;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

pub use failure::Failure;

/// Runs the command with its arguments, the program's name first; returns the exit code.
///
/// # Errors
/// What to tell the person, and the exit code that goes with it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<u8, Failure> {
    let args = match args::Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return Ok(if error.use_stderr() {
                failure::USAGE
            } else {
                0
            });
        }
    };
    match args.command {
        args::Command::Serve(args) => serve::run(&args),
        args::Command::Check(args) => check::run(&args),
        args::Command::Drive(args) => drive::run(&args),
        args::Command::Watch(args) => watch::run(&args),
        args::Command::Verdicts(args) => verdicts::run(&args),
        args::Command::Env(args) => env::run(&args),
        args::Command::Token(args) => token::run(&args),
        args::Command::Health(args) => health::run(&args),
        args::Command::Stop(args) => stop::run(&args),
        args::Command::Doctor(args) => doctor::run(&args),
        args::Command::New(args) => new::run(&args),
        args::Command::Client(args) => client::run(&args),
        args::Command::Resume(args) => resume::run(&args),
        args::Command::Report(args) => report::run(&args),
        args::Command::List(args) => list::run(&args),
        args::Command::Explain(args) => explain::run(&args),
        args::Command::Completions(args) => Ok(completions::run(&args)),
        args::Command::Mcp(args) => mcp::run(&args),
        args::Command::Man(args) => man::run(&args),
    }
}

/// Runs what waits for answers, on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(future))
}

/// Prints to standard output; a reader that has gone (`| head`) is not an error.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}
