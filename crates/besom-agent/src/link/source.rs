//! Where the rows of a run come from.

use besom_store::{Lease, Row};

use crate::metrics::{Buffer, Said, Tail};
use crate::{AgentError, AgentOptions, MetricsWriter, RunDir};

/// The metrics file of a run, read while it grows, or the memory in which it logs.
#[derive(Debug)]
pub(super) enum Source {
    File { dir: RunDir, tail: Box<Tail> },
    Memory(Buffer),
}

impl Source {
    pub(super) fn new(options: &AgentOptions, lease: &Lease) -> Self {
        match &options.directory {
            Some(directory) => {
                let dir = RunDir::new(directory, lease);
                Self::File { tail: Box::new(Tail::new(dir.metrics())), dir }
            }
            None => Self::Memory(Buffer::default()),
        }
    }

    pub(super) fn dir(&self) -> Option<&RunDir> {
        match self {
            Self::File { dir, .. } => Some(dir),
            Self::Memory(_) => None,
        }
    }

    pub(super) fn writer(&self) -> Result<MetricsWriter, AgentError> {
        match self {
            Self::File { dir, .. } => MetricsWriter::open(&dir.metrics()),
            Self::Memory(buffer) => Ok(MetricsWriter::to(buffer.clone())),
        }
    }

    /// The next rows, at least one if there is any.
    pub(super) fn read(&mut self) -> Result<Vec<Row>, AgentError> {
        match self {
            Self::File { tail, .. } => tail.read().map_err(AgentError::io(tail.path())),
            Self::Memory(buffer) => Ok(buffer.read()),
        }
    }

    /// What a last line without newline holds, once nobody writes any more.
    pub(super) fn take_unterminated(&mut self) -> Option<Row> {
        match self {
            Self::File { tail, .. } => tail.take_unterminated(),
            Self::Memory(_) => None,
        }
    }

    /// The seq of the last row that was read.
    pub(super) fn seq(&self) -> u64 {
        match self {
            Self::File { tail, .. } => tail.seq(),
            Self::Memory(buffer) => buffer.seq(),
        }
    }

    /// What the run has said besides its rows since this was last asked.
    pub(super) fn take_said(&mut self) -> Said {
        match self {
            Self::File { tail, .. } => tail.take_said(),
            Self::Memory(buffer) => buffer.take_said(),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        match self {
            Self::File { tail, .. } => tail.warnings(),
            Self::Memory(_) => Vec::new(),
        }
    }

    /// Goes back to the first row, which only a file still has.
    pub(super) fn rewind(&mut self, expected: u64) -> Result<(), AgentError> {
        match self {
            Self::File { dir, tail } => {
                **tail = Tail::new(dir.metrics());
                Ok(())
            }
            Self::Memory(_) => Err(self.rows_gone(expected)),
        }
    }

    /// The error if the rows from `expected` on cannot be found any more.
    pub(super) fn rows_gone(&self, expected: u64) -> AgentError {
        AgentError::RowsGone { expected, path: self.dir().map(RunDir::metrics) }
    }
}
