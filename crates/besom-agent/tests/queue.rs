//! An agent on a queue whose every call is made twice, as if the first reply had been lost.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use besom_agent::{AgentOptions, CommandPattern, CrashLoopGuard, ExitReason, Idle, Level, Shutdown, work};
use besom_core::{RunNumber, RunState};
use besom_store::{
    AgentId, Claim, Lease, NewAgent, PausedBy, Queue, Row, SqliteStore, Store, StoreError, SweepId,
    SweepState, forward_queue,
};
use support::Scene;

struct Repeating(SqliteStore);

impl Queue for Repeating {
    forward_queue!(|self, call| {
        call(&mut self.0)?;
        call(&mut self.0)
    });
}

/// A run of an agent that is gone, which logged two rows and reported the first.
fn abandoned(scene: &Scene, store: &mut SqliteStore, timeout_ms: u64) -> (AgentId, Lease) {
    let agent = store.join(&scene.sweep, &NewAgent::new("gone", Duration::from_millis(timeout_ms))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("a run is pending") };
    let dir = scene.dir(run.lease.run.get(), run.lease.attempt);
    dir.create().unwrap();
    fs::write(dir.metrics(), "{\"loss\": 3}\n{\"loss\": 4}\n").unwrap();
    let values = support::object(serde_json::json!({"loss": 3}));
    store.report(&run.lease, &[Row::new(1, values)]).unwrap();
    (agent, run.lease)
}

/// What the system keeps of an agent that died on this machine: a lock file that nobody locks.
fn leave_lock_file(scene: &Scene, agent: AgentId) {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let locks = scene.directory().join("agents");
    fs::create_dir_all(&locks).unwrap();
    let text = format!("{}\n{}\n", boot.trim(), scene.sweep);
    fs::write(locks.join(format!("{}.lock", agent.0)), text).unwrap();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux has a boot id")]
fn every_call_may_be_repeated() {
    let scene = Scene::new(&[1, 2, 3]);
    let mut store = scene.store();
    let (_, overdue) = abandoned(&scene, &mut store, 100);
    let (agent, dead) = abandoned(&scene, &mut store, 1_000_000);
    leave_lock_file(&scene, agent);

    let script = r#"echo '{"loss": 1}' >> $BESOM_METRICS; echo '{"loss": 2}' >> $BESOM_METRICS"#;
    let outcome = scene.work_on(&mut Repeating(scene.store()), &mut scene.shell(script));
    assert_eq!(outcome.runs, 3);
    for number in 1..=3 {
        let run = scene.run(number);
        let attempts = if number < 3 { 2 } else { 1 };
        assert_eq!((run.state, run.attempt, run.rows), (RunState::Finished, attempts, 2));
    }
    for lease in [overdue, dead] {
        let rows = store.rows(&scene.sweep, lease.run, Some(lease.attempt)).unwrap();
        assert_eq!(rows.len(), 2, "what was in the file is stored, once");
        let attempts = store.attempts(&scene.sweep, lease.run).unwrap();
        assert_eq!(attempts[0].state, RunState::Crashed);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux has a boot id")]
fn an_agent_that_the_store_does_not_know_is_forgotten() {
    let scene = Scene::new(&[1]);
    leave_lock_file(&scene, AgentId(77));
    assert_eq!(scene.run_one("exit 0").state, RunState::Finished);
    assert!(!scene.directory().join("agents/77.lock").exists());
}

#[test]
fn a_broken_program_pauses_the_sweep_through_the_queue() {
    let scene = Scene::new(&[1, 2, 3, 4]);
    let outcome = scene.work_on(&mut Repeating(scene.store()), &mut scene.shell("exit 3"));
    let ExitReason::Broken(reason) = outcome.exit_reason else { panic!("{outcome:?}") };
    let sweep = scene.row();
    assert_eq!((sweep.state, sweep.reason), (SweepState::Paused, Some(reason)));
    assert_eq!(sweep.paused_by, Some(PausedBy::Program));
    let fourth = scene.store().run(&scene.sweep, RunNumber::new(4).unwrap()).unwrap();
    assert_eq!(fourth.state, RunState::Pending);
}

/// A store that is away two times out of three, until a shutdown is asked for.
struct Flaky {
    store: SqliteStore,
    calls: u64,
    shutdown: Shutdown,
}

impl Queue for Flaky {
    forward_queue!(|self, call| {
        self.calls += 1;
        if !self.calls.is_multiple_of(3) && self.shutdown.level() == Level::None {
            return Err(StoreError::transient("the disk is full"));
        }
        call(&mut self.store)
    });
}

#[test]
fn an_agent_is_patient_with_a_store_that_fails_whatever_it_does() {
    let mut scene = Scene::new(&[1, 2]);
    scene.options.store_timeout = Duration::ZERO;
    let mut queue = Flaky { store: scene.store(), calls: 0, shutdown: scene.shutdown.clone() };
    let script = r#"echo '{"loss": 1}' >> $BESOM_METRICS"#;
    let outcome = scene.work_on(&mut queue, &mut scene.shell(script));
    assert_eq!(outcome.runs, 2);
    for number in 1..=2 {
        let run = scene.run(number);
        assert_eq!((run.state, run.attempt, run.rows), (RunState::Finished, 1, 1));
    }
}

/// A queue that waits in claims as a server does, and counts the calls.
struct Waiting {
    store: SqliteStore,
    claims: u32,
    others: u32,
    shutdown: Shutdown,
}

impl Queue for Waiting {
    forward_queue!(
        [
            join, claim, report, describe, print, resume, finish, leave, held, give_up, give_back,
            quarantine, wait
        ] | self,
        call | call(&mut self.store)
    );
    forward_queue!(
        [idle, running] | self,
        call | {
            self.others += 1;
            call(&mut self.store)
        }
    );

    fn claim_within(
        &mut self,
        agent: AgentId,
        request: u64,
        at_most: Duration,
        enough: &dyn Fn() -> bool,
    ) -> Result<Claim, StoreError> {
        self.claims += 1;
        let until = Instant::now() + at_most;
        loop {
            let claim = self.store.claim(agent, request)?;
            if !matches!(claim, Claim::Nothing(SweepState::Running)) || enough() || Instant::now() >= until {
                return Ok(claim);
            }
            // Ctrl-C, amid the wait.
            self.shutdown.raise();
            thread::yield_now();
        }
    }
}

#[test]
fn an_idle_agent_behind_a_server_waits_in_its_claim_until_ctrl_c() {
    let scene = Scene::new(&[1]);
    let shutdown = scene.shutdown.clone();
    let mut queue = Waiting { store: scene.store(), claims: 0, others: 0, shutdown: shutdown.clone() };
    let options = AgentOptions::new("far").directory(scene.directory().join("far")).behind_server();
    let begun = Instant::now();
    let mut idle = || Ok(Idle::Waiting);
    let mut runner = scene.shell(r#"echo '{"loss": 1}' >> $BESOM_METRICS"#);
    let outcome = work(&mut queue, &scene.sweep, &options, &mut runner, &shutdown, &mut idle).unwrap();
    assert_eq!((outcome.runs, outcome.exit_reason), (1, ExitReason::Shutdown));
    assert!(begun.elapsed() < options.claim_wait, "{:?}", begun.elapsed());
    assert_eq!(queue.claims, 2, "one for the run, one that waits");
    assert!(queue.others <= 2, "looks at heartbeats, since a run was executed here: {}", queue.others);
    assert_eq!(scene.rows(1), [r#"1:{"loss":1}"#]);
}

#[test]
fn a_command_that_is_not_allowed_stays_for_others() {
    let scene = Scene::new(&[1]);
    let mut runner = scene.shell("touch ran");
    runner.allowed = vec![CommandPattern::new("python train.py *")];
    let why = runner.check_allowed().unwrap_err().to_string();
    let expected =
        "this agent must not execute `sh -c touch ran program`; it may execute `python train.py *` only";
    assert_eq!(why, expected);
    // Its arguments show what it is only with the parameters.
    runner.allowed = vec![CommandPattern::new("sh -c * program")];
    runner.check_allowed().unwrap();
    let outcome = scene.work(&mut runner);
    let ExitReason::Quarantined(reason) = outcome.exit_reason else { panic!("{outcome:?}") };
    assert!(reason.contains("program --x=1`; it may execute"), "{reason}");
    let run = scene.run(1);
    assert_eq!((run.state, outcome.runs, scene.row().state), (RunState::Pending, 0, SweepState::Running));
    assert!(!scene.file("ran").exists());
    runner.allowed.push(CommandPattern::new("sh *"));
    scene.work(&mut runner);
    assert_eq!(scene.run(1).state, RunState::Finished);
}

/// A connection that loses requests and replies, doubles some, and breaks down altogether for a while.
struct Broken {
    store: SqliteStore,
    calls: u64,
}

impl Queue for Broken {
    forward_queue!(|self, call| {
        self.calls += 1;
        let lost = Err(StoreError::transient("connection reset by peer"));
        match self.calls % 7 {
            _ if (20..26).contains(&self.calls) => lost,
            1 => lost,
            3 => call(&mut self.store).and(lost),
            5 => {
                call(&mut self.store)?;
                call(&mut self.store)
            }
            _ => call(&mut self.store),
        }
    });
}

#[test]
fn what_a_bad_connection_does_to_calls_costs_no_attempt_and_no_row() {
    let mut scene = Scene::new(&[1, 2, 3, 4]);
    scene.options.report_every = Duration::from_millis(20);
    scene.options.is_served = true;
    let mut queue = Broken { store: scene.store(), calls: 0 };
    let script = "for i in 1 2 3 4 5 6; do echo \"{\\\"loss\\\": $i}\" >> $BESOM_METRICS; echo line $i; sleep 0.02; done";
    let outcome = scene.work_on(&mut queue, &mut scene.shell(script));
    assert_eq!(outcome.runs, 4);
    for number in 1..=4 {
        let run = scene.run(number);
        assert_eq!((run.state, run.attempt, run.rows), (RunState::Finished, 1, 6), "{:?}", run.message);
        let output = scene.store().output(&scene.sweep, run.number, None).unwrap().to_string();
        assert_eq!(output, (1..=6).map(|i| format!("line {i}\n")).collect::<String>());
    }
}

/// A queue on which the sweep is paused, and the process learns of it, while a claim waits.
struct Paused {
    store: SqliteStore,
    guard: CrashLoopGuard,
}

impl Queue for Paused {
    forward_queue!(|self, call| call(&mut self.store));

    fn claim_within(
        &mut self,
        agent: AgentId,
        request: u64,
        at_most: Duration,
        enough: &dyn Fn() -> bool,
    ) -> Result<Claim, StoreError> {
        if at_most.is_zero() {
            return self.claim(agent, request);
        }
        self.store.pause(&SweepId::new("sweep001"), PausedBy::Program, Some("no GPU"))?;
        self.guard.trip("no GPU");
        assert!(enough());
        Ok(Claim::Nothing(SweepState::Running))
    }
}

#[test]
fn an_agent_that_waits_in_its_claim_leaves_a_sweep_that_is_paused_for_its_process() {
    let scene = Scene::new(&[1]);
    let guard = CrashLoopGuard::default();
    let mut queue = Paused { store: scene.store(), guard: guard.clone() };
    let options = AgentOptions::new("far").guard(guard).behind_server();
    let mut idle = || Ok(Idle::Waiting);
    let mut runner = scene.shell("exit 0");
    let outcome = work(&mut queue, &scene.sweep, &options, &mut runner, &scene.shutdown, &mut idle).unwrap();
    assert_eq!(outcome.exit_reason, ExitReason::Broken("no GPU".to_owned()));
}
