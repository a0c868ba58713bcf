//! Claims runs, executes their program or function, reports their metrics, ends them when told.
