//! The model: a store of vectors, without any care for speed, crashes or company.

use besom_core::{RunNumber, RunState};

use crate::{
    Added, Claim, ClaimedRun, End, HeldRun, Lease, NewAgent, NewRun, NewSweep, PausedBy, Reply, Row, Seen,
    StopKind, SweepState,
};

/// A text that a store may choose.
pub(super) const ANY: &str = "*";

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) sweeps: Vec<Sweep>,
    pub(super) agents: Vec<Agent>,
}

#[derive(Clone, Debug)]
pub(super) struct Sweep {
    pub(super) new: NewSweep,
    pub(super) state: SweepState,
    pub(super) reason: Option<String>,
    pub(super) paused_by: Option<PausedBy>,
    pub(super) ended_ms: Option<u64>,
    pub(super) runs: Vec<Run>,
    pub(super) events: Vec<(Option<RunNumber>, &'static str)>,
}

#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) sweep: usize,
    pub(super) new: NewAgent,
    pub(super) seen_ms: u64,
    pub(super) gone: bool,
    pub(super) request: u64,
    pub(super) answer: Option<(usize, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) new: NewRun,
    pub(super) seen: Option<Seen>,
    pub(super) number: RunNumber,
    pub(super) state: RunState,
    pub(super) created_ms: u64,
    pub(super) ended_ms: Option<u64>,
    /// The last one is the newest.
    pub(super) attempts: Vec<Tried>,
    pub(super) given_up: bool,
    pub(super) stop: Option<(StopKind, String)>,
    pub(super) exit_code: Option<i32>,
    pub(super) message: Option<String>,
    pub(super) crashes: u32,
    pub(super) failures: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) agent: usize,
    pub(super) started_ms: u64,
    pub(super) ended_ms: Option<u64>,
    pub(super) state: RunState,
    pub(super) seen_ms: u64,
    pub(super) rows: Vec<Row>,
    pub(super) given: Option<End>,
}

/// The answer to a set_state: which edge was refused, if one was.
pub(super) type Refusal = (SweepState, SweepState);

impl Model {
    pub(super) fn new(now: u64, sweeps: Vec<NewSweep>) -> Self {
        let sweeps = sweeps.into_iter().map(|new| Sweep {
            new,
            state: SweepState::Pending,
            reason: None,
            paused_by: None,
            ended_ms: None,
            runs: Vec::new(),
            events: vec![(None, "created")],
        });
        Self { now, sweeps: sweeps.collect(), agents: Vec::new() }
    }

    pub(super) fn join(&mut self, sweep: usize, new: NewAgent) {
        self.agents.push(Agent { sweep, new, seen_ms: self.now, gone: false, request: 0, answer: None });
    }

    pub(super) fn hear(&mut self, agent: usize) {
        self.agents[agent].seen_ms = self.now;
        self.agents[agent].gone = false;
    }

    pub(super) fn claim(&mut self, agent: usize, request: u64) -> Claim {
        self.hear(agent);
        let Agent { sweep, request: newest, answer, .. } = self.agents[agent].clone();
        let state = self.sweeps[sweep].state;
        if request > newest {
            return self.hand_out(agent, request);
        }
        let Some((run, attempt)) = answer.filter(|_| request == newest) else {
            return Claim::Nothing(state);
        };
        if !self.revive(sweep, run, attempt) {
            return Claim::Nothing(state);
        }
        self.claimed(sweep, run)
    }

    fn hand_out(&mut self, agent: usize, request: u64) -> Claim {
        let (now, at) = (self.now, self.agents[agent].sweep);
        let sweep = &mut self.sweeps[at];
        let open = matches!(sweep.state, SweepState::Pending | SweepState::Running);
        let waits = |run: &Run| matches!(run.state, RunState::Pending | RunState::Preempted);
        let Some(index) = sweep.runs.iter().position(waits).filter(|_| open) else {
            return Claim::Nothing(sweep.state);
        };
        if sweep.state == SweepState::Pending {
            sweep.go(SweepState::Running, None, "started");
        }
        let run = &mut sweep.runs[index];
        let state = RunState::Running;
        run.attempts.push(Tried {
            agent,
            started_ms: now,
            ended_ms: None,
            state,
            seen_ms: now,
            rows: Vec::new(),
            given: None,
        });
        (run.state, run.given_up, run.exit_code, run.message) = (state, false, None, None);
        let attempt = run.attempt();
        sweep.log(index, "claimed");
        self.agents[agent].request = request;
        self.agents[agent].answer = Some((index, attempt));
        self.claimed(at, index)
    }

    fn claimed(&self, sweep: usize, run: usize) -> Claim {
        let Sweep { new, runs, .. } = &self.sweeps[sweep];
        let run = &runs[run];
        let lease = Lease { sweep: new.id.clone(), run: run.number, attempt: run.attempt() };
        Claim::Run(ClaimedRun { lease, point: run.new.point.clone() })
    }

    /// Notes a sign of life from the holder of a lease, which undoes giving it up. Returns whether the lease stands.
    fn revive(&mut self, at: usize, index: usize, attempt: u64) -> bool {
        let now = self.now;
        let sweep = &mut self.sweeps[at];
        if !sweep.stands(index, attempt) {
            return false;
        }
        let run = &mut sweep.runs[index];
        let gone = run.state != RunState::Running;
        if gone {
            run.crashes -= u32::from(run.state == RunState::Pending);
            (run.state, run.given_up, run.ended_ms, run.message) = (RunState::Running, false, None, None);
            let newest = run.newest();
            (newest.state, newest.ended_ms) = (RunState::Running, None);
        }
        let newest = run.newest();
        newest.seen_ms = now;
        let agent = newest.agent;
        if gone {
            sweep.log(index, "returned");
        }
        self.hear(agent);
        true
    }

    pub(super) fn report(&mut self, at: usize, lease: &Lease, rows: &[Row]) -> Reply {
        let index = lease.run.index();
        if !self.sweeps[at].stands(index, lease.attempt) {
            return Reply::Lost;
        }
        let stored = self.sweeps[at].runs[index].newest().rows.len() as u64;
        let fresh: Vec<Row> = rows.iter().filter(|row| row.seq > stored).cloned().collect();
        if fresh.iter().zip(stored + 1..).any(|(row, seq)| row.seq != seq) {
            return Reply::Gap { expected: stored + 1 };
        }
        self.revive(at, index, lease.attempt);
        let run = &mut self.sweeps[at].runs[index];
        run.newest().rows.extend(fresh);
        match run.stop.clone() {
            Some((kind, reason)) => Reply::Stop { reason, kind },
            None => Reply::Continue,
        }
    }

    /// `None` if nothing can end so.
    pub(super) fn finish(&mut self, at: usize, lease: &Lease, end: &End) -> Option<Reply> {
        if matches!(end.state, RunState::Pending | RunState::Running) {
            return None;
        }
        let index = lease.run.index();
        let attempts = &self.sweeps[at].runs[index].attempts;
        let attempt = usize::try_from(lease.attempt - 1).ok().and_then(|attempt| attempts.get(attempt));
        if attempt.is_some_and(|attempt| attempt.given.as_ref() == Some(end)) {
            return Some(Reply::Continue);
        }
        if !self.revive(at, index, lease.attempt) {
            return Some(Reply::Lost);
        }
        self.sweeps[at].conclude(index, end, self.now);
        self.sweeps[at].runs[index].newest().given = Some(end.clone());
        Some(Reply::Continue)
    }

    pub(super) fn leave(&mut self, agent: usize) {
        let at = self.agents[agent].sweep;
        for index in 0..self.sweeps[at].runs.len() {
            let run = &mut self.sweeps[at].runs[index];
            if run.state == RunState::Running && run.newest().agent == agent {
                self.sweeps[at].lose(index, self.now);
            }
        }
        self.hear(agent);
        self.agents[agent].gone = true;
    }

    pub(super) fn silent(&self, at: usize) -> Vec<HeldRun> {
        self.held_where(at, |run| self.is_silent(run))
    }

    pub(super) fn held(&self, agent: usize) -> Vec<HeldRun> {
        let holds = |run: &Run| {
            run.state == RunState::Running && run.attempts.last().is_some_and(|newest| newest.agent == agent)
        };
        self.held_where(self.agents[agent].sweep, holds)
    }

    fn held_where(&self, at: usize, choose: impl Fn(&Run) -> bool) -> Vec<HeldRun> {
        let sweep = &self.sweeps[at];
        let chosen = sweep.runs.iter().filter(|run| choose(run));
        chosen
            .map(|run| HeldRun {
                lease: Lease { sweep: sweep.new.id.clone(), run: run.number, attempt: run.attempt() },
                rows: run.attempts.last().map_or(0, |newest| newest.rows.len() as u64),
            })
            .collect()
    }

    pub(super) fn has_finished_run(&self, at: usize) -> bool {
        self.sweeps[at].runs.iter().any(|run| run.state == RunState::Finished)
    }

    pub(super) fn report_broken(&mut self, at: usize, reason: &str) {
        let sweep = &mut self.sweeps[at];
        if matches!(sweep.state, SweepState::Pending | SweepState::Running) {
            sweep.go(SweepState::Paused, Some(reason), "paused");
            sweep.paused_by = Some(PausedBy::Program);
        }
    }

    fn is_silent(&self, run: &Run) -> bool {
        run.state == RunState::Running
            && run.attempts.last().is_some_and(|attempt| {
                self.now.saturating_sub(attempt.seen_ms) > self.agents[attempt.agent].new.heartbeat_timeout_ms
            })
    }

    pub(super) fn give_up(&mut self, at: usize, lease: &Lease) -> bool {
        let index = lease.run.index();
        let run = &self.sweeps[at].runs[index];
        let silent = run.attempt() == lease.attempt && self.is_silent(run);
        if silent {
            self.sweeps[at].lose(index, self.now);
        }
        silent
    }

    pub(super) fn add_runs(
        &mut self,
        at: usize,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Added {
        let now = self.now;
        let sweep = &mut self.sweeps[at];
        if !matches!(sweep.state, SweepState::Pending | SweepState::Running) {
            return Added::Closed(sweep.state);
        }
        if first.index() != sweep.runs.len() {
            return Added::Lost(RunNumber::from_index(sweep.runs.len()));
        }
        let cap = sweep.new.run_cap.and_then(|cap| usize::try_from(cap).ok()).unwrap_or(usize::MAX);
        if sweep.runs.len() >= cap {
            return Added::Capped;
        }
        let count = runs.len().min(cap - sweep.runs.len());
        for new in &runs[..count] {
            let index = sweep.runs.len();
            sweep.runs.push(Run::new(new.clone(), seen.cloned(), RunNumber::from_index(index), now));
            sweep.log(index, "added");
        }
        Added::Added(count)
    }

    pub(super) fn pause(&mut self, at: usize, by: PausedBy, reason: Option<&str>) -> Result<(), Refusal> {
        let was_paused = self.sweeps[at].state == SweepState::Paused;
        self.set_state(at, SweepState::Paused, reason)?;
        if !was_paused {
            self.sweeps[at].paused_by = Some(by);
        }
        Ok(())
    }

    pub(super) fn set_state(
        &mut self,
        at: usize,
        to: SweepState,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        use SweepState as S;
        let now = self.now;
        let sweep = &mut self.sweeps[at];
        let kind = match (sweep.state, to) {
            (from, to) if from == to => return Ok(()),
            (S::Pending, S::Running) => "started",
            (S::Pending | S::Running, S::Paused) => "paused",
            (S::Paused, S::Running) => "resumed",
            (S::Pending | S::Running | S::Paused, S::Finished) => "finished",
            (S::Pending | S::Running | S::Paused, S::Canceled) => "canceled",
            refused => return Err(refused),
        };
        sweep.go(to, reason, kind);
        if to.is_over() {
            sweep.ended_ms = Some(now);
            for index in 0..sweep.runs.len() {
                if to == S::Canceled || sweep.runs[index].state != RunState::Running {
                    sweep.stop(index, reason.unwrap_or(ANY), StopKind::Cancel, now);
                }
            }
        }
        Ok(())
    }

    pub(super) fn request_stops(&mut self, at: usize, stops: &[(RunNumber, String)], kind: StopKind) -> u64 {
        let now = self.now;
        let sweep = &mut self.sweeps[at];
        stops.iter().map(|(run, reason)| u64::from(sweep.stop(run.index(), reason, kind, now))).sum()
    }

    pub(super) fn retry(&mut self, at: usize, states: &[RunState]) -> Result<u64, Refusal> {
        let sweep = &mut self.sweeps[at];
        let ended = |run: &Run| !run.state.is_open() && states.contains(&run.state);
        let chosen: Vec<usize> = (0..sweep.runs.len()).filter(|&index| ended(&sweep.runs[index])).collect();
        if chosen.is_empty() {
            return Ok(0);
        }
        if sweep.state == SweepState::Canceled {
            return Err((SweepState::Canceled, SweepState::Running));
        }
        if sweep.state == SweepState::Finished {
            sweep.go(SweepState::Running, None, "resumed");
            sweep.ended_ms = None;
        }
        for &index in &chosen {
            let run = &mut sweep.runs[index];
            (run.state, run.given_up, run.stop, run.ended_ms) = (RunState::Pending, false, None, None);
            (run.crashes, run.failures) = (0, 0);
            sweep.log(index, "retried");
        }
        Ok(chosen.len() as u64)
    }
}

impl Sweep {
    fn log(&mut self, run: usize, kind: &'static str) {
        self.events.push((Some(RunNumber::from_index(run)), kind));
    }

    fn go(&mut self, to: SweepState, reason: Option<&str>, kind: &'static str) {
        self.state = to;
        self.reason = reason.map(str::to_owned);
        self.paused_by = (to == SweepState::Paused).then_some(PausedBy::Owner);
        self.events.push((None, kind));
    }

    fn stands(&self, index: usize, attempt: u64) -> bool {
        let run = &self.runs[index];
        let returns = run.given_up && self.state != SweepState::Canceled;
        run.attempt() == attempt && (run.state == RunState::Running || returns)
    }

    fn lose(&mut self, index: usize, now: u64) {
        self.runs[index].given_up = true;
        let end = End { state: RunState::Crashed, exit_code: None, message: Some(ANY.to_owned()) };
        self.conclude(index, &end, now);
    }

    fn conclude(&mut self, index: usize, end: &End, now: u64) {
        use RunState as S;
        let over = self.state.is_over();
        let run = &mut self.runs[index];
        let kind = run.stop.as_ref().map(|(kind, _)| *kind);
        let wanted = kind.is_none() && !over;
        let ended = match end.state {
            S::Killed | S::Preempted if kind == Some(StopKind::Early) => S::Finished,
            S::Preempted if !wanted => S::Killed,
            state => state,
        };
        let again = wanted
            && (ended == S::Crashed && run.crashes < self.new.retry_crashed
                || ended == S::Failed && run.failures < self.new.retry_failed);
        if again {
            run.crashes += u32::from(ended == S::Crashed);
            run.failures += u32::from(ended == S::Failed);
        }
        run.state = if again { S::Pending } else { ended };
        run.exit_code = end.exit_code;
        run.message.clone_from(&end.message);
        run.ended_ms = (!run.state.is_open()).then_some(now);
        let newest = run.newest();
        (newest.state, newest.ended_ms) = (ended, Some(now));
        self.log(index, ended.as_str());
        if again {
            self.log(index, "retried");
        }
    }

    fn stop(&mut self, index: usize, reason: &str, kind: StopKind, now: u64) -> bool {
        let run = &mut self.runs[index];
        let waits = matches!(run.state, RunState::Pending | RunState::Preempted);
        let news = match run.stop {
            None => true,
            Some((standing, _)) => standing == StopKind::Early && kind == StopKind::Cancel,
        };
        if !waits && (run.state != RunState::Running || !news) {
            return false;
        }
        run.stop = Some((kind, reason.to_owned()));
        if waits {
            (run.state, run.given_up, run.ended_ms) = (RunState::Killed, false, Some(now));
        }
        self.log(index, if waits { "killed" } else { "stop_requested" });
        true
    }
}

impl Run {
    fn new(new: NewRun, seen: Option<Seen>, number: RunNumber, created_ms: u64) -> Self {
        Self {
            new,
            seen,
            number,
            state: RunState::Pending,
            created_ms,
            ended_ms: None,
            attempts: Vec::new(),
            given_up: false,
            stop: None,
            exit_code: None,
            message: None,
            crashes: 0,
            failures: 0,
        }
    }

    pub(super) fn attempt(&self) -> u64 {
        self.attempts.len() as u64
    }

    fn newest(&mut self) -> &mut Tried {
        self.attempts.last_mut().expect("only runs that were handed out are asked")
    }
}
