//! Makes a store with many finished runs: `fill DIRECTORY METHOD RUNS STEPS`. Best in memory (`/dev/shm`), where a durable
//! write costs nothing.

use std::path::Path;
use std::process::ExitCode;

use besom_benches::stores::{add_sweep, clock, execute};
use besom_store::SqliteStore;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, method, runs, steps] = arguments.as_slice() else {
        eprintln!("usage: fill DIRECTORY METHOD RUNS STEPS");
        return ExitCode::from(2);
    };
    match fill(Path::new(directory), method, runs, steps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fill: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill(directory: &Path, method: &str, runs: &str, steps: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (runs, steps): (u32, u64) = (runs.parse()?, steps.parse()?);
    std::fs::create_dir_all(directory)?;
    let mut store = SqliteStore::open(&directory.join("besom.db"), clock())?;
    let agent = add_sweep(&mut store, method, usize::try_from(runs)?)?;
    execute(&mut store, agent, u64::from(runs), steps)?;
    Ok(())
}
