//! Ten small functions of diverse kinds.

use super::bbob;
use super::mixed::{AckleyCat, Branch, CatOnly, Cliff, Embedded20, Hartmann6Log, Int, Kind};
use crate::Suite;

/// Ten small functions of diverse kinds: smooth, rugged, mixed, categorical, log-scaled, with parameters that do nothing. For
/// a first answer in a minute or two; what is close there wants more seeds and other suites.
pub fn quick() -> Suite {
    let tasks = vec![
        bbob::task(8, 5),
        bbob::task(15, 2),
        bbob::task(21, 2),
        AckleyCat::task(60),
        CatOnly::task(60),
        Hartmann6Log::task(60),
        Int::task(60),
        Branch::task(60),
        Cliff::task(60),
        Embedded20::task(80),
    ];
    Suite::new("quick", "ten small functions of diverse kinds, for a first answer in a minute or two", tasks)
}
