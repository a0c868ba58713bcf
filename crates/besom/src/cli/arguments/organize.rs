//! What the commands take that add to a sweep and what is said of it.

use clap::Args;

use crate::cli::target::RunName;

#[derive(Debug, Args)]
pub(crate) struct EnqueueArguments {
    /// Id of the sweep, or its beginning
    pub(crate) id: String,
    /// A value for each parameter that is not constant: lr=0.1 optimizer.name=adam
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) values: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// Ids of sweeps, or their beginnings
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// Do not ask; required where there is no terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Also while agents work on them
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArguments {
    /// Id of the sweep, or its beginning
    pub(crate) id: String,
    /// The new name
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct TagArguments {
    /// Id of the sweep, or its beginning
    pub(crate) id: String,
    /// Tags to add
    #[arg(value_name = "TAG", required = true)]
    pub(crate) tags: Vec<String>,
    /// Remove the tags instead
    #[arg(long)]
    pub(crate) remove: bool,
    /// A run of the sweep, in place of the sweep itself
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunName>,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArguments {
    /// Id of the sweep, or its beginning
    pub(crate) id: String,
    /// The note; an empty one removes it
    pub(crate) text: String,
    /// A run of the sweep, in place of the sweep itself
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunName>,
}
