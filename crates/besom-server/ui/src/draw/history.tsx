// The value of each run by its number or by the time at which it ended, and the best so far.

import { createMemo, createSignal, type JSX, Show } from "solid-js";
import { bestSoFar, type Step } from "../best";
import { useSweep } from "../model";
import { isLog, isOverTime, OverChoice, ScaleChoice } from "../parts/choices";
import { count, number } from "../parts/format";
import { Readout } from "../parts/readout";
import { go, link, shared } from "../routes";
import type { History } from "../source/columns";
import { timesOf, unitOf } from "../times";
import type { Theme } from "./palette";
import { Plot, type Range, type Region } from "./plot";
import { drawPoints, type PixelCache } from "./points";
import { valueRange } from "./scales";

export function HistoryPicture(): JSX.Element {
  const sweep = useSweep();
  const range = createMemo(() => valueRange(sweep.values(), isLog("history") ? "log" : "linear", sweep.metric()));
  const runs = (): number => sweep.history()?.runs ?? 0;
  const line = createMemo(() => lineOf(sweep.history(), isOverTime()));
  const x = createMemo((): Range => {
    const { from, to, label } = line();
    return { min: from - (to - from) * 0.005, max: to + (to - from) * 0.005, label };
  });
  const [near, setNear] = createSignal<number | null>(null);
  const steps = createMemo(() => {
    const history = sweep.history();
    return history ? bestSoFar(history, sweep.metric().goal, visible(line().rows, sweep.hidden().rows)) : [];
  });
  const cache: PixelCache = {};
  const paint = createMemo(() => {
    const history = sweep.history();
    const shown = sweep.shown();
    const { at, to } = line();
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      if (!history) return;
      const [strong, weak] = [
        { color: colors.accent, alpha: 0.8 },
        { color: colors.muted, alpha: 0.28 },
      ];
      drawPoints(context, region, {
        n: history.runs,
        xs: at,
        ys: history.value,
        mask: shown,
        hidden: sweep.hidden().rows,
        strong,
        weak,
        cache,
      });
      paintBest(context, region, colors, steps(), at, to);
    };
  });
  const above = createMemo(() => {
    const [history, runs] = [sweep.history(), [...sweep.picked(), ...(sweep.hovered() ? [sweep.hovered()!] : [])]];
    const { at } = line();
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      if (history) paintPicked(context, region, colors, history, runs, at);
    };
  });
  const point = (at: { x: number; y: number } | null, region: Region): void => {
    const found = at && nearestRun(sweep.history(), line(), region, at, sweep.shown());
    setNear(found);
    sweep.hover(found);
  };
  const best = (): string => {
    const found = sweep.detail()?.best;
    return found ? `best ${number(found.value)} in run ${found.run}` : "no value yet";
  };
  return (
    <section class="card" aria-labelledby="history-title">
      <header>
        <h2 id="history-title">History</h2>
        <Legend />
        <OverChoice />
        <ScaleChoice of="history" />
      </header>
      <Plot
        label={`History: the values of ${count(runs())} runs, ${best()}`}
        x={x()}
        y={range()}
        height={250}
        paint={paint()}
        above={above()}
        point={point}
        click={() => near() !== null && go(link(["s", sweep.id, "runs", near()!], shared()))}
      />
      <Readout run={near()} idle="Point at a run to read it, click to open it, drag to zoom, double-click to zoom out." />
    </section>
  );
}

function Legend(): JSX.Element {
  const sweep = useSweep();
  const isPart = (): boolean => sweep.count() < sweep.shown().length;
  return (
    <p class="legend">
      <span>
        <i class="dot" />
        run
      </span>
      <Show when={isPart()}>
        <span>
          <i class="dot weak" />
          filtered out
        </span>
      </Show>
      <span>
        <i class="dash" />
        best so far
      </span>
    </p>
  );
}

/** Where runs stand from left to right. */
interface Line {
  at: (row: number) => number;
  /** The rows from left to right. */
  rows: Uint32Array;
  from: number;
  to: number;
  label: string;
}

function lineOf(history: History | undefined, isTime: boolean): Line {
  const runs = history?.runs ?? 0;
  if (!history || !isTime) {
    return {
      at: (row) => row + 1,
      rows: Uint32Array.from({ length: runs }, (_, i) => i),
      from: 1,
      to: Math.max(2, runs),
      label: "run",
    };
  }
  const { rows, seconds, all } = timesOf(history);
  const { size, name } = unitOf(all);
  return { at: (row) => seconds(row) / size, rows, from: 0, to: all / size || 1, label: `${name} until it ended` };
}

/** All rows but hidden ones. */
function* visible(rows: Iterable<number>, hidden: Uint8Array | null): Iterable<number> {
  for (const row of rows) if (!hidden?.[row]) yield row;
}

function paintBest(context: CanvasRenderingContext2D, region: Region, colors: Theme, steps: Step[], at: Line["at"], end: number): void {
  context.beginPath();
  steps.forEach(({ row, value }, i) => {
    if (i > 0) context.lineTo(region.x(at(row)), region.y(steps[i - 1].value));
    context.lineTo(region.x(at(row)), region.y(value));
  });
  if (steps.length > 0) context.lineTo(region.x(end), region.y(steps[steps.length - 1].value));
  context.strokeStyle = colors.best;
  context.lineWidth = 2 * region.ratio;
  context.stroke();
}

function paintPicked(
  context: CanvasRenderingContext2D,
  region: Region,
  colors: Theme,
  history: History,
  runs: number[],
  at: Line["at"],
): void {
  context.lineWidth = 2 * region.ratio;
  context.strokeStyle = colors.text;
  for (const run of runs) {
    const value = history.value[run - 1];
    if (!Number.isFinite(value + at(run - 1))) continue;
    context.beginPath();
    context.arc(region.x(at(run - 1)), Math.max(region.top + 4, region.y(value)), 5 * region.ratio, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** The run whose point is nearest to a place, within 24 pixels. */
function nearestRun(
  history: History | undefined,
  line: Line,
  region: Region,
  at: { x: number; y: number },
  shown: Uint8Array,
): number | null {
  if (!history) return null;
  const reach = 24 * region.ratio;
  let [found, least] = [null as number | null, reach * reach];
  const end = region.xAt(at.x + reach);
  for (let i = firstFrom(line, region.xAt(at.x - reach)); i < line.rows.length && line.at(line.rows[i]) <= end; i += 1) {
    const row = line.rows[i];
    if (!shown[row]) continue;
    const distance = (region.x(line.at(row)) - at.x) ** 2 + (region.y(history.value[row]) - at.y) ** 2;
    if (distance < least) [found, least] = [row + 1, distance];
  }
  return found;
}

/** The place among the rows of a line of the first that does not lie before this one. */
function firstFrom({ rows, at }: Line, from: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(rows[middle]) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
