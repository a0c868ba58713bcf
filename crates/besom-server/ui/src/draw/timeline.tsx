// When which agent executed which run; what is white in between is idle time.

import { createEffect, createSignal, type JSX } from "solid-js";
import { useSweep } from "../model";
import { duration, moment } from "../parts/format";
import { go, link, shared } from "../routes";
import { now } from "../scope";
import type { RunState, Timeline } from "../source/types";
import { theme } from "./palette";
import { watchSize } from "./plot";

const ROW = 26;
const NAMES = 132;
const FOOT = 24;

type Span = Timeline["agents"][number]["spans"][number];

export function TimelinePicture(props: { timeline: Timeline }): JSX.Element {
  const sweep = useSweep();
  let place!: HTMLDivElement;
  let canvas!: HTMLCanvasElement;
  const [width, setWidth] = createSignal(0);
  const [near, setNear] = createSignal<Span | null>(null);
  watchSize(() => place, setWidth);
  const range = (): [number, number] => rangeOf(props.timeline, now);
  const height = (): number => props.timeline.agents.length * ROW + FOOT;
  createEffect(() => width() > 0 && paint(canvas, width(), height(), props.timeline, range(), colorsOf()));
  const move = (event: MouseEvent & { currentTarget: Element }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const [from, to] = range();
    const agent = props.timeline.agents[Math.floor((event.clientY - box.top) / ROW)];
    const at = from + ((event.clientX - box.left - NAMES) / (width() - NAMES)) * (to - from);
    setNear(agent?.spans.find((span) => span.from_ms <= at && at <= (span.to_ms ?? to)) ?? null);
  };
  const reading = (): string => {
    const span = near();
    if (!span) return "Point at a bar to read it, click to open its run. Gaps are idle time.";
    const length = ((span.to_ms ?? now()) - span.from_ms) / 1000;
    return `run ${span.run}, attempt ${span.attempt}: ${span.state} · ${duration(length)} from ${moment(span.from_ms)}`;
  };
  return (
    <>
      <div ref={place} style={{ height: `${height()}px` }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Timeline of ${props.timeline.agents.length} agents`}
          style={{ width: `${width()}px`, height: `${height()}px` }}
          onMouseMove={move}
          onMouseLeave={() => setNear(null)}
          onClick={() => near() && go(link(["s", sweep.id, "runs", near()!.run], shared()))}
        />
      </div>
      <p class="readout">{reading()}</p>
    </>
  );
}

/** From the first start to the last end; the clock is asked only where something still runs. */
function rangeOf(timeline: Timeline, now: () => number): [number, number] {
  let [from, to] = [Infinity, -Infinity];
  for (const { spans } of timeline.agents) {
    for (const span of spans) [from, to] = [Math.min(from, span.from_ms), Math.max(to, span.to_ms ?? now())];
  }
  return from < to ? [from, to] : [from - 1000, from];
}

function colorsOf(): Record<RunState, string> {
  const style = getComputedStyle(document.documentElement);
  theme();
  const get = (name: string): string => style.getPropertyValue(`--state-${name}`).trim();
  const all: RunState[] = ["pending", "running", "finished", "stopped", "failed", "crashed", "killed", "preempted"];
  return Object.fromEntries(all.map((state) => [state, get(state)])) as Record<RunState, string>;
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  timeline: Timeline,
  [from, to]: [number, number],
  colors: Record<RunState, string>,
): void {
  const ratio = Math.min(2, devicePixelRatio);
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d")!;
  const page = theme();
  context.scale(ratio, ratio);
  context.font = "12px system-ui, sans-serif";
  const x = (ms: number): number => NAMES + ((width - NAMES - 2) * (ms - from)) / (to - from);
  timeline.agents.forEach(({ name, spans }, row) => {
    const y = row * ROW;
    context.fillStyle = page.text;
    context.fillText(name.length > 19 ? `${name.slice(0, 18)}…` : name, 0, y + 17);
    context.fillStyle = page.line;
    context.fillRect(NAMES, y + 3, width - NAMES - 2, ROW - 8);
    for (const span of spans) {
      const [left, right] = [x(span.from_ms), x(span.to_ms ?? to)];
      context.fillStyle = colors[span.state];
      context.fillRect(left, y + 3, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), ROW - 8);
    }
  });
  paintFoot(context, width, height, from, to, page.muted);
}

function paintFoot(context: CanvasRenderingContext2D, width: number, height: number, from: number, to: number, color: string): void {
  context.fillStyle = color;
  context.font = "11px system-ui, sans-serif";
  const steps = Math.max(1, Math.min(6, Math.floor((width - NAMES) / 110)));
  for (let i = 0; i <= steps; i += 1) {
    context.textAlign = i === 0 ? "left" : i === steps ? "right" : "center";
    context.fillText(`+${duration(((to - from) * i) / steps / 1000)}`, NAMES + ((width - NAMES - 2) * i) / steps, height - 6);
  }
  context.textAlign = "left";
}
