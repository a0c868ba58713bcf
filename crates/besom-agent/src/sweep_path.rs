//! The form in which W&B writes where a sweep is: `entity/project/sweep`.

use std::str::FromStr;

use crate::AgentError;

/// Where a sweep is, as a person types it for W&B: `sweep`, `project/sweep` or `entity/project/sweep`. Empty parts
/// before the sweep count as not given. Only the sweep's id means something to besom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepPath {
    /// The entity (user or team).
    pub entity: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The id of the sweep; may be empty.
    pub sweep: String,
}

impl SweepPath {
    /// Reads the form; an error if it has more than three parts.
    pub fn parse(text: &str) -> Result<Self, AgentError> {
        let given = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let (entity, project, sweep) = match parts[..] {
            [sweep] => (None, None, sweep),
            [project, sweep] => (None, given(project), sweep),
            [entity, project, sweep] => (given(entity), given(project), sweep),
            _ => return Err(AgentError::SweepPath(text.to_owned())),
        };
        Ok(Self { entity, project, sweep: sweep.to_owned() })
    }
}

impl FromStr for SweepPath {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
