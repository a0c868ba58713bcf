//! Measures what random search reaches on the surrogates, and the best that long local searches find, and writes it to
//! data/surrogates.json: with the file, no benchmark has to measure them.
//!
//!     cargo run --release -p besom-bench --features surrogates --example reference -- FOLDER

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use besom_bench::{Bench, Reference, suites};
use besom_core::Registry;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("name the folder of the models")?;
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    // Sweeps of random search itself are of no interest; but a benchmark needs a method.
    let bench = Bench::new(suites::surrogates(Path::new(&folder))?).registry(&registry).against(["random"]);
    let results = bench.seeds([0]).jobs(2).run()?;
    let references: BTreeMap<&str, &Reference> = results.references().collect();
    let line = |(key, reference): (&&str, &&Reference)| -> Result<String, serde_json::Error> {
        Ok(format!("{key:?}: {}", serde_json::to_string(&rounded(reference))?))
    };
    let lines = references.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/surrogates.json");
    fs::write(file, format!("{{\n{}\n}}\n", lines.join(",\n")))?;
    Ok(())
}

/// Six digits after the point: the networks have no more.
fn rounded(reference: &Reference) -> Reference {
    let round = |x: f64| (x * 1e6).round() / 1e6;
    Reference::new(
        reference.random.iter().copied().map(round).collect(),
        round(reference.best),
        reference.exact,
    )
}
