//! Which GPUs there are, and who computes on them.

use serde_json::{Map, Value};

use super::GpuError;
use super::tool::ask;
use crate::Shutdown;

/// The GPUs of this machine, as far as a tool knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuInventory {
    devices: Vec<Device>,
    /// Why nothing is known.
    tried: Vec<String>,
}

/// A GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Device {
    number: String,
    /// Only NVIDIA's have one here.
    uuid: Option<String>,
    /// The UUIDs of the parts in which it is divided.
    parts: Vec<String>,
}

/// A program that computes on a GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uuid: String,
    pub(super) pid: String,
    pub(super) name: String,
}

impl GpuInventory {
    /// Asks `nvidia-smi`, then `rocm-smi`; empty if neither knows of a GPU. One that hangs is waited for, for half a minute.
    pub fn ask() -> Self {
        let shutdown = Shutdown::new();
        let nvidia = ask("nvidia-smi", &["-L"], &shutdown).map(|text| nvidia(&text));
        let nvidia = non_empty(nvidia, "nvidia-smi");
        let amd = || {
            non_empty(ask("rocm-smi", &["--showid", "--json"], &shutdown).map(|text| amd(&text)), "rocm-smi")
        };
        match nvidia.or_else(|first| amd().map_err(|second| vec![first, second])) {
            Ok(devices) => Self { devices, tried: Vec::new() },
            Err(tried) => Self { devices: Vec::new(), tried },
        }
    }

    /// The GPUs that this process may use: those that its environment names, as under Slurm, or else all of this machine, with
    /// the parts of one that is divided.
    ///
    /// # Errors
    /// If there are none.
    pub fn all(&self) -> Result<Vec<String>, GpuError> {
        for variable in ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"] {
            if let Some(ids) = visible(variable)? {
                return Ok(ids);
            }
        }
        // What is left is counted anew.
        if let Some(ids) = visible("ROCR_VISIBLE_DEVICES")? {
            return Ok((0..ids.len()).map(|number| number.to_string()).collect());
        }
        if self.devices.is_empty() {
            return Err(GpuError::NoGpu { tried: self.tried.clone() });
        }
        Ok(self.devices.iter().flat_map(Device::usable).collect())
    }

    /// Checks that these GPUs exist, as far as any tool can tell.
    ///
    /// # Errors
    /// For the first one that does not.
    pub fn check(&self, ids: &[String]) -> Result<(), GpuError> {
        let is_known = |id: &String| self.devices.iter().any(|device| device.is(id));
        match ids.iter().find(|id| !is_known(id)) {
            Some(id) if !self.devices.is_empty() => {
                let known = self.devices.iter().map(|device| device.number.clone()).collect();
                Err(GpuError::Unknown { id: id.clone(), known })
            }
            _ => Ok(()),
        }
    }

    /// The UUID of a whole GPU by its number or the beginning of its UUID.
    pub(super) fn uuid(&self, id: &str) -> Option<&str> {
        let device = self.devices.iter().find(|device| device.is(id) && !id.starts_with("MIG-"))?;
        device.uuid.as_deref()
    }
}

impl Device {
    /// Whether this is the number, or the beginning of a UUID, of the device or a part of it.
    fn is(&self, id: &str) -> bool {
        let is_whole = self.number == id || self.uuid.as_ref().is_some_and(|uuid| uuid.starts_with(id));
        // Older drivers name a part by its GPU and two numbers.
        is_whole || self.parts.iter().any(|part| part.starts_with(id)) || id.starts_with("MIG-GPU-")
    }

    fn usable(&self) -> Vec<String> {
        if self.parts.is_empty() { vec![self.number.clone()] } else { self.parts.clone() }
    }
}

fn non_empty(devices: Result<Vec<Device>, String>, tool: &str) -> Result<Vec<Device>, String> {
    match devices {
        Ok(devices) if devices.is_empty() => Err(format!("{tool} lists none")),
        devices => devices,
    }
}

/// What a variable lets this process see; `None` if it is not set. CUDA ignores what follows a number that is none.
fn visible(variable: &'static str) -> Result<Option<Vec<String>>, GpuError> {
    let Ok(value) = std::env::var(variable) else { return Ok(None) };
    let ids: Vec<String> = listed(&value);
    if ids.is_empty() { Err(GpuError::Hidden { variable, value }) } else { Ok(Some(ids)) }
}

fn listed(value: &str) -> Vec<String> {
    let ids = value.split(',').map(str::trim);
    let is_id = |id: &&str| {
        id.starts_with("GPU-")
            || id.starts_with("MIG-")
            || !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
    };
    ids.take_while(is_id).map(str::to_owned).collect()
}

/// `nvidia-smi -L`: `GPU 0: NAME (UUID: GPU-..)`, and indented below it `MIG 1g.5gb Device 0: (UUID: MIG-..)`.
fn nvidia(text: &str) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    for line in text.lines() {
        let uuid = line
            .split_once("(UUID: ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(uuid, _)| uuid.to_owned());
        if let Some((number, _)) = line.strip_prefix("GPU ").and_then(|rest| rest.split_once(':')) {
            devices.push(Device { number: number.to_owned(), uuid, parts: Vec::new() });
        } else if let (Some(device), Some(uuid)) = (devices.last_mut(), uuid) {
            device.parts.push(uuid);
        }
    }
    devices
}

/// `rocm-smi --showid --json`: `{"card0": {..}, "card1": {..}}`, maybe after warnings. HIP counts from 0, whatever the cards' numbers.
fn amd(text: &str) -> Vec<Device> {
    let json = text.find('{').map_or("", |at| &text[at..]);
    let cards = serde_json::Deserializer::from_str(json).into_iter::<Map<String, Value>>().next();
    let cards = cards.and_then(Result::ok).unwrap_or_default();
    let count = cards.keys().filter(|name| name.starts_with("card")).count();
    (0..count).map(|number| Device { number: number.to_string(), ..Device::default() }).collect()
}

/// Who computes on NVIDIA's GPUs. Programs that only draw are not among them.
pub(super) fn users(shutdown: &Shutdown) -> Result<Vec<User>, String> {
    let query = ["--query-compute-apps=gpu_uuid,pid,process_name", "--format=csv,noheader"];
    let text = ask("nvidia-smi", &query, shutdown)?;
    Ok(text.lines().filter_map(user).collect())
}

/// `GPU-.., 4711, /usr/bin/python3`.
fn user(line: &str) -> Option<User> {
    let mut fields = line.splitn(3, ',').map(str::trim);
    let (uuid, pid, path) = (fields.next()?, fields.next()?, fields.next()?);
    let name = path.rsplit('/').next().unwrap_or(path);
    uuid.starts_with("GPU-").then(|| User {
        uuid: uuid.to_owned(),
        pid: pid.to_owned(),
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NVIDIA: &str = "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5b40d6-d33d)\n  MIG 1g.5gb     Device  0: (UUID: MIG-55f1)\n  \
                          MIG 1g.5gb     Device  1: (UUID: MIG-77ab)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa-1)\n";

    fn inventory(devices: Vec<Device>) -> GpuInventory {
        GpuInventory { devices, tried: Vec::new() }
    }

    #[test]
    fn gpus_have_numbers_uuids_and_parts() {
        let inventory = inventory(nvidia(NVIDIA));
        let usable: Vec<String> = inventory.devices.iter().flat_map(Device::usable).collect();
        assert_eq!(usable, ["MIG-55f1", "MIG-77ab", "1"]);
        assert_eq!(inventory.uuid("1"), Some("GPU-aaaa-1"));
        assert_eq!(inventory.uuid("GPU-5d5b"), Some("GPU-5d5b40d6-d33d"), "CUDA takes a beginning, too");
        assert_eq!(inventory.uuid("MIG-55f1"), None, "who uses a part is not known");
        let check = |id: &str| inventory.check(&[id.to_owned()]).map_err(|error| error.to_string());
        assert_eq!(check("MIG-77ab"), Ok(()));
        assert_eq!(check("GPU-aaaa"), Ok(()));
        assert_eq!(check("7"), Err("there is no GPU 7: this machine has 0, 1".to_owned()));
    }

    #[test]
    fn cards_are_counted_from_zero_whatever_their_numbers_and_warnings() {
        let text = "WARNING: AMD GPU device(s) is/are in a low-power state.\n{\"card1\": {}, \"card2\": {}, \"system\": {}}\n";
        let numbers: Vec<String> = amd(text).into_iter().map(|device| device.number).collect();
        assert_eq!(numbers, ["0", "1"]);
        assert_eq!(amd("no GPU"), []);
    }

    #[test]
    fn a_machine_without_tools_refuses_no_number() {
        assert!(GpuInventory::default().check(&["9".to_owned()]).is_ok());
    }

    #[test]
    fn what_follows_a_number_that_is_none_is_hidden() {
        assert_eq!(listed("2, GPU-a,-1,3"), ["2", "GPU-a"]);
        for none in ["", "-1", "NoDevFiles"] {
            assert_eq!(listed(none), Vec::<String>::new(), "{none}");
        }
    }

    #[test]
    fn a_user_of_a_gpu_is_named_by_its_program() {
        let found = user("GPU-aaaa-1, 4711, /usr/bin/python3").map(|user| (user.uuid, user.pid, user.name));
        assert_eq!(found, Some(("GPU-aaaa-1".to_owned(), "4711".to_owned(), "python3".to_owned())));
        assert_eq!(user("No running processes found"), None);
    }
}
