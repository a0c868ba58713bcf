// Many points: as disks while they are few, as counted pixels when they are many.

import type { Region } from "./plot";

const MANY = 4000;

/** Row i is drawn at (x(i), ys[i]) if the mask has it. */
export interface Points {
  n: number;
  x: (row: number) => number;
  ys: ArrayLike<number>;
  has: (row: number) => boolean;
}

export function drawPoints(context: CanvasRenderingContext2D, region: Region, points: Points, color: string, alpha: number): void {
  context.fillStyle = color;
  if (points.n > MANY) drawCounted(context, region, points, color, alpha);
  else drawDisks(context, region, points, alpha);
}

function drawDisks(context: CanvasRenderingContext2D, region: Region, points: Points, alpha: number): void {
  const radius = region.ratio * (points.n > 1000 ? 1.8 : points.n > 200 ? 2.4 : 3.2);
  context.globalAlpha = alpha;
  for (let i = 0; i < points.n; i += 1) {
    if (!points.has(i) || Number.isNaN(points.ys[i])) continue;
    const [x, y] = [region.x(points.x(i)), region.y(points.ys[i])];
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
function drawCounted(context: CanvasRenderingContext2D, region: Region, points: Points, color: string, alpha: number): void {
  const [width, height] = [Math.ceil(region.width), Math.ceil(region.height)];
  const counts = new Uint16Array((width + 1) * (height + 1));
  for (let i = 0; i < points.n; i += 1) {
    if (!points.has(i) || Number.isNaN(points.ys[i])) continue;
    const x = (region.x(points.x(i)) - region.left) | 0;
    const y = Math.floor(region.y(points.ys[i]) - region.top);
    // What lies beyond the axes would be a solid line at the edge.
    if (x < 0 || x >= width || y < 0 || y >= height) continue;
    const at = y * (width + 1) + x;
    counts[at] += 1;
    counts[at + 1] += 1;
    counts[at + width + 1] += 1;
    counts[at + width + 2] += 1;
  }
  const image = pixelsOf(counts, width, height, color, alpha);
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d")!.putImageData(image, 0, 0);
  context.drawImage(layer, region.left, region.top);
}

function pixelsOf(counts: Uint16Array, width: number, height: number, color: string, alpha: number): ImageData {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const solid = (b << 16) | (g << 8) | r;
  const most = Math.max(4, counts.reduce((a, b) => Math.max(a, b), 0));
  const opacity = Uint8Array.from({ length: 64 }, (_, k) => (k === 0 ? 0 : 255 * Math.min(1, alpha * (0.4 + (0.85 * Math.log(k)) / Math.log(Math.min(63, most))))));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const k = counts[y * (width + 1) + x];
      if (k > 0) pixels[y * width + x] = (opacity[Math.min(63, k)] << 24) | solid;
    }
  }
  return image;
}
