//! The command line.

mod agents;
mod arguments;
mod backup;
mod bench;
mod complete;
mod conclusion;
mod copy;
mod describe;
mod doctor;
mod drain;
mod expected;
mod export;
mod files;
mod front;
mod gpus;
mod grid;
mod help;
mod input;
mod inspect;
mod json;
mod live;
mod logs;
mod manage;
mod methods;
mod organize;
mod output;
mod plan;
mod plot;
mod progress;
mod remove;
mod resume;
mod run;
mod runs;
mod serve;
mod show;
mod signals;
mod stateless;
mod table;
mod target;
mod text;
mod token;
mod validate;
mod wandb;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use besom_core::{Registry, Taken};
use clap::FromArgMatches;
use clap_complete::env::{CompleteEnv, Shells};

pub(crate) use agents::{SUPERVISE, meaning, supervise_by};
use arguments::{Arguments, Command, StoreAction};
pub(crate) use conclusion::standing;
pub(crate) use describe::{better, expected_value, value_of};
pub use gpus::{GpuRequest, GpuRequestError, Spelling};
pub(crate) use input::paint;
use output::Outcome;
pub(crate) use progress::{Ended, Follower, constants, in_full, varying};
pub(crate) use run::beginning;
pub(crate) use table::number;
pub(crate) use text::one_line;

use crate::error::{InputError, describe, diagnostics, is_input};

/// The environment variable by which a shell asks for what can stand next.
const COMPLETE: &str = "BESOM_COMPLETE";

/// Parses the arguments, of which the first is the name of the program, and executes the command.
pub(crate) fn run(registry: &Registry, arguments: Vec<OsString>) -> ExitCode {
    // A supervisor is started for every run: nothing else is parsed or set up before it.
    if arguments.get(1).is_some_and(|word| word == SUPERVISE) {
        std::process::exit(besom_agent::supervise(arguments.into_iter().skip(2)));
    }
    signals::survive_file_size_limit();
    CompleteEnv::with_factory(help::command).var(COMPLETE).complete();
    let parsed = help::command().try_get_matches_from(arguments);
    let arguments = match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help and version to standard output with code 0, errors to standard error with code 2.
            let code = error.exit_code();
            if error.use_stderr() {
                // One prefix for all errors.
                let text = error.render().to_string();
                drop(std::io::stderr().write_all(text.replacen("error:", "besom:", 1).as_bytes()));
            } else {
                let _ = error.print();
            }
            return u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    match execute(registry, arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Ok(Outcome::Interrupted(code)) => ExitCode::from(code),
        Err(error) => fail(&error),
    }
}

/// Says which names of algorithms were added twice.
pub(crate) fn refuse(taken: &[Taken]) -> ExitCode {
    let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
    fail(&InputError::new(taken.join("\nbesom: ")).into())
}

fn fail(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let text = format!("besom: {}", describe(error));
    if diagnostics(error).is_some() {
        output::notice_report(&text);
    } else {
        output::notice(text);
    }
    if is_input(error) { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// Whether the reader of our output has closed it (`besom runs ID | head`), which is not a failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter().any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn execute(registry: &Registry, arguments: Arguments) -> Result<Outcome> {
    arguments.color.set();
    let place = arguments.place()?;
    match arguments.command {
        Command::Run(arguments) => run::run(registry, &place, &arguments),
        Command::Sweep(arguments) => match wandb::change(&place, &arguments) {
            Some(changed) => changed,
            None => run::create(registry, &place, &arguments),
        },
        Command::Agent(arguments) => run::agent(registry, &place, &arguments),
        Command::Controller { id } => run::controller(registry, &place, &id),
        Command::Status { id, watch: true, .. } => watch::watch(registry, &place, id.as_deref()),
        Command::Status { id, json, .. } => inspect::status(registry, &place, id.as_deref(), json),
        Command::List { json } => inspect::list(registry, &place, json),
        Command::Runs(arguments) => runs::runs(registry, &place, &arguments),
        Command::Show { id, run, json } => show::show(registry, &place, id.as_deref(), run, json),
        Command::Logs(arguments) => logs::logs(&place, &arguments),
        Command::Best { id, json } => inspect::best(registry, &place, id.as_deref(), json),
        Command::Export { id } => export::export(registry, &place, id.as_deref()),
        Command::Plot(arguments) => plot::plot(registry, &place, &arguments),
        Command::Pause { id } => manage::pause(&place, &id),
        Command::Resume { id } => manage::resume(&place, &id),
        Command::Agents { id, all, json } => drain::agents(&place, id.as_deref(), all, json),
        Command::Drain { id, agents } => drain::drain(&place, &id, &agents),
        Command::Stop { target, runs: Some(runs), json } => stateless::stop(registry, &target, &runs, json),
        Command::Stop { target, runs: None, .. } => manage::stop(&place, &target),
        Command::EarlyStop { file, runs, json } => stateless::stop(registry, &file, &runs, json),
        Command::Cancel { id } => manage::cancel(&place, &id),
        Command::Retry(arguments) => manage::retry(&place, &arguments),
        Command::Extend { id, runs } => organize::extend(registry, &place, &id, runs),
        Command::Enqueue(arguments) => organize::enqueue(registry, &place, &arguments),
        Command::Rm(arguments) => remove::remove(&place, &arguments),
        Command::Rename(arguments) => organize::rename(&place, &arguments),
        Command::Tag(arguments) => organize::tag(&place, &arguments),
        Command::Note(arguments) => organize::note(&place, &arguments),
        Command::Validate { file, json, wandb, strict } => {
            validate::validate(registry, &file, json, wandb, strict)
        }
        Command::Methods { name, json } => methods::methods(registry, name.as_deref(), json),
        Command::Plan(arguments) => plan::plan(registry, &place, &arguments),
        Command::Next { config, runs, n, seed, json } => {
            stateless::next(registry, &config, &runs, n, seed, json)
        }
        Command::Bench(arguments) => bench::bench(registry, arguments),
        Command::AskTell => ask_tell(registry),
        Command::Log { values } => manage::log(&values),
        Command::Backup { to, runs } => backup::backup(&place, &to, runs),
        Command::Store { action: StoreAction::Copy(arguments) } => copy::copy(&arguments),
        Command::Doctor { salvage, json } => doctor::doctor(&place, salvage.as_deref(), json),
        Command::Serve(arguments) => serve::serve(registry, &place, &arguments),
        Command::Token(arguments) => token::token(&place, &arguments),
        Command::Completion { shell } => completion(shell),
    }
}

fn ask_tell(registry: &Registry) -> Result<Outcome> {
    besom_engine::ask_tell::converse(registry, &mut std::io::stdin().lock(), &mut std::io::stdout().lock())?;
    Ok(Outcome::Done)
}

/// Prints the script by which a shell asks this command for what can stand next.
fn completion(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(&shell.to_string()).context("this shell is not known")?;
    shell.write_registration(COMPLETE, "besom", "besom", "besom", &mut script)?;
    std::io::stdout().write_all(&script)?;
    Ok(Outcome::Done)
}
