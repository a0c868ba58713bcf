//! Why a program does not run at all, in messages that say what to fix.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use besom_core::{Failure, RunState};
use rustix::io::Errno;

use crate::Ended;
use crate::process::{Exit, SpawnError};

/// The end of a run whose program could not be started: [`Ended::broken`] if no other run could be started
/// either; [`Ended::unstarted`] if the machine is at fault.
pub(super) fn not_started(argv0: &str, directory: &Path, error: SpawnError) -> Ended {
    if !directory.is_dir() {
        return Ended::broken(format!("there is no directory {} to run programs in", directory.display()));
    }
    match error {
        SpawnError::Program(error) => program_not_started(argv0, directory, &error),
        SpawnError::Supervisor(error) => supervisor_not_started(argv0, &error),
    }
}

fn program_not_started(argv0: &str, directory: &Path, error: &io::Error) -> Ended {
    let errno = Errno::from_io_error(error);
    if let Some(ended) = not_spawned(argv0, errno, error) {
        return ended;
    }
    match errno {
        Some(Errno::NOENT | Errno::NOTDIR) => Ended::broken(not_found(argv0, directory)),
        Some(Errno::ACCESS) => {
            let fix = "make it executable, or put its interpreter first in 'command'";
            Ended::broken(format!("the program '{argv0}' is not executable: {fix}"))
        }
        Some(Errno::NOEXEC) => {
            let fix = "does it lack a first line such as #!/bin/sh?";
            Ended::broken(format!("this machine cannot execute the program '{argv0}': {fix}"))
        }
        _ => Ended::failed(format!("cannot start '{argv0}': {error}")),
    }
}

fn supervisor_not_started(argv0: &str, error: &io::Error) -> Ended {
    let errno = Errno::from_io_error(error);
    if let Some(ended) = not_spawned(argv0, errno, error) {
        return ended;
    }
    match errno {
        Some(_) => Ended::broken(format!("cannot start the process that supervises the program: {error}")),
        // Not an error of the system: somebody killed it, and the next run may succeed.
        None => Ended {
            killed_externally: true,
            ..Ended::because(RunState::Crashed, format!("the process that supervises the program: {error}"))
                .with_failure(Failure::Signal)
        },
    }
}

/// What keeps both from starting: the arguments, which both get, and the state of the machine.
fn not_spawned(argv0: &str, errno: Option<Errno>, error: &io::Error) -> Option<Ended> {
    match errno? {
        Errno::TOOBIG => {
            let fix = "pass them by ${args_json_file} or BESOM_PARAMS";
            Some(Ended::failed(format!("the arguments of '{argv0}' are too long: {fix}")))
        }
        Errno::AGAIN
        | Errno::NOMEM
        | Errno::MFILE
        | Errno::NFILE
        | Errno::NOSPC
        | Errno::DQUOT
        | Errno::ROFS
        | Errno::FBIG
        | Errno::IO => Some(Ended::unstarted(format!("the machine could not start '{argv0}': {error}"))),
        _ => None,
    }
}

fn not_found(name: &str, directory: &Path) -> String {
    if name == "python" {
        return "neither 'python' nor 'python3' is in any directory of PATH".to_owned();
    }
    if !name.contains('/') {
        return format!("the program '{name}' is not in any directory of PATH");
    }
    if directory.join(name).exists() {
        return format!("the interpreter in the first line of '{name}' does not exist");
    }
    missing(name, directory)
}

fn missing(name: &str, directory: &Path) -> String {
    format!("the program '{name}' does not exist (looked in {})", directory.display())
}

/// Why a program that was started and failed cannot have worked: what it should execute does not exist.
pub(super) fn why_broken(
    argv: &[String],
    program: Option<&str>,
    directory: &Path,
    exit: Exit,
) -> Option<String> {
    if exit == Exit::Code(0) {
        return None;
    }
    if let Some(target) = target_of_env(argv)
        && exit == Exit::Code(127)
        && find(target, directory).is_none()
    {
        return Some(not_found(target, directory));
    }
    let program = program.filter(|program| argv[1..].iter().any(|word| word == program))?;
    // A name without dot or slash may be a module, as in `python -m train`; so may one with a long
    // "extension".
    let is_file = program.contains('/') || Path::new(program).extension().is_some_and(|e| e.len() <= 4);
    (is_file && !directory.join(program).exists()).then(|| missing(program, directory))
}

/// What `/usr/bin/env [NAME=value ..] TARGET` executes.
fn target_of_env(argv: &[String]) -> Option<&str> {
    let (first, rest) = argv.split_first()?;
    if Path::new(first).file_name()? != "env" {
        return None;
    }
    rest.iter().map(String::as_str).find(|word| !word.contains('=') && !word.starts_with('-'))
}

fn find(name: &str, directory: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(directory.join(name)).filter(|path| path.exists());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|entry| directory.join(entry).join(name)).find(|path| path.exists())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_program_that_env_cannot_find_is_named() {
        let argv = words(&["/usr/bin/env", "A=1", "no-such-python", "train.py"]);
        let here = env::temp_dir();
        let why = why_broken(&argv, None, &here, Exit::Code(127)).unwrap();
        assert_eq!(why, "the program 'no-such-python' is not in any directory of PATH");
        assert_eq!(why_broken(&argv, None, &here, Exit::Code(1)), None);
        assert_eq!(why_broken(&words(&["/usr/bin/env", "sh"]), None, &here, Exit::Code(127)), None);
    }

    #[test]
    fn a_program_file_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let argv = words(&["python", "train.py"]);
        let check = |program, exit| why_broken(&argv, Some(program), directory.path(), exit);
        assert!(check("train.py", Exit::Code(2)).unwrap().contains("'train.py' does not exist"));
        assert_eq!(check("train.py", Exit::Code(0)), None);
        assert_eq!(check("other.py", Exit::Code(2)), None, "the command does not use it");
        std::fs::write(directory.path().join("train.py"), "").unwrap();
        assert_eq!(check("train.py", Exit::Code(2)), None);
        assert_eq!(
            why_broken(
                &words(&["python", "-m", "pkg.module"]),
                Some("pkg.module"),
                directory.path(),
                Exit::Code(1)
            ),
            None,
            "a module is not a file"
        );
    }
}
