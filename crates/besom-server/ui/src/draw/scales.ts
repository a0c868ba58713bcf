// From places on an axis to values and back, and ticks.

import type { Axis, Goal, Metric, Value } from "../source/types";
import { number } from "../parts/format";
import type { Range } from "./plot";

/** The value at a place; rounded to what a place in 32 bits knows. */
export function valueAt(axis: Axis, place: number): Value | undefined {
  if (Number.isNaN(place)) return undefined;
  if (axis.scale === "category") {
    const values = axis.values ?? [];
    return values[Math.min(values.length - 1, Math.floor(place * values.length))];
  }
  return numberAt(axis, place);
}

/** The same for an axis of numbers. */
function numberAt(axis: Axis, place: number): number {
  const { scale, min, max } = axis;
  if (scale === "quantile") return Number(quantileAt(axis, place).toPrecision(5));
  if (scale === "log") return Number((min * (max / min) ** place).toPrecision(5));
  const unit = 10 ** (Math.floor(Math.log10(max - min || 1)) - 6);
  // Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
  return unit < 1 ? Math.round((min + (max - min) * place) / unit) / Math.round(1 / unit) : min + (max - min) * place;
}

/** Between what is known of a distribution, as if it were normal there: exact if it is. */
function quantileAt({ min, max, ticks }: Axis, place: number): number {
  const known = [{ at: 0.01, value: min }, { at: 0.99, value: max }, ...ticks];
  const nodes = known.filter((node): node is { at: number; value: number } => typeof node.value === "number").sort((a, b) => a.at - b.at);
  const next = Math.max(
    1,
    Math.min(
      nodes.length - 1,
      nodes.findIndex(({ at }) => at >= place),
    ),
  );
  const [a, b] = [nodes[next - 1], nodes[next]];
  const [x, from, to] = [place, a.at, b.at].map(deviations);
  return a.value + ((b.value - a.value) * (x - from)) / (to - from || 1);
}

/** How many standard deviations from the mean a quantile of the normal distribution lies, within 0.0005 (Hastings 1955). */
function deviations(quantile: number): number {
  const p = Math.min(1 - 1e-6, Math.max(1e-6, quantile));
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const x = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
  return p < 0.5 ? -x : x;
}

/** The place of a number on an axis of numbers. */
export function placeOf({ scale, min, max }: Axis, value: number): number {
  if (max === min) return 0.5;
  return scale === "log" ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}

/** An axis over numbers in rising order, without the far ends of a heavy tail. */
export function axisOf(sorted: Float64Array, scale: "linear" | "log", goal: Goal): Axis {
  const known = scale === "log" ? sorted.subarray(sorted.findIndex((x) => x > 0)) : sorted;
  const at = (share: number): number => known[Math.round(share * (known.length - 1))];
  let [min, max] = known.length > 0 ? [known[0], known[known.length - 1]] : [scale === "log" ? 0.1 : 0, 1];
  if (scale === "linear" && known.length > 8) {
    if (goal === "minimize") max = Math.min(max, at(0.75) + 1.5 * (at(0.75) - at(0.05)));
    else min = Math.max(min, at(0.25) - 1.5 * (at(0.95) - at(0.25)));
  }
  if (min === max) [min, max] = scale === "log" ? [min / 2, max * 2] : [min - 0.5, max + 0.5];
  return { scale, min, max, values: null, ticks: ticksOf(scale, min, max, 5) };
}

/** The same as the range of a plot, with room above and below where that means something. */
export function valueRange(sorted: Float64Array, scale: "linear" | "log", metric: Metric): Range {
  const axis = axisOf(sorted, scale, metric.goal);
  const margin = scale === "log" ? 0 : (axis.max - axis.min) * 0.04;
  return { min: axis.min - margin, max: axis.max + margin, scale, label: metric.name };
}

/** Ticks at round numbers. */
export function ticksOf(scale: "linear" | "log", min: number, max: number, about: number): Axis["ticks"] {
  const axis: Axis = { scale, min, max, values: null, ticks: [] };
  return roundNumbers(scale, min, max, about).map((value) => ({ at: placeOf(axis, value), label: number(value) }));
}

function roundNumbers(scale: "linear" | "log", min: number, max: number, about: number): number[] {
  if (scale === "log" && max / min > 8) {
    const factors = max / min > 300 ? [1] : [1, 2, 5];
    const first = Math.floor(Math.log10(min));
    const decades = Math.ceil(Math.log10(max)) - first + 1;
    const every = Math.max(1, Math.round(decades / (about + 2)));
    const all = Array.from({ length: decades }, (_, i) => i).filter((i) => i % every === 0);
    return all.flatMap((i) => factors.map((f) => f * 10 ** (first + i))).filter((v) => v >= min * 0.999 && v <= max * 1.001);
  }
  const rough = (max - min) / about;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((f) => f * unit >= rough) ?? 10) * unit;
  const count = Math.floor((max - Math.ceil(min / step) * step) / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => (Math.ceil(min / step) + i) * step);
}
