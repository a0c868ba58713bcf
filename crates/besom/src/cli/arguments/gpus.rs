//! The options that hand out GPUs.

use std::str::FromStr;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct GpuArguments {
    /// Give each parallel run its own GPUs: all, or a list of numbers or UUIDs (0,1,2,3); list a GPU twice to share it between two runs
    #[arg(long, value_name = "LIST|all")]
    pub(crate) gpus: Option<GpuList>,
    /// Number of GPUs per run
    #[arg(long, value_name = "K", default_value_t = 1, requires = "gpus", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) gpus_per_run: u32,
    /// Start runs even on GPUs that other programs are using, instead of waiting
    #[arg(long, requires = "gpus")]
    pub(crate) share_gpus: bool,
}

/// Which GPUs to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GpuList {
    All,
    These(Vec<String>),
}

impl FromStr for GpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "all" {
            return Ok(Self::All);
        }
        let ids: Vec<&str> = text.split(',').map(str::trim).collect();
        match ids.iter().find(|id| !is_id(id)) {
            Some(id) => Err(format!(
                "\"{id}\" is not a GPU: expected all, or a comma-separated list of numbers or UUIDs (GPU-.., MIG-..), such as 0,1"
            )),
            None => Ok(Self::These(ids.into_iter().map(str::to_owned).collect())),
        }
    }
}

fn is_id(id: &str) -> bool {
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let is_uuid =
        ["GPU-", "MIG-"].iter().any(|prefix| id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()));
    is_number || is_uuid
}
