// The shade of a run is its rank by the metric: a few diverged runs would leave one color to all others.

import { shade } from "./palette";

/** For each run from 0 for the worst to 63 for the best; a run without a value has 0. */
export function shades(values: Float64Array, runs: number, goal: "minimize" | "maximize"): Uint8Array {
  const order = values.slice(0, runs).filter((x) => !Number.isNaN(x)).sort();
  const result = new Uint8Array(runs);
  for (let i = 0; i < runs; i += 1) {
    if (Number.isNaN(values[i])) continue;
    const share = order.length > 1 ? below(order, values[i]) / (order.length - 1) : 0;
    result[i] = Math.round(63 * (goal === "minimize" ? 1 - share : share));
  }
  return result;
}

/** How many are less. */
function below(sorted: Float64Array, x: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
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
