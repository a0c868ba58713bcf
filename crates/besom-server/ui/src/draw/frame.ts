// Where values lie on a canvas, and the two axes around them.

import type { Theme } from "./palette";
import type { Range } from "./plot";
import { ticksOf } from "./scales";

/** The part of a canvas within the axes, in its pixels. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
  full: { width: number; height: number };
  /** Pixels of the canvas in one of the page. */
  ratio: number;
  x: (value: number) => number;
  y: (value: number) => number;
  /** The value at a pixel. */
  xAt: (pixel: number) => number;
}

export interface Tick {
  at: number;
  label: string;
}

const LEFT = 66;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 40;

export function regionOf(pageWidth: number, pageHeight: number, x: Range, y: Range, ratio: number): Region {
  const [left, top] = [LEFT * ratio, TOP * ratio];
  const [width, height] = [(pageWidth - LEFT - RIGHT) * ratio, (pageHeight - TOP - BOTTOM) * ratio];
  const [placeX, placeY] = [placing(x), placing(y)];
  const isLog = x.scale === "log";
  return {
    left,
    top,
    width,
    height,
    ratio,
    full: { width: Math.round(pageWidth * ratio), height: Math.round(pageHeight * ratio) },
    x: (value) => left + width * placeX(value),
    y: (value) => top + height * (1 - placeY(value)),
    xAt: (pixel) => (isLog ? x.min * (x.max / x.min) ** ((pixel - left) / width) : x.min + ((x.max - x.min) * (pixel - left)) / width),
  };
}

function placing({ min, max, scale }: Range): (value: number) => number {
  if (scale !== "log") return (value) => (value - min) / (max - min || 1);
  const [low, size] = [Math.log(min), Math.log(max / min) || 1];
  return (value) => (Math.log(value) - low) / size;
}

/** Grid, ticks and names; `ticks` are those of x at values of their own. */
export function drawFrame(context: CanvasRenderingContext2D, region: Region, colors: Theme, x: Range, y: Range, ticks?: Tick[]): void {
  const { left, top, width, height, ratio, full } = region;
  context.font = `${11 * ratio}px system-ui, sans-serif`;
  context.lineWidth = Math.max(1, Math.round(ratio));
  const inX = ticks ?? ticksIn(x, width / ratio / 90);
  const inY = ticksIn(y, height / ratio / 40);
  context.strokeStyle = colors.line;
  context.fillStyle = colors.muted;
  context.textAlign = "right";
  for (const { at, label } of inY) {
    line(context, left, top + height * (1 - at), left + width, top + height * (1 - at));
    context.fillText(label, left - 6 * ratio, top + height * (1 - at) + 4 * ratio);
  }
  let free = -Infinity;
  for (const { at, label } of inX) {
    const half = context.measureText(label).width / 2;
    const middle = Math.max(half, Math.min(full.width - half, left + width * at));
    line(context, left + width * at, top, left + width * at, top + height + 4 * ratio);
    if (middle - half < free) continue;
    context.textAlign = "center";
    context.fillText(label, middle, top + height + 16 * ratio);
    free = middle + half + 6 * ratio;
  }
  drawNames(context, region, x.label, y.label);
}

function ticksIn(range: Range, about: number): Tick[] {
  return ticksOf(range.scale ?? "linear", range.min, range.max, Math.max(2, Math.min(8, Math.floor(about))));
}

function drawNames(context: CanvasRenderingContext2D, { left, top, width, height, ratio, full }: Region, x: string, y: string): void {
  context.textAlign = "center";
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.fillText(x, left + width / 2, full.height - 6 * ratio, width);
  context.save();
  context.translate(12 * ratio, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y, 0, 0, height);
  context.restore();
}

/** Along the middle of pixels, so that it is sharp. */
function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  const sharp = (x: number): number => Math.round(x) + 0.5;
  context.beginPath();
  context.moveTo(sharp(x1), sharp(y1));
  context.lineTo(sharp(x2), sharp(y2));
  context.stroke();
}
