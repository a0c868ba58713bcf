//! A search method and a stopping rule of one's own.

mod lag;
mod threshold_accepting;

pub use lag::Lag;
pub use threshold_accepting::ThresholdAccepting;
