//! Whether a program may log by W&B's client, judged by its text: only then is there something to say.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// How many files are looked at, and how much of each, in bytes: it may be a large project.
const MAX_FILES: usize = 200;
const MAX_TEXT: u64 = 256 << 10;
/// How deep below the program's directory is looked.
const DEPTH: usize = 2;

/// Whether the files that a command line names, or Python files around them, mention `wandb`.
pub(super) fn mentions_wandb(directory: &Path, words: &[String]) -> bool {
    let named = words.iter().map(|word| directory.join(word)).filter(|path| path.is_file());
    let mut left = MAX_FILES;
    named.into_iter().any(|path| mentions(&path)) || any_below(directory, DEPTH, &mut left)
}

fn any_below(directory: &Path, depth: usize, left: &mut usize) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return false };
    for path in entries.flatten().map(|entry| entry.path()) {
        if *left == 0 {
            return false;
        }
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        *left -= usize::from(is_python);
        let is_below = depth > 0 && path.is_dir() && !path.is_symlink() && is_own(&path);
        if (is_python && mentions(&path)) || (is_below && any_below(&path, depth - 1, left)) {
            return true;
        }
    }
    false
}

/// Whether a directory may have the user's own files.
fn is_own(path: &Path) -> bool {
    const OTHERS: [&str; 4] = ["wandb", "node_modules", "site-packages", "__pycache__"];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.') && !OTHERS.contains(&name) && !path.join("pyvenv.cfg").exists()
}

fn mentions(path: &Path) -> bool {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_TEXT).read_to_end(&mut text));
    read.is_ok() && text.windows(5).any(|word| word.eq_ignore_ascii_case(b"wandb"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], words: &[&str]) -> bool {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        mentions_wandb(directory.path(), &words)
    }

    #[test]
    fn the_program_and_the_modules_beside_it_are_read() {
        assert!(check(&[("train.py", "import wandb\n")], &["python", "train.py"]));
        assert!(check(&[("train.sh", "WANDB_PROJECT=x python t.py\n")], &["./train.sh", "--lr=1"]));
        assert!(check(
            &[("train.py", ""), ("src/log.py", "from l import WandbLogger")],
            &["python", "train.py"]
        ));
    }

    #[test]
    fn what_is_not_the_users_own_is_left_alone() {
        for files in [
            [("train.py", "import besom\n"), ("venv/pyvenv.cfg", "")],
            [("venv/pyvenv.cfg", ""), ("venv/x.py", "import wandb")],
            [("notes.md", "wandb"), (".hidden/x.py", "import wandb")],
            [("wandb/run/x.py", "import wandb"), ("a/b/c/deep.py", "import wandb")],
        ] {
            assert!(!check(&files, &["python", "train.py"]), "{files:?}");
        }
    }
}
