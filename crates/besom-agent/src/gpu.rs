//! The GPUs of this machine, and which of them a slot uses.
//!
//! besom links no library of a vendor: `nvidia-smi` and `rocm-smi` are there wherever the drivers are. What a program sees is decided
//! by environment variables, which all frameworks obey (decision 63).

mod inventory;
mod tool;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use thiserror::Error;

pub use inventory::GpuInventory;

use crate::Shutdown;
use crate::process::family;
use inventory::User;

/// How long an answer of `nvidia-smi`, which takes up to a second, holds while a slot begins no run.
const FRESH: Duration = Duration::from_secs(10);

/// Why GPUs cannot be used as asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No tool knows of a GPU.
    #[error("found no GPU: {}", tried.join("; "))]
    NoGpu {
        /// What was looked for, and what came of it.
        tried: Vec<String>,
    },
    /// The environment of this process hides all GPUs.
    #[error("found no GPU: {variable} is \"{value}\"")]
    Hidden {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// This machine has no such GPU.
    #[error("there is no GPU {id}: this machine has {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
}

/// The GPUs that the runs of one slot use: what their programs see, and whether somebody else still uses them.
///
/// ```
/// use besom_agent::Gpus;
///
/// let gpus = Gpus::new(["2", "3"]);
/// assert!(gpus.variables().iter().any(|(name, value)| *name == "CUDA_VISIBLE_DEVICES" && value == "2,3"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gpus {
    ids: Vec<String>,
    /// Those of them that are waited for while other programs use them: the id that was given, and the UUID.
    awaited: Vec<(String, String)>,
    /// The attempt of this slot whose processes could not be ended.
    left: Option<PathBuf>,
    /// When they were last found free, if no run was begun since.
    free: Option<Instant>,
}

impl Gpus {
    /// These GPUs: numbers as `nvidia-smi` or `rocm-smi` count, or UUIDs (`GPU-..`, `MIG-..`). Nobody else's use is waited for.
    pub fn new<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Self {
        Self { ids: ids.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same, to be waited for while another program computes on one of them, as far as the inventory knows them. Of parts of
    /// a GPU (`MIG-..`) that cannot be known.
    #[must_use]
    pub fn awaiting(mut self, inventory: &GpuInventory) -> Self {
        let uuid = |id: &String| Some((id.clone(), inventory.uuid(id)?.to_owned()));
        self.awaited = self.ids.iter().filter_map(uuid).collect();
        self
    }

    /// The variables that show a program these GPUs and no others; none if there are no GPUs.
    ///
    /// HIP renumbers what `ROCR_VISIBLE_DEVICES` leaves, so that one stays as it is. Numbers mean those of `nvidia-smi` only with
    /// `CUDA_DEVICE_ORDER=PCI_BUS_ID`; a value that the owner has set stays.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        if self.ids.is_empty() {
            return Vec::new();
        }
        let list = OsString::from(self.ids.join(","));
        let mut variables = vec![("CUDA_VISIBLE_DEVICES", list.clone()), ("HIP_VISIBLE_DEVICES", list)];
        if std::env::var_os("CUDA_DEVICE_ORDER").is_none() {
            variables.push(("CUDA_DEVICE_ORDER", "PCI_BUS_ID".into()));
        }
        variables
    }

    /// Notes that processes of this attempt could not be ended.
    pub(crate) fn leave_behind(&mut self, attempt: &Path) {
        self.left = Some(attempt.to_owned());
    }

    /// A run begins: who uses them must be asked again before the next one.
    pub(crate) fn begin(&mut self) {
        self.free = None;
    }

    /// Who still uses one of them, if anybody, as far as that is known before the shutdown is raised.
    pub(crate) fn obstacle(&mut self, shutdown: &Shutdown) -> Option<String> {
        if self.ids.is_empty() || self.free.is_some_and(|at| at.elapsed() < FRESH) {
            return None;
        }
        let obstacle = self.leftover().or_else(|| self.user(shutdown));
        self.free = obstacle.is_none().then(Instant::now);
        obstacle
    }

    fn leftover(&mut self) -> Option<String> {
        let pids = family(self.left.as_deref()?);
        let Some(pid) = pids.first() else {
            self.left = None;
            return None;
        };
        let pid = pid.as_raw_nonzero();
        Some(format!(
            "{} may still be used by process {pid} of an earlier run, which could not be ended",
            self.named()
        ))
    }

    fn user(&mut self, shutdown: &Shutdown) -> Option<String> {
        if self.awaited.is_empty() {
            return None;
        }
        self.user_among(inventory::users(shutdown))
    }

    fn user_among(&mut self, users: Result<Vec<User>, String>) -> Option<String> {
        let Ok(users) = users else {
            // The tool did not fail when it was asked for the inventory. It must neither keep runs from GPUs that work nor, if it
            // hangs, delay each of them.
            self.awaited.clear();
            return None;
        };
        self.awaited.iter().find_map(|(id, uuid)| {
            let user = users.iter().find(|user| user.uuid == *uuid)?;
            Some(format!("GPU {id} is used by process {} ({})", user.pid, user.name))
        })
    }

    fn named(&self) -> String {
        format!("GPU {}", self.ids.join(","))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_fails_is_not_asked_before_each_run() {
        let awaited = vec![("0".to_owned(), "GPU-aaaa-1".to_owned())];
        let mut gpus = Gpus { awaited, ..Gpus::new(["0"]) };
        let user = || User { uuid: "GPU-aaaa-1".to_owned(), pid: "7".to_owned(), name: "python".to_owned() };
        let busy = gpus.user_among(Ok(vec![user()]));
        assert_eq!(busy.as_deref(), Some("GPU 0 is used by process 7 (python)"));
        assert_eq!(gpus.user_among(Err("it does not answer".to_owned())), None);
        assert!(gpus.awaited.is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_the_slot_that_could_not_be_ended_keeps_its_gpus_until_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let mut sleep = std::process::Command::new("sleep");
        let mut child = sleep.arg("600").env(crate::process::MARK, dir.path()).spawn().unwrap();
        let shutdown = Shutdown::new();
        let mut gpus = Gpus::new(["2", "3"]);
        gpus.leave_behind(dir.path());
        let obstacle = gpus.obstacle(&shutdown).unwrap();
        let expected = format!("GPU 2,3 may still be used by process {}", child.id());
        assert!(obstacle.contains(&expected), "{obstacle}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(gpus.obstacle(&shutdown), None);
        let mut none = Gpus::default();
        none.leave_behind(dir.path());
        assert_eq!((none.obstacle(&shutdown), none.variables()), (None, vec![]));
    }
}
