//! The pictures of the guide's page on `bayes`: `cargo run --release -p besom-benches --example bayes_pictures [FOLDER]`.
//!
//! Writes `acquisition.svg` (how the next point is chosen, in one dimension) and `regret.svg` (besom beside its peers, from
//! `benches/data/regret.csv`) into FOLDER, else into the guide's.

mod acquisition;
mod model;
mod regret;
mod style;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::args().nth(1).map_or_else(|| here.join("../docs/guide/images"), PathBuf::from);
    fs::write(folder.join("acquisition.svg"), acquisition::draw()?)?;
    fs::write(folder.join("regret.svg"), regret::draw(&here.join("data/regret.csv"))?)?;
    Ok(())
}
