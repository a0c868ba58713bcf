//! Files that a sweep file speaks of.

use std::io;
use std::path::{Path, PathBuf};

use besom_config::SweepConfig;

/// The directory in which the programs of a sweep run: the working directory, as with W&B, unless the program lies beside
/// the sweep `file` only.
///
/// # Errors
/// If the working directory is gone.
pub fn program_directory(config: &SweepConfig, file: Option<&Path>) -> io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let beside = file.and_then(Path::parent);
    Ok(match (&config.program, beside) {
        (Some(program), Some(beside)) if !here.join(program).exists() && beside.join(program).exists() => {
            beside.to_owned()
        }
        _ => here,
    })
}
