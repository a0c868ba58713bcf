//! Whether a program may log by W&B's client, judged by its text: only then is there something to say.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// How many files are looked at, and how much of each, in bytes: it may be a large project, on a slow disk.
const MAX_FILES: usize = 200;
const MAX_TEXT: u64 = 256 << 10;
/// How many entries of directories are looked at: there may be a million pictures beside the program.
const MAX_ENTRIES: usize = 5_000;
/// How deep below the program's directory is looked.
const DEPTH: usize = 2;

/// Whether the files that a command line names, or Python files around them, mention `wandb`.
pub(super) fn mentions_wandb(directory: &Path, words: &[String]) -> bool {
    if words.iter().any(|word| word == "besom.wandb") {
        return false;
    }
    let named = words.iter().map(|word| directory.join(word)).filter(|path| path.is_file());
    let mut left = Left { files: MAX_FILES, entries: MAX_ENTRIES };
    named.into_iter().any(|path| mentions(&path)) || any_below(directory, DEPTH, &mut left)
}

/// How much more is looked at.
struct Left {
    files: usize,
    entries: usize,
}

fn any_below(directory: &Path, depth: usize, left: &mut Left) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return false };
    for entry in entries.flatten() {
        if left.files == 0 || left.entries == 0 {
            return false;
        }
        let path = entry.path();
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        left.files -= usize::from(is_python);
        left.entries -= 1;
        let is_below = depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_own(&path);
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
    read.is_ok() && names_wandb(&String::from_utf8_lossy(&text))
}

/// Whether a text names W&B's client: not besom, which programs import under that name.
fn names_wandb(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    if has("install_as_wandb") || (has("besom as wandb") && !has("import wandb") && !has("from wandb")) {
        return false;
    }
    text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"wandb"))
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
    fn besom_under_the_name_of_the_client_is_besom() {
        let words = ["python", "train.py"];
        assert!(!check(&[("train.py", "import besom as wandb\nwandb.init()")], &words));
        assert!(!check(&[("train.py", "import besom\nbesom.install_as_wandb()\nimport wandb")], &words));
        assert!(!check(&[("train.py", "import wandb")], &["python", "-m", "besom.wandb", "train.py"]));
        assert!(check(
            &[("train.py", "try:\n  import wandb\nexcept ImportError:\n  import besom as wandb")],
            &words
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
