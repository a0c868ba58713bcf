// Draws parallel coordinates away from the page's own thread, so that a pointer never waits for 100,000 lines.

import { Density, FEW, type Frame, type Lines } from "./density";
import { drawLines } from "./strokes";

/** What the page sends. */
export type Order =
  | { do: "canvas"; canvas: OffscreenCanvas }
  | { do: "lines"; lines: Lines; frame: Frame }
  | { do: "choose"; mask: Uint8Array<ArrayBuffer> | null; isMoving: boolean }
  | { do: "colors"; palette: Uint32Array<ArrayBuffer>; gray: number };

/** What it hears: how long a picture took, and how many runs are in it. */
export interface Drawn {
  ms: number;
  count: number;
}

/** While a brush moves, a quarter of the runs stands for all if a picture took longer than this. */
const SLOW_MS = 30;

let canvas: OffscreenCanvas | null = null;
let lines: Lines = { n: 0, axes: [], shades: new Uint8Array(), hidden: null };
let frame: Frame | null = null;
let density: Density | null = null;
let mask = new Uint8Array();
let isMoving = false;
let isPart = false;
let palette = new Uint32Array(64);
let gray = 0;
let lastMs = 0;
let timer: ReturnType<typeof setTimeout> | null = null;

self.onmessage = ({ data }: MessageEvent<Order>): void => {
  switch (data.do) {
    case "canvas":
      canvas = data.canvas;
      break;
    case "lines":
      ({ lines, frame } = data);
      density = null;
      if (mask.length !== lines.n) mask = new Uint8Array(lines.n).fill(1);
      break;
    case "choose":
      ({ isMoving } = data);
      // A picture of a part of the runs is made whole when the brush stands still.
      if (!data.mask && (isMoving || !isPart)) return;
      mask = data.mask ?? mask;
      break;
    case "colors":
      ({ palette, gray } = data);
      break;
  }
  // Of all orders that came meanwhile, one picture.
  timer ??= setTimeout(draw);
};

function draw(): void {
  timer = null;
  if (!canvas || !frame || frame.width < 1 || frame.height < 1) return;
  const start = performance.now();
  if (canvas.width !== frame.width) canvas.width = frame.width;
  if (canvas.height !== frame.height) canvas.height = frame.height;
  const count = lines.n <= FEW ? drawFew(canvas, frame) : drawMany(canvas, frame);
  lastMs = performance.now() - start;
  self.postMessage({ ms: lastMs, count } satisfies Drawn);
}

function drawFew(canvas: OffscreenCanvas, frame: Frame): number {
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, frame.width, frame.height);
  return drawLines(context, lines, frame, mask, palette, gray);
}

function drawMany(canvas: OffscreenCanvas, frame: Frame): number {
  density ??= new Density(lines, frame);
  isPart = isMoving && lastMs > SLOW_MS;
  const count = density.choose(isPart ? mask.map((m, i) => (i % 4 === 0 ? m : 0)) : mask);
  const image = new ImageData(frame.width, frame.height);
  density.paint(new Uint32Array(image.data.buffer), palette, gray);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return count;
}
