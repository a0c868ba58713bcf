//! Facts about runs, and labels of sweeps.

use std::collections::BTreeMap;

use besom_core::RunNumber;
use besom_store::rules::{facts_text, fits, merge};
use besom_store::{Lease, Reply};
use serde_json::{Map, Value};

use crate::columns::{bounded, clean, value};
use crate::events::object;
use crate::fault::Outcome;
use crate::sweeps::Sweep;
use crate::tx::Tx;

/// The attempt under which the owner's facts about a run are kept.
const OWNER: u64 = 0;

impl Tx<'_> {
    /// Merges facts about the attempt of a lease.
    pub(crate) fn describe(
        &mut self,
        sweep: &Sweep,
        lease: &Lease,
        facts: &Map<String, Value>,
    ) -> Outcome<Reply> {
        let Some(run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        self.merge_facts(run.key, run.record.attempt, facts)?;
        Ok(run.record.reply())
    }

    /// Merges facts that the owner of a run states.
    pub(crate) fn annotate(
        &mut self,
        sweep: &Sweep,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Outcome<()> {
        let run = self.run_to_change(sweep, number)?;
        self.merge_facts(run.key, OWNER, facts)
    }

    fn merge_facts(&mut self, run: i64, attempt: u64, patch: &Map<String, Value>) -> Outcome<()> {
        let mut facts = self.facts_of(run, attempt)?;
        merge(&mut facts, patch);
        self.execute(
            "INSERT INTO facts (run, attempt, facts) VALUES ($1, $2, $3)
             ON CONFLICT (run, attempt) DO UPDATE SET facts = excluded.facts",
            &[&run, &bounded(attempt), &facts_text(&facts)?],
        )?;
        Ok(())
    }

    /// The facts about an attempt, or about the newest one with the owner's.
    pub(crate) fn facts(
        &mut self,
        sweep: &Sweep,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Outcome<Map<String, Value>> {
        let run = self.run(sweep, number)?;
        let Some(attempt) = attempt else {
            let newest = run.record.attempt;
            let mut facts = if newest == OWNER { Map::new() } else { self.facts_of(run.key, newest)? };
            merge(&mut facts, &self.facts_of(run.key, OWNER)?);
            return Ok(facts);
        };
        self.facts_of(run.key, attempt)
    }

    fn facts_of(&mut self, run: i64, attempt: u64) -> Outcome<Map<String, Value>> {
        let row = self.query_opt(
            "SELECT facts FROM facts WHERE run = $1 AND attempt = $2",
            &[&run, &bounded(attempt)],
        )?;
        row.map_or_else(|| Ok(Map::new()), |row| object(value(&row, 0)?))
    }

    /// Sets or removes a label of a sweep.
    pub(crate) fn set_label(&mut self, sweep: &Sweep, key: &str, value: Option<&str>) -> Outcome<()> {
        match value {
            Some(value) => {
                fits("a label", key.len() + value.len())?;
                self.execute(
                    "INSERT INTO labels (sweep, key, value) VALUES ($1, $2, $3)
                     ON CONFLICT (sweep, key) DO UPDATE SET value = excluded.value",
                    &[&sweep.key, &clean(key), &clean(value)],
                )?;
            }
            None => {
                self.execute("DELETE FROM labels WHERE sweep = $1 AND key = $2", &[&sweep.key, &clean(key)])?;
            }
        }
        Ok(())
    }

    /// The labels of a sweep.
    pub(crate) fn labels(&mut self, sweep: i64) -> Outcome<BTreeMap<String, String>> {
        let rows = self.query("SELECT key, value FROM labels WHERE sweep = $1", &[&sweep])?;
        rows.iter().map(|row| Ok((value(row, 0)?, value(row, 1)?))).collect()
    }
}
