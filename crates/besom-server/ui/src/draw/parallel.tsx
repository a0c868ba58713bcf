// Parallel coordinates: the worker's picture below, axes and brushes above it, and headers that sort, turn and brush axes.

import { createEffect, createMemo, createSignal, Index, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { type Sweep, useSweep } from "../model";
import { count } from "../parts/format";
import { Readout } from "../parts/readout";
import { Scroll } from "../parts/scroll";
import { query, setQuery } from "../routes";
import { type Drawn, drawnAxes, readAxes, type Setting, writeAxes } from "./axes";
import { AxisHead } from "./axis-head";
import { AxisLine } from "./axis-line";
import { FEW, type Frame } from "./density";
import { isDark, theme } from "./palette";
import { watchSize } from "./plot";
import { type Painter, painter } from "./painter";
import { colorOf, paletteOf, shades } from "./shades";
import { strokeRun } from "./strokes";

const HEIGHT = 330;
const MARGIN = 56;
const TOP = 12;
const BOTTOM = 34;
const LEAST_GAP = 92;

export function Parallel(): JSX.Element {
  const sweep = useSweep();
  const [room, setRoom] = createSignal(0);
  const [isMoving, setMoving] = createSignal(false);
  const settings = createMemo(() => readAxes(query("axes"), sweep.detail()));
  const axes = createMemo(() =>
    sweep.history() && sweep.detail() ? drawnAxes(settings(), sweep.history()!, sweep.detail()!, sweep.values()) : [],
  );
  const width = (): number => Math.max(room(), (axes().length - 1) * LEAST_GAP + 2 * MARGIN);
  const x = (a: number): number => MARGIN + ((width() - 2 * MARGIN) * a) / Math.max(1, axes().length - 1);
  const set = (all: Setting[]): void => setQuery({ axes: writeAxes(all) });
  return (
    <section class="card parallel" aria-labelledby="parallel-title">
      <header>
        <h2 id="parallel-title">Parallel coordinates</h2>
        <p class="legend" aria-live="polite">
          {count(sweep.count())} of {count(sweep.shown().length)} runs
        </p>
        <Ramp metric={sweep.metric().name} />
        <Show when={Object.keys(sweep.brushes()).length > 0}>
          <button type="button" onClick={() => (sweep.setBrushes({}), sweep.brushed())}>
            Clear brushes
          </button>
        </Show>
        <Show when={query("axes")}>
          <button type="button" onClick={() => setQuery({ axes: null })}>
            Reset axes
          </button>
        </Show>
      </header>
      <Show when={axes().length > 1} fallback={<p class="empty">Parallel coordinates need a parameter that varies and a metric.</p>}>
        <Scroll label="Axes of the parallel coordinates" ref={(place) => watchSize(() => place, setRoom)}>
          <div class="field" style={{ width: `${width()}px` }}>
            <Index each={axes()}>
              {(axis, a) => <AxisHead axis={axis()} index={a} x={x(a)} gap={x(1) - x(0)} all={axes()} set={set} />}
            </Index>
            <Canvases axes={axes()} width={width()} sweep={sweep} isMoving={isMoving()} x={x} />
            <svg
              width={width()}
              height={HEIGHT}
              aria-hidden="true"
              onPointerMove={(event) => hover(event, sweep, axes(), x)}
              onPointerLeave={() => sweep.hover(null)}
            >
              <Index each={axes()}>
                {(axis, a) => <AxisLine axis={axis()} x={x(a)} top={TOP} bottom={HEIGHT - BOTTOM} moving={setMoving} />}
              </Index>
            </svg>
          </div>
        </Scroll>
        <Readout
          run={sweep.hovered()}
          idle="Drag along an axis to brush it, on several for their intersection; a click beside a brush clears it. The name of an axis opens its settings; drag it to move the axis."
        />
      </Show>
    </section>
  );
}

function Ramp(props: { metric: string }): JSX.Element {
  const stops = (): string => [0, 16, 32, 48, 63].map((shade) => colorOf(shade, isDark())).join(", ");
  return (
    <p class="legend">
      <span>worst</span>
      <i class="ramp" style={{ "background-image": `linear-gradient(to right, ${stops()})` }} />
      <span>best by {props.metric}</span>
    </p>
  );
}

/** The worker's canvas, and over it one for picked runs and the one under the pointer. */
function Canvases(props: { axes: Drawn[]; width: number; sweep: Sweep; isMoving: boolean; x: (a: number) => number }): JSX.Element {
  let below!: HTMLCanvasElement;
  let above!: HTMLCanvasElement;
  const { sweep } = props;
  const runs = (): number => sweep.history()?.runs ?? 0;
  const ratio = (): number => (runs() > FEW ? 1 : Math.min(2, devicePixelRatio));
  const frame = (): Frame => {
    const scale = ratio();
    return {
      width: Math.round(props.width * scale),
      height: Math.round(HEIGHT * scale),
      scale,
      left: MARGIN * scale,
      right: (props.width - MARGIN) * scale,
      top: TOP * scale,
      bottom: (HEIGHT - BOTTOM) * scale,
    };
  };
  onMount(() => {
    const worker = painter(below, ({ ms }) => (below.dataset.ms = ms.toFixed(1)));
    onCleanup(worker.end);
    feed(
      worker,
      sweep,
      () => props.axes,
      frame,
      () => props.isMoving,
    );
  });
  createEffect(() => overlay(above, frame(), props.axes, [...sweep.picked(), ...(sweep.hovered() ? [sweep.hovered()!] : [])]));
  return (
    <>
      <canvas
        ref={below}
        class="below"
        style={{ width: `${props.width}px` }}
        role="img"
        aria-label={`Parallel coordinates of ${count(runs())} runs`}
      />
      <canvas ref={above} class="above" style={{ width: `${props.width}px` }} aria-hidden="true" />
    </>
  );
}

/** Sends the worker what changed, and nothing else. */
function feed(worker: Painter, sweep: Sweep, axes: () => Drawn[], frame: () => Frame, isMoving: () => boolean): void {
  createEffect(() => {
    const dark = isDark();
    const [, r, g, b] = /#(..)(..)(..)/.exec(theme().muted)!.map((hex) => parseInt(hex, 16));
    worker.colors(paletteOf(dark), (b << 16) | (g << 8) | r);
  });
  createEffect(() => {
    const history = sweep.history();
    if (!history || axes().length < 2) return;
    const lines = {
      n: history.runs,
      axes: axes().map(({ places }) => places),
      shades: shades(history.value, history.runs, sweep.values(), sweep.metric().goal),
      hidden: sweep.hidden().rows,
    };
    worker.lines(lines, frame());
  });
  createEffect(on([sweep.shown, isMoving], ([shown, moving], old) => worker.choose(shown === old?.[0] ? null : shown, moving)));
}

function overlay(canvas: HTMLCanvasElement, frame: Frame, axes: Drawn[], runs: number[]): void {
  const colors = theme();
  canvas.width = frame.width;
  canvas.height = frame.height;
  const context = canvas.getContext("2d")!;
  const lines = { axes: axes.map(({ places }) => places) };
  context.lineJoin = "round";
  for (const run of runs) {
    context.strokeStyle = colors.surface;
    context.lineWidth = 5 * frame.scale;
    strokeRun(context, lines, frame, run - 1);
    context.strokeStyle = colors.best;
    context.lineWidth = 2.5 * frame.scale;
    strokeRun(context, lines, frame, run - 1);
  }
}

/** Hovers the shown run whose line is nearest to the pointer. */
function hover(event: PointerEvent & { currentTarget: SVGSVGElement }, sweep: Sweep, axes: Drawn[], x: (a: number) => number): void {
  if (event.buttons !== 0 || axes.length < 2) return;
  const box = event.currentTarget.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left, event.clientY - box.top];
  const a = Math.max(0, Math.min(axes.length - 2, Math.floor((px - x(0)) / (x(1) - x(0)))));
  const t = Math.max(0, Math.min(1, (px - x(a)) / (x(1) - x(0))));
  const wanted = (HEIGHT - BOTTOM - py) / (HEIGHT - BOTTOM - TOP);
  const [from, to, shown] = [axes[a].places, axes[a + 1].places, sweep.shown()];
  let [found, least] = [-1, 10 / (HEIGHT - BOTTOM - TOP)];
  for (let i = 0; i < from.length; i += 1) {
    if (!shown[i]) continue;
    const distance = Math.abs(from[i] + (to[i] - from[i]) * t - wanted);
    if (distance < least) {
      found = i;
      least = distance;
    }
  }
  sweep.hover(found < 0 ? null : found + 1);
}
