// What the model expects over two parameters: colors for the mean, paler where the model is in doubt, and lines of equal value.

import { createEffect, createSignal, For, type JSX } from "solid-js";
import { number, value as anyValue } from "../parts/format";
import type { Axis, Goal, Surface } from "../source/types";
import { contours } from "./contours";
import { isDark, theme } from "./palette";
import { watchSize } from "./plot";
import { valueAt } from "./scales";
import { colorOf } from "./shades";

const HEIGHT = 380;
const LEFT = 70;
const BOTTOM = 40;
const TOP = 8;
const RIGHT = 8;

interface Props {
  surface: Surface;
  names: [string, string];
  goal: Goal;
  metric: string;
  /** Places of all runs, and the rows that are drawn as dots. */
  runs: { x: Float32Array; y: Float32Array; rows: Uint32Array };
}

export function SurfacePicture(props: Props): JSX.Element {
  let place!: HTMLDivElement;
  let canvas!: HTMLCanvasElement;
  const [width, setWidth] = createSignal(0);
  const [at, setAt] = createSignal<[number, number] | null>(null);
  watchSize(() => place, setWidth);
  const inner = (): { w: number; h: number } => ({ w: Math.max(10, width() - LEFT - RIGHT), h: HEIGHT - TOP - BOTTOM });
  createEffect(() => width() > 0 && paint(canvas, inner(), props));
  const move = (event: PointerEvent & { currentTarget: Element }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    setAt([Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y))]);
  };
  return (
    <>
      <div
        class="surface"
        ref={place}
        role="img"
        aria-label={`What the model expects of ${props.metric} over ${props.names[0]} and ${props.names[1]}`}
      >
        <canvas
          ref={canvas}
          style={{ width: `${inner().w}px`, height: `${inner().h}px` }}
          onPointerMove={move}
          onPointerLeave={() => setAt(null)}
        />
        <svg width={width()} height={HEIGHT} aria-hidden="true">
          <For each={props.surface.x.ticks}>
            {(tick) => (
              <text
                class="tick"
                x={LEFT + tick.at * inner().w}
                y={HEIGHT - BOTTOM + 16}
                text-anchor={tick.at > 0.97 ? "end" : tick.at < 0.03 ? "start" : "middle"}
              >
                {tick.label}
              </text>
            )}
          </For>
          <For each={props.surface.y!.ticks}>
            {(tick) => (
              <text class="tick" x={LEFT - 6} y={TOP + (1 - tick.at) * inner().h + 4} text-anchor="end">
                {tick.label}
              </text>
            )}
          </For>
          <text class="name" x={LEFT + inner().w / 2} y={HEIGHT - 6} text-anchor="middle">
            {props.names[0]}
          </text>
          <text class="name" transform={`translate(13 ${TOP + inner().h / 2}) rotate(-90)`} text-anchor="middle">
            {props.names[1]}
          </text>
        </svg>
      </div>
      <p class="readout">
        {at()
          ? reading(props, at()!)
          : "Colors are the model's mean; paler is less certain. Dots are the best runs that the filter lets through."}
      </p>
    </>
  );
}

function reading(props: Props, [x, y]: [number, number]): string {
  const { grid, mean, sd } = props.surface;
  const i = Math.min(grid - 1, Math.floor(y * grid)) * grid + Math.min(grid - 1, Math.floor(x * grid));
  const show = (axis: Axis, place: number): string => anyValue(valueAt(axis, place));
  return `${props.names[0]} ${show(props.surface.x, x)} · ${props.names[1]} ${show(props.surface.y!, y)} · ${props.metric} ${number(mean[i])} ± ${number(sd[i], 2)}`;
}

function paint(canvas: HTMLCanvasElement, { w, h }: { w: number; h: number }, props: Props): void {
  const ratio = Math.min(2, devicePixelRatio);
  [canvas.width, canvas.height] = [Math.round(w * ratio), Math.round(h * ratio)];
  const context = canvas.getContext("2d")!;
  const { grid, mean, sd } = props.surface;
  context.imageSmoothingEnabled = true;
  context.drawImage(heat(grid, mean, sd, props.goal), 0, 0, canvas.width, canvas.height);
  const colors = theme();
  context.strokeStyle = colors.text;
  context.globalAlpha = 0.35;
  context.lineWidth = ratio;
  for (const [x1, y1, x2, y2] of contours(grid, mean, 9)) {
    context.beginPath();
    context.moveTo(x1 * canvas.width, (1 - y1) * canvas.height);
    context.lineTo(x2 * canvas.width, (1 - y2) * canvas.height);
    context.stroke();
  }
  context.globalAlpha = 0.85;
  const { x, y, rows } = props.runs;
  for (const i of rows) {
    if (Number.isNaN(x[i] + y[i])) continue;
    context.beginPath();
    context.arc(x[i] * canvas.width, (1 - y[i]) * canvas.height, 2.6 * ratio, 0, 2 * Math.PI);
    context.fillStyle = colors.surface;
    context.fill();
    context.stroke();
  }
}

/** The grid as pixels; where the deviation is large, they let the page through. */
function heat(grid: number, mean: (number | null)[], sd: (number | null)[], goal: Goal): OffscreenCanvas {
  const known = mean.filter((m): m is number => m !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const most = Math.max(1e-12, ...sd.map((s) => s ?? 0));
  const image = new ImageData(grid, grid);
  for (let i = 0; i < grid * grid; i += 1) {
    const m = mean[i];
    if (m === null) continue;
    const share = high > low ? (m - low) / (high - low) : 0.5;
    const [r, g, b] = colorOf(63 * (goal === "minimize" ? 1 - share : share), isDark())
      .match(/\d+/g)!
      .map(Number);
    // Rows of pixels go down, those of the grid up.
    const p = 4 * ((grid - 1 - Math.floor(i / grid)) * grid + (i % grid));
    image.data.set([r, g, b, 255 * (1 - 0.7 * ((sd[i] ?? most) / most))], p);
  }
  const layer = new OffscreenCanvas(grid, grid);
  layer.getContext("2d")!.putImageData(image, 0, 0);
  return layer;
}
