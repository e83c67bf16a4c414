//! Arguments: each flag has a variable of the environment.

mod judging;
mod new;
mod output;
mod reports;
mod running;
mod serve;
mod watch;

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};

use super::values;
pub(super) use judging::{
    BaselineFlags, By, Check, Drive, EndpointFlags, FailOn, Judging, Reporting, Selecting,
};
pub(super) use new::{New, NewFile, NewShim, ShimLanguage};
pub(super) use output::Output;
pub(super) use reports::{Merge, Render, Report, ReportCommand, Resume};
pub(super) use running::{Doctor, Health, Mcp, Stop, Token};
pub(super) use serve::Serve;
pub(super) use watch::{Env, EnvFormat, Server, Verdicts, Watch};

/// Mock vendors, a reference client and a conformance harness for health vendors' authentication.
#[derive(Debug, Parser)]
#[command(name = "locum", version, about, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the mock vendors (all four by default) with their control API
    Serve(Serve),
    /// Judge a vendor's endpoint; with no URL, the built-in mocks
    Check(Check),
    /// Judge a client of yours, in any language: a program that takes one request a line
    Drive(Drive),
    /// Run a command, such as your tests, against mocks of its own, and judge what its clients send
    Watch(Watch),
    /// Judge what clients have sent so far to a running `locum serve`
    Verdicts(Verdicts),
    /// Print the variables that point a client at a running `locum serve`
    Env(Env),
    /// Print an access token of a running `locum serve`, and nothing else
    Token(Token),
    /// Tell whether a `locum serve` answers, as a container's health check asks
    Health(Health),
    /// End a `locum serve --detach`
    Stop(Stop),
    /// Tell what would keep clients from the mocks on this machine, and the cure
    Doctor(Doctor),
    /// Speak the Model Context Protocol on standard input and output: a running `locum serve` as tools
    /// of an assistant
    Mcp(Mcp),
    /// Write a vendor of your own: one file that serves at once; or the shim by which your client is
    /// driven
    New(New),
    /// Speak `locum/1` on standard input and output as the demo client, honest or with one fault
    Client(Client),
    /// Finish an earlier check whose rows are PENDING, once the tokens have ended
    Resume(Resume),
    /// Work with the reports of earlier runs
    Report(Report),
    /// List the requirement catalogue
    List(List),
    /// Explain one requirement: its sentence, its source, how it is judged
    Explain(Explain),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
}

/// Flags of `client`.
#[derive(Debug, Group)]
pub(super) struct Client {
    /// The one thing to do wrong, by its name in --list
    #[arg(
        long,
        env = "LOCUM_MUTANT",
        value_name = "NAME",
        conflicts_with = "style"
    )]
    pub(super) mutant: Option<String>,
    /// The style of a client that does nothing wrong, by its name in --list
    #[arg(long, env = "LOCUM_STYLE", value_name = "NAME")]
    pub(super) style: Option<String>,
    /// File that keeps tokens for the next process; without one they are forgotten
    #[arg(long, env = "LOCUM_STORE", value_name = "FILE")]
    pub(super) store: Option<PathBuf>,
    /// URL under which to receive webhooks, such as http://127.0.0.1:9000/hook
    #[arg(long, env = "LOCUM_WEBHOOK", value_name = "URL")]
    pub(super) webhook: Option<String>,
    /// List the mutants and styles: name, vendors, what each does, which requirements that breaks
    #[arg(long, env = "LOCUM_LIST", value_parser = values::switch("LOCUM_LIST"))]
    pub(super) list: bool,
    /// Fixes every random choice
    #[arg(long, env = "LOCUM_SEED")]
    pub(super) seed: Option<u64>,
}

/// Flags of `list`.
#[derive(Debug, Group)]
pub(super) struct List {
    /// Only rows for this vendor
    #[arg(env = "LOCUM_VENDOR")]
    pub(super) vendor: Option<String>,
    /// Only what this expression selects, as for `check`
    #[arg(short = 'k', long, env = "LOCUM_SELECT", value_name = "EXPRESSION")]
    pub(super) select: Option<String>,
    /// Print JSON, a row a line
    #[arg(long, env = "LOCUM_JSON", value_parser = values::switch("LOCUM_JSON"))]
    pub(super) json: bool,
}

/// Flags of `explain`.
#[derive(Debug, Group)]
pub(super) struct Explain {
    /// The requirement's id, such as VEN-26
    pub(super) id: String,
}

/// Flags of `completions`.
#[derive(Debug, Group)]
#[command(after_long_help = COMPLETIONS_HELP)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

/// What `locum completions --help` says besides.
const COMPLETIONS_HELP: &str = "\
Where they go:
  bash   locum completions bash > ~/.local/share/bash-completion/completions/locum
  zsh    locum completions zsh > \"${fpath[1]}/_locum\"
  fish   locum completions fish > ~/.config/fish/completions/locum.fish";

/// Flags of `man`.
#[derive(Debug, Group)]
pub(super) struct Man {
    /// Folder for the pages of all commands, instead of printing the first one
    #[arg(long, env = "LOCUM_OUT", value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, CommandFactory};

    /// A flag without a variable, or with one of another name, would be a trap.
    #[test]
    fn each_flag_has_the_variable_of_its_name() {
        let command = super::Args::command();
        // What prints something and ends is asked for by hand.
        let by_hand = ["help", "help-env"];
        let deeper = command
            .get_subcommands()
            .flat_map(clap::Command::get_subcommands);
        let flags = command
            .get_subcommands()
            .chain(deeper)
            .flat_map(clap::Command::get_arguments)
            .filter(|flag| flag.get_long().is_some_and(|long| !by_hand.contains(&long)));
        let mut switches = 0;
        for flag in flags {
            let long = flag.get_long().expect("it has one");
            let name = format!("LOCUM_{}", long.to_ascii_uppercase().replace('-', "_"));
            assert_eq!(flag.get_env(), Some(name.as_ref()), "--{long}");
            switches += usize::from(matches!(flag.get_action(), ArgAction::SetTrue));
        }
        assert!(switches >= 3, "{switches}");
    }
}
