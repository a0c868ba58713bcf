//! The command `besom` with a search method of your own: `method: corners` tries the corners of the space.
//!
//! `cargo run --release -p besom --example own_search -- run SWEEP.yaml`
//!
//! An own method is one type with one function. It keeps no state here; if it did, it would have to be rebuildable
//! from the history, which `besom_core::laws` checks.

use besom::core::{Answer, Ask, BoxError, Search, Spec};

/// Tries every combination of the extreme values of all parameters, in the order of a binary counter.
struct Corners {
    dimensions: u32,
}

impl Search for Corners {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let corners = 1_usize << self.dimensions;
        let first = ask.history.len();
        let last = corners.min(first.saturating_add(ask.count));
        if first >= last {
            return Ok(Answer::Done);
        }
        let corner = |k: usize| -> Vec<f64> {
            (0..self.dimensions).map(|bit| if k >> bit & 1 == 1 { 1.0 } else { 0.0 }).collect()
        };
        Ok(Answer::Try((first..last).map(|k| ask.problem.space.decode(&corner(k)).into()).collect()))
    }
}

/// What the file's check, `besom methods` and an editor know of it. It has no options.
const CORNERS: Spec = Spec::new("Tries the corners of the space").never_repeats();

fn main() -> std::process::ExitCode {
    besom::App::new()
        .search("corners", CORNERS, |problem, _options| {
            // Refuse what you can't serve, before anything is stored.
            let dimensions = u32::try_from(problem.space.dimensions())?;
            if dimensions > 20 {
                return Err(format!("{dimensions} parameters have too many corners; at most 20").into());
            }
            Ok(Corners { dimensions })
        })
        .main()
}
