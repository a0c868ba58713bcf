//! What the rows of a store must have in common, as queries for what breaks it.

use rusqlite::Connection;

use crate::sqlite::fault::Outcome;

/// What is looked at, and the query that selects a text for each place where it is wrong.
pub(super) const LAWS: &[(&str, &str)] = &[
    ("the sweeps", "SELECT 'sweep ' || id || ': it has no progress' FROM sweeps
        WHERE key NOT IN (SELECT sweep FROM progress)"),
    ("the progress of sweeps", "SELECT 'a sweep is missing: there is progress of number ' || sweep FROM progress
        WHERE sweep NOT IN (SELECT key FROM sweeps)"),
    ("the numbers of runs", "SELECT 'sweep ' || s.id || ': it has ' || count(r.key) || ' runs, numbered up to '
          || coalesce(max(r.number), 0) || ', instead of ' || p.runs
        FROM progress p JOIN sweeps s ON s.key = p.sweep LEFT JOIN runs r ON r.sweep = p.sweep GROUP BY p.sweep
        HAVING count(r.key) <> p.runs OR coalesce(max(r.number), 0) <> p.runs OR min(r.number) < 1"),
    ("the counts of runs", "SELECT 'sweep ' || s.id || ': ' || t.runs || ' runs are counted as ' || t.what
          || ' instead of ' || count(r.key)
        FROM tallies t JOIN sweeps s ON s.key = t.sweep LEFT JOIN runs r ON r.sweep = t.sweep AND
          (r.state = t.what OR t.what = 'stopped' AND r.state = 'finished' AND r.stop_kind = 'early')
        GROUP BY t.sweep, t.what HAVING count(r.key) <> t.runs"),
    ("the counts of sweeps", "SELECT 'sweep ' || id || ': a count of its runs is missing' FROM sweeps
        WHERE (SELECT count(*) FROM tallies WHERE sweep = key) <> 8"),
    ("the sweeps of runs", "SELECT 'a sweep is missing: there is a run ' || number || ' of it' FROM runs
        WHERE sweep NOT IN (SELECT key FROM sweeps)"),
    ("the parameters of runs", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' has no parameters'
        FROM runs r JOIN sweeps s ON s.key = r.sweep WHERE r.key NOT IN (SELECT run FROM points)"),
    ("the runs of parameters", "SELECT 'a run is missing: there are parameters of number ' || run FROM points
        WHERE run NOT IN (SELECT key FROM runs)"),
    ("the attempts of runs", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' was handed out ' || r.attempt
          || ' times, and ' || count(a.run) || ' attempts are known'
        FROM runs r JOIN sweeps s ON s.key = r.sweep LEFT JOIN attempts a ON a.run = r.key GROUP BY r.key
        HAVING count(a.run) <> r.attempt OR coalesce(max(a.attempt), 0) <> r.attempt"),
    ("the runs of attempts", "SELECT 'a run is missing: there is an attempt of number ' || run FROM attempts
        WHERE run NOT IN (SELECT key FROM runs)"),
    ("the agents of runs", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' is held by an agent that is unknown'
        FROM runs r JOIN sweeps s ON s.key = r.sweep WHERE r.agent NOT IN (SELECT key FROM agents)
          OR r.state = 'running' AND r.agent IS NULL"),
    ("the rows of runs", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' has ' || coalesce(sum(c.rows), 0)
          || ' rows instead of ' || r.rows
        FROM runs r JOIN sweeps s ON s.key = r.sweep LEFT JOIN chunks c ON c.run = r.key AND c.attempt = r.attempt
        GROUP BY r.key HAVING coalesce(sum(c.rows), 0) <> r.rows OR coalesce(min(c.first), 1) <> 1
          OR coalesce(max(c.first + c.rows - 1), 0) <> r.rows"),
    ("the rows that runs keep", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' keeps ' || r.kept || ' rows of earlier attempts instead of '
          || coalesce(sum(a.rows), 0)
        FROM runs r JOIN sweeps s ON s.key = r.sweep
        LEFT JOIN attempts a ON a.run = r.key AND a.kept = 1 AND a.attempt < r.attempt
        GROUP BY r.key HAVING coalesce(sum(a.rows), 0) <> r.kept"),
    ("the parts of rows", "SELECT 'a part of ' || rows || ' rows of the run of number ' || run || ' has another number'
        FROM chunks WHERE length(lines) - length(replace(lines, char(10), '')) <> rows"),
    ("the runs of rows", "SELECT 'a run is missing: there are rows of number ' || run FROM
        (SELECT run FROM chunks UNION SELECT run FROM curves UNION SELECT run FROM logged UNION SELECT run FROM facts
         UNION SELECT run FROM outputs) WHERE run NOT IN (SELECT key FROM runs)"),
    ("the ranks of runs", "SELECT 'sweep ' || s.id || ': run ' || r.number || ' is ranked wrongly'
        FROM runs r JOIN sweeps s ON s.key = r.sweep
        WHERE r.rank <> CASE WHEN r.loss IS NULL THEN 3 WHEN r.state IN ('running', 'finished') THEN 0
          WHEN r.state IN ('pending', 'preempted') THEN 2 ELSE 1 END"),
    ("the log", "SELECT 'sweep ' || s.id || ': its log has entry ' || max(e.seq) || ' after change ' || p.change
        FROM progress p JOIN sweeps s ON s.key = p.sweep JOIN events e ON e.sweep = p.sweep GROUP BY p.sweep
        HAVING max(e.seq) > p.change OR min(e.seq) < 1"),
    ("the log of runs", "SELECT 'sweep ' || s.id || ': the log does not say once that run ' || r.number || ' was added'
        FROM runs r JOIN sweeps s ON s.key = r.sweep WHERE 1 <> (SELECT count(*) FROM events e
          WHERE e.sweep = r.sweep AND e.run = r.number AND e.kind = 'added' AND e.seq = r.added)"),
    ("the log of sweeps", "SELECT 'sweep ' || s.id || ': the log does not say once that it was created' FROM sweeps s
        WHERE 1 <> (SELECT count(*) FROM events e WHERE e.sweep = s.key AND e.kind = 'created')"),
];

/// The places that break a law.
pub(super) fn broken(conn: &Connection, law: &str) -> Outcome<Vec<String>> {
    let mut statement = conn.prepare(law)?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
