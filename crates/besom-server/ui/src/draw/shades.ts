// The shade of a run is its rank by the metric: a few diverged runs would leave one color to all others.

import type { Goal } from "../source/types";
import { shade } from "./palette";

/** For each run from 0 for the worst to 63 for the best; a run without a value has 0. `sorted` are all values in rising order. */
export function shades(values: Float64Array, runs: number, sorted: Float64Array, goal: Goal): Uint8Array {
  const bounds = Float64Array.from({ length: 63 }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / 63)] ?? 0);
  const result = new Uint8Array(runs);
  for (let i = 0; i < runs; i += 1) {
    const value = values[i];
    if (value !== value) continue;
    const rank = atMost(bounds, value);
    result[i] = goal === "minimize" ? 63 - rank : rank;
  }
  return result;
}

/** How many of 63 bounds are not above a value. */
function atMost(bounds: Float64Array, value: number): number {
  let at = 0;
  for (let step = 32; step > 0; step >>= 1) if (bounds[at + step - 1] <= value) at += step;
  return at;
}

/** The color of a shade: the best ones contrast most with the page. */
export function colorOf(shade63: number, isDark: boolean): string {
  const t = shade63 / 63;
  return shade(isDark ? 0.12 + 0.88 * t : 0.9 * (1 - t));
}

/** The colors of all shades, as a canvas has them. */
export function paletteOf(isDark: boolean): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: 64 }, (_, i) => {
    const [r, g, b] = colorOf(i, isDark).match(/\d+/g)!.map(Number);
    return (b << 16) | (g << 8) | r;
  });
}
