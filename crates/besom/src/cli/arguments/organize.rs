//! What the commands take that add to a sweep and what is said of it.

use clap::Args;

use crate::cli::target::RunName;

#[derive(Debug, Args)]
pub(crate) struct EnqueueArguments {
    /// Sweep id or unique prefix
    pub(crate) id: String,
    /// Value of each parameter that is not constant: lr=0.1 optimizer.name=adam
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) values: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// Sweep ids or unique prefixes
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// Don't ask for confirmation; required without a terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Delete sweeps even while agents are working on them
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArguments {
    /// Sweep id or unique prefix
    pub(crate) id: String,
    /// New name
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct TagArguments {
    /// Sweep id or unique prefix
    pub(crate) id: String,
    /// Tags to add
    #[arg(value_name = "TAG", required = true)]
    pub(crate) tags: Vec<String>,
    /// Remove the tags instead of adding them
    #[arg(long)]
    pub(crate) remove: bool,
    /// Apply to this run instead of the sweep
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunName>,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArguments {
    /// Sweep id or unique prefix
    pub(crate) id: String,
    /// Text of the note; an empty text removes it
    pub(crate) text: String,
    /// Apply to this run instead of the sweep
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunName>,
}
