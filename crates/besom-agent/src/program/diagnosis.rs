//! Why a program does not run at all, in words that name what to mend.

use std::env;
use std::path::{Path, PathBuf};

use besom_core::RunState;
use rustix::io::Errno;

use crate::Ended;
use crate::process::{Exit, SpawnError};

/// The end of a run whose program could not be started. Hopeless if no other run could be started either; `Crashed`, so
/// that it is tried again, if the machine is at fault.
pub(super) fn not_started(argv0: &str, directory: &Path, error: SpawnError) -> Ended {
    if !directory.is_dir() {
        return Ended::hopeless(format!("there is no directory {} to run programs in", directory.display()));
    }
    let (error, of_program) = match error {
        SpawnError::Program(error) => (error, true),
        SpawnError::Supervisor(error) => (error, false),
    };
    match Errno::from_io_error(&error) {
        Some(Errno::TOOBIG) => {
            let mend = "hand them over by ${args_json_file} or BESOM_PARAMS";
            Ended::failed(format!("the arguments of '{argv0}' are too long: {mend}"))
        }
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) => {
            let mut ended = Ended::new(RunState::Crashed);
            ended.end.message = Some(format!("the machine could not start '{argv0}': {error}"));
            ended
        }
        // Not the system's refusal: somebody has killed it, and the next run may fare better.
        None if !of_program => {
            let mut ended = Ended::new(RunState::Crashed);
            ended.from_outside = true;
            ended.end.message = Some(format!("the process that supervises the program: {error}"));
            ended
        }
        Some(_) if !of_program => {
            Ended::hopeless(format!("cannot start the process that supervises the program: {error}"))
        }
        Some(Errno::NOENT | Errno::NOTDIR) => Ended::hopeless(not_found(argv0, directory)),
        Some(Errno::ACCESS) => {
            let mend = "make it executable, or name its interpreter first in 'command'";
            Ended::hopeless(format!("the program '{argv0}' is not executable: {mend}"))
        }
        Some(Errno::NOEXEC) => {
            let mend = "does it lack a first line such as #!/bin/sh?";
            Ended::hopeless(format!("the program '{argv0}' is nothing that this machine executes: {mend}"))
        }
        _ => Ended::failed(format!("cannot start '{argv0}': {error}")),
    }
}

fn not_found(name: &str, directory: &Path) -> String {
    if !name.contains('/') {
        return format!("the program '{name}' is in no directory of PATH");
    }
    if directory.join(name).exists() {
        return format!("the interpreter that the first line of '{name}' names is not there");
    }
    format!("the program '{name}' is not there (looked for in {})", directory.display())
}

/// Why a program that was started and failed cannot have worked: what it was to execute is not there.
pub(super) fn cannot_work(
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
    // A name without dot or slash may be a module, as in `python -m train`.
    let is_file = program.contains('/') || Path::new(program).extension().is_some_and(|e| e.len() <= 4);
    (is_file && !directory.join(program).exists())
        .then(|| format!("the program '{program}' is not there (looked for in {})", directory.display()))
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
    fn env_hides_what_is_missing_but_not_from_us() {
        let argv = words(&["/usr/bin/env", "A=1", "no-such-python", "train.py"]);
        let here = env::temp_dir();
        let why = cannot_work(&argv, None, &here, Exit::Code(127)).unwrap();
        assert_eq!(why, "the program 'no-such-python' is in no directory of PATH");
        assert_eq!(cannot_work(&argv, None, &here, Exit::Code(1)), None);
        assert_eq!(cannot_work(&words(&["/usr/bin/env", "sh"]), None, &here, Exit::Code(127)), None);
    }

    #[test]
    fn a_program_file_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let argv = words(&["python", "train.py"]);
        let check = |program, exit| cannot_work(&argv, Some(program), directory.path(), exit);
        assert!(check("train.py", Exit::Code(2)).unwrap().contains("'train.py' is not there"));
        assert_eq!(check("train.py", Exit::Code(0)), None);
        assert_eq!(check("other.py", Exit::Code(2)), None, "the command does not use it");
        std::fs::write(directory.path().join("train.py"), "").unwrap();
        assert_eq!(check("train.py", Exit::Code(2)), None);
        assert_eq!(
            cannot_work(
                &words(&["python", "-m", "pkg.module"]),
                Some("pkg.module"),
                directory.path(),
                Exit::Code(1)
            ),
            None,
            "a module is no file"
        );
    }
}
