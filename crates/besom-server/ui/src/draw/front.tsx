// The runs of a sweep with several metrics over two of them, and the front: the runs that no other one beats.

import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { number } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { Readout } from "../parts/readout";
import { go, link, shared } from "../routes";
import type { Front, FrontPoint } from "../source/types";
import type { Theme } from "./palette";
import { Plot, type Range, type Region } from "./plot";

export function FrontCard(): JSX.Element {
  const sweep = useSweep();
  const answer = load(
    () => sweep.detail()?.counts.finished || 1,
    () => sweep.source.json<{ front: Front | null }>(`${sweep.path}/front`),
  );
  return (
    <section class="card" aria-labelledby="front-title">
      <header>
        <h2 id="front-title">Front</h2>
        <p class="legend">
          <span>
            <i class="dash" />
            front
          </span>
          <span>
            <i class="dot" />
            run
          </span>
        </p>
      </header>
      <Loaded of={answer}>
        {(found) => (
          <Show when={found().front} fallback={<p class="empty">This sweep has one metric.</p>}>
            {(front) => (
              <Show when={front().points.length > 0} fallback={<p class="empty">No run has a value of each metric yet.</p>}>
                <Pictures front={front()} />
                <p class="muted">{inWords(front())}</p>
              </Show>
            )}
          </Show>
        )}
      </Loaded>
    </section>
  );
}

/** `9 of 40 runs are on the front; hypervolume 0.42, up to loss 1.5, latency 80.` */
function inWords(front: Front): string {
  const end = front.metrics.map(({ name }, i) => `${name} ${number(front.reference[i], 4)}`).join(", ");
  const volume = front.hypervolume === null ? "" : `; hypervolume ${number(front.hypervolume, 6)}, up to ${end}`;
  const beyond = front.beyond > 0 ? ` ${front.beyond} finished ${front.beyond === 1 ? "run is" : "runs are"} worse than a threshold.` : "";
  return `${front.runs} of ${front.of} finished runs ${front.runs === 1 ? "is" : "are"} on the front${volume}.${beyond}`;
}

/** The first metric against each of the others. */
function Pictures(props: { front: Front }): JSX.Element {
  const [near, setNear] = createSignal<number | null>(null);
  const others = (): number[] => props.front.metrics.slice(1, 4).map((_, i) => i + 1);
  return (
    <>
      <For each={others()}>{(other) => <Picture front={props.front} other={other} near={near()} setNear={setNear} />}</For>
      <Readout run={near()} idle="Point at a run to read it, click to open it, drag to zoom, double-click to zoom out." />
    </>
  );
}

function Picture(props: { front: Front; other: number; near: number | null; setNear: (run: number | null) => void }): JSX.Element {
  const sweep = useSweep();
  const range = (place: number): Range => {
    const values = props.front.points.map(({ values }) => values[place]);
    const on = props.front.points.filter((point) => point.on_front).map(({ values }) => values[place]);
    return { ...within(values, on), label: props.front.metrics[place].name };
  };
  const [x, y] = [createMemo(() => range(0)), createMemo(() => range(props.other))];
  const paint = createMemo(() => {
    const { points, metrics } = props.front;
    const { other } = props;
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      if (metrics.length === 2) paintBorder(context, region, colors, points, other);
      // The front lies above the others.
      for (const isFront of [false, true]) {
        context.fillStyle = isFront ? colors.best : colors.accent;
        context.globalAlpha = isFront ? 1 : 0.5;
        for (const { values } of points.filter(({ on_front }) => on_front === isFront)) {
          context.beginPath();
          context.arc(region.x(values[0]), region.y(values[other]), (isFront ? 4 : 3) * region.ratio, 0, 2 * Math.PI);
          context.fill();
        }
      }
      context.globalAlpha = 1;
    };
  });
  const point = (at: { x: number; y: number } | null, region: Region): void => {
    const found = at && nearest(props.front.points, props.other, region, at);
    props.setNear(found);
    sweep.hover(found);
  };
  return (
    <Plot
      label={`${props.front.metrics[0].name} and ${props.front.metrics[props.other].name} of ${props.front.points.length} runs, ${props.front.runs} of them on the front`}
      x={x()}
      y={y()}
      height={props.front.metrics.length === 2 ? 330 : 250}
      paint={paint()}
      point={point}
      click={() => props.near !== null && go(link(["s", sweep.id, "runs", props.near!], shared()))}
    />
  );
}

/** A range of all of some values and most of others: one that diverged does not flatten the rest. */
function within(values: number[], all: number[]): { min: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  const reach = 3 * (at(0.75) - at(0.25));
  const near = sorted.filter((value) => value >= at(0.25) - reach && value <= at(0.75) + reach);
  const [min, max] = [Math.min(near[0], ...all), Math.max(near[near.length - 1], ...all)];
  const margin = (max - min) * 0.05 || Math.abs(min) * 0.05 || 0.5;
  return { min: min - margin, max: max + margin };
}

/** The staircase through a front of two metrics, which comes in the order of the first. */
function paintBorder(context: CanvasRenderingContext2D, region: Region, colors: Theme, points: FrontPoint[], other: number): void {
  const front = points.filter(({ on_front }) => on_front);
  context.beginPath();
  front.forEach(({ values }, i) => {
    if (i > 0) context.lineTo(region.x(values[0]), region.y(front[i - 1].values[other]));
    context.lineTo(region.x(values[0]), region.y(values[other]));
  });
  context.strokeStyle = colors.best;
  context.lineWidth = 2 * region.ratio;
  context.stroke();
}

/** The run whose point is nearest to a place, within 24 pixels. */
function nearest(points: FrontPoint[], other: number, region: Region, at: { x: number; y: number }): number | null {
  const reach = 24 * region.ratio;
  let [found, least] = [null as number | null, reach * reach];
  for (const { run, values } of points) {
    const distance = (region.x(values[0]) - at.x) ** 2 + (region.y(values[other]) - at.y) ** 2;
    if (distance < least) [found, least] = [run, distance];
  }
  return found;
}
