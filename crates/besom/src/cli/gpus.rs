//! How many runs are executed in parallel, and on which GPUs each.

use anyhow::Result;
use besom_agent::{GpuInventory, Gpus};
use thiserror::Error;

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
        let request = GpuRequest {
            list: list.clone(),
            per_run: arguments.gpus_per_run,
            share: arguments.share_gpus,
            spelling: Spelling::Flags,
        };
        let (slots, notes) = request.slots(wanted).map_err(|error| InputError::new(error.to_string()))?;
        notes.into_iter().for_each(notice);
        Ok(Self(slots))
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

/// How options are written where they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `--gpus-per-run 2`, and `-j 4` for the number of parallel runs.
    Flags,
    /// `gpus_per_run=2`, and `processes=4` for the number of parallel runs.
    Keywords,
}

impl Spelling {
    fn option(self, name: &str, value: &str) -> String {
        match self {
            Self::Flags => format!("--{name} {value}"),
            Self::Keywords if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}={value}", name.replace('-', "_"))
            }
            Self::Keywords => format!("{}=\"{value}\"", name.replace('-', "_")),
        }
    }

    fn jobs(self, jobs: usize) -> String {
        match self {
            Self::Flags => format!("-j {jobs}"),
            Self::Keywords => format!("processes={jobs}"),
        }
    }
}

/// The GPUs that parallel runs are to get, as the options of `besom agent` choose them.
///
/// ```
/// use besom::{GpuRequest, Spelling};
///
/// let request = |text: &str| GpuRequest::new(text, Spelling::Keywords);
/// assert!(request("0,1").is_ok() && request("all").is_ok());
/// assert!(request("0;1").is_err_and(|error| error.to_string().contains("numbers or UUIDs")));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GpuRequest {
    list: GpuList,
    /// How many each run gets; at least 1.
    pub per_run: u32,
    /// Whether runs begin on GPUs that other programs use, too, in place of waiting for their end.
    pub share: bool,
    /// How errors and notes write the options.
    pub spelling: Spelling,
}

/// Why GPUs cannot be had as they were asked for.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub struct GpuRequestError(String);

impl GpuRequest {
    /// `all`, or numbers and UUIDs with commas between; one for each run, none of them shared.
    ///
    /// # Errors
    /// If it is neither.
    pub fn new(gpus: &str, spelling: Spelling) -> Result<Self, GpuRequestError> {
        let list = gpus.parse().map_err(GpuRequestError)?;
        Ok(Self { list, per_run: 1, share: false, spelling })
    }

    /// The GPUs of each of the `wanted` slots, or of as many as the GPUs suffice for; and notes for whoever asked.
    ///
    /// # Errors
    /// If this machine has no such GPUs, or too few.
    pub fn slots(&self, wanted: Option<u32>) -> Result<(Vec<Gpus>, Vec<String>), GpuRequestError> {
        let inventory = GpuInventory::ask();
        let (ids, mut notes) = self.ids(&inventory)?;
        let per_run = self.per_run.max(1) as usize;
        let groups: Vec<&[String]> = ids.chunks_exact(per_run).collect();
        self.check_groups(&groups, &ids)?;
        let jobs = self.jobs(wanted, &groups, &ids)?;
        let used = jobs * per_run;
        if used < ids.len() {
            notes.push(format!("note: unused GPUs: {}", ids[used..].join(",")));
        }
        let slot = |ids: &&[String]| {
            let gpus = Gpus::new(ids.iter().cloned());
            if self.share || is_shared(ids, &groups[..jobs]) { gpus } else { gpus.awaiting(&inventory) }
        };
        Ok((groups[..jobs].iter().map(slot).collect(), notes))
    }

    fn ids(&self, inventory: &GpuInventory) -> Result<(Vec<String>, Vec<String>), GpuRequestError> {
        match &self.list {
            GpuList::All => {
                let all = self.spelling.option("gpus", "all");
                let way_out =
                    format!("name them to use them anyway: {}", self.spelling.option("gpus", "0,1"));
                let ids = inventory.all();
                let ids = ids.map_err(|error| GpuRequestError(format!("{all}: {error}; {way_out}")))?;
                Ok((ids, Vec::new()))
            }
            GpuList::These(ids) => {
                let known = inventory.check(ids);
                let list = self.spelling.option("gpus", &ids.join(","));
                known.map_err(|error| GpuRequestError(format!("{list}: {error}")))?;
                Ok((ids.clone(), self.note_of_others(ids).into_iter().collect()))
            }
        }
    }

    /// A batch system that gave out other GPUs than these may have given these to somebody else.
    fn note_of_others(&self, ids: &[String]) -> Option<String> {
        let given = std::env::var("CUDA_VISIBLE_DEVICES").ok()?;
        let are_given = ids.iter().all(|id| given.split(',').any(|known| known.trim() == id));
        let (these, all) =
            (self.spelling.option("gpus", &ids.join(",")), self.spelling.option("gpus", "all"));
        let note =
            format!("note: CUDA_VISIBLE_DEVICES={given} names different GPUs than {these}; {all} uses those");
        (!are_given).then_some(note)
    }

    /// No run may get a GPU twice.
    fn check_groups(&self, groups: &[&[String]], ids: &[String]) -> Result<(), GpuRequestError> {
        let twice = groups.iter().find_map(|ids| {
            let repeated = ids.iter().enumerate().find(|(place, id)| ids[..*place].contains(id));
            repeated.map(|(_, id)| id)
        });
        let Some(id) = twice else { return Ok(()) };
        let (list, per_run) = (self.spelling.option("gpus", &ids.join(",")), self.each());
        Err(GpuRequestError(format!("{list} with {per_run} gives one run GPU {id} twice")))
    }

    fn jobs(
        &self,
        wanted: Option<u32>,
        groups: &[&[String]],
        ids: &[String],
    ) -> Result<usize, GpuRequestError> {
        let (most, there, list) = (groups.len(), ids.len(), ids.join(","));
        if most == 0 {
            return Err(GpuRequestError(format!("{}: there are only {there} GPUs ({list})", self.each())));
        }
        let wanted = wanted.map_or(most, |wanted| wanted as usize);
        if wanted <= most {
            return Ok(wanted);
        }
        let needed = wanted.saturating_mul(self.per_run.max(1) as usize);
        let (jobs, most) = (self.spelling.jobs(wanted), self.spelling.jobs(most));
        Err(GpuRequestError(format!(
            "{jobs} needs {needed} GPUs, but there are {there} ({list}): use at most {most}, or list a GPU once for each run that may share it"
        )))
    }

    fn each(&self) -> String {
        self.spelling.option("gpus-per-run", &self.per_run.to_string())
    }
}

/// Whether another slot has one of these, too: its runs are no reason to wait.
fn is_shared(ids: &[String], groups: &[&[String]]) -> bool {
    ids.iter().any(|id| groups.iter().filter(|group| group.contains(id)).count() > 1)
}
