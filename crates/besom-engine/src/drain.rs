//! Draining agents by their names.

use besom_core::{did_you_mean, nearest};
use besom_store::{AgentRow, Store, SweepId};

use crate::EngineError;

/// How many names a message lists.
const LISTED: usize = 8;

/// Drains the agents of these names: each finishes its run, gets no other, and leaves ([`Store::drain`]). A name is that of an agent, or
/// the beginning of names up to a slash: `ada` and `ada/1234` mean all agents of that host, and of that process.
///
/// Returns the agents that are meant as they were before, in the order in which they joined: some may have been
/// [draining](AgentRow::draining) already, and those that have [left](AgentRow::left), which a name means if no other agent has it, are
/// left alone.
///
/// # Errors
/// [`EngineError::UnknownAgents`] with all names that mean none; then none is drained. If the store fails.
pub fn drain(store: &mut dyn Store, id: &SweepId, names: &[String]) -> Result<Vec<AgentRow>, EngineError> {
    let agents = store.agents(id)?;
    let here = |row: &&AgentRow| !row.left;
    let mut problems = Vec::new();
    let mut meant = vec![false; agents.len()];
    for name in names {
        let named: Vec<usize> = (0..agents.len()).filter(|&at| is_meant(&agents[at].name, name)).collect();
        if named.is_empty() {
            let near = did_you_mean(nearest(name, agents.iter().filter(here).map(|row| row.name.as_str())));
            problems.push(format!("sweep {id} has no agent '{name}'{near}"));
        }
        let is_gone = named.iter().all(|&at| agents[at].left);
        named.into_iter().filter(|&at| is_gone || !agents[at].left).for_each(|at| meant[at] = true);
    }
    if !problems.is_empty() {
        let known = agents.iter().filter(here).map(|row| row.name.clone()).collect();
        return Err(EngineError::UnknownAgents { problems, known });
    }
    let meant: Vec<AgentRow> =
        agents.into_iter().zip(meant).filter_map(|(row, is)| is.then_some(row)).collect();
    let ids: Vec<_> = meant.iter().filter(here).map(|row| row.id).collect();
    store.drain(id, &ids)?;
    Ok(meant)
}

fn is_meant(agent: &str, name: &str) -> bool {
    agent == name || agent.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

/// The end of a message: which agents there are.
pub(crate) fn known(names: &[String]) -> String {
    match names.len() {
        0 => "no agent works on it".to_owned(),
        more if more > LISTED => format!("its agents: {}, ... ({more} in all)", names[..LISTED].join(", ")),
        _ => format!("its agents: {}", names.join(", ")),
    }
}
