//! The files of runs: where the output of a run is, and its end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use besom_store::{RunRow, SweepId};

/// How much of the end of an output is read for its last lines.
const END: u64 = 64 << 10;

/// The files of a sweep's runs.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The directory of the store; none if agents keep no files.
    directory: Option<PathBuf>,
    sweep: SweepId,
}

impl Files {
    pub(crate) fn new(directory: Option<&Path>, sweep: &SweepId) -> Self {
        Self { directory: directory.map(Path::to_owned), sweep: sweep.clone() }
    }

    /// The file with the output of a run's newest attempt, if there is one.
    pub(crate) fn output(&self, run: &RunRow) -> Option<PathBuf> {
        besom_engine::output_file(self.directory.as_deref()?, &self.sweep, run.number, run.attempt)
    }

    /// The last lines of a run's output that are not blank, as its program printed them.
    pub(crate) fn last_lines(&self, run: &RunRow, most: usize) -> Vec<String> {
        let bytes = self.output(run).and_then(|path| end(&path).ok()).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&bytes), most)
    }
}

fn end(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last lines that are not blank. Of a line that was printed over, what it showed last.
fn last_lines(text: &str, most: usize) -> Vec<String> {
    let shown = |line: &str| {
        let line = anstream::adapter::strip_str(line.trim_end()).to_string();
        line.rsplit('\r').next().unwrap_or_default().trim_end().to_owned()
    };
    let lines: Vec<String> = text.lines().map(shown).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(most)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn last_lines_are_what_a_terminal_showed_last() {
        let text = "first\n\n 10%\r 20%\r\n\x1b[31mred\x1b[0m\n  \nlast";
        assert_eq!(last_lines(text, 3), [" 20%", "red", "last"]);
        assert_eq!(last_lines(text, 9).len(), 4);
        assert_eq!(last_lines("", 3), [""; 0]);
    }
}
