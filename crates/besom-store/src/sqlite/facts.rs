//! Facts about runs, and labels of sweeps.

use std::collections::BTreeMap;

use besom_core::RunNumber;
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

use super::events::object;
use super::fault::Outcome;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::{facts_text, fits, merge};
use crate::{Lease, Reply};

/// The attempt under which the owner's facts about a run are kept.
const OWNER: u64 = 0;

impl Tx<'_> {
    /// Merges facts about the attempt of a lease.
    pub(super) fn describe(
        &self,
        sweep: &mut Sweep,
        lease: &Lease,
        facts: &Map<String, Value>,
    ) -> Outcome<Reply> {
        let Some(run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        self.merge_facts(run.key, run.record.attempt, facts)?;
        Ok(run.record.reply())
    }

    /// Merges facts that the owner of a run states.
    pub(super) fn annotate(
        &self,
        sweep: &Sweep,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Outcome<()> {
        self.merge_facts(self.run(sweep, number)?.key, OWNER, facts)
    }

    fn merge_facts(&self, run: i64, attempt: u64, patch: &Map<String, Value>) -> Outcome<()> {
        let mut facts = self.facts_of(run, attempt)?;
        merge(&mut facts, patch);
        self.sql("INSERT OR REPLACE INTO facts (run, attempt, facts) VALUES (?1, ?2, ?3)")?
            .execute(params![run, bounded(attempt), facts_text(&facts)?])?;
        Ok(())
    }

    /// The facts about an attempt, or about the newest one with the owner's.
    pub(super) fn facts(
        &self,
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

    fn facts_of(&self, run: i64, attempt: u64) -> Outcome<Map<String, Value>> {
        let text: Option<String> = self
            .sql("SELECT facts FROM facts WHERE run = ?1 AND attempt = ?2")?
            .query_row(params![run, bounded(attempt)], |row| row.get(0))
            .optional()?;
        text.map_or_else(|| Ok(Map::new()), |text| object(&text))
    }

    /// Sets or removes a label of a sweep.
    pub(super) fn set_label(&self, sweep: &Sweep, key: &str, value: Option<&str>) -> Outcome<()> {
        match value {
            Some(value) => {
                fits("a label", key.len() + value.len())?;
                self.sql("INSERT OR REPLACE INTO labels (sweep, key, value) VALUES (?1, ?2, ?3)")?
                    .execute(params![sweep.key, key, value])?;
            }
            None => {
                self.sql("DELETE FROM labels WHERE sweep = ?1 AND key = ?2")?
                    .execute(params![sweep.key, key])?;
            }
        }
        Ok(())
    }

    /// The labels of a sweep.
    pub(super) fn labels(&self, sweep: i64) -> Outcome<BTreeMap<String, String>> {
        let mut statement = self.sql("SELECT key, value FROM labels WHERE sweep = ?1")?;
        let found = statement.query_map([sweep], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}
