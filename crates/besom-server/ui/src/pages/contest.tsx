// Sweeps of the store against each other: how fast each came to how good a value, and what share of its runs did.

import { createMemo, createResource, For, type JSX, Show } from "solid-js";
import { bestSoFar } from "../best";
import { Distribution } from "../draw/distribution";
import { series } from "../draw/palette";
import { valueRange } from "../draw/scales";
import { type StepLine, StepPlot } from "../draw/steps";
import { metricOf } from "../model";
import { isLog, isOverTime, OverChoice, ScaleChoice } from "../parts/choices";
import { count, duration, number } from "../parts/format";
import { useKeys } from "../parts/keys";
import { Problem } from "../parts/loaded";
import { Scroll } from "../parts/scroll";
import { State } from "../parts/state";
import { go, link, query } from "../routes";
import { History } from "../source/columns";
import { messageOf, type Source } from "../source/source";
import type { Detail, Metric } from "../source/types";
import { timesOf, unitOf } from "../times";

/** More lines than these are no longer told apart by their colors. */
const MOST = 8;

/** A sweep with its best value so far over runs and over time. */
interface Entry {
  detail: Detail;
  history: History;
  values: Float64Array;
  /** In seconds since its first run started, and the number of runs that had ended by then. */
  steps: { seconds: number; runs: number; value: number }[];
  seconds: number;
  runs: number;
}

export function Contest(props: { source: Source }): JSX.Element {
  const ids = createMemo(() => query("ids").split(",").filter(Boolean).slice(0, MOST).join(","));
  const [entries, { refetch }] = createResource(ids, (some) => Promise.all(some.split(",").map((id) => entryOf(props.source, id))));
  useKeys([{ keys: "r", does: "Load the sweeps again", act: () => void refetch() }]);
  return (
    <main>
      <div class="title">
        <h1>Compare sweeps</h1>
        <span class="space" />
        <button type="button" onClick={() => void refetch()}>
          Load again
        </button>
        <button type="button" onClick={() => go(link([], { ids: query("ids") }))}>
          Choose others
        </button>
      </div>
      <Show when={entries.error}>
        <Problem message={messageOf(entries.error)} retry={() => void refetch()} />
      </Show>
      <Show when={!entries.error && entries.latest} fallback={<Waiting isBusy={entries.loading} />}>
        {(all) => <Board all={all()} />}
      </Show>
    </main>
  );
}

function Waiting(props: { isBusy: boolean }): JSX.Element {
  return (
    <Show when={props.isBusy}>
      <p class="empty" aria-busy="true">
        Loading …
      </p>
    </Show>
  );
}

async function entryOf(source: Source, id: string): Promise<Entry> {
  const path = `v1/sweeps/${encodeURIComponent(id)}`;
  const [detail, bytes] = await Promise.all([source.json<Detail>(path), source.bytes(`${path}/columns`)]);
  const history = History.read(bytes);
  const { rows, seconds, all } = timesOf(history);
  const place = new Uint32Array(history.runs);
  rows.forEach((row, i) => (place[row] = i + 1));
  const best = bestSoFar(history, metricOf(detail).goal, rows);
  const steps = best.map(({ row, value }) => ({ seconds: seconds(row), runs: place[row], value }));
  const values = history.value.slice(0, history.runs).filter(Number.isFinite).sort();
  return { detail, history, values, steps, seconds: all, runs: rows.length };
}

function Board(props: { all: Entry[] }): JSX.Element {
  const metric = (): Metric => metricOf(props.all[0].detail);
  const isSame = ({ detail }: Entry): boolean => {
    const { name, goal } = metricOf(detail);
    return name === metric().name && goal === metric().goal;
  };
  const same = createMemo(() => props.all.filter(isSame));
  const others = (): string =>
    props.all
      .filter((entry) => !isSame(entry))
      .map(nameOf)
      .join(", ");
  return (
    <>
      <Show when={others()}>
        <p class="notice">
          Left out, as they do not {metric().goal} {metric().name}: {others()}.
        </p>
      </Show>
      <div class="grid">
        <BestSoFar all={same()} metric={metric()} />
        <section class="card third" aria-labelledby="distribution-title">
          <header>
            <h2 id="distribution-title">Distribution</h2>
          </header>
          <Distribution
            groups={same().map((entry) => ({ name: nameOf(entry), values: entry.values }))}
            metric={metric()}
            isLog={isLog("history")}
            height={300}
          />
        </section>
        <div class="full">
          <Standings all={same()} metric={metric()} />
        </div>
      </div>
    </>
  );
}

function nameOf({ detail }: Entry): string {
  return detail.name ? `${detail.name} (${detail.id})` : detail.id;
}

function BestSoFar(props: { all: Entry[]; metric: Metric }): JSX.Element {
  const unit = createMemo(() => unitOf(Math.max(...props.all.map(({ seconds }) => seconds))));
  const x = (at: { seconds: number; runs: number }): number => (isOverTime() ? at.seconds / unit().size : at.runs);
  const lines = createMemo(() =>
    props.all.map((entry): StepLine => ({
      name: nameOf(entry),
      points: entry.steps.map((step) => [x(step), step.value]),
      end: x(entry),
    })),
  );
  const y = createMemo(() => {
    const all = Float64Array.from(props.all.flatMap(({ steps }) => steps.map(({ value }) => value))).sort();
    return valueRange(all, isLog("history") ? "log" : "linear", props.metric);
  });
  const last = (): number => Math.max(isOverTime() ? 1e-3 : 2, ...props.all.map(x));
  return (
    <section class="card two-thirds" aria-labelledby="so-far-title">
      <header>
        <h2 id="so-far-title">Best so far</h2>
        <OverChoice />
        <ScaleChoice of="history" />
      </header>
      <StepPlot
        label={`Best ${props.metric.name} so far of ${props.all.map(nameOf).join(", ")}`}
        lines={lines()}
        x={{ min: 0, max: last(), label: isOverTime() ? unit().name : "runs that have ended" }}
        y={y()}
        height={300}
        at={(place) => (isOverTime() ? `after ${duration(place * unit().size)}:` : `after ${count(Math.floor(place))} runs:`)}
      />
    </section>
  );
}

/** What each came to, and how long each took to what all came to. */
function Standings(props: { all: Entry[]; metric: Metric }): JSX.Element {
  const sign = (): number => (props.metric.goal === "minimize" ? 1 : -1);
  const bests = (): number[] => props.all.flatMap(({ steps }) => steps.slice(-1).map(({ value }) => value));
  const common = createMemo(() => sign() * Math.max(...bests().map((value) => sign() * value)));
  const reached = (entry: Entry): Entry["steps"][number] | undefined =>
    entry.steps.find(({ value }) => sign() * value <= sign() * common());
  return (
    <section class="card" aria-labelledby="standings-title">
      <header>
        <h2 id="standings-title">Standings</h2>
        <Show when={bests().length > 1}>
          <p class="legend">
            All came to {props.metric.name} {number(common())}: after how many runs, and how long?
          </p>
        </Show>
      </header>
      <Scroll label="Standings">
        <table>
          <thead>
            <tr>
              <th>Sweep</th>
              <th>State</th>
              <th>Method</th>
              <th class="numeric">Runs</th>
              <th class="numeric">Took</th>
              <th class="numeric">Best {props.metric.name}</th>
              <th class="numeric">Runs to {number(common())}</th>
              <th class="numeric">Time to {number(common())}</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.all}>
              {(entry, i) => (
                <tr>
                  <td>
                    <i class="swatch" style={{ "background-color": series(i()) }} />
                    <a href={link(["s", entry.detail.id])}>{nameOf(entry)}</a>
                  </td>
                  <td>
                    <State state={entry.detail.state} />
                  </td>
                  <td>{entry.detail.method ?? "–"}</td>
                  <td class="numeric">{count(entry.history.runs)}</td>
                  <td class="numeric">{duration(entry.seconds)}</td>
                  <td class="numeric">
                    <b>{number(entry.steps.at(-1)?.value, 6)}</b>
                  </td>
                  <td class="numeric">{reached(entry) ? count(reached(entry)!.runs) : "–"}</td>
                  <td class="numeric">{reached(entry) ? duration(reached(entry)!.seconds) : "–"}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
