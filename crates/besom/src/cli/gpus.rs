//! How many runs are executed in parallel, and on which GPUs each.

use anyhow::Result;
use besom_agent::{GpuInventory, Gpus};

use crate::cli::arguments::{GpuArguments, GpuList};
use crate::cli::output::notice;
use crate::error::InputError;

/// The slots of this process.
#[derive(Clone, Debug)]
pub(crate) struct Jobs(Vec<Gpus>);

impl Jobs {
    /// As many as were asked for, or as the GPUs suffice for.
    pub(crate) fn new(wanted: Option<u32>, arguments: &GpuArguments) -> Result<Self> {
        let Some(list) = &arguments.gpus else {
            return Ok(Self((0..wanted.unwrap_or(1)).map(|_| Gpus::default()).collect()));
        };
        let inventory = GpuInventory::ask();
        let ids = ids(list, &inventory)?;
        let per_run = arguments.gpus_per_run as usize;
        let groups: Vec<&[String]> = ids.chunks_exact(per_run).collect();
        check_groups(&groups, &ids, per_run)?;
        let jobs = jobs(wanted, &groups, &ids, per_run)?;
        let used = jobs * per_run;
        if used < ids.len() {
            notice(format!("note: unused GPUs: {}", ids[used..].join(",")));
        }
        let slot = |ids: &&[String]| {
            let gpus = Gpus::new(ids.iter().cloned());
            if arguments.share_gpus || is_shared(ids, &groups[..jobs]) {
                gpus
            } else {
                gpus.awaiting(&inventory)
            }
        };
        Ok(Self(groups[..jobs].iter().map(slot).collect()))
    }

    /// How many they are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// The GPUs of each.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Gpus> {
        self.0.iter().cloned()
    }
}

fn ids(list: &GpuList, inventory: &GpuInventory) -> Result<Vec<String>> {
    match list {
        GpuList::All => {
            let way_out = "name them to use them anyway: --gpus 0,1";
            Ok(inventory.all().map_err(|error| InputError::new(format!("--gpus all: {error}; {way_out}")))?)
        }
        GpuList::These(ids) => {
            inventory.check(ids).map_err(|error| InputError::new(format!("--gpus: {error}")))?;
            note_others(ids);
            Ok(ids.clone())
        }
    }
}

/// A batch system that gave out other GPUs than these may have given these to somebody else.
fn note_others(ids: &[String]) {
    let Ok(given) = std::env::var("CUDA_VISIBLE_DEVICES") else { return };
    if !ids.iter().all(|id| given.split(',').any(|known| known.trim() == id)) {
        let given = format!("CUDA_VISIBLE_DEVICES={given}");
        notice(format!(
            "note: {given} names different GPUs than --gpus {}; --gpus all uses those",
            ids.join(",")
        ));
    }
}

/// No run may get a GPU twice.
fn check_groups(groups: &[&[String]], ids: &[String], per_run: usize) -> Result<()> {
    let twice = groups.iter().find_map(|ids| {
        let repeated = ids.iter().enumerate().find(|(place, id)| ids[..*place].contains(id));
        repeated.map(|(_, id)| id)
    });
    match twice {
        Some(id) => {
            let list = ids.join(",");
            let message = format!("--gpus {list} with --gpus-per-run {per_run} gives one run GPU {id} twice");
            Err(InputError::new(message).into())
        }
        None => Ok(()),
    }
}

fn jobs(wanted: Option<u32>, groups: &[&[String]], ids: &[String], per_run: usize) -> Result<usize> {
    let (most, there) = (groups.len(), ids.len());
    let wanted = wanted.map_or(most, |wanted| wanted as usize);
    if most == 0 {
        let message = format!("--gpus-per-run {per_run}: there are only {there} GPUs ({})", ids.join(","));
        return Err(InputError::new(message).into());
    }
    if wanted > most {
        let needed = wanted.saturating_mul(per_run);
        let message = format!(
            "-j {wanted} needs {needed} GPUs, but there are {there} ({}): use at most -j {most}, or list a GPU once for each run that may share it",
            ids.join(",")
        );
        return Err(InputError::new(message).into());
    }
    Ok(wanted)
}

/// Whether another slot has one of these, too: its runs are no reason to wait.
fn is_shared(ids: &[String], groups: &[&[String]]) -> bool {
    ids.iter().any(|id| groups.iter().filter(|group| group.contains(id)).count() > 1)
}
