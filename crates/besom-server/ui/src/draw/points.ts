// Many points: as disks while they are few, as counted pixels when they are many.

import type { Region } from "./plot";

const MANY = 4000;
/** Where a point is that is not drawn. */
const NOWHERE = -1;

/** Row i is drawn at (xs(i), ys[i]); those of the mask in the strong color, the others behind in the weak one. */
export interface Points {
  n: number;
  xs: (row: number) => number;
  ys: ArrayLike<number>;
  mask: Uint8Array;
  /** Rows that are not drawn at all. */
  hidden?: Uint8Array | null;
  strong: Ink;
  weak: Ink | null;
  /** Kept by who draws the same points again and again, such as while a brush moves. */
  cache?: PixelCache;
}

export interface Ink {
  color: string;
  alpha: number;
}

/** The pixel of each point within a region. */
export interface PixelCache {
  region?: Region;
  version?: unknown;
  pixels?: Int32Array;
}

export function drawPoints(context: CanvasRenderingContext2D, region: Region, points: Points): void {
  if (points.n > MANY) return drawCounted(context, region, points);
  if (points.weak) drawDisks(context, region, points, 0, points.weak);
  drawDisks(context, region, points, 1, points.strong);
}

function drawDisks(context: CanvasRenderingContext2D, region: Region, { n, xs, ys, mask, hidden }: Points, layer: 0 | 1, ink: Ink): void {
  const radius = region.ratio * (n > 1000 ? 1.8 : n > 200 ? 2.4 : 3.2);
  context.fillStyle = ink.color;
  context.globalAlpha = ink.alpha;
  for (let i = 0; i < n; i += 1) {
    const [x, y] = [region.x(xs(i)), region.y(ys[i])];
    if (mask[i] !== layer || hidden?.[i] || Number.isNaN(x + y)) continue;
    context.beginPath();
    if (y < region.top) drawArrow(context, x, region.top + 2, radius);
    else if (y > region.top + region.height) drawArrow(context, x, region.top + region.height - 2, -radius);
    else context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** Stands at the edge beyond which a point lies. */
function drawArrow(context: CanvasRenderingContext2D, x: number, tip: number, size: number): void {
  context.moveTo(x, tip);
  context.lineTo(x - Math.abs(size) * 1.2, tip + size * 2);
  context.lineTo(x + Math.abs(size) * 1.2, tip + size * 2);
}

/** Each point covers two by two pixels; opacity grows with the logarithm of how many cover one. */
function drawCounted(context: CanvasRenderingContext2D, region: Region, points: Points): void {
  const [width, height] = [Math.ceil(region.width), Math.ceil(region.height)];
  const pixels = pixelsOf(region, points, width + 1, height);
  const counts = [new Uint16Array((width + 1) * (height + 1)), new Uint16Array((width + 1) * (height + 1))];
  const { mask, hidden } = points;
  for (let i = 0; i < points.n; i += 1) {
    const at = pixels[i];
    if (at === NOWHERE || hidden?.[i]) continue;
    const layer = counts[mask[i]];
    layer[at] += 1;
    layer[at + 1] += 1;
    layer[at + width + 1] += 1;
    layer[at + width + 2] += 1;
  }
  const image = new ImageData(width, height);
  if (points.weak) colorCounts(image, counts[0], points.weak);
  colorCounts(image, counts[1], points.strong);
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d")!.putImageData(image, 0, 0);
  context.drawImage(layer, region.left, region.top);
}

/** The pixel of each point; what lies beyond the axes is nowhere, as it would be a solid line at the edge. */
function pixelsOf(region: Region, { n, xs, ys, cache }: Points, stride: number, height: number): Int32Array {
  if (cache?.pixels && cache.region === region && cache.version === ys) return cache.pixels;
  const pixels = new Int32Array(n);
  for (let i = 0; i < n; i += 1) {
    const x = Math.floor(region.x(xs(i)) - region.left);
    const y = Math.floor(region.y(ys[i]) - region.top);
    pixels[i] = x >= 0 && x < stride - 1 && y >= 0 && y < height ? y * stride + x : NOWHERE;
  }
  if (cache) Object.assign(cache, { region, version: ys, pixels });
  return pixels;
}

function colorCounts(image: ImageData, counts: Uint16Array, { color, alpha }: Ink): void {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer);
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const solid = (b << 16) | (g << 8) | r;
  let most = 4;
  for (let i = 0; i < counts.length; i += 1) if (counts[i] > most) most = counts[i];
  const steps = Uint8Array.from(
    { length: 64 },
    (_, k) => 255 * Math.min(1, alpha * (0.4 + (0.85 * Math.log(Math.max(1, k))) / Math.log(Math.min(63, most)))),
  );
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, from = y * (width + 1), to = y * width; x < width; x += 1, from += 1, to += 1) {
      if (counts[from] > 0) pixels[to] = (steps[Math.min(63, counts[from])] << 24) | solid;
    }
  }
}
