//! What becomes of what programs log by W&B's client.

use std::path::Path;
use std::sync::Arc;

use besom_agent::Bridge;

use super::login::{Login, is_bridged, login};
use super::mention::mentions_wandb;
use super::{ClosedBridge, WandbBridge, outer};

/// What a user wants to become of what programs log by W&B's client (`--wandb`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WandbMode {
    /// It is logged into the run, unless the user has set where W&B's client logs, or is logged in to W&B.
    #[default]
    Auto,
    /// It is logged into the run.
    Local,
    /// It goes where the client sends it.
    Off,
}

impl WandbMode {
    /// The mode of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "local" => Self::Local,
            "off" => Self::Off,
            _ => return None,
        })
    }
}

/// What becomes of what programs log by W&B's client, in the environment of this process.
///
/// ```
/// use besom_server::{Wandb, WandbMode};
///
/// let wandb = Wandb::new(WandbMode::Local, ".".as_ref());
/// assert!(wandb.bridge().is_some() && wandb.notice("use --wandb local", || true).is_none());
/// assert!(Wandb::new(WandbMode::Off, ".".as_ref()).bridge().is_none());
/// ```
#[derive(Debug)]
pub struct Wandb {
    bridge: Option<Arc<dyn Bridge>>,
    elsewhere: Option<Login>,
}

impl Wandb {
    /// Decides it for programs in this directory.
    pub fn new(mode: WandbMode, directory: &Path) -> Self {
        let elsewhere = match mode {
            WandbMode::Auto => login(&outer, directory),
            WandbMode::Local | WandbMode::Off => None,
        };
        let bridge: Option<Arc<dyn Bridge>> = match mode {
            WandbMode::Off if is_bridged(&outer) => Some(Arc::new(ClosedBridge)),
            WandbMode::Off => None,
            _ if elsewhere.is_some() => None,
            mode => Some(Arc::new(WandbBridge::new(mode == WandbMode::Local))),
        };
        Self { bridge, elsewhere }
    }

    /// The bridge for a crew of agents; `None` if W&B's client is left alone. Within a run into which programs log, that takes a bridge, too.
    pub fn bridge(&self) -> Option<Arc<dyn Bridge>> {
        self.bridge.clone()
    }

    /// What to tell a user whose programs log elsewhere, if `is_used` finds that they may use W&B's client at all; `instead` is how they
    /// log into the runs: `use --wandb local`.
    pub fn notice(&self, instead: &str, is_used: impl FnOnce() -> bool) -> Option<String> {
        let elsewhere = self.elsewhere.as_ref().filter(|_| is_used())?;
        Some(format!(
            "wandb logs where it would without besom ({elsewhere}); to log into these runs instead, {instead}"
        ))
    }

    /// The same for a command line in this directory, whose files are looked at.
    pub fn notice_for(&self, instead: &str, directory: &Path, words: &[String]) -> Option<String> {
        self.notice(instead, || mentions_wandb(directory, words))
    }
}
