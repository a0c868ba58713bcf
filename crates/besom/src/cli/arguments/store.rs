//! What `besom store` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Copy sweeps to another store: a directory, a database, or the file of a backup
    #[command(after_help = "Examples:\n  besom store copy .besom postgres://ada@db.example.org/sweeps\n  \
                            besom store copy /backup/monday .besom --sweep uhj k0x")]
    Copy(CopyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// Store to copy from: directory, file of a backup, or URL of a database
    pub(crate) from: PathBuf,
    /// Store to copy to; created if there is none
    pub(crate) to: PathBuf,
    /// Sweep ids or unique prefixes [default: all sweeps]
    #[arg(long = "sweep", value_name = "ID", num_args = 1..)]
    pub(crate) sweeps: Vec<String>,
    /// Copy sweeps as they are now even while agents are working on them
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
