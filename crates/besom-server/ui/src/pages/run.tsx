// One run: what it tried against the best, why it was tried, how it went, what it printed.

import { createMemo, type JSX, Show } from "solid-js";
import { CurvePlot } from "../draw/curve-plot";
import { type Sweep, useSweep } from "../model";
import { type Action, Actions } from "../parts/actions";
import { runAgain } from "../parts/again";
import { curvesOf, MetricChoice } from "../parts/choices";
import { failureWords } from "../parts/failure";
import { duration, moment, number } from "../parts/format";
import { useKeys } from "../parts/keys";
import { load, Loaded } from "../parts/loaded";
import { noteOf, writeNote } from "../parts/note";
import { State } from "../parts/state";
import { Tail } from "../parts/tail";
import { WhyCard } from "../parts/why";
import { go, link, route, shared } from "../routes";
import type { Curve, Run, RunDetail, Stopper } from "../source/types";
import { Parameters } from "./parameters";
import { toggled } from "../toggled";
import { Attempts, Facts, Logged } from "./record";
import { Rows, RunEvents } from "./rows";

export function RunPage(): JSX.Element {
  const sweep = useSweep();
  const number = createMemo(() => Number(route().path[3]));
  const path = (): string => `${sweep.path}/runs/${number()}`;
  // Asked for again whenever what the columns know of the run changed.
  const version = createMemo(() => {
    const [history, i] = [sweep.history(), number() - 1];
    return history && `${path()} ${history.state[i]} ${history.attempt[i]} ${history.rows[i]}`;
  });
  const run = load(version, () => sweep.source.json<RunDetail>(path()));
  const best = load(
    () => sweep.detail()?.best?.run !== number() && sweep.detail()?.best?.run,
    (n) => sweep.source.json<Run>(`${sweep.path}/runs/${n}`),
  );
  const step = (by: number): void => {
    const to = number() + by;
    if (to >= 1 && to <= (sweep.history()?.runs ?? 0)) go(link(["s", sweep.id, "runs", to], shared()));
  };
  useKeys([
    { keys: "j", does: "Next run", act: () => step(1) },
    { keys: "k", does: "Previous run", act: () => step(-1) },
    { keys: "x", does: "Select or unselect the run", act: () => sweep.toggle(number()) },
  ]);
  return (
    <Loaded of={run}>
      {(found) => (
        <>
          <Head run={found()} step={step} reload={run.retry} />
          <div class="grid">
            <div class="half">
              <Parameters run={found()} best={best} />
            </div>
            <div class="half">
              <WhyCard run={found()} />
              <Facts run={found()} />
            </div>
            <div class="half">
              <CurveCard run={found()} version={version() ?? ""} />
            </div>
            <div class="half">
              <Attempts run={found()} />
              <Logged run={found()} />
            </div>
            <div class="full">
              <Tail path={path()} attempt={found().attempt} isRunning={found().state === "running"} />
            </div>
            <div class="half">
              <Rows path={path()} version={found().rows} />
            </div>
            <div class="half">
              <RunEvents path={path()} version={version() ?? ""} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Head(props: { run: RunDetail; step: (by: number) => void; reload: () => void }): JSX.Element {
  const sweep = useSweep();
  const run = (): RunDetail => props.run;
  const isHidden = (): boolean => sweep.hidden().runs.includes(run().number);
  const toggleHidden = (): void => sweep.hide(toggled(sweep.hidden().runs, run().number));
  const isBest = (): boolean => sweep.detail()?.best?.run === run().number;
  return (
    <header class="run-head">
      <div class="title">
        <button type="button" aria-label="Previous run" disabled={run().number <= 1} onClick={() => props.step(-1)}>
          ◂
        </button>
        <h2>
          Run {run().number}
          {typeof run().facts.name === "string" ? ` · ${String(run().facts.name)}` : ""}
        </h2>
        <button type="button" aria-label="Next run" disabled={run().number >= (sweep.history()?.runs ?? 0)} onClick={() => props.step(1)}>
          ▸
        </button>
        <State state={run().state} />
        <Show when={isBest()}>
          <span class="chip">best run</span>
        </Show>
        <label class="choice">
          <input type="checkbox" checked={sweep.picked().includes(run().number)} onChange={() => sweep.toggle(run().number)} /> selected
        </label>
        <label class="choice">
          <input type="checkbox" checked={isHidden()} onChange={toggleHidden} /> hidden
        </label>
        <Actions actions={[...actionsOf(sweep, run()), writeNote(sweep, run(), props.reload)]} />
      </div>
      <p>
        <b>
          {sweep.metric().name} {number(run().value, 6)}
        </b>
        <Show when={run().last !== null && run().last !== run().value}> · last {number(run().last, 6)}</Show> · {run().rows} rows ·{" "}
        {duration(run().duration_s)}
        <Show when={run().agent}> · agent {run().agent}</Show>
        <Show when={run().started_ms}> · started {moment(run().started_ms)}</Show>
      </p>
      <Show when={run().stop}>
        {(stop) => (
          <p class="notice">
            {run().state === "running" ? "Asked to stop" : "Stopped"} ({stop().kind}){stop().reason ? `: ${stop().reason}` : ""}
          </p>
        )}
      </Show>
      <Show when={noteOf(run())}>{(note) => <p class="notice note">{note()}</p>}</Show>
      <Show when={run().message}>
        <p class="notice">
          {run().message}
          {run().exit_code !== null ? ` (exit code ${run().exit_code})` : ""}
        </p>
      </Show>
      <Show when={failureWords(run().failure)}>{(words) => <p class="notice">Failed because it {words()}.</p>}</Show>
      <Show when={run().counts}>{(counts) => <p class="notice">In the search: {counts().why}.</p>}</Show>
    </header>
  );
}

function actionsOf(sweep: Sweep, run: RunDetail): Action[] {
  const actions: Action[] = [];
  if (run.state === "running") {
    const says = `Run ${run.number} is asked to stop, and its agent ends it. It counts with what it has logged so far.`;
    actions.push({ label: "Stop run", says, act: () => sweep.source.post(`${sweep.path}/stops`, { runs: [run.number] }) });
  }
  if (["failed", "crashed", "killed"].includes(run.state)) {
    const says = `Run ${run.number} is pending again, and the next free agent executes it from the start. The attempts so far stay in the log.`;
    actions.push({ label: "Retry run", says, act: () => sweep.source.post(`${sweep.path}/runs/${run.number}/retry`, {}) });
  }
  if (["pending", "running"].includes(sweep.detail()?.state ?? "")) actions.push(runAgain(sweep, run));
  return actions;
}

function CurveCard(props: { run: RunDetail; version: string }): JSX.Element {
  const sweep = useSweep();
  const metrics = (): string[] => [
    ...new Set([...(sweep.detail()?.metric ? [sweep.detail()!.metric!.name] : []), ...Object.keys(props.run.logged)]),
  ];
  const metric = (): string => curvesOf(metrics());
  const runs = (): string => [...new Set([props.run.number, sweep.detail()?.best?.run ?? props.run.number])].join(",");
  const curves = load(
    () => metric() && `${metric()} ${runs()} ${props.version}`,
    () => sweep.source.json<{ curves: Curve[] }>(`${sweep.path}/curves?metric=${encodeURIComponent(metric())}&runs=${runs()}&buckets=200`),
  );
  const stopper = load(
    () => sweep.detail()?.early_terminate,
    () => sweep.source.json<Stopper | null>(`${sweep.path}/stopper`),
  );
  const isWatched = (): boolean => metric() === sweep.metric().name;
  return (
    <section class="card" aria-labelledby="curve-title">
      <header>
        <h2 id="curve-title">Curve</h2>
        <MetricChoice metrics={metrics()} />
      </header>
      <Loaded of={curves}>
        {(answer) => (
          <Show
            when={answer().curves.some(({ points }) => points.length > 0)}
            fallback={<p class="empty">This run has logged no {metric() || "metric"} yet.</p>}
          >
            <CurvePlot
              curves={answer().curves}
              metric={metric()}
              isLog={false}
              goal={sweep.metric().goal}
              height={240}
              thresholds={isWatched() ? (stopper.latest()?.thresholds ?? []) : []}
              strong={[props.run.number]}
            />
            <p class="legend">
              <span>
                <i class="dash" />
                run {props.run.number}
              </span>
              <Show when={answer().curves.length > 1}>
                <span>
                  <i class="dash other" />
                  best run
                </span>
              </Show>
              <Show when={stopper.latest()?.thresholds.length && isWatched()}>
                <span>
                  <i class="dash threshold" />
                  threshold of {stopper.latest()!.rule}
                </span>
              </Show>
            </p>
            <Show when={stopper.latest()}>
              <p class="muted">{stopper.latest()!.sentence}</p>
            </Show>
          </Show>
        )}
      </Loaded>
    </section>
  );
}
