//! The command: maps results to exit codes, nothing more.

use std::process::ExitCode;

fn main() -> ExitCode {
    match locum::command::run(std::env::args_os()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.code)
        }
    }
}
